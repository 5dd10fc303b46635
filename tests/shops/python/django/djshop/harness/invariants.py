"""What must hold of a shop's rows and of Netgíró's carts after each event, and in the end."""

from __future__ import annotations

import math
from collections import Counter
from datetime import timedelta
from typing import Any

from djshop import router
from djshop.models import Told
from netgiro.django import conf
from netgiro.django.models import SIGNALED, Cart, Refund, Status
from netgiro.django.storage import clock

# The longest time between two calls about a row: a refund's, after many failures.
LONGEST_DELAY = timedelta(seconds=610)
UNPAID = {"canceled", "declined", "not_found", "abandoned", "failed"}
SIGNALS = {
    "confirmed": "confirmed",
    "declined": "declined",
    **dict.fromkeys(["canceled", "not_found", "abandoned"], "canceled"),
}
ENDS_UNPAID = {"canceled", "declined", "not_found"}


def check(simulator: Any) -> None:
    """Check what must hold at any time."""
    rows = list(Cart.objects.all())
    refunds = list(Refund.objects.select_related("cart"))
    told = list(Told.objects.values_list("reference", "signal"))
    there = simulator.carts()
    _carts_are_paid_as_recorded(rows, there)
    _an_intent_is_one_cart(rows, there)
    _refunds_are_made_once(rows, refunds, there)
    _the_shop_is_told_once(rows, refunds, told)
    _what_is_open_is_due(rows, refunds)


def _carts_are_paid_as_recorded(rows: list[Cart], there: list[Any]) -> None:
    carts = {cart.reference: cart for cart in there}
    for row in rows:
        cart = carts.get(row.reference)
        if row.status == Status.CONFIRMED:
            is_paid = cart is not None and cart.is_paid
            assert is_paid, f"paid only what Netgíró holds paid: {row}"
            same = (cart.transaction_id, cart.amount) == (row.transaction_id, row.amount)
            assert same, f"paid only this cart, and this amount: {row}"
        elif row.status in UNPAID and cart is not None:
            assert not cart.is_paid, f"never canceled what is paid: {row}"
            ended = cart.status in ENDS_UNPAID
            assert ended, f"never canceled what may still be paid: {row}, {cart.status}"
        assert row.status != Status.MISMATCH, f"nobody has to look at it: {row}, {row.problem}"
    paid = Counter(
        row.order_reference for row in rows if getattr(carts.get(row.reference), "is_paid", False)
    )
    assert all(count == 1 for count in paid.values()), f"an order is paid once: {paid}"


def _an_intent_is_one_cart(rows: list[Cart], there: list[Any]) -> None:
    intents = Counter(row.reference for row in rows)
    for reference, count in Counter(cart.reference for cart in there).items():
        assert count == 1, f"one InsertCart for an intent: {count} of {reference}"
        assert intents[reference] == 1, f"the intent is stored before it is sent: {reference}"


def _refunds_are_made_once(rows: list[Cart], refunds: list[Refund], there: list[Any]) -> None:
    stored = {refund.idempotency_key: refund for refund in refunds}
    made = {}
    for cart in there:
        for refund in cart.refunds:
            key = refund.idempotency_key
            assert key not in made, f"one refund for a key: {key}"
            made[key] = refund
            row = stored.get(key)
            assert row is not None, f"a refund is stored before it is sent: {key}"
            assert row.amount == refund.amount, f"a refund has its own amount: {row}"
            assert row.status != "refused", f"never refused what is made: {row}"
            is_in_doubt = row.status != "asked" or row.lease is not None
            assert is_in_doubt, f"what may have been made is in doubt: {row}"
        assert cart.refunded <= cart.amount, f"never refunded more than was paid: {cart.reference}"
    for row in refunds:
        assert not row.is_made or row.idempotency_key in made, f"made only what Netgíró made: {row}"
    taken: Counter[int] = Counter()
    for row in refunds:
        taken[row.cart_id] += 0 if row.status == "refused" else row.amount
    for cart in rows:
        assert cart.refunded == taken[cart.pk] <= cart.amount, f"the sum of its refunds: {cart}"


def _the_shop_is_told_once(
    rows: list[Cart], refunds: list[Refund], told: list[tuple[str, str]]
) -> None:
    of_carts = Counter(reference for reference, signal in told if not signal.startswith("refund"))
    of_refunds = Counter(reference for reference, signal in told if signal == "refund made")
    for row in rows:
        count = of_carts[row.reference]
        expected = int(row.signaled_at is not None)
        assert count == expected, (
            f"the shop is told once, in one commit with its record: {row}, {count}"
        )
        if count:
            signal = SIGNALS.get(row.status)
            assert (row.reference, signal) in told, f"the shop is told the end: {row}, {told}"
        made = sum(
            refund.is_made and refund.signaled_at is not None
            for refund in refunds
            if refund.cart_id == row.pk
        )
        assert of_refunds[row.reference] == made, f"the shop is told once of a refund: {row}"


def _what_is_open_is_due(rows: list[Cart], refunds: list[Refund]) -> None:
    now = clock.now(router.alias)
    for row in (*rows, *refunds):
        if is_open(row) and row.due_at is None:
            listed = type(row).objects.for_a_person().filter(pk=row.pk).exists()
            assert listed, f"what is open is asked about again: {row}"
        elif is_open(row):
            assert row.due_at <= now + LONGEST_DELAY, f"and soon: {row}, {row.due_at}"
        if row.lease_until is not None:
            longest = timedelta(seconds=conf.options().lease)
            assert row.lease_until <= now + longest, f"a lease ends: {row}"


def is_open(row: Cart | Refund) -> bool:
    """Whether anything is left to be done about a row."""
    if row.awaits_signal:
        return True
    return not row.is_final and row.status != Status.MISMATCH


def next_due() -> int | None:
    """In how many seconds something is to be done; None when all has ended."""
    now = clock.now(router.alias)
    rows = [row for model in (Cart, Refund) for row in model.objects.all() if is_open(row)]
    if not rows:
        return None
    due = [max(row.due_at or now, row.lease_until or now) for row in rows]
    return math.ceil((min(due) - now).total_seconds())


def check_end(simulator: Any) -> None:
    """Check what must hold when nothing is left to do."""
    still = [row for model in (Cart, Refund) for row in model.objects.all() if is_open(row)]
    assert not still, f"everything ends: {still}"
    rows = {row.reference: row for row in Cart.objects.all()}
    for row in rows.values():
        wants = row.status in SIGNALED
        assert (row.signaled_at is not None) == wants, f"the shop is told of every end: {row}"
    for cart in simulator.carts():
        row = rows[cart.reference]
        assert row.is_paid == cart.is_paid, f"paid here as at Netgíró: {row}, {cart.status}"
        assert cart.is_paid or cart.status in ENDS_UNPAID, f"no cart is left open: {row}"
    for refund in Refund.objects.all():
        assert refund.signaled_at is not None, f"the shop is told of every refund: {refund}"
