"""What shops' tables look like: read without guessing, or refused by column and row."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import shop

import netgiro

IDS = [str(uuid.UUID(int=number + 1)) for number in range(9)]
UTC = dt.timezone.utc


def order(**members: Any) -> dict[str, Any]:
    return {
        "reference": "1001",
        "transaction_id": IDS[0],
        "amount": 4990,
        "status": "paid",
        "created": dt.datetime(2026, 5, 1, tzinfo=UTC),
    } | members


def paid(number: int = 0, amount: Any = 4990, reference: str = "1001") -> netgiro.CheckResult:
    return shop.check(uuid.UUID(IDS[number]), "confirmed", amount=amount, reference=reference)


def only(orders: Any, **options: Any) -> Any:
    """The one row of a report on one order and its payment."""
    [row] = netgiro.reconcile(orders, [paid()], now=shop.NOW, **options).rows
    return row


def refused(orders: Any, *words: str, **options: Any) -> None:
    with pytest.raises(netgiro.InvalidRequestError) as raised:
        netgiro.reconcile(orders, [paid()], **options)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        4990,
        4990.0,
        Decimal(4990),
        Decimal("4990.00"),
        Decimal("4.99E+3"),
        "4990",
        " 4990 ",
        "4.990",
        "4.990 kr.",
        "4.990 kr",
        "4.990kr.",
        "kr. 4.990",
        "kr 4.990",
        "4.990,00",
        "4.990,00 kr.",
        "4990,00",
        "4.990,-",
        "4990 ISK",
        "ISK 4990",
        "ISK 4.990",
        "isk4990",
        "4990.0",
        "4990.00",
        "4,990.00",
        "4 990 kr.",
        "4\u00a0990\u00a0kr.",
        "4\u202f990",
        "4.990 krónur",
        "4.990 króna",
        "+4990",
    ],
)
def test_amounts_as_they_are_written(given: Any) -> None:
    row = only([order(amount=given)])
    assert (row.outcome.value, row.order_amount) == ("matched", Decimal(4990))


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("1.234.567 kr.", 1234567),
        ("1,234,567", 1234567),
        ("990", 990),
        ("0 kr.", 0),
        ("500.0", 500),
        ("4.990,50", Decimal("4990.50")),
        ("4990.5", Decimal("4990.5")),
        (4990.5, Decimal("4990.5")),
        (Decimal("0.01"), Decimal("0.01")),
        (True, None),
        ("4.99", None),
        ("12.5", None),
        (4.99, None),
        ("4,990", None),
        ("4.9900", None),
        ("1.2.3", None),
        ("4.990.00", None),
        ("49.90,00", None),
        ("", None),
        ("   ", None),
        (None, None),
        (float("nan"), None),
        (float("inf"), None),
        (Decimal("NaN"), None),
        (Decimal("sNaN"), None),
        (pd.NA, None),
        ("four", None),
        ("1e3", None),
        ("kr.", None),
        ("4990 EUR", None),
        ("$4990", None),
        ("٤٩٩٠", None),
        (10**13, None),
        (10**40, None),
        (Decimal("1E+50"), None),
        (Decimal("0.0000001"), None),
        ([4990], None),
    ],
)
def test_amounts_that_are_exact_or_refused(given: Any, amount: Any) -> None:
    orders = [order(reference="1000", transaction_id=IDS[1]), order(amount=given)]
    if amount is None:
        refused(orders, "orders: column 'amount', row 2:")
    else:
        report = netgiro.reconcile(orders, [])
        assert amount in {row.order_amount for row in report.rows}


@pytest.mark.parametrize(
    "given", [-4990, -4990.0, Decimal(-4990), "-4990", "−4.990 kr.", "(4.990)", "–4.990,00"]
)
def test_an_amount_below_0_is_a_refund(given: Any) -> None:
    row = only([order(), order(amount=given)])
    assert (row.orders, row.recorded_refund_amount) == (1, 4990)


@pytest.mark.parametrize(
    "given", [1001, 1001.0, "1001", " 1001 ", "1001.0", Decimal("1001.0"), pd.Series([1001])[0]]
)
def test_references_as_numbers(given: Any) -> None:
    row = only([order(reference=given, transaction_id=None)])
    assert (row.reference, row.outcome.value) == ("1001", "matched")


@pytest.mark.parametrize("given", [1001.5, 1e300, float("inf"), True, b"1001", ["1001"]])
def test_missing_references(given: Any) -> None:
    refused([order(reference=given)], "column 'reference', row 1:")


@pytest.mark.parametrize("given", [None, "", float("nan"), pd.NaT, pd.NA, str(uuid.UUID(int=0))])
def test_no_transaction_id(given: Any) -> None:
    assert only([order(transaction_id=given)]).outcome == "matched"


@pytest.mark.parametrize(
    "given", [uuid.UUID(IDS[0]), IDS[0].upper(), f"{{{IDS[0]}}}", uuid.UUID(IDS[0]).bytes]
)
def test_spellings_of_a_transaction_id(given: Any) -> None:
    assert only([order(reference=None, transaction_id=given)]).outcome == "matched"


@pytest.mark.parametrize("given", ["1001", 5, "not-a-guid", "00000000-0000-0000-0000-00000000000"])
def test_invalid_transaction_ids(given: Any) -> None:
    orders = [{"pöntun": 1, "færslunúmer": IDS[1], "upphæð": 1, "staða": "paid"}]
    orders.append(orders[0] | {"færslunúmer": given})
    refused(orders, "column 'færslunúmer', row 2:", "GUID")


@pytest.mark.parametrize(
    "given",
    [
        dt.datetime(2026, 5, 1, 12, 0),
        dt.datetime(2026, 5, 1, 12, 0, tzinfo=UTC),
        dt.datetime(2026, 5, 1, 14, 0, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        pd.Timestamp("2026-05-01T12:00:00.000000001"),
        pd.Timestamp("2026-05-01T12:00:00", tz="Atlantic/Reykjavik"),
        "2026-05-01T12:00:00",
        "2026-05-01 12:00",
        "2026-05-01T12:00:00Z",
        "2026-05-01T12:00:00.000Z",
        "2026-05-01 12:00:00 UTC",
        "2026-05-01T08:00:00-04:00",
        "2026-05-01T14:00:00+0200",
        "2026-05-01T12:00:00.0000000+00:00",
        "1.5.2026 12:00",
        "01.05.2026, 12:00:00",
        "1. 5. 2026 kl. 12:00",
    ],
)
def test_instants(given: Any) -> None:
    assert only([order(created=given)]).created == dt.datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_dates_and_invalid_dates() -> None:
    for given in (dt.date(2026, 5, 1), "2026-05-01", "1.5.2026", "2026/05/01"):
        assert only([order(created=given)]).created == dt.datetime(2026, 5, 1, tzinfo=UTC)
    for given in (None, "", pd.NaT, float("nan")):
        assert only([order(created=given)]).created is None
    for given in ("05/01/2026", "31.2.2026", "2026-13-01", "yesterday", 20260501, 1777636800.0):
        refused([order(created=given)], "column 'created', row 1:")


def test_a_zone_for_times_without_one() -> None:
    row = only([order(created="2026-05-01 12:00")], timezone="Europe/Copenhagen")
    assert row.created == dt.datetime(2026, 5, 1, 10, tzinfo=UTC)
    refused([order()], "timezone", timezone="Atlantis")


def test_zones_may_be_mixed() -> None:
    orders = [
        order(reference=str(at), transaction_id=None, created=created)
        for at, created in enumerate(
            [
                dt.datetime(2026, 5, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5))),
                dt.datetime(2026, 5, 1, 7),
                "2026-05-01T07:00:00Z",
                pd.Timestamp("2026-05-01T03:00:00", tz="America/New_York"),
            ]
        )
    ]
    made = {row.created for row in netgiro.reconcile(orders, []).rows}
    assert made == {dt.datetime(2026, 5, 1, 7, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (
            "paid Paid PAID completed wc-completed wc-processing shipped confirmed refunded true",
            "paid",
        ),
        ("greitt Greitt greidd greiddur staðfest lokið afgreitt afhent endurgreitt", "paid"),
        ("open pending wc-pending on-hold on_hold unpaid reserved", "open"),
        ("ógreitt opin opið ný bíður", "open"),
        ("canceled cancelled wc-cancelled failed expired declined", "canceled"),
        ("hafnað afturkallað aflýst ógilt útrunnið mistókst", "canceled"),
    ],
)
def test_words_for_a_status(words: str, state: str) -> None:
    for word in words.split():
        assert only([order(status=word)]).order_status == state


def test_statuses_of_two_words_and_of_other_types() -> None:
    for word, state in [
        ("Hætt við", "canceled"),
        ("Bíður greiðslu", "open"),
        ("Í vinnslu", "paid"),
        (True, "paid"),
        (False, "open"),
    ]:
        assert only([order(status=word)]).order_status == state


def test_an_unknown_word_is_refused() -> None:
    orders = [order(), order(reference="1002", transaction_id=IDS[1], status="í gám")]
    refused(orders, "orders: column 'status', row 2:", "'í gám'", "statuses=")
    refused([order(status=None)], "column 'status', row 1:", "statuses={None: 'open'}")
    refused([order(status=["paid"])], "column 'status', row 1:")


def test_the_shops_own_words() -> None:
    row = only([order(status="Í gám")], statuses={"í gám": "paid"})
    assert row.order_status == "paid"
    assert only([order(status=None)], statuses={None: "open"}).order_status == "open"
    assert only([order(status="paid")], statuses={"paid": "open"}).order_status == "open"
    assert only([order(status=3)], statuses={3: "paid"}).order_status == "paid"
    assert only([order(status="発送済み")], statuses={"発送済み": "paid"}).order_status == "paid"
    refused([order()], "'shipped'", "'lost'", statuses={"shipped": "lost"})


HEADERS = {
    "reference": [
        "reference",
        "Order ID",
        "order_id",
        "orderNumber",
        "Pöntun",
        "pöntunarnúmer",
        "TILVÍSUN",
        "id",
    ],
    "transaction_id": [
        "transaction_id",
        "TransactionId",
        "Transaction ID",
        "færsla",
        "Færslunúmer",
        "cart_id",
    ],
    "amount": ["amount", "Total", "Upphæð", "upphæð (ISK)", "Samtals", "fjárhæð", "Amount [kr.]"],
    "status": ["status", "State", "Staða", "order_status"],
    "created": ["created", "created_at", "Date", "Dagsetning", "dags."],
}


@pytest.mark.parametrize(
    ("role", "header"), [(role, header) for role, headers in HEADERS.items() for header in headers]
)
def test_headers_that_are_recognised(role: str, header: str) -> None:
    given = order()
    given[header] = given.pop(role)
    row = only([given])
    assert row.outcome == "matched"
    assert row.created is not None


def test_ambiguous_headers() -> None:
    refused([order(total=1)], "'amount', 'total'", "columns={'amount':")
    refused([order(upphæð=1)], "'amount', 'upphæð'")
    assert only([order(upphæð=1)], columns={"amount": "amount"}).outcome == "matched"
    # A plain "id" beside a better one is something else.
    assert only([order(id=77)]).reference == "1001"


def test_columns_by_name() -> None:
    given = {"a": "1001", "b": IDS[0], "c": 4990, "d": "paid", "reference": "something else"}
    names = {"reference": "a", "transaction_id": "b", "amount": "c", "status": "d"}
    assert only([given], columns=names).outcome == "matched"
    assert only([order()], columns={"reference": None}).reference == "1001"
    refused([given], "there is no column 'z'", columns=names | {"amount": "z"})
    refused([given], "known are", columns={"price": "c"})


def test_columns_that_are_missing() -> None:
    for role in ("amount", "status"):
        given = order()
        del given[role]
        refused([given], f"no column for {role}", "there are 'reference'")
    given = order()
    del given["reference"], given["transaction_id"]
    refused([given], "reference or transaction_id")
    given = order()
    del given["created"]
    assert only([given]).age is None
    refused([given], "date_from", date_from="2026-05-01")


def test_nothing_at_all() -> None:
    empty = pd.DataFrame({"reference": [], "transaction_id": [], "amount": [], "status": []})
    report = netgiro.reconcile(empty, [])
    assert report.is_balanced
    assert len(report) == 0
    assert str(report) == "0 of 0 orders matched; 0\u00a0kr. paid; nothing is at stake"
    assert "Balanced" in report.to_html()
    assert "Balanced" in report._repr_html_()
    assert len(report.to_pandas()) == len(report.to_polars()) == len(report.to_arrow()) == 0
    assert [row.outcome.value for row in netgiro.reconcile(empty, [paid()]).rows] == [
        "paid_not_recorded"
    ]
    refused([], "no column for amount")
    refused({}, "no column for amount")


def test_invalid_tables() -> None:
    for given in (5, None, object()):
        refused(given, "orders must be a frame")
    refused([order(), "1001"], "row 2 must be a dict")
    refused({"amount": [1, 2], "status": ["paid"]}, "differ in length")
    refused("orders.xls", "'.csv'", "'.xlsx'")
    refused("missing.csv", "there is no file missing.csv")


def test_a_header_of_two_columns() -> None:
    frame = pd.DataFrame(
        [["1001", IDS[0], 4990, 5000, "paid"]],
        columns=["reference", "transaction_id", "amount", "amount", "status"],
    )
    refused(frame, "'amount' stands above columns 3 and 4")
    table = pa.Table.from_arrays(
        [pa.array(["1001"]), pa.array([1]), pa.array([2]), pa.array(["paid"])],
        names=["reference", "amount", "amount", "status"],
    )
    refused(table, "'amount' stands above columns 2 and 3")
    # Those that nobody needs may be as they are.
    frame.columns = ["reference", "transaction_id", "note", "note", "status"]
    frame["amount"] = 4990
    assert only(frame).outcome == "matched"


def write(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_csv_as_spreadsheets_write_it(tmp_path: Path) -> None:
    lines = f'Pöntun;Færslunúmer;Upphæð;Staða;Athugasemd\r\n1001;{IDS[0]};4.990 kr.;Greitt;"a;\r\nb"\r\n\r\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        row = only(write(tmp_path, lines.encode(encoding)))
        assert (row.outcome.value, row.reference) == ("matched", "1001")
    for delimiter in (",", "\t", "|"):
        text = lines.replace(";", delimiter).replace("4.990 kr.", "4990")
        assert only(write(tmp_path, text)).outcome == "matched"


def test_csv_that_is_refused(tmp_path: Path) -> None:
    head = "reference,transaction_id,amount,status\n"
    refused(write(tmp_path, ""), "no column for amount", "there are none")
    refused(
        write(tmp_path, head + f'1001,{IDS[0]},"x\ny",paid\n1002,,4.99,paid\n'), "row 1 (line 3)"
    )
    refused(
        write(tmp_path, head + f"1001,{IDS[0]},1,paid\n1002,,4.99,paid\n"),
        "row 2 (line 3)",
        "'4.99'",
    )
    refused(write(tmp_path, head + "1001,,1\n"), "line 2: the line has 3 cells, the header 4")
    refused(write(tmp_path, head + "1001,,1,paid,more\n"), "line 2: the line has 5 cells")
    refused(write(tmp_path, head + '1001,,"1,paid\n'), "orders.csv: line")
    refused(
        write(tmp_path, "reference,amount,amount,status\n1,1,1,paid\n"),
        "'amount' stands above columns 2 and 3",
    )
    # Spreadsheets leave empty cells at the end.
    assert only(write(tmp_path, head + f"1001,{IDS[0]},4990,paid,,\n")).outcome == "matched"


def test_csv_without_any_other_library(tmp_path: Path) -> None:
    import subprocess
    import sys

    path = write(tmp_path, f"reference,transaction_id,amount,status\n1001,{IDS[0]},4990,paid\n")
    code = f"""
import sys
for name in ("narwhals", "pandas", "polars", "pyarrow", "duckdb", "numpy", "altair", "jinja2",
             "xlsxwriter"):
    sys.modules[name] = None
import netgiro
report = netgiro.reconcile({str(path)!r}, [])
report.to_csv({str(tmp_path / "out.csv")!r})
assert report._repr_html_() is None
for call, needed in [(report.to_pandas, "pandas"), (report.to_polars, "polars"), (report.to_arrow, "pyarrow"),
                     (report.plot.at_stake, "netgiro[notebook]"), (report.to_html, "netgiro[reconcile]"),
                     (lambda: report.to_excel("x"), "xlsxwriter"),
                     (lambda: report.to_parquet("x"), "polars")]:
    try:
        call()
    except ImportError as error:
        assert needed in str(error), error
    else:
        raise AssertionError(needed)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_importing_netgiro_imports_none_of_it() -> None:
    import subprocess
    import sys

    code = (
        "import sys, netgiro; loaded = {name.partition('.')[0] for name in sys.modules}; "
        "assert not loaded & {'narwhals', 'pandas', 'polars', 'pyarrow', 'csv', 'decimal'}, loaded; "
        "assert 'netgiro.reconciliation' not in sys.modules; netgiro.reconcile; netgiro.Outcome"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class TestWindow:
    orders = [
        order(reference=str(day), transaction_id=IDS[day], created=f"2026-05-0{day} 23:30")
        for day in range(1, 6)
    ]
    checks = [paid(day, reference=str(day)) for day in range(1, 6)]

    def references(self, **options: Any) -> list[str | None]:
        report = netgiro.reconcile(self.orders, self.checks, **options)
        assert report.is_balanced
        assert report.left_out == 5 - len(report)
        return sorted(row.reference or "" for row in report.rows)

    def test_days_belong_to_the_window(self) -> None:
        assert self.references(date_from="2026-05-02", date_to="2026-05-04") == ["2", "3", "4"]
        assert self.references(date_from=dt.date(2026, 5, 5)) == ["5"]
        assert self.references(date_to=dt.date(2026, 5, 1)) == ["1"]
        assert self.references(date_from="2026-05-03", date_to="2026-05-03") == ["3"]

    def test_instants_do_too(self) -> None:
        at = dt.datetime(2026, 5, 3, 23, 30, tzinfo=UTC)
        assert self.references(date_from=at, date_to=at) == ["3"]
        assert self.references(date_from=at + dt.timedelta(microseconds=1)) == ["4", "5"]

    def test_days_are_those_of_the_zone(self) -> None:
        late = "Europe/Copenhagen"
        utc = [row | {"created": f"{row['created']}Z"} for row in self.orders]
        report = netgiro.reconcile(
            utc, self.checks, date_from="2026-05-03", date_to="2026-05-03", timezone=late
        )
        assert [row.reference for row in report.rows] == ["2"]

    def test_payments_of_orders_outside_are_left_out_with_them(self) -> None:
        extra = shop.check(
            uuid.UUID(IDS[8]),
            "confirmed",
            amount=10,
            reference="x",
            created=dt.datetime(2026, 4, 1, tzinfo=UTC),
        )
        checks = [*self.checks, extra]
        report = netgiro.reconcile(
            self.orders, checks, date_from="2026-05-02", date_to="2026-05-03"
        )
        assert report.is_balanced
        assert report.totals.payments == 2
        report = netgiro.reconcile(
            self.orders, checks, date_from="2026-04-01", date_to="2026-05-03"
        )
        assert [row.outcome.value for row in report.exceptions] == ["paid_not_recorded"]

    def test_orders_without_a_date_are_kept(self) -> None:
        orders = [*self.orders, order(reference="9", transaction_id=None, created=None)]
        report = netgiro.reconcile(orders, self.checks, date_from="2026-05-05")
        assert sorted(row.reference or "" for row in report.rows) == ["5", "9"]

    def test_invalid_windows(self) -> None:
        refused(
            self.orders, "date_from is after date_to", date_from="2026-05-04", date_to="2026-05-02"
        )
        refused(self.orders, "date_from:", date_from="05/04/2026")


class TestChecks:
    def test_neither_checks_nor_a_client(self) -> None:
        with pytest.raises(netgiro.InvalidRequestError, match=r"checks .* or a client"):
            netgiro.reconcile([order()])
        with pytest.raises(netgiro.InvalidRequestError, match="AsyncClient"):
            netgiro.reconcile(
                [order()], client=netgiro.AsyncClient("881E674F-7891-4C20-AFD8-56FE2624C4B5", "key")
            )

    def test_the_kinds_of_checks(self, tmp_path: Path) -> None:
        result = paid()
        saved = tmp_path / "checks.jsonl"
        netgiro.CheckResults([result]).save(saved)
        for checks in (
            [result],
            (result,),
            iter([result]),
            [result.state],
            result,
            netgiro.CheckResults([result]),
            saved,
            str(saved),
        ):
            assert netgiro.reconcile([order()], checks).is_balanced

    def test_frames_of_saved_results(self, tmp_path: Path) -> None:
        columns = {
            "transaction_id": [IDS[0], IDS[1], IDS[2]],
            "status": ["confirmed", None, "canceled"],
            "error": [None, "timeout", None],
            "total_amount": [Decimal("4990.00"), None, None],
            "reference_number": ["1001", None, None],
            "checked_at": [shop.NOW, None, shop.NOW],
        }
        orders = [
            order(),
            order(reference="1002", transaction_id=IDS[1]),
            order(reference="1003", transaction_id=IDS[2], status="canceled"),
        ]
        frame = pd.DataFrame(columns)
        path = tmp_path / "checks.csv"
        frame.to_csv(path, index=False)
        for checks in (columns, frame, pa.table(columns), path):
            report = netgiro.reconcile(orders, checks)
            assert [(row.reference, row.outcome.value) for row in report.exceptions] == [
                ("1002", "unverified")
            ]

    @pytest.mark.parametrize(
        ("member", "value", "words"),
        [
            ("status", "payed", ("checks, row 1", "payed")),
            ("transaction_id", "7", ("column 'transaction_id', row 1", "GUID")),
            ("amount", "4.990 kr.", ("column 'amount', row 1",)),
            ("checked_at", "soon", ("column 'checked_at', row 1",)),
        ],
    )
    def test_frames_that_are_refused(self, member: str, value: str, words: tuple[str, ...]) -> None:
        row = {
            "transaction_id": IDS[0],
            "status": "confirmed",
            "amount": "4990",
            "checked_at": None,
        }
        with pytest.raises(netgiro.InvalidRequestError) as raised:
            netgiro.reconcile([order()], [row | {member: value}])
        for word in words:
            assert word in str(raised.value)

    def test_invalid_checks(self) -> None:
        for checks in ([5], [None], ["confirmed"]):
            with pytest.raises(
                netgiro.InvalidRequestError, match=r"checks\[0\] must be a CheckResult"
            ):
                netgiro.reconcile([order()], checks)

    def test_results_of_an_interrupted_call_leave_the_rest_unverified(self) -> None:
        orders = [order(), order(reference="1002", transaction_id=IDS[1])]
        report = netgiro.reconcile(orders, netgiro.CheckResults([paid()]))
        assert [(row.reference, row.outcome.value) for row in report.exceptions] == [
            ("1002", "unverified")
        ]


def test_invalid_options() -> None:
    refused([order()], "tolerance", tolerance=-1)
    refused([order()], "tolerance", tolerance="some")
    refused([order()], "now", now=dt.datetime(2026, 5, 1))
    refused([order()], "keep names 'phone'", keep=["phone"])
