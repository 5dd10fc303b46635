"""How an order stands, in the customer's words, whatever database the order is in."""

from __future__ import annotations

from typing import Any

from storefront.pages import OUTCOMES

# How long a customer has to answer, in seconds: the lifetime of a cart at Netgíró.
LIFETIME = 180
# How long an order waits for a customer who is at Netgíró's page.
HOSTED_LIFETIME = 1800
UNPAID = {"declined", "canceled", "timed_out", "not_paid", "refused"}


class OrderStatus:
    """For an order with a `status`, one of those in outcomes.json, an `age` in seconds, and the page where it is paid."""

    status: Any
    age: Any
    checkout_url: Any

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
    def is_hosted(self) -> bool:
        """Whether it is paid at Netgíró's page, and not on a phone."""
        return self.checkout_url is not None

    @property
    def lifetime(self) -> int:
        return HOSTED_LIFETIME if self.is_hosted else LIFETIME

    @property
    def seconds_left(self) -> float:
        return float(max(0.0, self.lifetime - self.age))

    def status_view(self) -> dict[str, Any]:
        """What the waiting page shows, as JSON."""
        names = ("status", "title", "text", "is_open", "seconds_left")
        return {name: getattr(self, name) for name in names}
