"""Processes of a shop that are killed, or stand still, between any two of their steps.

A process is a thread. It runs only while `go_on` waits for it, so the order of all steps is the caller's to choose.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

# Far more steps than any operation has: one that reaches it would go on for ever.
_ENDLESS = 1_000
# For a process that waits and does not step. In seconds far more than a step takes, however busy the machine is.
_STUCK = 600.0


class Fate(NamedTuple):
    """What happens to a process before one of its steps: the n-th from where it goes on, a call, or what follows one."""

    step: int | Literal["a call", "its answer"]
    what: Literal["is killed", "stands still"]


class Killed(BaseException):
    """The process is not there any more."""


class EndlessError(BaseException):
    """An operation takes far more steps than any has; no exception, so that the product does not handle it."""


class Process:
    """An operation of the shop's, in a process of its own."""

    def __init__(self, name: str, operation: Callable[[], Any]) -> None:
        self.name = name
        self.is_over = False
        self.is_killed = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.about: object = None
        """What it is about to call about; None where its next step is no call."""
        self._operation = operation
        self._fate: Fate | None = None
        self._steps = 0
        self._has_called = False
        self._turn, self._returned = threading.Semaphore(0), threading.Semaphore(0)
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return self.name

    def go_on(self, fate: Fate | None = None) -> None:
        """Let it go on until it ends, is killed or stands still; one that is over does nothing."""
        if self.is_over:
            return
        self._fate, self._steps, self._has_called = fate, 0, False
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, daemon=True)
            self._thread.start()
        else:
            self._turn.release()
        assert self._returned.acquire(timeout=_STUCK), f"{self.name} waits for ever"
        assert not isinstance(self.error, EndlessError), str(self.error)

    def step(self, about: object = None) -> None:
        """Say that the next step comes, a call `about` something or none: the process lives on, dies or stands still."""
        self.about = about
        self._steps += 1
        if self._steps > _ENDLESS:
            raise EndlessError(f"no schedule is hot: {self.name} goes on without an end")
        while self._is_fated() and not self.is_killed:
            fate, self._fate = self._fate, None
            if fate is not None and fate.what == "is killed":
                self.is_killed = True
                self.die()
            else:
                self._returned.release()
                self._turn.acquire()
                self._steps = 1
        if self.is_killed:
            # At each step again: who is killed does not clear up either.
            raise Killed
        self._has_called = self._has_called or about is not None

    def _is_fated(self) -> bool:
        if self._fate is None:
            return False
        if self._fate.step == "a call":
            return self.about is not None
        if self._fate.step == "its answer":
            return self._has_called
        return self._steps > self._fate.step

    def run(self) -> Any:
        """Carry out the operation."""
        return self._operation()

    def die(self) -> None:
        """Lose what the process alone holds."""

    def _live(self) -> None:
        _here.process = self
        try:
            self.result = self.run()
        except BaseException as error:  # noqa: BLE001 - whoever let it go on judges it
            self.error = error
        finally:
            self.is_over = True
            self._returned.release()


_here = threading.local()


def current() -> Any:
    """Return the process whose thread this is, if any."""
    return getattr(_here, "process", None)


class _Found(BaseException):
    """What a run has found; hypothesis passes it on at once, and neither runs the case again nor shrinks it."""


_is_first_wanted = False


def first_violation(run: Callable[[], object]) -> str:
    """What a run of hypothesis finds first; nothing: "". The machine's teardown is within `ending_at_the_first`."""
    global _is_first_wanted  # noqa: PLW0603 - the machine that notices it is hypothesis's
    _is_first_wanted = True
    try:
        run()
    except _Found as found:
        return str(found)
    finally:
        _is_first_wanted = False
    return ""


@contextmanager
def ending_at_the_first() -> Iterator[None]:
    """Have the violation that a teardown follows, or finds, end the run where `first_violation` looks for it."""
    broken: BaseException | None = sys.exc_info()[1]
    try:
        yield
    except AssertionError as error:
        broken = broken or error
        raise
    finally:
        if _is_first_wanted and isinstance(broken, AssertionError):
            raise _Found(str(broken)) from broken
