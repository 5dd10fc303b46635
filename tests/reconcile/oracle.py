"""What docs/reconcile/reconciliation.md says, in plain Python: slow, and without a line in common with the core."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

WAITING = {"pending", "needs_code", "reserved", "awaiting_callback"}
UNPAID = {"canceled", "declined"}


class Order(NamedTuple):
    reference: str | None
    cart: int | None
    amount: int
    """Below 0 it is a refund: see refund_oracle."""
    status: str
    refunded: int = 0

    @property
    def is_refund(self) -> bool:
        return self.amount < 0


class Check(NamedTuple):
    cart: int
    status: str
    """A cart status, or "failed"."""
    amount: int | None = None
    reference: str | None = None


class Found(NamedTuple):
    outcome: str
    orders: frozenset[int]
    carts: frozenset[int]
    at_stake: Decimal


@dataclass
class Cart:
    """A cart, in the terms of the table: paid, unpaid, not_found, waiting or failed."""

    standing: str
    amount: int | None
    reference: str | None


def cart_of(check: Check) -> Cart:
    standing = check.status
    if check.status == "confirmed":
        standing = "paid"
    elif check.status in UNPAID:
        standing = "unpaid"
    elif check.status in WAITING:
        standing = "waiting"
    elif check.status == "unknown":
        standing = "failed"
    return Cart(standing, check.amount, check.reference)


def pair(order: Order, cart: Cart | None, tolerance: int) -> tuple[str, int]:
    """The table of two: class and what is at stake."""
    if cart is None and order.cart is None and order.amount == 0:
        return "matched", 0
    if cart is None or cart.standing == "failed":
        return "unverified", order.amount
    if cart.standing == "not_found":
        return "not_found", order.amount if order.status == "paid" else 0
    if cart.standing == "paid":
        if cart.reference and order.reference and cart.reference != order.reference:
            return "unverified", max(order.amount, cart.amount or 0)
        if order.status != "paid":
            return "paid_not_recorded", order.amount if cart.amount is None else cart.amount
        if cart.amount is None:
            return "unverified", order.amount
        apart = abs(cart.amount - order.amount)
        return ("matched", 0) if apart <= tolerance else ("amount_mismatch", apart)
    if order.status == "paid":
        return "recorded_not_paid", order.amount
    if cart.standing == "waiting":
        return "still_open", order.amount
    return ("still_open", 0) if order.status == "open" else ("matched", 0)


def alone(cart: Cart) -> tuple[str, int] | None:
    """A cart without an order."""
    outcome = {
        "paid": "paid_not_recorded",
        "waiting": "still_open",
        "failed": "unverified",
    }.get(cart.standing)
    return None if outcome is None else (outcome, cart.amount or 0)


def classify(orders: list[Order], checks: list[Check], tolerance: int = 0) -> list[Found]:
    """Every case, in no order."""
    carts = {check.cart: cart_of(check) for check in checks}
    assert len(carts) == len(checks), "one check a cart"
    found: list[Found] = []

    def add(verdict: tuple[str, int] | None, rows: list[int], ids: list[int]) -> None:
        if verdict is None:
            return
        known = frozenset(ids) | {orders[row].cart for row in rows if orders[row].cart is not None}
        found.append(Found(verdict[0], frozenset(rows), frozenset(known), Decimal(verdict[1])))

    def recorded(rows: list[int]) -> int:
        return sum(orders[row].amount for row in rows if orders[row].status == "paid")

    def paid(ids: list[int]) -> int:
        return sum(carts[cart].amount or 0 for cart in ids if carts[cart].standing == "paid")

    claimants = defaultdict(list)
    for row, order in enumerate(orders):
        if order.cart is not None:
            claimants[order.cart].append(row)
        elif order.reference is None:
            add(pair(order, None, tolerance), [row], [])

    pairs = defaultdict(list)  # reference -> (row, cart)
    settled = defaultdict(int)  # reference -> payments in groups
    for cart, rows in claimants.items():
        known = carts.get(cart)
        same = [
            row
            for row in rows
            if known and known.reference and orders[row].reference == known.reference
        ]
        owners = same if len(same) == 1 else rows
        if len(rows) > 1 and len(same) == 1:
            others = [row for row in rows if row not in same]
            found.append(
                Found(
                    "duplicate_order",
                    frozenset(others),
                    frozenset({cart}),
                    Decimal(recorded(others)),
                )
            )
        if len(owners) == 1:
            order = orders[owners[0]]
            name = order.reference or (known.reference if known else None)
            contradicts = (
                known is not None
                and known.standing == "paid"
                and bool(known.reference and order.reference and known.reference != order.reference)
            )
            if known is None or name is None or contradicts:
                add(pair(order, known, tolerance), owners, [cart] if known else [])
            else:
                pairs[name].append((owners[0], cart))
            continue
        if known is None or known.standing == "failed":
            add(("unverified", sum(orders[row].amount for row in owners)), owners, [cart])
        else:
            stake = abs(recorded(owners) - paid([cart]))
            add(("duplicate_order", stake), owners, [cart])
        if known and known.standing == "paid":
            names = (
                {known.reference} if known.reference else {orders[row].reference for row in rows}
            )
            for name in names - {None}:
                settled[name] += 1

    without_id = defaultdict(list)
    for row, order in enumerate(orders):
        if order.cart is None and order.reference is not None:
            without_id[order.reference].append(row)
    unclaimed = defaultdict(list)
    for cart, known in carts.items():
        if cart in claimants:
            continue
        if known.reference is None:
            add(alone(known), [], [cart])
        else:
            unclaimed[known.reference].append(cart)

    for name in {*pairs, *without_id, *unclaimed}:
        extra = [cart for cart in unclaimed[name] if carts[cart].standing == "paid"]
        rest = [cart for cart in unclaimed[name] if carts[cart].standing != "paid"]
        own = [(row, cart) for row, cart in pairs[name] if carts[cart].standing == "paid"]
        rows = list(without_id[name])
        delivered = bool(settled[name]) or any(orders[row].status == "paid" for row, _ in own)
        alive = bool(settled[name] or own) or any(
            orders[row].status != "canceled" or carts[cart].standing == "waiting"
            for row, cart in pairs[name]
        )
        for row, cart in pairs[name]:
            standing = carts[cart].standing
            if standing == "paid":
                continue
            if delivered and orders[row].status == "paid" and standing in {"unpaid", "not_found"}:
                add(("duplicate_order", orders[row].amount), [row], [cart])
            else:
                add(pair(orders[row], carts[cart], tolerance), [row], [cart])

        if settled[name] + len(own) + len(extra) <= 1:
            for row, cart in own:
                add(pair(orders[row], carts[cart], tolerance), [row], [cart])
            if extra and len(rows) == 1:
                add(pair(orders[rows[0]], carts[extra[0]], tolerance), rows, extra)
                rows = []
            elif extra and rows:
                add(("duplicate_order", abs(recorded(rows) - paid(extra))), rows, extra)
                rows = []
            elif extra:
                add(alone(carts[extra[0]]), [], extra)
        else:
            booked = [(row, cart) for row, cart in own if orders[row].status == "paid"]
            the_one = None
            if not settled[name]:
                if len(booked) == 1:
                    the_one = booked[0]
                elif not booked and len(own) == 1:
                    the_one = own[0]
            if the_one or (settled[name] and not own):
                for row, cart in own:
                    if (row, cart) == the_one:
                        add(pair(orders[row], carts[cart], tolerance), [row], [cart])
                    else:
                        add(("duplicate_payment", carts[cart].amount or 0), [row], [cart])
                for cart in extra:
                    add(("duplicate_payment", carts[cart].amount or 0), [], [cart])
            else:
                group = [row for row, _ in own] or rows
                if not own:
                    rows = []
                owed = max(
                    (orders[row].amount for row in group if orders[row].status == "paid"), default=0
                )
                ids = [cart for _, cart in own] + extra
                add(("duplicate_payment", abs(paid(ids) - owed)), group, ids)

        if rows and (alive or len(rows) > 1):
            ids = [] if alive else rest
            if any(carts[cart].standing == "failed" for cart in ids):
                add(("unverified", sum(orders[row].amount for row in rows)), rows, ids)
            else:
                add(("duplicate_order", recorded(rows)), rows, ids)
            rest = rest if alive else []
        elif rows:
            order = orders[rows[0]]
            for standing in ("failed", "waiting", "unpaid", "not_found"):
                telling = [cart for cart in rest if carts[cart].standing == standing]
                if telling:
                    add(pair(order, carts[telling[0]], tolerance), rows, rest)
                    break
            else:
                add(pair(order, None, tolerance), rows, [])
            rest = []
        for cart in rest:
            add(alone(carts[cart]), [], [cart])
    return found
