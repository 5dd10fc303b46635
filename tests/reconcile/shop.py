"""A shop's month, made from a seed: orders, what Netgíró says of them, and the faults that were planted."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import netgiro

NOW = dt.datetime(2026, 6, 1, 8, 0, tzinfo=dt.timezone.utc)
CLASSES = (
    "amount_mismatch",
    "paid_not_recorded",
    "recorded_not_paid",
    "duplicate_payment",
    "duplicate_order",
    "still_open",
    "not_found",
    "unverified",
)


@dataclass
class Month:
    orders: list[dict[str, Any]] = field(default_factory=list)
    checks: list[netgiro.CheckResult] = field(default_factory=list)
    planted: dict[str, str] = field(default_factory=dict)
    """The class of each reference that is at fault."""


# What Netgíró says with a status: what is saved without it is not believed when it is loaded.
CODES = {
    "pending": 10425,
    "needs_code": 10428,
    "reserved": 10426,
    "awaiting_callback": 10429,
    "confirmed": 10200,
    "canceled": 10201,
    "declined": 10423,
    "not_found": 10424,
}


def check(
    transaction_id: uuid.UUID,
    status: str,
    *,
    amount: int | None = None,
    reference: str | None = None,
    created: dt.datetime | None = None,
    checked_at: dt.datetime = NOW,
) -> netgiro.CheckResult:
    payment = None
    if amount is not None:
        payment = netgiro.PaymentInfo(
            transaction_id=transaction_id,
            total_amount=amount,
            reference_number=reference,
            created=created,
        )
    state = netgiro.CartState(
        transaction_id,
        status,
        result_code=CODES.get(status),
        payment_successful=status == "confirmed",
        payment=payment,
        checked_at=checked_at,
    )
    return netgiro.CheckResult(transaction_id, state=state)


def failed(transaction_id: uuid.UUID, message: str = "no answer in time") -> netgiro.CheckResult:
    return netgiro.CheckResult(transaction_id, error=netgiro.TimeoutError(message))


def month(seed: int = 1, orders: int = 5000, faults: int = 60) -> Month:
    """Make a month; the faults are spread evenly over the classes."""
    dice = random.Random(seed)
    made = Month()
    at_fault = dict(zip(dice.sample(range(orders), faults), CLASSES * faults, strict=False))
    for at in range(orders):
        created = dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc) + dt.timedelta(
            seconds=dice.randrange(31 * 86_400)
        )
        order = {
            "reference": str(100_001 + at),
            "transaction_id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "amount": dice.choice((990, 1990, 2490, 4990, 7900, 12_990, 24_900, 49_900, 89_990)),
            "status": "paid",
            "created": created,
        }
        _decide(made, order, at_fault.get(at), dice)
    return made


def _decide(made: Month, order: dict[str, Any], fault: str | None, dice: random.Random) -> None:
    cart = uuid.UUID(order["transaction_id"])
    reference, amount = order["reference"], order["amount"]
    paid_at = order["created"] + dt.timedelta(seconds=min(dice.lognormvariate(3.6, 0.7), 175))

    def paid(which: uuid.UUID = cart, much: int = amount) -> netgiro.CheckResult:
        return check(which, "confirmed", amount=much, reference=reference, created=paid_at)

    checks = [paid()]
    if fault is None and dice.random() < 0.2:
        order["status"] = "canceled"
        checks = [check(cart, dice.choice(("canceled", "declined")))]
    elif fault == "amount_mismatch":
        checks = [paid(much=amount + dice.choice((-500, -100, 100, 1000)))]
    elif fault == "paid_not_recorded":
        order["status"] = dice.choice(("open", "canceled"))
    elif fault == "recorded_not_paid":
        checks = [check(cart, dice.choice(("canceled", "declined", "pending")))]
    elif fault == "duplicate_payment":
        checks.append(paid(uuid.UUID(int=dice.getrandbits(128), version=4)))
    elif fault == "duplicate_order":
        made.orders.append(dict(order))
    elif fault == "still_open":
        order["status"] = "open"
        checks = [check(cart, dice.choice(("pending", "reserved")))]
    elif fault == "not_found":
        checks = [check(cart, "not_found")]
    elif fault == "unverified":
        checks = [failed(cart)]
    if fault is not None:
        made.planted[reference] = fault
    made.orders.append(order)
    made.checks.extend(checks)
