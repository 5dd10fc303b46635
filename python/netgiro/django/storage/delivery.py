"""Telling the shop of the end of a cart or a refund, once: the receivers' writes and the record of the call are one commit."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import Cart, Refund, RefundStatus, Status
from netgiro.django.signals import (
    cart_canceled,
    cart_confirmed,
    cart_declined,
    refund_made,
    refund_refused,
)
from netgiro.django.storage.rows import database, database_now, from_now, is_free, name_of

__all__ = ["deliver"]

logger = logging.getLogger("netgiro.django")

_OF_CARTS = {
    Status.CONFIRMED: cart_confirmed,
    Status.DECLINED: cart_declined,
    Status.CANCELED: cart_canceled,
    Status.NOT_FOUND: cart_canceled,
    Status.ABANDONED: cart_canceled,
}
_OF_REFUNDS = {RefundStatus.MADE: refund_made, RefundStatus.REFUSED: refund_refused}

# The first and the longest delay between two attempts, in seconds.
_FIRST_DELAY = 2.0
_LONGEST_DELAY = 600.0
_MOST_FAILURES = 2**31 - 1  # that the column takes


def deliver(pk: int, *, kind: type[Cart | Refund] = Cart, lease: uuid.UUID | None = None) -> bool:
    """Tell the shop of a row's end unless somebody did or does; returns whether this call told it.

    The receivers' own writes are committed together with the record that they were called: if one raises, or
    the process dies, neither stays, and the row is due again.
    """
    token = lease or uuid.uuid4()
    table: Any = kind.objects.using(database())
    rows = table.filter(pk=pk, signaled_at=None)
    now = database_now()
    until = now + timedelta(seconds=options().lease)
    if not rows.filter(is_free(now) | Q(lease=token)).update(lease=token, lease_until=until):
        return False
    ours = rows.filter(lease=token)
    row: Cart | Refund = table.get(pk=pk)
    if not row.awaits_signal:
        ours.update(lease=None, lease_until=None)
        return False
    # Read before the transaction, which on SQLite must begin with a write.
    tell = _telling(row)
    try:
        with transaction.atomic(using=database()):
            tell()
            # Last, so that the row is not locked while the receivers run.
            if not ours.update(
                signaled_at=database_now(), due_at=None, lease=None, lease_until=None
            ):
                raise _TookTooLongError(  # noqa: TRY301 - it rolls back what the receivers wrote
                    f"it took longer than {options().lease:.0f} s"
                )
    except Exception as error:
        failures = min(row.signal_failures + 1, _MOST_FAILURES)
        delay = _netgiro.backoff(_FIRST_DELAY, failures, _LONGEST_DELAY)
        logger.exception("%s: telling of its end failed, again in %.0f s", name_of(row), delay)
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


def _telling(row: Cart | Refund) -> Callable[[], object]:
    if isinstance(row, Refund):
        signal = _OF_REFUNDS[RefundStatus(row.status)]
        return partial(signal.send, sender=Refund, cart=row.cart, refund=row)
    return partial(_OF_CARTS[Status(row.status)].send, sender=Cart, cart=row)


class _TookTooLongError(Exception):
    """The lease is over, so another process may be telling the shop."""
