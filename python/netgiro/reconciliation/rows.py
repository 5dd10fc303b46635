"""The rows of a reconciliation: stored as columns, and made when they are used."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, overload

from netgiro.enums import _Word
from netgiro.presentation import jsonable
from netgiro.reconciliation.reading.instants import from_microseconds


class Outcome(_Word):
    """The class of an order, a payment, or both."""

    PAID_NOT_RECORDED = "paid_not_recorded"
    """Paid at Netgíró; open, canceled or unknown in the shop: a customer paid and has nothing."""
    RECORDED_NOT_PAID = "recorded_not_paid"
    """Recorded as paid in the shop, not paid at Netgíró."""
    REFUNDED_TOO_MUCH = "refunded_too_much"
    """More was refunded, or recorded as refunded, than was paid."""
    REFUNDED_NOT_RECORDED = "refunded_not_recorded"
    """Refunded at Netgíró; in the shop not, or less."""
    RECORDED_NOT_REFUNDED = "recorded_not_refunded"
    """Recorded as refunded in the shop; at Netgíró not refunded, or less."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """Paid on both sides, with another amount."""
    DUPLICATE_PAYMENT = "duplicate_payment"
    """One reference paid more than once."""
    DUPLICATE_ORDER = "duplicate_order"
    """One order recorded more than once."""
    NOT_FOUND = "not_found"
    """Netgíró knows no such cart."""
    STILL_OPEN = "still_open"
    """Not decided yet, or not closed in the shop."""
    UNVERIFIED = "unverified"
    """Not known: there is no check, the check failed, or it contradicts the order."""
    REFUNDED = "refunded"
    """Paid and refunded in full; or refunded on both sides, and the sale is not among the orders."""
    PARTLY_REFUNDED = "partly_refunded"
    """Paid, and refunded in part."""
    MATCHED = "matched"
    """Both sides agree, and nothing was refunded."""

    @property
    def is_in_order(self) -> bool:
        """Whether both sides agree, so that nothing is to be done."""
        return self in {Outcome.REFUNDED, Outcome.PARTLY_REFUNDED, Outcome.MATCHED}


LABELS = {outcome: outcome.value.replace("_", " ") for outcome in Outcome}
"""How a report names each class."""


class Row(NamedTuple):
    """An order, a payment, an order with its payment, or a group that cannot be separated.

    Amounts are in krónur, exact; instants are in UTC. A group has the texts of its members, separated
    by commas.
    """

    outcome: Outcome
    """Its class."""
    reference: str | None
    """The shop's order id."""
    transaction_id: str | None
    """The cart's id."""
    order_amount: Decimal | None
    """What was ordered; None where there is no order."""
    paid_amount: Decimal | None
    """What was paid; None where nothing was."""
    recorded_refund_amount: Decimal | None
    """What the shop recorded as refunded; None where nothing is."""
    refunded_amount: Decimal | None
    """What Netgíró is known to have refunded; None where nothing is known."""
    difference: Decimal | None
    """What was paid beyond what was ordered; None where one of the two is missing."""
    at_stake: Decimal
    """The money at stake: lost, owed to a customer, or not known to have arrived."""
    order_status: str | None
    """Its state in the shop: paid, open or canceled."""
    cart_status: str | None
    """The state of the cart at Netgíró: a cart status, or `failed` if that is not known."""
    created: dt.datetime | None
    """When the order was made, or the payment where there is no order."""
    paid_at: dt.datetime | None
    """When it was paid."""
    age: dt.timedelta | None
    """How long ago it was made."""
    orders: int
    """How many orders it holds."""
    payments: int
    """How many payments it holds."""
    order_rows: tuple[int, ...]
    """The rows of its orders and their refunds in the input, counted from 1."""
    reason: str
    """Why it is in this class."""
    action: str
    """What to do about it; empty if nothing is to be done."""
    kept: dict[str, str | None]
    """The further columns that were chosen by `keep`."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text, durations in seconds.
        """
        return jsonable.members(self._asdict(), mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)


class Rows(Sequence[Row]):
    """A sequence of rows; each `Row` is made when it is used."""

    def __init__(
        self,
        columns: dict[str, list[Any]],
        kept: dict[str, list[str | None]],
        now: dt.datetime,
        places: Sequence[int],
    ) -> None:
        """Show the rows at these places of the columns."""
        self._columns = columns
        self._kept = kept
        self._now = now
        self._places = places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Rows: ...
    def __getitem__(self, at: int | slice) -> Row | Rows:
        if isinstance(at, slice):
            return Rows(self._columns, self._kept, self._now, self._places[at])
        return self._row(self._places[at])

    def __iter__(self) -> Iterator[Row]:
        return map(self._row, self._places)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rows):
            return NotImplemented
        return len(self) == len(other) and all(map(tuple.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} rows of a netgiro.Reconciliation>"

    def to_json(self) -> str:
        """Return the rows as JSON text: a list of what their `to_dict(mode="json")` gives."""
        return jsonable.text(self)

    def _row(self, at: int) -> Row:
        cell = {name: values[at] for name, values in self._columns.items()}
        created = from_microseconds(cell["created"])
        return Row(
            **cell
            | {
                "outcome": Outcome(cell["outcome"]),
                "created": created,
                "paid_at": from_microseconds(cell["paid_at"]),
                "age": None if created is None else max(self._now - created, dt.timedelta()),
                "kept": {name: values[at] for name, values in self._kept.items()},
            }
        )

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of these rows, in the order of a frame; instants in microseconds."""
        columns: dict[str, list[Any]] = {
            name: [self._columns[name][at] for at in self._places]
            for name in Row._fields
            if name in self._columns
        }
        columns["order_rows"] = [", ".join(map(str, rows)) for rows in columns["order_rows"]]
        now = self._now
        ages = [
            None
            if created is None
            else max((now - from_microseconds(created)).total_seconds(), 0.0)  # type: ignore[operator]
            for created in columns["created"]
        ]
        in_days = [None if age is None else round(age / 86_400, 3) for age in ages]
        ordered: dict[str, list[Any]] = {}
        for name, values in columns.items():
            ordered[name] = values
            if name == "paid_at":
                ordered["age_days"] = in_days
        for name, values in self._kept.items():
            ordered[name if name not in ordered else f"order_{name}"] = [
                values[at] for at in self._places
            ]
        return ordered


def by_day(rows: Iterable[Row]) -> dict[dt.date, Counter[Outcome]]:
    """Return how many rows of each class were made on each day, in UTC."""
    days: dict[dt.date, Counter[Outcome]] = {}
    for row in rows:
        if row.created is not None:
            days.setdefault(row.created.date(), Counter())[row.outcome] += 1
    return days


class Total(NamedTuple):
    """Sums over some rows; amounts in krónur."""

    rows: int
    """How many rows."""
    orders: int
    """How many orders."""
    order_amount: Decimal
    """What was ordered."""
    recorded_amount: Decimal
    """What of it the shop recorded as paid."""
    payments: int
    """How many payments."""
    paid_amount: Decimal
    """What was paid."""
    recorded_refund_amount: Decimal
    """What the shop recorded as refunded."""
    refunded_amount: Decimal
    """What Netgíró is known to have refunded."""
    at_stake: Decimal
    """The money at stake."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers.
        """
        return jsonable.members(self._asdict(), mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)


class Totals(NamedTuple):
    """The totals of everything, and of each class; the classes add up to everything."""

    rows: int
    """How many rows."""
    orders: int
    """How many orders."""
    order_amount: Decimal
    """What was ordered, in krónur."""
    recorded_amount: Decimal
    """What of it the shop recorded as paid, in krónur."""
    payments: int
    """How many payments."""
    paid_amount: Decimal
    """What was paid, in krónur."""
    recorded_refund_amount: Decimal
    """What the shop recorded as refunded, in krónur."""
    refunded_amount: Decimal
    """What Netgíró is known to have refunded, in krónur."""
    at_stake: Decimal
    """The money at stake, in krónur."""
    by_outcome: dict[Outcome, Total]
    """The total of each class, also of those without rows."""

    @property
    def orders_in_order(self) -> int:
        """How many orders are in order."""
        return sum(
            total.orders for outcome, total in self.by_outcome.items() if outcome.is_in_order
        )

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers.
        """
        classes = {outcome: total.to_dict(mode=mode) for outcome, total in self.by_outcome.items()}
        return jsonable.members(self._asdict() | {"by_outcome": classes}, mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)
