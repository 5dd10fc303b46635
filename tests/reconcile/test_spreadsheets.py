"""What spreadsheets make of orders: digits that are lost, texts as formulas, separator lines, cells that cannot be read."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import polars as pl
import pytest
import shop

import netgiro
from netgiro.reconciliation.command import main

IDS = [str(uuid.UUID(int=number + 1)) for number in range(9)]
HEAD = "Pöntun;Færslunúmer;Upphæð;Staða\r\n"


def order(**members: Any) -> dict[str, Any]:
    usual = {"reference": "1001", "transaction_id": IDS[0], "amount": 4990, "status": "paid"}
    return usual | members


def paid(reference: str = "1001") -> netgiro.CheckResult:
    return shop.check(uuid.UUID(IDS[0]), "confirmed", amount=4990, reference=reference)


def only(orders: Any) -> Any:
    """The one row of a report on one order and its payment."""
    [row] = netgiro.reconcile(orders, [paid()], now=shop.NOW).rows
    return row


def refused(orders: Any, *words: str) -> None:
    with pytest.raises(netgiro.InvalidRequestError) as raised:
        netgiro.reconcile(orders, [paid()])
    for word in words:
        assert word in str(raised.value)


def write(folder: Path, content: str | bytes, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(folder: Path, rows: list[list[Any]], title: str = "Pantanir") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    for row in rows:
        sheet.append(row)
    path = folder / "orders.xlsx"
    book.save(path)
    return path


def three(*references: Any) -> list[dict[str, Any]]:
    return [
        order(reference=reference, transaction_id=IDS[at])
        for at, reference in enumerate(references)
    ]


SHORTENED = ["2,02611E+11", "2.02611E+11", "2.02611e+11", "2E+11", "2,026E11", "-1,5E+12", "1E-05"]


@pytest.mark.parametrize("given", SHORTENED)
def test_numbers_that_were_shortened(given: str, tmp_path: Path) -> None:
    rows = three("1001", given, given)
    refused(rows, "column 'reference', row 2:", given, "shortened", "as text")
    refused(pd.DataFrame(rows), "row 2:", given)
    refused(pl.DataFrame(rows), "row 2:", given)
    lines = "".join(f"{row['reference']};{row['transaction_id']};4990;Greitt\r\n" for row in rows)
    path = write(tmp_path, HEAD + lines)
    refused(path, "orders.csv: column 'Pöntun', row 2 (line 3), cell A3:", given)
    cells = [[row["reference"], row["transaction_id"], 4990, "Greitt"] for row in rows]
    path = workbook(tmp_path, [HEAD.strip().split(";"), *cells])
    refused(path, "orders.xlsx: column 'Pöntun', row 2, cell A3 of the sheet 'Pantanir':", given)
    # In a column of transaction ids it is one as well.
    refused([order(transaction_id=given)], "column 'transaction_id', row 1:", "shortened")


@pytest.mark.parametrize(
    "references",
    [
        (202611000000.0, 202611000000.0, 202611000000.0),
        (202611000000.0, 202612000000.0),
        (202611000000.0,),
        (202611000000, 202611000000),
        ("202611000000", "202611000000"),
        ("202611000000.0", "202612000000.0"),
        (Decimal(202611000000), Decimal(202611000000)),
        # A number has 15 digits at the most.
        ("635318618538563000", "635318618538563000"),
        ("635318618538563000", "635318618538564000", "635318618538565000"),
    ],
)
def test_numbers_that_lost_their_last_digits(references: tuple[Any, ...]) -> None:
    for rows in (three(*references), pd.DataFrame(three(*references))):
        refused(rows, "column 'reference', row 1:", "only zeros", "lost", "as text")


@pytest.mark.parametrize(
    "references",
    [
        (202611000123.0, 202611000124.0),
        (202611000000.0, 202611000001.0),
        ("202611000000", "202611000001"),
        ("202611000000",),
        (202611000000,),
        ("1E5", "12E3", "E+11"),
        ("#1001", "#1002", "N/A-1"),
        (1000000.0, 2000000.0),
        ("635318618538563781", "635318618538563782"),
    ],
)
def test_numbers_that_are_whole(references: tuple[Any, ...]) -> None:
    report = netgiro.reconcile(three(*references), [], now=shop.NOW)
    assert {row.outcome.value for row in report.rows} == {"unverified"}
    assert len(report.rows) == len(references)


def test_saved_checks_are_read_the_same() -> None:
    check = {"transaction_id": IDS[0], "status": "confirmed", "reference": "2,02611E+11"}
    with pytest.raises(netgiro.InvalidRequestError, match="checks: column 'reference', row 1:"):
        netgiro.reconcile([order()], [check])


@pytest.mark.parametrize("given", ['="000123"', ' ="000123" '])
def test_texts_as_formulas(given: str, tmp_path: Path) -> None:
    check = paid(reference="000123")
    rows = [order(reference=given, amount='="4.990 kr."', status='="paid"')]
    rows[0]["transaction_id"] = f'="{IDS[0]}"'
    for orders in (rows, pd.DataFrame(rows), pl.DataFrame(rows)):
        [row] = netgiro.reconcile(orders, [check]).rows
        assert (row.reference, row.outcome.value, row.order_amount) == ("000123", "matched", 4990)
    lines = f'="Pöntun";Færslunúmer;Upphæð;Staða\r\n="000123";="{IDS[0]}";="4990";Greitt\r\n'
    for text in (lines, lines.replace('="000123"', '"=""000123"""')):
        [row] = netgiro.reconcile(write(tmp_path, text), [check]).rows
        assert (row.reference, row.outcome.value) == ("000123", "matched")
    path = workbook(tmp_path, [HEAD.strip().split(";"), [given.strip(), IDS[0], 4990, "Greitt"]])
    [row] = netgiro.reconcile(path, [check]).rows
    assert (row.reference, row.outcome.value) == ("000123", "matched")


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=; "])
def test_the_separator_line(line: str, tmp_path: Path) -> None:
    lines = f"{line}\r\n{HEAD}1001;{IDS[0]};4.990,00;Greitt\r\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        assert only(write(tmp_path, lines.encode(encoding))).outcome == "matched"
    # The line that a text editor shows, and the cell that a spreadsheet shows.
    refused(
        write(tmp_path, lines.replace("4.990,00", "4.99")),
        "orders.csv: column 'Upphæð', row 1 (line 3), cell C2:",
    )


@pytest.mark.parametrize("separator", [",", "\t", "|"])
def test_the_separator_is_the_one_that_the_line_says(separator: str, tmp_path: Path) -> None:
    row = separator.join(["1001", IDS[0], "4990", "Greitt", "a;b;c;d;e"])
    head = HEAD.strip().replace(";", separator) + f"{separator}Skýring; og; meira; og; meira"
    assert only(write(tmp_path, f"sep={separator}\n{head}\n{row}\n")).outcome == "matched"


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("4990.0000", 4990),
        ("4990.000", 4990),
        ("990.0000", 990),
        ("4990,0000", 4990),
        ("4990,000", 4990),
        ("4.990,0000", 4990),
        ("4,990.0000", 4990),
        ("4990.5000", Decimal("4990.5")),
        ("4.990,00", 4990),
        ("4 990", 4990),
        ("4 990,00 kr.", 4990),
        ("4\u00a0990 kr.", 4990),
        ("4.990 kr.", 4990),
        ("ISK 4.990", 4990),
        (Decimal("4990.0000"), 4990),
        ("4.990", 4990),
        ("4.9900", None),
        ("990,000", None),
        ("1,2E+06", None),
        ("#N/A", None),
        ("########", None),
    ],
)
def test_amounts_of_databases_and_spreadsheets(given: Any, amount: Any, tmp_path: Path) -> None:
    if amount is None:
        refused([order(amount=given)], "column 'amount', row 1:")
        path = write(tmp_path, f'reference,amount,status\n1001,"{given}",paid\n')
        refused(path, "row 1 (line 2), cell B2:")
    else:
        report = netgiro.reconcile([order(amount=given)], [])
        assert [row.order_amount for row in report.rows] == [amount]


@pytest.mark.parametrize("given", ["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "####"])
def test_errors_of_a_spreadsheet(given: str) -> None:
    refused([order(reference=given)], "column 'reference', row 1:")


def test_references_that_became_dates(tmp_path: Path) -> None:
    refused([order(reference=dt.date(2026, 5, 1))], "column 'reference', row 1:", "is a date")
    rows = [HEAD.strip().split(";"), [dt.datetime(2026, 5, 1), IDS[0], 4990, "Greitt"]]
    refused(workbook(tmp_path, rows), "cell A2 of the sheet 'Pantanir'", "is a date")


class TestWorkbooks:
    def test_numbers_dates_and_empty_cells(self, tmp_path: Path) -> None:
        rows = [
            [None, None, None, None, None],
            ["Pöntun", "Færslunúmer", "Upphæð (ISK)", "Staða", "Dagsetning", None],
            [1001, IDS[0], 4990.0, "Greitt", dt.datetime(2026, 5, 1, 12, 30)],
            [None, None, None, None, None],
            ["1002", None, "1.000 kr.", "Opið", dt.date(2026, 5, 2)],
        ]
        path = workbook(tmp_path, rows)
        report = netgiro.reconcile(path, [paid()], now=shop.NOW)
        found = {
            row.reference: (row.outcome.value, row.order_amount, row.created) for row in report.rows
        }
        utc = dt.timezone.utc
        assert found == {
            "1001": ("matched", 4990, dt.datetime(2026, 5, 1, 12, 30, tzinfo=utc)),
            "1002": ("unverified", 1000, dt.datetime(2026, 5, 2, tzinfo=utc)),
        }
        rows[4][2] = "4.99"
        refused(workbook(tmp_path, rows), "row 2, cell C5 of the sheet 'Pantanir': '4.99'")
        rows[4][3] = "Í gám"
        rows[4][2] = 1
        refused(workbook(tmp_path, rows), "column 'Staða', row 2, cell D5 of the sheet", "Í gám")

    def test_zeros_that_the_sheet_shows(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(["Pöntun", "Færslunúmer", "Upphæð", "Staða"])
        book.active.append([123, IDS[0], 4990, "Greitt"])
        book.active["A2"].number_format = "000000"
        book.save(tmp_path / "orders.xlsx")
        [row] = netgiro.reconcile(tmp_path / "orders.xlsx", [paid(reference="000123")]).rows
        assert (row.reference, row.outcome.value) == ("000123", "matched")

    def test_formulas_without_a_value(self, tmp_path: Path) -> None:
        rows = [HEAD.strip().split(";"), ["1001", IDS[0], "=2*2495", "Greitt"]]
        refused(workbook(tmp_path, rows), "cell C2 of the sheet 'Pantanir'", "formula")

    def test_several_sheets(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = workbook(tmp_path, [HEAD.strip().split(";"), ["1001", IDS[0], 4990, "Greitt"]])
        book = openpyxl.load_workbook(path)
        book.create_sheet("Autt")
        book.save(path)
        assert only(path).outcome == "matched"
        book["Autt"].append(["x"])
        book.save(path)
        refused(path, "'Pantanir', 'Autt'", "sheet_name")
        assert main([str(path), "--checks", str(checks(tmp_path))]) == 2
        assert "save the one with the orders as a file of its own" in capsys.readouterr().err

    def test_what_is_none(self, tmp_path: Path) -> None:
        path = tmp_path / "orders.xlsx"
        path.write_bytes(b"no workbook")
        refused(path, "orders.xlsx is not a workbook")


def checks(folder: Path) -> Path:
    path = folder / "checks.jsonl"
    netgiro.CheckResults([paid()]).save(path)
    return path


@pytest.mark.parametrize(
    ("text", "options", "advised", "python"),
    [
        ("a,amount,status\n1,1,paid\n", [], "--column 'reference=your column'", "columns="),
        (
            "order,order id,amount,status\n1,1,1,paid\n",
            [],
            "--column reference=order",
            "columns=",
        ),
        ("reference,amount,status\n1,1,gone\n", [], "--status gone=paid", "statuses="),
        ("reference,amount,status\n1,1,far off\n", [], "--status 'far off=paid'", "statuses="),
        ("reference,amount,status\n1,1,\n", [], "--status =open", "statuses="),
        (
            "reference,amount,status\n1,1,paid\n",
            ["--column", "ref=x"],
            "--column 'reference=your column'",
            "columns ",
        ),
        (
            "reference,amount,status\n1,1,paid\n",
            ["--status", "x=y"],
            "--status maps 'x' to 'y'",
            "statuses",
        ),
        ("reference,amount,status\n1,1,paid\n", ["--keep", "x"], "--keep names 'x'", " keep "),
        (
            "reference,amount,status\n1,1,paid\n",
            ["--tolerance", "x"],
            "--tolerance: 'x'",
            " tolerance:",
        ),
        (
            "reference,amount,status\n1,1,paid\n",
            ["--timezone", "x"],
            "--timezone must be",
            " timezone ",
        ),
        ("reference,amount,status\n1,1,paid\n", ["--from", "x"], "--from: 'x'", "date_from"),
        (
            "reference,amount,status\n1,1,paid\n",
            ["--from", "2026-05-01"],
            "--from and --to need",
            "date_",
        ),
        (
            "reference,amount,status,created\n1,1,paid,2026-05-01\n",
            ["--from", "2026-05-02", "--to", "2026-05-01"],
            "--from is after --to",
            "date_",
        ),
    ],
)
def test_the_command_advises_its_own_options(
    text: str,
    options: list[str],
    advised: str,
    python: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path, text)
    assert main([str(path), "--checks", str(checks(tmp_path)), *options]) == 2
    err = capsys.readouterr().err
    assert advised in err
    assert python not in err


def test_a_word_without_a_status_may_be_given_a_meaning(tmp_path: Path) -> None:
    path = write(tmp_path, f"reference,transaction_id,amount,status\n1001,{IDS[0]},4990,\n")
    assert main([str(path), "--checks", str(checks(tmp_path)), "--status", "=open"]) == 1


def test_an_order_that_costs_nothing() -> None:
    for status in ("paid", "open", "canceled"):
        report = netgiro.reconcile(
            [order(amount="0 kr.", transaction_id=None, reference="7", status=status), order()],
            [paid()],
        )
        assert {row.outcome.value for row in report.rows} == {"matched"}
        assert report.is_balanced
