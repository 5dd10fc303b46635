"""Telling the shop of a cart's end, once: the receivers' writes and the record of the call are one commit."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import Cart, Status
from netgiro.django.signals import cart_canceled, cart_confirmed, cart_declined
from netgiro.django.storage.rows import database, database_now, from_now, is_free

__all__ = ["deliver"]

logger = logging.getLogger("netgiro.django")

_SIGNALS = {
    Status.CONFIRMED: cart_confirmed,
    Status.DECLINED: cart_declined,
    Status.CANCELED: cart_canceled,
    Status.NOT_FOUND: cart_canceled,
    Status.ABANDONED: cart_canceled,
}

# The first and the longest delay between two attempts, in seconds.
_FIRST_DELAY = 2.0
_LONGEST_DELAY = 600.0
_MOST_FAILURES = 2**31 - 1  # that the column takes


def deliver(cart_pk: int, *, lease: uuid.UUID | None = None) -> bool:
    """Tell the shop of a cart's end unless somebody did or does; returns whether this call told it.

    The receivers' own writes are committed together with the record that they were called: if one raises, or
    the process dies, neither stays, and the cart is due again.
    """
    token = lease or uuid.uuid4()
    rows = Cart.objects.using(database()).filter(pk=cart_pk, signaled_at=None)
    now = database_now()
    until = now + timedelta(seconds=options().lease)
    if not rows.filter(is_free(now) | Q(lease=token)).update(lease=token, lease_until=until):
        return False
    ours = rows.filter(lease=token)
    cart = Cart.objects.using(database()).get(pk=cart_pk)
    if not cart.awaits_signal:
        ours.update(lease=None, lease_until=None)
        return False
    try:
        with transaction.atomic(using=database()):
            _SIGNALS[Status(cart.status)].send(sender=Cart, cart=cart)
            # Last, so that the row is not locked while the receivers run.
            if not ours.update(
                signaled_at=database_now(), due_at=None, lease=None, lease_until=None
            ):
                raise _TookTooLongError(  # noqa: TRY301 - it rolls back what the receivers wrote
                    f"it took longer than {options().lease:.0f} s"
                )
    except Exception as error:
        failures = min(cart.signal_failures + 1, _MOST_FAILURES)
        delay = _netgiro.backoff(_FIRST_DELAY, failures, _LONGEST_DELAY)
        logger.exception(
            "cart %s: telling of its end failed, again in %.0f s", cart.reference, delay
        )
        ours.update(
            signal_failures=failures,
            # PostgreSQL does not take NUL.
            problem=f"telling of its end failed: {type(error).__name__}: {error}".replace("\0", ""),
            due_at=from_now(delay),
            lease=None,
            lease_until=None,
        )
        return False
    return True


class _TookTooLongError(Exception):
    """The lease is over, so another process may be telling the shop."""
