"""Following carts: by hand, by callback and by polling, and what the shop is told."""

from __future__ import annotations

import json
import time
import uuid
from datetime import timedelta
from io import StringIO

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.test import override_settings
from django.utils import timezone
from djshop import receivers
from djshop.harness.trials import KENNITALA, PHONE, at_once, eventually, followed, poll_once, told

import netgiro
from netgiro.django import checkout, worker
from netgiro.django.models import Cart
from netgiro.django.storage import delivery, followup, leases, rows, store
from netgiro.django.storage.rows import Observation


def due_now(**changes):
    Cart.objects.update(due_at=timezone.now() - timedelta(seconds=1), **changes)


def end(cart, seconds=1.0):
    """Let a cart's time be over."""
    poll = netgiro.CartPoll.from_json(cart.poll)
    past = timezone.now() - timedelta(seconds=seconds)
    poll = netgiro.CartPoll(poll, timeout=0.001)
    due_now(poll=poll.to_json(), deadline=past)


# --- By hand


def test_checking(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    assert cart.check_now().status == "pending"
    shop.confirm(cart.transaction_id)
    now = cart.check_now()
    assert (now.is_paid, now.status, now.last_answer["result_code"]) == (True, "confirmed", 10200)
    assert now.last_answer["payment"]["total_amount"] == "4990"
    cart.refresh_from_db()
    assert cart.settled_at <= cart.signaled_at
    assert (cart.due_at, cart.lease) == (None, None)
    assert told() == ["confirmed"]
    assert cart.check_now().is_paid
    assert told() == ["confirmed"]


def test_a_failed_check_is_raised_and_recorded(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CheckCart", count=5, status=500)
    with pytest.raises(netgiro.ServerError):
        cart.check_now()
    cart.refresh_from_db()
    assert cart.status == "pending"
    assert "500" in cart.problem
    assert followed_after_confirming(shop, cart).is_paid
    assert cart.problem == ""


def followed_after_confirming(shop, cart):
    shop.confirm(cart.transaction_id)
    return followed(cart)


@pytest.mark.parametrize("how", ["sync", "async"])
def test_canceling(shop, how):
    def cancel(cart):
        return cart.cancel() if how == "sync" else async_to_sync(cart.acancel)()

    cart = checkout.start("order-1", 4990, PHONE)
    assert cancel(cart).status == "canceled"
    late = checkout.start("order-2", 4990, PHONE)
    shop.add_fault("CancelCart", confirm_during=True)
    assert cancel(late).is_paid
    assert shop.cart(late.transaction_id).is_paid
    assert told("order-1") == ["canceled"]
    assert told("order-2") == ["confirmed"]
    assert cancel(late).is_paid


def test_a_paid_answer_to_a_cancel_needs_check_cart_to_confirm_it(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CancelCart", confirm_during=True)
    # The cancel asks CheckCart three times, and so does what comes after it.
    shop.add_fault("CheckCart", count=6, status=500)
    with pytest.raises(netgiro.ServerError):
        cart.cancel()
    cart.refresh_from_db()
    assert not cart.is_paid
    assert followed(cart).is_paid


PAID = '{"PaymentInfo":null,"Success":false,"Message":null,"ResultCode":10200}'


def test_a_cancel_that_says_paid_of_an_open_cart_pays_nothing(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CancelCart", body=PAID, processed=False)
    now = cart.cancel()
    assert (now.status, now.is_paid, now.is_settling) == ("pending", False, True)
    assert told() == []
    assert followed(cart).status == "canceled"
    assert told() == ["canceled"]


def test_a_cancel_that_says_paid_is_not_overruled_by_an_unpaid_end(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CancelCart", body=PAID)
    with pytest.raises(netgiro.ProtocolError, match="CancelCart"):
        cart.cancel()
    cart.refresh_from_db()
    assert (cart.status, cart.is_final, cart.holds_order) == ("pending", False, True)
    assert told() == []
    assert followed(cart).status == "canceled"


CHECKS_OF_A_CALL = 3


def test_nor_when_the_confirming_check_fails(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CancelCart", body=PAID)
    shop.add_fault("CheckCart", status=500, count=CHECKS_OF_A_CALL)
    with pytest.raises(netgiro.ServerError):
        cart.cancel()
    cart.refresh_from_db()
    assert (cart.status, cart.is_final, cart.holds_order) == ("pending", False, True)
    assert told() == []
    assert followed(cart).status == "canceled"


BARE = '{"PaymentSuccessful":true,"PaymentInfo":null,"Success":true,"ResultCode":10200}'


@pytest.mark.parametrize("policy", ["if_present", "required"])
def test_a_paid_answer_without_payment_info_where_one_is_required(shop, policy):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CheckCart", body=BARE)
    with override_settings(NETGIRO={**settings.NETGIRO, "PAYMENT_INFO": policy}):
        if policy == "if_present":
            assert cart.check_now().is_paid
            return
        with pytest.raises(netgiro.ProtocolError, match="payment_info"):
            cart.check_now()
        cart.refresh_from_db()
        assert (cart.status, cart.is_paid) == ("pending", False)
        assert followed_after_confirming(shop, cart).is_paid


YES = '{"Success":true,"ResultCode":200,"TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100"}'
FAILED = '{"Success":false,"ResultCode":500,"TransactionId":null}'


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "body": YES},
        {"status": 409, "body": YES},
        {"status": 429, "body": YES},
        {"status": 499},
        {"status": 460},
        {"body": FAILED},
        {"body": YES.replace("true", "false").replace("200", "10999")},
    ],
)
def test_an_unclear_answer_leaves_the_order_taken(shop, fault):
    shop.add_fault("InsertCart", processed=True, **fault)
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-1", 4990, PHONE)
    row = Cart.objects.get()
    assert (row.status, row.holds_order) == ("outcome_unknown", True)
    with pytest.raises(checkout.OpenCheckoutError):
        checkout.start("order-1", 4990, PHONE)


@pytest.mark.parametrize("code", [400, 10305, 10306, 10427])
def test_a_refusal_frees_the_order_also_beside_an_id(shop, code):
    body = YES.replace("true", "false").replace("200", str(code))
    shop.add_fault("InsertCart", processed=False, body=body)
    with pytest.raises(netgiro.ApiError):
        checkout.start("order-1", 4990, PHONE)
    row = Cart.objects.get()
    assert (row.status, row.holds_order) == ("failed", False)


@pytest.mark.parametrize("character", ["\n", "\x00", "\x85", "\u2028"])
def test_a_reference_with_control_characters_is_refused_before_anything_is_stored(shop, character):
    with pytest.raises(netgiro.InvalidRequestError, match="reference"):
        checkout.start(f"order{character}1", 4990, PHONE)
    assert not Cart.objects.exists()
    assert shop.requests() == []


def test_a_cancel_without_an_answer_is_repeated(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("*", count=8, drop="before")
    with pytest.raises(netgiro.NetgiroError):
        cart.cancel()
    cart.refresh_from_db()
    assert (cart.status, cart.is_settling) == ("pending", True)
    assert followed(cart).status == "canceled"
    assert told() == ["canceled"]


def test_a_code(shop):
    cart = checkout.start("order-1", 4990, KENNITALA)
    assert cart.check_now().status == "needs_code"
    with pytest.raises(netgiro.ApiError):
        cart.confirm("nope")
    assert not Cart.objects.get().is_paid
    assert cart.confirm(shop.cart(cart.transaction_id).sms_code).is_paid
    assert told() == ["confirmed"]


def test_a_code_and_a_reservation(shop):
    cart = checkout.start("order-1", 4990, KENNITALA, confirmation_type="manual")
    assert cart.confirm(shop.cart(cart.transaction_id).sms_code).status == "reserved"
    poll_once()
    assert told() == []
    assert cart.confirm().is_paid


def test_a_reservation_is_left_to_the_shop(shop):
    cart = checkout.start("order-1", 4990, PHONE, confirmation_type="manual")
    shop.confirm(cart.transaction_id)
    eventually(lambda: (poll_once(), Cart.objects.get().status == "reserved")[1])
    end(Cart.objects.get())
    poll_once()
    assert Cart.objects.get().status == "reserved"
    assert shop.cart(cart.transaction_id).status == "reserved"
    assert cart.cancel().status == "canceled"


def test_a_missing_code_does_not_keep_a_cart_open(shop):
    cart = checkout.start("order-1", 4990, KENNITALA)
    cart = cart.check_now()
    end(cart)
    assert followed(cart).status == "canceled"
    assert shop.cart(cart.transaction_id).status == "canceled"


def test_without_an_id_there_is_nothing_to_ask(shop):
    cart = store.begin("order-1", 4990, "*****81", "automatic")
    for act in (cart.check_now, cart.cancel, cart.confirm):
        with pytest.raises(netgiro.InvalidRequestError, match="--adopt"):
            act()


# --- No such cart, yet


NO_SUCH_CART = {"endpoint": "CheckCart", "result_code": 10201}


def test_a_cart_that_is_not_there_yet_keeps_its_order(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault(**NO_SUCH_CART)
    due_now()
    moment = timezone.now()
    poll_once()
    cart.refresh_from_db()
    assert (cart.status, cart.holds_order, told()) == ("pending", True, [])
    assert cart.due_at is not None
    # Seen by other processes at the same moment, it is seen once.
    seen = netgiro.CartState(cart.transaction_id, "canceled", result_code=10201)
    for _ in range(2):
        followup.record(cart.pk, Observation(seen, moment))
    cart.refresh_from_db()
    assert (cart.status, cart.holds_order) == ("pending", True)
    with pytest.raises(checkout.OpenCheckoutError):
        checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_a_canceled_cart_frees_its_order_when_it_is_seen_twice(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.client().cancel_cart(cart.transaction_id)
    cart.check_now()
    assert Cart.objects.get().holds_order
    assert followed(cart).status == "canceled"
    assert not cart.holds_order
    assert told() == ["canceled"]


def test_a_cart_that_was_seen_open_does_not_end_as_not_found(shop):
    ids = {
        "pending": checkout.start("order-1", 4990, PHONE),
        "needs_code": checkout.start("order-2", 4990, KENNITALA),
    }
    for status, cart in ids.items():
        assert cart.check_now().status == status
        seen = netgiro.CartState(cart.transaction_id, "not_found", result_code=10424)
        later = timezone.now() + timedelta(seconds=60)
        for is_conclusive in (False, True):
            followup.record(cart.pk, Observation(seen, later, is_conclusive=is_conclusive))
        cart.refresh_from_db()
        assert (cart.status, cart.holds_order) == (status, True)
    assert told() == []


# --- A poll that no poll has written


def spoilt(cart):
    """Tokens that say that a cart is paid, and cannot be true."""
    token = json.loads(netgiro.CartPoll(cart.as_sent()).answered("confirmed").to_json())
    state = token["state"]
    for changed in (
        {"result_code": 10425},
        {"result_code": 10201},
        {"payment_successful": False},
        {"payment": {"transaction_id": str(uuid.uuid4()), "status_id": 2}},
    ):
        yield json.dumps(token | {"state": state | changed})
    yield netgiro.CartPoll(uuid.uuid4()).to_json()
    yield "{}"


def test_a_contradictory_poll_marks_nothing_and_a_person_is_told(shop, caplog):
    cart = checkout.start("order-1", 4990, PHONE)
    other = checkout.start("order-2", 4990, PHONE)
    shop.confirm(other.transaction_id)
    for number, token in enumerate(spoilt(cart)):
        Cart.objects.filter(pk=cart.pk).update(poll=token)
        Cart.objects.filter(status="pending").update(due_at=timezone.now() - timedelta(seconds=1))
        caplog.clear()
        before = len(shop.requests())
        poll_once()
        with pytest.raises(netgiro.InvalidRequestError):
            cart.check_now()
        with pytest.raises(netgiro.InvalidRequestError):
            cart.confirm()
        # The other cart was asked about, once.
        assert len(shop.requests()) == before + (number == 0)
        now = Cart.objects.get(pk=cart.pk)
        assert (now.status, now.is_paid, now.holds_order) == ("pending", False, True)
        assert now.due_at > timezone.now() + timedelta(seconds=30), "it rests"
        assert now.lease is None
        assert "its poll cannot be read" in now.problem
        assert any(record.levelname == "ERROR" for record in caplog.records)
        assert list(Cart.objects.for_a_person()) == [now]
        with pytest.raises(CommandError, match="1 carts need a person"):
            call_command("netgiro_check", stdout=StringIO())
    assert told("order-2") == ["confirmed"]
    # A person takes it away, and it is followed again.
    shop.confirm(cart.transaction_id)
    due_now(poll="")
    assert followed(cart).is_paid


# --- What was paid is not what was asked for


def test_another_amount_is_for_a_person(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    Cart.objects.update(amount=4991)
    shop.confirm(cart.transaction_id)
    followed(cart)
    assert (cart.status, cart.is_paid, cart.holds_order) == ("mismatch", False, True)
    assert "4990" in cart.problem
    assert list(Cart.objects.for_a_person()) == [cart]
    with pytest.raises(checkout.OpenCheckoutError):
        checkout.start("order-1", 4991, PHONE)
    with pytest.raises(netgiro.MismatchError):
        cart.check_now()
    assert told() == []


def test_paid_after_all_is_for_a_person(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    # The server once said that it was canceled.
    state = netgiro.CartState(cart.transaction_id, "canceled", result_code=10202)
    followup.record(cart.pk, Observation(state, timezone.now()))
    assert told() == ["canceled"]
    shop.confirm(cart.transaction_id)
    now = cart.check_now()
    assert (now.status, now.is_paid) == ("mismatch", False)
    assert "canceled" in now.problem
    assert told() == ["canceled"]
    assert store.abandon(now).status == "abandoned"
    assert told() == ["canceled"]


def test_an_abandoned_cart_that_appears_is_canceled(shop):
    """The answer to InsertCart comes to a process that was held up for minutes."""
    cart = store.begin("order-1", 4990, "*****81", "automatic")
    held = shop.client().insert_cart(amount=4990, reference="order-1", customer_id=PHONE)
    store.outcome_unknown(cart, "no answer")
    store.abandon(cart)
    store.inserted(cart, held, 180.0)
    assert followed(cart).status == "abandoned"
    assert shop.cart(held).status == "canceled"
    assert told() == ["canceled"]


# --- Ends absorb


@pytest.mark.parametrize("first", ["confirmed", "canceled", "declined"])
@pytest.mark.parametrize(
    "second", ["pending", "canceled", "declined", "awaiting_callback", "unknown"]
)
def test_a_final_status_stays(shop, first, second):
    cart = checkout.start("order-1", 4990, PHONE)
    codes = {"confirmed": 10200, "canceled": 10202, "declined": 10423}
    for status in (first, second):
        state = netgiro.CartState(
            cart.transaction_id,
            status,
            result_code=codes.get(status),
            payment_successful=status == "confirmed",
        )
        followup.record(cart.pk, Observation(state, timezone.now()))
    cart.refresh_from_db()
    assert cart.status == first
    assert cart.due_at is None
    assert told() == [first]


def test_an_error_after_the_end_changes_nothing(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    cart.check_now()
    for error in (netgiro.MismatchError("other"), netgiro.ServerError("500")):
        followup.record(cart.pk, Observation(error, timezone.now()))
    cart.refresh_from_db()
    assert (cart.is_paid, cart.due_at) == (True, None)


def test_many_at_once_tell_the_shop_once(shop):
    calls = []
    receivers.before.append(lambda _: (calls.append(1), time.sleep(0.3)))
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    due_now()
    results = at_once(*[cart.check_now] * 4, *[poll_once] * 4)
    assert not [result for result in results if isinstance(result, netgiro.NetgiroError)]
    assert followed(cart).is_paid
    assert told() == ["confirmed"]
    assert calls == [1]


def test_a_poll_that_meets_a_cancel(shop):
    """Each of them asks, and what the two record is the server's one word."""
    for number in range(8):
        cart = checkout.start(f"order-{number}", 4990, PHONE)
        due_now()
        at_once(cart.cancel, poll_once, lambda cart=cart: shop.confirm(cart.transaction_id))
        followed(cart)
        held = shop.cart(cart.transaction_id)
        assert cart.status == held.status
        assert told(cart.reference) == ["confirmed" if held.is_paid else "canceled"]


# --- What the shop is told


def test_a_receiver_that_raises_is_called_again(shop, caplog):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)

    def fail(_):
        raise ValueError("no stock")

    receivers.also.append(fail)
    assert cart.check_now().is_paid
    cart.refresh_from_db()
    # What it wrote before it raised is not there.
    assert (told(), cart.signaled_at, cart.signal_failures) == ([], None, 1)
    assert "no stock" in cart.problem
    assert list(Cart.objects.for_a_person()) == [cart]
    receivers.also.clear()
    due_now()
    poll_once()
    cart.refresh_from_db()
    assert (told(), cart.due_at) == (["confirmed"], None)
    assert cart.signaled_at


def test_the_shop_is_told_after_the_commit(shop):
    """Whoever looks by another connection sees the end before the receivers are called."""
    seen = []

    def look(cart):
        seen.extend(at_once(lambda: Cart.objects.get(pk=cart.pk).status))

    receivers.also.append(look)
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    cart.check_now()
    assert seen == ["confirmed"]


def test_within_a_transaction_the_shop_is_told_at_its_end(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    with transaction.atomic(using=rows.database()):
        assert cart.check_now().is_paid
        assert told() == []
    assert told() == ["confirmed"]


def test_a_transaction_that_is_rolled_back_leaves_the_cart_open(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    with pytest.raises(ValueError, match="oops"), transaction.atomic(using=rows.database()):
        cart.check_now()
        raise ValueError("oops")
    assert (told(), Cart.objects.get().status) == ([], "pending")
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_a_receiver_that_took_too_long_has_written_nothing(on_postgresql, shop):
    """When its lease is over somebody else tells the shop; what counts is who recorded it first."""
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    late = []

    def slow(_):
        if not late:
            late.append(True)
            past = timezone.now() - timedelta(seconds=1)
            at_once(lambda: Cart.objects.update(lease_until=past))
            assert at_once(lambda: delivery.deliver(cart.pk)) == [True]

    receivers.also.append(slow)
    cart.check_now()
    assert told() == ["confirmed"]
    cart.refresh_from_db()
    assert cart.signaled_at
    assert (cart.signal_failures, cart.due_at) == (0, None)


# --- netgiro_poll


def test_polling_to_each_end(shop):
    carts = {
        name: checkout.start(name, 4990, number)
        for name, number in [
            ("accepted", PHONE),
            ("declined", PHONE),
            ("by itself", "8111111"),
            ("not", "8222222"),
        ]
    }
    shop.confirm(carts["accepted"].transaction_id)
    shop.decline(carts["declined"].transaction_id)
    for cart in carts.values():
        followed(cart)
        assert cart.status == shop.cart(cart.transaction_id).status
    assert told("accepted") == told("by itself") == ["confirmed"]
    assert told("declined") == told("not") == ["declined"]


def test_where_times_have_no_zone(shop):
    with override_settings(USE_TZ=False, TIME_ZONE="America/New_York"):
        cart = checkout.start("order-1", 4990, PHONE, timeout=0.5)
        other = checkout.start("order-2", 4990, PHONE)
        assert other.check_now().status == "pending"
        shop.confirm(other.transaction_id)
        assert followed(other).is_paid
        assert followed(cart).status == "canceled"
        assert call_command("netgiro_check") is None


def test_an_unreadable_token_delays_no_other_cart(shop, caplog):
    broken = checkout.start("order-1", 4990, PHONE)
    cart = checkout.start("order-2", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    Cart.objects.filter(pk=broken.pk).update(poll="nonsense")
    due_now()
    assert followed(cart).is_paid
    assert "order-1" in caplog.text


def test_expired_carts(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.advance(181)
    assert followed(cart).status == "canceled"
    assert told() == ["canceled"]


def test_at_the_deadline_it_is_canceled(shop):
    cart = checkout.start("order-1", 4990, PHONE, timeout=0.2)
    assert followed(cart).status == "canceled"
    assert shop.cart(cart.transaction_id).status == "canceled"
    assert told() == ["canceled"]


def test_accepted_during_the_cancel(shop):
    cart = checkout.start("order-1", 4990, PHONE, timeout=0.2)
    shop.add_fault("CancelCart", confirm_during=True)
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_a_server_that_fails_at_the_deadline(shop):
    cart = checkout.start("order-1", 4990, PHONE, timeout=0.2)
    shop.add_fault("CancelCart", drop="after")
    shop.add_fault("*", count=30, drop="before")
    assert followed(cart, 60).status == "canceled"
    assert shop.cart(cart.transaction_id).status == "canceled"
    assert told() == ["canceled"]


def test_a_cart_waits_for_keys_that_work_again(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CheckCart", status=401)
    due_now()
    poll_once()
    cart.refresh_from_db()
    assert cart.status == "pending"
    assert cart.due_at > timezone.now() + timedelta(seconds=30)
    assert cart.problem
    shop.confirm(cart.transaction_id)
    due_now()
    assert followed(cart).is_paid


def test_no_cart_is_leased_twice(shop):
    for number in range(20):
        checkout.start(f"order-{number}", 4990, PHONE)
    due_now()
    taken = [
        cart.pk
        for carts in at_once(*[lambda: leases.lease(8)] * 4)
        if not isinstance(carts, Exception)
        for cart in carts
    ]
    assert len(taken) == len(set(taken))
    assert len(taken) >= 8


def test_locked_rows_are_skipped(on_postgresql, shop):
    first = checkout.start("order-1", 4990, PHONE)
    second = checkout.start("order-2", 4990, PHONE)
    due_now()
    with transaction.atomic(using=on_postgresql):
        list(Cart.objects.select_for_update().filter(pk=first.pk))
        (taken,) = at_once(lambda: leases.lease(8))
    assert taken == [second]


def test_leases_end(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    due_now()
    assert leases.lease(8) == [cart]
    shop.confirm(cart.transaction_id)
    poll_once()
    assert shop.cart(cart.transaction_id).checks == 0
    Cart.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_no_transaction_is_open_while_netgiro_is_asked(shop):
    def write():
        eventually(lambda: Cart.objects.filter(lease__isnull=False))
        with transaction.atomic(using=rows.database()):
            Cart.objects.update(customer="*")
        return [request.status for request in shop.requests() if request.endpoint == "CheckCart"]

    # On a busy machine writing may take longer than a second, and then nothing is learnt from it.
    for delay in (1.0, 8.0, 32.0):
        Cart.objects.update(due_at=None)
        cart = checkout.start(f"order-{delay}", 4990, PHONE)
        Cart.objects.filter(pk=cart.pk).update(due_at=timezone.now() - timedelta(seconds=1))
        shop.add_fault("CheckCart", delay=delay)
        _, answered = at_once(poll_once, write)
        assert Cart.objects.get(pk=cart.pk).status == "pending"
        if answered[-1:] in ([], [None]):
            return
    pytest.fail("writing waits for Netgíró's answer")


def test_the_command_ends_when_nothing_is_due(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    due_now()
    call_command("netgiro_poll", once=True, interval=0.01)
    assert told() == ["confirmed"]


def test_stopping_records_carts_in_flight(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    due_now()
    shop.add_fault("CheckCart", delay=0.5)
    poll = worker.Worker(interval=0.01)

    def stop():
        eventually(lambda: Cart.objects.get().lease)
        poll.stop()

    at_once(poll.run, stop)
    assert Cart.objects.get().is_paid
    assert told() == ["confirmed"]


# --- netgiro_check


def checked(*arguments, **options):
    said = StringIO()
    try:
        call_command("netgiro_check", *arguments, stdout=said, no_color=True, **options)
    except CommandError as error:
        return error.returncode, f"{said.getvalue()}{error}"
    return 0, said.getvalue()


def test_checking_all(shop):
    carts = [checkout.start(f"order-{number}", 4990, PHONE) for number in range(3)]
    shop.confirm(carts[0].transaction_id)
    code, said = checked()
    assert code == 0
    assert said.splitlines() == [
        "order-2: 4.990 kr., pending",
        "order-1: 4.990 kr., pending",
        "order-0: 4.990 kr., confirmed, was pending",
    ]
    assert told() == ["confirmed"]


def test_checking_some(shop):
    carts = [checkout.start(f"order-{number}", 4990, PHONE) for number in range(3)]
    for cart in carts:
        shop.confirm(cart.transaction_id)
    code, said = checked("order-1")
    assert (code, said) == (0, "order-1: 4.990 kr., confirmed, was pending\n")
    assert checked("order-7") == (1, "there is no cart for 'order-7'")


def test_listing_sends_nothing(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    assert checked(only_list=True) == (0, "")
    assert shop.cart(cart.transaction_id).checks == 0


def test_checking_a_server_that_fails(shop):
    checkout.start("order-1", 4990, PHONE)
    shop.add_fault("CheckCart", count=9, status=500)
    code, said = checked()
    assert code == 2
    assert "1 carts could not be asked about" in said


def test_a_person_looks(shop):
    store.begin("order-1", 4990, "*****81", "automatic")
    assert checked() == (0, "")
    code, said = checked(abandon="order-1")
    assert code == 1
    assert "only one whose outcome is unknown" in said
    Cart.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    code, said = checked()
    assert code == 1
    assert "needs a person: order-1: 4.990 kr., inserting" in said
    # There is none at Netgíró: the order is free.
    code, said = checked(abandon="order-1")
    assert (code, told()) == (0, ["canceled"])
    assert "abandoned" in said
    assert checkout.start("order-1", 4990, PHONE).reference == "order-1-2"


def test_a_person_finds_the_cart(shop, options):
    shop.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-1", 4990, PHONE)
    assert checked()[0] == 1
    assert checked(adopt=["order-1", "no id"])[0] == 1
    (held,) = shop.carts()
    shop.confirm(held.transaction_id)
    code, said = checked(adopt=["order-1", str(held.transaction_id)])
    assert (code, told()) == (0, ["confirmed"])
    assert "confirmed, was pending" in said


def test_another_cart_cannot_be_adopted_as_paid(shop):
    store.begin("order-1", 4990, "*****81", "automatic")
    other = checkout.start("order-2", 10, PHONE)
    shop.confirm(other.transaction_id)
    other.check_now()
    held = shop.client().insert_cart(amount=10, reference="order-3", customer_id=PHONE)
    shop.confirm(held)
    code, _ = checked(adopt=["order-1", str(held.transaction_id)])
    assert code == 1
    assert Cart.objects.get(reference="order-1").status == "mismatch"
    assert told("order-1") == []


def test_checking_sends_signals_that_are_due(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    receivers.also.append(lambda _: 1 / 0)
    cart.check_now()
    receivers.also.clear()
    assert checked()[0] == 0
    assert told() == ["confirmed"]


# --- An error after the commit


@pytest.mark.parametrize("who", ["a check", "a refund"])
def test_a_database_that_fails_after_the_commit_is_no_error_of_the_call(shop, monkeypatch, who):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    if who == "a refund":
        cart.check_now()

    def fail(*_):
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patching:
        patching.setattr(delivery, "is_free", fail)
        if who == "a check":
            assert cart.check_now().is_paid
        else:
            assert cart.refund(1000, key="line-1").is_made
    poll_once()
    assert told() == (["confirmed"] if who == "a check" else ["confirmed", "refund made"])
