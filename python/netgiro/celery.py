"""Netgíró in Celery: carts are followed by the workers a shop already has, one check a message.

    netgiro = Netgiro(app)

    @netgiro.settled
    def settled(state, reference):
        if state.is_paid: ...

    cart = client.insert_cart(...)  # never in a task that may run twice
    netgiro.follow(cart, timeout=180)

A message holds the cart's `CartPoll` as JSON: no secret key, no customer's number. It may come early, twice
or after its worker was killed. Your function is called at least once for each cart: twice where a worker
dies between calling it and saying so. Make that once where it counts, in your database:

    UPDATE orders SET paid = true WHERE reference = … AND NOT paid
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

try:
    from celery import Celery
    from celery.exceptions import Reject
except ImportError as error:
    raise ImportError("netgiro.celery needs Celery: pip install 'netgiro[celery]'") from error

import netgiro
from netgiro import _netgiro, arguments
from netgiro.arguments import instance, text
from netgiro.webhook.greenlets import off_the_hub

if TYPE_CHECKING:
    import uuid

__all__ = ["Netgiro"]

logger = logging.getLogger("netgiro.celery")

Told = Callable[[netgiro.CartState, "str | None"], object]
"""A function of the shop: told where a cart stands, and its reference, where that is known."""
_Function = TypeVar("_Function", bound=Told)

# Settling begins with a last check, which was made just now.
_AT_ONCE = 0.001


class Netgiro:
    """Follows carts in a Celery app. Make it where the app's tasks are defined, in every process."""

    def __init__(
        self,
        app: Celery,
        client: Callable[[], netgiro.Client] = netgiro.Client.from_env,
        *,
        policy: netgiro.PollPolicy | None = None,
        name: str = "netgiro.step",
    ) -> None:
        """Register the task `name` in an app.

        `client` makes the client of a process, by default from the environment, when it is first
        needed; `policy` says how often to ask.
        """
        self._app = instance("app", app, Celery, "a Celery app")
        self._make = arguments.function("client", client, expected="a function that makes one")
        self._client: netgiro.Client | None = None
        if policy is not None:
            instance("policy", policy, netgiro.PollPolicy, "a netgiro.PollPolicy")
        self._policy = policy
        text("name", name)
        self._settled: Told | None = None
        self._merchants_move: Told | None = None

        @app.task(
            name=name,
            serializer="json",
            ignore_result=True,
            # A message is done with when the next one is sent, and is another worker's if this one dies.
            acks_late=True,
            reject_on_worker_lost=True,
            acks_on_failure_or_timeout=False,
        )
        def step(token: str, reference: str | None, failures: int) -> None:
            self._step(token, reference, failures)

        self._task = step

    @property
    def client(self) -> netgiro.Client:
        """The client of this process, safe to share between threads and to bring through a fork."""
        if self._client is None:
            self._client = self._make()
        return self._client

    def settled(self, function: _Function) -> _Function:
        """Call the decorated function with `(state, reference)` when a cart is settled, in a worker.

        At least once for each cart; again, until it succeeds, if it raised.
        """
        if self._settled is not None:
            raise netgiro.ConfigurationError(
                "one function is called for a settled cart: register one"
            )
        self._settled = arguments.function("the decorated function", function)
        return function

    def merchants_move(self, function: _Function) -> _Function:
        """Call the decorated function with `(state, reference)` when a cart waits for the shop.

        It is `reserved` or `needs_code`. What follows is the shop's: `confirm_cart` gives the outcome,
        and where it does not, `follow` follows the cart again. Called as often as `settled`'s is.
        """
        if self._merchants_move is not None:
            raise netgiro.ConfigurationError(
                "one function is called for the shop's move: register one"
            )
        self._merchants_move = arguments.function("the decorated function", function)
        return function

    def follow(
        self,
        cart: netgiro.Cart | netgiro.CartState | netgiro.CartPoll | uuid.UUID | str,
        *,
        timeout: float = 180.0,
        reference: str | None = None,
    ) -> None:
        """Follow a cart in the workers; after `timeout` seconds it is canceled, and the answer read.

        Commit the order first. `reference` is by default the cart's. Following a cart twice is harmless.
        Raises what Celery raises when the broker cannot be reached.
        """
        if reference is None and isinstance(cart, netgiro.Cart):
            reference = cart.reference
        if reference is not None:
            text("reference", reference)
        poll = netgiro.CartPoll(cart, timeout=timeout, policy=self._policy)
        if self._app.conf.task_always_eager:
            # Celery would run the messages at once, whatever their countdown.
            self._follow_here(poll, reference)
        else:
            self._send(poll, reference)

    def _follow_here(self, poll: netgiro.CartPoll, reference: str | None) -> None:
        if not poll.is_done:
            time.sleep(_netgiro.poll_delay(poll))
        follow_up = _netgiro.FollowUp.in_messages(poll)
        while follow_up.action != "end":
            self._attempt(follow_up, reference, is_eager=True)
            if follow_up.delay is not None:
                time.sleep(follow_up.delay)
                follow_up.done()

    def _send(
        self,
        poll: netgiro.CartPoll,
        reference: str | None,
        *,
        delay: float | None = None,
        failures: int = 0,
    ) -> None:
        countdown = _netgiro.poll_delay(poll) if delay is None else delay
        self._task.apply_async((poll.to_json(), reference, failures), countdown=countdown)

    def _step(self, token: str, reference: str | None, failures: int) -> None:
        try:
            poll = netgiro.CartPoll.from_json(token)
            failures = max(0, int(failures))
            follow_up = _netgiro.FollowUp.in_messages(poll, failures)
        except (netgiro.InvalidRequestError, TypeError, ValueError, OverflowError) as error:
            # Not what a poll writes: it is as unreadable the next time, and nobody else knows of the cart.
            logger.exception(
                "a message was refused, and the cart of %r is followed no longer: a person should look at "
                "it, and follow it again. It held %s",
                *(reference, token),
            )
            raise Reject(error, requeue=False) from error
        try:
            self._attempt(follow_up, reference)
            if follow_up.delay is not None:
                # The message's own count, which may be more than the core's holds.
                failures = failures + 1 if follow_up.failures else 0
                self._send(follow_up.poll, reference, delay=follow_up.delay, failures=failures)
        except Exception as error:
            # The next message could not be sent, so this one must not be lost.
            raise Reject(error, requeue=True) from error

    def _attempt(
        self, follow_up: _netgiro.FollowUp, reference: str | None, *, is_eager: bool = False
    ) -> None:
        """Go on with a cart up to its end, or to where it is to wait; raises what failed where it is eager."""
        while follow_up.action not in {"wait", "end"}:
            try:
                self._do(follow_up, reference)
            except Exception as error:
                failed = follow_up.poll.transaction_id
                follow_up.failed(error)
                if follow_up.action == "settle":
                    continue
                if is_eager:
                    raise
                if follow_up.delay is None:
                    logger.exception("cart %s: a person should look at it", failed)
                else:
                    logger.exception("cart %s: trying again in %.0f s", failed, follow_up.delay)

    def _do(self, follow_up: _netgiro.FollowUp, reference: str | None) -> None:
        """Ask once, cancel at the deadline, or call the shop's function."""
        poll = follow_up.poll
        if follow_up.action == "check":
            follow_up.checked(off_the_hub(self.client.poll_step)(poll))
        elif follow_up.action == "settle":
            settled = off_the_hub(self.client.settle_cart)(poll, timeout=_AT_ONCE)
            follow_up.checked(poll.answered(settled, after_cancel=True))
        elif (state := poll.state) is not None:
            function = self._settled if state.is_final else self._merchants_move
            (function or _nobody)(state, reference)
            follow_up.done()


def _nobody(state: netgiro.CartState, reference: str | None) -> None:
    """Stand in for a function that the shop has not registered."""
    if state.is_final:
        message = (
            f"no function is registered by Netgiro.settled, and {reference!r} is {state.status}"
        )
        raise netgiro.ConfigurationError(message)
    logger.info("cart %s is %s: it is the shop's move", state.transaction_id, state.status)
