"""The callback view: what it answers, what it changes, and how soon."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import DatabaseError, connections, transaction
from django.test import AsyncClient, Client
from djshop import receivers
from djshop.harness.trials import PHONE, at_once, eventually, followed, poll_once, told

import netgiro
from netgiro.django import checkout, conf, worker
from netgiro.django.models import Cart, SeenCallback
from netgiro.django.storage import rows, store

URL = "/netgiro/callback/"


def callback(cart, key=None, nonce=None, transaction_id=None, **changes):
    """A callback as Netgíró signs it: its headers and its body."""
    members = {
        "TransactionId": str(transaction_id or cart.transaction_id),
        "ReferenceNumber": cart.reference,
        "TotalAmount": cart.amount,
        "StatusId": 2,
        **changes,
    }
    body = json.dumps(
        {"PaymentSuccessful": True, "PaymentInfo": members, "Success": True, "ResultCode": 10200}
    ).encode()
    return signed(body, key, nonce)


def signed(body, key=None, nonce=None):
    key = key or settings.NETGIRO["SECRET_KEY"]
    nonce = nonce or str(time.time_ns())[:18]
    headers = {
        "netgiro_appkey": settings.NETGIRO["APP_KEY"],
        "netgiro_nonce": nonce,
        "netgiro_signature": netgiro.sign(key, nonce, conf.callback_url(), body),
    }
    return headers, body


def post(headers, body, url=URL, client=None):
    # CSRF is checked, where a view is not exempt.
    client = client or Client(enforce_csrf_checks=True)
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return client.post(url, body, content_type="application/json", **environ).status_code


def kept():
    return [list(Cart.objects.values()), SeenCallback.objects.count(), told()]


@pytest.fixture
def cart(shop):
    return checkout.start("order-1", 4990, PHONE)


def test_a_callback_is_recorded_and_check_cart_decides(shop, cart):
    assert post(*callback(cart)) == 200
    cart.refresh_from_db()
    # Its own words, that it is paid, are not believed.
    assert (cart.status, cart.is_paid, told()) == ("pending", False, [])
    assert cart.reported_at
    assert cart.due_at <= cart.reported_at
    poll_once()
    assert Cart.objects.get().status == "pending"
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_what_the_simulator_sends_is_accepted(shop, cart):
    shop.confirm(cart.transaction_id)
    sent = eventually(shop.callbacks)[0]
    assert sent.url == conf.callback_url()
    assert post(sent.headers, sent.body.encode()) == 200
    assert followed(cart).is_paid


@pytest.mark.parametrize("key", ["current", "previous"])
def test_a_key_that_is_being_replaced(shop, cart, options, key):
    old = settings.NETGIRO["SECRET_KEY"]
    sent = callback(cart, old if key == "previous" else "the+new+key")
    options(SECRET_KEY="the+new+key", PREVIOUS_SECRET_KEYS=[old])
    assert post(*sent) == 200
    options(PREVIOUS_SECRET_KEYS=[], SECRET_KEY="another+key")
    assert post(*sent) == 400


def altered(headers, body):
    return headers, body.replace(b"4990", b"4991")


def without(name):
    return lambda headers, body: ({k: v for k, v in headers.items() if k != name}, body)


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (altered, 400),
        (without("netgiro_signature"), 400),
        (without("netgiro_nonce"), 400),
        (lambda headers, body: ({**headers, "netgiro_signature": "0" * 64}, body), 400),
        (lambda headers, body: ({**headers, "netgiro_nonce": "1"}, body), 400),
        (lambda headers, body: (headers, body + b" "), 400),
        (lambda headers, body: (headers, b""), 400),
        (lambda headers, body: signed(b"{}"), 400),
        (lambda headers, body: signed(b"nothing"), 400),
        (lambda headers, body: signed(body, "another+key"), 400),
        (lambda headers, body: (headers, b"{" + b" " * 65536), 413),
    ],
)
@pytest.mark.parametrize("guard", [False, True])
def test_a_callback_that_does_not_verify_changes_nothing(cart, options, spoil, status, guard):
    options(REPLAY_GUARD=guard)
    before = kept()
    assert post(*spoil(*callback(cart))) == status
    assert kept() == before


@pytest.mark.parametrize(
    "change",
    [
        {"TotalAmount": 4989},
        {"TotalAmount": "4990.5"},
        {"TotalAmount": None},
        {"ReferenceNumber": "order-2"},
        {"ReferenceNumber": None},
        {"transaction_id": "00000000-0000-4000-8000-000000000000", "ReferenceNumber": "order-9"},
        {"transaction_id": "00000000-0000-4000-8000-000000000000"},
    ],
)
def test_a_callback_about_another_order_changes_nothing(shop, cart, change):
    before = kept()
    assert post(*callback(cart, **change)) in {400, 409}
    assert kept() == before


def test_one_order_s_callback_does_not_pay_another(shop, cart):
    other = checkout.start("order-2", 4990, PHONE)
    before = kept()
    assert post(*callback(cart, transaction_id=other.transaction_id)) == 409
    assert kept() == before


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_other_methods(shop, method):
    assert getattr(Client(), method)(URL).status_code == 405


def test_a_replay(shop, cart, options):
    sent = callback(cart)
    assert post(*sent) == 200
    # Harmless, and Netgíró may not have seen the first answer.
    assert post(*sent) == 200
    options(REPLAY_GUARD=True)
    again = callback(cart)
    assert post(*again) == 200
    before = kept()
    assert post(*again) == 409
    assert kept() == before


def test_of_simultaneous_replays_one_is_accepted(shop, cart, options):
    options(REPLAY_GUARD=True)
    sent = callback(cart)
    answers = at_once(*[lambda: post(*sent)] * 6)
    assert sorted(answers) == [200] + [409] * 5


@pytest.mark.parametrize("guard", [False, True])
def test_a_callback_that_was_not_recorded_is_sent_again(shop, cart, options, monkeypatch, guard):
    options(REPLAY_GUARD=guard)
    sent = callback(cart)
    before = kept()
    with monkeypatch.context() as patch:
        patch.setattr(store, "locked", lambda _: (_ for _ in ()).throw(DatabaseError("no disk")))
        assert post(*sent) == 503
    assert kept() == before
    assert post(*sent) == 200


def test_a_database_that_is_down(shop, cart, monkeypatch):
    monkeypatch.setattr(
        store, "expected", lambda _: (_ for _ in ()).throw(DatabaseError("no connection"))
    )
    assert post(*callback(cart)) == 503


def test_without_a_base_url_nothing_can_be_verified(shop, cart, options):
    sent = callback(cart)
    options(CALLBACK_BASE_URL=None)
    assert post(*sent) == 503


def test_the_url_is_the_registered_one(shop, cart, options):
    sent = callback(cart)
    options(CALLBACK_BASE_URL="https://shop.example")
    assert post(*sent) == 400
    assert post(*callback(cart)) == 200


def test_a_cart_that_is_not_known_yet(shop, options):
    """A callback may be faster than the answer to InsertCart, or come where that was lost."""
    shop.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-1", 4990, PHONE)
    (held,) = shop.carts()
    shop.confirm(held.transaction_id)
    cart = Cart.objects.get()
    before = kept()
    assert post(*callback(cart, transaction_id=held.transaction_id, TotalAmount=1)) == 409
    assert kept() == before
    assert post(*callback(cart, transaction_id=held.transaction_id)) == 200
    assert followed(cart).is_paid
    assert cart.transaction_id == held.transaction_id
    assert told() == ["confirmed"]


def test_a_callback_during_insert_cart(shop):
    shop.add_fault("InsertCart", delay=1.0, processed=True)

    def report():
        held = eventually(shop.carts)[0]
        shop.confirm(held.transaction_id)
        cart = Cart.objects.get()
        status = post(*callback(cart, transaction_id=held.transaction_id))
        followed(cart)
        return status, Cart.objects.get().status

    cart, reported = at_once(lambda: checkout.start("order-1", 4990, PHONE), report)
    assert reported == (200, "confirmed")
    assert cart.is_paid
    assert told() == ["confirmed"]


def test_an_abandoned_cart_that_was_paid_is_for_a_person(shop):
    shop.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-1", 4990, PHONE)
    (held,) = shop.carts()
    first = store.abandon(Cart.objects.get())
    second = checkout.start("order-1", 4990, PHONE)
    shop.confirm(held.transaction_id)
    assert post(*callback(first, transaction_id=held.transaction_id)) == 200
    followed(first)
    assert (first.status, first.is_paid) == ("mismatch", False)
    assert "abandoned" in first.problem
    assert second.check_now().status == "pending"
    assert told("order-1") == ["canceled"]


@pytest.mark.parametrize("status", ["confirmed", "canceled", "declined"])
def test_a_callback_after_the_end_undoes_nothing(shop, cart, status):
    act = {"confirmed": shop.confirm, "canceled": shop.expire, "declined": shop.decline}[status]
    act(cart.transaction_id)
    assert followed(cart.check_now()).status == status
    assert post(*callback(cart)) == 200
    followed(cart)
    assert cart.status == status
    assert told() == [status]


def test_webhooks_and_polls_that_meet(shop):
    """On threads and transactions of their own, for carts of every end."""
    for number in range(6):
        cart = checkout.start(f"order-{number}", 4990, PHONE)
        decide = shop.confirm if number % 2 else shop.decline

        def customer(cart=cart, decide=decide):
            # The shop may cancel first.
            with contextlib.suppress(netgiro.InvalidRequestError):
                decide(cart.transaction_id)

        sent = [callback(cart) for _ in range(3)]
        Cart.objects.filter(pk=cart.pk).update(due_at=cart.created_at)
        results = at_once(
            *[lambda each=each: post(*each) for each in sent],
            *[poll_once] * 2,
            customer,
            lambda cart=cart: worker._is_followed_up(cart.pk),
            lambda cart=cart: cart.cancel() and None,
        )
        assert results[:3] == [200] * 3
        assert not [result for result in results if isinstance(result, Exception)]
        followed(cart)
        held = shop.cart(cart.transaction_id)
        assert cart.status == held.status
        assert told(cart.reference) == [held.status]


# --- After the 200


def test_the_follow_up_happens_after_the_answer(shop, cart, options):
    options(CHECK_AFTER_CALLBACK=True)
    shop.confirm(cart.transaction_id)
    assert post(*callback(cart)) == 200
    eventually(lambda: told() == ["confirmed"])
    assert worker._background.wait(120)
    cart.refresh_from_db()
    assert (cart.is_paid, cart.due_at) == (True, None)


def test_the_follow_up_waits_for_the_payment_that_the_200_creates(shop, options):
    options(CHECK_AFTER_CALLBACK=True)
    cart = checkout.start("order-1", 4990, PHONE, confirmation_type="server_callback")
    shop.add_fault("CheckCart", count=2, result_code=10429)
    shop.confirm(cart.transaction_id)
    sent = eventually(shop.callbacks)[0]
    assert post(sent.headers, sent.body.encode()) == 200
    # The simulator had no answer by itself, so the sale is canceled in the end.
    eventually(lambda: told() in (["confirmed"], ["canceled"]), 180)
    assert Cart.objects.get().status == shop.cart(cart.transaction_id).status


@pytest.mark.parametrize("slow", ["receiver", "receiver that has written"])
@pytest.mark.parametrize("whose", ["this process", "netgiro_poll"])
def test_the_answer_does_not_wait_for_receivers(shop, cart, options, slow, whose):
    if slow == "receiver that has written" and rows.database() == "default":
        pytest.skip("SQLite lets one write at a time")
    options(CHECK_AFTER_CALLBACK=whose == "this process")
    begun = []
    answered = threading.Event()

    def take_time(_):
        begun.append(True)
        answered.wait(120)

    (receivers.before if slow == "receiver" else receivers.also).append(take_time)
    shop.confirm(cart.transaction_id)
    answers = []

    def report():
        answers.append(post(*callback(cart)))

    def report_again():
        report()
        eventually(lambda: begun)
        report()
        report()
        assert not answered.is_set()
        answered.set()

    at_once(report_again, *[lambda: followed(cart)] * (whose == "netgiro_poll"))
    assert answers == [200] * 3
    assert worker._background.wait(120)
    followed(cart)
    assert told() == ["confirmed"]


@pytest.mark.parametrize("whose", ["this process", "netgiro_poll"])
def test_the_answer_does_not_wait_for_netgiro(shop, options, whose):
    options(CHECK_AFTER_CALLBACK=whose == "this process")

    def is_answered(cart):
        """Whether Netgíró has said yet where the cart stands."""
        return any(
            request.status is not None
            for request in shop.requests()
            if request.endpoint == "CheckCart" and request.transaction_id == cart.transaction_id
        )

    # On a busy machine an answer may take longer than two seconds, and then nothing is learnt from it.
    for delay in (2.0, 8.0, 32.0):
        cart = checkout.start(f"order-{delay}", 4990, PHONE)
        shop.add_fault("CheckCart", delay=delay)
        shop.confirm(cart.transaction_id)
        was_first = []

        def report(cart=cart, was_first=was_first):
            assert post(*callback(cart)) == 200
            eventually(lambda: shop.cart(cart.transaction_id).checks)
            assert post(*callback(cart)) == 200
            assert post(*callback(cart)) == 200
            was_first.append(not is_answered(cart))

        at_once(report, *[lambda cart=cart: followed(cart)] * (whose == "netgiro_poll"))
        assert worker._background.wait(120)
        followed(cart)
        if was_first == [True]:
            return
    pytest.fail("the callback is answered after Netgíró has been asked")


def test_a_process_that_ends_after_the_200_loses_nothing(shop, cart, options, monkeypatch):
    options(CHECK_AFTER_CALLBACK=True)
    monkeypatch.setattr(worker._background, "put", lambda *_, **__: None)
    shop.confirm(cart.transaction_id)
    assert post(*callback(cart)) == 200
    assert told() == []
    assert Cart.objects.get().due_at <= Cart.objects.get().reported_at
    assert followed(cart).is_paid
    assert told() == ["confirmed"]


# --- Servers


def test_under_asgi(shop, cart):
    headers, body = callback(cart)

    async def send(headers, body):
        answer = await AsyncClient().post(
            URL, body, content_type="application/json", headers=headers
        )
        return answer.status_code

    assert async_to_sync(send)(headers, body) == 200
    assert async_to_sync(send)(headers, body.replace(b"4990", b"4991")) == 400
    assert async_to_sync(send)(headers, b"x" * 65537) == 413
    assert Cart.objects.get().reported_at


def test_with_atomic_requests(shop, cart, database, monkeypatch):
    monkeypatch.setitem(connections.settings[database], "ATOMIC_REQUESTS", "yes")
    assert post(*callback(cart)) == 200
    assert Cart.objects.get().reported_at


def test_within_a_transaction_it_is_not_acknowledged(shop, cart, database):
    """A middleware's, say: what is not committed yet must not be answered with 200."""
    with transaction.atomic(using=database):
        assert post(*callback(cart)) == 503
    assert Cart.objects.get().reported_at is None


def test_a_follow_up_that_cannot_be_begun_is_no_error_of_the_callback(
    shop, cart, options, monkeypatch
):
    options(CHECK_AFTER_CALLBACK=True)

    def fail(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker, "soon", fail)
    assert post(*callback(cart)) == 200
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid
