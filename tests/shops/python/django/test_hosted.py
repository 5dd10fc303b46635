"""Hosted checkouts: the customer pays at Netgíró's page, comes back, or does neither."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from urllib.request import Request, urlopen
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from asgiref.sync import async_to_sync
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from djshop.harness.trials import PHONE, eventually, followed, poll_once, told

import netgiro
from netgiro.django import checkout
from netgiro.django.models import Cart
from netgiro.django.storage import rows, store

BACK = "https://shop.example/orders/1/return?kept=1"
CUSTOMER = "1111111119"


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def shop(shop, options):
    """The simulator, for a shop on V2 that its callbacks reach."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    options(API="v2", CALLBACK_BASE_URL=f"http://127.0.0.1:{server.server_port}")
    yield shop
    server.shutdown()
    thread.join()
    server.server_close()


def begin(order="order-1", **given):
    return checkout.start_hosted(order, 4990, success_url=BACK, cancel_url=BACK, **given)


def acts(cart, action, **body):
    """Do what the customer does on the page; gives the URL with which the browser comes back."""
    urlopen(Request(f"{cart.checkout_url}/{action}", json.dumps(body).encode())).close()

    def url():
        with urlopen(f"{cart.checkout_url}/state") as state:
            return json.load(state)["return_url"]

    return eventually(url)


def held(shop, cart):
    return next(each for each in shop.carts() if each.reference == cart.reference)


def test_a_customer_pays_and_closes_the_page(shop):
    cart = begin()
    assert (cart.status, cart.transaction_id, cart.holds_order) == ("hosted", None, True)
    assert cart.checkout_url.startswith("http")
    poll_once()
    cart.refresh_from_db()
    assert cart.status == "hosted"
    acts(cart, "accept", customer_id=CUSTOMER)
    assert followed(cart).is_paid
    assert cart.transaction_id == held(shop, cart).transaction_id
    assert told() == ["confirmed"]


def test_a_customer_pays_and_comes_back_twice(shop):
    cart = begin()
    url = acts(cart, "accept", customer_id=CUSTOMER)
    for _ in range(2):
        came = checkout.record_redirect(url)
        assert came.pk == cart.pk
        assert followed(cart).is_paid
    assert told() == ["confirmed"]


def test_what_the_redirect_says_is_not_believed(shop):
    """A URL that says paid, of a payment that was voided since."""
    cart = begin()
    url = acts(cart, "accept", customer_id=CUSTOMER)
    with shop.client(api="v2") as client:
        client.void_cart(held(shop, cart).transaction_id)
    checkout.record_redirect(url)
    assert followed(cart).status == "canceled"
    assert told() == ["canceled"]


@pytest.mark.parametrize("action", ["reject", "leave"])
def test_a_customer_does_not_pay(shop, action):
    cart = begin()
    checkout.record_redirect(acts(cart, action))
    assert followed(cart).status == "canceled"
    assert told() == ["canceled"]
    assert begin().reference == "order-1-2"


def test_money_is_held_until_the_shop_takes_it(shop):
    cart = begin(manual_capture=True)
    checkout.record_redirect(acts(cart, "accept", customer_id=CUSTOMER))
    assert cart.check_now().status == "reserved"
    assert cart.confirm().is_paid


def test_a_customer_who_closes_the_page_has_until_the_deadline(shop):
    cart = begin(timeout=600)
    with pytest.raises(checkout.OpenCheckoutError) as raised:
        begin()
    assert raised.value.cart.checkout_url == cart.checkout_url
    with pytest.raises(netgiro.InvalidRequestError, match="has not come back"):
        cart.cancel()
    is_over(cart)
    assert (cart.status, cart.holds_order, told()) == ("abandoned", False, ["canceled"])
    assert begin().reference == "order-1-2"


def is_over(cart):
    now = rows.database_now()
    Cart.objects.filter(pk=cart.pk).update(deadline=now - timedelta(seconds=1), due_at=now)
    followed(cart)


def test_what_is_paid_after_the_deadline_is_for_a_person(shop):
    cart = begin()
    is_over(cart)
    acts(cart, "accept", customer_id=CUSTOMER)
    followed(cart)
    # The shop's cancel may have been first.
    is_paid = held(shop, cart).is_paid
    assert cart.status == ("mismatch" if is_paid else "abandoned")
    assert told() == ["canceled"]


def test_a_deadline_that_is_far_is_not_taken_for_another_clocks(shop):
    cart = begin(timeout=100_000)
    poll_once()
    cart.refresh_from_db()
    Cart.objects.filter(pk=cart.pk).update(due_at=rows.database_now())
    poll_once()
    cart.refresh_from_db()
    assert cart.status == "hosted"
    assert cart.due_at < rows.from_now(301)
    assert cart.lease is None


def test_a_redirect_that_does_not_fit_changes_nothing(shop):
    cart, other = begin(), begin("order-2")
    url = acts(other, "reject")
    for wrong in (BACK, url.replace("4990", "4991"), url.replace("order-2", "order-1")):
        with pytest.raises(netgiro.SignatureError):
            checkout.record_redirect(wrong)
    Cart.objects.filter(pk=other.pk).update(amount=1)
    with pytest.raises(netgiro.MismatchError, match="none of the shop's"):
        checkout.record_redirect(url)
    Cart.objects.filter(pk=other.pk).delete()
    with pytest.raises(netgiro.MismatchError, match="none of the shop's"):
        checkout.record_redirect(url)
    cart.refresh_from_db()
    assert (cart.status, cart.transaction_id) == ("hosted", None)


def test_a_cart_on_a_phone_is_not_a_hosted_one(shop):
    page = begin("order-2")
    url = acts(page, "reject")
    Cart.objects.filter(pk=page.pk).update(checkout_url="")
    with pytest.raises(netgiro.MismatchError):
        checkout.record_redirect(url)


def test_nobody_can_pay_where_the_answer_is_lost(shop):
    shop.add_fault("HostedPayment", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError):
        begin()
    assert list(Cart.objects.values_list("status", "holds_order")) == [("failed", False)]
    assert begin().reference == "order-1-2"


@pytest.mark.parametrize("lacking", [{"API": "v1"}, {"CALLBACK_BASE_URL": None}])
def test_what_it_needs(shop, options, lacking):
    options(**lacking)
    with pytest.raises(netgiro.ConfigurationError, match=next(iter(lacking))):
        begin()
    assert not Cart.objects.exists()


def test_it_commits_by_itself(shop, database):
    with transaction.atomic(using=database), pytest.raises(transaction.TransactionManagementError):
        begin()
    assert not any(request.endpoint == "HostedPayment" for request in shop.requests())


def test_a_person_may_end_it(shop):
    assert store.abandon(begin()).status == "abandoned"


def test_awaited(shop):
    cart = async_to_sync(checkout.astart_hosted)("order-1", 4990, success_url=BACK, cancel_url=BACK)
    url = acts(cart, "reject")
    assert async_to_sync(checkout.arecord_redirect)(url).pk == cart.pk
    assert followed(cart).status == "canceled"


# --- The phone, with V2


def test_a_phone_is_asked_by_a_payment_that_waits_for_the_callback(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    assert cart.confirmation_type == "server_callback"
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid
    assert [callback.status for callback in shop.callbacks()] == [200]


def test_an_automatic_payment_has_no_callback(shop):
    cart = checkout.start("order-1", 4990, PHONE, confirmation_type="automatic")
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid
    assert shop.callbacks() == []
