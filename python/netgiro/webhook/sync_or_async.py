"""Steps that a blocking program takes one after another, and an asynchronous one awaits.

What is to be done, and in which order, is a generator's: it yields each call of a function that may be the
shop's, and is sent its outcome. So it is written once for both kinds of programs.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = ["Steps", "run", "run_async"]

_T = TypeVar("_T")

Steps = Generator[Callable[[], Any], Any, _T]


def run(steps: Steps[_T]) -> _T:
    """Take the steps; returns what they end with, or raises it."""
    try:
        step = next(steps)
        while True:
            try:
                value = _without_awaiting(step)
            except BaseException as error:  # noqa: BLE001 - the steps raise it again
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result


async def run_async(steps: Steps[_T], executor: Executor | None = None) -> _T:
    """Take the steps, awaited: coroutine functions on this loop, any other in the executor.

    By default, that is the loop's own.
    """
    try:
        step = next(steps)
        while True:
            try:
                value = await _awaited(step, executor)
            except BaseException as error:  # noqa: BLE001 - the steps raise it again
                step = steps.throw(error)
            else:
                step = steps.send(value)
    except StopIteration as end:
        result: _T = end.value
        return result


def _without_awaiting(step: Callable[[], Any]) -> Any:
    value = step()
    if inspect.isawaitable(value):
        getattr(value, "close", bool)()
        message = f"{step!r} is a coroutine function, which only an asynchronous route can await"
        raise TypeError(message)
    return value


async def _awaited(step: Callable[[], Any], executor: Executor | None) -> Any:
    if inspect.iscoroutinefunction(step):
        return await step()
    context = contextvars.copy_context()
    value = await asyncio.get_running_loop().run_in_executor(executor, context.run, step)
    return await value if inspect.isawaitable(value) else value
