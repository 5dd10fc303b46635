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
    from netgiro.webhook.route import Accepted
    from netgiro.webhook.ledger import AsyncLedger, Ledger
    from netgiro.webhook.sync_or_async import Steps

__all__ = ["PATIENCE", "POLICY", "Settled", "Settling"]

logger = logging.getLogger("netgiro.webhook")

Settled = Callable[[netgiro.CartState, netgiro.Callback], object | Awaitable[object]]
"""The shop's function: told where a cart stands, for good."""

# The payment is created by the 200, so it is there in a moment.
POLICY = netgiro.PollPolicy(default_interval=1.0)
# How long Netgíró may fail to say how a cart ended, in seconds. Its carts live for three minutes.
PATIENCE = 3600.0
# The first and the longest time between two attempts at what failed, in seconds.
_FIRST_DELAY = 1.0
_LONGEST_DELAY = 60.0


class Settling:
    """One callback after its 200, taken on by attempts.

    `check` is `Client.poll_step`, or does the same awaited.
    """

    def __init__(
        self,
        accepted: Accepted,
        settled: Settled,
        ledger: Ledger | AsyncLedger,
        check: Callable[[netgiro.CartPoll], Any],
    ) -> None:
        """Settle the cart that a callback was accepted for."""
        self._callback = accepted.callback
        self._settled = settled
        self._ledger = ledger
        self._check = check
        self._poll = netgiro.CartPoll(accepted.cart, timeout=PATIENCE, policy=POLICY)
        # What is set right in the meantime is the clock of the machine, not this one.
        self._patient_until = time.monotonic() + PATIENCE
        self._holder = uuid.uuid4().hex
        self._was_called = False
        self._failures = 0

    def attempt(self) -> Steps[float | None]:
        """Go on as far as possible; gives the seconds until the next attempt, or None at the end."""
        cart = self._poll.transaction_id
        try:
            if not (yield partial(self._ledger.claim, cart, self._holder)):
                return None
            if not self._poll.is_done:
                delay = yield from self._ask()
                if delay is not None:
                    return delay
            state = self._poll.state
            # A final state is the end once the poll believes it.
            if not self._poll.is_done or state is None or not state.is_final:
                yield partial(self._ledger.release, cart, self._holder)
                return None
            if not self._was_called:
                yield partial(self._settled, state, self._callback)
                self._was_called = True
            yield partial(self._ledger.done, cart, self._holder)
        except Exception:
            # Not until it succeeded is the cart done with.
            delay = self._delay_after_failure()
            logger.exception("cart %s: trying again in %.0f s", cart, delay)
            return delay
        return None

    def _ask(self) -> Steps[float | None]:
        """Ask where the cart stands; gives the seconds until it is to be asked again."""
        cart = self._poll.transaction_id
        try:
            self._poll = yield partial(self._check, self._poll)
        except netgiro.NetgiroError as error:
            is_over = isinstance(error, (netgiro.MismatchError, netgiro.WaitTimeoutError))
            if not is_over and time.monotonic() < self._patient_until:
                raise
            logger.error("cart %s: a person should look at it: %s", cart, error)  # noqa: TRY400
            return None
        if not self._poll.is_done:
            return _netgiro.poll_delay(self._poll)
        state = self._poll.state
        if state is not None and not state.is_final:
            logger.info("cart %s is %s: it is the shop's move", cart, state.status)
        return None

    def _delay_after_failure(self) -> float:
        self._failures += 1
        return _netgiro.backoff(_FIRST_DELAY, self._failures, _LONGEST_DELAY)
