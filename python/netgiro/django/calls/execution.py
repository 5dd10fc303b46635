"""How the steps of a call are executed: blocking, or awaited."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar

from asgiref.sync import sync_to_async

import netgiro
from netgiro import _netgiro
from netgiro.django import concealed, conf
from netgiro.webhook.greenlets import off_the_hub
from netgiro.webhook.sync_or_async import Steps, run_async

__all__ = ["Execution", "awaited", "blocking", "finish_steps", "informative", "why"]

_T = TypeVar("_T")


class Execution(Protocol):
    """How requests are sent and the database is written: blocking, or awaited."""

    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """Return a call of the client's method `name`; it alone gets the concealed values."""

    def server_now(self) -> datetime | None:
        """Return the time of Netgíró's clock, where that is known."""

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        """Return a call of a function that uses the database."""

    def cancellation(self) -> Callable[[], Any]:
        """Return a call that raises if the steps were canceled meanwhile."""


# Who kills a greenlet does not stop the thread that it has waited for: what asks a customer is not sent on one.
_REPEATABLE = frozenset({"cancel_cart", "check_cart", "refund_cart"})


class _Blocking:
    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        method = getattr(conf.client(), name)
        if name in _REPEATABLE:
            method = off_the_hub(method)
        return lambda: method(*args, **concealed.revealed(kwargs))

    def server_now(self) -> datetime | None:
        return _netgiro.server_now(conf.client())

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        return partial(function, *args)

    def cancellation(self) -> Callable[[], Any]:
        return lambda: None


class _Awaited:
    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        method = getattr(conf.async_client(), name)

        async def call() -> Any:
            return await method(*args, **concealed.revealed(kwargs))

        return call

    def server_now(self) -> datetime | None:
        return _netgiro.server_now(conf.async_client())

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        async def call() -> Any:
            return await _write_on_thread(partial(function, *args))

        return call

    def cancellation(self) -> Callable[[], Any]:
        return partial(asyncio.sleep, 0)


blocking: Execution = _Blocking()
awaited: Execution = _Awaited()
_running: set[asyncio.Task[Any]] = set()


async def _write_on_thread(write: Callable[[], _T]) -> _T:
    """Await a write on a thread: it is finished and reported, or never begun.

    A thread cannot be canceled. So a task that is canceled, as when its loop shuts down, first learns the outcome
    of the write, and is canceled at its next step.
    """
    outcome: Future[_T] = Future()

    def work() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(write())
        except BaseException as error:  # noqa: BLE001 - whoever awaits it raises it
            outcome.set_exception(error)

    try:
        await sync_to_async(work)()
    except asyncio.CancelledError:
        if outcome.cancel():
            raise
        task = asyncio.current_task()
        while not outcome.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([asyncio.wrap_future(outcome)])
        if task is not None:
            task.cancel()
    return outcome.result()


async def finish_steps(steps: Steps[_T]) -> _T:
    """Await the steps. They are finished even if the caller is canceled, as when a browser hangs up."""
    task = asyncio.ensure_future(run_async(steps))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)


def informative(error: BaseException) -> BaseException:
    """Return the error that says what became of a call: the cause, where an interruption has one."""
    cause = error.__cause__
    is_the_clients = isinstance(error, netgiro.NetgiroError)
    return cause if isinstance(cause, netgiro.NetgiroError) and not is_the_clients else error


def why(error: BaseException) -> str:
    """Return in words why a call failed."""
    known = informative(error)
    return str(known) if known is error and str(error) else f"{type(error).__name__}: {known}"
