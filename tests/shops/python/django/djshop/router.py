"""Has the shop and its carts in one database or the other, as a test wants."""

from __future__ import annotations

alias = "default"


class Router:
    def db_for_read(self, model, **hints):
        return alias

    def db_for_write(self, model, **hints):
        return alias
