"""Celery's messages as a state machine: hypothesis chooses what is delivered, how often, and where a worker dies.

The task is the product's, Netgíró is the simulator, and the broker is a list that does what the task's options ask of one.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from typing import Any
from unittest import mock

from celery import Celery
from celery.exceptions import Reject
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import netgiro
import netgiro.celery
from interleaving import Fate, Process, current, ending_at_the_first

PHONE = "8223281"
# In milliseconds what a shop has in seconds: the clock is the machine's.
POLICY = netgiro.PollPolicy(min_interval=0.002, default_interval=0.004, max_interval=0.02)
FATES = st.none() | st.builds(
    Fate,
    st.sampled_from(["a call", "its answer"]) | st.integers(0, 8),
    st.sampled_from(["is killed", "stands still"]),
)
PLACES = st.integers(0, 7)
TIMEOUTS = st.sampled_from([0.01, 60.0])
FAULTS: list[dict[str, Any]] = [
    {"status": 400},
    {"status": 401},
    {"status": 429},
    {"body": "[]", "processed": True},
    {"confirm_during": True},
]
ENDS_UNPAID = {"canceled", "declined", "not_found"}


class Delivery(Process):
    """A message at a worker."""

    def __init__(self, message: tuple[Any, ...], task: Any) -> None:
        super().__init__(f"a worker with the message of {message[1]}", lambda: task.run(*message))
        self.message = message
        self.poll = netgiro.CartPoll.from_json(message[0])
        self.checks = 0
        self.has_failed = False


class Deliveries(RuleBasedStateMachine):
    """The queue of one shop, from the first cart that is followed until it is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[tuple[Any, ...]] = []
        self.standing: list[Delivery] = []
        self.references: list[str] = []
        self.hurried: set[str] = set()
        """Those whose customers have no time: they end without a decision."""
        self.told: list[tuple[str, str]] = []
        self.excuses: Counter[str] = Counter()
        """How often the shop may be told again: deliveries beyond the first, and workers that died."""
        self.broken: list[str] = []
        self.function_fails = self.broker_fails = 0
        self._is_sound = True
        self._cleaning = ExitStack()

    @initialize(api=st.sampled_from(["v1", "v1", "v2"]), timeout=TIMEOUTS)
    def open(self, api: str, timeout: float) -> None:
        enter = self._cleaning.enter_context
        hint = {"check_interval": 0.002, "poll_interval": 0.002}
        self.simulator = enter(netgiro.Simulator(history=1_000, **hint))
        self.api = api
        self.client = self.simulator.client(api=api, timeout=2.0)
        app = Celery("shop", broker="memory://", set_as_current=False)
        self.carts = netgiro.celery.Netgiro(app, lambda: _Stepping(self.client), policy=POLICY)
        self.carts.settled(self._settled)
        self.task = self.carts._task
        enter(mock.patch.object(self.task, "apply_async", self._send))
        logging.disable(logging.CRITICAL)
        self._cleaning.callback(logging.disable, logging.NOTSET)
        self.follow(timeout)

    # --- The shop

    @rule(timeout=TIMEOUTS)
    def follow(self, timeout: float) -> None:
        reference = f"order-{len(self.references) + 1}"
        self.references.append(reference)
        if timeout < 1.0:
            self.hurried.add(reference)
        cart = self.client.insert_cart(amount=4990, reference=reference, customer_id=PHONE)
        self.carts.follow(cart, timeout=timeout)

    def _settled(self, state: netgiro.CartState, reference: str) -> None:
        _step()
        if self.function_fails:
            self.function_fails -= 1
            self.excuses[reference] += 1
            current().has_failed = True
            raise ValueError("the shop's function fails")
        self.told.append((reference, str(state.status)))
        _step()

    @rule()
    def fail_as_function(self) -> None:
        self.function_fails += 1

    # --- The broker

    def _send(self, message: tuple[Any, ...], *, countdown: float) -> None:
        _step()
        if self.broker_fails and current() is not None:
            self.broker_fails -= 1
            raise ConnectionError("the broker is away")
        poll = netgiro.CartPoll.from_json(message[0])
        until_due = (poll.next_check_at - datetime.now(timezone.utc)).total_seconds()
        if not poll.is_done and countdown < until_due:
            self.broken.append(f"no message is sent to come early: {countdown}, {until_due}")
        if not countdown and current() is not None and current().has_failed:
            self.broken.append(f"what fails is not called again at once: {message[1]}")
        self.messages.append(message)
        _step()

    @rule()
    def fail_as_broker(self) -> None:
        self.broker_fails += 1

    @rule(place=PLACES, fate=FATES)
    def deliver(self, place: int, fate: Fate | None) -> None:
        if self.messages:
            message = self.messages.pop(place % len(self.messages))
            self._begin(message, fate)

    @rule(place=PLACES, fate=FATES)
    def deliver_twice(self, place: int, fate: Fate | None) -> None:
        """Deliver a message that stays in the queue, as when it takes longer than the visibility timeout."""
        if self.messages:
            message = self.messages[place % len(self.messages)]
            self.excuses[message[1]] += 1
            self._begin(message, fate)

    @rule(place=PLACES, fate=FATES)
    def resume(self, place: int, fate: Fate | None) -> None:
        if self.standing:
            self._go_on(self.standing[place % len(self.standing)], fate)
        else:
            self.deliver(place, fate)

    def _begin(self, message: tuple[Any, ...], fate: Fate | None) -> None:
        delivery = Delivery(message, self.task)
        self.standing.append(delivery)
        if not self.task.acks_late:
            delivery.message = ()  # it is gone when it is taken
        before = len(self.simulator.requests())
        self._go_on(delivery, fate)
        is_early = delivery.poll.next_check_at > datetime.now(timezone.utc)
        asked = len(self.simulator.requests()) - before
        assert not (is_early and asked), f"an early message asks nobody: {delivery}"
        assert delivery.checks <= 1, f"one check a message: {delivery}"

    def _go_on(self, delivery: Delivery, fate: Fate | None = None) -> None:
        self._is_sound = False
        delivery.go_on(fate)
        assert not self.broken, self.broken
        if not delivery.is_over:
            return
        self.standing.remove(delivery)
        error = delivery.error
        if delivery.is_killed:
            if delivery.message and self.task.reject_on_worker_lost:
                self.excuses[delivery.message[1]] += 1
                self.messages.append(delivery.message)
        elif isinstance(error, Reject):
            if error.requeue and delivery.message:
                self.excuses[delivery.message[1]] += 1
                self.messages.append(delivery.message)
        elif error is not None:
            raise error

    # --- Netgíró, and time

    @rule(place=PLACES, decision=st.sampled_from(["confirm", "decline", "expire"]))
    def decide(self, place: int, decision: str) -> None:
        carts = self.simulator.carts()
        with suppress(netgiro.InvalidRequestError):  # it has ended
            getattr(self.simulator, decision)(carts[place % len(carts)].transaction_id)

    @rule(is_cancel=st.booleans(), fault=st.sampled_from(FAULTS))
    def fail(self, *, is_cancel: bool, fault: dict[str, Any]) -> None:
        names = {"v1": ["CheckCart", "CancelCart"], "v2": ["Status", "Cancel"]}
        self.simulator.add_fault(names[self.api][is_cancel], **fault)

    @rule()
    def wait(self) -> None:
        time.sleep(0.005)

    # --- What must hold

    @invariant()
    def holds(self) -> None:
        self._check()
        self._is_sound = True

    def _check(self) -> None:
        there = {cart.reference: cart for cart in self.simulator.carts()}
        for reference, status in self.told:
            cart = there[reference]
            if status == "confirmed":
                assert cart.is_paid, f"told paid only what Netgíró holds paid: {reference}"
            else:
                ended = cart.status in ENDS_UNPAID
                assert ended, f"told {status} only what cannot be paid: {reference}, {cart.status}"
        told = Counter(reference for reference, _ in self.told)
        kept = {message[1] for message in self.messages}
        kept |= {delivery.message[1] for delivery in self.standing if delivery.message}
        for reference in self.references:
            is_kept = reference in kept or told[reference]
            assert is_kept, f"an open cart has a message: {reference}"
            again = told[reference] - 1
            assert again <= self.excuses[reference], f"the shop is told once: {reference}"

    def teardown(self) -> None:
        with ending_at_the_first(), self._cleaning:
            try:
                if self._is_sound:  # else what broke before is what is told
                    self._come_to_the_end()
            finally:
                for delivery in self.standing:
                    delivery.go_on(Fate(0, "is killed"))

    def _come_to_the_end(self) -> None:
        self.simulator.clear_faults()
        self.function_fails = self.broker_fails = 0
        while self.standing:
            self._go_on(self.standing[0])
        # The customers decide who have a minute, which is too long to wait for here.
        for place, reference in enumerate(self.references):
            if reference not in self.hurried:
                self.decide(place, "confirm")
        for _ in range(1_000):
            if not self.messages:
                break
            time.sleep(0.002)
            self.deliver(0, None)
            self.holds()
        assert not self.messages, f"every cart ends: {self.messages}"
        told = Counter(reference for reference, _ in self.told)
        for cart in self.simulator.carts():
            assert told[cart.reference] >= 1, f"the shop is told of every end: {cart.reference}"
            assert cart.is_paid or cart.status in ENDS_UNPAID, f"every cart ends: {cart.reference}"


class _Stepping:
    """A client that steps before it asks."""

    def __init__(self, client: netgiro.Client) -> None:
        self._client = client

    def poll_step(self, poll: netgiro.CartPoll) -> netgiro.CartPoll:
        _step(poll.transaction_id)
        current().checks += 1
        return self._client.poll_step(poll)

    def settle_cart(self, poll: netgiro.CartPoll, *, timeout: float) -> netgiro.CartState:
        _step(poll.transaction_id)
        return self._client.settle_cart(poll, timeout=timeout)


def _step(about: object = None) -> None:
    process = current()
    if process is not None:
        process.step(about)
