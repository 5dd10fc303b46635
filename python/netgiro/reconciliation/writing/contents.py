"""What a report says, for those who write it down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt

    from netgiro.reconciliation.rows import Rows, Totals
    from netgiro.reconciliation.settlements import SettlementReport


class Contents(Protocol):
    """The members of a `Reconciliation` that are written."""

    @property
    def rows(self) -> Rows:
        """All rows."""

    @property
    def exceptions(self) -> Rows:
        """The rows that did not match."""

    @property
    def totals(self) -> Totals:
        """The totals of everything and of each class."""

    @property
    def now(self) -> dt.datetime:
        """The instant that ages are counted to."""

    @property
    def left_out(self) -> int:
        """How many orders were made outside the window."""

    @property
    def settlements(self) -> SettlementReport | None:
        """The paid carts against what was transferred to the bank."""
