"""Bank transfers against paid carts: every cart and every item of a settlement in exactly one class."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import netgiro
from netgiro._netgiro import mask_customer_ids, reconcile_settlements
from netgiro.enums import _Word
from netgiro.errors import InvalidRequestError
from netgiro.presentation import jsonable
from netgiro.reconciliation import masking
from netgiro.reconciliation.reading.instants import EPOCH, MICROSECOND, from_microseconds
from netgiro.settlements import Settlement, SettlementItem

# A sale is settled at most so long after it.
_LONGEST = dt.timedelta(days=31)


class SettlementOutcome(_Word):
    """The class of a paid cart, an item of a settlement, or both."""

    MISSING = "missing"
    """Paid, and in no settlement, although what was paid later is in one; or paid a month ago."""
    AMOUNT_MISMATCH = "amount_mismatch"
    """Settled with another amount than was paid."""
    DUPLICATE = "duplicate"
    """Settled more than once."""
    UNKNOWN_CART = "unknown_cart"
    """Settled, and no cart is known to have been paid for it."""
    UNVERIFIED = "unverified"
    """Not known: the caller did not say which cart an item is for, an amount is missing, or several
    carts have one name."""
    NOT_SETTLED_YET = "not_settled_yet"
    """Paid, and in no settlement yet."""
    SETTLED = "settled"
    """Settled with the amount that was paid."""


_IN_ORDER = {SettlementOutcome.NOT_SETTLED_YET, SettlementOutcome.SETTLED}


class SettlementRow(NamedTuple):
    """A cart, an item, or a group of them that belong together. Amounts are in krónur, exact."""

    outcome: SettlementOutcome
    """Its class."""
    invoice_number: int | None
    """The number of its cart's invoice; None where no cart is known."""
    loan_numbers: tuple[str, ...]
    """The loan numbers of its items."""
    transaction_id: str | None
    """The cart's id; None where no cart is known."""
    reference: str | None
    """The shop's order id, as Netgíró holds it."""
    settlements: tuple[str, ...]
    """The numbers of the settlements it is in."""
    items: int
    """How many items it has."""
    paid_amount: Decimal | None
    """What was paid; None where no cart is known."""
    settled_amount: Decimal | None
    """What was settled; None where nothing was."""
    cost_amount: Decimal | None
    """What Netgíró keeps of it."""
    paid_at: dt.datetime | None
    """When it was paid, in UTC."""
    age: dt.timedelta | None
    """How long ago that was."""
    reason: str
    """Why it is in this class."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text, durations in seconds.
        """
        return jsonable.members(self._asdict(), mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)


class Transfer(NamedTuple):
    """A settlement, and whether it is the sum of its items. Amounts are in krónur, exact."""

    settlement: Settlement
    """What was transferred."""
    items: int
    """How many items it has."""
    items_amount: Decimal
    """Their sum."""
    difference: Decimal | None
    """By how much the settlement's total exceeds it; None if the settlement has no total."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text.
        """
        return jsonable.members(self._asdict(), mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)


class SettlementTotal(NamedTuple):
    """Sums over some rows; amounts in krónur."""

    rows: int
    """How many rows."""
    carts: int
    """How many paid carts."""
    paid_amount: Decimal
    """What was paid."""
    items: int
    """How many items."""
    settled_amount: Decimal
    """What was settled."""
    cost_amount: Decimal
    """What Netgíró keeps of it."""

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers.
        """
        return jsonable.members(self._asdict(), mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)


class SettlementReport:
    """Every paid cart and every item in exactly one class; the totals add up to the króna."""

    def __init__(
        self,
        rows: list[SettlementRow],
        transfers: list[Transfer],
        totals: dict[str, SettlementTotal],
        left_out: int,
    ) -> None:
        """Hold what the core decided."""
        self.rows: Sequence[SettlementRow] = rows
        """All rows: those to look into first, the largest of each class before the others."""
        self.exceptions: Sequence[SettlementRow] = [
            row for row in rows if row.outcome not in _IN_ORDER
        ]
        """The rows to look into."""
        self.transfers: Sequence[Transfer] = transfers
        """The settlements, each with the sum of its items."""
        self.total = totals.pop("total")
        """The total of all rows."""
        self.by_outcome = {SettlementOutcome(word): total for word, total in totals.items()}
        """The total of each class, also of those without rows."""
        self.left_out = left_out
        """How many rows are about days outside the window."""

    @property
    def is_balanced(self) -> bool:
        """Whether nothing is to be looked into, and each settlement is the sum of its items."""
        return not self.exceptions and not any(transfer.difference for transfer in self.transfers)

    @property
    def summary(self) -> dict[str, Any]:
        """The totals as a dict of plain values, with the classes that have rows."""
        return {
            "is_balanced": self.is_balanced,
            **self.total._asdict(),
            "transfers": len(self.transfers),
            "left_out": self.left_out,
            "outcomes": {
                outcome.value: total._asdict()
                for outcome, total in self.by_outcome.items()
                if total.rows
            },
        }

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; the exceptions are in the rows.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text, durations in seconds.
        """
        named = {
            "is_balanced": self.is_balanced,
            "left_out": self.left_out,
            "total": self.total,
            "by_outcome": {
                outcome: total.to_dict(mode=mode) for outcome, total in self.by_outcome.items()
            },
            "transfers": [transfer.to_dict(mode=mode) for transfer in self.transfers],
            "rows": [row.to_dict(mode=mode) for row in self.rows],
        }
        return jsonable.members(named, mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return all rows as dicts of plain Python values."""
        return [row._asdict() | {"outcome": row.outcome.value} for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        found = ", ".join(
            f"{total.rows} {outcome.value}"
            for outcome, total in self.by_outcome.items()
            if total.rows
        )
        return f"<netgiro.SettlementReport: {len(self.transfers)} transfers; {found or 'nothing paid'}>"


Batches = list[tuple[Settlement, list[SettlementItem]]]

Named = list[tuple[Settlement, list[tuple[SettlementItem, Any]]]]
"""Settlements with their items, and what each item names its cart by."""

Key = Callable[[SettlementItem], Any]
"""Which cart an item is for: the order's reference, its transaction id as a UUID, or the invoice number."""


def no_key(_item: SettlementItem) -> None:
    """Name no cart for any item."""


def by_column(carts: Mapping[str, Any]) -> Key:
    """Return a key that looks up an item's loan number in a column of the shop."""

    def key(item: SettlementItem) -> Any:
        name = (item.loan_number or "").strip()
        # A tuple names no cart.
        return carts.get(name, (name,)) if name else None

    return key


def gather(
    given: Any, client: Any, *, since: int | None, until: int | None, now: dt.datetime
) -> Batches:
    """Return settlements with their items: those given, or with True those that the client returns."""
    if given is not True:
        return _read(given)
    if not isinstance(client, netgiro.Client):
        raise InvalidRequestError(
            "settlements=True asks a client: give one, or the items themselves as settlements"
        )
    first = from_microseconds(since)
    last = from_microseconds(until)
    last = now if last is None else min(last + _LONGEST, now)
    found = client.settlements(min(first or now - _LONGEST, last), last)
    return [
        (one, [] if one.number is None else client.settlement_items(one.number)) for one in found
    ]


def _read(given: Any) -> Batches:
    loose: list[SettlementItem] = []
    batches: Batches = []
    for at, one in enumerate(given):
        if isinstance(one, SettlementItem):
            loose.append(one)
        elif isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], Settlement):  # noqa: PLR2004
            batches.append((one[0], list(one[1])))
        else:
            raise InvalidRequestError(
                f"settlements[{at}] must be a SettlementItem, or a Settlement with its items in a tuple; "
                f"got an object of type {type(one).__name__}"
            )
    return [*batches, (Settlement(), loose)] if loose else batches


def named(batches: Batches, key: Key) -> Named:
    """Return settlements with their items, each with its cart's name."""
    return [(one, [(item, key(item)) for item in items]) for one, items in batches]


def taken_back(batches: Named) -> list[tuple[Any, Decimal]]:
    """Return what items take back, and what they name their carts by."""
    return [
        (name, item.total_amount)
        for _, items in batches
        for item, name in items
        if item.total_amount is not None and item.total_amount < 0
    ]


def compare(
    batches: Named,
    checks: Iterable[Any],
    orders: tuple[list[Any], ...],
    refunds: list[Any] | None,
    *,
    since: int | None,
    until: int | None,
    days: tuple[int, int] | None,
    now: dt.datetime,
) -> SettlementReport:
    """Let the core classify every cart and every item; `days` is the period of the orders.

    `orders` and `refunds` are as the core takes them: what they refund may be missing from a settled amount.
    """

    def at(instant: dt.datetime | None) -> int | None:
        return None if instant is None else (instant - EPOCH) // MICROSECOND

    rows, sums, totals, left_out = reconcile_settlements(
        [
            (
                one.number,
                one.total_amount,
                [
                    (it.loan_number, it.total_amount, it.cost_amount, at(it.created), name)
                    for it, name in items
                ],
            )
            for one, items in batches
        ],
        checks,
        orders,
        refunds,
        since=since,
        until=until,
        days=days,
        now=(now - EPOCH) // MICROSECOND,
    )
    mask = masking.are_customer_ids([row[4] or None for row in rows])
    return SettlementReport(
        [_row(row, now, mask=mask) for row in rows],
        [
            Transfer(one, *summed[1:])
            for (one, _), summed in zip(batches, sums, strict=True)
            if one != Settlement()
        ],
        {word: SettlementTotal(*total) for word, total in totals},
        left_out,
    )


def _row(row: tuple[Any, ...], now: dt.datetime, *, mask: bool) -> SettlementRow:
    outcome, number, loans, ids, reference, numbers, items, paid, settled, cost, paid_at, reason = (
        row
    )
    at = from_microseconds(paid_at)
    return SettlementRow(
        SettlementOutcome(outcome),
        number,
        loans,
        ids or None,
        (mask_customer_ids(reference) if mask else reference) or None,
        numbers,
        items,
        paid,
        settled,
        cost,
        at,
        None if at is None else max(now - at, dt.timedelta()),
        reason,
    )
