"""Instants: datetimes, dates or text. Those without a zone are in the shop's zone, by default UTC."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Any

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import advice
from netgiro.reconciliation.reading.cells import is_missing, shown

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
MICROSECOND = dt.timedelta(microseconds=1)
_ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?",
    re.IGNORECASE,
)
_ICELANDIC = re.compile(
    r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?:[,T ]+(?:kl\.? ?)?(\d{1,2}):(\d{2})(?::(\d{2}))?)?",
    re.IGNORECASE,
)


def zone(name: str | dt.tzinfo) -> dt.tzinfo:
    """Return the zone of a name such as "UTC" or "Atlantic/Reykjavik"."""
    if isinstance(name, dt.tzinfo):
        return name
    if name.upper() == "UTC":
        return dt.timezone.utc
    try:
        return zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InvalidRequestError(
            f"{advice.option('timezone')} must be the name of a zone, such as 'UTC'; got {name!r}"
        ) from None


def instant(value: Any, local: dt.tzinfo) -> dt.datetime | None:
    """Return an aware datetime, or None for an empty cell; raises ValueError with the reason if it is neither."""
    if type(value) is dt.datetime and value.tzinfo is not None:
        return value
    if is_missing(value):
        return None
    if isinstance(value, str):
        value = _written(value.strip())
    if isinstance(value, dt.datetime):
        # pandas has its own type, which is slow.
        to_datetime = getattr(value, "to_pydatetime", None)
        at: dt.datetime = value if to_datetime is None else to_datetime(warn=False)
        return at if at.tzinfo is not None else at.replace(tzinfo=local)
    if isinstance(value, dt.date):
        return dt.datetime(value.year, value.month, value.day, tzinfo=local)
    raise ValueError(
        f"{shown(value)} is not a date and time, such as 2026-05-01 or 2026-05-01T12:30:00Z"
    )


def microseconds(at: dt.datetime | None) -> int | None:
    """Return an instant as microseconds since 1970."""
    return None if at is None else (at - EPOCH) // MICROSECOND


def from_microseconds(since: int | None) -> dt.datetime | None:
    """Return the instant so many microseconds since 1970, in UTC."""
    return None if since is None else EPOCH + dt.timedelta(microseconds=since)


def bound(argument: str, value: Any, local: dt.tzinfo, *, is_end: bool) -> int | None:
    """Return a bound of the window in microseconds; the last day belongs to the window."""
    if value is None:
        return None
    try:
        at = instant(value, local)
    except ValueError as error:
        raise InvalidRequestError(f"{advice.option(argument)}: {error}") from None
    if at is None:
        raise InvalidRequestError(f"{advice.option(argument)} must be a date or a datetime")
    is_day = (
        not isinstance(value, dt.datetime)
        if isinstance(value, dt.date)
        else isinstance(value, str) and ":" not in value
    )
    if is_end:
        # Not 24 hours: where clocks change, a day may have 23 or 25.
        at = at + dt.timedelta(days=1) if is_day else at + MICROSECOND
    return microseconds(at)


def _written(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        pass
    iso, icelandic = _ISO.fullmatch(text), _ICELANDIC.fullmatch(text)
    try:
        if iso:
            year, month, day, *clock, fraction, offset = iso.groups()
            hour, minute, second = (int(part or 0) for part in clock)
            tenths = int((fraction or "").ljust(6, "0")[:6])
            return dt.datetime(
                int(year), int(month), int(day), hour, minute, second, tenths, _offset(offset)
            )
        if icelandic:
            day, month, year, *clock = icelandic.groups()
            hour, minute, second = (int(part or 0) for part in clock)
            return dt.datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001
    except ValueError as error:
        raise ValueError(f"{shown(text)} is not a date: {error}") from None
    if re.match(r"\d{1,2}/\d{1,2}/\d{2,4}", text):
        raise ValueError(f"{shown(text)} is ambiguous: which is the month? Write 2026-05-01")
    raise ValueError(
        f"{shown(text)} is not a date and time, such as 2026-05-01 or 2026-05-01T12:30:00Z"
    )


def _offset(text: str | None) -> dt.tzinfo | None:
    if text is None:
        return None
    if text.upper() in {"Z", "UTC"}:
        return dt.timezone.utc
    digits = text[1:].replace(":", "").ljust(4, "0")
    apart = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return dt.timezone(-apart if text[0] == "-" else apart)
