"""Amounts in krónur: as numbers, or as text in the Icelandic way."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from netgiro.reconciliation.reading import spreadsheets
from netgiro.reconciliation.reading.cells import is_missing, shown

MOST = 10**12
_DECIMALS = 6
_CURRENCY = re.compile(r"(?i)(?<![^\W\d_])(?:isk|kr(?:ónur|óna|ona|onur)?)(?![^\W\d_])\.?")
_SPACES = re.compile(r"(?<=[0-9])[ \u00a0\u202f\u2009](?=[0-9]{3}(?![0-9]))")
_WHOLE = re.compile(r"[0-9]+")
_DOTS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?")
# Three decimals may be a group of thousands, unless four digits stand before them.
_COMMA = re.compile(r"[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,},[0-9]{3}")
_COMMAS = re.compile(r"[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,})")
_POINT = re.compile(r"([0-9]+)\.([0-9]+)")
_BELOW = 1000
_UNCLEAR = "is it {} krónur, or an amount whose thousands were lost? Give it as a number"


def amount(value: Any) -> int | Decimal:
    """Return an amount from 0 on as an exact number; raises ValueError with the reason if there is none."""
    number = signed(value)
    if number < 0:
        raise ValueError(f"{shown(value)} is below 0")
    return number


def signed(value: Any) -> int | Decimal:
    """Return an amount as an exact number, below 0 for a refund; raises ValueError with the reason if there is none."""
    if type(value) is int and -MOST <= value <= MOST:
        return value
    if is_missing(value):
        raise ValueError("there is no amount")
    if isinstance(value, bool):
        raise ValueError(f"{value} is not an amount")  # noqa: TRY004 - every reason is a ValueError
    if isinstance(value, str):
        return _in_range(_written(value), value)
    if isinstance(value, Decimal):
        return _in_range(value, value)
    if hasattr(value, "__index__"):
        return _in_range(int(value), value)
    try:
        number = float(value)
        exact = Decimal(repr(number))
    except (TypeError, ValueError, InvalidOperation):
        raise ValueError(f"{shown(value)} is not an amount") from None
    if number.is_integer():
        return _in_range(int(number), value)
    if abs(number) < _BELOW:
        raise ValueError(f"{value}: " + _UNCLEAR.format(value).replace("number", "Decimal"))
    return _in_range(exact, value)


def without_sign(number: int | Decimal) -> int | Decimal:
    """Return how much it is, whether it is paid or refunded."""
    return -number if number < 0 else number


def exact(value: Any) -> int | Decimal | None:
    """Return an amount that a program wrote, with a decimal point; None for a missing one."""
    if is_missing(value):
        return None
    if isinstance(value, str):
        try:
            return _plain(Decimal(value.strip()))
        except InvalidOperation:
            raise ValueError(f"{shown(value)} is not an amount") from None
    if isinstance(value, Decimal):
        return _plain(value)
    return _plain(Decimal(repr(float(value))) if isinstance(value, float) else Decimal(int(value)))


def _plain(number: Decimal) -> int | Decimal:
    if not number.is_finite() or abs(number) > MOST:
        raise ValueError(f"{number} is not an amount")
    if number == number.to_integral_value():
        return int(number)
    return Decimal(format(number.normalize(), "f"))


def _in_range(number: int | Decimal, given: Any) -> int | Decimal:
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise ValueError(f"{shown(given)} is not an amount")
        if number == number.to_integral_value() and abs(number) <= MOST:
            number = int(number)
    if not -MOST <= number <= MOST:
        raise ValueError(f"{shown(given)} is more than an order can be")
    if isinstance(number, int):
        return number
    number = number.normalize()
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > _DECIMALS:
        raise ValueError(f"{shown(given)} has more than {_DECIMALS} decimals")
    return number


def _written(text: str) -> int | Decimal:
    spreadsheets.check_text(text, is_amount=True)
    bare = _CURRENCY.sub("", text, count=1).strip()
    sign = ""
    if bare[:1] in {"-", "−", "–", "+"} or bare.startswith("("):
        sign = "" if bare[0] == "+" else "-"
        bare = bare.strip("-−–+() ")
    bare = re.sub(r"[,.][-–—=]+$", "", bare)
    bare = _SPACES.sub("", bare.strip())
    if _WHOLE.fullmatch(bare):
        return int(sign + bare)
    if _DOTS.fullmatch(bare) or _COMMA.fullmatch(bare):
        return Decimal(sign + bare.replace(".", "").replace(",", "."))
    if _COMMAS.fullmatch(bare):
        return Decimal(sign + bare.replace(",", ""))
    point = _POINT.fullmatch(bare)
    if point and (int(point[2]) == 0 or int(point[1]) >= _BELOW):
        return Decimal(sign + bare)
    if point or re.fullmatch(r"[0-9]{1,3},[0-9]{3}", bare):
        raise ValueError(f"{shown(text)} is ambiguous: " + _UNCLEAR.format(bare))
    raise ValueError(f"{shown(text)} is not an amount in krónur, such as 4990 or '4.990 kr.'")
