"""What follows from an answer of Netgíró's: the cart's status, when to ask again, whether to cancel."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

import netgiro
from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import CLOSED, LET_GO, UNREADABLE_POLL, Cart, Status
from netgiro.django.storage import clock
from netgiro.django.storage.delivery import deliver
from netgiro.django.storage.rows import (
    POSTPONED,
    Observation,
    after_commit,
    database,
    locked,
    moment,
)

__all__ = ["RESERVED_INTERVAL", "finish", "leave_to_person", "poll_of", "record"]

logger = logging.getLogger("netgiro.django")

_SHOP_MUST_ACT = {Status.NEEDS_CODE, Status.RESERVED}
# While the shop must act, its cart is checked this rarely, in seconds.
_CODE_INTERVAL = 15.0
RESERVED_INTERVAL = 300.0


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


def record(cart_pk: int, observation: Observation, *, lease: uuid.UUID | None = None) -> Cart:
    """Record what was learnt of a cart, and when to ask again; a lease that is given ends with it.

    The shop is told of the cart's end once that is committed.
    """
    with transaction.atomic(using=database()):
        row = locked(cart_pk)
        now = clock.now(database())
        observation = observation._replace(sent_at=now - _age(observation))
        if not row.is_final:
            _move_to_clock(row, observation)
        row.checked_at = moment(now)
        answer = observation.answer
        if isinstance(answer, netgiro.CartState):
            row.last_answer = _as_json(answer)
        if row.is_final or row.signaled_at is not None or not row.holds_order:
            _record_after_end(row, answer, moment(now))
        elif isinstance(answer, netgiro.MismatchError):
            leave_to_person(row, str(answer))
        elif (end := _final_status(row, observation, now)) is not None:
            finish(row, end, moment(now))
        else:
            _schedule(row, observation, now)
        if row.awaits_signal:
            after_commit(deliver, row.pk, lease=lease)
        elif lease is not None and row.lease == lease:
            row.lease = row.lease_until = None
        row.save()
    return row


def _age(observation: Observation) -> timedelta:
    """Return how long ago Netgíró was asked: at most a lease, even if this machine's clock was set meanwhile."""
    age = datetime.now(timezone.utc) - observation.sent_at
    return min(max(age, timedelta(0)), timedelta(seconds=options().lease))


def _move_to_clock(row: Cart, observation: Observation) -> None:
    """Put the poll of a row, and its deadline, on the database's clock, which may have been set since."""
    try:
        kept = netgiro.CartPoll.from_json(row.poll)
    except netgiro.InvalidRequestError:
        return  # reported where the poll is needed
    if (
        row.status in {Status.NEEDS_CODE, Status.RESERVED}
        and observation.server_sent_at is None
        and observation.sent_at > kept.next_check_at
    ):
        return  # it was checked less often than its poll counts
    poll = _netgiro.poll_on_clock(kept, observation.sent_at, observation.server_sent_at)
    poll = _netgiro.poll_dated(poll, observation.sent_at, observation.server_sent_at)
    row.poll = poll.to_json()
    if row.deadline is not None:
        row.deadline += poll.deadline - kept.deadline


def _as_json(state: netgiro.CartState) -> Any:
    return json.loads(json.dumps(state.to_dict(), cls=DjangoJSONEncoder))


def _record_after_end(
    row: Cart, answer: netgiro.CartState | netgiro.NetgiroError, now: datetime
) -> None:
    """Keep the end that was reached; but a person must look at what was paid after all."""
    row.due_at = now if row.awaits_signal else None
    if row.is_paid:
        return
    if isinstance(answer, netgiro.MismatchError):
        leave_to_person(row, str(answer))
    elif isinstance(answer, netgiro.CartState):
        if answer.is_paid:
            leave_to_person(row, f"it is paid at Netgíró, and was recorded here as {row.status}")
        elif row.status in LET_GO and not answer.is_final:
            row.due_at = now + timedelta(seconds=POSTPONED)  # to be canceled
    else:
        row.problem = str(answer)
        row.due_at = now + timedelta(seconds=POSTPONED)


def leave_to_person(row: Cart, why: str) -> None:
    """Stop following a cart that only a person can settle."""
    logger.error("cart %s of order %r needs a person: %s", row.reference, row.order_reference, why)
    row.status = Status.MISMATCH
    row.problem = why
    row.due_at = None


def _final_status(row: Cart, observation: Observation, now: datetime) -> Status | None:
    """Return the end that a cart has come to, if it has."""
    answer = observation.answer
    if not isinstance(answer, netgiro.CartState) or not answer.is_final:
        return None
    if answer.status == "not_found" and row.status in _SHOP_MUST_ACT:
        return None  # Netgíró knew it before, which its poll does not know
    # A cart that was inserted a moment ago may still appear.
    try:
        poll = poll_of(row).answered(
            answer, sent_at=observation.sent_at, now=now, after_cancel=observation.is_conclusive
        )
    except (netgiro.WaitTimeoutError, netgiro.InvalidRequestError):
        return None
    return Status(str(answer.status)) if poll.is_done else None


def finish(row: Cart, status: Status, now: datetime) -> None:
    """Record the end of a cart; the shop is to be told of it now."""
    row.status = status
    row.problem = ""
    row.settled_at = now
    row.due_at = now
    row.holds_order = status not in CLOSED


def _schedule(row: Cart, observation: Observation, instant: datetime) -> None:
    """Decide when to ask again, and whether to cancel then."""
    answer = observation.answer
    now = moment(instant)
    if isinstance(answer, netgiro.CartState):
        row.problem = ""
        if not answer.is_final:
            row.status = Status(str(answer.status))
    else:
        row.problem = str(answer)
    if row.status == Status.MISMATCH and not isinstance(answer, netgiro.CartState):
        row.due_at = None  # a person asked, and is looking at it
        return
    is_late = row.deadline is not None and now >= row.deadline
    if row.status in _SHOP_MUST_ACT and not row.is_settling:
        # The shop must act. It may keep a reservation; a code that never came is canceled at the deadline.
        if row.status == Status.NEEDS_CODE:
            row.is_settling = is_late
            again = now + timedelta(seconds=_CODE_INTERVAL)
            row.due_at = now if is_late else min(again, row.deadline or now)
        else:
            row.due_at = now + timedelta(seconds=RESERVED_INTERVAL)
    else:
        row.due_at = _next_due(row, observation, instant)
    if row.reported_at is not None and row.reported_at >= moment(observation.sent_at):
        # Netgíró was asked before the callback came, or just then: ask again, but not at once.
        row.due_at = min(row.due_at, now + timedelta(seconds=0.5))


def _next_due(row: Cart, observation: Observation, now: datetime) -> datetime:
    try:
        poll = poll_of(row)
    except netgiro.InvalidRequestError as error:
        row.problem = f"{UNREADABLE_POLL}: {error}"
        logger.error("cart %s of order %r: %s", row.reference, row.order_reference, row.problem)  # noqa: TRY400
        return moment(now) + timedelta(seconds=POSTPONED)
    open_as: Any = observation.answer
    if isinstance(open_as, netgiro.CartState) and open_as.status in {"needs_code", "reserved"}:
        open_as = "pending"  # it is being canceled, so its poll goes on
    try:
        poll = poll.answered(open_as, sent_at=observation.sent_at, now=now)
    except netgiro.WaitTimeoutError as timeout:
        # After the deadline the cart is canceled, again and again, until the answer is clear.
        was_settling, row.is_settling = row.is_settling, True
        poll = netgiro.CartPoll(timeout.poll or poll, timeout=POSTPONED, now=now)
        row.poll = poll.to_json()
        return moment(poll.next_check_at if was_settling else now)
    except netgiro.NetgiroError:
        left = (row.deadline - moment(now)).total_seconds() if row.deadline else 0.0
        poll = netgiro.CartPoll(poll, timeout=max(POSTPONED, left), now=now)
        row.poll = poll.to_json()
        row.is_settling = row.is_settling or left <= 0
        return moment(now) + timedelta(seconds=POSTPONED)
    row.poll = poll.to_json()
    return moment(poll.next_check_at)
