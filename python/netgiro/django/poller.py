"""Follows carts: many at once for netgiro_poll, and one after its callback."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from django.db import connections

from netgiro.django import checkout, ledger
from netgiro.django.ledger import Seen
from netgiro.django.models import Cart
from netgiro.webhook.sync_or_async import run
from netgiro.webhook.worker_threads import Background

__all__ = ["Poller", "soon"]

logger = logging.getLogger("netgiro.django")


class Poller:
    """Drives every cart that is due, until it is told to stop.

    Netgíró is asked on threads; the database is used, and the shop told, on the caller's alone. Nothing of a
    cart is kept here: it may be killed at any moment, and another one goes on once its leases are over.
    """

    def __init__(self, *, concurrency: int = 32, interval: float = 0.5) -> None:
        """Ask about `concurrency` carts at a time, and look for others that are due each `interval` seconds."""
        self._concurrency = concurrency
        self._interval = interval
        self._asking: dict[Future[Seen], Cart] = {}
        self._is_stopping = False

    def stop(self) -> None:
        """Take nothing up any more, and end when what is under way is recorded. May be called by a signal."""
        self._is_stopping = True

    def run(self, *, once: bool = False) -> None:
        """Go on until told to stop, or `once`: until nothing is due."""
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="netgiro") as threads:
            while not (self._is_stopping and not self._asking):
                try:
                    found = self._take_up(threads)
                    if once and not found and not self._asking:
                        return
                    self._take_in(rest=not found)
                except Exception:
                    if once:
                        raise
                    # No cart's fault, so the database's. What was leased comes back by itself.
                    logger.exception("no cart could be followed: again in a second")
                    connections.close_all()
                    time.sleep(1.0)

    def _take_up(self, threads: ThreadPoolExecutor) -> bool:
        room = self._concurrency - len(self._asking)
        carts = [] if self._is_stopping or not room else ledger.lease(room)
        for cart in carts:
            with _by_itself(cart):
                if needs_asking(cart):
                    self._asking[threads.submit(run, checkout.ask(checkout.blocking, cart))] = cart
                else:
                    see_to(cart)
        return bool(carts)

    def _take_in(self, *, rest: bool) -> None:
        if not self._asking:
            if rest:
                time.sleep(self._interval)
            return
        done, _ = wait(self._asking, self._interval if rest else 0.0, return_when=FIRST_COMPLETED)
        for future in done:
            cart = self._asking.pop(future)
            take_in(cart, future)


@contextmanager
def _by_itself(cart: Cart) -> Iterator[None]:
    """Let a leased cart hold up no other: whatever following it raises is logged, and the cart rests."""
    try:
        yield
    except Exception:
        # Where it is the database that fails, and not the cart's row, this fails as well.
        ledger.rest(cart.pk, cart.lease)
        logger.exception("cart %s: following it went wrong, it rests", cart.reference)


def needs_asking(cart: Cart) -> bool:
    """Return whether a cart that is due needs Netgíró to be asked."""
    return cart.transaction_id is not None and not cart.awaits_signal


def see_to(cart: Cart) -> None:
    """Do what is due about a leased cart without asking Netgíró."""
    if cart.awaits_signal:
        ledger.deliver(cart.pk, lease=cart.lease)
    else:
        # Whoever sent it was killed before the answer came, or could not record it.
        logger.error("cart %s may be at Netgíró: nobody recorded an answer", cart.reference)
        ledger.outcome_unknown(cart, "InsertCart was sent, perhaps, and no answer was recorded")


def take_in(cart: Cart, asked: Future[Seen]) -> None:
    """Record what came of asking about a leased cart."""
    with _by_itself(cart):
        now = ledger.record(cart.pk, asked.result(), lease=cart.lease)
        if now.status != cart.status:
            logger.info("cart %s was %s, is %s", cart.reference, cart.status, now.status)


# After a callback the outcome is known in a moment; what takes longer is left to netgiro_poll.
_ATTEMPTS = (0.1, 0.4, 1.0, 2.0, 4.0)
_background = Background()


def soon(cart_pk: int) -> None:
    """See to a cart on a thread of this process, once whoever called has answered.

    That it is due is in the database: should this process end before, netgiro_poll does it.
    """
    delays = iter(_ATTEMPTS)

    def attempt() -> float | None:
        try:
            return None if _is_seen_to(cart_pk) else next(delays, None)
        finally:
            connections.close_all()

    _background.put(attempt, delay=next(delays))


def _is_seen_to(cart_pk: int) -> bool:
    """See to a cart if it is due; returns whether nothing is left to do that could not wait."""
    for cart in ledger.lease(1, only=cart_pk):
        with _by_itself(cart):
            if needs_asking(cart):
                seen = run(checkout.ask(checkout.blocking, cart))
                ledger.record(cart.pk, seen, lease=cart.lease)
            else:
                see_to(cart)
    left = Cart.objects.using(ledger.database()).filter(pk=cart_pk, due_at__isnull=False)
    return not left.exists()
