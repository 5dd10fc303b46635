"""Refunds: stored before they are sent, made once, and never more than was paid."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Sum
from django.test import override_settings
from django.utils import timezone
from djshop import receivers
from djshop.harness.trials import PHONE, at_once, eventually, poll_once, told

import netgiro
from netgiro.django import checkout
from netgiro.django.calls import refunds as calls
from netgiro.django.models import Cart, Refund
from netgiro.django.storage import leases, refunds

ATTEMPTS = 3  # of the client, in one call
ALWAYS_LOST = {"endpoint": "Refund", "drop": "after", "count": ATTEMPTS}


@pytest.fixture
def paid(shop):
    """A cart of 4990 kr. that is paid."""
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    yield cart.check_now()
    # Whatever a test did: the sum beside the cart is that of its refunds, and is not more than was paid.
    for cart in Cart.objects.all():
        taken = cart.refunds.exclude(status="refused").aggregate(sum=Sum("amount"))["sum"] or 0
        assert cart.refunded == taken <= cart.amount


def made(shop, cart):
    """What Netgíró has refunded of a cart."""
    return [refund.amount for refund in shop.cart(cart.transaction_id).refunds]


def state():
    row = Refund.objects.get()
    return row.status, row.is_final, Cart.objects.get().refunded


def due_now():
    # The database's clock has whole milliseconds.
    Refund.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def forgotten_by_its_process():
    """Let the lease of a process that was killed run out."""
    Refund.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


# --- One refund


@pytest.mark.parametrize("how", ["sync", "async"])
def test_in_part_and_in_full(shop, paid, how):
    def refund(*args, **kwargs):
        if how == "sync":
            return paid.refund(*args, **kwargs)
        return async_to_sync(paid.arefund)(*args, **kwargs)

    first = refund(1000, key="line-1", description="Skilað: einn bolur")
    assert (first.is_made, first.status, first.amount) == (True, "made", 1000)
    assert first.idempotency_key == f"{paid.transaction_id}-line-1"
    assert (first.cart.refunded, first.cart.refundable) == (1000, 3990)
    second = refund("3990", key="line-2")
    assert (second.cart.refunded, second.cart.refundable) == (4990, 0)
    there = shop.cart(paid.transaction_id).refunds
    assert [(refund.idempotency_key, refund.description) for refund in there] == [
        (first.idempotency_key, "Skilað: einn bolur"),
        (second.idempotency_key, None),
    ]
    paid.refresh_from_db()
    assert (paid.status, paid.is_paid, paid.refunded) == ("confirmed", True, 4990)
    assert told() == ["confirmed", "refund made", "refund made"]
    first.refresh_from_db()
    assert (first.due_at, first.lease) == (None, None)
    assert first.asked_at <= first.ended_at <= first.signaled_at


def test_it_is_committed_before_it_is_sent(shop, paid):
    shop.add_fault("Refund", delay=0.2)
    seen = []

    def look():
        eventually(lambda: "Refund" in [request.endpoint for request in shop.requests()])
        seen.append(state())

    refund, _ = at_once(lambda: paid.refund(1000, key="line-1"), look)
    assert seen == [("asked", False, 1000)]
    assert refund.is_made


def test_the_same_key_is_one_refund(shop, paid):
    assert paid.refund(1000, key="line-1") == paid.refund(1000, key="line-1")
    with pytest.raises(netgiro.MismatchError, match="belongs to a refund of 1000 kr"):
        paid.refund(999, key="line-1")
    assert made(shop, paid) == [1000]
    assert told() == ["confirmed", "refund made"]


def test_the_same_key_of_another_cart_is_another_refund(shop, paid):
    other = checkout.start("order-2", 4990, PHONE)
    shop.confirm(other.transaction_id)
    other.check_now().refund(100, key="line-1")
    paid.refund(200, key="line-1")
    assert (made(shop, other), made(shop, paid)) == ([100], [200])


def test_more_than_is_left_is_refused_and_nothing_is_stored(shop, paid):
    paid.refund(4000, key="line-1")
    before = len(shop.requests())
    with pytest.raises(
        netgiro.InvalidRequestError, match=r"what is left .*990 kr\. of 4990; got 991"
    ):
        paid.refund(991, key="line-2")
    assert Refund.objects.count() == 1
    assert len(shop.requests()) == before
    assert paid.refund(990, key="line-2").is_made


@pytest.mark.parametrize("status", ["pending", "canceled", "mismatch"])
def test_only_a_paid_cart(shop, database, status):
    cart = checkout.start("order-1", 4990, PHONE)
    Cart.objects.update(status=status)
    with pytest.raises(netgiro.InvalidRequestError, match="only a paid one"):
        cart.refund(1000, key="line-1")
    assert not Refund.objects.exists()
    assert made(shop, cart) == []


@pytest.mark.parametrize(
    "arguments",
    [
        {"amount": 0, "key": "a"},
        {"amount": "10.5", "key": "a"},
        {"amount": 10, "key": ""},
        {"amount": 10, "key": " "},
        {"amount": 10, "key": "a\nb"},
        {"amount": 10, "key": "a" * 64},
        {"amount": 10, "key": 5},
        {"amount": 10, "key": "a", "description": 5},
        {"amount": 10, "key": "a", "description": "a\0"},
    ],
)
def test_arguments_that_cannot_be_meant(shop, paid, arguments):
    with pytest.raises(netgiro.InvalidRequestError):
        paid.refund(**arguments)
    assert not Refund.objects.exists()


def test_within_a_transaction_nothing_is_sent(shop, paid):
    refused = pytest.raises(transaction.TransactionManagementError, match="commit by itself")
    with transaction.atomic(using=paid._state.db), refused:
        paid.refund(1000, key="line-1")
    assert not Refund.objects.exists()
    assert made(shop, paid) == []


# --- How it can end


def test_a_refusal_frees_the_sum(shop, paid):
    shop.add_fault("Refund", body='{"Success": false, "Message": "Not today"}', processed=False)
    with pytest.raises(netgiro.ApiError, match="Not today"):
        paid.refund(4990, key="all")
    assert state() == ("refused", True, 0)
    assert "Not today" in Refund.objects.get().problem
    assert told() == ["confirmed", "refund refused"]
    # Another key, and later the first one again: it is asked for once more.
    paid.refund(4000, key="line-1")
    with pytest.raises(netgiro.InvalidRequestError, match="what is left"):
        paid.refund(4990, key="all")
    assert told() == ["confirmed", "refund refused", "refund made"]
    assert made(shop, paid) == [4000]


def test_what_was_refused_can_be_asked_for_again(shop, paid):
    shop.add_fault("Refund", body='{"Success": false, "Message": "Not today"}', processed=False)
    with pytest.raises(netgiro.ApiError):
        paid.refund(1000, key="line-1")
    assert paid.refund(1000, key="line-1", description="again").is_made
    assert state() == ("made", True, 1000)
    assert Refund.objects.get().description == "again"
    assert told() == ["confirmed", "refund refused", "refund made"]


def test_a_lost_answer_is_taken_up_with_the_same_key(shop, paid):
    shop.add_fault(**ALWAYS_LOST)
    with pytest.raises(netgiro.OutcomeUnknownError) as lost:
        paid.refund(1000, key="line-1")
    row = Refund.objects.get()
    assert lost.value.idempotency_key == row.idempotency_key
    assert state() == ("outcome_unknown", False, 1000)
    assert (row.failures, row.lease) == (1, None)
    # It counts as refunded until that is known.
    with pytest.raises(netgiro.InvalidRequestError, match=r"3990 kr\. of 4990"):
        paid.refund(4000, key="line-2")
    poll_once()
    assert state() == ("outcome_unknown", False, 1000), "it waits"
    due_now()
    poll_once()
    assert state() == ("made", True, 1000)
    assert Refund.objects.get().problem == ""
    assert made(shop, paid) == [1000]
    assert told() == ["confirmed", "refund made"]


def test_a_lost_answer_and_the_same_call_again(shop, paid):
    shop.add_fault(**ALWAYS_LOST)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    assert paid.refund(1000, key="line-1").is_made
    assert made(shop, paid) == [1000]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429}, netgiro.RateLimitedError),
        ({"status": 401}, netgiro.AuthenticationError),
    ],
)
def test_what_was_not_let_in_is_asked_again(shop, paid, fault, error):
    shop.add_fault("Refund", count=ATTEMPTS, **fault)
    with pytest.raises(error):
        paid.refund(1000, key="line-1")
    assert state() == ("asked", False, 1000)
    shop.clear_faults()
    due_now()
    poll_once()
    assert state() == ("made", True, 1000)
    assert made(shop, paid) == [1000]


def test_no_connection_leaves_it_asked(shop, paid):
    nowhere = override_settings(NETGIRO={**settings.NETGIRO, "BASE_URL": "http://127.0.0.1:9/v1/"})
    with nowhere, pytest.raises(netgiro.ConnectError):
        paid.refund(1000, key="line-1")
    assert state() == ("asked", False, 1000)
    # A refusal then says that nothing was refunded, and is told by a signal alone.
    shop.add_fault("Refund", body='{"Success": false, "Message": "Not today"}', processed=False)
    due_now()
    poll_once()
    assert state() == ("refused", True, 0)
    assert told() == ["confirmed", "refund refused"]


def test_a_refusal_after_an_unknown_outcome_is_for_a_person(shop, paid):
    shop.add_fault(**ALWAYS_LOST)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    shop.add_fault("Refund", body='{"Success": false, "Message": "No"}', processed=False, count=2)
    due_now()
    poll_once()
    row = Refund.objects.get()
    assert state() == ("outcome_unknown", False, 1000)
    assert row.due_at is None
    assert "No" in row.problem
    assert list(Refund.objects.for_a_person()) == [row]
    # Nor is it called refused to whoever asks again.
    with pytest.raises(netgiro.OutcomeUnknownError, match="may have made it") as unknown:
        paid.refund(1000, key="line-1")
    assert unknown.value.idempotency_key == row.idempotency_key
    assert isinstance(unknown.value.__cause__, netgiro.ApiError)
    assert told() == ["confirmed"]
    # The same call may always be made again, and then tells.
    assert paid.refund(1000, key="line-1").is_made
    assert made(shop, paid) == [1000]


@pytest.mark.parametrize(
    ("option", "status", "refunded"),
    [("--refund-made", "made", 1000), ("--refund-refused", "refused", 0)],
)
def test_a_person_decides(shop, paid, option, status, refunded):
    shop.add_fault("Refund", status=500, count=ATTEMPTS)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    shop.add_fault("Refund", body='{"Success": false, "Message": "No"}', processed=False)
    due_now()
    poll_once()
    said = StringIO()
    with pytest.raises(CommandError, match=r"^1 refunds need a person"):
        call_command("netgiro_check", stdout=said)
    row = Refund.objects.get()
    assert f"needs a person: {row}" in said.getvalue()
    call_command("netgiro_check", option, row.idempotency_key, stdout=StringIO())
    assert state() == (status, True, refunded)
    assert told() == ["confirmed", f"refund {status}"]
    with pytest.raises(CommandError, match="only one whose outcome is unknown"):
        call_command("netgiro_check", option, row.idempotency_key, stdout=StringIO())
    with pytest.raises(CommandError, match="there is no refund"):
        call_command("netgiro_check", option, "order-1", stdout=StringIO())


def test_what_is_open_for_ten_minutes_is_for_a_person_and_goes_on(shop, paid):
    shop.add_fault(**ALWAYS_LOST)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    assert not Refund.objects.for_a_person().exists()
    Refund.objects.update(asked_at=timezone.now() - timedelta(minutes=11))
    assert Refund.objects.with_needs().get().needs_person
    due_now()
    poll_once()
    assert state() == ("made", True, 1000)
    assert not Refund.objects.for_a_person().exists()


def test_failures_grow_the_delay(shop, paid):
    shop.add_fault("Refund", status=500, count=100)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    delays = []
    for _ in range(12):
        row = Refund.objects.get()
        delays.append((row.due_at - row.updated_at).total_seconds())
        due_now()
        poll_once()
    assert delays[0] < 5
    assert delays[3] < delays[6] < delays[-1] <= refunds.LONGEST_DELAY
    assert Refund.objects.get().failures == 13


def test_retry_after_is_waited_for(shop, paid):
    shop.add_fault("Refund", status=429, retry_after=90, count=ATTEMPTS)
    with pytest.raises(netgiro.RateLimitedError):
        paid.refund(1000, key="line-1")
    row = Refund.objects.get()
    assert row.due_at - row.updated_at > timedelta(seconds=80)


def test_a_repeated_key_that_is_refused_was_made(options, paid, shop):
    with netgiro.Simulator(seed=2, repeated_refund="refuse") as strict:
        options(BASE_URL=strict.url, CHECK_AFTER_CALLBACK=False)
        cart = checkout.start("order-2", 4990, PHONE)
        strict.confirm(cart.transaction_id)
        cart.check_now()
        strict.add_fault(**ALWAYS_LOST)
        with pytest.raises(netgiro.OutcomeUnknownError):
            cart.refund(1000, key="line-1")
        due_now()
        poll_once()
        assert Refund.objects.get().is_made
        assert made(strict, cart) == [1000]


# --- Processes that are killed


def test_killed_between_the_commit_and_the_call(shop, paid):
    refunds.begin(paid.pk, 1000, "line-1", "")
    poll_once()
    assert state() == ("asked", False, 1000), "its process may still be sending it"
    with pytest.raises(netgiro.OutcomeUnknownError, match="another process"):
        paid.refund(1000, key="line-1")
    forgotten_by_its_process()
    poll_once()
    assert state() == ("made", True, 1000)
    assert made(shop, paid) == [1000]


def test_killed_between_the_call_and_its_record(shop, paid):
    row = refunds.begin(paid.pk, 1000, "line-1", "")
    shop.client().refund_cart(paid.as_sent(), 1000, idempotency_key=row.idempotency_key)
    forgotten_by_its_process()
    # What its repetition is answered says nothing about the first call.
    shop.add_fault("Refund", body='{"Success": false, "Message": "No"}', processed=False)
    poll_once()
    assert state() == ("outcome_unknown", False, 1000)
    assert paid.refund(1000, key="line-1").is_made
    assert made(shop, paid) == [1000]


def test_the_same_call_takes_up_what_was_forgotten(shop, paid):
    refunds.begin(paid.pk, 1000, "line-1", "")
    forgotten_by_its_process()
    shop.add_fault("Refund", body='{"Success": false, "Message": "No"}', processed=False)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    assert state() == ("outcome_unknown", False, 1000)


def test_killed_between_the_record_and_the_signal(shop, paid, monkeypatch):
    monkeypatch.setattr(refunds, "deliver", lambda *_, **__: None)
    paid.refund(1000, key="line-1")
    assert told() == ["confirmed"]
    poll_once()
    assert told() == ["confirmed", "refund made"]
    assert Refund.objects.get().due_at is None


def test_a_receiver_that_fails_is_called_again(shop, paid):
    failing = [True]

    def fail(cart):
        if failing:
            raise ValueError("out of order")

    receivers.also.append(fail)
    assert paid.refund(1000, key="line-1").is_made
    assert told() == ["confirmed"]
    row = Refund.objects.get()
    assert "out of order" in row.problem
    assert list(Refund.objects.for_a_person()) == [row]
    failing.clear()
    due_now()
    poll_once()
    assert told() == ["confirmed", "refund made"]
    assert made(shop, paid) == [1000]


def test_interrupted(shop, paid, monkeypatch):
    """Ctrl-C, or whatever else breaks the call off, is recorded."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(netgiro.Client, "refund_cart", interrupted)
    with pytest.raises(KeyboardInterrupt):
        paid.refund(1000, key="line-1")
    assert state() == ("outcome_unknown", False, 1000)
    monkeypatch.undo()
    due_now()
    poll_once()
    assert state() == ("made", True, 1000)


def test_a_record_that_fails_leaves_it_in_doubt(shop, paid, monkeypatch):
    def fail(*_):
        raise ValueError("no disk")

    monkeypatch.setattr(calls.refunds, "record", fail)
    with pytest.raises(ValueError, match="no disk"):
        paid.refund(1000, key="line-1")
    forgotten_by_its_process()
    poll_once()  # cannot record either: it is postponed
    monkeypatch.undo()
    assert state() == ("outcome_unknown", False, 1000)
    forgotten_by_its_process()
    due_now()
    poll_once()
    assert state() == ("made", True, 1000)
    assert made(shop, paid) == [1000]


# --- Several processes


def test_two_admins_at_once_cannot_refund_more_than_was_paid(shop, paid):
    results = at_once(
        *(lambda key=key: Cart.objects.get().refund(3000, key=key) for key in ("a", "b", "c", "d"))
    )
    assert sum(isinstance(result, Refund) for result in results) == 1
    assert sum(isinstance(result, netgiro.InvalidRequestError) for result in results) == 3
    assert made(shop, paid) == [3000]
    assert Cart.objects.get().refunded == 3000


def test_two_clicks_at_once_are_one_refund(shop, paid):
    results = at_once(*[lambda: Cart.objects.get().refund(3000, key="all")] * 4)
    assert any(isinstance(result, Refund) and result.is_made for result in results)
    unknown = [result for result in results if not isinstance(result, Refund)]
    assert all(isinstance(result, netgiro.OutcomeUnknownError) for result in unknown)
    assert made(shop, paid) == [3000]
    assert [request.endpoint for request in shop.requests()].count("Refund") == 1
    assert told() == ["confirmed", "refund made"]


def test_parts_at_once_add_up(shop, paid):
    results = at_once(
        *(lambda n=n: Cart.objects.get().refund(499, key=f"line-{n}") for n in range(12))
    )
    assert sum(isinstance(result, Refund) for result in results) == 10
    assert made(shop, paid) == [499] * 10
    assert Cart.objects.get().refunded == 4990


def test_two_workers_do_not_take_the_same_refund(shop, paid):
    for number in range(4):
        refunds.begin(paid.pk, 100, f"line-{number}", "")
    forgotten_by_its_process()
    found = at_once(*[lambda: leases.lease_refunds(4)] * 3)
    taken = [row.pk for rows in found for row in rows]
    assert len(taken) == len(set(taken)) <= 4
    assert leases.lease_refunds(10) == [] or len(taken) < 4


def test_a_late_answer_of_a_process_that_was_held_up(shop, paid):
    late = refunds.begin(paid.pk, 1000, "line-1", "")
    forgotten_by_its_process()
    (row,) = leases.lease_refunds(1)
    assert row.status == "outcome_unknown"
    # The first process was refused; that frees nothing, since the other one may just be refunding.
    refunds.record(late, netgiro.ApiError("no"), "no")
    assert state() == ("outcome_unknown", False, 1000)
    assert Refund.objects.get().lease == row.lease
    answer = netgiro.Refund(paid.transaction_id, amount=1000, idempotency_key=row.idempotency_key)
    refunds.record(row, answer)
    assert state() == ("made", True, 1000)
    # What is made stays so.
    refunds.record(late, netgiro.OutcomeUnknownError("no answer"), "no answer")
    assert state() == ("made", True, 1000)
    assert told() == ["confirmed", "refund made"]


def test_made_after_a_person_called_it_refused(shop, paid):
    late = refunds.begin(paid.pk, 1000, "line-1", "")
    with pytest.raises(ValueError, match="being made"):
        refunds.decide(late, is_made=False)
    forgotten_by_its_process()
    refunds.decide(late, is_made=False)
    assert state() == ("refused", True, 0)
    answer = netgiro.Refund(paid.transaction_id, amount=1000, idempotency_key=late.idempotency_key)
    refunds.record(late, answer)
    assert state() == ("made", True, 1000)
    assert told() == ["confirmed", "refund refused", "refund made"]


def test_due_times_of_another_clock_are_repaired(shop, paid):
    refunds.begin(paid.pk, 1000, "line-1", "")
    Refund.objects.update(
        due_at=timezone.now() + timedelta(days=3), lease_until=timezone.now() + timedelta(days=3)
    )
    poll_once()
    assert state() == ("made", True, 1000)


def test_a_carts_own_answers_leave_its_refunds_alone(shop, paid):
    paid.refund(1000, key="line-1")
    assert Cart.objects.get().check_now().refunded == 1000
    Cart.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    poll_once()
    assert Cart.objects.get().refunded == 1000


def test_neither_secret_nor_number_is_logged(shop, paid, caplog):
    caplog.set_level("DEBUG")
    shop.add_fault(**ALWAYS_LOST)
    with pytest.raises(netgiro.OutcomeUnknownError):
        paid.refund(1000, key="line-1")
    due_now()
    poll_once()
    said = caplog.text + str(Refund.objects.values())
    assert PHONE not in said
    assert settings.NETGIRO["SECRET_KEY"] not in said
    assert "refund" in said
