"""Every combination of an order and a cart, groups of them, and what holds whatever goes in."""

from __future__ import annotations

import itertools
import random
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import oracle
import pytest
import shop
from hypothesis import given, settings
from hypothesis import strategies as st

import netgiro
from netgiro import Reconciliation

STATUSES = ("paid", "open", "canceled")
CARTS = (
    "confirmed",
    "canceled",
    "declined",
    "not_found",
    "pending",
    "needs_code",
    "reserved",
    "awaiting_callback",
    "unknown",
    "failed",
)


def cart_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number + 1)


def order_rows(orders: list[oracle.Order]) -> list[dict[str, Any]]:
    return [
        {
            "reference": order.reference,
            "transaction_id": None if order.cart is None else str(cart_id(order.cart)),
            "amount": order.amount,
            "status": order.status,
        }
        for order in orders
    ]


def check_results(checks: list[oracle.Check]) -> list[netgiro.CheckResult]:
    made = []
    for check in checks:
        if check.status == "failed":
            made.append(shop.failed(cart_id(check.cart)))
            continue
        payment = None
        if check.amount is not None or check.reference is not None:
            payment = netgiro.PaymentInfo(
                total_amount=check.amount, reference_number=check.reference
            )
        state = netgiro.CartState(
            cart_id(check.cart), check.status, payment=payment, checked_at=shop.NOW
        )
        made.append(netgiro.CheckResult(cart_id(check.cart), state=state))
    return made


def reconciled(
    orders: list[oracle.Order], checks: list[oracle.Check], tolerance: int = 0
) -> Reconciliation:
    rows = order_rows(orders) or {"reference": [], "transaction_id": [], "amount": [], "status": []}
    return netgiro.reconcile(rows, check_results(checks), tolerance=tolerance, now=shop.NOW)


def found(report: Reconciliation) -> Counter[oracle.Found]:
    return Counter(
        oracle.Found(
            row.outcome.value,
            frozenset(number - 1 for number in row.order_rows),
            frozenset(
                uuid.UUID(text).int - 1 for text in (row.transaction_id or "").split(", ") if text
            ),
            row.at_stake,
        )
        for row in report.rows
    )


def compare(
    orders: list[oracle.Order], checks: list[oracle.Check], tolerance: int = 0
) -> Reconciliation:
    checks = without_loose_failures(checks)
    report = reconciled(orders, checks, tolerance)
    assert found(report) == Counter(oracle.classify(orders, checks, tolerance)), (orders, checks)
    balances(report, orders, checks)
    return report


def without_loose_failures(checks: list[oracle.Check]) -> list[oracle.Check]:
    """A failed check tells no reference and no amount."""
    return [
        oracle.Check(check.cart, check.status) if check.status == "failed" else check
        for check in checks
    ]


def balances(
    report: Reconciliation, orders: list[oracle.Order], checks: list[oracle.Check]
) -> None:
    total = report.totals
    assert total.orders == len(orders)
    assert total.order_amount == sum(order.amount for order in orders)
    paid = [check for check in checks if check.status == "confirmed"]
    assert total.payments == len(paid)
    assert total.paid_amount == sum(check.amount or 0 for check in paid)
    for name in (
        "rows",
        "orders",
        "order_amount",
        "recorded_amount",
        "payments",
        "paid_amount",
        "at_stake",
    ):
        assert getattr(total, name) == sum(getattr(of, name) for of in total.by_outcome.values())
    placed = [number for row in report.rows for number in row.order_rows]
    assert sorted(placed) == list(range(1, len(orders) + 1))
    assert report.is_balanced == all(row.outcome == "matched" for row in report.rows)


TABLE = {
    # (cart, order): class, at stake; amounts equal, 1000 kr.
    ("confirmed", "paid"): ("matched", 0),
    ("confirmed", "open"): ("paid_not_recorded", 1000),
    ("confirmed", "canceled"): ("paid_not_recorded", 1000),
    **{(cart, "paid"): ("recorded_not_paid", 1000) for cart in ("canceled", "declined")},
    **{(cart, "open"): ("still_open", 0) for cart in ("canceled", "declined")},
    **{(cart, "canceled"): ("matched", 0) for cart in ("canceled", "declined")},
    ("not_found", "paid"): ("not_found", 1000),
    ("not_found", "open"): ("not_found", 0),
    ("not_found", "canceled"): ("not_found", 0),
    **{(cart, "paid"): ("recorded_not_paid", 1000) for cart in oracle.WAITING},
    **{
        (cart, status): ("still_open", 1000)
        for cart in oracle.WAITING
        for status in ("open", "canceled")
    },
    **{
        (cart, status): ("unverified", 1000)
        for cart in ("unknown", "failed")
        for status in STATUSES
    },
}


def test_the_table_is_whole() -> None:
    assert set(TABLE) == set(itertools.product(CARTS, STATUSES))


@pytest.mark.parametrize(
    ("cart", "status", "by"),
    [
        (cart, status, by)
        for cart, status in TABLE
        for by in ("transaction", "reference")
        # A failed check does not tell the reference.
        if (cart, by) != ("failed", "reference")
    ],
)
def test_one_order_and_one_cart(cart: str, status: str, by: str) -> None:
    order = oracle.Order("A", 0 if by == "transaction" else None, 1000, status)
    amount = 1000 if cart == "confirmed" else None
    report = compare([order], [oracle.Check(0, cart, amount, None if cart == "failed" else "A")])
    [row] = report.rows
    assert (row.outcome.value, row.at_stake) == TABLE[cart, status]
    assert row.reason
    assert bool(row.action) == (row.outcome != "matched")
    assert report.is_certain == (row.outcome != "unverified")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("reference", [None, "A"])
@pytest.mark.parametrize("with_id", [True, False])
def test_an_order_without_a_check_is_unverified(
    status: str, reference: str | None, with_id: bool
) -> None:
    report = compare([oracle.Order(reference, 0 if with_id else None, 1000, status)], [])
    assert [(row.outcome.value, row.at_stake) for row in report.rows] == [("unverified", 1000)]


@pytest.mark.parametrize(
    ("cart", "outcome"),
    [
        ("confirmed", "paid_not_recorded"),
        ("pending", "still_open"),
        ("reserved", "still_open"),
        ("failed", "unverified"),
        ("unknown", "unverified"),
        ("canceled", None),
        ("declined", None),
        ("not_found", None),
    ],
)
def test_a_cart_without_an_order(cart: str, outcome: str | None) -> None:
    report = compare([], [oracle.Check(0, cart, 1000 if cart == "confirmed" else None, "A")])
    assert [row.outcome.value for row in report.rows] == ([outcome] if outcome else [])


@pytest.mark.parametrize(
    ("paid", "tolerance", "outcome", "at_stake"),
    [
        (1000, 0, "matched", 0),
        (1001, 0, "amount_mismatch", 1),
        (999, 0, "amount_mismatch", 1),
        (1001, 1, "matched", 0),
        (999, 1, "matched", 0),
        (1002, 1, "amount_mismatch", 2),
        (0, 0, "amount_mismatch", 1000),
    ],
)
def test_tolerance(paid: int, tolerance: int, outcome: str, at_stake: int) -> None:
    report = compare(
        [oracle.Order("A", 0, 1000, "paid")], [oracle.Check(0, "confirmed", paid, "A")], tolerance
    )
    [row] = report.rows
    assert (row.outcome.value, row.at_stake, row.difference) == (outcome, at_stake, paid - 1000)


def test_exact_decimals() -> None:
    rows = [
        {
            "reference": "A",
            "transaction_id": str(cart_id(0)),
            "amount": Decimal("0.10"),
            "status": "paid",
        }
    ] * 1
    state = netgiro.CartState(
        cart_id(0),
        "confirmed",
        payment=netgiro.PaymentInfo(total_amount=Decimal("0.30")),
        checked_at=shop.NOW,
    )
    [row] = netgiro.reconcile(rows, [state]).rows
    assert (row.difference, row.at_stake) == (Decimal("0.20"), Decimal("0.20"))


def test_a_payment_without_an_amount_does_not_match() -> None:
    for status, outcome in [("paid", "unverified"), ("open", "paid_not_recorded")]:
        report = compare([oracle.Order("A", 0, 1000, status)], [oracle.Check(0, "confirmed")])
        assert [row.outcome.value for row in report.rows] == [outcome]


def test_a_payment_that_is_for_another_reference_is_unverified() -> None:
    for status in STATUSES:
        orders = [oracle.Order("A", 0, 1000, status), oracle.Order("B", None, 1000, "open")]
        report = compare(orders, [oracle.Check(0, "confirmed", 1000, "B")])
        assert [row.outcome.value for row in report.rows] == ["unverified", "unverified"]
        assert "reference B" in report.rows[0].reason + report.rows[1].reason


class TestDuplicates:
    def test_a_payment_beside_the_recorded_one(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "paid")],
            [oracle.Check(0, "confirmed", 1000, "A"), oracle.Check(1, "confirmed", 1000, "A")],
        )
        assert [(row.outcome.value, row.at_stake) for row in report.rows] == [
            ("duplicate_payment", 1000),
            ("matched", 0),
        ]

    def test_two_payments_that_are_both_recorded_stay_together(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "paid"), oracle.Order("A", 1, 1000, "paid")],
            [oracle.Check(0, "confirmed", 1000, "A"), oracle.Check(1, "confirmed", 1000, "A")],
        )
        [row] = report.rows
        assert (row.outcome.value, row.orders, row.payments, row.at_stake) == (
            "duplicate_payment",
            2,
            2,
            1000,
        )

    def test_of_two_attempts_the_canceled_one_is_refunded(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "canceled"), oracle.Order("A", 1, 1000, "paid")],
            [oracle.Check(0, "confirmed", 1000, "A"), oracle.Check(1, "confirmed", 1000, "A")],
        )
        assert {(row.outcome.value, row.order_rows) for row in report.rows} == {
            ("duplicate_payment", (1,)),
            ("matched", (2,)),
        }

    def test_a_second_attempt_after_a_canceled_one_is_not_a_duplicate(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "canceled"), oracle.Order("A", 1, 1000, "paid")],
            [oracle.Check(0, "canceled"), oracle.Check(1, "confirmed", 1000, "A")],
        )
        assert report.is_balanced

    def test_two_orders_without_ids_and_one_payment_are_not_paired(self) -> None:
        report = compare(
            [oracle.Order("A", None, 1000, "paid"), oracle.Order("A", None, 1000, "open")],
            [oracle.Check(0, "confirmed", 1000, "A")],
        )
        [row] = report.rows
        assert (row.outcome.value, row.order_rows, row.order_amount) == (
            "duplicate_order",
            (1, 2),
            2000,
        )

    def test_the_same_transaction_on_two_orders(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "paid"), oracle.Order("B", 0, 1000, "paid")],
            [oracle.Check(0, "confirmed", 1000, "A")],
        )
        assert [(row.outcome.value, row.reference, row.at_stake) for row in report.rows] == [
            ("duplicate_order", "B", 1000),
            ("matched", "A", 0),
        ]

    def test_the_same_row_twice(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "paid")] * 2, [oracle.Check(0, "confirmed", 1000, "A")]
        )
        [row] = report.rows
        assert (row.outcome.value, row.orders, row.payments, row.at_stake) == (
            "duplicate_order",
            2,
            1,
            1000,
        )

    def test_the_same_row_twice_and_a_failed_check(self) -> None:
        report = compare([oracle.Order("A", 0, 1000, "paid")] * 2, [oracle.Check(0, "failed")])
        assert [row.outcome.value for row in report.rows] == ["unverified"]

    def test_an_order_recorded_as_paid_twice_and_paid_once(self) -> None:
        report = compare(
            [oracle.Order("A", 0, 1000, "paid"), oracle.Order("A", 1, 1000, "paid")],
            [oracle.Check(0, "confirmed", 1000, "A"), oracle.Check(1, "canceled")],
        )
        assert {(row.outcome.value, row.order_rows) for row in report.rows} == {
            ("matched", (1,)),
            ("duplicate_order", (2,)),
        }


class TestChecksOfOneCart:
    """A cart that was checked more than once."""

    @staticmethod
    def outcome(*checks: netgiro.CheckResult) -> str:
        found = set()
        for some in itertools.permutations(checks):
            report = netgiro.reconcile(order_rows([oracle.Order("A", 0, 1000, "paid")]), list(some))
            [row] = report.rows
            found.add(row.outcome.value)
        [only] = found
        return only

    def at(self, status: str, minute: int, amount: int | None = None) -> netgiro.CheckResult:
        when = shop.NOW.replace(minute=minute)
        return shop.check(cart_id(0), status, amount=amount, reference="A", checked_at=when)

    def test_the_latest_counts(self) -> None:
        assert self.outcome(self.at("pending", 1), self.at("confirmed", 2, 1000)) == "matched"
        assert self.outcome(self.at("pending", 1), self.at("canceled", 2)) == "recorded_not_paid"
        assert (
            self.outcome(self.at("confirmed", 1, 1000), self.at("confirmed", 2, 1000)) == "matched"
        )

    def test_a_failure_does_not_undo_what_is_final(self) -> None:
        lost = shop.failed(cart_id(0))
        assert self.outcome(self.at("confirmed", 1, 1000), lost) == "matched"
        assert self.outcome(self.at("canceled", 1), lost) == "recorded_not_paid"
        assert self.outcome(self.at("pending", 1), lost) == "unverified"

    def test_contradictions_are_unverified(self) -> None:
        assert self.outcome(self.at("confirmed", 1, 1000), self.at("canceled", 2)) == "unverified"
        assert (
            self.outcome(self.at("confirmed", 1, 1000), self.at("confirmed", 2, 900))
            == "unverified"
        )


def test_every_pair_of_orders_with_every_pair_of_carts() -> None:
    """Two orders and two carts: all that they can say, a sample of it each time."""
    all_orders = [
        oracle.Order(reference, cart, amount, status)
        for reference in ("A", "B", None)
        for cart in (0, 1, None)
        for amount in (1000, 900)
        for status in STATUSES
    ]
    all_checks = [
        (status, reference)
        for status in ("confirmed", "canceled", "not_found", "pending", "failed")
        for reference in ("A", "B", None)
    ]
    dice = random.Random(5)
    for _ in range(4000):
        orders = [dice.choice(all_orders) for _ in range(dice.choice((1, 2, 2, 3)))]
        checks = [
            oracle.Check(number, status, 1000 if status == "confirmed" else None, reference)
            for number, (status, reference) in enumerate(
                dice.choices(all_checks, k=dice.choice((0, 1, 2, 2)))
            )
        ]
        compare(orders, checks)


orders_drawn = st.lists(
    st.builds(
        oracle.Order,
        reference=st.sampled_from(["A", "B", "C", None]),
        cart=st.one_of(st.none(), st.integers(0, 5)),
        amount=st.integers(0, 3000),
        status=st.sampled_from(STATUSES),
    ),
    max_size=8,
)
checks_drawn = st.lists(
    st.builds(
        oracle.Check,
        cart=st.integers(0, 7),
        status=st.sampled_from(CARTS),
        amount=st.one_of(st.none(), st.integers(0, 3000)),
        reference=st.sampled_from(["A", "B", "C", None]),
    ),
    max_size=8,
    unique_by=lambda check: check.cart,
)


@given(orders=orders_drawn, checks=checks_drawn, tolerance=st.sampled_from([0, 0, 1, 500]))
@settings(max_examples=600, deadline=None)
def test_the_core_decides_as_the_reference_does(
    orders: list[oracle.Order], checks: list[oracle.Check], tolerance: int
) -> None:
    compare(orders, checks, tolerance)


def contents(report: Reconciliation) -> list[tuple[Any, ...]]:
    """All that is in the rows but the places of their orders."""
    return [
        tuple(value for name, value in row._asdict().items() if name != "order_rows")
        for row in report.rows
    ]


@given(orders=orders_drawn, checks=checks_drawn, data=st.data())
@settings(max_examples=300, deadline=None)
def test_the_order_of_the_input_changes_nothing(
    orders: list[oracle.Order], checks: list[oracle.Check], data: st.DataObject
) -> None:
    checks = without_loose_failures(checks)
    report = reconciled(orders, checks)
    other = reconciled(data.draw(st.permutations(orders)), data.draw(st.permutations(checks)))
    assert contents(report) == contents(other)
    assert report.summary == other.summary


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_planted_faults_are_found_and_no_others(seed: int) -> None:
    made = shop.month(seed)
    dice = random.Random(seed)
    dice.shuffle(made.orders)
    dice.shuffle(made.checks)
    report = netgiro.reconcile(made.orders, made.checks, now=shop.NOW)
    assert len(report.exceptions) == len(made.planted) == 60
    assert {row.reference: row.outcome.value for row in report.exceptions} == made.planted
    assert set(made.planted.values()) == set(shop.CLASSES)

    total = report.totals
    assert total.orders == len(made.orders)
    assert total.order_amount == sum(order["amount"] for order in made.orders)
    assert total.recorded_amount == sum(o["amount"] for o in made.orders if o["status"] == "paid")
    paid = [result.state for result in made.checks if result.state and result.state.is_paid]
    assert total.payments == len(paid)
    assert total.paid_amount == sum(state.payment.total_amount for state in paid)
    assert [row.at_stake for row in report.exceptions] == sorted(
        (row.at_stake for row in report.exceptions), reverse=True
    )
