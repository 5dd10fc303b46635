"""The order that a customer is asked to pay, checked before anything is stored."""

from __future__ import annotations

import uuid
from decimal import Decimal
from fractions import Fraction
from typing import SupportsIndex

import netgiro
from netgiro.arguments import refused, text
from netgiro.django import conf
from netgiro.django.concealed import plain
from netgiro.django.models import Cart

__all__ = ["new_order"]


def new_order(
    order_reference: str, amount: SupportsIndex | Decimal | Fraction | str, timeout: float
) -> netgiro.Cart:
    """Return the order as the client would take it; raises InvalidRequestError before anything is stored."""
    order_reference = plain(order_reference)
    text("order_reference", order_reference)
    limit = Cart._meta.get_field("order_reference").max_length or 0  # noqa: SLF001 - Django's own way
    if not 0 < len(order_reference) <= limit:
        raise netgiro.InvalidRequestError(
            f"order_reference must have 1 to {limit} characters; got {len(order_reference)}"
        )
    if not conf.is_duration(timeout):
        raise refused("timeout", "seconds above 0", timeout)
    return netgiro.Cart(uuid.uuid4(), reference=order_reference, amount=plain(amount))
