"""The report as an Excel workbook: a summary, the exceptions, and all rows."""

from __future__ import annotations

import os
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.rows import Outcome, Rows
from netgiro.reconciliation.writing import dataframes

if TYPE_CHECKING:
    from netgiro.reconciliation.writing.contents import Contents
    from netgiro.reconciliation.writing.languages import English

_WIDTHS = {"reason": 60, "action": 50, "transaction_id": 38, "created": 18, "paid_at": 18}
_MOST_WHOLE = 2**53
_MOST_ROWS = 2**20 - 1


def write(report: Contents, path: str | os.PathLike[str], words: English, shop: str | None) -> None:
    """Write the workbook; amounts and instants are Excel's own types, instants in UTC."""
    excel = dataframes.library("xlsxwriter", "to_excel")
    if len(report.rows) > _MOST_ROWS:
        raise InvalidRequestError(
            f"a sheet holds {_MOST_ROWS} rows, and there are {len(report.rows)}: use to_csv or to_parquet"
        )
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with excel.Workbook(os.fspath(path), options) as book:
        title = words.text("Reconciliation")
        book.set_properties({"title": title} | ({"company": shop} if shop else {}))
        # Texts come from outside: with this mark they stay texts even when a person edits the cell.
        text = book.add_format({"quote_prefix": True})
        head = book.add_format(
            {"bold": True, "bottom": 1, "bg_color": "#EEF1F5", "quote_prefix": True}
        )
        kronur = book.add_format({"num_format": "#,##0.##;[Red]-#,##0.##"})
        whole = book.add_format({"num_format": "#,##0;[Red]-#,##0"})
        instant = book.add_format({"num_format": words.day_format})
        bold = book.add_format({"bold": True, "top": 1, "num_format": "#,##0"})
        large = book.add_format({"bold": True, "font_size": 20, "num_format": '#,##0" kr."'})

        sheet = book.add_worksheet(words.text("Summary"))
        top = 0
        if shop:
            sheet.write_string(0, 0, shop, book.add_format({"bold": True, "quote_prefix": True}))
            sheet.write_string(0, 1, title)
            top = 1
        sheet.write(top, 0, words.text("At stake"))
        sheet.write_number(top, 1, float(report.totals.at_stake), large)
        sheet.set_column(0, 0, 22)
        sheet.set_column(1, len(report.totals) - 1, 16)
        for at, name in enumerate(("class", *report.totals._fields[:-1])):
            sheet.write(top + 2, at, words.text(name), head)
        line = top + 3
        for outcome, total in report.totals.by_outcome.items():
            name = outcome.value if words.code == "en" else words.label(outcome)
            sheet.write(line, 0, name)
            for at, value in enumerate(_numbers(total), start=1):
                sheet.write_number(line, at, value, whole)
            line += 1
        sheet.write(line, 0, words.text("everything"), bold)
        for at, value in enumerate(_numbers(report.totals[:-1]), start=1):
            sheet.write_number(line, at, value, bold)

        styles = {"amount": kronur, "whole": whole, "instant": instant, "text": text}
        for name, rows in (("Exceptions", report.exceptions), ("All rows", report.rows)):
            _sheet(book.add_worksheet(words.text(name)), rows, head, styles, words)


def _numbers(total: Iterable[Any]) -> list[float]:
    return [float(value) for value in total]


def _sheet(sheet: Any, rows: Rows, head: Any, styles: dict[str, Any], words: English) -> None:
    columns = rows.columns()
    # What was kept has the shop's own headers.
    own = len(columns) - (len(rows[0].kept) if rows else 0)
    for at, (name, values) in enumerate(columns.items()):
        sheet.set_column(at, at, _WIDTHS.get(name, 16))
        sheet.write_string(0, at, words.text(name) if at < own else name, head)
        _column(sheet, at, name, _in_language(name, values, words) if at < own else values, styles)
    sheet.freeze_panes(1, 2)
    if columns:
        sheet.autofilter(0, 0, len(rows), len(columns) - 1)


def _in_language(name: str, values: list[Any], words: English) -> list[Any]:
    if words.code == "en":
        return values
    if name == "outcome":
        return [words.label(Outcome(value)) for value in values]
    write = {
        "order_status": words.status,
        "cart_status": words.status,
        "reason": words.sentence,
        "action": words.sentence,
    }.get(name)
    return values if write is None else [value and write(value) for value in values]


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
