"""A callback route: what the core asks for is done, by the shop's functions, until there is an answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import netgiro
from netgiro import _netgiro
from netgiro.arguments import function, having
from netgiro.webhook.body import Refusal
from netgiro.webhook.sync_or_async import Steps, run, run_async

if TYPE_CHECKING:
    import uuid
    from typing import SupportsIndex

    from netgiro.replay import AsyncReplayGuard, ReplayGuard

__all__ = ["Accepted", "Expected", "Find", "Order", "Record", "Webhook"]

logger = logging.getLogger("netgiro.webhook")


class Expected(Protocol):
    """An order as a callback must name it: one of the shop's own, or an `Order`."""

    @property
    def amount(self) -> SupportsIndex | Decimal | str:
        """The amount in whole krónur, as given to `insert_cart`."""

    @property
    def reference(self) -> str:
        """The reference, as given to `insert_cart`."""


class Order(NamedTuple):
    """What a callback must say. With a `transaction_id`, it must be about that very cart."""

    amount: SupportsIndex | Decimal | str
    reference: str
    transaction_id: uuid.UUID | str | None = None


class Accepted(NamedTuple):
    """A callback to answer 200 to, and the shop's cart that it is about."""

    callback: netgiro.Callback
    cart: netgiro.Cart


Find = Callable[[netgiro.Callback], Expected | Awaitable[Expected | None] | None]
"""Finds the order that a callback is about; None when the shop has no such order."""
Record = Callable[[netgiro.Callback], object | Awaitable[object]]
"""Records that the callback came, so that it survives a crash; what it raises is answered by 503."""


class Webhook:
    """A callback route, whatever the framework.

    `receive` calls the shop's functions, `receive_async` awaits them, and runs those that are no
    coroutine functions in a thread. Either gives what to answer 200 to, or raises a `Refusal`. A shop's
    function may raise one itself.
    """

    def __init__(
        self,
        *,
        order: Find,
        record: Record | None = None,
        replay_guard: ReplayGuard | AsyncReplayGuard | None = None,
    ) -> None:
        """Decide by these functions of the shop.

        `order(callback)` finds the order, `record(callback)` records durably that it is reported, each
        time it is. A `replay_guard` lets each callback through once. Where recording fails, Netgíró
        sends the callback again word for word: a guard that several processes share needs a method
        `forget(nonce, signature)`, which is then called (awaited, if it is a coroutine function).
        """
        self._order = function("order", order)
        self._record = None if record is None else function("record", record)
        if replay_guard is not None:
            having("replay_guard", replay_guard, "is_first")
        self._guard: Any = replay_guard
        self._route = _netgiro.CallbackRoute(has_guard=replay_guard is not None)

    def receive(
        self, client: netgiro.Client | netgiro.AsyncClient, *, url: str, headers: Any, body: bytes
    ) -> Accepted:
        """Decide about a callback; returns what to answer 200 to, or raises a Refusal.

        `url` is the one given to `insert_cart`, `headers` and `body` are as `verify_callback` takes
        them.
        """
        return run(self._steps(client, url=url, headers=headers, body=body))

    async def receive_async(
        self, client: netgiro.Client | netgiro.AsyncClient, *, url: str, headers: Any, body: bytes
    ) -> Accepted:
        """Do as `receive` does, awaiting the shop's functions."""
        return await run_async(self._steps(client, url=url, headers=headers, body=body))

    def _steps(
        self, client: netgiro.Client | netgiro.AsyncClient, *, url: str, headers: Any, body: bytes
    ) -> Steps[Accepted]:
        request = self._route.request()
        cause: Exception | None = None
        refusal: Refusal | None = None
        if request.body(len(body)) == "verify":
            try:
                callback = client.verify_callback(url=url, headers=headers, body=body)
            except (netgiro.SignatureError, netgiro.ProtocolError) as error:
                request.rejected(str(error))
                cause = error
            else:
                key = None if self._guard is None else _netgiro.replay_key(callback)
                facts = callback.transaction_id, callback.amount, callback.reference
                request.verified(*facts, signature=key and key[1])
        cart: netgiro.Cart | None = None
        while (action := request.action) != "answer":
            try:
                cart = (yield from self._do(request, callback, key or ("", ""))) or cart
            except Refusal as raised:
                request.refused(raised.status, _whole(raised.reason))
                refusal = raised
            except Exception as error:
                request.failed(_whole(repr(error)))
                if action == "forget":
                    logger.exception("the replay guard could not forget a callback")
                else:
                    cause = error
            except BaseException:
                # A task that is cancelled waits for nobody.
                request.canceled()
                raise
        if refusal is None and cart is not None and request.status == 200:  # noqa: PLR2004
            return Accepted(callback, cart)
        raise _logged(refusal or _caused(Refusal(request.status, request.reason), cause))

    def _do(
        self,
        request: _netgiro.CallbackRequest,
        callback: netgiro.Callback,
        key: tuple[str, str],
    ) -> Steps[netgiro.Cart | None]:
        """Do what the request asks for; gives the cart of the order, once that is found."""
        if request.action == "find_order":
            return _compared(request, callback, (yield partial(self._order, callback)))
        if request.action == "ask_guard":
            request.first(bool((yield partial(self._guard.is_first, *key))))
        elif request.action == "record":
            if self._record is not None:
                yield partial(self._record, callback)
            request.done()
        elif hasattr(self._guard, "forget"):
            yield partial(self._guard.forget, *key)
            request.done()
        else:
            request.failed("the guard has no method forget")
        return None


def _whole(reason: object) -> str:
    """Return a shop's words without half characters, which are no UTF-8."""
    return str(reason).encode(errors="replace").decode()


def _caused(refusal: Refusal, cause: Exception | None) -> Refusal:
    refusal.__cause__ = cause
    return refusal


def _logged(refusal: Refusal) -> Refusal:
    failed = refusal.status >= 500  # noqa: PLR2004
    logger.log(
        logging.ERROR if failed else logging.WARNING,
        *("answered %d: %s", refusal.status, refusal),
        exc_info=refusal.__cause__ if failed else None,
    )
    return refusal


def _compared(
    request: _netgiro.CallbackRequest, callback: netgiro.Callback, order: Expected | None
) -> netgiro.Cart | None:
    """Have a callback compared with the order; gives the cart to check."""
    if order is None:
        request.order(None)
        return None
    facts: dict[str, Any] = {"reference": order.reference, "amount": order.amount}
    try:
        cart = netgiro.Cart(callback.transaction_id, **facts)
    except netgiro.InvalidRequestError as error:
        # A number for a reference may have lost some of it: a fault of the shop's function, as no number is.
        if not _is_number(order.amount) or not isinstance(order.reference, str):
            raise
        request.not_kronur(str(error))
        return None
    if isinstance(order, (Order, netgiro.Cart)) and order.transaction_id is not None:
        cart = netgiro.Cart(order.transaction_id, **facts)
    request.order(cart)
    return cart


def _is_number(amount: SupportsIndex | Decimal | str) -> bool:
    """Return whether it is an amount of some currency, and so another one than the callback's."""
    try:
        return Decimal(amount).is_finite()  # type: ignore[arg-type]
    except (ArithmeticError, TypeError, ValueError):
        return False
