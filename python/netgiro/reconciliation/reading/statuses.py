"""The shop's own words for the state of an order: paid, open or canceled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import advice
from netgiro.reconciliation.reading.cells import fold, is_missing, listed, shown
from netgiro.reconciliation.reading.tables import Table

# Words of WooCommerce and other shop systems. Refunded counts as paid: the payment came first, and a check of the
# cart says so.
_WORDS: Final = {
    "paid": (
        "paid, confirmed, completed, complete, processing, shipped, sent, delivered, fulfilled, captured, "
        "settled, succeeded, success, successful, payment received, payment confirmed, refunded, "
        "partially refunded, partly refunded, refund, ready for pickup, picked up, true, yes, "
        "greitt, greidd, greiddur, greidsla stadfest, greidsla mottekin, stadfest, stadfestur, lokid, "
        "afgreitt, afgreidd, afgreiddur, i vinnslu, sent af stad, send, sendur, afhent, afhentur, sott, "
        "endurgreitt, endurgreidd, endurgreiddur, endurgreidsla, ja"
    ),
    "open": (
        "open, pending, new, created, unpaid, waiting, awaiting payment, pending payment, on hold, "
        "checkout draft, draft, initiated, started, authorized, authorised, reserved, needs code, "
        "awaiting callback, false, no, "
        "ogreitt, ogreidd, ogreiddur, opid, opin, opinn, ny, nytt, nyr, stofnad, stofnud, bidur, i bid, "
        "bidur greidslu, i bid eftir greidslu, fratekid, nei"
    ),
    "canceled": (
        "canceled, cancelled, declined, rejected, denied, failed, expired, void, voided, aborted, "
        "abandoned, timed out, trash, "
        "haett vid, afturkallad, afturkollud, afturkalladur, aflyst, ogilt, ogild, ogildur, hafnad, "
        "utrunnid, utrunnin, runnid ut, mistokst, misheppnad, afpantad, afpontud, fellt nidur, fallid nidur"
    ),
}
# Those that say that all of it was given back.
_REFUNDED: Final = {"refunded", "endurgreitt", "endurgreidd", "endurgreiddur"}
# What a row is, if it is a refund.
_REFUNDS: Final = {
    "refund",
    "refunds",
    "refunded",
    "credit",
    "credit note",
    "creditnote",
    "return",
} | {
    "endurgreidsla",
    "endurgreitt",
    "kreditnota",
    "kreditreikningur",
    "kredit",
    "skil",
    "bakfaersla",
}
_KNOWN: Final = {fold(word): state for state, words in _WORDS.items() for word in words.split(",")}


def meanings(statuses: Mapping[Any, str] | None) -> dict[str, str]:
    """Return the meaning of each word; the caller's words come before the known ones."""
    known = dict(_KNOWN)
    for word, state in (statuses or {}).items():
        meant = _KNOWN.get(fold(str(state)), "") if isinstance(state, str) else ""
        if not meant:
            raise InvalidRequestError(
                f"{advice.words_of_statuses({repr(word): repr(state)})}: map your words to 'paid', 'open' or 'canceled'"
            )
        known[_key(word)] = meant
    return known


def says_refunded(word: Any) -> bool:
    """Return whether a word for a status says that all of an order was given back."""
    return _key(word) in _REFUNDED


def says_refund(word: Any) -> bool:
    """Return whether a word for the type of a row says that it is a refund."""
    return _key(word) in _REFUNDS


def _key(word: Any) -> str:
    if is_missing(word):
        return ""
    # A word in another script folds to an empty text, but is not a missing word.
    return _short(fold(str(word))) or str(word).strip().casefold()


def _short(word: str) -> str:
    # WooCommerce stores its words with this prefix.
    return word.removeprefix("wc ")


def states(
    table: Table, header: str, values: list[Any], statuses: Mapping[Any, str] | None
) -> list[str]:
    """Return paid, open or canceled for each cell; an unknown word is refused with its row."""
    known = meanings(statuses)
    seen: dict[Any, str] = {}
    found = []
    for at, value in enumerate(values):
        try:
            state = seen.get(value)
        except TypeError:
            raise table.refuse(header, at, f"{shown(value)} is not a status") from None
        if state is None:
            state = known.get(_key(value))
            if state is None and is_missing(value):
                raise table.refuse(
                    header,
                    at,
                    f"there is no status; if that means open, say {advice.status(None, 'open')}",
                )
            if state is None:
                raise table.refuse(
                    header,
                    at,
                    f"the status {shown(value)} is not known; say what it stands for: "
                    f"{advice.status(shown(value)[1:-1])}, or {listed(['open', 'canceled'])}",
                )
            if not is_missing(value):
                seen[value] = state
        found.append(state)
    return found
