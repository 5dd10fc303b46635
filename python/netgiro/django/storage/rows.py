"""How rows of carts and refunds are locked and committed, and what time it is for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connections, router, transaction
from django.db.models import Q
from django.utils import timezone

import netgiro
from netgiro.django.conf import options
from netgiro.django.models import Cart, Refund
from netgiro.django.storage import clock

__all__ = [
    "POSTPONED",
    "Observation",
    "after_commit",
    "database",
    "database_now",
    "durably",
    "from_now",
    "is_free",
    "locked",
    "moment",
    "name_of",
]

POSTPONED = 60.0
"""How long a cart waits that cannot be followed now, in seconds: somebody may correct its keys or settings."""

# Another process may lease for longer than this one, by at most this; beyond it another clock wrote the lease.
_LEASES_DIFFER = timedelta(seconds=300)


class Observation(NamedTuple):
    """What was learnt of a cart: its state, or why there is none."""

    answer: netgiro.CartState | netgiro.NetgiroError
    sent_at: datetime
    """When Netgíró was asked: an aware `datetime` by the clock of the machine that asked."""
    is_conclusive: bool = False
    """Whether it answers a cancel, after which nothing more is to be waited for."""
    server_sent_at: datetime | None = None
    """The same by Netgíró's clock; None where that is not known."""


def database() -> str:
    """Return the alias of the database that the carts are in."""
    return router.db_for_write(Cart)


@contextmanager
def durably() -> Iterator[None]:
    """Commit what is written in the block at its end; raises TransactionManagementError where it cannot."""
    connection = connections[database()]
    with ExitStack() as stack:
        try:
            # Django lets the transaction of a TestCase pass.
            stack.enter_context(transaction.atomic(using=database(), durable=True))
            is_durable = connection.commit_on_exit or len(connection.atomic_blocks) > 1
        except RuntimeError:
            is_durable = False
        if not is_durable:
            raise transaction.TransactionManagementError(
                "netgiro must commit by itself what it is about to send, or a crash could send it twice: call it outside "
                "of transaction.atomic. In a view, where ATOMIC_REQUESTS is set, by "
                "@transaction.non_atomic_requests"
            )
        yield


def after_commit(function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
    """Call a function once the transaction is committed; its error is logged, and raised to nobody."""

    # No functools.partial: Django logs the name of what failed, which a partial does not have, and raises instead.
    def call() -> None:
        function(*args, **kwargs)

    transaction.on_commit(call, using=database(), robust=True)


def moment(instant: datetime) -> datetime:
    """Return an instant as Django writes it: naive without USE_TZ."""
    if settings.USE_TZ:
        return instant
    return timezone.make_naive(instant, timezone.get_default_timezone())


def database_now() -> datetime:
    """Return the time of the database's clock, as Django writes it."""
    return moment(clock.now(database()))


def from_now(seconds: float) -> datetime:
    """Return the instant so many seconds from now, by the database's clock."""
    return database_now() + timedelta(seconds=seconds)


def locked(cart_pk: int) -> Cart:
    """Lock a row and return it as it is now; nobody else changes it before the transaction ends."""
    rows = Cart.objects.using(database())
    if not connections[database()].features.has_select_for_update:
        # SQLite has one writer at a time: a write locks out the others.
        rows.filter(pk=cart_pk).update(updated_at=timezone.now())
    return rows.select_for_update(no_key=True).get(pk=cart_pk)


def is_free(now: datetime) -> Q:
    """Return what selects the rows that nobody has leased."""
    longest = timedelta(seconds=options().lease) + _LEASES_DIFFER
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + longest)


def name_of(row: Cart | Refund) -> str:
    """Return what a row is called in the log."""
    return f"refund {row.idempotency_key}" if isinstance(row, Refund) else f"cart {row.reference}"
