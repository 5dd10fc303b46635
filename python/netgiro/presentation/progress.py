"""Progress bars for bulk calls: tqdm's, in notebooks and interactive sessions, silent in scripts."""

from __future__ import annotations

import importlib
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A call that is over sooner needs no bar.
_DELAY = 0.5


def listener(
    on_progress: Callable[[int, int], object] | None,
    progress: bool | None,  # noqa: FBT001 - called from the compiled half alone
) -> Callable[[int, int], object] | None:
    """Return what a bulk call tells `(done, total)`: the caller's function, a bar, both, or None.

    `progress` is True for a bar, False for none, and None for one where somebody looks on: in
    notebooks and interactive sessions that have tqdm.
    """
    if progress is False or (progress is None and not _somebody_looks_on()):
        return on_progress
    try:
        # Neither it nor its types need be there. In notebooks without ipywidgets it warns, and draws
        # its bar as text.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tqdm = importlib.import_module("tqdm.auto").tqdm
    except ImportError:
        if progress is None:
            return on_progress
        raise ImportError(
            "progress=True needs tqdm: pip install tqdm, or \"pip install 'netgiro[notebook]'\""
        ) from None
    return Bar(tqdm, on_progress)


def _somebody_looks_on() -> bool:
    # IPython is there already where it runs the caller, and has `get_ipython` then.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return True
    is_interactive = shell is not None or hasattr(sys, "ps1")
    return is_interactive and sys.stderr is not None and sys.stderr.isatty()


class Bar:
    """Shows how many of how many are done, from half a second on, and tells the caller's function."""

    def __init__(self, tqdm: Any, on_progress: Callable[[int, int], object] | None) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._on_progress = on_progress

    def __call__(self, done: int, total: int) -> None:
        """Take in how far it is."""
        if self._bar is None:
            self._bar = self._tqdm(total=total, unit="cart", delay=_DELAY)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()
        if self._on_progress is not None:
            self._on_progress(done, total)

    def __del__(self) -> None:
        # The call has ended, however it did: a bar that is left open would be drawn on.
        if self._bar is not None:
            self._bar.close()
