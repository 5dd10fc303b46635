"""The shop's orders. The carts of `netgiro.django` say how each order is being paid."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property

from netgiro.django.models import Cart
from storefront.order_status import OrderStatus
from storefront.pages import kronur

# The order's status while its cart is open, where it is not `waiting`.
STATUS_WHILE_OPEN = {
    Cart.Status.INSERTING: "asking",
    Cart.Status.OUTCOME_UNKNOWN: "unknown",
    Cart.Status.HOSTED: "hosted",
    Cart.Status.MISMATCH: "review",
    Cart.Status.FAILED: "refused",
}


class Order(OrderStatus, models.Model):
    id = models.CharField(primary_key=True, max_length=20)
    placed_at = models.DateTimeField(default=timezone.now)
    phone = models.CharField("phone (masked)", max_length=20)
    amount = models.PositiveIntegerField("amount (kr.)")
    lines = models.JSONField()
    # The customer has pressed "Cancel the payment"; Netgíró's answer says whether that came in time.
    cancel_requested = models.BooleanField(default=False)
    # Written once, by the receivers: "paid", "declined", "canceled", "not_paid" or "timed_out".
    ended_as = models.CharField(max_length=10, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.id}: {kronur(self.amount)}, {self.status}"

    @cached_property
    def cart(self) -> Cart | None:
        return Cart.objects.filter(order_reference=self.id).first()

    @property
    def status(self) -> str:
        if self.ended_as:
            return self.ended_as
        if self.cart is None:
            # The cart is stored before anything is sent: without one, nobody was asked.
            return "asking" if self.seconds_left else "refused"
        waiting = "confirming" if self.is_hosted else "waiting"
        waiting = "canceling" if self.cancel_requested else waiting
        return STATUS_WHILE_OPEN.get(Cart.Status(self.cart.status), waiting)

    @property
    def placed(self) -> str:
        return f"{timezone.localtime(self.placed_at):%d.%m.%Y %H:%M}"

    @property
    def age(self) -> float:
        return (timezone.now() - self.placed_at).total_seconds()

    @property
    def checkout_url(self) -> str | None:
        return (self.cart and self.cart.checkout_url) or None

    @property
    def transaction_id(self) -> str | None:
        return self.cart and self.cart.transaction_id and str(self.cart.transaction_id)

    @property
    def invoice_number(self) -> int | None:
        answer: Any = (self.cart and self.cart.last_answer) or {}
        return (answer.get("payment") or {}).get("invoice_number")
