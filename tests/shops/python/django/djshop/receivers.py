"""What the shop does when a cart or a refund has ended: it writes it down, and whatever a test adds."""

from __future__ import annotations

import os

from django.dispatch import receiver

from djshop.models import Told
from netgiro.django import (
    cart_canceled,
    cart_confirmed,
    cart_declined,
    refund_made,
    refund_refused,
)

SIGNALS = {
    "confirmed": cart_confirmed,
    "canceled": cart_canceled,
    "declined": cart_declined,
    "refund made": refund_made,
    "refund refused": refund_refused,
}

also = []  # functions of the cart, called after it was written down
before = []  # and before


@receiver(list(SIGNALS.values()))
def note(signal, cart, **_):
    name = next(name for name, known in SIGNALS.items() if known is signal)
    for function in before:
        function(cart)
    Told.objects.create(reference=cart.reference, signal=name, cart=cart, process=os.getpid())
    for function in also:
        function(cart)
