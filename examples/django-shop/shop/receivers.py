"""What the shop does when a cart has ended: each is called once, in a transaction with what it writes."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from netgiro.django import cart_canceled, cart_confirmed, cart_declined
from netgiro.django.models import Cart
from shop.models import Order


@receiver(cart_confirmed)
def paid(cart: Cart, **_: Any) -> None:
    """The only way for an order to be paid: Netgíró said so, verified, for this amount and reference."""
    _end(cart, "paid")
    # What is to happen outside of the database, a parcel or a letter, belongs in transaction.on_commit.


@receiver(cart_declined)
def declined(cart: Cart, **_: Any) -> None:
    _end(cart, "declined")


@receiver(cart_canceled)
def canceled(cart: Cart, **_: Any) -> None:
    _end(cart, "canceled")


def _end(cart: Cart, how: str) -> None:
    Order.objects.filter(id=cart.order_reference, ended_as="").update(ended_as=how)
