"""What happens after the 200: CheckCart decides, and the shop's function is called once for each cart."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import netgiro
from netgiro import _netgiro

if TYPE_CHECKING:
    from netgiro.webhook.ledger import AsyncLedger, Ledger
    from netgiro.webhook.route import Accepted
    from netgiro.webhook.sync_or_async import Steps

__all__ = ["FollowUp", "Settled"]

logger = logging.getLogger("netgiro.webhook")

Settled = Callable[[netgiro.CartState, netgiro.Callback], object | Awaitable[object]]
"""The shop's function: told where a cart stands, for good."""


class FollowUp:
    """One callback after its 200, taken on by attempts, as the core decides.

    `check` is `Client.poll_step`, or does the same awaited.
    """

    def __init__(
        self,
        accepted: Accepted,
        settled: Settled,
        ledger: Ledger | AsyncLedger,
        check: Callable[[netgiro.CartPoll], Any],
    ) -> None:
        """Follow the cart that a callback was accepted for."""
        self._callback = accepted.callback
        self._settled = settled
        self._ledger = ledger
        self._check = check
        self._cart = accepted.cart.transaction_id
        self._holder = uuid.uuid4().hex
        self._state = _netgiro.FollowUp(accepted.cart)
        # What is set right in the meantime is the clock of the machine, not this one.
        self._began = time.monotonic()

    def attempt(self) -> Steps[float | None]:
        """Go on as far as possible; gives the seconds until the next attempt, or None at the end."""
        state = self._state
        if state.action == "wait":
            state.done()
        while state.action not in {"wait", "end"}:
            action = state.action
            try:
                came = yield self._step(action)
                if action == "claim":
                    state.claimed(bool(came))
                    if not came:
                        self._log_not_ours()
                elif action == "check":
                    state.checked(came)
                    self._log_shops_move()
                else:
                    state.done()
            except Exception as error:
                state.failed(error, elapsed=time.monotonic() - self._began)
                if state.delay is None:
                    logger.error("cart %s: a person should look at it: %s", self._cart, error)  # noqa: TRY400
                else:
                    logger.exception("cart %s: trying again in %.0f s", self._cart, state.delay)
        return state.delay

    def _step(self, action: str) -> Callable[[], Any]:
        poll = self._state.poll
        if action == "check":
            return partial(self._check, poll)
        if action == "call" and poll.state is not None:
            return partial(self._settled, poll.state, self._callback)
        return partial(getattr(self._ledger, action), self._cart, self._holder)

    def _log_not_ours(self) -> None:
        logger.warning(
            "cart %s (%r): the function is not called for this callback, since by the ledger it was called for this "
            "cart before, or another process is calling it. Netgíró repeats callbacks, so that may be right; but a "
            "simulator that is started again with the same seed gives out the same carts: give it another seed, or "
            "the shop another ledger",
            *(self._cart, self._callback.reference),
        )

    def _log_shops_move(self) -> None:
        if self._state.action == "release" and (seen := self._state.poll.state) is not None:
            logger.info("cart %s is %s: it is the shop's move", self._cart, seen.status)
