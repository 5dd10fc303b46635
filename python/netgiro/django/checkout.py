"""Checkouts: start one, and act on its cart. Each function has a twin to be awaited, with an `a` before its name.

    cart = checkout.start("order-1001", 4990, "8223281")
    cart = await checkout.astart("order-1001", 4990, "8223281")

What is asked and what is written, and in which order, is written once for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any, Protocol, SupportsIndex, TypeVar

from asgiref.sync import sync_to_async

import netgiro
from netgiro import _netgiro
from netgiro.django import concealed, conf, ledger
from netgiro.django.concealed import Concealed
from netgiro.django.ledger import OpenCheckoutError, Seen
from netgiro.django.models import LET_GO, Cart
from netgiro.webhook.sync_or_async import Steps, run, run_async

__all__ = [
    "OpenCheckoutError",
    "acancel",
    "acheck",
    "aconfirm",
    "ask",
    "astart",
    "blocking",
    "cancel",
    "check",
    "confirm",
    "start",
]

logger = logging.getLogger("netgiro.django")

_T = TypeVar("_T")

# After these nobody was asked. Whatever else InsertCart ends with, the customer may have been.
_NOBODY_WAS_ASKED = (
    netgiro.InvalidRequestError,
    netgiro.ConfigurationError,
    netgiro.ConnectError,
    netgiro.ApiError,
    netgiro.AuthenticationError,
    netgiro.RateLimitedError,
)


class Side(Protocol):
    """How Netgíró is asked and the database written: blocking, or awaited."""

    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        """Return a call of the client's method `name`; what is concealed is revealed to it alone."""

    def server_now(self) -> datetime | None:
        """Return what Netgíró's clock says, where that is known."""

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        """Return a call of a function that uses the database."""

    def cancellation(self) -> Callable[[], Any]:
        """Return a call that raises when the steps have been canceled meanwhile."""


class _Blocking:
    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        method = getattr(conf.client(), name)
        return lambda: method(*args, **concealed.revealed(kwargs))

    def server_now(self) -> datetime | None:
        return _netgiro.server_now(conf.client())

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        return partial(function, *args)

    def cancellation(self) -> Callable[[], Any]:
        return lambda: None


class _Awaited:
    def netgiro(self, name: str, /, *args: Any, **kwargs: Any) -> Callable[[], Any]:
        method = getattr(conf.async_client(), name)

        async def call() -> Any:
            return await method(*args, **concealed.revealed(kwargs))

        return call

    def server_now(self) -> datetime | None:
        return _netgiro.server_now(conf.async_client())

    def database(self, function: Callable[..., Any], /, *args: Any) -> Callable[[], Any]:
        async def call() -> Any:
            return await _written(partial(function, *args))

        return call

    def cancellation(self) -> Callable[[], Any]:
        return partial(asyncio.sleep, 0)


blocking: Side = _Blocking()
_awaited: Side = _Awaited()
_under_way: set[asyncio.Task[Any]] = set()


async def _written(write: Callable[[], _T]) -> _T:
    """Await what a thread writes: it is written and told, or was never begun.

    A thread cannot be canceled. So a task that is, as when its loop shuts down, learns first what was written,
    and is canceled at its next step.
    """
    outcome: Future[_T] = Future()

    def work() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(write())
        except BaseException as error:  # noqa: BLE001 - whoever awaits it raises it
            outcome.set_exception(error)

    try:
        await sync_to_async(work)()
    except asyncio.CancelledError:
        if outcome.cancel():
            raise
        task = asyncio.current_task()
        while not outcome.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([asyncio.wrap_future(outcome)])
        if task is not None:
            task.cancel()
    return outcome.result()


async def _to_its_end(steps: Steps[_T]) -> _T:
    """Await the steps. Where the caller is canceled, as when a browser hangs up, they end all the same."""
    task = asyncio.ensure_future(run_async(steps))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return await asyncio.shield(task)


def start(  # noqa: PLR0913 - as many options as the API
    order_reference: str,
    amount: SupportsIndex,
    customer_id: str,
    *,
    confirmation_type: str = "automatic",
    description: str | None = None,
    items: Iterable[Any] | None = None,
    location_id: str | None = None,
    register_id: str | None = None,
    timeout: float | None = None,
) -> Cart:
    """Ask a customer to pay for an order; returns the Cart, which is followed from then on.

    `amount` is in whole krónur, `timeout` how many seconds the customer has (by default the setting
    CHECKOUT_TIMEOUT); the rest is as `netgiro.Client.insert_cart` takes it. The intent is committed before
    anything is sent, so this must be called outside of a transaction, and raises
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
    order = _order(order_reference, amount, seconds)
    return run(_start(blocking, order, customer, request, seconds))


async def astart(  # noqa: PLR0913
    order_reference: str,
    amount: SupportsIndex,
    customer_id: str,
    *,
    confirmation_type: str = "automatic",
    description: str | None = None,
    items: Iterable[Any] | None = None,
    location_id: str | None = None,
    register_id: str | None = None,
    timeout: float | None = None,
) -> Cart:
    """Do what `start` does, awaited. Canceling the caller does not cancel it half-way."""
    customer = concealed.customer(customer_id)
    del customer_id
    request = _request(confirmation_type, description, items, location_id, register_id)
    seconds = conf.options().checkout_timeout if timeout is None else timeout
    order = _order(order_reference, amount, seconds)
    return await _to_its_end(_start(_awaited, order, customer, request, seconds))


def check(cart: Cart) -> Cart:
    """Ask where a cart stands, and record it; returns the cart as it now is, or raises the NetgiroError."""
    return run(_check(blocking, cart))


async def acheck(cart: Cart) -> Cart:
    """Do what `check` does, awaited."""
    return await _to_its_end(_check(_awaited, cart))


def cancel(cart: Cart) -> Cart:
    """Cancel a cart and read the answer; returns the cart: it `is_paid` when the customer was first.

    Raises the NetgiroError when the truth could not be learnt; netgiro_poll then goes on canceling.
    """
    return run(_cancel(blocking, cart))


async def acancel(cart: Cart) -> Cart:
    """Do what `cancel` does, awaited."""
    return await _to_its_end(_cancel(_awaited, cart))


def confirm(cart: Cart, code: str | Concealed | None = None) -> Cart:
    """Confirm a reserved cart, or send the customer's SMS code; returns the cart.

    Raises ApiError when Netgíró says no; the cart is then as it was.
    """
    sms_code = concealed.sms_code(code)
    del code
    return run(_confirm(blocking, cart, sms_code))


async def aconfirm(cart: Cart, code: str | Concealed | None = None) -> Cart:
    """Do what `confirm` does, awaited."""
    sms_code = concealed.sms_code(code)
    del code
    return await _to_its_end(_confirm(_awaited, cart, sms_code))


def _request(
    confirmation_type: str,
    description: str | None,
    items: Iterable[Any] | None,
    location_id: str | None,
    register_id: str | None,
) -> dict[str, Any]:
    url = conf.callback_url()
    return {
        "confirmation_type": str(confirmation_type),
        "callback_url": url,
        "callback_cancel_url": url,
        "description": description,
        # Read twice: to be checked, and to be sent.
        "items": None if items is None else list(items),
        "location_id": location_id,
        "register_id": register_id,
    }


def _start(
    side: Side, order: netgiro.Cart, customer: Concealed, request: dict[str, Any], timeout: float
) -> Steps[Cart]:
    kind = request["confirmation_type"]
    cart: Cart = yield side.database(
        ledger.begin, order.reference, order.amount, customer.shown, kind
    )
    is_ready = False
    try:
        _netgiro.check_new_cart(
            amount=cart.amount,
            reference=cart.reference,
            customer_id=customer.reveal(),
            **request,
        )
        yield side.cancellation()  # before anything is sent, rather than with it
        side.netgiro("insert_cart")  # makes the client, which the settings may not let
        is_ready = True
        answer: netgiro.Cart = yield side.netgiro(
            "insert_cart",
            amount=cart.amount,
            reference=cart.reference,
            customer_id=customer,
            **request,
        )
    except GeneratorExit:
        raise  # nothing can be recorded any more; the row says that it is being sent
    # Ctrl-C and a canceled task as well: the order must not wait for an outcome that nobody records.
    except BaseException as error:
        if not is_ready or _nobody_was_asked(error):
            yield side.database(ledger.not_inserted, cart, _why(error))
            raise
        logger.error(  # noqa: TRY400 - it is raised as well
            "cart %s of order %r may be at Netgíró: %s",
            *(cart.reference, order.reference, _why(error)),
        )
        yield side.database(ledger.outcome_unknown, cart, _why(error))
        raise
    try:
        inserted: Cart = yield side.database(
            ledger.inserted, cart, answer, timeout, side.server_now()
        )
    except BaseException:
        logger.critical(
            "cart %s of order %r is %s at Netgíró, and that could not be recorded: "
            "netgiro_check --adopt records it",
            *(cart.reference, order.reference, answer.transaction_id),
        )
        raise
    return inserted


def _known_of(error: BaseException) -> BaseException:
    """Return the error that says what became of an InsertCart: the cause of what has broken it off."""
    cause = error.__cause__
    is_the_clients = isinstance(error, netgiro.NetgiroError)
    return cause if isinstance(cause, netgiro.NetgiroError) and not is_the_clients else error


def _nobody_was_asked(error: BaseException) -> bool:
    known = _known_of(error)
    return isinstance(known, _NOBODY_WAS_ASKED) or (
        isinstance(known, netgiro.NetgiroError) and known.request_sent == "no"
    )


def _why(error: BaseException) -> str:
    known = _known_of(error)
    return str(known) if known is error and str(error) else f"{type(error).__name__}: {known}"


def _order(order_reference: str, amount: SupportsIndex, timeout: float) -> netgiro.Cart:
    """Return the order as the client would take it; raises InvalidRequestError before anything is stored."""
    limit = Cart._meta.get_field("order_reference").max_length or 0  # noqa: SLF001 - Django's own way
    if not 0 < len(order_reference) <= limit:
        raise netgiro.InvalidRequestError(
            f"an order's reference must have 1 to {limit} characters; got {len(order_reference)}"
        )
    if not conf.is_duration(timeout):
        raise netgiro.InvalidRequestError(f"timeout must be seconds above 0; got {timeout!r}")
    return netgiro.Cart(uuid.uuid4(), reference=order_reference, amount=amount)


def ask(side: Side, cart: Cart) -> Steps[Seen]:
    """Ask once where a cart stands; one that is to be canceled is canceled, and the answer read."""
    ours = cart.as_sent()
    asking = _Asking(side)
    try:
        ledger.poll_of(cart)
    except netgiro.InvalidRequestError as error:
        return asking.seen(error)
    doubt: netgiro.NetgiroError | None = None
    # Also one that was given up, should it turn up at Netgíró after all.
    if cart.is_settling or cart.status in LET_GO:
        try:
            canceled: netgiro.CartState = yield side.netgiro("cancel_cart", ours)
            if canceled.is_final:
                return asking.seen(canceled, is_conclusive=True)
        except netgiro.NetgiroError as error:
            logger.info("cart %s: the cancel had no clear answer: %s", cart.reference, error)
            doubt = error
        asking = _Asking(side)
    try:
        checked: netgiro.CartState = yield side.netgiro("check_cart", ours)
    except netgiro.NetgiroError as error:
        return asking.seen(error)
    # CancelCart may have called it paid, which CheckCart contradicts: asked again, until they agree.
    if doubt and _may_be_paid(doubt) and checked.is_final and not checked.is_paid:
        return asking.seen(doubt)
    return asking.seen(checked)


def _may_be_paid(error: netgiro.NetgiroError) -> bool:
    return error._is_called_paid or isinstance(error, netgiro.ProtocolError)  # noqa: SLF001 - its package


class _Asking:
    """When something was asked: by this machine's clock, and by Netgíró's, whose answer says that."""

    def __init__(self, side: Side) -> None:
        self._side = side
        self._sent_at = datetime.now(timezone.utc)  # aware, also where the shop's own times are not
        self._started = time.monotonic()

    def seen(
        self, answer: netgiro.CartState | netgiro.NetgiroError, *, is_conclusive: bool = False
    ) -> Seen:
        took = timedelta(seconds=time.monotonic() - self._started)
        server_now = self._side.server_now()
        server_sent_at = None if server_now is None else server_now - took
        return Seen(answer, self._sent_at, is_conclusive, server_sent_at)


def _check(side: Side, cart: Cart) -> Steps[Cart]:
    cart = yield side.database(_reread, cart)
    return (yield from _recorded(side, cart))


def _cancel(side: Side, cart: Cart) -> Steps[Cart]:
    cart = yield side.database(ledger.begin_settling, cart)
    return (yield from _recorded(side, cart))


def _recorded(side: Side, cart: Cart) -> Steps[Cart]:
    seen: Seen = yield from ask(side, cart)
    recorded: Cart = yield side.database(ledger.record, cart.pk, seen)
    if isinstance(seen.answer, netgiro.NetgiroError) and not recorded.is_final:
        raise seen.answer
    return recorded


def _confirm(side: Side, cart: Cart, code: Concealed) -> Steps[Cart]:
    cart = yield side.database(_reread, cart)
    ours = cart.as_sent()
    ledger.poll_of(cart)  # nothing is sent about a cart whose poll cannot be its own
    asking = _Asking(side)
    state: netgiro.CartState = yield side.netgiro("confirm_cart", ours, identifier=code)
    if not state.is_final:
        seen = asking.seen(state)
        recorded: Cart = yield side.database(ledger.record, cart.pk, seen)
        return recorded
    return (yield from _recorded(side, cart))


def _reread(cart: Cart) -> Cart:
    return Cart.objects.using(ledger.database()).get(pk=cart.pk)
