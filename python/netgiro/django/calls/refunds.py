"""Refunds: what is sent and what is recorded, in which order. Each function has a twin to be awaited."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, SupportsIndex

import netgiro
from netgiro.arguments import instance, refused, text
from netgiro.django.calls.execution import (
    Execution,
    awaited,
    blocking,
    finish_steps,
    informative,
    why,
)
from netgiro.django.concealed import plain
from netgiro.django.models import Cart, Refund, RefundStatus
from netgiro.django.storage import refunds
from netgiro.webhook.sync_or_async import Steps, run

__all__ = ["Outcome", "arefund", "ask", "record", "refund"]


Outcome = netgiro.Refund | BaseException
"""How a call of a refund ended: Netgíró made it, or this error."""


class _Wanted(NamedTuple):
    """What is to be refunded, checked."""

    amount: int
    key: str
    description: str


def refund(
    cart: Cart,
    amount: SupportsIndex | Decimal | Fraction | str,
    *,
    key: str,
    description: str | None = None,
) -> Refund:
    """Refund a part of a cart's payment, or all of it; returns the Refund, which is made.

    Raises the NetgiroError when it is refused, or not known; netgiro_poll then makes the same call again.
    """
    return run(_refund(blocking, _known(cart), _wanted(cart, amount, key, description)))


async def arefund(
    cart: Cart,
    amount: SupportsIndex | Decimal | Fraction | str,
    *,
    key: str,
    description: str | None = None,
) -> Refund:
    """Do what `refund` does, awaited. A caller that is canceled does not stop it half-way."""
    wanted = _wanted(_known(cart), amount, key, description)
    return await finish_steps(_refund(awaited, cart, wanted))


def _known(cart: Cart) -> Cart:
    """Return a cart of the shop's database."""
    known: Cart = instance("cart", cart, Cart, "a Cart of netgiro.django.models")
    return known


def _wanted(
    cart: Cart,
    amount: SupportsIndex | Decimal | Fraction | str,
    key: str,
    description: str | None,
) -> _Wanted:
    """Return what is to be refunded as the client would take it, before anything is stored."""
    key, description = plain(key), plain(description)
    text("key", key)
    limit = Refund._meta.get_field("key").max_length or 0  # noqa: SLF001 - Django's own way
    if not 0 < len(key) <= limit or not key.isprintable() or not key.strip():
        raise refused(
            "key", f'what is refunded, in 1 to {limit} characters that print, such as "line-2"', key
        )
    if description is not None:
        text("description", description)
        if "\0" in description:
            raise refused("description", "text without NUL", description)
    transaction_id = cart.as_sent().transaction_id
    wanted = netgiro.Refund(transaction_id, amount=plain(amount), idempotency_key=key)
    return _Wanted(wanted.amount, key, description or "")


def _refund(execution: Execution, cart: Cart, wanted: _Wanted) -> Steps[Refund]:
    execution.netgiro("refund_cart")  # makes the client, which wrong settings prevent
    row: Refund = yield execution.database(refunds.begin, cart.pk, *wanted)
    if row.is_made:
        return row
    outcome: Outcome = yield from ask(execution, row)
    recorded: Refund = yield execution.database(record, row, outcome)
    if recorded.is_made:
        return recorded
    raise _as_known(recorded, outcome)


def ask(execution: Execution, row: Refund) -> Steps[Outcome]:
    """Make the call of a refund that is leased."""
    try:
        made: netgiro.Refund = yield execution.netgiro(
            "refund_cart",
            row.cart.as_sent(),
            row.amount,
            idempotency_key=row.idempotency_key,
            description=row.description or None,
        )
    except GeneratorExit:
        raise  # nothing can be recorded any more; the lease says that it was being sent
    except BaseException as error:  # noqa: BLE001 - also after Ctrl-C: it may have been made
        return error
    return made


def record(row: Refund, outcome: Outcome) -> Refund:
    """Record how the call of a refund ended."""
    if isinstance(outcome, netgiro.Refund):
        return refunds.record(row, outcome)
    return refunds.record(row, informative(outcome), why(outcome))


def _as_known(row: Refund, error: Any) -> BaseException:
    """Return the error of a call; what may have been made is never called refused, whatever was answered last."""
    is_clear = row.status != RefundStatus.OUTCOME_UNKNOWN or not isinstance(
        error, netgiro.NetgiroError
    )
    if is_clear or isinstance(error, netgiro.OutcomeUnknownError):
        known: BaseException = error
        return known
    unknown = netgiro.OutcomeUnknownError(
        f"an earlier call of this refund may have made it: {error}",
        idempotency_key=row.idempotency_key,
        request_sent="maybe",
        retryable=True,
    )
    unknown.__cause__ = error
    return unknown
