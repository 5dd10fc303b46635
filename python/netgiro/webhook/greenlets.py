"""Calls in programs where greenlets stand in for threads, by gevent or eventlet.

A call of a client waits in compiled code, which neither of the two can patch: made by a greenlet, it would hold up all
others. So it is made on a thread of their pools.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

__all__ = ["off_the_hub"]

_T = TypeVar("_T")


def off_the_hub(function: Callable[..., _T]) -> Callable[..., _T]:
    """Return a function that does the same and holds up no other greenlet; that is the same without greenlets.

    Not for what must not be abandoned half way: who kills the greenlet does not stop the thread.
    """

    def call(*arguments: Any, **options: Any) -> _T:
        # Looked up in each call: a program may be patched late, and a thread of its own has none.
        gevent: Any = sys.modules.get("gevent.monkey")
        if gevent is not None and gevent.is_module_patched("threading"):
            pool: Any = sys.modules["gevent"].get_hub().threadpool
            outcome: _T = pool.apply(function, arguments, options)
            return outcome
        eventlet: Any = sys.modules.get("eventlet.patcher")
        if eventlet is not None and eventlet.is_monkey_patched("thread"):
            # It is loaded by name: it starts threads, and has no types.
            tpool: Any = import_module("eventlet.tpool")
            done: _T = tpool.execute(function, *arguments, **options)
            return done
        return function(*arguments, **options)

    return call
