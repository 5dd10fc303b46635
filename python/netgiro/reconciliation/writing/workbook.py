"""The report as an Excel workbook: a summary, the exceptions, and all rows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.rows import Rows
from netgiro.reconciliation.writing import dataframes

if TYPE_CHECKING:
    from netgiro.reconciliation.writing.contents import Contents

_WIDTHS = {"reason": 60, "action": 50, "transaction_id": 38, "created": 18, "paid_at": 18}
_MOST_WHOLE = 2**53
_MOST_ROWS = 2**20 - 1


def write(report: Contents, path: str | os.PathLike[str]) -> None:
    """Write the workbook; amounts and instants are Excel's own types, instants in UTC."""
    excel = dataframes.library("xlsxwriter", "to_excel")
    if len(report.rows) > _MOST_ROWS:
        raise InvalidRequestError(
            f"a sheet holds {_MOST_ROWS} rows, and there are {len(report.rows)}: use to_csv or to_parquet"
        )
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with excel.Workbook(os.fspath(path), options) as book:
        book.set_properties({"title": "Reconciliation"})
        # Texts come from outside: with this mark they stay texts even when a person edits the cell.
        text = book.add_format({"quote_prefix": True})
        head = book.add_format(
            {"bold": True, "bottom": 1, "bg_color": "#EEF1F5", "quote_prefix": True}
        )
        kronur = book.add_format({"num_format": "#,##0.##;[Red]-#,##0.##"})
        whole = book.add_format({"num_format": "#,##0;[Red]-#,##0"})
        instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        bold = book.add_format({"bold": True, "top": 1, "num_format": "#,##0"})
        large = book.add_format({"bold": True, "font_size": 20, "num_format": '#,##0" kr."'})

        sheet = book.add_worksheet("Summary")
        sheet.write(0, 0, "At stake")
        sheet.write_number(0, 1, float(report.totals.at_stake), large)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, 7, 16)
        for at, name in enumerate(("class", *report.totals._fields[:-1])):
            sheet.write(2, at, name, head)
        line = 3
        for outcome, total in report.totals.by_outcome.items():
            sheet.write(line, 0, outcome.value)
            for at, value in enumerate(_numbers(total), start=1):
                sheet.write_number(line, at, value, whole)
            line += 1
        sheet.write(line, 0, "everything", bold)
        for at, value in enumerate(_numbers(report.totals[:-1]), start=1):
            sheet.write_number(line, at, value, bold)

        styles = {"amount": kronur, "whole": whole, "instant": instant, "text": text}
        _sheet(book.add_worksheet("Exceptions"), report.exceptions, head, styles)
        _sheet(book.add_worksheet("All rows"), report.rows, head, styles)


def _numbers(total: Iterable[Any]) -> list[float]:
    return [float(value) for value in total]


def _sheet(sheet: Any, rows: Rows, head: Any, styles: dict[str, Any]) -> None:
    columns = rows.columns()
    for at, (name, values) in enumerate(columns.items()):
        sheet.set_column(at, at, _WIDTHS.get(name, 16))
        sheet.write_string(0, at, name, head)
        _column(sheet, at, name, values, styles)
    sheet.freeze_panes(1, 2)
    if columns:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _column(sheet: Any, at: int, name: str, values: Iterable[Any], styles: dict[str, Any]) -> None:
    if name in dataframes.INSTANTS:
        for row, value in enumerate(dataframes.instants(values), start=1):
            if value is not None:
                sheet.write_datetime(row, at, value.replace(tzinfo=None), styles["instant"])
        return
    for row, value in enumerate(values, start=1):
        if value is None:
            continue
        if isinstance(value, str):
            sheet.write_string(row, at, value, styles["text"])
        elif isinstance(value, Decimal) and abs(value) >= _MOST_WHOLE:
            sheet.write_string(row, at, str(value))
        else:
            is_whole = value == int(value)
            style = (
                styles["whole" if is_whole else "amount"] if name in dataframes.AMOUNTS else None
            )
            sheet.write_number(row, at, float(value), style)
