"""Refunds: of the shop, of Netgíró, in settlements; held against the second implementation, and against the simulator."""

from __future__ import annotations

import datetime as dt
import json
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import oracle
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import refund_oracle
import shop
from hypothesis import given, settings
from hypothesis import strategies as st
from refund_oracle import Sent

import netgiro
from netgiro import Outcome

UTC = dt.timezone.utc
DAY = 86_400
VECTORS = Path(__file__).parents[2] / "vectors" / "reconciliation.json"
NO_ORDERS: dict[str, list[Any]] = {"reference": [], "amount": [], "status": []}
ID = str(uuid.UUID(int=5))
SOLD = {"reference": "1001", "transaction_id": ID, "amount": 4990, "status": "paid"}
RETURNED = {"reference": "1001", "transaction_id": None, "amount": -1000, "status": "refunded"}
MADE = netgiro.Refund(ID, amount=1000, idempotency_key="1001-line-2")


def cart_id(number: int) -> uuid.UUID:
    return uuid.UUID(int=number + 1)


def reconciled(
    orders: list[oracle.Order],
    checks: list[oracle.Check],
    sent: list[Sent] | None,
    taken_back: list[tuple[int | str, int]],
    tolerance: int = 0,
) -> netgiro.Reconciliation:
    rows = [
        {
            "reference": order.reference,
            "transaction_id": None if order.cart is None else cart_id(order.cart),
            "amount": order.amount,
            "refunded": order.refunded,
            "status": order.status,
        }
        for order in orders
    ]
    made = []
    for check in checks:
        if check.status == "failed":
            made.append(shop.failed(cart_id(check.cart)))
            continue
        payment = netgiro.PaymentInfo(total_amount=check.amount, reference_number=check.reference)
        state = netgiro.CartState(
            cart_id(check.cart), check.status, payment=payment, checked_at=shop.NOW
        )
        made.append(netgiro.CheckResult(cart_id(check.cart), state=state))
    refunds = None
    if sent is not None:
        refunds = [
            {
                "transaction_id": None if one.cart is None else cart_id(one.cart),
                "reference": one.reference,
                "amount": one.amount,
                "status": "made" if one.is_made else "unknown",
            }
            for one in sent
        ] or []
    names = {
        f"L-{at}": cart_id(name) if isinstance(name, int) else name
        for at, (name, _) in enumerate(taken_back)
    }
    items = [
        netgiro.SettlementItem(total_amount=Decimal(-amount), loan_number=f"L-{at}")
        for at, (_, amount) in enumerate(taken_back)
    ]
    empty = {name: [] for name in ("reference", "transaction_id", "amount", "refunded", "status")}
    return netgiro.reconcile(
        rows or empty,
        made,
        refunds=refunds,
        tolerance=tolerance,
        now=shop.NOW,
        settlements=items or None,
        settlement_key=(lambda item: names[item.loan_number]) if items else None,
    )


def found(report: netgiro.Reconciliation) -> Counter[refund_oracle.Found]:
    return Counter(
        refund_oracle.Found(
            row.outcome.value,
            frozenset(number - 1 for number in row.order_rows),
            frozenset(
                uuid.UUID(text).int - 1 for text in (row.transaction_id or "").split(", ") if text
            ),
            row.at_stake,
            int(row.recorded_refund_amount or 0),
            int(row.refunded_amount or 0),
        )
        for row in report.rows
    )


def separate(orders: list[oracle.Order]) -> list[oracle.Order]:
    """A table has its refunds in rows or beside the orders."""
    if any(order.is_refund for order in orders):
        return [order._replace(refunded=0) for order in orders]
    return orders


def compare(
    orders: list[oracle.Order],
    checks: list[oracle.Check],
    sent: list[Sent] | None,
    taken_back: list[tuple[int | str, int]],
    tolerance: int = 0,
) -> netgiro.Reconciliation:
    checks = [
        check._replace(amount=None, reference=None) if check.status == "failed" else check
        for check in checks
    ]
    report = reconciled(orders, checks, sent, taken_back, tolerance)
    expected = refund_oracle.classify(orders, checks, sent, taken_back, tolerance)
    assert found(report) == Counter(expected), (orders, checks, sent, taken_back)
    total = report.totals
    sales = [order for order in orders if not order.is_refund]
    assert total.orders == len(sales)
    assert total.order_amount == sum(order.amount for order in sales)
    assert total.recorded_refund_amount == sum(
        -order.amount for order in orders if order.is_refund and order.status == "paid"
    ) + sum(order.refunded for order in orders)
    if not taken_back:
        assert total.refunded_amount == sum(one.amount for one in sent or [] if one.is_made)
    for name in total._fields[:-1]:
        assert getattr(total, name) == sum(getattr(of, name) for of in total.by_outcome.values())
    placed = [number for row in report.rows for number in row.order_rows]
    assert sorted(placed) == list(range(1, len(orders) + 1))
    assert report.is_balanced == all(row.outcome.is_in_order for row in report.rows)
    assert len(report.exceptions) == sum(not row.outcome.is_in_order for row in report.rows)
    for row in report.rows:
        assert row.reason
        assert bool(row.action) != row.outcome.is_in_order
    return report


def read(case: dict[str, Any]) -> tuple[Any, ...]:
    def number(text: str) -> int | None:
        return None if text == "-" else int(text)

    def name(text: str) -> str | None:
        return None if text == "-" else text

    orders = [
        oracle.Order(
            name(words[0]), number(words[1]), int(words[2]), words[3], *map(int, words[4:])
        )
        for words in map(str.split, case["orders"])
    ]
    checks = [
        oracle.Check(int(cart), status, number(amount), name(reference))
        for cart, status, amount, reference in map(str.split, case["checks"])
    ]
    sent = None
    if case["refunds"] is not None:
        sent = [
            Sent(number(cart), name(reference), int(amount), outcome == "made")
            for cart, reference, amount, outcome in map(str.split, case["refunds"])
        ]
    taken_back = [
        (int(named) if named.isdecimal() else named, int(amount))
        for named, amount in map(str.split, case["taken_back"])
    ]
    return orders, checks, sent, taken_back


def test_the_vectors() -> None:
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))["refund_cases"]
    assert len(cases) > 300
    compared = 0
    for case in cases:
        orders, checks, sent, taken_back = read(case)
        if separate(orders) != orders:
            continue  # Both forms in one table are refused.
        report = reconciled(orders, checks, sent, taken_back, case["tolerance"])
        lines = {
            " ".join(
                (
                    row.outcome,
                    *(",".join(map(str, sorted(some))) or "-" for some in (row.orders, row.carts)),
                    *(str(row.at_stake), str(row.recorded), str(row.refunded)),
                )
            )
            for row in found(report)
        }
        assert lines == set(case["expect"]), case
        compared += 1
    assert compared > 300


OWN = "ABCABC"
amounts = st.sampled_from([1, 300, 400, 1000, 1000])
orders_drawn = st.lists(
    st.builds(
        oracle.Order,
        reference=st.sampled_from(["A", "B", "C", None]),
        cart=st.one_of(st.none(), st.integers(0, 5)),
        amount=st.sampled_from([0, 1000, 1000, 1300, -300, -400, -1000]),
        status=st.sampled_from(["paid", "paid", "open", "canceled"]),
        refunded=st.sampled_from([0, 0, 300, 1000]),
    ),
    max_size=6,
).map(lambda orders: separate([o._replace(refunded=0) if o.is_refund else o for o in orders]))
checks_drawn = st.lists(
    st.builds(
        lambda cart, status, amount: oracle.Check(cart, status, amount, OWN[cart]),
        cart=st.integers(0, 5),
        status=st.sampled_from(["confirmed"] * 6 + ["canceled", "pending", "not_found", "failed"]),
        amount=st.sampled_from([1000, 1000, 1300, 999, None]),
    ),
    max_size=5,
    unique_by=lambda check: check.cart,
)
sent_drawn = st.one_of(
    st.none(),
    st.lists(
        st.builds(
            lambda cart, by, amount, is_made: Sent(
                None if by == "reference" else cart,
                None if by == "id" else OWN[cart],
                amount,
                is_made,
            ),
            cart=st.integers(0, 5),
            by=st.sampled_from(["id", "reference", "both"]),
            amount=amounts,
            is_made=st.sampled_from([True, True, True, False]),
        ),
        max_size=4,
    ),
)
taken_drawn = st.lists(
    st.tuples(st.one_of(st.integers(0, 5), st.sampled_from(["A", "B"])), amounts), max_size=2
)


@given(
    orders=orders_drawn,
    checks=checks_drawn,
    sent=sent_drawn,
    taken_back=taken_drawn,
    tolerance=st.sampled_from([0, 0, 1]),
)
@settings(max_examples=700, deadline=None)
def test_the_core_decides_as_the_reference_does(
    orders: list[oracle.Order],
    checks: list[oracle.Check],
    sent: list[Sent] | None,
    taken_back: list[tuple[int | str, int]],
    tolerance: int,
) -> None:
    compare(orders, checks, sent, taken_back, tolerance)


@given(orders=orders_drawn, checks=checks_drawn, sent=sent_drawn, data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_input_changes_nothing(
    orders: list[oracle.Order],
    checks: list[oracle.Check],
    sent: list[Sent] | None,
    data: st.DataObject,
) -> None:
    report = reconciled(orders, checks, sent, [])
    turned = None if sent is None else data.draw(st.permutations(sent))
    other = reconciled(data.draw(st.permutations(orders)), checks, turned, [])
    assert report.summary == other.summary
    rows, others = (
        sorted(tuple(map(str, row._replace(order_rows=())[:-1])) for row in of.rows)
        for of in (report, other)
    )
    assert rows == others


@given(orders=orders_drawn, checks=checks_drawn)
@settings(max_examples=150, deadline=None)
def test_without_refunds_nothing_changes(
    orders: list[oracle.Order], checks: list[oracle.Check]
) -> None:
    sales = [order._replace(refunded=0) for order in orders if not order.is_refund]
    report = reconciled(sales, checks, None, [])
    assert report.summary == reconciled(sales, checks, [], []).summary
    assert not {row.outcome for row in report.rows} & {
        Outcome.REFUNDED,
        Outcome.PARTLY_REFUNDED,
        Outcome.REFUNDED_TOO_MUCH,
        Outcome.REFUNDED_NOT_RECORDED,
        Outcome.RECORDED_NOT_REFUNDED,
    }


# ---- what a person has --------------------------------------------------------------------------


def paid(amount: int = 4990) -> list[netgiro.CheckResult]:
    return [shop.check(uuid.UUID(ID), "confirmed", amount=amount, reference="1001")]


def only(orders: Any, refunds: Any = None, **options: Any) -> netgiro.reconciliation.Row:
    [row] = netgiro.reconcile(orders, paid(), refunds=refunds, now=shop.NOW, **options).rows
    return row


def as_file(rows: list[dict[str, Any]], path: Path) -> Path:
    if path.suffix == ".csv":
        pd.DataFrame(rows).to_csv(path, index=False)
    elif path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        book.save(path)
    return path


def tables(rows: list[dict[str, Any]], folder: Path) -> Iterator[Any]:
    """The same rows in each kind of table that is read."""
    yield rows
    yield {name: [row[name] for row in rows] for name in rows[0]}
    yield pd.DataFrame(rows)
    yield pl.DataFrame(rows)
    yield pa.Table.from_pylist(rows)
    arrow = pa.Table.from_pylist(rows)  # noqa: F841 - DuckDB finds it by its name
    yield duckdb.sql("select * from arrow")
    for suffix in (".csv", ".parquet", ".xlsx"):
        yield as_file(rows, folder / f"table{suffix}")


FORMS: dict[str, list[dict[str, Any]]] = {
    "rows below 0": [SOLD, RETURNED],
    "rows of a type": [
        SOLD | {"type": "sale"},
        SOLD | {"type": "Refund", "amount": 1000, "status": "completed"},
    ],
    "rows of an Icelandic type": [
        SOLD | {"Tegund": "Sala"},
        RETURNED | {"Tegund": "Endurgreiðsla", "amount": 1000},
    ],
    "a column": [SOLD | {"refunded": 1000}],
    "an Icelandic column": [SOLD | {"Endurgreitt (kr.)": "1.000 kr."}],
    "a column below 0": [SOLD | {"Total refunded": -1000}],
}


@pytest.mark.parametrize("rows", FORMS.values(), ids=FORMS)
def test_how_a_shop_records_refunds(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    kinds = 0
    for orders in tables(rows, tmp_path):
        row = only(orders, [MADE])
        assert (row.outcome, row.at_stake) == (Outcome.PARTLY_REFUNDED, 0)
        assert (row.order_amount, row.paid_amount) == (4990, 4990)
        assert (row.recorded_refund_amount, row.refunded_amount) == (1000, 1000)
        assert (row.orders, row.payments) == (1, 1)
        assert row.order_rows == tuple(range(1, len(rows) + 1))
        kinds += 1
    assert kinds == 9


@pytest.mark.parametrize(
    "by",
    [{"transaction_id": ID}, {"reference": "1001"}, {"transaction_id": ID, "reference": "1001"}],
)
def test_how_the_refunds_that_were_sent_come(by: dict[str, str], tmp_path: Path) -> None:
    rows = [by | {"amount": 1000, "idempotency_key": "1001-line-2", "status": "made"}]
    for refunds in tables(rows, tmp_path):
        assert only([SOLD, RETURNED], refunds).outcome is Outcome.PARTLY_REFUNDED
    for refunds in ([MADE], (MADE,), MADE, iter([MADE])):
        assert only([SOLD, RETURNED], refunds).outcome is Outcome.PARTLY_REFUNDED


@pytest.mark.parametrize(
    ("status", "outcome", "at_stake"),
    [
        ("made", Outcome.PARTLY_REFUNDED, 0),
        ("Refunded", Outcome.PARTLY_REFUNDED, 0),
        ("endurgreitt", Outcome.PARTLY_REFUNDED, 0),
        ("unknown", Outcome.UNVERIFIED, 1000),
        ("asked", Outcome.UNVERIFIED, 1000),
        ("refused", Outcome.RECORDED_NOT_REFUNDED, 1000),
        ("Hafnað", Outcome.RECORDED_NOT_REFUNDED, 1000),
    ],
)
def test_how_a_refund_ended(status: str, outcome: Outcome, at_stake: int) -> None:
    refunds = [{"transaction_id": ID, "amount": 1000, "status": status}]
    row = only([SOLD, RETURNED], refunds)
    assert (row.outcome, row.at_stake) == (outcome, at_stake)


def test_refunds_as_django_stores_them() -> None:
    row = {
        "id": 1001,
        "cart__transaction_id": uuid.UUID(ID),
        "key": "line-2",
        "idempotency_key": f"{ID}-line-2",
        "amount": 1000,
        "status": "made",
        "asked_at": shop.NOW,
    }
    bare = {"reference": "1001", "amount": 4990, "status": "paid"}
    for orders in ([SOLD, RETURNED], [bare, RETURNED]):
        # Its own number is not that of an order.
        other = row | {"cart__transaction_id": uuid.UUID(int=9), "idempotency_key": "b"}
        report = netgiro.reconcile(orders, paid(), refunds=iter([row, other]), now=shop.NOW)
        assert [row.outcome for row in report.rows] == [
            Outcome.REFUNDED_NOT_RECORDED,
            Outcome.PARTLY_REFUNDED,
        ]
    for status, outcome in [
        ("asked", Outcome.UNVERIFIED),
        ("outcome_unknown", Outcome.UNVERIFIED),
        ("refused", Outcome.RECORDED_NOT_REFUNDED),
    ]:
        assert only([SOLD, RETURNED], [row | {"status": status}]).outcome is outcome


def test_a_key_is_one_refund() -> None:
    refund = {"transaction_id": ID, "amount": 1000, "key": "a", "status": "made"}
    assert only([SOLD, RETURNED], [refund, refund]).outcome is Outcome.PARTLY_REFUNDED
    # What was not known once is made later.
    for refunds in ([refund | {"status": "asked"}, refund], [refund, refund | {"status": "asked"}]):
        assert only([SOLD, RETURNED], refunds).outcome is Outcome.PARTLY_REFUNDED
    two = only([SOLD, RETURNED], [refund, refund | {"key": "b"}])
    assert (two.outcome, two.at_stake) == (Outcome.REFUNDED_NOT_RECORDED, 1000)
    two = only([SOLD, RETURNED], [refund, refund | {"key": None}])
    assert two.outcome is Outcome.REFUNDED_NOT_RECORDED
    for other in ({"amount": 900}, {"transaction_id": str(uuid.UUID(int=6))}):
        with pytest.raises(netgiro.InvalidRequestError, match=r"refunds, row 2: its key"):
            only([SOLD], [refund, refund | other])


def test_a_status_says_that_all_was_refunded_where_nothing_else_does() -> None:
    refunded = SOLD | {"status": "refunded"}
    all_of_it = {"transaction_id": ID, "amount": 4990}
    assert only([refunded], [all_of_it]).outcome is Outcome.REFUNDED
    assert only([refunded], []).outcome is Outcome.RECORDED_NOT_REFUNDED
    assert only([refunded], [MADE]).outcome is Outcome.RECORDED_NOT_REFUNDED
    assert only([refunded | {"refunded": 1000}], [MADE]).outcome is Outcome.PARTLY_REFUNDED
    assert only([refunded, RETURNED], [MADE]).outcome is Outcome.PARTLY_REFUNDED
    for status in ("partially refunded", "wc-completed"):
        row = only([SOLD | {"status": status}], [all_of_it])
        assert row.outcome is Outcome.REFUNDED_NOT_RECORDED
    # Where nobody knows what was refunded, it is an order that was paid, as ever.
    assert only([refunded]).outcome is Outcome.MATCHED


def test_a_refund_that_nothing_confirms_is_unverified() -> None:
    report = netgiro.reconcile([SOLD, RETURNED], paid(), now=shop.NOW)
    [row] = report.rows
    assert (row.outcome, row.at_stake) == (Outcome.UNVERIFIED, 1000)
    assert not report.is_certain
    assert "whether Netgíró refunded it is not known" in row.reason
    assert "refunds" in row.action


@pytest.mark.parametrize("status", ["canceled", "hætt við"])
def test_a_refund_that_was_canceled_counts_nothing(status: str) -> None:
    row = only([SOLD, RETURNED | {"status": status}], [])
    assert (row.outcome, row.order_rows) == (Outcome.MATCHED, (1, 2))
    assert row.recorded_refund_amount is None


def test_a_refund_of_nothing_is_not_an_order() -> None:
    nothing = SOLD | {"type": "refund", "amount": 0}
    row = only([SOLD | {"type": "order"}, nothing], [])
    assert (row.outcome, row.orders, row.order_rows) == (Outcome.MATCHED, 1, (1, 2))


def test_a_column_of_types_without_refunds_tells_nothing() -> None:
    rows = [SOLD | {"type": "simple", "kind": "gift", "Type": "x"}]
    assert only(rows).outcome is Outcome.MATCHED
    with pytest.raises(netgiro.InvalidRequestError, match="could each be the column for type"):
        only([SOLD | {"type": "refund", "kind": "refund"}])
    assert only([SOLD | {"type": "refund"}], columns={"type": None}).outcome is Outcome.MATCHED


def test_what_is_refused() -> None:
    both = [SOLD | {"refunded": 1000}, RETURNED | {"refunded": None}]
    with pytest.raises(netgiro.InvalidRequestError, match=r"row 1.*row 2 is a refund too"):
        only(both, [MADE])
    assert only(both, [MADE], columns={"refunded": None}).outcome is Outcome.PARTLY_REFUNDED
    signs = [SOLD | {"refunded": 1000}, SOLD | {"reference": "2", "refunded": -1000}]
    with pytest.raises(netgiro.InvalidRequestError, match=r"row 2.*below 0"):
        only(signs)
    for refunds, words in [
        ([{"transaction_id": ID, "amount": 1000, "status": "perhaps"}], "row 1.*not known"),
        ([{"transaction_id": ID, "amount": "x"}], "row 1"),
        ([{"amount": 1000}], "no column for reference or transaction_id"),
        ([{"transaction_id": ID}], "no column for amount"),
        ([7], "refunds must be Refunds"),
        ([MADE, 7], "refunds must be Refunds"),
        (True, "refunds must be an iterable of Refund"),
        (7, "refunds must be"),
        ("nowhere.csv", "there is no file nowhere.csv"),
    ]:
        with pytest.raises(netgiro.InvalidRequestError, match=words):
            only([SOLD], refunds)


def test_refunds_of_other_months() -> None:
    def at(month: int, day: int) -> dt.datetime:
        return dt.datetime(2026, month, day, tzinfo=UTC)

    april = SOLD | {"created": at(4, 20)}
    returned = RETURNED | {"created": at(5, 3)}
    sent = [{"transaction_id": ID, "amount": 1000, "created": at(5, 3)}]
    may = {"date_from": "2026-05-01", "date_to": "2026-05-31"}
    # The refund's own month has it with its order, if the order is in the file.
    for orders in ([april, returned], [april]):
        [row] = netgiro.reconcile(orders, paid(), refunds=sent, now=shop.NOW, **may).rows
        assert row.outcome is (
            Outcome.PARTLY_REFUNDED if returned in orders else Outcome.REFUNDED_NOT_RECORDED
        )
    # If not, the refund stands alone.
    [row] = netgiro.reconcile(
        [returned], [], refunds=[dict(sent[0], reference="1001")], now=shop.NOW, **may
    ).rows
    assert (row.outcome, row.order_amount, row.refunded_amount) == (Outcome.REFUNDED, None, 1000)
    assert row.created == at(5, 3)
    # What was neither sold nor refunded in the window is left out.
    june = {"date_from": "2026-06-01"}
    report = netgiro.reconcile([april, returned], paid(), refunds=sent, now=shop.NOW, **june)
    assert (len(report.rows), report.left_out) == (0, 1)


def test_only_orders_are_checked() -> None:
    with netgiro.Simulator(seed=3) as simulator, simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="1001", customer_id="8111111")
        simulator.advance(5)
        other = RETURNED | {"reference": "900", "transaction_id": str(uuid.uuid4())}
        orders = [SOLD | {"transaction_id": str(cart.transaction_id)}, other]
        report = netgiro.reconcile(orders, client=client, refunds=[], progress=False)
        assert [row.outcome for row in report.rows] == [
            Outcome.RECORDED_NOT_REFUNDED,
            Outcome.MATCHED,
        ]


# ---- settlements --------------------------------------------------------------------------------


def by_invoice(item: netgiro.SettlementItem) -> int | None:
    return None if item.loan_number is None else int(item.loan_number.removeprefix("L-"))


def test_from_the_sale_to_the_bank() -> None:
    """Insert, pay, refund in part, settle, reconcile: all of it at the simulator."""
    with netgiro.Simulator(seed=5) as simulator, simulator.client() as client:
        now = simulator.now()
        noon = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(12), UTC)
        simulator.advance((noon - now).total_seconds())
        orders: list[dict[str, Any]] = []
        carts = []
        for at, amount in enumerate((1000, 2000, 4000, 8000), start=1):
            cart = client.insert_cart(amount=amount, reference=f"order-{at}", customer_id="8111111")
            assert client.settle_cart(cart).is_paid
            carts.append(cart)
            orders.append(
                {
                    "reference": f"order-{at}",
                    "transaction_id": cart.transaction_id,
                    "amount": amount,
                    "status": "paid",
                    "created": simulator.now(),
                }
            )
        refunds = [
            client.refund_cart(carts[0], 400, idempotency_key="order-1-line-1"),
            client.refund_cart(carts[1], 2000, idempotency_key="order-2"),
        ]
        simulator.advance(DAY)  # the sales and the first refunds are settled
        refunds.append(client.refund_cart(carts[2], 500, idempotency_key="order-3-line-1"))
        orders += [
            {"reference": "order-1", "amount": -400, "status": "refunded"},
            {"reference": "order-2", "amount": -2000, "status": "refunded"},
            {"reference": "order-3", "amount": -500, "status": "refunded"},
        ]

        def report(given: Any, rows: list[dict[str, Any]]) -> netgiro.Reconciliation:
            return netgiro.reconcile(
                rows,
                client=client,
                refunds=given,
                settlements=True,
                settlement_key=by_invoice,
                now=simulator.now(),
                progress=False,
            )

        def classes(done: netgiro.Reconciliation) -> dict[str | None, str]:
            return {row.reference: row.outcome.value for row in done.rows}

        whole = report(refunds, orders)
        assert classes(whole) == {
            "order-1": "partly_refunded",
            "order-2": "refunded",
            "order-3": "partly_refunded",
            "order-4": "matched",
        }
        assert whole.is_balanced
        assert (whole.totals.recorded_refund_amount, whole.totals.refunded_amount) == (2900, 2900)
        settled = whole.settlements
        assert settled is not None
        # The last refund is made, and in no settlement yet.
        assert {row.reference: row.outcome.value for row in settled.rows} == {
            "order-1": "settled",
            "order-2": "settled",
            "order-3": "not_settled_yet",
            "order-4": "settled",
        }
        assert settled.is_balanced
        assert settled.total.settled_amount == 15_000 - 2400
        assert "400 kr. refunded" in next(
            row.reason for row in settled.rows if row.reference == "order-1"
        )

        # Without the refunds that were sent, the settlements confirm those that they take back.
        assert classes(report(None, orders)) == {
            "order-1": "partly_refunded",
            "order-2": "refunded",
            "order-3": "unverified",
            "order-4": "matched",
        }
        # A refund that the shop does not know comes to light by the settlement.
        unknown = report(None, orders[:4])
        assert classes(unknown) == {
            "order-1": "refunded_not_recorded",
            "order-2": "refunded_not_recorded",
            "order-3": "matched",
            "order-4": "matched",
        }
        assert [row.at_stake for row in unknown.exceptions] == [2000, 400]
        assert unknown.settlements is not None
        assert {row.outcome.value for row in unknown.settlements.exceptions} == {"amount_mismatch"}
        # A day later the last one is settled too.
        simulator.advance(DAY)
        settled = report(refunds, orders).settlements
        assert settled is not None
        assert {row.outcome.value for row in settled.rows} == {"settled"}
        assert [transfer.difference for transfer in settled.transfers] == [0, 0]


def invoiced(number: int) -> netgiro.CheckResult:
    state = netgiro.CartState(
        uuid.UUID(int=number),
        "confirmed",
        payment_successful=True,
        payment=netgiro.PaymentInfo(
            invoice_number=number, total_amount=1000, reference_number=f"order-{number}"
        ),
    )
    return netgiro.CheckResult(state.transaction_id, state=state)


@pytest.mark.parametrize(
    ("items", "recorded", "sent", "outcome"),
    [
        ([1000, -400], 400, None, "settled"),
        ([1000, -400], 0, 400, "settled"),
        ([1000, -100, -300], 400, 400, "settled"),
        ([600], 400, 400, "settled"),
        ([1000], 400, 400, "not_settled_yet"),
        ([1000, -100], 400, 400, "not_settled_yet"),
        ([1000, -400], 0, None, "amount_mismatch"),
        ([1000, -400], 300, 300, "amount_mismatch"),
        ([1000, 1000, -400], 400, 400, "duplicate"),
        ([-400], 400, 400, "amount_mismatch"),
        ([900, -400], 400, 400, "amount_mismatch"),
        ([], 400, 400, "not_settled_yet"),
    ],
)
def test_settlements_that_take_refunds_back(
    items: list[int], recorded: int, sent: int | None, outcome: str
) -> None:
    order = {"reference": "order-1", "amount": 1000, "status": "paid"}
    rows = [order, *([order | {"amount": -recorded}] if recorded else [])]
    refunds = None if sent is None else [{"transaction_id": uuid.UUID(int=1), "amount": sent}]
    given = [
        netgiro.SettlementItem(total_amount=Decimal(amount), loan_number="L-1") for amount in items
    ]
    others = [netgiro.SettlementItem(total_amount=Decimal(1000), loan_number="L-2")]
    dice = random.Random(1)
    for _ in range(3):
        dice.shuffle(given)
        found = netgiro.reconcile(
            rows,
            [invoiced(1), invoiced(2)],
            refunds=refunds,
            settlements=[*given, *others],
            settlement_key=by_invoice,
        ).settlements
        assert found is not None
        assert found.total.settled_amount == sum(items) + 1000
        row = next(row for row in found.rows if row.reference == "order-1")
        assert row.outcome.value == outcome, row.reason


def test_a_settled_refund_of_another_month() -> None:
    returned = {"reference": "order-7", "amount": -400, "status": "refunded"}
    item = netgiro.SettlementItem(total_amount=Decimal(-400), loan_number="order-7")
    for amount, outcome in [(-400, "settled"), (-500, "unknown_cart"), (400, "unknown_cart")]:
        found = netgiro.reconcile(
            [returned],
            [],
            settlements=[netgiro.SettlementItem(Decimal(amount), None, None, "order-7")],
            settlement_key=lambda item: item.loan_number,
        )
        assert found.settlements is not None
        assert [row.outcome.value for row in found.settlements.rows] == [outcome]
    # An item whose cart nobody names tells nothing of a refund.
    report = netgiro.reconcile([returned], [], settlements=[item])
    assert [row.outcome.value for row in report.rows] == ["unverified"]


def test_the_column_of_loan_numbers_is_the_orders() -> None:
    rows = [
        SOLD | {"loan": "L-1"},
        # An id of its own, and the number of the sale's loan beside it.
        RETURNED | {"transaction_id": str(uuid.uuid4()), "loan": "L-1"},
    ]
    items = [
        netgiro.SettlementItem(total_amount=Decimal(amount), loan_number="L-1")
        for amount in (4990, -1000)
    ]
    report = netgiro.reconcile(rows, paid(), settlements=items, settlement_key="loan")
    assert [row.outcome.value for row in report.rows] == ["partly_refunded"]
    assert report.settlements is not None
    assert [row.outcome.value for row in report.settlements.rows] == ["settled"]
