"""Orders against checks, decided by the second implementation in `tests/reconcile`."""

import itertools
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "reconcile"))

import oracle  # noqa: E402

ABOUT = (
    "Reconciliation: `reconcile(orders, checks, tolerance)` gives the rows of `expect`, in any order. An order is `reference "
    "cart amount status`, a check `cart status amount reference`, a row `outcome orders carts at_stake`; `-` stands for none. "
    "Carts are numbers (their transaction id is that number), orders in `expect` are counted from 0."
)

CARTS = ("confirmed", "canceled", "declined", "not_found", "pending", "needs_code", "reserved", "awaiting_callback")
CARTS += ("unknown", "failed")
ORDERS = ("paid", "open", "canceled")


def case(name, orders, checks, tolerance=0):
    found = oracle.classify(orders, checks, tolerance)
    rows = [
        f"{row.outcome} {among(row.orders)} {among(row.carts)} {row.at_stake}"
        for row in sorted(found, key=lambda row: (row.outcome, sorted(row.orders), sorted(row.carts)))
    ]
    given = {"orders": [written(order) for order in orders], "checks": [written(check) for check in checks]}
    return {"name": name, "tolerance": tolerance} | given | {"expect": rows}


def written(record):
    return " ".join("-" if member is None else str(member) for member in record)


def among(numbers):
    return ",".join(map(str, sorted(numbers))) or "-"


def check(cart, status, amount=None, reference=None):
    # A check that failed tells nothing.
    return oracle.Check(cart, status) if status == "failed" else oracle.Check(cart, status, amount, reference)


def pairs():
    for cart, status in itertools.product(CARTS, ORDERS):
        order = oracle.Order("a", 1, 1000, status)
        yield case(f"{cart}, {status} in the shop", [order], [check(1, cart, 1000, "a")])
    for status in ORDERS:
        order = oracle.Order("a", 1, 1000, status)
        for name, told in (
            ("no amount", check(1, "confirmed", None, "a")),
            ("no reference", check(1, "confirmed", 1000)),
            ("another reference", check(1, "confirmed", 1500, "b")),
            ("too little", check(1, "confirmed", 998, "a")),
            ("too much", check(1, "confirmed", 1003, "a")),
            ("a króna less", check(1, "confirmed", 999, "a")),
        ):
            yield case(f"paid with {name}, {status} in the shop", [order], [told], tolerance=1)
        yield case(f"no check, {status} in the shop", [order], [])
        yield case(f"no check and no cart, {status} in the shop", [order._replace(cart=None)], [])
        yield case(f"nothing to know it by, {status} in the shop", [order._replace(cart=None, reference=None)], [])
        free = order._replace(amount=0)
        yield case(f"of 0 kr. and no check, {status} in the shop", [free], [])
        yield case(f"of 0 kr. and no cart, {status} in the shop", [free._replace(cart=None)], [])
        yield case(f"of 0 kr. and nothing to know it by, {status} in the shop", [free._replace(cart=None, reference=None)], [])
        yield case(f"of 0 kr. and a canceled cart of it, {status} in the shop", [free._replace(cart=None)], [check(1, "canceled", None, "a")])
    for cart in CARTS:
        yield case(f"{cart}, without an order", [], [check(1, cart, 1000, "a")])


def groups():
    """Few references, carts and amounts, so that much of it meets."""
    dice = random.Random(11)
    seen = set()
    number = 0
    while number < 320:
        orders = [
            oracle.Order(
                dice.choice(("a", "a", "a", "b", None)),
                dice.choice((None, None, 1, 2, 3)),
                dice.choice((1000, 1000, 2000)),
                dice.choice(("paid", "paid", "open", "canceled")),
            )
            for _ in range(dice.randrange(1, 5))
        ]
        checks = [
            check(
                cart,
                dice.choice(("confirmed", *(["confirmed"] * 6), *CARTS)),
                dice.choice((1000, 1000, 2000, None)),
                dice.choice(("a", "a", "a", "b", None)),
            )
            for cart in dice.sample((1, 2, 3, 4), dice.randrange(1, 5))
        ]
        made = case(f"group {number + 1}", orders, checks)
        # What has been seen in the same shape brings nothing.
        shape = (tuple(made["expect"]), len(orders), len(checks))
        if shape not in seen:
            seen.add(shape)
            number += 1
            yield made


def build():
    return {"cases": [*pairs(), *groups()]}
