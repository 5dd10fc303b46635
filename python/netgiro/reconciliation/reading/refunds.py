"""Refunds that were sent to Netgíró: what `refund_cart` returned, or the shop's own table of them."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

import netgiro
from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import amounts, columns, instants, orders
from netgiro.reconciliation.reading.cells import fold, is_missing, listed, shown
from netgiro.reconciliation.reading.tables import Table, read

# What a shop calls a refund that is made, one whose outcome is not known, and one that was refused.
_MADE, _UNKNOWN, _REFUSED = "made", "unknown", "refused"
_WORDS: Final = {
    **dict.fromkeys(
        "made refunded refund done completed complete processed confirmed succeeded success ok paid settled true yes "
        "endurgreitt endurgreidd endurgreiddur lokid stadfest stadfestur ja".split(),
        _MADE,
    ),
    **dict.fromkeys(
        "unknown asked open pending sent requested created new processing waiting retry "
        "othekkt obekkt opid opin bidur sendd send sent stofnad".split(),
        _UNKNOWN,
    ),
    "outcome unknown": _UNKNOWN,
    **dict.fromkeys(
        "refused rejected declined denied failed error canceled cancelled false no "
        "hafnad mistokst afturkallad nei".split(),
        _REFUSED,
    ),
}


def given(refunds: Any, local: dt.tzinfo) -> list[Any] | None:
    """Return refunds in a form that the core reads: Refunds, or rows of a table; None if they are not known."""
    if refunds is None:
        return None
    if isinstance(refunds, netgiro.Refund):
        return [refunds]
    if isinstance(refunds, (list, tuple)) and not (refunds and isinstance(refunds[0], Mapping)):
        wrong = next((one for one in refunds if not isinstance(one, netgiro.Refund)), None)
        if wrong is not None:
            raise InvalidRequestError(
                "refunds must be Refunds, as refund_cart returned them, or a table of them; got an object of type "
                f"{type(wrong).__name__}"
            )
        return list(refunds)
    if isinstance(refunds, (str, os.PathLike, Mapping)) or _is_table(refunds):
        return _rows(read(refunds, "refunds"), local)
    return given(list(refunds), local)


def _is_table(refunds: Any) -> bool:
    return isinstance(refunds, list) or (
        hasattr(refunds, "__arrow_c_stream__") or hasattr(type(refunds), "columns")
    )


def _rows(table: Table, local: dt.tzinfo) -> list[Any]:
    chosen = columns.recognise(table, columns.REFUNDS, None, columns.REFUNDS_FALLBACKS)
    columns.require(table, chosen, "amount")
    if "transaction_id" not in chosen:
        columns.require(table, chosen, "reference", " or transaction_id")
    refunded = orders.cells(
        table, chosen["amount"], lambda value: amounts.without_sign(amounts.signed(value))
    )

    def column(role: str, cell: Callable[[Any], Any]) -> list[Any]:
        if role not in chosen:
            return [None] * len(refunded)
        return orders.cells(table, chosen[role], cell)

    rows = zip(
        column("transaction_id", orders.identifier),
        orders.references(table, chosen["reference"])
        if "reference" in chosen
        else [None] * len(refunded),
        refunded,
        column("key", orders.text),
        column("status", _outcome) if "status" in chosen else [_MADE] * len(refunded),
        column("created", lambda value: instants.microseconds(instants.instant(value, local))),
        strict=True,
    )
    return [
        (name, reference, amount, key, outcome == _MADE, created)
        for name, reference, amount, key, outcome, created in rows
        if outcome != _REFUSED
    ]


def _outcome(value: Any) -> str:
    word = "" if is_missing(value) else fold(str(value))
    if word not in _WORDS:
        raise ValueError(
            f"the status {shown(value)} of a refund is not known: write one of {listed((_MADE, _UNKNOWN, _REFUSED))}"
        )
    return _WORDS[word]
