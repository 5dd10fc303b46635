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
from netgiro.reconciliation.settlements import SettlementOutcome as Is

UTC = dt.timezone.utc
DAY = 86_400
NONE: dict[str, list[Any]] = {"reference": [], "amount": [], "status": []}


def by_invoice(item: netgiro.SettlementItem) -> int | None:
    """Read a loan number as the simulator writes it."""
    return None if item.loan_number is None else int(item.loan_number.removeprefix("L-"))


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

    def report(
        self, *, settlements: Any = True, settlement_key: Any = by_invoice, **options: Any
    ) -> Any:
        report = netgiro.reconcile(
            self.orders,
            client=self.client,
            settlements=settlements,
            settlement_key=settlement_key,
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


def test_a_settlement_with_another_sum_than_its_items(shop: Shop) -> None:
    cart = shop.sell(1000)
    number = shop.client.check_cart(cart).payment.invoice_number
    item = netgiro.SettlementItem(Decimal(1000), Decimal(20), None, f"L-{number}")
    wrong = netgiro.Settlement(number="100000-000007", total_amount=Decimal(1001))
    found = shop.report(settlements=[(wrong, [item])]).settlements
    (transfer,) = found.transfers
    assert (transfer.settlement, transfer.items_amount) == (wrong, 1000)
    assert transfer.difference == 1
    assert not found.exceptions
    assert not found.is_balanced
    right = netgiro.Settlement(number="100000-000007", total_amount=Decimal("1000.00"))
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
            total_amount=None if amount is None else Decimal(amount),
            loan_number=None if number is None else f"L-{number}",
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
        found = netgiro.reconcile(
            NONE, checks, settlements=items, settlement_key=by_invoice
        ).settlements
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
    item = netgiro.SettlementItem(Decimal(1000), None, None, f"L-{number}")
    for checks in (saved, results.to_polars(), results):
        found = netgiro.reconcile(
            shop.orders, checks, settlements=[item], settlement_key=by_invoice
        ).settlements
        assert found.is_balanced, found


def test_invalid_settlements_are_refused() -> None:
    for wrong in ([7], [(7, [])], ["items"]):
        with pytest.raises(netgiro.InvalidRequestError, match=r"settlements\[0\]"):
            netgiro.reconcile(NONE, [], settlements=wrong)
    with pytest.raises(netgiro.InvalidRequestError, match="client"):
        netgiro.reconcile(NONE, [], settlements=True)
    huge = netgiro.SettlementItem(total_amount=Decimal(10) ** 20)
    with pytest.raises(netgiro.InvalidRequestError, match="krónur"):
        netgiro.reconcile(NONE, [], settlements=[huge])


def test_items_without_a_known_cart_are_unverified(shop: Shop) -> None:
    shop.sell(1000)
    shop.simulator.advance(DAY)
    report = shop.report(settlement_key=None)
    rows = report.settlements.rows
    assert [row.outcome for row in rows] == [Is.UNVERIFIED] * 2
    assert {row.reference for row in rows} == {"order-1", None}
    assert not report.settlements.is_balanced
    assert [transfer.difference for transfer in report.settlements.transfers] == [0]
    assert "loan L-" in report.to_html()


def test_an_item_names_its_cart_by_a_function(shop: Shop) -> None:
    carts = [shop.sell(1000), shop.sell(2000)]
    shop.simulator.withhold(carts[1])
    shop.simulator.advance(DAY)
    for key in ("order-1", " order-1 ", carts[0].transaction_id):
        assert classes(shop.report(settlement_key=lambda _, key=key: key)) == {
            "order-1": "settled",
            "order-2": "not_settled_yet",
        }
    (day,) = shop.client.settlements("2020-01-01", shop.simulator.now())
    items = shop.client.settlement_items(day.number)
    for key in ("order-9", 7, 10**30, str(carts[0].transaction_id)):
        found = classes(shop.report(settlements=items, settlement_key=lambda _, key=key: key))
        assert found[None] == "unknown_cart", key
    for key in (None, "", "  "):
        found = classes(shop.report(settlement_key=lambda _, key=key: key))
        assert set(found.values()) == {"unverified"}, key
    for wrong in (1.5, True, b"order-1", ["order-1"]):
        with pytest.raises(netgiro.InvalidRequestError, match="settlement_key must give"):
            shop.report(settlement_key=lambda _, key=wrong: key)
    with pytest.raises(ZeroDivisionError):
        shop.report(settlement_key=lambda _: 1 / 0)


def test_an_item_names_its_cart_by_a_column(shop: Shop) -> None:
    for amount in (1000, 2000, 4000):
        shop.sell(amount)
        # What was paid later is settled: not in the same millisecond.
        shop.simulator.advance(1)
    shop.simulator.withhold(shop.orders[1]["transaction_id"])
    shop.simulator.advance(DAY)
    (day,) = shop.client.settlements("2020-01-01", shop.simulator.now())
    loans = [item.loan_number for item in shop.client.settlement_items(day.number)]
    assert len(loans) == 2
    for order, loan in zip(shop.orders, [loans[0], None, loans[1]], strict=True):
        order["lán"] = loan
    wanted = {"order-1": "settled", "order-2": "missing", "order-3": "settled"}
    assert classes(shop.report(settlement_key="lán")) == wanted
    # Orders that are known by their references alone.
    checks = shop.client.check_many([order["transaction_id"] for order in shop.orders])
    bare = [{**order, "transaction_id": None} for order in shop.orders]
    report = netgiro.reconcile(
        bare,
        checks,
        client=shop.client,
        settlements=True,
        settlement_key="lán",
        progress=False,
        now=shop.simulator.now(),
    )
    assert classes(report)["order-3"] == "settled"

    # A number that no order has is no cart's; one that two orders have is nobody's.
    items = shop.client.settlement_items(day.number)
    shop.orders[2]["lán"] = "L-9"
    found = shop.report(settlements=items, settlement_key="lán").settlements
    assert [row.loan_numbers for row in found.rows if row.outcome is Is.UNKNOWN_CART] == [
        (loans[1],)
    ]
    shop.orders[2]["lán"] = loans[0]
    found = shop.report(settlement_key="lán").settlements
    assert [row.loan_numbers for row in found.rows if row.outcome is Is.UNVERIFIED] == [(loans[0],)]

    with pytest.raises(netgiro.InvalidRequestError, match="settlement_key names 'loan'"):
        shop.report(settlement_key="loan")
    with pytest.raises(netgiro.InvalidRequestError, match="settlement_key"):
        shop.report(settlement_key=7)
    with pytest.raises(netgiro.InvalidRequestError, match="settlement_key is for settlements"):
        shop.report(settlements=None, settlement_key="lán")
