"""The command `netgiro`, and `python -m netgiro`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType

from netgiro._netgiro import command

# The exit code when what reconciling needs is not installed.
USAGE = 2

STANDARD_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code.

    `arguments` are those after the program's name, by default of `sys.argv`.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["reconcile"]:
        return _reconcile(given[1:])
    program = [sys.executable, "-m", "netgiro"]
    if arguments is None:
        program = _program(len(given))
        _keep_descriptors()
    with _interruptible():
        return command(given, program)


def _keep_descriptors() -> None:
    """Pass no inherited descriptor on, as Node does: a simulator in the background would keep it."""
    with contextlib.suppress(OSError), os.scandir("/dev/fd") as entries:
        for number in [int(entry.name) for entry in entries]:
            if number > STANDARD_ERROR:
                with contextlib.suppress(OSError):
                    os.set_inheritable(number, False)  # noqa: FBT003 - it has no name


def _program(count: int) -> list[str]:
    """Give the words that started this program, without its last `count` arguments."""
    started = sys.orig_argv[: len(sys.orig_argv) - count]
    return [sys.executable, *started[1:]]


def _reconcile(arguments: list[str]) -> int:
    try:
        from netgiro.reconciliation.command import main as reconcile  # noqa: PLC0415
    except ImportError as error:
        sys.stderr.write(
            f"netgiro: reconcile needs more than is installed ({error}):"
            " pip install 'netgiro[reconcile]'\n"
        )
        return USAGE
    return reconcile(arguments)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop the command: their handlers must raise."""
    if sys.platform == "win32":
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, _stop) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
