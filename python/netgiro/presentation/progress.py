"""Progress bars for bulk calls: tqdm's, in notebooks and interactive sessions, silent in scripts."""

from __future__ import annotations

import importlib
import sys
import warnings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A call that ends sooner needs no bar, in seconds.
_DELAY = 0.5


def listener(
    on_progress: Callable[[int, int], object] | None,
    progress: bool | None,  # noqa: FBT001 - called from the compiled half alone
) -> Callable[[int, int], object] | None:
    """Return what a bulk call reports `(done, total)` to: the caller's function, a bar, both, or None.

    `progress` is True for a bar and False for none; None shows one in notebooks and interactive sessions that
    have tqdm.
    """
    if progress is False or (progress is None and not _is_interactive()):
        return on_progress
    try:
        # tqdm is optional, and so are its types. Without ipywidgets it warns in notebooks, and draws its
        # bar as text.
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


def _is_interactive() -> bool:
    # Where IPython runs the caller, it is loaded already and has `get_ipython`.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return True
    has_prompt = shell is not None or hasattr(sys, "ps1")
    return has_prompt and sys.stderr is not None and sys.stderr.isatty()


class Bar:
    """Shows the progress after half a second, and calls the caller's function as well."""

    def __init__(self, tqdm: Any, on_progress: Callable[[int, int], object] | None) -> None:
        self._tqdm = tqdm
        self._bar: Any = None
        self._on_progress = on_progress

    def __call__(self, done: int, total: int) -> None:
        """Show the progress."""
        if self._bar is None:
            self._bar = self._tqdm(total=total, unit="cart", delay=_DELAY)
        self._bar.update(done - self._bar.n)
        if done == total:
            self._bar.close()
        if self._on_progress is not None:
            self._on_progress(done, total)

    def __del__(self) -> None:
        # The call has ended, perhaps early: a bar that is left open would be drawn again.
        if self._bar is not None:
            self._bar.close()
