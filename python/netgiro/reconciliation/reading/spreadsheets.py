"""What spreadsheets make of cells: numbers that lost digits, texts written as formulas, errors."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from netgiro.reconciliation.reading.cells import is_missing

# A text that must stay one is exported so: ="000123".
_FORMULA: Final = re.compile(r'="((?:[^"]|"")*)"')
# 2,02611E+11
_SHORTENED: Final = re.compile(r"[-+]?(?:\d[.,]\d+[eE][-+]?\d{1,3}|\d+[eE][-+]\d{1,3})")
# #N/A, #REF! and their like, in any language; and what does not fit into its column.
_ERROR: Final = re.compile(r"#N/A|#[^\W\d]\S*[!?]|#{3,}", re.IGNORECASE)
_DIGITS: Final = re.compile(r"(\d{12,})(?:[.,]0+)?")
# Numbers of so many digits are shortened to so many that are not 0; and no number keeps more than 15.
_SHORTENED_FROM, _KEPT, _PRECISION = 12, 6, 15
_SEVERAL = 3
_REMEDY: Final = (
    "format the column as text in the spreadsheet before the numbers come into it, and save again from "
    "where they are whole"
)


class Formula(str):
    """A formula of a workbook whose value is not kept beside it."""

    __slots__ = ()


def unquoted(value: Any) -> Any:
    """Return the text of a cell such as `="000123"`; anything else as it is."""
    if isinstance(value, str) and value.lstrip()[:2] == '="':
        formula = _FORMULA.fullmatch(value.strip())
        if formula:
            return formula[1].replace('""', '"')
    return value


def check_text(value: str, *, is_amount: bool = False) -> None:
    """Raise ValueError for a text in which a spreadsheet has lost what was there."""
    bare = value.strip()
    if _SHORTENED.fullmatch(bare):
        remedy = (
            "format the column as a number in the spreadsheet, and save again"
            if is_amount
            else _REMEDY
        )
        raise ValueError(
            f"{bare!r} is a number that a spreadsheet has shortened, and its other digits are lost: {remedy}"
        )
    if bare[:1] == "#" and _ERROR.fullmatch(bare):
        raise ValueError(
            f"{bare!r} is what a spreadsheet shows instead of a value: correct the cell"
        )
    if isinstance(value, Formula):
        message = (
            f"the cell holds the formula {bare!r} and not its value: open the workbook in the spreadsheet "
            "and save it"
        )
        raise ValueError(message)  # noqa: TRY004 - every reason is a ValueError


def check_date(value: Any) -> None:
    """Raise ValueError for a date where a number or a text is expected."""
    if isinstance(value, (dt.date, dt.time)):
        message = (
            f"'{value}' is a date; a spreadsheet may have taken a number for one: format the column as "
            "text before the numbers come into it"
        )
        raise ValueError(message)  # noqa: TRY004 - every reason is a ValueError


def lost_digits(values: Sequence[Any]) -> tuple[int, str] | None:
    """Return the first cell of a column of ids whose last digits a spreadsheet has lost, and why.

    One long number that ends with zeros may be right. If all long numbers of a column do, and the same stands in several
    rows or they are floats, then they were shortened.
    """
    long: list[tuple[int, str, bool]] = []
    for at, value in enumerate(values):
        digits, is_float = _digits(value)
        if digits is not None:
            long.append((at, digits, is_float))
    if not long:
        return None
    times = Counter(digits for _, digits, _ in long)
    repeats = max(times.values()) > 1
    for is_lost, kept in (
        (all(_significant(digits) <= _KEPT for digits in times), _KEPT),
        (
            all(len(digits) > _PRECISION for digits in times)
            and all(_significant(digits) <= _PRECISION for digits in times),
            _PRECISION,
        ),
    ):
        is_sure = repeats or (
            any(is_float for *_, is_float in long) if kept == _KEPT else len(times) >= _SEVERAL
        )
        if is_lost and is_sure:
            at, digits, _ = next((cell for cell in long if times[cell[1]] > 1), long[0])
            return at, (
                f"{digits} has only zeros after {kept} digits, as all long numbers of the column: a "
                "spreadsheet has shortened them, and their last digits are lost: " + _REMEDY
            )
    return None


def _digits(value: Any) -> tuple[str | None, bool]:
    """Return the digits of a long whole number, and whether it is a float or was one."""
    if isinstance(value, str):
        text = _DIGITS.fullmatch(value.strip()) if len(value) >= _SHORTENED_FROM else None
        return (text[1].lstrip("0") or None, text[1] != value.strip()) if text else (None, False)
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        if not hasattr(value, "__index__"):
            return None, False
        value = int(value)
    if is_missing(value) or not 10 ** (_SHORTENED_FROM - 1) <= value < float("inf"):
        return None, False
    return str(int(value)), isinstance(value, float)


def _significant(digits: str) -> int:
    return len(digits.rstrip("0"))


def letter(column: int) -> str:
    """Return the letters of a column, counted from 0: A, B, … Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
