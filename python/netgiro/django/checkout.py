"""Checkouts: start one, and act on its cart. Each function has a twin to be awaited, with an `a` before its name.

    cart = checkout.start("order-1001", 4990, "8223281")
    cart = await checkout.astart("order-1001", 4990, "8223281")

Both run the same steps: what is sent and what is recorded, in which order.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, SupportsIndex

import netgiro
from netgiro import _netgiro
from netgiro.arguments import instance, refused
from netgiro.django import concealed, conf
from netgiro.django.calls.execution import (
    Execution,
    awaited,
    blocking,
    finish_steps,
    informative,
    why,
)
from netgiro.django.calls.hosted import (
    arecord_redirect,
    astart_hosted,
    record_redirect,
    start_hosted,
)
from netgiro.django.calls.orders import new_order
from netgiro.django.concealed import Concealed, plain
from netgiro.django.models import LET_GO, Cart
from netgiro.django.storage import followup, store
from netgiro.django.storage.rows import Observation, database
from netgiro.django.storage.store import OpenCheckoutError
from netgiro.webhook.sync_or_async import Steps, run

__all__ = [
    "OpenCheckoutError",
    "acancel",
    "acheck",
    "aconfirm",
    "arecord_redirect",
    "ask",
    "astart",
    "astart_hosted",
    "cancel",
    "check",
    "confirm",
    "record_redirect",
    "start",
    "start_hosted",
]

logger = logging.getLogger("netgiro.django")

# The word, and its number.
_AUTOMATIC = {"automatic", "0"}

# No word has such a number.
_LARGE = 100

# After these errors the customer was not asked. After any other of InsertCart's, that is not known.
_NOBODY_WAS_ASKED = (
    netgiro.InvalidRequestError,
    netgiro.ConfigurationError,
    netgiro.ConnectError,
    netgiro.ApiError,
    netgiro.AuthenticationError,
    netgiro.RateLimitedError,
)


def start(  # noqa: PLR0913 - as many options as the API
    order_reference: str,
    amount: SupportsIndex | Decimal | Fraction | str,
    customer_id: str,
    *,
    confirmation_type: str | None = None,
    description: str | None = None,
    items: Iterable[Any] | None = None,
    location_id: str | None = None,
    register_id: str | None = None,
    timeout: float | None = None,
) -> Cart:
    """Ask a customer to pay for an order; returns the Cart, which is followed from then on.

    `amount` is in whole krónur, `timeout` how many seconds the customer has (by default the setting
    CHECKOUT_TIMEOUT); the rest is as `netgiro.Client.insert_cart` takes it. `confirmation_type` is automatic with
    V1. V2 has no callbacks for that: there it is server_callback, where the shop has a CALLBACK_BASE_URL, and one
    that is asked to be automatic is only polled. The intent is committed before anything is sent, so this must be called outside of a transaction, and raises
    TransactionManagementError within one.

    Raises OpenCheckoutError when the order has a cart that is open, may be, or is paid; OutcomeUnknownError
    when Netgíró may have the cart, and the order stays taken until that is known; and what else
    `insert_cart` raises when nobody was asked, after which the order is free again. Ctrl-C and whatever else
    breaks it off is recorded as well, by what is known then.
    """
    customer = concealed.customer(customer_id)
    del customer_id
    request = _request(confirmation_type, description, items, location_id, register_id)
    seconds = conf.options().checkout_timeout if timeout is None else timeout
    order = new_order(order_reference, amount, seconds)
    return run(_start(blocking, order, customer, request, seconds))


async def astart(  # noqa: PLR0913
    order_reference: str,
    amount: SupportsIndex | Decimal | Fraction | str,
    customer_id: str,
    *,
    confirmation_type: str | None = None,
    description: str | None = None,
    items: Iterable[Any] | None = None,
    location_id: str | None = None,
    register_id: str | None = None,
    timeout: float | None = None,
) -> Cart:
    """Do what `start` does, awaited. A caller that is canceled does not stop it half-way."""
    customer = concealed.customer(customer_id)
    del customer_id
    request = _request(confirmation_type, description, items, location_id, register_id)
    seconds = conf.options().checkout_timeout if timeout is None else timeout
    order = new_order(order_reference, amount, seconds)
    return await finish_steps(_start(awaited, order, customer, request, seconds))


def check(cart: Cart) -> Cart:
    """Check a cart, and record the answer; returns the cart as it is now, or raises the NetgiroError."""
    return run(_check(blocking, _known(cart)))


async def acheck(cart: Cart) -> Cart:
    """Do what `check` does, awaited."""
    return await finish_steps(_check(awaited, _known(cart)))


def cancel(cart: Cart) -> Cart:
    """Cancel a cart and read the answer; returns the cart: it `is_paid` when the customer was first.

    Raises the NetgiroError when the outcome is not known; netgiro_poll then goes on canceling.
    """
    return run(_cancel(blocking, _known(cart)))


async def acancel(cart: Cart) -> Cart:
    """Do what `cancel` does, awaited."""
    return await finish_steps(_cancel(awaited, _known(cart)))


def confirm(cart: Cart, code: str | Concealed | None = None) -> Cart:
    """Confirm a reserved cart, or send the customer's SMS code; returns the cart.

    Raises ApiError when Netgíró says no; the cart is then as it was.
    """
    sms_code = concealed.sms_code(code)
    del code
    return run(_confirm(blocking, _known(cart), sms_code))


async def aconfirm(cart: Cart, code: str | Concealed | None = None) -> Cart:
    """Do what `confirm` does, awaited."""
    sms_code = concealed.sms_code(code)
    del code
    return await finish_steps(_confirm(awaited, _known(cart), sms_code))


def _request(
    confirmation_type: str | None,
    description: str | None,
    items: Iterable[Any] | None,
    location_id: str | None,
    register_id: str | None,
) -> dict[str, Any]:
    url = conf.callback_url()
    is_v2 = conf.options().api == "v2"
    default = "server_callback" if is_v2 and url is not None else "automatic"
    given = plain(confirmation_type)
    kind = default if given is None else _word("confirmation_type", given)
    if is_v2 and kind in _AUTOMATIC:
        url = None  # with one, the payment would wait for the callback
    return {
        "confirmation_type": kind,
        "callback_url": url,
        "callback_cancel_url": url,
        "description": plain(description),
        # It is read twice: to check it, and to send it.
        "items": None if items is None else [plain(item) for item in _many("items", items)],
        "location_id": plain(location_id),
        "register_id": plain(register_id),
    }


def _known(cart: Cart) -> Cart:
    """Return a cart of the shop's database."""
    known: Cart = instance("cart", cart, Cart, "a Cart of netgiro.django.models")
    return known


def _word(name: str, value: object) -> str:
    """Return a word, an enum member that is one, or the number of one."""
    if isinstance(value, str) or (type(value) is int and abs(value) < _LARGE):
        return str(value)
    raise refused(name, "a word such as automatic", value)


def _many(name: str, value: Iterable[Any]) -> list[Any]:
    try:
        return list(value)
    except TypeError:
        raise refused(name, "an iterable", value) from None


def _start(
    execution: Execution,
    order: netgiro.Cart,
    customer: Concealed,
    request: dict[str, Any],
    timeout: float,
) -> Steps[Cart]:
    kind = request["confirmation_type"]
    cart: Cart = yield execution.database(
        store.begin, order.reference, order.amount, customer.shown, kind
    )
    is_ready = False
    try:
        _netgiro.check_new_cart(
            amount=cart.amount,
            reference=cart.reference,
            customer_id=customer.reveal(),
            api=conf.options().api,
            **request,
        )
        yield execution.cancellation()  # raises here rather than while the request is sent
        execution.netgiro("insert_cart")  # makes the client, which wrong settings prevent
        is_ready = True
        answer: netgiro.Cart = yield execution.netgiro(
            "insert_cart",
            amount=cart.amount,
            reference=cart.reference,
            customer_id=customer,
            **request,
        )
    except GeneratorExit:
        raise  # nothing can be recorded any more; the row still says that it is being sent
    # Also after Ctrl-C and in a canceled task: nobody else would record the outcome, and the order would wait.
    except BaseException as error:
        if not is_ready or _nobody_was_asked(error):
            yield execution.database(store.not_inserted, cart, why(error))
            raise
        logger.error(  # noqa: TRY400 - it is raised as well
            "cart %s of order %r may be at Netgíró: %s",
            *(cart.reference, order.reference, why(error)),
        )
        yield execution.database(store.outcome_unknown, cart, why(error))
        raise
    try:
        inserted: Cart = yield execution.database(
            store.inserted, cart, answer, timeout, execution.server_now()
        )
    except BaseException:
        logger.critical(
            "cart %s of order %r is %s at Netgíró, and that could not be recorded: "
            "netgiro_check --adopt records it",
            *(cart.reference, order.reference, answer.transaction_id),
        )
        raise
    return inserted


def _nobody_was_asked(error: BaseException) -> bool:
    known = informative(error)
    return isinstance(known, _NOBODY_WAS_ASKED) or (
        isinstance(known, netgiro.NetgiroError) and known.request_sent == "no"
    )


def ask(execution: Execution, cart: Cart) -> Steps[Observation]:
    """Check a cart once; cancel it first if it is to be canceled."""
    ours = cart.as_sent()
    request = _Request(execution)
    try:
        followup.poll_of(cart)
    except netgiro.InvalidRequestError as error:
        return request.observed(error)
    doubt: netgiro.NetgiroError | None = None
    # Also one that a person gave up: Netgíró may have it after all.
    if cart.is_settling or cart.status in LET_GO:
        try:
            canceled: netgiro.CartState = yield execution.netgiro("cancel_cart", ours)
            if canceled.is_final:
                return request.observed(canceled, is_conclusive=True)
        except netgiro.NetgiroError as error:
            logger.info("cart %s: the cancel had no clear answer: %s", cart.reference, error)
            doubt = error
        request = _Request(execution)
    try:
        checked: netgiro.CartState = yield execution.netgiro("check_cart", ours)
    except netgiro.NetgiroError as error:
        return request.observed(error)
    # CancelCart may have called it paid, and CheckCart contradicts: ask again until they agree.
    if doubt and _may_be_paid(doubt) and checked.is_final and not checked.is_paid:
        return request.observed(doubt)
    return request.observed(checked)


def _may_be_paid(error: netgiro.NetgiroError) -> bool:
    return error._is_called_paid or isinstance(error, netgiro.ProtocolError)  # noqa: SLF001 - its package


class _Request:
    """Notes when a request was sent: by this machine's clock, and by Netgíró's, which its answer tells."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self._sent_at = datetime.now(timezone.utc)  # aware even where the shop uses naive times
        self._started = time.monotonic()

    def observed(
        self, answer: netgiro.CartState | netgiro.NetgiroError, *, is_conclusive: bool = False
    ) -> Observation:
        took = timedelta(seconds=time.monotonic() - self._started)
        server_now = self._execution.server_now()
        server_sent_at = None if server_now is None else server_now - took
        return Observation(answer, self._sent_at, is_conclusive, server_sent_at)


def _check(execution: Execution, cart: Cart) -> Steps[Cart]:
    cart = yield execution.database(_reread, cart)
    return (yield from _recorded(execution, cart))


def _cancel(execution: Execution, cart: Cart) -> Steps[Cart]:
    cart = yield execution.database(store.begin_settling, cart)
    return (yield from _recorded(execution, cart))


def _recorded(execution: Execution, cart: Cart) -> Steps[Cart]:
    observation: Observation = yield from ask(execution, cart)
    recorded: Cart = yield execution.database(followup.record, cart.pk, observation)
    if isinstance(observation.answer, netgiro.NetgiroError) and not recorded.is_final:
        raise observation.answer
    return recorded


def _confirm(execution: Execution, cart: Cart, code: Concealed) -> Steps[Cart]:
    cart = yield execution.database(_reread, cart)
    ours = cart.as_sent()
    followup.poll_of(cart)  # raises before anything is sent, if the poll is that of another cart
    request = _Request(execution)
    state: netgiro.CartState = yield execution.netgiro("confirm_cart", ours, identifier=code)
    if not state.is_final:
        observation = request.observed(state)
        recorded: Cart = yield execution.database(followup.record, cart.pk, observation)
        return recorded
    return (yield from _recorded(execution, cart))


def _reread(cart: Cart) -> Cart:
    return Cart.objects.using(database()).get(pk=cart.pk)
