"""Processes that die, or stand still, between any two of their statements and calls of Netgíró."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db import connections
from django.db.backends.signals import connection_created

from djshop import router
from interleaving import Process, current
from netgiro.django.calls import execution

# How long a statement waits for the lock of a process that stands still, in milliseconds, before it fails.
_PATIENCE = 20


class ShopProcess(Process):
    """A process of the shop's, with a connection of its own, that tells `on_call` of which method it calls Netgíró by."""

    def __init__(
        self, name: str, operation: Callable[[], Any], on_call: Callable[[ShopProcess, str], None]
    ) -> None:
        super().__init__(name, operation)
        self.on_call = on_call
        self.is_judged = False
        """Whether its statements are those of who judges it, and none of its steps."""

    def run(self) -> Any:
        try:
            with connections[router.alias].execute_wrapper(_step_before):
                return super().run()
        finally:
            connections.close_all()  # what is not committed is rolled back

    def die(self) -> None:
        connections[router.alias].close()


def _step_before(execute: Any, *arguments: Any) -> Any:
    process = current()
    if not process.is_judged:
        process.step()
    return execute(*arguments)


@contextmanager
def stepping() -> Iterator[None]:
    """Have processes step before they call Netgíró too, and not wait long for each other's locks."""
    original = execution._Blocking.netgiro

    def netgiro(blocking: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        call = original(blocking, name, *args, **kwargs)

        def after_a_step() -> Any:
            process = current()
            process.step(_about(args, kwargs))
            process.is_judged = True
            try:
                process.on_call(process, name)
            finally:
                process.is_judged = False
            return call()

        return after_a_step

    connection_created.connect(_be_impatient)
    try:
        with mock.patch.object(execution._Blocking, "netgiro", netgiro):
            yield
    finally:
        connection_created.disconnect(_be_impatient)


def _about(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    """Return what a call is about: a refund's key, a cart's id, or the reference of one that has none yet."""
    key = kwargs.get("idempotency_key")
    return key or (args[0].transaction_id if args else kwargs.get("reference"))


def _be_impatient(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous = OFF")  # processes die here, and no machines
        if current() is None:
            pass  # who checks and clears up waits until the server has noticed that a process is gone
        elif connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        else:
            cursor.execute(f"SET lock_timeout = {_PATIENCE}")
