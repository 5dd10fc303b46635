"""What a callback route answers: verify, match, record, and only then 200."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, Awaitable, Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import netgiro
from netgiro.replay import Note
from netgiro.webhook.sync_or_async import Steps, run, run_async

if TYPE_CHECKING:
    import uuid
    from typing import SupportsIndex

    from netgiro.replay import AsyncReplayGuard, ReplayGuard

__all__ = [
    "MAX_BODY",
    "TOO_LARGE",
    "Accepted",
    "Expected",
    "Order",
    "Refusal",
    "Webhook",
    "read_body",
    "read_chunks",
    "too_large",
]

logger = logging.getLogger("netgiro.webhook")

MAX_BODY = 64 * 1024
"""The largest body that a callback route reads, in bytes; Netgíró's are below 1 KiB."""
TOO_LARGE = 413
"""The status that refuses a larger one."""


class Refusal(Exception):  # noqa: N818 - it is an answer, and no error of this program
    """The route answers `status`, and nothing has changed. The reason is for the log alone."""

    def __init__(self, status: int, reason: str) -> None:
        """Refuse a callback with this HTTP status, and for this reason."""
        super().__init__(reason)
        self.status = status
        self.reason = reason


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
    """Decides what a callback route answers; knows no framework.

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
        self._order = order
        self._record = record
        self._guard = replay_guard
        self._unrecorded: set[str] = set()

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
        try:
            if len(body) > MAX_BODY:
                raise too_large()
            note = Note(answer=True)
            try:
                callback = client.verify_callback(
                    url=url, headers=headers, body=body, replay_guard=note
                )
            except (netgiro.SignatureError, netgiro.ProtocolError) as error:
                raise Refusal(400, str(error)) from error
            try:
                cart = _match(callback, (yield partial(self._order, callback)))
                yield from self._let_through(*note.asked)
            except Refusal:
                raise
            except Exception as error:
                raise Refusal(503, f"looking up the order failed: {error!r}") from error
            yield from self._keep(callback, *note.asked)
        except Refusal as refusal:
            failed = refusal.status >= 500  # noqa: PLR2004
            logger.log(
                logging.ERROR if failed else logging.WARNING,
                *("answered %d: %s", refusal.status, refusal),
                exc_info=refusal.__cause__ if failed else None,
            )
            raise
        return Accepted(callback, cart)

    def _let_through(self, nonce: str, signature: str) -> Steps[None]:
        """Ask the guard, unless it has let this very callback through and recording it failed."""
        if self._guard is None:
            return
        try:
            self._unrecorded.remove(signature)
        except KeyError:
            if not (yield partial(self._guard.is_first, nonce, signature)):
                raise Refusal(409, "it is a replay: it verifies, and was accepted before") from None

    def _keep(self, callback: netgiro.Callback, nonce: str, signature: str) -> Steps[None]:
        if self._record is None:
            return
        try:
            yield partial(self._record, callback)
        except BaseException as error:
            if self._guard is not None:
                yield from self._take_back(error, nonce, signature)
            if isinstance(error, Refusal) or not isinstance(error, Exception):
                raise
            raise Refusal(503, f"recording it failed: {error!r}") from error

    def _take_back(self, error: BaseException, nonce: str, signature: str) -> Steps[None]:
        """Let a callback through once more, since it is going to be sent once more."""
        forget = getattr(self._guard, "forget", None)
        # A task that is cancelled waits for nobody.
        if forget is not None and isinstance(error, Exception):
            try:
                yield partial(forget, nonce, signature)
            except Exception:
                logger.exception("the replay guard could not forget a callback")
            else:
                return
        self._unrecorded.add(signature)


def read_body(read: Callable[[int], bytes], content_length: str | int | None = None) -> bytes:
    """Read a body with `read(size)`, and raise a Refusal rather than read one that is too large."""
    _check_length(content_length)
    body = bytearray()
    while chunk := read(MAX_BODY + 1 - len(body)):
        _append(body, chunk)
    return bytes(body)


async def read_chunks(
    chunks: AsyncIterable[bytes], content_length: str | int | None = None
) -> bytes:
    """Read a body that comes in chunks, and raise a Refusal once it is too large."""
    _check_length(content_length)
    body = bytearray()
    async for chunk in chunks:
        _append(body, chunk)
    return bytes(body)


def _check_length(content_length: str | int | None) -> None:
    digits = str(content_length).lstrip("0")
    # Python refuses to read a number of thousands of digits.
    if digits.isdecimal() and (len(digits) > len(str(MAX_BODY)) or int(digits) > MAX_BODY):
        raise too_large()


def _append(body: bytearray, chunk: bytes) -> None:
    body += chunk
    if len(body) > MAX_BODY:
        raise too_large()


def too_large() -> Refusal:
    """Return the refusal of a body that is larger than `MAX_BODY`."""
    return Refusal(TOO_LARGE, f"its body is larger than {MAX_BODY} bytes")


def _match(callback: netgiro.Callback, order: Expected | None) -> netgiro.Cart:
    """Compare a callback with the order; gives the cart that CheckCart is to be asked about."""
    if order is None:
        raise Refusal(409, f"the shop has no order for the cart {callback.transaction_id}")
    try:
        cart = netgiro.Cart(callback.transaction_id, reference=order.reference, amount=order.amount)
    except netgiro.InvalidRequestError as error:
        # A number for a reference may have lost some of it: a fault of the shop's function, as no number is.
        if not _is_number(order.amount) or not isinstance(order.reference, str):
            raise
        raise Refusal(409, f"the order is about no amount in whole krónur: {error}") from error
    if not callback.matches(cart.amount, cart.reference):
        raise Refusal(
            409,
            f"it says {callback.reference!r} for {callback.amount}, "
            f"the order is {cart.reference!r} for {cart.amount}",
        )
    if isinstance(order, (Order, netgiro.Cart)) and order.transaction_id is not None:
        own = netgiro.Cart(order.transaction_id, reference=cart.reference, amount=cart.amount)
        if own.transaction_id != cart.transaction_id:
            raise Refusal(
                409, f"it is about {cart.transaction_id}, the order's cart is {own.transaction_id}"
            )
    return cart


def _is_number(amount: SupportsIndex | Decimal | str) -> bool:
    """Return whether it is an amount of some currency, and so another one than the callback's."""
    try:
        return Decimal(amount).is_finite()  # type: ignore[arg-type]
    except (ArithmeticError, TypeError, ValueError):
        return False
