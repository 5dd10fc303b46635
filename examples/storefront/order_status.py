"""How an order stands, in the customer's words, whatever database the order is in."""

from __future__ import annotations

from typing import Any

from storefront.pages import OUTCOMES

# How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró.
LIFETIME = 180


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
    def lifetime(self) -> int:
        return LIFETIME

    @property
    def seconds_left(self) -> float:
        return float(max(0.0, LIFETIME - self.age))

    def status_view(self) -> dict[str, Any]:
        """What the waiting page shows, as JSON."""
        names = ("status", "title", "text", "is_open", "seconds_left")
        return {name: getattr(self, name) for name in names}
