"""Leases: a process that follows a cart, or makes a refund, owns its row for a while, without an open transaction.

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
from django.db.models import Case, F, Q, Value, When

import netgiro
from netgiro.django.conf import options
from netgiro.django.models import SIGNALED, Cart, Refund, RefundStatus
from netgiro.django.storage.followup import RESERVED_INTERVAL
from netgiro.django.storage.refunds import LONGEST_DELAY
from netgiro.django.storage.rows import POSTPONED, database, database_now, from_now, is_free

__all__ = ["lease", "lease_refunds", "postpone"]

logger = logging.getLogger("netgiro.django")

# How long a server may tell clients to wait (Retry-After), in seconds.
_LONGEST_RETRY_AFTER = 120.0
# An instant this far in the future was not written by the clock as it is now.
_CLOCK_TOLERANCE = timedelta(seconds=2)
# What has happened, and so cannot be in the future.
_HAPPENED = ("created_at", "inserted_at", "reported_at", "checked_at", "settled_at")


def lease(limit: int, *, only: int | None = None) -> list[Cart]:
    """Lease at most `limit` carts that are due, or `only` that one; nobody else gets them meanwhile."""
    now = database_now()
    _repair_due_times(now)
    due = Cart.objects.using(database()).filter(due_at__lte=now)
    if only is not None:
        due = due.filter(pk=only)
    return _read(*_take(due, now, limit))


def lease_refunds(limit: int) -> list[Refund]:
    """Lease at most `limit` refunds that are due.

    Where a call was in flight and nobody recorded how it ended, the refund may have been made.
    """
    now = database_now()
    # Later than any refund is due: another clock wrote it.
    is_far = Q(due_at__gt=now + timedelta(seconds=LONGEST_DELAY) + _CLOCK_TOLERANCE)
    due = Refund.objects.using(database()).filter(Q(due_at__lte=now) | is_far)
    in_doubt = When(
        status=RefundStatus.ASKED,
        lease__isnull=False,
        then=Value(RefundStatus.OUTCOME_UNKNOWN.value),
    )
    found, token = _take(due, now, limit, status=Case(in_doubt, default=F("status")))
    rows = Refund.objects.using(database()).filter(pk__in=found, lease=token)
    return list(rows.select_related("cart").order_by("due_at"))


def _take(due: Any, now: datetime, limit: int, **changes: Any) -> tuple[list[int], uuid.UUID]:
    """Lease at most `limit` of the rows that are due and free; returns those that may be leased, and the token."""
    token = uuid.uuid4()
    free = due.filter(is_free(now))
    # Rows that another process has locked are skipped. Where there is one writer alone, the update decides.
    block: AbstractContextManager[object] = nullcontext()
    candidates = free
    if connections[database()].features.has_select_for_update_skip_locked:
        block = transaction.atomic(using=database())
        candidates = free.select_for_update(skip_locked=True)
    with block:
        found = list(candidates.order_by("due_at").values_list("pk", flat=True)[:limit])
        if found:
            until = now + timedelta(seconds=options().lease)
            free.filter(pk__in=found).update(**changes, lease=token, lease_until=until)
    return found, token


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
    if not found:
        return []
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
            _postpone(pk, token)
            logger.exception("the cart with the key %s cannot be read: it is postponed", pk)
    return carts


def postpone(row: Cart | Refund) -> None:
    """Postpone a leased row after an unexpected error; raises where the database is the cause."""
    if isinstance(row, Refund):
        # Its lease runs out, and says that a call may have been made.
        rows = Refund.objects.using(database()).filter(pk=row.pk, lease=row.lease)
        rows.update(due_at=from_now(POSTPONED))
    else:
        _postpone(row.pk, row.lease)


def _postpone(cart_pk: int, lease: uuid.UUID | None) -> None:
    ours = Cart.objects.using(database()).filter(pk=cart_pk, lease=lease)
    ours.update(due_at=from_now(POSTPONED), lease=None, lease_until=None)
