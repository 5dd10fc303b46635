"""Follows carts: many at once for netgiro_poll, and one after its callback."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from django.db import connections

from netgiro.django import checkout
from netgiro.django.calls.execution import blocking
from netgiro.django.models import Cart
from netgiro.django.storage import delivery, followup, leases, store
from netgiro.django.storage.rows import Observation, database
from netgiro.webhook.sync_or_async import run
from netgiro.webhook.worker_threads import Background

__all__ = ["Worker", "soon"]

logger = logging.getLogger("netgiro.django")


class Worker:
    """Follows every cart that is due, until it is stopped.

    Netgíró is asked on threads; the caller's thread alone uses the database and tells the shop. No state of a
    cart is kept here: a worker may be killed at any moment, and another one goes on once its leases are over.
    """

    def __init__(self, *, concurrency: int = 32, interval: float = 0.5) -> None:
        """Check `concurrency` carts at a time, and look for more that are due each `interval` seconds."""
        self._concurrency = concurrency
        self._interval = interval
        self._in_flight: dict[Future[Observation], Cart] = {}
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
        carts = [] if self._is_stopping or not room else leases.lease(room)
        for cart in carts:
            with _isolated(cart):
                if must_ask(cart):
                    asked = threads.submit(run, checkout.ask(blocking, cart))
                    self._in_flight[asked] = cart
                else:
                    handle_without_asking(cart)
        return bool(carts)

    def _record_answers(self, *, is_idle: bool) -> None:
        if not self._in_flight:
            if is_idle:
                time.sleep(self._interval)
            return
        timeout = self._interval if is_idle else 0.0
        done, _ = wait(self._in_flight, timeout, return_when=FIRST_COMPLETED)
        for future in done:
            cart = self._in_flight.pop(future)
            record_answer(cart, future)


@contextmanager
def _isolated(cart: Cart) -> Iterator[None]:
    """Keep an error about one leased cart from the others: log it, and postpone that cart."""
    try:
        yield
    except Exception:
        # Where the database fails, and not the row of the cart, this fails as well.
        leases.postpone(cart.pk, cart.lease)
        logger.exception("cart %s: following it failed, it is postponed", cart.reference)


def must_ask(cart: Cart) -> bool:
    """Return whether a cart that is due must be checked."""
    return cart.transaction_id is not None and not cart.awaits_signal


def handle_without_asking(cart: Cart) -> None:
    """Do what is due about a leased cart without asking Netgíró."""
    if cart.awaits_signal:
        delivery.deliver(cart.pk, lease=cart.lease)
    else:
        # The process that sent it was killed before the answer came, or could not record the answer.
        logger.error("cart %s may be at Netgíró: nobody recorded an answer", cart.reference)
        store.outcome_unknown(cart, "InsertCart was sent, perhaps, and no answer was recorded")


def record_answer(cart: Cart, asked: Future[Observation]) -> None:
    """Record what Netgíró said about a leased cart."""
    with _isolated(cart):
        now = followup.record(cart.pk, asked.result(), lease=cart.lease)
        if now.status != cart.status:
            logger.info("cart %s was %s, is %s", cart.reference, cart.status, now.status)


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
