"""Orders from a table. A cell that cannot be read is refused with its column and row."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation import masking
from netgiro.reconciliation.reading import (
    advice,
    amounts,
    columns,
    instants,
    spreadsheets,
    statuses,
)
from netgiro.reconciliation.reading.cells import is_missing, listed, shown
from netgiro.reconciliation.reading.tables import Table

_T = TypeVar("_T")
_NUMBER = re.compile(r"(\d+)\.0+")
_EXACT = 2**53
_GUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NIL = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class Orders:
    """The columns of the orders, as the core takes them."""

    references: list[str | None]
    transaction_ids: list[str | None]
    amounts: list[int | Decimal]
    are_refunds: list[bool]
    """Whether each row is a refund of an order."""
    refunded: list[int | Decimal]
    """What is refunded of each, beside it."""
    states: list[str]
    created: list[int | None]
    kept: dict[str, list[str | None]]
    """Further columns, which the report keeps."""

    @property
    def for_the_core(self) -> tuple[list[Any], ...]:
        """The columns in the core's order."""
        return (
            self.references,
            self.transaction_ids,
            self.amounts,
            self.are_refunds,
            self.refunded,
            self.states,
            self.created,
        )


def from_table(
    table: Table,
    *,
    given: Mapping[str, str | None] | None,
    words: Mapping[Any, str] | None,
    local: dt.tzinfo,
    keep: Iterable[str],
    are_refunds_known: bool,
) -> Orders:
    """Read the orders of a table; `are_refunds_known` says whether what Netgíró refunded is known too."""
    chosen = columns.recognise(table, columns.ORDERS, _with_type(table, given))
    columns.require(table, chosen, "amount")
    columns.require(table, chosen, "status")
    if "transaction_id" not in chosen:
        columns.require(table, chosen, "reference", " or transaction_id")
    kept = [keep] if isinstance(keep, str) else list(keep)
    unknown = [header for header in kept if header not in table.headers]
    if unknown:
        raise InvalidRequestError(
            f"{table.name}: {advice.option('keep')} names {listed(unknown)}; there are {listed(table.headers)}"
        )

    read = cells(table, chosen["amount"], amounts.signed)
    none: list[Any] = [None] * len(read)
    are_refunds = [amount < 0 for amount in read]
    if "type" in chosen:
        types = map(statuses.says_refund, table.column(chosen["type"]))
        are_refunds = [one or other for one, other in zip(are_refunds, types, strict=True)]
    words_of_rows = [
        # A refund without a status is made.
        "refund" if is_refund and is_missing(word) else word
        for is_refund, word in zip(are_refunds, table.column(chosen["status"]), strict=True)
    ]
    states = statuses.states(table, chosen["status"], words_of_rows, words)
    return Orders(
        references=references(table, chosen["reference"]) if "reference" in chosen else none,
        transaction_ids=(
            cells(table, chosen["transaction_id"], identifier)
            if "transaction_id" in chosen
            else none
        ),
        amounts=list(map(amounts.without_sign, read)),
        are_refunds=are_refunds,
        refunded=(
            _beside(table, chosen["refunded"], are_refunds)
            if "refunded" in chosen
            else _by_status(words_of_rows, states, read)
            if are_refunds_known and not any(are_refunds)
            else [0] * len(read)
        ),
        states=states,
        created=(
            cells(
                table,
                chosen["created"],
                lambda value: instants.microseconds(instants.instant(value, local)),
            )
            if "created" in chosen
            else none
        ),
        kept={header: masking.masked_column(header, cells(table, header, text)) for header in kept},
    )


def _with_type(table: Table, given: Mapping[str, str | None] | None) -> Mapping[str, str | None]:
    """Name the column that says which rows are refunds, if there is one. Any other column of types tells nothing."""
    named = dict(given or {})
    if "type" not in named:
        telling = [
            header
            for header in columns.candidates(table, columns.ORDERS["type"])
            if table.headers.count(header) == 1
            and any(map(statuses.says_refund, table.column(header)))
        ]
        if len(telling) < 2:  # noqa: PLR2004 - of several the caller chooses
            named["type"] = telling[0] if telling else None
    return named


def _beside(table: Table, header: str, are_refunds: list[bool]) -> list[int | Decimal]:
    """Read what is refunded of each order beside it: above 0 or below it, but not both."""
    beside = cells(table, header, lambda value: 0 if is_missing(value) else amounts.signed(value))
    refunded = next((at for at, amount in enumerate(beside) if amount), None)
    if refunded is not None and any(are_refunds):
        raise table.refuse(
            header,
            refunded,
            f"refunds are in this column, and row {are_refunds.index(True) + 1} is a refund too: if both are the "
            f"same refunds, say that the column does not count: {advice.no_column('refunded')}",
        )
    below = next((at for at, amount in enumerate(beside) if amount < 0), None)
    if below is not None and max(beside) > 0:
        raise table.refuse(
            header, below, "it is below 0, and other refunds of this column are above"
        )
    return list(map(amounts.without_sign, beside))


def _by_status(
    words: list[Any], states: list[str], read: list[int | Decimal]
) -> list[int | Decimal]:
    """Return what is refunded by the word for the status, where nothing else tells of refunds."""
    return [
        amount if state == "paid" and statuses.says_refunded(word) else 0
        for word, state, amount in zip(words, states, read, strict=True)
    ]


def loans(table: Table, orders: Orders, header: str) -> dict[str, uuid.UUID | str | None]:
    """Return the order of each loan number in a column; None for a number that several orders have."""
    if header not in table.headers:
        raise InvalidRequestError(
            f"{table.name}: settlement_key names {header!r}; there are {listed(table.headers)}"
        )
    found: dict[str, uuid.UUID | str | None] = {}
    of_refunds: dict[str, uuid.UUID | str | None] = {}
    numbers = cells(table, header, loan_number)
    for number, name, known_as, is_refund in zip(
        numbers, orders.transaction_ids, orders.references, orders.are_refunds, strict=True
    ):
        # A refund may have an id of its own.
        by_reference = name is None or (is_refund and known_as is not None)
        order = known_as if by_reference or name is None else uuid.UUID(name)
        bare = (number or "").strip()
        if bare and order is not None:
            known = of_refunds if is_refund else found
            known[bare] = order if known.get(bare, order) == order else None
    return of_refunds | found


def cells(table: Table, header: str, read: Callable[[Any], _T]) -> list[_T]:
    """Read a column cell by cell; the error about a cell names its column and row."""
    values = table.column(header)
    try:
        return list(map(read, values))
    except ValueError:
        # Most columns have no such cell, so the row is looked for only now.
        for at, value in enumerate(values):
            try:
                read(value)
            except ValueError as error:
                raise table.refuse(header, at, str(error)) from None
        raise


def references(table: Table, header: str) -> list[str | None]:
    """Read a column of references; refuses one whose numbers a spreadsheet has shortened."""
    lost = spreadsheets.lost_digits(table.column(header))
    if lost is not None:
        at, why = lost
        raise table.refuse(header, at, why)
    return cells(table, header, reference)


def loan_number(value: Any) -> str | None:
    """Return the number of a loan as text."""
    if isinstance(value, str):
        spreadsheets.check_text(value)
    return text(value)


def reference(value: Any) -> str | None:
    """Return a reference as text: 1001, 1001.0 and "1001" are the same."""
    if isinstance(value, str):
        spreadsheets.check_text(value)
        bare = value.strip()
        number = _NUMBER.fullmatch(bare)
        return (number[1] if number else bare) or None
    if is_missing(value):
        return None
    if isinstance(value, (bool, bytes, list, dict, tuple, set)):
        raise ValueError(f"an object of type {type(value).__name__} is not a reference")  # noqa: TRY004
    spreadsheets.check_date(value)
    if isinstance(value, (float, Decimal)):
        exact = Decimal(value)
        if abs(exact) >= _EXACT or exact != exact.to_integral_value():
            raise ValueError(
                f"the number {value} is not an exact reference: format the column as text before the "
                "numbers come into it, and read it as text"
            )
        return str(int(exact))
    return str(int(value)) if hasattr(value, "__index__") else str(value)


def identifier(value: Any) -> str | None:
    """Return a transaction id in its usual spelling; None for a missing one."""
    if isinstance(value, str) and _GUID.fullmatch(value):
        return None if value == _NIL else value
    if is_missing(value):
        return None
    try:
        # Arrow stores them as bytes.
        read = uuid.UUID(bytes=value) if isinstance(value, bytes) else uuid.UUID(str(value).strip())
    except ValueError:
        if isinstance(value, str):
            spreadsheets.check_text(value)
        raise ValueError(
            f"{shown(value)} is not a transaction id: a GUID, as insert_cart gave it"
        ) from None
    # .NET writes this for a missing id.
    return None if read.int == 0 else str(read)


def text(value: Any) -> str | None:
    """Return a cell as text."""
    if is_missing(value):
        return None
    if isinstance(value, (float, int, Decimal)) and not isinstance(value, bool):
        try:
            return reference(value)
        except ValueError:
            return str(value)
    return str(value)
