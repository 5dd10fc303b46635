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

# V2 differs in what is asked, and not in how Celery is used.
CHECKOUTS = {"v1": 500, "v2": 150}


@pytest.fixture(scope="module", params=["v1", "v2"])
def api(request):
    return request.param


@pytest.fixture(scope="module")
def simulator(api):
    """One for each API: what it holds is counted."""
    with netgiro.Simulator(check_interval=0.4, poll_interval=0.4) as simulator:
        yield simulator


def follow_open_orders(shop):
    """What `docs/frameworks/celery.md` has a shop do from time to time."""
    for reference, transaction_id in shop.execute(
        "SELECT reference, transaction_id FROM orders WHERE status IS NULL"
    ):
        cart = netgiro.Cart(transaction_id, reference=reference, amount=4990)
        shop.carts.follow(cart, timeout=1)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
def test_every_order_ends_as_the_simulator_holds_it(shop, simulator, api):
    checkouts = CHECKOUTS[api]
    began = time.monotonic()
    first, second = shop.start_worker(), shop.start_worker()
    # Customers confirm, decline, ignore the request, or confirm during the cancel.
    simulator.storm(7, failure_rate=0.0, reaction=2.0)

    def check_out(_):
        cart = shop.insert()
        shop.carts.follow(cart, timeout=4)
        return cart

    with ThreadPoolExecutor(8) as pool:
        carts = list(pool.map(check_out, range(checkouts)))
    simulator.storm(8, failure_rate=0.05, reaction=2.0)

    def recorded():
        return shop.execute("SELECT count(*) FROM orders WHERE status IS NOT NULL")[0][0]

    eventually(lambda: recorded() > checkouts // 10, 180)
    killed = shop.children(first)[0]
    os.kill(killed, signal.SIGKILL)  # one process of a worker's pool
    eventually(lambda: recorded() > checkouts // 5, 180)
    shop.kill(second)  # a whole worker, with all that it held
    shop.start_worker()
    # A message that the killed worker had taken from Redis, and not noted yet, is nobody's any more.
    eventually(lambda: recorded() >= checkouts - 1, 180)
    follow_open_orders(shop)
    eventually(lambda: recorded() == checkouts, 180)
    took = time.monotonic() - began

    held = {cart.reference: cart for cart in simulator.carts()}
    rows = shop.execute("SELECT reference, transaction_id, status, recorded FROM orders")
    assert len(rows) == len(held) == checkouts
    for reference, transaction_id, status, times in rows:
        assert str(held[reference].transaction_id) == transaction_id
        assert status == shop.said_of(held[reference].status), reference
        assert times == 1
    inserted = [r for r in simulator.requests() if r.endpoint in {"InsertCart", "Payment"}]
    assert len(inserted) == checkouts
    assert len({cart.transaction_id for cart in carts}) == checkouts
    statuses = Counter(str(cart.status) for cart in held.values())
    assert min(statuses[status] for status in ("confirmed", "declined", "canceled")) > 3, statuses
    # At least once each; more often only for what the killed had in their hands.
    calls = shop.execute("SELECT count(*) FROM calls")[0][0]
    assert checkouts <= calls <= checkouts + max(checkouts // 10, 40)
    print(f"{checkouts} checkouts in {took:.0f} s, {calls} calls, {dict(statuses)}")  # noqa: T201
