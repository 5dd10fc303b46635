"""What the shop is told of: a cart that has ended, once.

A receiver is called with `cart`, a `netgiro.django.models.Cart`, after the cart's end was committed, and in a
transaction of its own that also records that it was called. So what it writes to the same database is
written exactly once: if it raises, or the process dies, nothing of it stays, and it is called again later.
What is to happen outside of the database belongs in `transaction.on_commit`, or in a job queue.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["cart_canceled", "cart_confirmed", "cart_declined"]

cart_confirmed = Signal()
"""The cart is paid: Netgíró's answer to CheckCart said so, and named no other amount or reference."""

cart_canceled = Signal()
"""The cart was canceled, ran out, or is not known to Netgíró: nothing was paid."""

cart_declined = Signal()
"""The customer declined: nothing was paid."""
