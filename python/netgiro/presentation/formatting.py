"""Amounts, numbers and ages as people read them: `4.990 kr.`, `60 orders`, `3 days`."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from netgiro import _netgiro

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
_TWO = 2


def number(value: Decimal | int) -> str:
    """Return a number as in Iceland: `1.234.567,5`."""
    return _netgiro.icelandic_number(value)


def kronur(value: Decimal | int | None, *, space: str = "\u00a0") -> str:
    """Return an amount as in Iceland: `4.990 kr.`; nothing for None."""
    return "" if value is None else f"{number(value)}{space}kr."


def signed(value: Decimal | None) -> str:
    """Return a difference with its sign: `+100 kr.`, `−100 kr.`; nothing for 0 and None."""
    if not value:
        return ""
    return f"{'+' if value > 0 else '−'}{kronur(abs(value))}"


def counted(many: int, what: str = "") -> str:
    """Return a count, with what is counted: `1 order`, `1.000 orders`."""
    if not what:
        return number(many)
    return f"{number(many)} {what}{'' if many == 1 else 's'}"


def age(since: dt.timedelta | None) -> str:
    """Return an age in its largest unit: `12 min`, `5 h`, `3 days`; nothing for None."""
    if since is None:
        return ""
    seconds = since.total_seconds()
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < _TWO * _DAY:
        return f"{int(seconds // _HOUR)} h"
    return f"{int(seconds // _DAY)} days"
