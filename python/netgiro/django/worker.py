"""Follows carts and makes refunds: many at once for netgiro_poll, and one cart after its callback."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from django.db import connections

from netgiro.django import checkout
from netgiro.django.calls import refunds
from netgiro.django.calls.execution import blocking
from netgiro.django.models import Cart, Refund
from netgiro.django.storage import delivery, followup, hosted, leases, store
from netgiro.django.storage.rows import database, name_of
from netgiro.webhook.sync_or_async import Steps, run
from netgiro.webhook.worker_threads import Background

__all__ = ["Worker", "soon"]

logger = logging.getLogger("netgiro.django")

_Row = Cart | Refund


class Worker:
    """Follows every cart that is due, and makes every refund that is, until it is stopped.

    Netgíró is asked on threads; the caller's thread alone uses the database and tells the shop. No state of a
    cart is kept here: a worker may be killed at any moment, and another one goes on once its leases are over.
    """

    def __init__(self, *, concurrency: int = 32, interval: float = 0.5) -> None:
        """Make `concurrency` calls at a time, and look for more that are due each `interval` seconds."""
        self._concurrency = concurrency
        self._interval = interval
        self._in_flight: dict[Future[Any], _Row] = {}
        self._is_stopping = False

    def stop(self) -> None:
        """Lease no more carts, and end when those in flight are recorded. A signal handler may call it."""
        self._is_stopping = True

    def run(self, *, once: bool = False) -> None:
        """Go on until stopped, or `once`: until nothing is due."""
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="netgiro") as threads:
            while not (self._is_stopping and not self._in_flight):
                try:
                    found = self._start_due(threads)
                    if once and not found and not self._in_flight:
                        return
                    self._record_answers(is_idle=not found)
                except Exception:
                    if once:
                        raise
                    # The errors of a cart are handled, so the database failed. Leases run out by themselves.
                    logger.exception("no cart could be followed: again in a second")
                    connections.close_all()
                    time.sleep(1.0)

    def _start_due(self, threads: ThreadPoolExecutor) -> bool:
        room = self._concurrency - len(self._in_flight)
        rows = [] if self._is_stopping or not room else _leased(room)
        for row in rows:
            with _isolated(row):
                if must_ask(row):
                    self._in_flight[threads.submit(run, _call(row))] = row
                else:
                    handle_without_asking(row)
        return bool(rows)

    def _record_answers(self, *, is_idle: bool) -> None:
        if not self._in_flight:
            if is_idle:
                time.sleep(self._interval)
            return
        timeout = self._interval if is_idle else 0.0
        done, _ = wait(self._in_flight, timeout, return_when=FIRST_COMPLETED)
        for future in done:
            row = self._in_flight.pop(future)
            record_answer(row, future)


def _leased(room: int) -> list[_Row]:
    """Lease what is due. Refunds, which are few, do not wait for carts, and leave half of the room to them."""
    due: list[_Row] = [*leases.lease_refunds((room + 1) // 2)]
    if len(due) < room:
        due += leases.lease(room - len(due))
    return due


@contextmanager
def _isolated(row: _Row) -> Iterator[None]:
    """Keep an error about one leased row from the others: log it, and postpone that row."""
    try:
        yield
    except Exception:
        # Where the database fails, and not the row, this fails as well.
        leases.postpone(row)
        logger.exception("%s: following it failed, it is postponed", name_of(row))


def must_ask(row: _Row) -> bool:
    """Return whether Netgíró must be called about a row that is due."""
    has_id = isinstance(row, Refund) or row.transaction_id is not None
    return has_id and not row.awaits_signal


def _call(row: _Row) -> Steps[Any]:
    if isinstance(row, Refund):
        return refunds.ask(blocking, row)
    return checkout.ask(blocking, row)


def handle_without_asking(row: _Row) -> None:
    """Do what is due about a leased row without asking Netgíró."""
    if row.awaits_signal:
        delivery.deliver(row.pk, kind=type(row), lease=row.lease)
    elif isinstance(row, Cart) and row.status == Cart.Status.HOSTED:
        hosted.see_to(row)
    elif isinstance(row, Cart):
        # The process that sent it was killed before the answer came, or could not record the answer.
        logger.error("%s may be at Netgíró: nobody recorded an answer", name_of(row))
        store.outcome_unknown(row, "InsertCart was sent, perhaps, and no answer was recorded")


def record_answer(row: _Row, asked: Future[Any]) -> None:
    """Record what Netgíró said about a leased row."""
    with _isolated(row):
        if isinstance(row, Refund):
            now: _Row = refunds.record(row, asked.result())
        else:
            now = followup.record(row.pk, asked.result(), lease=row.lease)
        if now.status != row.status:
            logger.info("%s was %s, is %s", name_of(row), row.status, now.status)


# After a callback the outcome is known within moments; what takes longer is left to netgiro_poll.
_DELAYS = (0.1, 0.4, 1.0, 2.0, 4.0)
_background = Background()


def soon(cart_pk: int) -> None:
    """Follow a cart on a thread of this process, after the caller has answered.

    The database says that the cart is due: if this process ends first, netgiro_poll follows it.
    """
    delays = iter(_DELAYS)

    def attempt() -> float | None:
        try:
            return None if _is_followed_up(cart_pk) else next(delays, None)
        finally:
            connections.close_all()

    _background.put(attempt, delay=next(delays))


def _is_followed_up(cart_pk: int) -> bool:
    """Follow a cart if it is due; returns whether nothing is left that is due soon."""
    for cart in leases.lease(1, only=cart_pk):
        with _isolated(cart):
            if must_ask(cart):
                observation = run(checkout.ask(blocking, cart))
                followup.record(cart.pk, observation, lease=cart.lease)
            else:
                handle_without_asking(cart)
    left = Cart.objects.using(database()).filter(pk=cart_pk, due_at__isnull=False)
    return not left.exists()
