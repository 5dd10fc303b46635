"""Orders against checks, decided by the second implementation in `tests/reconcile`."""

import itertools
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "reconcile"))

import oracle  # noqa: E402
import refund_oracle  # noqa: E402

ABOUT = (
    "Reconciliation: `reconcile(orders, checks, tolerance)` gives the rows of `expect`, in any order. An order is `reference "
    "cart amount status`, a check `cart status amount reference`, a row `outcome orders carts at_stake`; `-` stands for none. "
    "Carts are numbers (their transaction id is that number), orders in `expect` are counted from 0. "
    "In `refund_cases` an order below 0 is a refund, and one may have a fifth word, what is refunded beside it. `refunds` are those "
    "that were sent, `cart reference amount made|unknown`, or null if they are not known; `taken_back` is what settlements take "
    "back, `cart-or-reference amount`; and a row says further `recorded_refund refunded`."
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
    if isinstance(record, oracle.Order) and not record.refunded:
        record = record[:-1]
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


def refund_case(name, orders, checks, sent, taken_back=(), tolerance=0):
    found = refund_oracle.classify(orders, checks, sent, list(taken_back), tolerance)
    rows = [
        f"{row.outcome} {among(row.orders)} {among(row.carts)} {row.at_stake} {row.recorded} {row.refunded}"
        for row in sorted(found, key=lambda row: (row.outcome, sorted(row.orders), sorted(row.carts)))
    ]
    given = {
        "orders": [written(order) for order in orders],
        "checks": [written(check) for check in checks],
        "refunds": None if sent is None else [written((*one[:3], "made" if one.is_made else "unknown")) for one in sent],
        "taken_back": [written(one) for one in taken_back],
    }
    return {"name": name, "tolerance": tolerance} | given | {"expect": rows}


def refunds_of_one_order():
    """Each state of an order and of its cart, with refunds of either side: none, a part, all, too much."""
    sold = oracle.Order("a", 1, 1000, "paid")
    paid = check(1, "confirmed", 1000, "a")
    amounts = {"nothing": 0, "a part": 400, "all": 1000, "too much": 1400}

    def made(amount, is_made=True):
        return [refund_oracle.Sent(1, "a", amount, is_made)] if amount else []

    for (name, recorded), (other, refunded) in itertools.product(amounts.items(), amounts.items()):
        row = [sold._replace(amount=-recorded)] if recorded else []
        yield refund_case(f"{name} recorded in a row, {other} refunded", [sold, *row], [paid], made(refunded))
        yield refund_case(f"{name} recorded beside it, {other} refunded", [sold._replace(refunded=recorded)], [paid], made(refunded))
        yield refund_case(f"{name} recorded, {other} taken back", [sold, *row], [paid], None, [(1, refunded)] if refunded else [])
    for cart, status, sent in itertools.product(CARTS, ORDERS, (None, 0, 1000)):
        order = sold._replace(status=status)
        told = [check(1, cart, 1000, "a")]
        which = "not known" if sent is None else f"{sent} refunded"
        given = None if sent is None else made(sent)
        yield refund_case(f"{cart}, {status} in the shop, a refund in a row, {which}", [order, sold._replace(amount=-1000)], told, given)
        if sent:
            yield refund_case(f"{cart}, {status} in the shop, {which}", [order], told, given)
    for status, sent in itertools.product(("open", "canceled"), (None, 0, 400)):
        row = sold._replace(amount=-400, status=status)
        yield refund_case(f"a refund that is {status}, {sent} refunded", [sold, row], [paid], None if sent is None else made(sent))
    yield refund_case("a refund whose outcome is not known", [sold], [paid], made(400, is_made=False))
    yield refund_case("a refund recorded whose outcome is not known", [sold, sold._replace(amount=-400)], [paid], made(400, is_made=False))
    yield refund_case("a refund recorded twice", [sold, *[sold._replace(amount=-400)] * 2], [paid], made(400))
    yield refund_case("two refunds", [sold, sold._replace(amount=-400), sold._replace(amount=-300)], [paid], made(300) + made(400))
    yield refund_case("the order's amount was changed", [sold._replace(amount=600)], [paid], made(400))
    yield refund_case("too much paid, and given back", [sold], [check(1, "confirmed", 1500, "a")], made(500))
    yield refund_case("too much paid, a part of it given back", [sold], [check(1, "confirmed", 1500, "a")], made(200))
    yield refund_case("too little paid, and refunded", [sold, sold._replace(amount=-400)], [check(1, "confirmed", 900, "a")], made(400))
    yield refund_case("a króna more refunded than recorded", [sold, sold._replace(amount=-400)], [paid], made(401), tolerance=1)
    yield refund_case("refunded by reference", [sold, oracle.Order("a", None, -400, "paid")], [paid], [refund_oracle.Sent(None, "a", 400)])
    yield refund_case("refunded by an id of its own", [sold, oracle.Order("a", 9, -400, "paid")], [paid], made(400))


def refunds_of_others():
    """Sales of another time, payments without an order, references that are paid twice."""
    row = oracle.Order("a", 1, -400, "paid")
    paid = check(1, "confirmed", 1000, "a")
    sent = refund_oracle.Sent(1, "a", 400)
    for name, checks in (("", []), (", and is checked", [paid]), (", and was canceled", [check(1, "canceled", None, "a")])):
        for other, given in (("not known", None), ("none", []), ("the same", [sent]), ("more", [sent._replace(amount=500)])):
            yield refund_case(f"its sale is of another month{name}; refunded: {other}", [row], checks, given)
        yield refund_case(f"a refund without an order{name}", [], checks, [sent])
    yield refund_case("a payment without an order, refunded in full", [], [paid], [sent._replace(amount=1000)])
    yield refund_case("an item that takes back from an unknown cart", [], [], None, [(1, 400)])
    sold = oracle.Order("a", 1, 1000, "paid")
    twice = [paid, check(2, "confirmed", 1000, "a")]
    second = refund_oracle.Sent(2, "a", 1000)
    by_reference = oracle.Order("a", None, -1000, "paid")
    yield refund_case("paid twice, the second refunded", [sold], twice, [second])
    yield refund_case("paid twice, the second refunded and recorded", [sold, by_reference], twice, [second])
    yield refund_case("paid twice, a part of the second refunded", [sold], twice, [second._replace(amount=300)])
    yield refund_case("paid twice, which of them is refunded is not known", [sold, by_reference], twice, [])
    yield refund_case("paid twice, refunded by reference", [sold], twice, [refund_oracle.Sent(None, "a", 1000)])
    yield refund_case("two payments of an order without an id, one refunded", [sold._replace(cart=None)], twice, [second])
    yield refund_case("two payments of an order without an id, a part refunded", [sold._replace(cart=None)], twice, [second._replace(amount=300)])
    both = [sold, sold._replace(cart=2)]
    yield refund_case("recorded and paid twice, one refunded", both, twice, [second])
    yield refund_case("recorded and paid twice, one refunded and recorded", [*both, sold._replace(cart=2, amount=-1000)], twice, [second])
    yield refund_case("one cart on two orders, refunded", [sold, sold], [paid], [sent])


def refund_groups():
    """Few references, carts and amounts, so that much of it meets."""
    dice = random.Random(14)
    seen = set()
    number = 0
    while number < 240:
        orders = [
            oracle.Order(
                dice.choice(("a", "a", "b", None)),
                dice.choice((None, 1, 2, 3)),
                dice.choice((1000, 1000, 2000, -300, -1000)),
                dice.choice(("paid", "paid", "paid", "open", "canceled")),
            )
            for _ in range(dice.randrange(1, 5))
        ]
        orders = [order._replace(refunded=dice.choice((0, 0, 0, 300))) if order.amount > 0 else order for order in orders]
        checks = [
            check(cart, dice.choice((*(["confirmed"] * 9), *CARTS)), dice.choice((1000, 1000, 2000, None)), "aab"[cart - 1])
            for cart in dice.sample((1, 2, 3), dice.randrange(1, 4))
        ]
        carts = [dice.choice((1, 2, 3, None)) for _ in range(dice.randrange(3))]
        sent = [
            refund_oracle.Sent(
                cart,
                dice.choice("ab") if cart is None else "aab"[cart - 1],
                dice.choice((300, 1000)),
                dice.random() < 0.9,
            )
            for cart in carts
        ]
        sent = dice.choice((None, sent, sent, sent))
        taken_back = [(dice.choice((1, 2, "a")), dice.choice((300, 1000)))] if dice.random() < 0.25 else []
        made = refund_case(f"group {number + 1}", orders, checks, sent, taken_back)
        if tuple(made["expect"]) not in seen:
            seen.add(tuple(made["expect"]))
            number += 1
            yield made


def build():
    refunds = [*refunds_of_one_order(), *refunds_of_others(), *refund_groups()]
    return {"cases": [*pairs(), *groups()], "refund_cases": refunds}
