"""Which carts the shop's function has been called for, so that it is called once for each."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import OrderedDict
from contextlib import closing
from typing import TYPE_CHECKING, Protocol

from netgiro.arguments import refused, seconds

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable

__all__ = ["AsyncLedger", "Ledger", "MemoryLedger", "SqliteLedger"]


LEDGER = ("claim", "release", "done")
"""The methods of a ledger."""


class Ledger(Protocol):
    """Where the processes of a shop agree who calls its function for a cart.

    Each method is one step, since two processes may come at once: in a database an `INSERT` that a
    unique column may refuse, or an `UPDATE` with its condition. `holder` is whoever calls, one for
    each callback; it claims again before each attempt.
    """

    def claim(self, transaction_id: uuid.UUID, holder: str, /) -> object:
        """Claim a cart; what is false says that it is done, or another holder's."""

    def release(self, transaction_id: uuid.UUID, holder: str, /) -> object:
        """Give a claimed cart back: whoever hears of it next may claim it."""

    def done(self, transaction_id: uuid.UUID, holder: str, /) -> object:
        """Note that the function has been called for a cart, and has succeeded."""


class AsyncLedger(Protocol):
    """A `Ledger` whose methods are coroutine functions; for async routes."""

    def claim(self, transaction_id: uuid.UUID, holder: str, /) -> Awaitable[object]:
        """Do what `Ledger.claim` does, and be awaited."""

    def release(self, transaction_id: uuid.UUID, holder: str, /) -> Awaitable[object]:
        """Do what `Ledger.release` does, and be awaited."""

    def done(self, transaction_id: uuid.UUID, holder: str, /) -> Awaitable[object]:
        """Do what `Ledger.done` does, and be awaited."""


class MemoryLedger:
    """A ledger for a shop that is one process: in memory, the oldest carts are forgotten first."""

    def __init__(self, *, capacity: int = 100_000) -> None:
        """Make a ledger that remembers so many carts."""
        is_size = isinstance(capacity, int) and not isinstance(capacity, bool) and capacity > 0
        if not is_size:
            raise refused("capacity", "a whole number from 1 on", capacity)
        self._capacity = capacity
        self._lock = threading.Lock()
        # The holder, or None where the cart is done.
        self._carts: OrderedDict[uuid.UUID, str | None] = OrderedDict()

    def claim(self, transaction_id: uuid.UUID, holder: str, /) -> bool:
        """Claim a cart; returns False when it is done, or another holder's."""
        with self._lock:
            claimed = self._carts.setdefault(transaction_id, holder) == holder
            if len(self._carts) > self._capacity:
                self._carts.popitem(last=False)
            return claimed

    def release(self, transaction_id: uuid.UUID, holder: str, /) -> None:
        """Give a claimed cart back."""
        with self._lock:
            if self._carts.get(transaction_id) == holder:
                del self._carts[transaction_id]

    def done(self, transaction_id: uuid.UUID, holder: str, /) -> None:  # noqa: ARG002 - as Ledger has it
        """Note that the function has succeeded for a cart."""
        with self._lock:
            self._carts[transaction_id] = None


class SqliteLedger:
    """A ledger for a shop whose processes run on one machine: a file that they share.

    A claim that was not renewed for `lease` seconds is void, since its holder may have been killed.
    """

    _TABLE = """
        CREATE TABLE IF NOT EXISTS netgiro_carts (
            transaction_id TEXT PRIMARY KEY,
            holder TEXT,
            claimed_until REAL NOT NULL
        )
    """
    # Who is done is nobody's, and is claimed by nobody.
    _CLAIM = """
        INSERT INTO netgiro_carts (transaction_id, holder, claimed_until) VALUES (:id, :holder, :until)
        ON CONFLICT (transaction_id) DO UPDATE SET holder = :holder, claimed_until = :until
        WHERE holder IS NOT NULL AND (holder = :holder OR claimed_until < :now)
    """
    _RELEASE = "DELETE FROM netgiro_carts WHERE transaction_id = :id AND holder = :holder"
    _DONE = """
        INSERT INTO netgiro_carts (transaction_id, holder, claimed_until) VALUES (:id, NULL, :now)
        ON CONFLICT (transaction_id) DO UPDATE SET holder = NULL, claimed_until = :now
    """

    def __init__(self, path: str | os.PathLike[str], *, lease: float = 600.0) -> None:
        """Use the file at `path`; it is made when the first cart is claimed."""
        try:
            self._path = os.fspath(path)
        except TypeError:
            raise refused("path", "a path (a str or os.PathLike)", path) from None
        self._lease = seconds("lease", lease)

    def claim(self, transaction_id: uuid.UUID, holder: str, /) -> bool:
        """Claim a cart; returns False when it is done, or another holder's."""
        return self._execute(self._CLAIM, transaction_id, holder) > 0

    def release(self, transaction_id: uuid.UUID, holder: str, /) -> None:
        """Give a claimed cart back."""
        self._execute(self._RELEASE, transaction_id, holder)

    def done(self, transaction_id: uuid.UUID, holder: str, /) -> None:
        """Note that the function has succeeded for a cart."""
        self._execute(self._DONE, transaction_id, holder)

    def _execute(self, statement: str, transaction_id: uuid.UUID, holder: str) -> int:
        # A connection each time: none is shared between threads, or brought through a fork.
        with closing(sqlite3.connect(self._path, timeout=30.0)) as connection, connection:
            connection.execute(self._TABLE)
            now = time.time()
            facts = {
                "id": str(transaction_id),
                "holder": holder,
                "now": now,
                "until": now + self._lease,
            }
            return connection.execute(statement, facts).rowcount
