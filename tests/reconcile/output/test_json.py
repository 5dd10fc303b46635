"""A report and all that it holds, as plain values and as JSON."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
import shop

import netgiro
from netgiro import Outcome
from netgiro.reconciliation.settlements import SettlementOutcome

AT = shop.NOW - dt.timedelta(days=2)
MADE = shop.month(seed=3, orders=60, faults=9)


def reported() -> netgiro.Reconciliation:
    """A report with settlements: one item is for a cart, one is for none."""
    paid = next(
        check
        for check in MADE.checks
        if check.state is not None and check.state.status == "confirmed"
    )
    settlement = netgiro.Settlement(number="100-1", created=AT, total_amount=Decimal("4990.5"))
    items = [
        netgiro.SettlementItem(total_amount=Decimal(4990), created=AT, loan_number="L-1"),
        netgiro.SettlementItem(cost_amount=Decimal("0.5"), created=AT, loan_number="L-2"),
    ]
    return netgiro.reconcile(
        MADE.orders,
        MADE.checks,
        now=shop.NOW,
        settlements=[(settlement, items)],
        settlement_key=lambda item: paid.transaction_id if item.loan_number == "L-1" else None,
    )


REPORT = reported()
SETTLEMENTS = REPORT.settlements
assert SETTLEMENTS is not None
VALUES: dict[str, Any] = {
    "report": REPORT,
    "row": REPORT.rows[0],
    "totals": REPORT.totals,
    "total": REPORT.totals.by_outcome[Outcome.MATCHED],
    "settlements": SETTLEMENTS,
    "settlement row": SETTLEMENTS.rows[0],
    "transfer": SETTLEMENTS.transfers[0],
    "settlement total": SETTLEMENTS.total,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_each_value_is_a_dict_and_json(value: Any) -> None:
    plain = value.to_dict()
    as_json = value.to_dict(mode="json")
    assert value.to_dict(mode="python") == plain
    assert list(as_json) == list(plain)
    # Nothing is left that JSON does not hold, and names are text.
    assert json.loads(json.dumps(as_json)) == as_json
    assert json.loads(value.to_json()) == as_json


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("mode", ["JSON", "", 5, None])
def test_another_mode_is_refused(value: Any, mode: Any) -> None:
    with pytest.raises(netgiro.InvalidRequestError, match=r'mode must be "python" or "json"'):
        value.to_dict(mode=mode)


def test_rows() -> None:
    for row in REPORT.rows:
        assert row.to_dict() == row._asdict()
    created = next(
        row for row in REPORT.rows if row.age is not None and row.paid_amount is not None
    )
    assert created.created is not None
    assert created.age is not None
    plain = created.to_dict(mode="json")
    assert plain["outcome"] == created.outcome.value
    assert type(plain["outcome"]) is str
    assert plain["created"] == created.created.isoformat()
    assert plain["age"] == created.age.total_seconds()
    assert (plain["paid_amount"], type(plain["paid_amount"])) == (created.paid_amount, int)
    assert plain["order_rows"] == list(created.order_rows)
    assert json.loads(REPORT.exceptions.to_json()) == [
        row.to_dict(mode="json") for row in REPORT.exceptions
    ]


def test_a_report() -> None:
    plain = REPORT.to_dict()
    assert plain["rows"] == [row._asdict() for row in REPORT.rows]
    assert plain["totals"]["by_outcome"] == {
        outcome: total._asdict() for outcome, total in REPORT.totals.by_outcome.items()
    }
    assert plain["now"] == shop.NOW
    assert (plain["is_balanced"], plain["is_certain"]) == (REPORT.is_balanced, REPORT.is_certain)
    as_json = REPORT.to_dict(mode="json")
    assert as_json["now"] == shop.NOW.isoformat()
    assert set(as_json["totals"]["by_outcome"]) == {outcome.value for outcome in Outcome}
    assert as_json["totals"]["at_stake"] == REPORT.totals.at_stake
    assert as_json["settlements"] == REPORT.settlements.to_dict(mode="json")  # type: ignore[union-attr]


def test_a_report_without_settlements() -> None:
    report = netgiro.reconcile(MADE.orders, MADE.checks, now=shop.NOW)
    assert report.to_dict()["settlements"] is None
    assert json.loads(report.to_json())["settlements"] is None


def test_settlements() -> None:
    assert SETTLEMENTS is not None
    as_json = SETTLEMENTS.to_dict(mode="json")
    assert set(as_json["by_outcome"]) == {outcome.value for outcome in SettlementOutcome}
    assert len(as_json["rows"]) == len(SETTLEMENTS)
    (transfer,) = as_json["transfers"]
    assert transfer["settlement"]["number"] == "100-1"
    assert transfer["settlement"]["created"] == AT.isoformat()
    assert transfer["settlement"]["total_amount"] == 4990.5
    assert transfer["items"] == 2
    (python,) = SETTLEMENTS.to_dict()["transfers"]
    assert python["settlement"] == SETTLEMENTS.transfers[0].settlement.to_dict()
    row = next(row for row in SETTLEMENTS.rows if row.age is not None)
    assert row.paid_at is not None
    assert row.age is not None
    plain = row.to_dict(mode="json")
    assert (plain["paid_at"], plain["age"]) == (row.paid_at.isoformat(), row.age.total_seconds())
    assert plain["loan_numbers"] == list(row.loan_numbers)
