"""Cells of a table: whether one is missing, and its text in a form that can be compared or shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LETTERS = str.maketrans({"þ": "th", "ð": "d", "æ": "ae", "ø": "o"})
_NO_WORD = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Return the words of a text in plain lower case: `Pöntunar-númer` becomes `pontunar numer`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return _NO_WORD.sub(" ", plain.encode("ascii", "ignore").decode()).strip()


def is_missing(value: object) -> bool:
    """Return whether a cell holds nothing: None, NaN, NaT, pandas' NA, or blank text."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    if type(value).__name__ in {"NAType", "NaTType"}:
        return True
    try:
        # NaN is not equal to itself.
        return bool(value != value)  # noqa: PLR0124
    except (TypeError, ValueError, ArithmeticError):
        return False


def shown(value: object) -> str:
    """Return a value as an error message quotes it: short, with customers' numbers masked."""
    from netgiro._netgiro import mask_customer_ids  # noqa: PLC0415

    text = mask_customer_ids(str(value))
    return repr(text if len(text) <= 60 else f"{text[:57]}…")  # noqa: PLR2004


def listed(words: Iterable[str]) -> str:
    """Return words as a quoted list for a sentence."""
    return ", ".join(repr(word) for word in words)
