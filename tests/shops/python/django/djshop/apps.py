"""The shop's app: connects what is to happen when a cart has ended."""

from __future__ import annotations

from django.apps import AppConfig


class ShopConfig(AppConfig):
    name = "djshop"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from djshop import receivers  # noqa: F401, PLC0415
