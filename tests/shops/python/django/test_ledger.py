"""Every order of statements: a state machine of a shop whose processes die, or stand still, between any two."""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from typing import Any
from unittest import mock

import pytest
from djshop.harness.callbacks import listening
from djshop.harness.ledger import Ledger
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

import netgiro
from interleaving import Fate, first_violation
from netgiro.django import checkout
from netgiro.django.calls import execution
from netgiro.django.calls import refunds as calls
from netgiro.django.conf import Options
from netgiro.django.models import Cart, Refund, RefundStatus, Status
from netgiro.django.storage import delivery, followup, leases, refunds, store

FULL = os.environ.get("NETGIRO_STORM") == "full"
EXAMPLES = {"default": 60, "postgresql": 30}
FULL_EXAMPLES = 3_000


@pytest.fixture
def listener(database):
    with listening() as listener:
        yield listener


def run(listener, examples, first):
    run_state_machine_as_test(
        lambda: Ledger(listener, first),
        settings=settings(
            max_examples=FULL_EXAMPLES if FULL else examples,
            stateful_step_count=20,
            deadline=None,
            database=None,
            derandomize=not FULL,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_order_of_statements(listener, database):
    run(listener, EXAMPLES[database], as_it_comes)


# --- Faults of the product, each of which must break an invariant

Steps = Any


def told_outside_of_the_transaction():
    atomic = mock.Mock(return_value=nullcontext(), on_commit=delivery.transaction.on_commit)
    return mock.patch.object(delivery, "transaction", mock.Mock(atomic=atomic))


def leases_that_are_over_at_once():
    return mock.patch.object(Options, "lease", property(lambda _: -1.0))


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


def a_refund_that_is_not_leased():
    begin = refunds.begin

    def unleased(*args: Any) -> Any:
        row = begin(*args)
        row.lease = row.lease_until = None
        row.save()
        return row

    return mock.patch.object(refunds, "begin", unleased)


def a_lost_refund_that_is_only_asked_again():
    take = leases._take
    return mock.patch.object(leases, "_take", lambda *args, **_: take(*args))


def a_refund_of_the_amount_before():
    begin = refunds.begin

    def before(cart_pk: int, amount: int, key: str, description: str) -> Any:
        row = Refund.objects.filter(cart=cart_pk, key=key).first()
        return begin(cart_pk, row.amount if row else amount, key, description)

    return mock.patch.object(refunds, "begin", before)


def a_cancel_that_is_not_stored():
    def unsaved(cart: Any) -> Any:
        row = Cart.objects.get(pk=cart.pk)
        row.is_settling = True
        return row

    return mock.patch.object(store, "begin_settling", unsaved)


def a_callback_that_is_not_recorded():
    return mock.patch.object(store, "report", lambda callback, **_: store.expected(callback))


def a_callback_that_nothing_follows():
    report = store.reported

    def reported(found: Any, *args: Any, **kwargs: Any) -> Any:
        row = report(found, *args, **kwargs)
        row.due_at = found.due_at
        row.save()
        return row

    return mock.patch.object(store, "reported", reported)


def a_callback_that_is_accepted_again():
    return mock.patch.object(store, "_record_signature", return_value=None)


# --- What happens before hypothesis goes on, so that it need not find the way there


def as_it_comes(_):
    pass


def asking_for_a_refund(ledger):
    ledger.refund(0, 1000, "line-1", None, None)


def asking_for_another_amount(ledger):
    asking_for_a_refund(ledger)
    ledger.refund(0, 3000, "line-1", None, None)


def losing_a_refund(ledger):
    ledger.refund(0, 1000, "line-1", None, Fate("its answer", "is killed"))
    ledger.work(200)


def canceling(ledger):
    ledger.cancel(0, None, None)


def canceling_in_vain(ledger):
    ledger.cancel(0, {"status": 400}, None)


def following_twice(ledger):
    ledger.wait(40)
    ledger.follow_up(0, Fate("a call", "stands still"))
    ledger.work()


FAULTS = [
    (a_refund_that_is_not_leased, "a refund is leased before it is sent", asking_for_a_refund),
    (a_lost_refund_that_is_only_asked_again, "may have been made", losing_a_refund),
    (
        a_refund_of_the_amount_before,
        "a refund is of the amount that was asked for",
        asking_for_another_amount,
    ),
    (a_cancel_that_is_not_stored, "a cancel is stored before it is sent", canceling),
    (a_callback_that_is_not_recorded, "what is acknowledged is recorded", as_it_comes),
    (a_callback_that_nothing_follows, "what is reported is asked about", as_it_comes),
    (a_callback_that_is_accepted_again, "a callback is accepted once", as_it_comes),
    (told_outside_of_the_transaction, "the shop is told once", as_it_comes),
    (leases_that_are_over_at_once, "a leased row is one process's", following_twice),
    (
        a_refund_that_is_stored_when_it_is_made,
        "a refund is stored before it is sent",
        asking_for_a_refund,
    ),
    (a_callback_that_is_believed, "paid only what Netgíró holds paid", as_it_comes),
    (a_cancel_whose_answer_is_not_read, "never canceled what", canceling_in_vain),
    (an_insert_that_is_sent_again, "one InsertCart for an intent", as_it_comes),
    (an_intent_that_is_never_due, "what is open is asked about again", as_it_comes),
    (a_lost_refund_that_counts_as_refused, "never refused what is made", as_it_comes),
]


@pytest.mark.parametrize(
    ("fault", "broken", "first"), FAULTS, ids=[fault.__name__ for fault, *_ in FAULTS]
)
def test_a_fault_of_the_product_is_found(listener, database, fault, broken, first):
    if database != "default":
        pytest.skip("one database shows that the invariants can fail")
    with fault():
        found = first_violation(lambda: run(listener, 300, first))
    assert re.search(broken, found), found or "nothing is found"
