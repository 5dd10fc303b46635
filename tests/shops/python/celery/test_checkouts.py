"""500 checkouts through Celery on Redis, while processes and workers are killed."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import netgiro
from harness import eventually

CHECKOUTS = 500


def follow_open_orders(shop):
    """What `docs/celery.md` has a shop do from time to time."""
    for reference, transaction_id in shop.execute(
        "SELECT reference, transaction_id FROM orders WHERE status IS NULL"
    ):
        cart = netgiro.Cart(transaction_id, reference=reference, amount=4990)
        shop.carts.follow(cart, timeout=1)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
def test_every_order_ends_as_the_simulator_holds_it(shop, simulator):
    began = time.monotonic()
    first, second = shop.start_worker(), shop.start_worker()
    # Customers confirm, decline, ignore the request, or confirm during the cancel.
    simulator.storm(7, failure_rate=0.0, reaction=2.0)

    def check_out(_):
        cart = shop.insert()
        shop.carts.follow(cart, timeout=4)
        return cart

    with ThreadPoolExecutor(8) as pool:
        carts = list(pool.map(check_out, range(CHECKOUTS)))
    simulator.storm(8, failure_rate=0.05, reaction=2.0)

    def recorded():
        return shop.execute("SELECT count(*) FROM orders WHERE status IS NOT NULL")[0][0]

    eventually(lambda: recorded() > CHECKOUTS // 10, 180)
    killed = shop.children(first)[0]
    os.kill(killed, signal.SIGKILL)  # one process of a worker's pool
    eventually(lambda: recorded() > CHECKOUTS // 5, 180)
    shop.kill(second)  # a whole worker, with all that it held
    shop.start_worker()
    # A message that the killed worker had taken from Redis, and not noted yet, is nobody's any more.
    eventually(lambda: recorded() >= CHECKOUTS - 1, 180)
    follow_open_orders(shop)
    eventually(lambda: recorded() == CHECKOUTS, 180)
    took = time.monotonic() - began

    held = {cart.reference: cart for cart in simulator.carts()}
    rows = shop.execute("SELECT reference, transaction_id, status, recorded FROM orders")
    assert len(rows) == len(held) == CHECKOUTS
    for reference, transaction_id, status, times in rows:
        assert str(held[reference].transaction_id) == transaction_id
        assert status == held[reference].status, reference
        assert times == 1
    inserted = [r for r in simulator.requests() if r.endpoint == "InsertCart"]
    assert len(inserted) == CHECKOUTS
    assert len({cart.transaction_id for cart in carts}) == CHECKOUTS
    statuses = Counter(str(cart.status) for cart in held.values())
    assert min(statuses[status] for status in ("confirmed", "declined", "canceled")) > 10, statuses
    # At least once each; more often only where somebody was killed.
    calls = shop.execute("SELECT count(*) FROM calls")[0][0]
    assert CHECKOUTS <= calls <= CHECKOUTS * 1.1
    print(f"{CHECKOUTS} checkouts in {took:.0f} s, {calls} calls, {dict(statuses)}")  # noqa: T201
