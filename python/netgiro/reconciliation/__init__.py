"""Compare what the shop recorded with what Netgíró says.

    import netgiro

    report = netgiro.reconcile("orders.csv", client=client)
    report.is_balanced
    report.to_html("report.html")

Orders come as a frame of any library, a list of dicts, or a CSV or Parquet file; every order and every
payment ends up in exactly one class, and the sums of the classes are those of the input.
"""

from __future__ import annotations

from netgiro.reconciliation.comparison import reconcile
from netgiro.reconciliation.report import Reconciliation
from netgiro.reconciliation.rows import Outcome, Row, Rows, Total, Totals

__all__ = ["Outcome", "Reconciliation", "Row", "Rows", "Total", "Totals", "reconcile"]
