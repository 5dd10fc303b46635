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
    states: list[str]
    created: list[int | None]
    kept: dict[str, list[str | None]]
    """Further columns, which the report keeps."""


def from_table(
    table: Table,
    *,
    given: Mapping[str, str | None] | None,
    words: Mapping[Any, str] | None,
    local: dt.tzinfo,
    keep: Iterable[str],
) -> Orders:
    """Read the orders of a table."""
    chosen = columns.recognise(table, columns.ORDERS, given)
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

    read = cells(table, chosen["amount"], amounts.amount)
    none: list[Any] = [None] * len(read)
    return Orders(
        references=references(table, chosen["reference"]) if "reference" in chosen else none,
        transaction_ids=(
            cells(table, chosen["transaction_id"], identifier)
            if "transaction_id" in chosen
            else none
        ),
        amounts=read,
        states=statuses.states(table, chosen["status"], table.column(chosen["status"]), words),
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


def loans(table: Table, orders: Orders, header: str) -> dict[str, uuid.UUID | str | None]:
    """Return the order of each loan number in a column; None for a number that several orders have."""
    if header not in table.headers:
        raise InvalidRequestError(
            f"{table.name}: settlement_key names {header!r}; there are {listed(table.headers)}"
        )
    found: dict[str, uuid.UUID | str | None] = {}
    numbers = cells(table, header, loan_number)
    for number, name, known_as in zip(
        numbers, orders.transaction_ids, orders.references, strict=True
    ):
        order = known_as if name is None else uuid.UUID(name)
        bare = (number or "").strip()
        if bare and order is not None:
            found[bare] = order if found.get(bare, order) == order else None
    return found


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
