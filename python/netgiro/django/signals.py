"""Signals that tell the shop, once, that a cart or a refund has ended.

A receiver is called with `cart`, a `netgiro.django.models.Cart`, and for a refund also with `refund`, after the
end was committed, and in a transaction of its own that also records the call. So its writes to the same database happen exactly once: if it
raises, or the process dies, they are rolled back, and it is called again later. Effects outside of the database
belong in `transaction.on_commit`, or in a job queue.
"""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["cart_canceled", "cart_confirmed", "cart_declined", "refund_made", "refund_refused"]

cart_confirmed = Signal()
"""The cart is paid: Netgíró's answer to CheckCart said so, with the right amount and reference."""

cart_canceled = Signal()
"""The cart was canceled, expired, or is not known to Netgíró: nothing was paid."""

cart_declined = Signal()
"""The customer declined: nothing was paid."""

refund_made = Signal()
"""The refund is made: the customer gets its amount back."""

refund_refused = Signal()
"""The refund is refused: nothing was refunded, and its sum may be refunded otherwise."""
