"""Refunds: asked for, and how their calls ended, each recorded in a transaction of its own.

The row of the cart is locked and written whenever its refunds take another sum of it, so that two of them cannot
both take what is left. A row that is leased has a call in flight: when its lease runs out without a record, nobody
knows how that call ended.
"""

from __future__ import annotations

import logging
import uuid

from django.db import transaction

import netgiro
from netgiro import _netgiro
from netgiro.django.conf import options
from netgiro.django.models import Cart, Refund, RefundStatus
from netgiro.django.storage.delivery import deliver
from netgiro.django.storage.rows import (
    after_commit,
    database,
    database_now,
    durably,
    from_now,
    is_free,
    locked,
)

__all__ = ["LONGEST_DELAY", "begin", "decide", "make_due", "record"]

logger = logging.getLogger("netgiro.django")

_FIRST_DELAY = 2.0
LONGEST_DELAY = 600.0
"""The longest time between two calls of a refund, in seconds."""
_MOST_FAILURES = 2**31 - 1  # that the column takes

# Netgíró or the package says no. If no earlier call is in doubt, nothing was refunded.
_REFUSALS = (netgiro.ApiError, netgiro.MismatchError, netgiro.InvalidRequestError)
# After these errors nothing was refunded, and the same call may succeed later.
_NOTHING_WAS_REFUNDED = (
    netgiro.ConnectError,
    netgiro.RateLimitedError,
    netgiro.AuthenticationError,
    netgiro.ConfigurationError,
)


def begin(cart_pk: int, amount: int, key: str, description: str) -> Refund:
    """Commit the intent to refund, before anything is sent; the row is leased, unless it was made before.

    Raises InvalidRequestError when the cart does not have that much left, MismatchError when the key belongs to
    another amount, and OutcomeUnknownError while another process makes the same refund.
    """
    with durably():
        cart = locked(cart_pk)
        rows = Refund.objects.using(database())
        row = rows.select_for_update(no_key=True).filter(cart=cart, key=key).first()
        if row is None:
            # Nothing is taken of the cart yet, as after a refusal.
            row = Refund(key=key, amount=amount, status=RefundStatus.REFUSED)
            row.idempotency_key = f"{cart.transaction_id}-{key}"
        row.cart = cart
        if row.amount != amount:
            raise netgiro.MismatchError(
                f"the key {key!r} belongs to a refund of {row.amount} kr.; got {amount}: another refund needs a "
                "key of its own"
            )
        if row.is_made:
            return row
        if row.status == RefundStatus.REFUSED:
            _ask(row, description)
        elif not rows.filter(is_free(database_now()), pk=row.pk).exists():
            raise netgiro.OutcomeUnknownError(
                f"the refund {row.idempotency_key} is being made by another process",
                idempotency_key=row.idempotency_key,
                request_sent="maybe",
                retryable=True,
            )
        elif row.lease is not None:
            row.status = RefundStatus.OUTCOME_UNKNOWN
        row.lease = uuid.uuid4()
        row.lease_until = from_now(options().lease)
        row.save(using=database())
    return row


def _ask(row: Refund, description: str) -> None:
    """Ask for a refund that is new, or was refused: take its sum of its cart, which is locked."""
    cart = row.cart
    if not cart.is_paid:
        raise netgiro.InvalidRequestError(
            f"the cart {cart.reference!r} is {cart.status}: only a paid one can be refunded"
        )
    if row.amount > cart.refundable:
        raise netgiro.InvalidRequestError(
            f"amount must not be more than what is left of the cart {cart.reference!r}, {cart.refundable} kr. "
            f"of {cart.amount}; got {row.amount}"
        )
    _take(cart, row.amount)
    now = database_now()
    row.description = description
    row.status = RefundStatus.ASKED
    row.problem = ""
    row.failures = row.signal_failures = 0
    row.asked_at = row.due_at = now
    row.ended_at = row.signaled_at = None


def _take(cart: Cart, amount: int) -> None:
    cart.refunded += amount
    cart.save(using=database(), update_fields=["refunded", "updated_at"])


def record(refund: Refund, outcome: netgiro.Refund | BaseException, problem: str = "") -> Refund:
    """Record how a call of a refund ended, in words if it failed; the lease that it was sent with ends with it.

    The shop is told of the refund's end once that is committed.
    """
    with transaction.atomic(using=database()):
        row = _locked(refund)
        is_ours = row.lease == refund.lease
        if is_ours:
            row.lease = row.lease_until = None
        if isinstance(outcome, netgiro.Refund):
            _end(row, RefundStatus.MADE)
        elif not row.is_final:
            _record_failure(row, outcome, problem, is_ours=is_ours)
        row.save(using=database())
    return row


def _locked(refund: Refund) -> Refund:
    """Lock the rows of a refund's cart and, always after it, of the refund."""
    cart = locked(refund.cart_id)
    row = Refund.objects.using(database()).select_for_update(no_key=True).get(pk=refund.pk)
    row.cart = cart
    return row


def _end(row: Refund, status: RefundStatus) -> None:
    """Record the end of a refund: the shop is told of it after the commit, or by netgiro_poll.

    What is made stays so; what was recorded as refused may be made after all.
    """
    if row.status == status or row.is_made:
        return
    if status == RefundStatus.REFUSED:
        _take(row.cart, -row.amount)
    else:
        if row.status == RefundStatus.REFUSED:
            logger.error("refund %s was recorded as refused, and is made", row.idempotency_key)
            _take(row.cart, row.amount)
        row.problem = ""
    row.status = status
    row.ended_at = row.due_at = database_now()
    row.signaled_at = row.lease = row.lease_until = None
    after_commit(deliver, row.pk, kind=Refund)


def _record_failure(row: Refund, error: BaseException, problem: str, *, is_ours: bool) -> None:
    row.problem = problem.replace("\0", "")  # which PostgreSQL does not take
    if isinstance(error, _REFUSALS) and not error.retryable:
        if row.status == RefundStatus.ASKED and is_ours:
            _end(row, RefundStatus.REFUSED)
            return
        # An earlier call may have been processed, and this is what its repetition was answered.
        row.status = RefundStatus.OUTCOME_UNKNOWN
        row.due_at = None
        logger.error("refund %s needs a person: %s", row.idempotency_key, row.problem)
        return
    if not isinstance(error, _NOTHING_WAS_REFUNDED):
        row.status = RefundStatus.OUTCOME_UNKNOWN
    row.failures = min(row.failures + 1, _MOST_FAILURES)
    delay = _netgiro.backoff(_FIRST_DELAY, row.failures, LONGEST_DELAY)
    wait = getattr(error, "retry_after", None) or 0.0
    row.due_at = from_now(min(max(delay, wait), LONGEST_DELAY))
    logger.warning(
        "refund %s is %s, again in %.0f s: %s", row.idempotency_key, row.status, delay, row.problem
    )


def make_due(pks: list[int]) -> int:
    """Have the calls of refunds made again that are not known; returns how many."""
    return Refund.objects.using(database()).open().filter(pk__in=pks).update(due_at=database_now())


def decide(refund: Refund, *, is_made: bool) -> Refund:
    """Record what a person saw in the merchant portal of a refund whose outcome is not known."""
    with transaction.atomic(using=database()):
        row = _locked(refund)
        rows = Refund.objects.using(database())
        if row.is_final or not rows.filter(is_free(database_now()), pk=row.pk).exists():
            state = row.status if row.is_final else "being made"
            raise ValueError(
                f"the refund {row.idempotency_key} is {state}: only one whose outcome is unknown can be decided"
            )
        _end(row, RefundStatus.MADE if is_made else RefundStatus.REFUSED)
        row.save(using=database())
    return row
