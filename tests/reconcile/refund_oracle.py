"""The chapter on refunds in docs/reconcile/reconciliation.md, in plain Python: slow, and without a line in common with the core."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import oracle

IN_ORDER = {"matched", "partly_refunded", "refunded"}


class Sent(NamedTuple):
    """A refund that was sent to Netgíró, by its cart's number, its order's reference, or both."""

    cart: int | None
    reference: str | None
    amount: int
    is_made: bool = True


class Found(NamedTuple):
    outcome: str
    orders: frozenset[int]
    """With the refunds among them."""
    carts: frozenset[int]
    at_stake: Decimal
    recorded: int
    refunded: int


@dataclass
class Group:
    """What belongs together: as it was before refunds, and its refunds."""

    outcome: str = ""
    at_stake: int = 0
    orders: list[int] = field(default_factory=list)
    ids: set[int] = field(default_factory=set)
    carts: dict[int, oracle.Cart] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    taken_back: int = 0
    is_unclear: bool = False

    @property
    def payments(self) -> list[oracle.Cart]:
        return [cart for cart in self.carts.values() if cart.standing == "paid"]

    @property
    def made(self) -> int:
        return max(sum(one.amount for one in self.sent if one.is_made), self.taken_back)


def classify(
    orders: list[oracle.Order],
    checks: list[oracle.Check],
    sent: list[Sent] | None,
    taken_back: list[tuple[int | str, int]] = [],  # noqa: B006 - nobody changes it
    tolerance: int = 0,
) -> list[Found]:
    """Every case, in no order; `taken_back` are a cart's number or a reference, and what a settlement takes back."""
    sales = [row for row, order in enumerate(orders) if not order.is_refund]
    groups = _before(orders, sales, checks, tolerance)
    carts = {check.cart: oracle.cart_of(check) for check in checks}
    first = list(groups)
    loose = {
        number: cart
        for number, cart in carts.items()
        if not any(number in group.carts for group in groups)
    }

    def hand_out(cart: int | None, reference: str | None, *, is_row: bool) -> Group:
        found = _home(groups, cart, reference, is_row=is_row, loose=set(loose))
        if isinstance(found, Group):
            group = found
        elif found == "unclear":
            named = {one for one in (cart,) if one is not None}, {reference} - {None}
            group = next(
                (one for one in groups if one.is_unclear and (one.ids, one.references) == named),
                Group(is_unclear=True, ids=named[0], references=named[1]),  # type: ignore[arg-type]
            )
            if group not in groups:
                groups.append(group)
            return group
        else:
            own = [number for number in loose if number == cart]
            if not own and (is_row or cart is None):
                # Also if a refund of it is found already: two carts of one name are nobody's.
                named = [
                    one for one, it in carts.items() if reference and it.reference == reference
                ]
                in_none = [one for one in named if not any(one in it.carts for it in first)]
                own = [one for one in in_none if len(in_none) == 1 and one in loose]
            group = Group()
            if len(own) == 1:
                group.carts[own[0]] = loose.pop(own[0])
                group.ids.add(own[0])
                group.references |= {group.carts[own[0]].reference} - {None}  # type: ignore[arg-type]
            groups.append(group)
        if not group.orders:
            group.ids |= {cart} - {None}  # type: ignore[arg-type]
            group.references |= {reference} - {None}  # type: ignore[arg-type]
        return group

    def known_first(pair: tuple[int | None, str | None]) -> tuple[bool, int, str]:
        return pair[0] is None, pair[0] or 0, pair[1] or ""

    for one in sorted(sent or [], key=lambda one: known_first((one.cart, one.reference))):
        hand_out(one.cart, one.reference, is_row=False).sent.append(one)
    for name, amount in taken_back:
        by_id = isinstance(name, int)
        found = _home(
            groups, name if by_id else None, None if by_id else name, is_row=True, of_bank=True
        )  # type: ignore[arg-type]
        if isinstance(found, Group):
            found.taken_back += amount
    refunds = [row for row, order in enumerate(orders) if order.is_refund]
    for row in sorted(
        refunds, key=lambda row: known_first((orders[row].cart, orders[row].reference))
    ):
        hand_out(orders[row].cart, orders[row].reference, is_row=True).rows.append(row)

    return [_judged(group, orders, sent is not None, tolerance) for group in groups]


def _before(
    orders: list[oracle.Order], sales: list[int], checks: list[oracle.Check], tolerance: int
) -> list[Group]:
    carts = {check.cart: oracle.cart_of(check) for check in checks}
    found = oracle.classify([orders[row] for row in sales], checks, tolerance)
    groups = []
    for one in found:
        rows = [sales[row] for row in one.orders]
        group = Group(one.outcome, int(one.at_stake), rows, set(one.carts))
        group.references = {orders[row].reference for row in rows} - {None}  # type: ignore[assignment]
        for number in one.carts & carts.keys():
            owners = [other for other in found if number in other.carts]
            # Of several the one whose reference it has; the others only name it.
            if len(owners) == 1 or carts[number].reference in group.references:
                group.carts[number] = carts[number]
                group.references |= {carts[number].reference} - {None}  # type: ignore[arg-type]
        groups.append(group)
    return groups


def _home(
    groups: list[Group],
    cart: int | None,
    reference: str | None,
    *,
    is_row: bool,
    of_bank: bool = False,
    loose: Collection[int] = (),
) -> Group | str:
    """The group of a refund, "unclear" or "none"."""
    for name in (cart, reference):
        if name is None:
            continue
        of_it = [
            group
            for group in groups
            if not group.is_unclear and name in (group.ids if name is cart else group.references)
        ]
        if name is reference and cart is not None and not is_row:
            # What was sent says its cart: it is of no other.
            of_it = [
                group for group in of_it if not group.carts and not (group.orders and group.ids)
            ]
        paid = [group for group in of_it if group.payments]
        returned = [group for group in paid if group.made and is_row and not of_bank]
        for some in (of_it, paid, returned):
            if len(some) == 1:
                return some[0]
        if of_it:
            return "unclear"
        if name is cart and cart in loose:
            return "none"
    return "none"


def _judged(group: Group, orders: list[oracle.Order], is_known: bool, tolerance: int) -> Found:
    refunds = {
        state: sum(-orders[row].amount for row in group.rows if orders[row].status == state)
        for state in ("paid", "open")
    }
    recorded = refunds["paid"] + sum(orders[row].refunded for row in group.orders)
    made = group.made
    in_doubt = sum(one.amount for one in group.sent if not one.is_made)
    outcome, at_stake = _verdict(
        group, orders, recorded, refunds["open"], in_doubt, is_known, tolerance
    )
    ids = group.carts.keys() | {orders[row].cart for row in group.orders} - {None}
    named = {orders[row].cart for row in group.rows} | {one.cart for one in group.sent}
    return Found(
        outcome,
        frozenset(group.orders) | frozenset(group.rows),
        frozenset(ids or named - {None}),  # type: ignore[arg-type]
        Decimal(at_stake),
        recorded,
        made,
    )


def _verdict(
    group: Group,
    orders: list[oracle.Order],
    recorded: int,
    still_open: int,
    in_doubt: int,
    is_known: bool,
    tolerance: int,
) -> tuple[str, int]:
    made = group.made
    # A group that only refunds made has no class of before.
    only_refunds = not group.outcome
    as_before = (group.outcome or "matched", group.at_stake)
    if not (recorded or made or still_open or in_doubt):
        return as_before
    if group.is_unclear:
        return "unverified", max(recorded, made + in_doubt, still_open)
    if group.outcome == "unverified":
        return as_before

    elsewhere = only_refunds or (
        group.outcome == "paid_not_recorded" and not group.orders and bool(group.rows)
    )
    stake = 0 if elsewhere else group.at_stake
    says_how_much = all(cart.amount is not None for cart in group.payments) and all(
        cart.standing != "failed" for cart in group.carts.values()
    )
    paid = (
        sum(cart.amount or 0 for cart in group.payments)
        if says_how_much and (group.carts or not only_refunds)
        else None
    )
    booked = [orders[row].amount for row in group.orders if orders[row].status == "paid"]
    owed = max(booked, default=0)

    if paid is not None and max(recorded, made) > paid + tolerance:
        return "refunded_too_much", max(max(recorded, made) - paid, stake)
    if in_doubt:
        return "unverified", max(in_doubt, stake)
    if not is_known and recorded > made + tolerance:
        unpaid_rest = None if paid is None else paid - owed - recorded
        could_be_right = (
            elsewhere
            or group.outcome in IN_ORDER
            or (
                group.outcome in {"paid_not_recorded", "duplicate_payment"}
                and unpaid_rest is not None
                and unpaid_rest <= tolerance
            )
        )
        return ("unverified", max(recorded - made, stake)) if could_be_right else as_before

    apart = abs(made - recorded)
    lack = "refunded_not_recorded" if made > recorded else "recorded_not_refunded"
    good = "refunded" if paid is None or made >= paid - tolerance else "partly_refunded"
    if elsewhere:
        verdict = (lack, apart) if apart > tolerance else (good, 0)
    elif not paid:
        return as_before
    elif group.outcome in {"matched", "amount_mismatch"}:
        verdict = _of_an_order(paid, sum(booked), recorded, made, good, lack, tolerance)
    elif group.outcome in {"paid_not_recorded", "duplicate_payment"}:
        kept = paid - made
        if paid < owed - tolerance:
            return as_before
        if kept > owed + tolerance:
            if recorded > made + tolerance:
                return "recorded_not_refunded", max(apart, kept - owed)
            return (group.outcome, kept - owed) if made else as_before
        is_booked = apart <= tolerance or abs(sum(booked) - recorded - kept) <= tolerance
        verdict = (good, 0) if is_booked else (lack, apart)
    else:
        return as_before
    if verdict[0] in IN_ORDER and still_open:
        return "still_open", still_open
    return verdict


def _of_an_order(
    paid: int, order: int, recorded: int, made: int, good: str, lack: str, tolerance: int
) -> tuple[str, int]:
    is_right_amount = abs(paid - order) <= tolerance
    is_right_refund = abs(made - recorded) <= tolerance
    left_over = (paid - made) - (order - recorded)
    if is_right_amount and is_right_refund:
        return good, 0
    if not recorded and abs(left_over) <= tolerance:
        return good, 0
    if not is_right_refund and (is_right_amount or recorded):
        return lack, abs(made - recorded)
    return "amount_mismatch", abs(left_over)
