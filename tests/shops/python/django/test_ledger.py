"""Every order of statements: a state machine of a shop whose processes die, or stand still, between any two."""

from __future__ import annotations

import os
from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
from djshop.harness.callbacks import listening
from djshop.harness.ledger import Ledger
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

import netgiro
from interleaving import first_violation
from netgiro.django import checkout
from netgiro.django.calls import execution
from netgiro.django.calls import refunds as calls
from netgiro.django.conf import Options
from netgiro.django.models import RefundStatus, Status
from netgiro.django.storage import delivery, followup, refunds, store

FULL = os.environ.get("NETGIRO_STORM") == "full"
EXAMPLES = {"default": 60, "postgresql": 30}
FULL_EXAMPLES = 3_000


@pytest.fixture
def listener(database):
    with listening() as listener:
        yield listener


def run(listener, examples, phases=tuple(Phase)):
    run_state_machine_as_test(
        lambda: Ledger(listener),
        settings=settings(
            max_examples=FULL_EXAMPLES if FULL else examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            derandomize=not FULL,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_order_of_statements(listener, database):
    run(listener, EXAMPLES[database])


# --- Faults of the product, each of which must break an invariant

Steps = Any


def told_outside_of_the_transaction():
    atomic = mock.Mock(return_value=nullcontext(), on_commit=delivery.transaction.on_commit)
    return mock.patch.object(delivery, "transaction", mock.Mock(atomic=atomic))


def leases_that_are_over_at_once():
    return mock.patch.object(Options, "lease", property(lambda _: 0.0))


def a_refund_that_is_stored_when_it_is_made():
    def refund(execution: Any, cart: Any, wanted: Any) -> Steps:
        made = yield execution.netgiro(
            "refund_cart",
            cart.as_sent(),
            wanted.amount,
            idempotency_key=f"{cart.transaction_id}-{wanted.key}",
        )
        row = yield execution.database(refunds.begin, cart.pk, *wanted)
        return (yield execution.database(calls.record, row, made))

    return mock.patch.object(calls, "_refund", refund)


def a_callback_that_is_believed():
    report = store.reported

    def reported(*args: Any, **kwargs: Any) -> Any:
        row = report(*args, **kwargs)
        if not row.is_final:
            followup.finish(row, Status.CONFIRMED, row.reported_at)
            row.save()
        return row

    return mock.patch.object(store, "reported", reported)


def a_cancel_whose_answer_is_not_read():
    ask = checkout.ask

    def canceled(execution: Any, cart: Any) -> Steps:
        observation = yield from ask(execution, cart)
        if cart.is_settling and not getattr(observation.answer, "is_final", False):
            state = netgiro.CartState(cart.transaction_id, "canceled", result_code=10201)
            return observation._replace(answer=state, is_conclusive=True)
        return observation

    return mock.patch.object(checkout, "ask", canceled)


def an_insert_that_is_sent_again():
    call = execution._Blocking.netgiro

    def netgiro_(blocking: Any, name: str, /, *args: Any, **kwargs: Any) -> Any:
        once = call(blocking, name, *args, **kwargs)

        def twice() -> Any:
            try:
                return once()
            except netgiro.OutcomeUnknownError:
                return once()

        return twice if name == "insert_cart" else once

    return mock.patch.object(execution._Blocking, "netgiro", netgiro_)


def an_intent_that_is_never_due():
    begin = store.begin

    def forgotten(*args: Any, **kwargs: Any) -> Any:
        row = begin(*args, **kwargs)
        row.due_at = None
        row.save()
        return row

    return mock.patch.object(store, "begin", forgotten)


def a_lost_refund_that_counts_as_refused():
    def refused(row: Any, *_: Any, **__: Any) -> None:
        refunds._end(row, RefundStatus.REFUSED)

    return mock.patch.object(refunds, "_record_failure", refused)


FAULTS = [
    (told_outside_of_the_transaction, "the shop is told once"),
    (leases_that_are_over_at_once, "a leased row is one process's"),
    (a_refund_that_is_stored_when_it_is_made, "a refund is stored before it is sent"),
    (a_callback_that_is_believed, "paid only what Netgíró holds paid"),
    (a_cancel_whose_answer_is_not_read, "never canceled what"),
    (an_insert_that_is_sent_again, "one InsertCart for an intent"),
    (an_intent_that_is_never_due, "what is open is asked about again"),
    (a_lost_refund_that_counts_as_refused, "never refused what is made"),
]


@pytest.mark.parametrize(("fault", "broken"), FAULTS, ids=[fault.__name__ for fault, _ in FAULTS])
def test_a_fault_of_the_product_is_found(listener, database, fault, broken):
    if database != "default":
        pytest.skip("one database shows that the invariants can fail")
    with fault():
        found = first_violation(lambda: run(listener, 300, phases=[Phase.generate]))
    assert broken in found, found or "nothing is found"
