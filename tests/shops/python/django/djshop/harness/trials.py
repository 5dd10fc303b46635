"""What several tests do with the shop."""

from __future__ import annotations

import threading
import time

from django.db import connections

from djshop.models import Told
from netgiro.django import worker
from netgiro.django.models import Cart

PHONE = "8223281"
KENNITALA = "1111111119"


def eventually(condition, within: float = 60.0):
    """Wait for a condition, and give its value."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it has not come to that"
        time.sleep(0.01)


def at_once(*functions):
    """Call functions on threads of their own at the same time; gives what came of each."""
    barrier = threading.Barrier(len(functions))
    results = [None] * len(functions)

    def call(place, function):
        barrier.wait()
        try:
            results[place] = function()
        except Exception as error:  # noqa: BLE001 - it is what came of it
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=pair) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    return results


def told(reference: str | None = None) -> list[str]:
    """What the shop was told, in order."""
    rows = Told.objects.order_by("pk")
    if reference is not None:
        rows = rows.filter(reference=reference)
    return list(rows.values_list("signal", flat=True))


def poll_once() -> None:
    """See to all that is due, also what is due in a moment."""
    worker.Worker(interval=0.01).run(once=True)


def followed(cart: Cart, within: float = 60.0) -> Cart:
    """Poll until a cart has ended and the shop was told, or a person must look."""

    def ended():
        poll_once()
        cart.refresh_from_db()
        return cart.due_at is None

    eventually(ended, within)
    return cart
