"""Leases: a process that follows a cart owns its row for a while, without an open transaction.

So no transaction waits for Netgíró, and a process that dies blocks nothing for long.
"""

from __future__ import annotations

import logging
import uuid
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db import connections, transaction
from django.db.models import Q

import netgiro
from netgiro.django.conf import options
from netgiro.django.models import SIGNALED, Cart
from netgiro.django.storage.followup import RESERVED_INTERVAL
from netgiro.django.storage.rows import POSTPONED, database, database_now, from_now, is_free

__all__ = ["lease", "postpone"]

logger = logging.getLogger("netgiro.django")

# How long a server may tell clients to wait (Retry-After), in seconds.
_LONGEST_RETRY_AFTER = 120.0
# An instant this far in the future was not written by the clock as it is now.
_CLOCK_TOLERANCE = timedelta(seconds=2)
# What has happened, and so cannot be in the future.
_HAPPENED = ("created_at", "inserted_at", "reported_at", "checked_at", "settled_at")


def lease(limit: int, *, only: int | None = None) -> list[Cart]:
    """Lease at most `limit` carts that are due, or `only` that one; nobody else gets them meanwhile."""
    features = connections[database()].features
    now = database_now()
    _repair_due_times(now)
    due = _free(now).filter(due_at__lte=now)
    if only is not None:
        due = due.filter(pk=only)
    token = uuid.uuid4()
    # Rows that another process has locked are skipped. Where there is one writer alone, the update decides.
    block: AbstractContextManager[object] = nullcontext()
    if features.has_select_for_update_skip_locked:
        block = transaction.atomic(using=database())
        due = due.select_for_update(skip_locked=True)
    with block:
        found = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
        if not found:
            return []
        until = now + timedelta(seconds=options().lease)
        _free(now).filter(pk__in=found).update(lease=token, lease_until=until)
    return _read(found, token)


def _free(now: datetime) -> Any:
    return Cart.objects.using(database()).filter(is_free(now))


def _repair_due_times(now: datetime) -> None:
    """Make carts due whose times another clock wrote, or this one before it was set back.

    Such a cart has events in the future, or is due later than any cart ever is.
    """
    rows = Cart.objects.using(database())
    policy = options().poll_policy or netgiro.PollPolicy()
    longest = max(RESERVED_INTERVAL, _LONGEST_RETRY_AFTER + POSTPONED + 2 * policy.max_interval)
    is_ahead = reduce(or_, (Q(**{f"{name}__gt": now + _CLOCK_TOLERANCE}) for name in _HAPPENED))
    is_far = Q(due_at__gt=now + timedelta(seconds=longest) + _CLOCK_TOLERANCE)
    ahead = rows.filter(due_at__gt=now + _CLOCK_TOLERANCE)
    found = list(
        ahead.filter(is_ahead | (is_far & ~Q(status__in=SIGNALED))).values_list("pk", flat=True)
    )
    if not found:
        return
    logger.warning("%d carts were due by another clock than the database's: moved", len(found))
    for name in _HAPPENED:
        rows.filter(pk__in=found, **{f"{name}__gt": now}).update(**{name: now})
    asked = rows.filter(pk__in=found, transaction_id__isnull=False)
    asked.update(due_at=now)
    stale = timedelta(seconds=options().insert_is_stale_after)
    rows.filter(pk__in=found, transaction_id__isnull=True).update(due_at=now + stale)


def _read(found: list[int], token: uuid.UUID) -> list[Cart]:
    """Return the leased carts; one that cannot be read is postponed, and does not delay the others."""
    rows = Cart.objects.using(database()).filter(lease=token)
    try:
        return list(rows.order_by("due_at"))
    except Exception as error:  # noqa: BLE001 - below, each is read by itself
        logger.debug("a cart cannot be read: %s", type(error).__name__)
    carts: list[Cart] = []
    for pk in found:
        try:
            carts += rows.filter(pk=pk)
        except Exception:
            postpone(pk, token)
            logger.exception("the cart with the key %s cannot be read: it is postponed", pk)
    return carts


def postpone(cart_pk: int, lease: uuid.UUID | None) -> None:
    """Postpone a leased cart after an unexpected error; raises where the database is the cause."""
    ours = Cart.objects.using(database()).filter(pk=cart_pk, lease=lease)
    ours.update(due_at=from_now(POSTPONED), lease=None, lease_until=None)
