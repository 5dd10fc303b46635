"""The words of the API, as enums that are also strings.

Every member equals its word and prints as it; wherever a word is accepted, a member is too. The words are those of
the core: a test compares the two.
"""

from __future__ import annotations

import enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Self


class _Word(str, enum.Enum):
    """A string with a name."""

    def __new__(cls, value: str) -> Self:
        word = str.__new__(cls, value)
        word._value_ = value
        return word

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(str(self.value), spec)


class CartStatus(_Word):
    """The status of a cart."""

    PENDING = "pending"
    """Waiting for the customer."""
    NEEDS_CODE = "needs_code"
    """The merchant must send the customer's SMS code: `confirm_cart(cart, identifier=code)`."""
    RESERVED = "reserved"
    """Reserved: the merchant must `confirm_cart`."""
    AWAITING_CALLBACK = "awaiting_callback"
    """Reserved: the merchant's callback endpoint has not acknowledged yet."""
    CONFIRMED = "confirmed"
    """Paid."""
    CANCELED = "canceled"
    """Canceled, expired, or never known: nothing was paid."""
    DECLINED = "declined"
    """The customer declined."""
    NOT_FOUND = "not_found"
    """The server knows no such cart."""
    UNKNOWN = "unknown"
    """A result code this version does not know; never paid, never canceled."""


class TransactionStatus(_Word):
    """Where a transaction stands, in V2's words. A refund does not change it."""

    PAID = "paid"
    """Paid."""
    UNPAID = "unpaid"
    """The customer has not answered."""
    CANCELED = "canceled"
    """Canceled, declined or expired."""
    RESERVATION = "reservation"
    """The money is held, and not taken."""
    UNKNOWN = "unknown"
    """A word that this version does not know."""


class ConfirmationType(_Word):
    """Who creates the payment once the customer has accepted."""

    AUTOMATIC = "automatic"
    """The server does, at once (0)."""
    SERVER_CALLBACK = "server_callback"
    """The server does, when the shop's callback URL has answered 200 (1)."""
    MANUAL = "manual"
    """The shop does, with `confirm_cart` (2)."""


class Environment(_Word):
    """Which Netgíró to talk to."""

    TEST = "test"
    """`https://api.test.netgiro.is/v1/`"""
    PRODUCTION = "production"
    """`https://api.netgiro.is/v1/`"""


class ResponseVerification(_Word):
    """How signatures of answers are checked. A wrong one is always refused, except with OFF."""

    REQUIRED = "required"
    """An answer without a signature is refused."""
    IF_PRESENT = "if_present"
    """An answer without a signature is accepted."""
    OFF = "off"
    """Signatures are not checked."""


class PaymentInfoPolicy(_Word):
    """What to do with an answer that says "paid" but not what was paid."""

    REQUIRED = "required"
    """It is refused: a paid answer must name the amount and the reference."""
    IF_PRESENT = "if_present"
    """It is paid; an amount or reference that it names is compared, where that of the order is known."""
