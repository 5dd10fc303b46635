"""Everything that is written about a cart, each a transaction of its own; nothing here asks Netgíró.

A row is changed under its lock, after it was read anew, and an end that was reached stays: a webhook and a
poll that meet cannot undo each other. Whoever follows a cart leases its row for a while instead of locking
it, so that no transaction is open while Netgíró is asked, and a process that dies holds nothing up for long.

All times are the database's (`clock`), whichever machine writes them.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from datetime import timezone as datetime_timezone
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, connections, router, transaction
from django.db.models import Q
from django.utils import timezone

import netgiro
from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import (
    CLOSED,
    LET_GO,
    NOT_SENT,
    SIGNALED,
    UNREADABLE_POLL,
    Cart,
    SeenCallback,
    Status,
)
from netgiro.django.signals import cart_canceled, cart_confirmed, cart_declined
from netgiro.django.storage import clock
from netgiro.webhook import Refusal

__all__ = [
    "OpenCheckoutError",
    "Seen",
    "abandon",
    "adopt",
    "begin",
    "begin_settling",
    "database",
    "deliver",
    "durably",
    "expected",
    "inserted",
    "lease",
    "not_inserted",
    "outcome_unknown",
    "poll_of",
    "record",
    "report",
    "rest",
]

logger = logging.getLogger("netgiro.django")

_SIGNALS = {
    Status.CONFIRMED: cart_confirmed,
    Status.DECLINED: cart_declined,
    Status.CANCELED: cart_canceled,
    Status.NOT_FOUND: cart_canceled,
    Status.ABANDONED: cart_canceled,
}

_SHOPS_MOVE = {Status.NEEDS_CODE, Status.RESERVED}
# Where it is the shop's move, asking is of little use, in seconds.
_CODE_INTERVAL = 15.0
_RESERVED_INTERVAL = 300.0
# How long a poll that cannot go on by itself rests, in seconds: its keys or its settings may be put right.
_REST = 60.0
# The first and the longest time between two attempts at telling the shop, in seconds.
_FIRST_SIGNAL_DELAY = 2.0
_LONGEST_SIGNAL_DELAY = 600.0
_MOST_FAILURES = 2**31 - 1  # that the column takes

# Beyond what is rested anyway, a server may ask to be left alone for two minutes, in seconds.
_LONGEST_RETRY_AFTER = 120.0
# Instants that are this far in the future, in seconds, were not written by the clock as it is now.
_CLOCK_IS_ONE = timedelta(seconds=2)
# The same for leases, which last as long as the options of whoever took them say.
_LEASES_DIFFER = timedelta(seconds=300)
# What has happened, and so cannot be in the future.
_HAPPENED = ("created_at", "inserted_at", "reported_at", "checked_at", "settled_at")


class OpenCheckoutError(Exception):
    """The order has a cart already that is open, may be, or is paid: `cart`. Nothing was sent."""

    def __init__(self, cart: Cart) -> None:
        """Refuse a second cart for the order of this one."""
        super().__init__(
            f"the order {cart.order_reference!r} has the cart {cart.reference!r} already, which is "
            f"{cart.status} ({cart.get_status_display()}): show that one, or cancel it first"
        )
        self.cart = cart


class Seen(NamedTuple):
    """What was learnt of a cart: its state, or why there is none."""

    answer: netgiro.CartState | netgiro.NetgiroError
    sent_at: datetime
    """When that was asked, aware, by the clock of the machine that asked."""
    is_conclusive: bool = False
    """Whether it answers a cancel, after which there is nothing to wait for."""
    server_sent_at: datetime | None = None
    """What Netgíró's clock said then, where that is known."""


def database() -> str:
    """Return the alias of the database that the carts are in."""
    return router.db_for_write(Cart)


@contextmanager
def durably() -> Iterator[None]:
    """Commit what is written in the block at its end; raises TransactionManagementError where it cannot."""
    connection = connections[database()]
    with ExitStack() as stack:
        try:
            # A TestCase's own transaction is let pass, as Django has it.
            stack.enter_context(transaction.atomic(using=database(), durable=True))
            is_durable = connection.commit_on_exit or len(connection.atomic_blocks) > 1
        except RuntimeError:
            is_durable = False
        if not is_durable:
            raise transaction.TransactionManagementError(
                "netgiro must commit by itself, or a crash could ask the customer twice: call it outside of "
                "transaction.atomic. In a view, where ATOMIC_REQUESTS is set, by "
                "@transaction.non_atomic_requests"
            )
        yield


def _moment(instant: datetime) -> datetime:
    """Return an instant as the database takes it."""
    if settings.USE_TZ:
        return instant
    return timezone.make_naive(instant, timezone.get_default_timezone())


def _now() -> datetime:
    """Return what the database's clock says, as the database takes it."""
    return _moment(clock.now(database()))


def _after(seconds: float) -> datetime:
    return _now() + timedelta(seconds=seconds)


def _locked(cart_pk: int) -> Cart:
    """Return the row as it now is; nobody else changes it before the transaction ends."""
    rows = Cart.objects.using(database())
    if not connections[database()].features.has_select_for_update:
        # One writer at a time, as on SQLite: by writing first, be it.
        rows.filter(pk=cart_pk).update(updated_at=timezone.now())
    return rows.select_for_update().get(pk=cart_pk)


# --- Before and after InsertCart


def begin(order_reference: str, amount: int, customer: str, confirmation_type: str) -> Cart:
    """Commit the intent to ask the customer, before anything is sent.

    Raises OpenCheckoutError when the order has a cart that is not over, and RuntimeError within a transaction.
    """
    rows = Cart.objects.using(database())
    for _ in range(20):
        attempt = 1 + rows.filter(order_reference=order_reference).count()
        while rows.filter(reference=_reference(order_reference, attempt)).exists():
            attempt += 1
        try:
            now = _now()
            with durably():
                row = rows.create(
                    order_reference=order_reference,
                    attempt=attempt,
                    reference=_reference(order_reference, attempt),
                    amount=amount,
                    customer=customer,
                    confirmation_type=confirmation_type,
                    due_at=now + timedelta(seconds=options().insert_is_stale_after),
                )
                # Django has written this machine's time.
                row.created_at = now
                rows.filter(pk=row.pk).update(created_at=now)
                return row
        except IntegrityError:
            # The database decides; this only tells why.
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
        row = _locked(cart.pk)
        # A callback may have been faster than the answer.
        if row.transaction_id is None or row.status in NOT_SENT:
            _has_id(row, answer, timeout, server_now)
            row.save()
        elif row.transaction_id != answer.transaction_id:
            _for_a_person(row, f"InsertCart answered with {answer.transaction_id}")
            row.save()
    return row


def _has_id(
    row: Cart, answer: netgiro.Cart, timeout: float, server_now: datetime | None = None
) -> None:
    """Follow the row from now on under Netgíró's id."""
    now = clock.now(database())
    poll = netgiro.CartPoll(answer, timeout=timeout, policy=options().poll_policy, now=now)
    poll = _netgiro.poll_dated(poll, now, server_now)
    row.transaction_id = answer.transaction_id
    row.poll = poll.to_json()
    row.deadline = _moment(poll.deadline)
    row.due_at = _moment(poll.next_check_at)
    row.inserted_at = _moment(now)
    if row.status in NOT_SENT:
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
        row = _locked(cart.pk)
        if row.status == Status.INSERTING:
            row.status = status
            row.problem = why
            row.due_at = row.lease = row.lease_until = None
            if status == Status.FAILED:
                row.holds_order = False
                row.settled_at = _now()
            row.save()
    return row


def poll_of(row: Cart) -> netgiro.CartPoll:
    """Return the poll of a cart that has Netgíró's id; where the row holds none, one that starts now.

    Raises InvalidRequestError for a token that no poll of this cart has written.
    """
    if not row.poll:
        timeout = options().checkout_timeout
        return netgiro.CartPoll(row.as_sent(), timeout=timeout, policy=options().poll_policy)
    poll = netgiro.CartPoll.from_json(row.poll)
    if poll.transaction_id != row.transaction_id:
        raise netgiro.InvalidRequestError(
            f"the poll of the cart {row.transaction_id} is another cart's: {poll.transaction_id}"
        )
    return poll


# --- What Netgíró says


def record(cart_pk: int, seen: Seen, *, lease: uuid.UUID | None = None) -> Cart:
    """Record what was learnt of a cart, and when to ask again; a lease that is given ends with it.

    The shop is told of the cart's end once that is committed.
    """
    with transaction.atomic(using=database()):
        row = _locked(cart_pk)
        now = clock.now(database())
        seen = seen._replace(sent_at=now - _age(seen))
        if not row.is_final:
            _move_to_clock(row, seen)
        row.checked_at = _moment(now)
        answer = seen.answer
        if isinstance(answer, netgiro.CartState):
            row.last_answer = _as_json(answer)
        if row.is_final or row.signaled_at is not None or not row.holds_order:
            _absorb(row, answer, _moment(now))
        elif isinstance(answer, netgiro.MismatchError):
            _for_a_person(row, str(answer))
        elif (end := _end(row, seen, now)) is not None:
            _ends(row, end, _moment(now))
        else:
            _goes_on(row, seen, now)
        if row.awaits_signal:
            transaction.on_commit(
                partial(deliver, row.pk, lease=lease), using=database(), robust=True
            )
        elif lease is not None and row.lease == lease:
            row.lease = row.lease_until = None
        row.save()
    return row


def _age(seen: Seen) -> timedelta:
    """Return how long ago it was asked: less than a lease, wherever this machine's clock was set meanwhile."""
    age = datetime.now(datetime_timezone.utc) - seen.sent_at
    return min(max(age, timedelta(0)), timedelta(seconds=options().lease))


def _move_to_clock(row: Cart, seen: Seen) -> None:
    """Put the poll of a row, and its deadline, on the database's clock, which may have been set since."""
    try:
        kept = netgiro.CartPoll.from_json(row.poll)
    except netgiro.InvalidRequestError:
        return  # whoever needs it says so
    if (
        row.status in {Status.NEEDS_CODE, Status.RESERVED}
        and seen.server_sent_at is None
        and seen.sent_at > kept.next_check_at
    ):
        return  # it was not asked as often as its poll counts
    poll = _netgiro.poll_on_clock(kept, seen.sent_at, seen.server_sent_at)
    poll = _netgiro.poll_dated(poll, seen.sent_at, seen.server_sent_at)
    row.poll = poll.to_json()
    if row.deadline is not None:
        row.deadline += poll.deadline - kept.deadline


def _as_json(state: netgiro.CartState) -> Any:
    return json.loads(json.dumps(state.to_dict(), cls=DjangoJSONEncoder))


def _absorb(row: Cart, answer: netgiro.CartState | netgiro.NetgiroError, now: datetime) -> None:
    """Let an end stay; but tell a person of what was paid after all."""
    row.due_at = now if row.awaits_signal else None
    if row.is_paid:
        return
    if isinstance(answer, netgiro.MismatchError):
        _for_a_person(row, str(answer))
    elif isinstance(answer, netgiro.CartState):
        if answer.is_paid:
            _for_a_person(row, f"it is paid at Netgíró, and was recorded here as {row.status}")
        elif row.status in LET_GO and not answer.is_final:
            row.due_at = now + timedelta(seconds=_REST)  # to be canceled
    else:
        row.problem = str(answer)
        row.due_at = now + timedelta(seconds=_REST)


def _for_a_person(row: Cart, why: str) -> None:
    logger.error("cart %s of order %r needs a person: %s", row.reference, row.order_reference, why)
    row.status = Status.MISMATCH
    row.problem = why
    row.due_at = None


def _end(row: Cart, seen: Seen, now: datetime) -> Status | None:
    """Return the end that a cart has come to, if it has."""
    answer = seen.answer
    if not isinstance(answer, netgiro.CartState) or not answer.is_final:
        return None
    if answer.status == "not_found" and row.status in _SHOPS_MOVE:
        return None  # it was seen, which its poll is not told
    # A cart that was inserted a moment ago may still appear.
    try:
        poll = poll_of(row).answered(
            answer, sent_at=seen.sent_at, now=now, after_cancel=seen.is_conclusive
        )
    except (netgiro.WaitTimeoutError, netgiro.InvalidRequestError):
        return None
    return Status(str(answer.status)) if poll.is_done else None


def _ends(row: Cart, status: Status, now: datetime) -> None:
    row.status = status
    row.problem = ""
    row.settled_at = now
    row.due_at = now
    row.holds_order = status not in CLOSED


def _goes_on(row: Cart, seen: Seen, instant: datetime) -> None:
    """Decide when to ask again, and whether to cancel then."""
    answer = seen.answer
    now = _moment(instant)
    if isinstance(answer, netgiro.CartState):
        row.problem = ""
        if not answer.is_final:
            row.status = Status(str(answer.status))
    else:
        row.problem = str(answer)
    if row.status == Status.MISMATCH and not isinstance(answer, netgiro.CartState):
        row.due_at = None  # a person has asked, and looks
        return
    is_late = row.deadline is not None and now >= row.deadline
    if row.status in _SHOPS_MOVE and not row.is_settling:
        # The shop's move. A reservation is left to it; a code that never came is not waited for.
        if row.status == Status.NEEDS_CODE:
            row.is_settling = is_late
            again = now + timedelta(seconds=_CODE_INTERVAL)
            row.due_at = now if is_late else min(again, row.deadline or now)
        else:
            row.due_at = now + timedelta(seconds=_RESERVED_INTERVAL)
    else:
        row.due_at = _next(row, seen, instant)
    if row.reported_at is not None and row.reported_at >= _moment(seen.sent_at):
        # What a callback reported was not seen yet. When it was asked is known to a moment: not at once.
        row.due_at = min(row.due_at, now + timedelta(seconds=0.5))


def _next(row: Cart, seen: Seen, now: datetime) -> datetime:
    try:
        poll = poll_of(row)
    except netgiro.InvalidRequestError as error:
        row.problem = f"{UNREADABLE_POLL}: {error}"
        logger.error("cart %s of order %r: %s", row.reference, row.order_reference, row.problem)  # noqa: TRY400
        return _moment(now) + timedelta(seconds=_REST)
    open_as: Any = seen.answer
    if isinstance(open_as, netgiro.CartState) and open_as.status in {"needs_code", "reserved"}:
        open_as = "pending"  # it is being canceled, so the poll is not done
    try:
        poll = poll.answered(open_as, sent_at=seen.sent_at, now=now)
    except netgiro.WaitTimeoutError as timeout:
        # At the deadline it is canceled, and its answer read: again and again, until one is clear.
        was_settling, row.is_settling = row.is_settling, True
        poll = netgiro.CartPoll(timeout.poll or poll, timeout=_REST, now=now)
        row.poll = poll.to_json()
        return _moment(poll.next_check_at if was_settling else now)
    except netgiro.NetgiroError:
        left = (row.deadline - _moment(now)).total_seconds() if row.deadline else 0.0
        poll = netgiro.CartPoll(poll, timeout=max(_REST, left), now=now)
        row.poll = poll.to_json()
        row.is_settling = row.is_settling or left <= 0
        return _moment(now) + timedelta(seconds=_REST)
    row.poll = poll.to_json()
    return _moment(poll.next_check_at)


def begin_settling(cart: Cart) -> Cart:
    """Record that a cart is to be canceled, so that netgiro_poll does so should this process not."""
    with transaction.atomic(using=database()):
        row = _locked(cart.pk)
        if not row.is_final and row.status not in {*NOT_SENT, Status.MISMATCH}:
            row.is_settling = True
            row.due_at = _after(options().lease)
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
    # Before the transaction, which is to begin with a write: SQLite may refuse one after reading.
    found = expected(callback)
    if found is None:
        raise Refusal(409, f"the shop has no order for the cart {callback.transaction_id}")
    with durably():
        if signature is not None:
            _let_through(signature)
        return _report(found, callback)


def _let_through(signature: str) -> None:
    try:
        with transaction.atomic(using=database()):
            SeenCallback.objects.using(database()).create(signature=signature)
    except IntegrityError:
        raise Refusal(409, "it is a replay: it verifies, and was accepted before") from None


def _report(found: Cart, callback: netgiro.Callback) -> Cart:
    row = _locked(found.pk)
    if row.transaction_id is None:
        # The answer to InsertCart is not here yet, or never will be.
        sent = netgiro.Cart(callback.transaction_id, reference=row.reference, amount=row.amount)
        _has_id(row, sent, options().checkout_timeout)
    elif row.transaction_id != callback.transaction_id:
        raise Refusal(409, f"it is about {callback.transaction_id}, ours is {row.transaction_id}")
    row.reported_at = now = _now()
    is_news = not row.is_final or (callback.state.is_paid and not row.is_paid)
    if is_news and row.status != Status.MISMATCH:
        row.due_at = now
    row.save()
    return row


# --- Following


def lease(limit: int, *, only: int | None = None) -> list[Cart]:
    """Take carts that are due, at most `limit`, or `only` that one; nobody else is given them meanwhile."""
    features = connections[database()].features
    now = _now()
    _bring_back(now)
    due = _free(now).filter(due_at__lte=now)
    if only is not None:
        due = due.filter(pk=only)
    token = uuid.uuid4()
    # Rows that another process is looking at are its own. Where there is but one writer, the update decides.
    block: AbstractContextManager[object] = nullcontext()
    if features.has_select_for_update_skip_locked:
        block = transaction.atomic(using=database())
        due = due.select_for_update(skip_locked=True)
    with block:
        found = list(due.order_by("due_at").values_list("pk", flat=True)[:limit])
        if not found:
            return []
        until = now + timedelta(seconds=options().lease)
        _free(now).filter(pk__in=found).update(lease=token, lease_until=until)
    return _read(found, token)


def _is_free(now: datetime) -> Q:
    longest = timedelta(seconds=options().lease) + _LEASES_DIFFER
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=now + longest)


def _free(now: datetime) -> Any:
    return Cart.objects.using(database()).filter(_is_free(now))


def _bring_back(now: datetime) -> None:
    """Make due what was written by a clock that is not this one, or was this one before it was set back.

    Nothing has happened in the future, and nothing rests longer than anything does.
    """
    rows = Cart.objects.using(database())
    policy = options().poll_policy or netgiro.PollPolicy()
    longest = max(_RESERVED_INTERVAL, _LONGEST_RETRY_AFTER + _REST + 2 * policy.max_interval)
    is_ahead = reduce(or_, (Q(**{f"{name}__gt": now + _CLOCK_IS_ONE}) for name in _HAPPENED))
    is_far = Q(due_at__gt=now + timedelta(seconds=longest) + _CLOCK_IS_ONE)
    ahead = rows.filter(due_at__gt=now + _CLOCK_IS_ONE)
    found = list(
        ahead.filter(is_ahead | (is_far & ~Q(status__in=SIGNALED))).values_list("pk", flat=True)
    )
    if not found:
        return
    logger.warning("%d carts were due by another clock than the database's: moved", len(found))
    for name in _HAPPENED:
        rows.filter(pk__in=found, **{f"{name}__gt": now}).update(**{name: now})
    asked = rows.filter(pk__in=found, transaction_id__isnull=False)
    asked.update(due_at=now)
    stale = timedelta(seconds=options().insert_is_stale_after)
    rows.filter(pk__in=found, transaction_id__isnull=True).update(due_at=now + stale)


def _read(found: list[int], token: uuid.UUID) -> list[Cart]:
    """Return the leased carts; one that cannot be read rests, and holds up no other."""
    rows = Cart.objects.using(database()).filter(lease=token)
    try:
        return list(rows.order_by("due_at"))
    except Exception as error:  # noqa: BLE001 - which of them it is about is found out below
        logger.debug("a cart cannot be read: %s", type(error).__name__)
    carts: list[Cart] = []
    for pk in found:
        try:
            carts += rows.filter(pk=pk)
        except Exception:
            rest(pk, token)
            logger.exception("the cart with the key %s cannot be read: it rests", pk)
    return carts


def rest(cart_pk: int, lease: uuid.UUID | None) -> None:
    """Put a leased cart off that something unforeseen happened to; raises where the database is at fault."""
    ours = Cart.objects.using(database()).filter(pk=cart_pk, lease=lease)
    ours.update(due_at=_after(_REST), lease=None, lease_until=None)


def deliver(cart_pk: int, *, lease: uuid.UUID | None = None) -> bool:
    """Tell the shop of a cart's end, unless it was told or is being told; returns whether it now was.

    The receivers' own writes are committed together with the record that they were called: if one raises, or
    the process dies, neither stays, and the cart is due again.
    """
    token = lease or uuid.uuid4()
    rows = Cart.objects.using(database()).filter(pk=cart_pk, signaled_at=None)
    now = _now()
    until = now + timedelta(seconds=options().lease)
    if not rows.filter(_is_free(now) | Q(lease=token)).update(lease=token, lease_until=until):
        return False
    ours = rows.filter(lease=token)
    cart = Cart.objects.using(database()).get(pk=cart_pk)
    if not cart.awaits_signal:
        ours.update(lease=None, lease_until=None)
        return False
    try:
        with transaction.atomic(using=database()):
            _SIGNALS[Status(cart.status)].send(sender=Cart, cart=cart)
            # Last, so that the row is not locked while the receivers are at work.
            if not ours.update(signaled_at=_now(), due_at=None, lease=None, lease_until=None):
                raise _TookTooLongError(  # noqa: TRY301 - what the receivers wrote is undone by it
                    f"it took longer than {options().lease:.0f} s"
                )
    except Exception as error:
        failures = min(cart.signal_failures + 1, _MOST_FAILURES)
        delay = _netgiro.backoff(_FIRST_SIGNAL_DELAY, failures, _LONGEST_SIGNAL_DELAY)
        logger.exception(
            "cart %s: telling of its end failed, again in %.0f s", cart.reference, delay
        )
        ours.update(
            signal_failures=failures,
            # PostgreSQL takes no NUL.
            problem=f"telling of its end failed: {type(error).__name__}: {error}".replace("\0", ""),
            due_at=_after(delay),
            lease=None,
            lease_until=None,
        )
        return False
    return True


class _TookTooLongError(Exception):
    """Somebody else may be telling by now."""


# --- A person's word


def adopt(cart: Cart, transaction_id: uuid.UUID) -> Cart:
    """Record Netgíró's id of a cart whose InsertCart had no answer here; it is due from then on."""
    with transaction.atomic(using=database()):
        row = _locked(cart.pk)
        if row.transaction_id is not None:
            raise ValueError(f"the cart {row.reference!r} is {row.transaction_id} already")
        sent = netgiro.Cart(transaction_id, reference=row.reference, amount=row.amount)
        _has_id(row, sent, options().checkout_timeout)
        row.save()
    return row


def abandon(cart: Cart) -> Cart:
    """Record that a person has looked, and nothing is owed: the order may be given another cart."""
    with transaction.atomic(using=database()):
        row = _locked(cart.pk)
        is_being_sent = row.status == Status.INSERTING and _left_of_insert(row) > 0
        if row.status not in {*NOT_SENT, Status.MISMATCH} or is_being_sent:
            raise ValueError(
                f"the cart {row.reference!r} is {row.status}: only one whose outcome is unknown can be abandoned"
            )
        why = row.problem
        _ends(row, Status.ABANDONED, _now())
        row.problem = why
        if row.awaits_signal:
            transaction.on_commit(partial(deliver, row.pk), using=database(), robust=True)
        else:
            row.due_at = None
        row.save()
    return row


def _left_of_insert(row: Cart) -> float:
    age = (_now() - row.created_at).total_seconds()
    return options().insert_is_stale_after - age
