"""How an order stands, in the customer's words, whatever database the order is in."""

from __future__ import annotations

from typing import Any

from storefront.pages import OUTCOMES

# How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró.
LIFETIME = 180
UNPAID = {"declined", "canceled", "timed_out", "refused"}


class OrderStatus:
    """For an order with a `status`, one of those in outcomes.json, and an `age` in seconds."""

    status: Any
    age: Any

    @property
    def title(self) -> str:
        return str(OUTCOMES[self.status]["title"])

    @property
    def text(self) -> str:
        return str(OUTCOMES[self.status]["text"])

    @property
    def is_open(self) -> bool:
        return bool(OUTCOMES[self.status]["is_open"])

    @property
    def is_unpaid(self) -> bool:
        """Whether the order ended without money, so that its things may go back into the basket."""
        return self.status in UNPAID

    @property
    def lifetime(self) -> int:
        return LIFETIME

    @property
    def seconds_left(self) -> float:
        return float(max(0.0, LIFETIME - self.age))

    def status_view(self) -> dict[str, Any]:
        """What the waiting page shows, as JSON."""
        names = ("status", "title", "text", "is_open", "seconds_left")
        return {name: getattr(self, name) for name in names}
