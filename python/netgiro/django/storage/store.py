"""What the shop, a callback or a person says about a cart, each recorded in a transaction of its own.

A row is locked and read again before it is changed, and a final status stays: a webhook and a poll that meet
cannot undo each other. Nothing here asks Netgíró. All times are those of the database (`clock`), whichever
machine writes them.
"""

from __future__ import annotations

import logging
import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

import netgiro
from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import NOT_SENT, WITHOUT_ID, Cart, SeenCallback, Status
from netgiro.django.storage import clock
from netgiro.django.storage.delivery import deliver
from netgiro.django.storage.followup import finish, leave_to_person
from netgiro.django.storage.rows import (
    after_commit,
    database,
    database_now,
    durably,
    from_now,
    locked,
    moment,
)
from netgiro.webhook import Refusal

__all__ = [
    "OpenCheckoutError",
    "abandon",
    "adopt",
    "begin",
    "begin_settling",
    "expected",
    "inserted",
    "not_inserted",
    "outcome_unknown",
    "report",
    "reported",
]


logger = logging.getLogger("netgiro.django")


class OpenCheckoutError(Exception):
    """The order has a cart already that is open, may be, or is paid: `cart`. Nothing was sent."""

    def __init__(self, cart: Cart) -> None:
        """Refuse a second cart for the order of this one."""
        super().__init__(
            f"the order {cart.order_reference!r} has the cart {cart.reference!r} already, which is "
            f"{cart.status} ({cart.get_status_display()}): show that one, or cancel it first"
        )
        self.cart = cart


def begin(
    order_reference: str,
    amount: int,
    customer: str,
    confirmation_type: str,
    *,
    hosted_for: float | None = None,
) -> Cart:
    """Commit the intent to ask the customer, before anything is sent; at Netgíró's page, for `hosted_for` seconds.

    Raises OpenCheckoutError when the order has a cart that has not ended, and RuntimeError within a transaction.
    """
    rows = Cart.objects.using(database())
    for _ in range(20):
        attempt = 1 + rows.filter(order_reference=order_reference).count()
        while rows.filter(reference=_reference(order_reference, attempt)).exists():
            attempt += 1
        try:
            now = database_now()
            with durably():
                row = rows.create(
                    order_reference=order_reference,
                    attempt=attempt,
                    reference=_reference(order_reference, attempt),
                    amount=amount,
                    customer=customer,
                    confirmation_type=confirmation_type,
                    status=Status.INSERTING if hosted_for is None else Status.HOSTED,
                    deadline=None if hosted_for is None else now + timedelta(seconds=hosted_for),
                    due_at=now + timedelta(seconds=options().insert_is_stale_after),
                )
                # Django wrote the time of this machine.
                row.created_at = now
                rows.filter(pk=row.pk).update(created_at=now)
                return row
        except IntegrityError:
            # The database decides; this only finds the reason.
            other = rows.filter(order_reference=order_reference, holds_order=True).first()
            if other is not None:
                raise OpenCheckoutError(other) from None
    raise RuntimeError(f"no cart could be made for the order {order_reference!r}")


def _reference(order_reference: str, attempt: int) -> str:
    return order_reference if attempt == 1 else f"{order_reference}-{attempt}"


def inserted(
    cart: Cart, answer: netgiro.Cart, timeout: float, server_now: datetime | None = None
) -> Cart:
    """Record that Netgíró has the cart; the customer has `timeout` seconds.

    `server_now` is what Netgíró's clock says, where that is known.
    """
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        # A callback may have been faster than the answer.
        if row.transaction_id is None or row.status in NOT_SENT:
            _start_following(row, answer, timeout, server_now)
            row.save()
        elif row.transaction_id != answer.transaction_id:
            leave_to_person(row, f"InsertCart answered with {answer.transaction_id}")
            row.save()
    return row


def _start_following(
    row: Cart, answer: netgiro.Cart, timeout: float, server_now: datetime | None = None
) -> None:
    """Follow the row under Netgíró's id from now on."""
    now = clock.now(database())
    poll = netgiro.CartPoll(answer, timeout=timeout, policy=options().poll_policy, now=now)
    poll = _netgiro.poll_dated(poll, now, server_now)
    row.transaction_id = answer.transaction_id
    row.poll = poll.to_json()
    row.deadline = moment(poll.deadline)
    row.due_at = moment(poll.next_check_at)
    row.inserted_at = moment(now)
    if row.status in WITHOUT_ID:
        row.status = Status.PENDING
        row.problem = ""


def not_inserted(cart: Cart, why: str) -> Cart:
    """Record that Netgíró has no such cart: nobody was asked."""
    return _insert_ended(cart, Status.FAILED, why)


def outcome_unknown(cart: Cart, why: str) -> Cart:
    """Record that Netgíró may have the cart: the order stays taken until that is known."""
    return _insert_ended(cart, Status.OUTCOME_UNKNOWN, why)


def _insert_ended(cart: Cart, status: Status, why: str) -> Cart:
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        if row.status == Status.INSERTING:
            row.status = status
            row.problem = why
            row.due_at = row.lease = row.lease_until = None
            if status == Status.FAILED:
                row.holds_order = False
                row.settled_at = database_now()
            row.save()
    return row


def begin_settling(cart: Cart) -> Cart:
    """Record that a cart is to be canceled, so that netgiro_poll does it if this process dies."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        if not row.is_final and row.status not in {*WITHOUT_ID, Status.MISMATCH}:
            row.is_settling = True
            row.due_at = from_now(options().lease)
            row.save()
    return row


# --- Callbacks


def expected(callback: netgiro.Callback) -> Cart | None:
    """Return the cart that a callback is about: by Netgíró's id, or by the reference while that is unknown."""
    carts = Cart.objects.using(database())
    return (
        carts.filter(transaction_id=callback.transaction_id).first()
        or carts.filter(transaction_id=None, reference=callback.reference or "").first()
    )


def report(callback: netgiro.Callback, *, signature: str | None = None) -> Cart:
    """Record that Netgíró reports something about a cart, which is due to be checked from then on.

    Lets a callback with a `signature` through once.
    """
    # Before the transaction, which must begin with a write: SQLite may refuse a write after a read.
    found = expected(callback)
    if found is None:
        raise Refusal(409, f"the shop has no order for the cart {callback.transaction_id}")
    with durably():
        if signature is not None:
            _record_signature(signature)
        # One of V2 does not say what happened.
        may_be_paid = callback.state is None or callback.state.is_paid
        return reported(found, callback.transaction_id, may_be_paid=may_be_paid)


def _record_signature(signature: str) -> None:
    try:
        with transaction.atomic(using=database()):
            SeenCallback.objects.using(database()).create(signature=signature)
    except IntegrityError:
        raise Refusal(409, "it is a replay: it verifies, and was accepted before") from None


def reported(found: Cart, transaction_id: uuid.UUID, *, may_be_paid: bool = True) -> Cart:
    """Record, in the caller's transaction, that something has happened to a cart that Netgíró has under this id."""
    row = locked(found.pk)
    if row.transaction_id is None:
        # The answer to InsertCart has not come yet, or never will; that to a hosted checkout has none.
        sent = netgiro.Cart(transaction_id, reference=row.reference, amount=row.amount)
        _start_following(row, sent, options().checkout_timeout)
    elif row.transaction_id != transaction_id:
        raise Refusal(409, f"it is about {transaction_id}, ours is {row.transaction_id}")
    row.reported_at = now = database_now()
    is_news = not row.is_final or (may_be_paid and not row.is_paid)
    if is_news and row.status != Status.MISMATCH:
        row.due_at = now
    else:
        logger.info("cart %s is %s already: nothing new is reported", row.reference, row.status)
    row.save()
    return row


# --- What a person knows


def adopt(cart: Cart, transaction_id: uuid.UUID) -> Cart:
    """Record Netgíró's id of a cart whose InsertCart had no answer here; it is due from then on."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        if row.transaction_id is not None:
            raise ValueError(f"the cart {row.reference!r} is {row.transaction_id} already")
        sent = netgiro.Cart(transaction_id, reference=row.reference, amount=row.amount)
        _start_following(row, sent, options().checkout_timeout)
        row.save()
    return row


def abandon(cart: Cart) -> Cart:
    """Record that a person looked and nothing is owed: the order may get another cart."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        is_being_sent = row.status == Status.INSERTING and _may_still_be_sent(row)
        if row.status not in {*WITHOUT_ID, Status.MISMATCH} or is_being_sent:
            raise ValueError(
                f"the cart {row.reference!r} is {row.status}: only one whose outcome is unknown can be abandoned"
            )
        why = row.problem
        finish(row, Status.ABANDONED, database_now())
        row.problem = why
        if row.awaits_signal:
            after_commit(deliver, row.pk)
        else:
            row.due_at = None
        row.save()
    return row


def _may_still_be_sent(row: Cart) -> bool:
    age = (database_now() - row.created_at).total_seconds()
    return age < options().insert_is_stale_after
