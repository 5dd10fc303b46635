"""What a report shows, writes and draws; and what it does not show."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import shop

import netgiro
from netgiro import Outcome

MADE = shop.month(seed=3, orders=600, faults=48)
REPORT = netgiro.reconcile(MADE.orders, MADE.checks, now=shop.NOW)
ID = str(uuid.UUID(int=5))


def reconciled(
    paid: Any = 4990, checks: list[Any] | None = None, **members: Any
) -> netgiro.Reconciliation:
    row = {"reference": "1001", "transaction_id": ID, "amount": 4990, "status": "paid"} | members
    given = [shop.check(uuid.UUID(ID), "confirmed", amount=paid)] if checks is None else checks
    keep = [
        name
        for name in row
        if name not in {"reference", "transaction_id", "amount", "status", "created"}
    ]
    return netgiro.reconcile([row], given, keep=keep, now=shop.NOW)


class Reader(HTMLParser):
    """Reads a page strictly: every element that is opened is closed."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        assert tag == "line"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert not reader.open
    return reader


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    html = REPORT.to_html(path, title="May & June")
    assert path.read_text(encoding="utf-8") == html
    page = read(html)
    assert not page.links
    assert not re.search(r"https?://|@import|url\(|<script", html)
    text = " ".join(page.text)
    assert "May & June" in text
    for row in REPORT.exceptions:
        assert row.reference is not None
        assert row.reference in text
    assert "prefers-color-scheme:dark" in html
    assert "@media print" in html


def test_money_comes_first() -> None:
    for html in (REPORT.to_html(), REPORT._repr_html_()):
        first = next(text for text in read(html).text if "kr." in text)
        stake = f"{REPORT.totals.at_stake:,}".replace(",", ".")
        assert first == f"{stake}\u00a0kr."


def test_a_notebook_shows_the_costliest() -> None:
    html = REPORT._repr_html_()
    page = " ".join(read(html).text)
    shown = [row.reference for row in REPORT.exceptions if (row.reference or "") in page]
    assert shown == [row.reference for row in REPORT.exceptions[:20]]
    assert "28 more exceptions" in page
    # It takes the notebook's own colours, light or dark.
    assert "background:var(--page)" not in html
    assert "currentColor" in html


def test_input_is_escaped() -> None:
    bad = "<script>alert('1')</script>"
    report = reconciled(reference=bad, status="open", note=f'"{bad}&')
    for html in (report.to_html(title=bad), report._repr_html_()):
        read(html)
        assert "<script" not in html
        assert "&lt;script&gt;" in html


def test_the_text_begins_with_money_too() -> None:
    assert str(reconciled()) == "1 of 1 order matched; 4.990\u00a0kr. paid; nothing is at stake"
    report = reconciled(paid=6000)
    assert str(report) == "1.010\u00a0kr. at stake; 0 of 1 order matched; 1 amount_mismatch"
    assert repr(report) == f"<netgiro.Reconciliation: {report}>"


def test_rows_are_a_sequence() -> None:
    rows = REPORT.rows
    assert len(rows) == len(REPORT) == len(list(rows))
    assert rows[0] == next(iter(rows))
    assert rows[-1].outcome is Outcome.MATCHED
    assert list(rows[2:5]) == list(rows)[2:5]
    assert rows[3] in rows
    assert len(REPORT.exceptions) == 48
    with pytest.raises(IndexError):
        rows[len(rows)]
    assert all(row.outcome is not Outcome.MATCHED for row in REPORT.exceptions)
    assert "rows" in repr(rows)


def test_ages() -> None:
    report = reconciled(created=shop.NOW - dt.timedelta(days=2, hours=3))
    assert report.rows[0].age == dt.timedelta(days=2, hours=3)
    assert report.to_polars()["age_days"].to_list() == [2.125]
    # An order of the future is new.
    assert reconciled(created=shop.NOW + dt.timedelta(days=1)).rows[0].age == dt.timedelta()


def test_the_summary_is_plain() -> None:
    summary = REPORT.summary
    assert summary["exceptions"] == 48
    assert summary["at_stake"] == sum(of["at_stake"] for of in summary["outcomes"].values())
    assert summary["outcomes"]["matched"]["at_stake"] == 0
    assert not summary["is_balanced"]
    assert not summary["is_certain"]


class TestFrames:
    def expected(self) -> list[tuple[Any, ...]]:
        return [
            (row.outcome.value, row.reference, row.at_stake, row.difference, row.created)
            for row in REPORT.rows
        ]

    def rows(self, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
        names = ("outcome", "reference", "at_stake", "difference", "created")
        return [tuple(row[name] for name in names) for row in rows]

    def test_arrow(self) -> None:
        table = REPORT.to_arrow()
        assert self.rows(table.to_pylist()) == self.expected()
        assert table.schema.field("at_stake").type == pa.decimal128(38, 2)
        assert table.schema.field("created").type == pa.timestamp("us", tz="UTC")
        assert pa.types.is_dictionary(table.schema.field("outcome").type)
        assert pa.table(REPORT).equals(table)

    def test_polars(self) -> None:
        frame = REPORT.to_polars()
        assert self.rows(frame.to_dicts()) == self.expected()
        assert frame.schema["at_stake"] == pl.Decimal(38, 2)
        assert frame.schema["outcome"] == pl.Categorical
        assert frame["at_stake"].sum() == REPORT.totals.at_stake
        assert pl.DataFrame(REPORT).shape == frame.shape

    def test_pandas(self) -> None:
        frame = REPORT.to_pandas()
        assert str(frame["created"].dtype) == "datetime64[us, UTC]"
        assert frame["outcome"].dtype.name == "category"
        assert frame["at_stake"].sum() == REPORT.totals.at_stake
        assert isinstance(frame["at_stake"].sum(), Decimal)
        assert list(frame["reference"]) == [row.reference for row in REPORT.rows]
        assert len(pd.DataFrame(REPORT.to_dicts())) == len(frame)

    def test_duckdb(self) -> None:
        connection = duckdb.connect()
        connection.register("report", REPORT.to_arrow())
        [(total,)] = connection.sql("select sum(at_stake) from report").fetchall()
        assert total == REPORT.totals.at_stake

    def test_amounts_are_exact_whatever_their_decimals(self) -> None:
        report = reconciled(paid=Decimal("0.123456"), amount=Decimal("0.1"))
        assert report.to_arrow()["difference"].to_pylist() == [Decimal("0.023456")]
        assert report.to_polars()["difference"].to_list() == [Decimal("0.023456")]
        assert report.to_pandas()["difference"].to_list() == [Decimal("0.023456")]

    def test_a_column_of_the_same_name_is_kept_beside(self) -> None:
        report = reconciled(reason="their own", outcome="x")
        assert report.to_polars()["order_reason"].to_list() == ["their own"]
        assert report.rows[0].kept == {"reason": "their own", "outcome": "x"}


class TestFiles:
    def test_csv(self, tmp_path: Path) -> None:
        REPORT.to_csv(tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert sum(Decimal(row["at_stake"]) for row in rows) == REPORT.totals.at_stake
        assert [row["reference"] for row in rows] == [row.reference for row in REPORT.rows]
        assert rows[0]["created"].endswith("Z")

    def test_csv_holds_no_formulas(self, tmp_path: Path) -> None:
        report = reconciled(paid=4000, reference='=HYPERLINK("http://x")', note="@SUM(1)")
        report.to_csv(tmp_path / "report.csv")
        with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
            [row] = csv.DictReader(file)
        assert row["reference"].startswith("'=")
        assert row["note"].startswith("'@")
        assert row["difference"] == "-990"

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|", "\n", "\r\n"])
    @pytest.mark.parametrize(
        "formula", ["=1+1", '@SUM("a")', "+cmd|' /C calc'!A0", " -1+1", "＝1+1"]
    )
    def test_csv_holds_no_formulas_whatever_separates_cells(
        self, separator: str, formula: str, tmp_path: Path
    ) -> None:
        text = f"a{separator}{formula}"
        row = {
            "reference": text,
            "transaction_id": ID,
            "amount": 1,
            "status": "paid",
            text: formula,
        }
        report = netgiro.reconcile([row], [], keep=[text], now=shop.NOW)
        report.to_csv(tmp_path / "report.csv")
        written = (tmp_path / "report.csv").read_text(encoding="utf-8")
        for line in written.splitlines():
            for cell in re.split(r"[,;\t|]", line):
                bare = cell.strip(' "')
                is_number = re.fullmatch(r"[+-]?[\d.]+", bare)
                assert not bare.startswith(("=", "+", "-", "@", "＝")) or is_number, line
        with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
            [read] = csv.DictReader(file)
        assert read["reference"] == f"a{separator}'{formula}"
        assert read["amount" if "amount" in read else "order_amount"] == "1"

    def test_parquet(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        REPORT.to_parquet(tmp_path / "report.parquet")
        assert pyarrow.parquet.read_table(tmp_path / "report.parquet").equals(REPORT.to_arrow())
        from netgiro.reconciliation.writing import dataframes

        found = dataframes.library

        def without(module: str, why: str) -> Any:
            if module.startswith("pyarrow"):
                raise ImportError(module)
            return found(module, why)

        monkeypatch.setattr(dataframes, "library", without)
        REPORT.to_parquet(tmp_path / "polars.parquet")
        assert (
            pl.read_parquet(tmp_path / "polars.parquet")["at_stake"].sum() == REPORT.totals.at_stake
        )
        assert len(pl.DataFrame(REPORT)) == len(REPORT)

    def test_excel(self, tmp_path: Path) -> None:
        REPORT.to_excel(tmp_path / "report.xlsx")
        book = openpyxl.load_workbook(tmp_path / "report.xlsx")
        assert book.sheetnames == ["Summary", "Exceptions", "All rows"]
        for name, rows in (("Exceptions", REPORT.exceptions), ("All rows", REPORT.rows)):
            head, *lines = book[name].iter_rows(values_only=True)
            assert len(lines) == len(rows)
            at = head.index("at_stake")
            assert sum(line[at] for line in lines) == sum(row.at_stake for row in rows)
            assert lines[0][head.index("reference")] == rows[0].reference
            created = rows[0].created
            assert created is not None
            assert abs(
                lines[0][head.index("created")] - created.replace(tzinfo=None)
            ) < dt.timedelta(seconds=1)
        assert book["Summary"]["B1"].value == REPORT.totals.at_stake

    def test_excel_holds_no_formulas(self, tmp_path: Path) -> None:
        report = reconciled(reference="=1+1", note="=2+2")
        report.to_excel(tmp_path / "report.xlsx")
        cells = openpyxl.load_workbook(tmp_path / "report.xlsx")["All rows"][2]
        assert {"=1+1", "=2+2"} <= {cell.value for cell in cells}
        assert all(cell.data_type != "f" for cell in cells)
        assert all(cell.quotePrefix for cell in cells if cell.data_type == "s")

    def test_excel_holds_no_formulas_in_headers(self, tmp_path: Path) -> None:
        row = {"reference": "1", "transaction_id": ID, "amount": 1, "status": "open", "{=1+1}": "x"}
        report = netgiro.reconcile([row], [], keep=["{=1+1}"], now=shop.NOW)
        report.to_excel(tmp_path / "report.xlsx")
        cells = openpyxl.load_workbook(tmp_path / "report.xlsx")["All rows"][1]
        assert "{=1+1}" in {cell.value for cell in cells}
        assert all(cell.data_type == "s" for cell in cells)


class TestMasking:
    PHONE, KENNITALA = "8223281", "1111111119"

    def everywhere(self, report: netgiro.Reconciliation, folder: Path) -> str:
        """All that a report can be made into, as text."""
        report.to_csv(folder / "a.csv")
        report.to_excel(folder / "a.xlsx")
        cells = [
            str(cell)
            for sheet in openpyxl.load_workbook(folder / "a.xlsx")
            for row in sheet.iter_rows(values_only=True)
            for cell in row
        ]
        return "\n".join(
            [
                report.to_html(),
                report._repr_html_(),
                str(list(report.rows)),
                str(report.to_dicts()),
                str(report.to_dict()),
                report.to_json(),
                str(report.summary),
                repr(report),
                (folder / "a.csv").read_text(encoding="utf-8"),
                str(report.to_arrow().to_pylist()),
                *cells,
            ]
        )

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("note", PHONE),
            ("note", "822-3281"),
            ("note", f"asked {PHONE} twice"),
            ("note", KENNITALA),
            ("note", "111111-1119"),
            ("note", "1111111129"),
            ("note", "822.3281"),
            ("note", "822\u20133281"),
            ("note", "(822)3281"),
            ("note", "8223281/1111111119"),
            ("note", "82232811111111119"),
            ("note", "８２２３２８１"),
            ("note", "500004AB1C"),
            ("sími", "5551234"),
            ("Kennitala", "1234567890"),
            ("customer_id", "123"),
            ("Netfang", "jon@example.is"),
        ],
    )
    def test_columns_that_are_kept(self, header: str, value: str, tmp_path: Path) -> None:
        report = reconciled(status="open", **{header: value})
        text = self.everywhere(report, tmp_path)
        for number in re.findall(r"[\d-]{7,}", value) or [value]:
            assert number not in text
        assert value not in text
        assert header in text

    def test_references_that_are_customers_numbers(self, tmp_path: Path) -> None:
        for numbers in (
            ["1111111119", "2222222229"],
            ["1111111129", "8900123456", "0000000609"],
            ["1111111129"],
            ["8223281", "1111111129"],
            ["822.3281", "+354 770 0001"],
            ["111111-1119", "111111-1119"],
            ["8223281", "7700001", "6112233"],
            ["822-3281"],
        ):
            rows = [
                {"reference": number, "transaction_id": None, "amount": 1, "status": "open"}
                for number in numbers
            ]
            other = {"reference": numbers[0], "transaction_id": ID, "amount": 1, "status": "open"}
            paid = shop.check(uuid.UUID(ID), "confirmed", amount=1, reference=numbers[-1])
            report = netgiro.reconcile([*rows, other], [paid], now=shop.NOW)
            text = self.everywhere(report, tmp_path)
            for number in numbers:
                assert number not in text

    @pytest.mark.parametrize(
        "numbers",
        [
            range(8_000_000, 8_000_009),
            range(2_026_000_001, 2_026_000_009),
            # A year's, each day from 1 on.
            [
                2_026_000_000 + 10_000 * month + 100 * day + n
                for month in (1, 12)
                for day in (1, 31)
                for n in range(9)
            ],
        ],
        ids=["seven digits", "ten digits", "ten digits that begin with the day"],
    )
    def test_order_numbers_are_not_masked(self, numbers: Iterable[int]) -> None:
        rows = [
            {"reference": number, "transaction_id": None, "amount": 1, "status": "open"}
            for number in numbers
        ]
        report = netgiro.reconcile(rows, [], now=shop.NOW)
        assert {row.reference for row in report.rows} == set(map(str, numbers))

    def test_messages(self) -> None:
        row = {"reference": "1", "transaction_id": ID, "amount": 1, "status": self.PHONE}
        with pytest.raises(netgiro.InvalidRequestError) as raised:
            netgiro.reconcile([row], [])
        assert self.PHONE not in str(raised.value)
        failed = shop.failed(uuid.UUID(ID), f"customer {self.KENNITALA} is unknown")
        assert self.KENNITALA not in reconciled(checks=[failed]).to_html()


class TestPlots:
    NAMES = ("outcomes_by_day", "at_stake", "time_to_confirm", "open_by_age")

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize(
        "report", [REPORT, reconciled(), reconciled(status="open")], ids=["month", "one", "open"]
    )
    def test_charts_are_drawn(self, name: str, report: netgiro.Reconciliation) -> None:
        chart = getattr(report.plot, name)()
        out = io.StringIO()
        chart.save(out, format="svg")
        root = ET.fromstring(out.getvalue())
        assert root.tag.endswith("svg")
        assert chart.to_dict()["background"] == "transparent"

    def values(self, name: str, **options: Any) -> list[dict[str, Any]]:
        chart = getattr(REPORT.plot, name)(**options).to_dict()
        return list(chart["data"]["values"])

    def test_at_stake(self) -> None:
        values = self.values("at_stake")
        assert sum(value["at_stake"] for value in values) == REPORT.totals.at_stake
        assert len(values) == 8

    def test_outcomes_by_day(self) -> None:
        dated = [row for row in REPORT.rows if row.created]
        assert sum(value["rows"] for value in self.values("outcomes_by_day", matched=True)) == len(
            dated
        )
        assert sum(value["rows"] for value in self.values("outcomes_by_day")) == len(
            [row for row in dated if row.outcome != "matched"]
        )

    def test_time_to_confirm(self) -> None:
        counted = sum(value["payments"] for value in self.values("time_to_confirm"))
        assert counted == sum(1 for row in REPORT.rows if row.orders and row.paid_at)
        assert counted > 400

    def test_open_by_age(self) -> None:
        counted = sum(value["rows"] for value in self.values("open_by_age"))
        assert counted == sum(1 for row in REPORT.rows if row.outcome is Outcome.STILL_OPEN)
