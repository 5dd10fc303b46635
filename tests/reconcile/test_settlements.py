"""Bank transfers against paid carts: every cart and every item in one class, and all of it added up."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import netgiro
from netgiro.reconciliation.transfers import SettlementOutcome as Is

UTC = dt.timezone.utc
DAY = 86_400
NONE: dict[str, list[Any]] = {"reference": [], "amount": [], "status": []}


@pytest.fixture
def simulator() -> Iterator[netgiro.Simulator]:
    with netgiro.Simulator(seed=5) as simulator:
        now = simulator.now()
        noon = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(12), UTC)
        simulator.advance((noon - now).total_seconds())
        yield simulator


class Shop:
    """A shop that sells to those who pay at once."""

    def __init__(self, simulator: netgiro.Simulator) -> None:
        self.simulator = simulator
        self.client = simulator.client()
        self.orders: list[dict[str, Any]] = []

    def sell(self, amount: int) -> netgiro.Cart:
        reference = f"order-{len(self.orders) + 1}"
        cart = self.client.insert_cart(amount=amount, reference=reference, customer_id="8111111")
        self.orders.append(
            {
                "reference": reference,
                "transaction_id": cart.transaction_id,
                "amount": amount,
                "status": "paid",
                "created": self.simulator.now(),
            }
        )
        return cart

    def report(self, *, settlements: Any = True, **options: Any) -> Any:
        report = netgiro.reconcile(
            self.orders,
            client=self.client,
            settlements=settlements,
            now=self.simulator.now(),
            progress=False,
            **options,
        )
        assert report.is_balanced
        return report


@pytest.fixture
def shop(simulator: netgiro.Simulator) -> Iterator[Shop]:
    shop = Shop(simulator)
    yield shop
    shop.client.close()


def classes(report: Any) -> dict[str, str]:
    return {row.reference: row.outcome.value for row in report.settlements.rows}


def test_transfers_of_some_days(shop: Shop) -> None:
    simulator = shop.simulator
    shop.sell(1000)
    forgotten = shop.sell(2000)
    simulator.withhold(forgotten)
    simulator.advance(DAY)
    shop.sell(4000)
    simulator.advance(DAY)
    shop.sell(8000)
    report = shop.report()
    found = report.settlements
    assert classes(report) == {
        "order-1": "settled",
        "order-2": "missing",
        "order-3": "settled",
        "order-4": "not_settled_yet",
    }
    assert [row.reference for row in found.exceptions] == ["order-2"]
    assert not found.is_balanced
    assert [transfer.difference for transfer in found.transfers] == [0, 0]
    assert found.total.paid_amount == 15_000
    assert found.total.settled_amount == 5000
    assert found.by_outcome[Is.MISSING].paid_amount == 2000
    assert found.exceptions[0].age > dt.timedelta(days=1)
    assert report.summary["settlements"]["outcomes"]["settled"]["carts"] == 2
    for shown in (report.to_html(), report._repr_html_()):
        assert "2 transfers to the bank" in shown
        assert "order-2" in shown
    assert "bank" not in netgiro.reconcile(shop.orders, client=shop.client).to_html()


def test_all_in_order(shop: Shop) -> None:
    shop.sell(1000)
    shop.simulator.advance(DAY)
    report = shop.report()
    assert report.settlements.is_balanced
    assert "all in order" in report.to_html()


def test_a_cart_that_waits_for_a_month_is_missing(shop: Shop) -> None:
    shop.simulator.withhold(shop.sell(1000))
    shop.simulator.advance(30 * DAY)
    assert classes(shop.report()) == {"order-1": "not_settled_yet"}
    shop.simulator.advance(2 * DAY)
    assert classes(shop.report()) == {"order-1": "missing"}


def test_items_of_other_days_are_left_out(shop: Shop) -> None:
    for _ in range(3):
        shop.sell(1000)
        shop.simulator.advance(DAY)
    all_orders = shop.orders
    shop.orders = all_orders[1:2]
    report = shop.report()
    assert classes(report) == {"order-2": "settled"}
    assert report.settlements.left_out == 2
    days = [order["created"].date() for order in all_orders]
    shop.orders = all_orders
    report = shop.report(date_from=days[1], date_to=days[1])
    assert classes(report) == {"order-2": "settled"}


def test_a_settlement_that_is_not_the_sum_of_its_items(shop: Shop) -> None:
    cart = shop.sell(1000)
    number = shop.client.check_cart(cart).payment.invoice_number
    item = netgiro.SettlementItem(Decimal(1000), Decimal(20), None, number)
    wrong = netgiro.Settlement(number=7, total_amount=Decimal(1001))
    found = shop.report(settlements=[(wrong, [item])]).settlements
    (transfer,) = found.transfers
    assert (transfer.settlement, transfer.items_amount) == (wrong, 1000)
    assert transfer.difference == 1
    assert not found.exceptions
    assert not found.is_balanced
    right = netgiro.Settlement(number=7, total_amount=Decimal("1000.00"))
    assert shop.report(settlements=[(right, [item])]).settlements.is_balanced


def paid(number: int | None, amount: int | None = 1000) -> netgiro.CheckResult:
    state = netgiro.CartState(
        f"00000000-0000-0000-0000-{random.getrandbits(48):012x}",
        "confirmed",
        payment_successful=True,
        payment=netgiro.PaymentInfo(
            invoice_number=number, total_amount=amount, reference_number=f"order-{number}"
        ),
    )
    return netgiro.CheckResult(state.transaction_id, state=state)


def test_every_class() -> None:
    def item(number: int | None, amount: int | None = 1000) -> netgiro.SettlementItem:
        return netgiro.SettlementItem(
            total_amount=None if amount is None else Decimal(amount), loan_number=number
        )

    cases: list[tuple[list[netgiro.CheckResult], list[netgiro.SettlementItem], list[str]]] = [
        ([paid(1)], [item(1)], ["settled"]),
        ([paid(2)], [item(2, 600), item(2, 400)], ["settled"]),
        ([paid(3)], [item(3, 999)], ["amount_mismatch"]),
        ([paid(4)], [item(4, 1000), item(4, -1000)], ["amount_mismatch"]),
        ([paid(5)], [item(5), item(5)], ["duplicate"]),
        ([], [item(6)], ["unknown_cart"]),
        ([paid(None)], [], ["unverified"]),
        ([paid(8), paid(8)], [item(8)], ["unverified"]),
        ([paid(9, None)], [item(9)], ["unverified"]),
        ([paid(10)], [item(10), item(10, None)], ["unverified"]),
        ([], [item(None)], ["unverified"]),
        ([paid(12)], [], ["not_settled_yet"]),
        ([paid(13), paid(13)], [], ["not_settled_yet"] * 2),
    ]
    dice = random.Random(1)
    wanted = Counter(word for _, _, words in cases for word in words)
    checks = [check for given, _, _ in cases for check in given]
    items = [one for _, given, _ in cases for one in given]
    reports = []
    for _ in range(5):
        dice.shuffle(checks)
        dice.shuffle(items)
        found = netgiro.reconcile(NONE, checks, settlements=items).settlements
        assert Counter(row.outcome.value for row in found.rows) == wanted
        assert found.total.paid_amount == sum(
            check.state.payment.total_amount or 0 for check in checks
        )
        assert found.total.settled_amount == sum(one.total_amount or 0 for one in items)
        assert sum(total.items for total in found.by_outcome.values()) == len(items)
        assert found.transfers == []
        reports.append(found.to_dicts())
    assert all(report == reports[0] for report in reports)


def test_saved_checks_know_their_invoices(tmp_path: Any, shop: Shop) -> None:
    cart = shop.sell(1000)
    results = shop.client.check_many([cart], progress=False)
    saved = tmp_path / "checks.csv"
    results.to_pandas().to_csv(saved, index=False)
    number = results[0].state.payment.invoice_number
    item = netgiro.SettlementItem(Decimal(1000), None, None, number)
    for checks in (saved, results.to_polars(), results):
        found = netgiro.reconcile(shop.orders, checks, settlements=[item]).settlements
        assert found.is_balanced, found


def test_what_is_no_source_of_settlements_is_refused() -> None:
    for wrong in ([7], [(7, [])], ["items"]):
        with pytest.raises(netgiro.InvalidRequestError, match=r"settlements\[0\]"):
            netgiro.reconcile(NONE, [], settlements=wrong)
    with pytest.raises(netgiro.InvalidRequestError, match="client"):
        netgiro.reconcile(NONE, [], settlements=True)
    huge = netgiro.SettlementItem(total_amount=Decimal(10) ** 20)
    with pytest.raises(netgiro.InvalidRequestError, match="krónur"):
        netgiro.reconcile(NONE, [], settlements=[huge])
