"""The languages of a report: English, and Icelandic by `lang="is"`. Templates and charts give the English text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING

from netgiro.errors import InvalidRequestError
from netgiro.presentation import formatting
from netgiro.reconciliation.rows import LABELS, Outcome
from netgiro.reconciliation.writing import icelandic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgiro.reconciliation.writing.contents import Contents


class English:
    """Every text as it is; days as ISO 8601 writes them."""

    code: str = "en"
    day_format: str = "yyyy-mm-dd hh:mm"
    """Excel's, of an instant."""

    def text(self, english: str) -> str:
        """Return a text in this language."""
        return english

    def sentence(self, english: str) -> str:
        """Return a reason or an action of a row in this language."""
        return english

    def label(self, outcome: Outcome) -> str:
        """Return the name of a class."""
        return str(LABELS[outcome])

    def status(self, word: str) -> str:
        """Return the word for a status of an order or a cart, or words with commas."""
        return word

    def counted(self, many: int, what: str = "") -> str:
        """Return a count, with what is counted."""
        return formatting.counted(many, what)

    def age(self, since: dt.timedelta | None) -> str:
        """Return an age in its largest unit."""
        return formatting.age(since)

    def day(self, day: dt.date) -> str:
        """Return a day."""
        return day.isoformat()

    def short_day(self, day: dt.date) -> str:
        """Return a day where there is little room."""
        return day.isoformat()

    def instant(self, at: dt.datetime) -> str:
        """Return an instant of UTC to the minute."""
        return f"{at:%Y-%m-%d %H:%M} UTC"

    def told(self, report: Contents) -> str:
        """Return how many orders matched, as a clause."""
        total = report.totals
        matched = formatting.counted(total.orders_in_order)
        return f"{matched} of {formatting.counted(total.orders, 'order')} match what Netgíró says"

    def unverified(self, rows: int, at_stake: Decimal) -> str:
        """Return how many rows are unverified, as the rest of a sentence."""
        return f", {formatting.number(rows)} of them unverified ({formatting.kronur(at_stake)})"


class Icelandic(English):
    """Texts by the table, days as Icelanders write them."""

    code = "is"
    day_format = "d.m.yyyy hh:mm"

    def __init__(self, codes: Mapping[str, str] | None = None) -> None:
        """Take the codes of errors by their messages."""
        self._codes = codes or {}

    def text(self, english: str) -> str:
        """Return a text by the table."""
        return icelandic.TEXTS[english]

    def sentence(self, english: str) -> str:
        """Return a sentence of the core by the table."""
        return icelandic.sentence(english, self._codes)

    def label(self, outcome: Outcome) -> str:
        """Return the name of a class."""
        return icelandic.LABELS[outcome.value]

    def status(self, word: str) -> str:
        """Return the words for statuses."""
        return ", ".join(icelandic.STATUSES.get(each, each) for each in word.split(", "))

    def counted(self, many: int, what: str = "") -> str:
        """Return a count, with what is counted in its number."""
        if not what:
            return formatting.number(many)
        one, several = icelandic.COUNTED[what]
        return f"{formatting.number(many)} {one if icelandic.is_singular(many) else several}"

    def age(self, since: dt.timedelta | None) -> str:
        """Return an age: `12 mín.`, `5 klst.`, `3 dagar`."""
        text = formatting.age(since)
        count, _, unit = text.partition(" ")
        if unit == "days":
            return f"{count} {'dagur' if icelandic.is_singular(int(count)) else 'dagar'}"
        return f"{count} {icelandic.UNITS[unit]}" if text else ""

    def day(self, day: dt.date) -> str:
        """Return a day: `1. maí 2026`."""
        return f"{day.day}. {icelandic.MONTHS[day.month - 1]} {day.year}"

    def short_day(self, day: dt.date) -> str:
        """Return a day: `1.5.2026`."""
        return f"{day.day}.{day.month}.{day.year}"

    def instant(self, at: dt.datetime) -> str:
        """Return an instant: `1. maí 2026 kl. 12:30`."""
        # Iceland has this time all year, and nobody there calls it UTC.
        return f"{self.day(at.date())} kl.\u00a0{at:%H:%M}"

    def told(self, report: Contents) -> str:
        """Return how many orders matched, as a clause."""
        total = report.totals
        matched = total.orders_in_order
        orders = "pöntun stemmir" if icelandic.is_singular(total.orders) else "pöntunum stemma"
        return f"{formatting.number(matched)} af {formatting.number(total.orders)} {orders} við Netgíró"

    def unverified(self, rows: int, at_stake: Decimal) -> str:
        """Return how many rows are unverified, as the rest of a sentence."""
        return f", þar af {formatting.number(rows)} óstaðfest ({formatting.kronur(at_stake)})"


def language(lang: str, codes: Mapping[str, str] | None = None) -> English:
    """Return the language for a tag such as "is", "is-IS" or "en"; what is not Icelandic is English.

    `codes` has the codes of the errors of checks by their messages.
    """
    if not isinstance(lang, str):
        raise InvalidRequestError(
            f"lang must be text such as 'is' or 'en'; got an object of type {type(lang).__name__}"
        )
    first = lang.strip().replace("_", "-").partition("-")[0].lower()
    return Icelandic(codes) if first in {"is", "isl", "ice"} else English()
