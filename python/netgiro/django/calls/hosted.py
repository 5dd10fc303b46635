"""Hosted checkouts: the customer pays at a page of Netgíró's, and comes back to the shop."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any, SupportsIndex

import netgiro
from netgiro.django import conf
from netgiro.django.calls.execution import Execution, awaited, blocking, finish_steps, why
from netgiro.django.calls.orders import new_order
from netgiro.django.models import Cart
from netgiro.django.storage import hosted, store
from netgiro.django.storage.rows import after_commit
from netgiro.webhook.sync_or_async import Steps, run

__all__ = ["arecord_redirect", "astart_hosted", "record_redirect", "start_hosted"]

# How long an order waits for a customer who is at Netgíró's page, in seconds.
_TIMEOUT = 1800.0


def start_hosted(  # noqa: PLR0913 - as many options as the API
    order_reference: str,
    amount: SupportsIndex | Decimal | Fraction | str,
    *,
    success_url: str,
    cancel_url: str,
    manual_capture: bool = False,
    timeout: float = _TIMEOUT,
) -> Cart:
    """Create a page of Netgíró's where a customer pays for an order; returns the Cart: send the browser to its `checkout_url`.

    The browser comes back to `success_url` or `cancel_url`, both absolute, whose views call `record_redirect`. The
    callback and a check decide. A customer who does neither pay nor come back has `timeout` seconds; then the order is
    free. With `manual_capture` the money is held until `confirm`. Like `start` it must be called outside of a
    transaction.

    Raises OpenCheckoutError when the order has a cart that is open, may be, or is paid; ConfigurationError without
    API "v2" or CALLBACK_BASE_URL; and what `netgiro.Client.create_checkout` raises. Nobody can pay then, also after an
    OutcomeUnknownError, since nobody has the page's URL: the order is free again.
    """
    order = new_order(order_reference, amount, timeout)
    request = _request(success_url, cancel_url, manual_capture)
    return run(_start(blocking, order, request, timeout))


async def astart_hosted(  # noqa: PLR0913
    order_reference: str,
    amount: SupportsIndex | Decimal | Fraction | str,
    *,
    success_url: str,
    cancel_url: str,
    manual_capture: bool = False,
    timeout: float = _TIMEOUT,
) -> Cart:
    """Do what `start_hosted` does, awaited. A caller that is canceled does not stop it half-way."""
    order = new_order(order_reference, amount, timeout)
    request = _request(success_url, cancel_url, manual_capture)
    return await finish_steps(_start(awaited, order, request, timeout))


def record_redirect(url: str) -> Cart:
    """Verify the URL with which a customer comes back from Netgíró's page, and record its transaction id; returns the Cart.

    What the URL says of the outcome is not recorded: the cart is checked at Netgíró, soon after this returns. Raises
    SignatureError when it does not verify, and MismatchError when it is about none of the shop's hosted checkouts.
    """
    return run(_record_redirect(blocking, url))


async def arecord_redirect(url: str) -> Cart:
    """Do what `record_redirect` does, awaited."""
    return await finish_steps(_record_redirect(awaited, url))


def _request(success_url: str, cancel_url: str, manual_capture: bool) -> dict[str, Any]:  # noqa: FBT001 - as given
    callback_url = conf.callback_url()
    if callback_url is None:
        raise netgiro.ConfigurationError(
            "a hosted checkout needs CALLBACK_BASE_URL in the setting NETGIRO: a customer may pay and never come back"
        )
    if conf.options().api != "v2":
        raise netgiro.ConfigurationError(
            'a hosted checkout needs "API": "v2" in the setting NETGIRO: the CheckCart of V1 may not know it, and '
            "call canceled what is paid"
        )
    return {
        "success_url": success_url,
        "cancel_url": cancel_url,
        "callback_url": callback_url,
        "manual_capture": manual_capture,
    }


def _start(
    execution: Execution, order: netgiro.Cart, request: dict[str, Any], timeout: float
) -> Steps[Cart]:
    kind = "manual" if request["manual_capture"] else "server_callback"
    begin = partial(store.begin, order.reference, order.amount, "", kind, hosted_for=timeout)
    cart: Cart = yield execution.database(begin)
    try:
        yield execution.cancellation()  # raises here rather than while the request is sent
        answer: netgiro.Checkout = yield execution.netgiro(
            "create_checkout", amount=cart.amount, reference=cart.reference, **request
        )
    except GeneratorExit:
        raise  # nothing can be recorded any more; the row's deadline frees the order
    except BaseException as error:
        yield execution.database(hosted.not_opened, cart, why(error))
        raise
    opened: Cart = yield execution.database(hosted.opened, cart, answer.checkout_url)
    return opened


def _record_redirect(execution: Execution, url: str) -> Steps[Cart]:
    redirect = conf.client().verify_redirect(url)
    cart: Cart = yield execution.database(_recorded, redirect)
    return cart


def _recorded(redirect: netgiro.Redirect) -> Cart:
    from netgiro.django import worker  # noqa: PLC0415 - the worker imports checkout, which offers this

    cart = hosted.come_back(redirect)
    if cart.due_at is not None and conf.options().check_after_callback:
        after_commit(worker.soon, cart.pk)
    return cart
