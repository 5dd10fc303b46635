"""What the shop does when a cart has ended: each receiver is called once, in one transaction with its writes."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.dispatch import receiver

from netgiro.django import cart_canceled, cart_confirmed, cart_declined
from netgiro.django.models import Cart
from shop.models import Order


@receiver(cart_confirmed)
def paid(cart: Cart, **_: Any) -> None:
    """Only this makes an order paid: a verified answer says so, for this amount and reference."""
    _end(cart, "paid")
    # Anything outside of the database, such as an e-mail, belongs in transaction.on_commit.


@receiver(cart_declined)
def declined(cart: Cart, **_: Any) -> None:
    _end(cart, "declined")


@receiver(cart_canceled)
def canceled(cart: Cart, **_: Any) -> None:
    # Only the shop itself cancels for the customer: without that, the time has run out. V2 says the same where the
    # customer has declined; of one who did not come back from Netgíró's page it says nothing.
    is_asked = Order.objects.filter(id=cart.order_reference, cancel_requested=True).exists()
    is_told_apart = settings.NETGIRO["API"] == "v1" or cart.status == Cart.Status.ABANDONED
    _end(cart, "canceled" if is_asked else "timed_out" if is_told_apart else "not_paid")


def _end(cart: Cart, how: str) -> None:
    Order.objects.filter(id=cart.order_reference, ended_as="").update(ended_as=how)
