"""What Netgíró transfers to the shop's bank, and the sales that are in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Literal

from netgiro.presentation import jsonable

# What JSON holds for the types of members.
_SCHEMAS = {
    "str | None": {"type": "string"},
    "int | None": {"type": "integer"},
    "Decimal | None": {"type": "number"},
    "dt.datetime | None": {"type": "string", "format": "date-time"},
}


class _Record:
    __slots__ = ()

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name as a dict of plain Python values.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text.
        """
        named = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return jsonable.members(named, mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any, /) -> Any:
        return jsonable.core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any, /) -> dict[str, Any]:
        members = {
            field.name: {"anyOf": [_SCHEMAS[str(field.type)], {"type": "null"}]}
            for field in fields(cls)  # type: ignore[arg-type]
        }
        kind = {"title": cls.__name__, "type": "object"}
        return {**kind, "required": list(members), "properties": members}

    def __repr__(self) -> str:
        # Missing members are left out.
        shown = ", ".join(
            f"{name}={value!r}" for name, value in self.to_dict().items() if value is not None
        )
        return f"{type(self).__name__}({shown})"


@dataclass(frozen=True, repr=False, slots=True)
class Settlement(_Record):
    """One transfer to the shop's bank. Every member can be None."""

    provider_name: str | None = None
    """Who settles."""
    number: str | None = None
    """The number to ask for its items by, such as `100000-000069`: text."""
    created: dt.datetime | None = None
    """When it was made, an aware `datetime` in UTC."""
    amount: Decimal | None = None
    """What the bank gets, in krónur, a `Decimal` with the digits the server sent."""
    cost_amount: Decimal | None = None
    """What Netgíró keeps, in krónur, a `Decimal` with the digits the server sent."""
    bank_transfer_transaction_date: dt.datetime | None = None
    """When the bank gets it, an aware `datetime` in UTC."""
    number_of_sales: int | None = None
    """How many sales are in it."""
    total_amount: Decimal | None = None
    """What the customers paid, in krónur, a `Decimal` with the digits the server sent."""
    status: str | None = None
    """Its status, in Netgíró's own word."""


@dataclass(frozen=True, repr=False, slots=True)
class SettlementItem(_Record):
    """One sale in a settlement. Every member can be None."""

    total_amount: Decimal | None = None
    """What the customer paid, in krónur, a `Decimal` with the digits the server sent."""
    cost_amount: Decimal | None = None
    """What Netgíró keeps of it, in krónur, a `Decimal` with the digits the server sent."""
    created: dt.datetime | None = None
    """When it was made, an aware `datetime` in UTC."""
    loan_number: str | None = None
    """The number of its loan, such as `L-123456`: text. No document says what connects it to a cart."""


# They are exported by the package, and are pickled by that name.
for _class in (Settlement, SettlementItem):
    _class.__module__ = "netgiro"
del _class
