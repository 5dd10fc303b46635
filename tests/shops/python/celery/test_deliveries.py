"""Every order of deliveries: messages come early, twice and again, and workers die or stand still between any two steps."""

from __future__ import annotations

import contextlib
import os
import re
from unittest import mock

import pytest
from deliveries import Deliveries
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

import netgiro
from interleaving import first_violation
from netgiro.celery import Netgiro

FULL = os.environ.get("NETGIRO_STORM") == "full"


def run(examples):
    run_state_machine_as_test(
        Deliveries,
        settings=settings(
            max_examples=5_000 if FULL else examples,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=not FULL,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_order_of_deliveries():
    run(100)


# --- Faults of the product, each of which must break an invariant


def messages_that_are_gone_when_they_are_taken():
    make = Netgiro.__init__

    def taken(self, *args, **kwargs):
        make(self, *args, **kwargs)
        self._task.acks_late = False

    return mock.patch.object(Netgiro, "__init__", taken)


def a_next_message_that_is_given_up():
    send = Netgiro._send

    def give_up(self, *args, **kwargs):
        with contextlib.suppress(ConnectionError):
            send(self, *args, **kwargs)

    return mock.patch.object(Netgiro, "_send", give_up)


def a_deadline_that_is_the_end():
    def end(self, follow_up, reference):
        if follow_up.action != "settle":
            return do(self, follow_up, reference)
        poll = follow_up.poll
        state = netgiro.CartState(poll.transaction_id, "canceled", result_code=10201)
        follow_up.checked(poll.answered(state, after_cancel=True))
        return None

    do = Netgiro._do
    return mock.patch.object(Netgiro, "_do", end)


def a_function_that_is_called_after_each_message():
    def again(self, token, reference, failures):
        step(self, token, reference, failures)
        poll = netgiro.CartPoll.from_json(token)
        if poll.state is not None and poll.state.is_final:
            self._send(poll, reference, delay=0.0)

    step = Netgiro._step
    return mock.patch.object(Netgiro, "_step", again)


def a_check_for_each_delivery():
    def check(self, follow_up, reference):
        if follow_up.action == "check":
            self.client.poll_step(follow_up.poll)
        do(self, follow_up, reference)

    do = Netgiro._do
    return mock.patch.object(Netgiro, "_do", check)


def a_message_that_comes_at_once():
    send = Netgiro._send

    def at_once(self, poll, reference, *, delay=None, failures=0):
        send(self, poll, reference, delay=None if delay is None else 0.0, failures=failures)

    return mock.patch.object(Netgiro, "_send", at_once)


def a_function_that_fails_without_a_delay():
    send = Netgiro._send

    def at_once(self, poll, reference, *, delay=None, failures=0):
        send(self, poll, reference, delay=0.0 if poll.is_done else delay, failures=failures)

    return mock.patch.object(Netgiro, "_send", at_once)


@pytest.mark.parametrize(
    ("fault", "broken"),
    [
        (messages_that_are_gone_when_they_are_taken, "an open cart has a message"),
        (a_next_message_that_is_given_up, "an open cart has a message"),
        (a_deadline_that_is_the_end, "told canceled only what cannot be paid"),
        (
            a_function_that_is_called_after_each_message,
            "the shop is told once|every cart ends|what fails is not called again",
        ),
        (a_check_for_each_delivery, "one check a message"),
        (
            a_message_that_comes_at_once,
            "no message is sent to come early|what fails is not called again",
        ),
        (a_function_that_fails_without_a_delay, "what fails is not called again at once"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_fault_of_the_product_is_found(fault, broken):
    with fault():
        found = first_violation(lambda: run(500))
    assert re.search(broken, found), found or "nothing is found"
