"""Hosted checkouts and their redirects, of both kinds of client: the simulator's page, and a server that is scripted."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import signal
import sys
import threading
import urllib.request
from decimal import Decimal
from uuid import UUID

import pydantic
import pytest

import netgiro
from harness import APP_KEY, SECRET_KEY, SOME_ID, Answer, eventually

HAS_NOTES = sys.version_info >= (3, 11)
PAGES = {
    "success_url": "https://shop.example/paid?order=1",
    "cancel_url": "https://shop.example/canceled",
}
ORDER = {"amount": 4990, "reference": "order-1001", **PAGES}
CREATED = Answer(200, b'{"Success":true,"CheckoutUrl":"https://netgiro.example/1"}')


def on_page(checkout, action, **members):
    """Do what the customer does on the simulator's page; where the browser goes then."""
    request = urllib.request.Request(
        f"{checkout.checkout_url}/{action}",
        json.dumps(members).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()
    with urllib.request.urlopen(f"{checkout.checkout_url}/state") as state:
        return json.load(state)["return_url"]


def accept(checkout):
    return on_page(checkout, "accept", customer_id="1111111119")


def created(simulator):
    return [each for each in simulator.requests() if each.endpoint == "HostedPayment"]


# --- what the simulator does


def test_a_customer_pays_and_comes_back(simulator, shop):
    checkout = shop.create_checkout(**ORDER)
    assert type(checkout) is netgiro.Checkout
    assert (checkout.reference, checkout.amount) == ("order-1001", 4990)
    url = accept(checkout)
    assert url.startswith(PAGES["success_url"])
    redirect = shop.verify_redirect(url, amount=4990, reference="order-1001")
    assert type(redirect) is netgiro.Redirect
    assert type(redirect.transaction_id) is UUID
    assert redirect.status is netgiro.CartStatus.CONFIRMED
    assert (redirect.reference, redirect.amount) == ("order-1001", Decimal(4990))
    (cart,) = simulator.carts()
    assert redirect.transaction_id == cart.transaction_id
    assert redirect.invoice_number.isdigit()
    # A redirect is for display: this says whether it is paid.
    assert shop.check_cart(redirect.transaction_id).is_paid


@pytest.mark.parametrize("action", ["reject", "leave"])
def test_a_customer_who_does_not_pay_comes_back_to_the_other_page(shop, action):
    checkout = shop.create_checkout(**ORDER)
    url = on_page(checkout, action)
    assert url.startswith(PAGES["cancel_url"])
    assert shop.verify_redirect(url, amount="4990").status == "canceled"


def test_money_is_held_until_it_is_captured(simulator, shop):
    redirect = shop.verify_redirect(accept(shop.create_checkout(**ORDER, manual_capture=True)))
    assert redirect.status != "confirmed"
    assert not simulator.cart(redirect.transaction_id).is_paid
    assert not shop.check_cart(redirect.transaction_id).is_paid


def test_a_redirect_of_another_order_is_refused(shop):
    url = accept(shop.create_checkout(**ORDER))
    for order in ({"amount": 4991}, {"reference": "order-1002"}):
        with pytest.raises(netgiro.MismatchError):
            shop.verify_redirect(url, **order)
    with pytest.raises(netgiro.SignatureError):
        shop.verify_redirect(url.replace("TotalAmount=4990", "TotalAmount=49900"))
    with netgiro.Client(APP_KEY, "another") as stranger, pytest.raises(netgiro.SignatureError):
        stranger.verify_redirect(url)
    with netgiro.Client(APP_KEY, "new", previous_secret_keys=[SECRET_KEY]) as later:
        assert later.verify_redirect(url).amount == 4990


@pytest.mark.parametrize("made", [True, False])
def test_a_checkout_of_unknown_outcome_is_sent_once(simulator, shop, made):
    simulator.add_fault("HostedPayment", drop="after" if made else "before")
    with pytest.raises(netgiro.OutcomeUnknownError) as raised:
        shop.create_checkout(**ORDER)
    error = raised.value
    assert (error.reference, error.idempotency_key) == ("order-1001", None)
    assert error.retryable is False
    assert "order-1001" in error.message
    assert error.__cause__ is not None
    assert error.customer_message("en").startswith("Netgíró's payment page could not be opened.")
    again = pickle.loads(pickle.dumps(error))
    assert (again.reference, again.customer_message()) == ("order-1001", error.customer_message())
    assert len(created(simulator)) == 1
    assert len(simulator.carts()) == made
    # Nobody has the page of the first, so another one may be created.
    accept(shop.create_checkout(**ORDER))
    assert [cart.is_paid for cart in simulator.carts()].count(True) == 1


def test_a_refusal_is_an_api_error(simulator, shop):
    simulator.add_fault("HostedPayment", status=400, body='{"Success":false,"Message":"No"}')
    with pytest.raises(netgiro.ApiError) as raised:
        shop.create_checkout(**ORDER)
    assert raised.value.request_sent == "yes"


# --- where it goes


def test_checkouts_have_a_base_url_of_their_own(server, for_server):
    server.answer = lambda _: CREATED
    elsewhere = server.url.replace("/v1/", "/secure/")
    shop = for_server(checkout_base_url=elsewhere)
    assert shop.create_checkout(**ORDER).checkout_url == "https://netgiro.example/1"
    assert for_server().create_checkout(**ORDER) == netgiro.Checkout(
        "https://netgiro.example/1", reference="order-1001", amount=4990
    )
    paths = [request.path for request in server.requests]
    assert paths == ["/secure/Checkout/Payment", "/v1/Checkout/Payment"]


@pytest.mark.parametrize("kind", [netgiro.Client, netgiro.AsyncClient])
@pytest.mark.parametrize("url", ["http://shop.example/", "netgiro", "ftp://127.0.0.1/", 7, b"u"])
def test_a_base_url_that_cannot_be_used_is_refused(kind, url):
    with pytest.raises(
        (netgiro.ConfigurationError, netgiro.InvalidRequestError), match="checkout_base_url"
    ):
        kind(APP_KEY, SECRET_KEY, checkout_base_url=url)


def test_a_simulators_client_has_the_simulators(simulator):
    for make in (simulator.client, simulator.async_client):
        with pytest.raises(TypeError, match="checkout_base_url"):
            make(checkout_base_url="https://netgiro.example/")


# --- arguments


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("amount", amount) for amount in (0, -1, 1.5, 1000.0, True, None, "10,5")),
        *(("reference", text) for text in (None, 7, b"r", "", " ", "a\nb")),
        *(("success_url", url) for url in (None, 7, "", "/paid", "https://")),
        *(("cancel_url", url) for url in (None, 7, "", "/canceled", "shop.example")),
        *(("callback_url", url) for url in (7, b"u", "", "callback")),
        *(("manual_capture", word) for word in (None, 1, "yes")),
    ],
)
def test_what_is_refused_is_named_and_not_sent(server, for_server, name, given):
    with pytest.raises(netgiro.InvalidRequestError, match=name) as raised:
        for_server().create_checkout(**{**ORDER, name: given})
    assert raised.value.request_sent == "no"
    assert server.requests == []


@pytest.mark.parametrize("name", ORDER)
def test_what_is_required_is_required(for_server, name):
    order = {member: value for member, value in ORDER.items() if member != name}
    with pytest.raises(TypeError, match=name):
        for_server().create_checkout(**order)


def test_a_callback_may_be_none(server, for_server):
    server.answer = lambda _: CREATED
    for_server().create_checkout(**ORDER, callback_url=None)
    assert "CallbackUrl" not in json.loads(server.requests[0].body)


# --- broken off


def may_have_been_created(raised):
    cause = raised.__cause__
    assert isinstance(cause, netgiro.OutcomeUnknownError), cause
    assert (cause.reference, cause.request_sent) == ("order-1001", "maybe")
    assert cause.customer_message("en").startswith("Netgíró's payment page could not be opened.")
    if HAS_NOTES:
        (note,) = raised.__notes__
        assert 'not known whether the checkout for reference "order-1001" was created' in note


@pytest.fixture
def held(server):
    """A server that keeps a checkout waiting for its answer until the test ends."""
    is_over = threading.Event()

    def answer(_request):
        is_over.wait(60)
        return Answer(503)

    server.answer = answer
    yield server
    is_over.set()


def test_a_cancelled_call_says_that_it_may_have_been_created(held):
    async def main():
        async with netgiro.AsyncClient(APP_KEY, SECRET_KEY, base_url=held.url, timeout=60) as shop:
            task = asyncio.ensure_future(shop.create_checkout(**ORDER))
            await asyncio.to_thread(eventually, lambda: held.requests)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            may_have_been_created(raised.value)
            never_begun = asyncio.ensure_future(shop.create_checkout(**ORDER))
            never_begun.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await never_begun
            assert raised.value.__cause__ is None

    asyncio.run(main())
    assert len(held.requests) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="it takes signals")
def test_a_signal_that_interrupts_a_blocking_call_says_so(held):
    def handler(_number, _frame):
        raise KeyboardInterrupt

    def interrupt():
        eventually(lambda: held.requests)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with (
            netgiro.Client(APP_KEY, SECRET_KEY, base_url=held.url, timeout=60) as shop,
            pytest.raises(KeyboardInterrupt) as raised,
        ):
            shop.create_checkout(**ORDER)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    may_have_been_created(raised.value)


# --- values


def test_the_values_read_well():
    checkout = netgiro.Checkout("https://netgiro.example/1", reference="order-1", amount="4990")
    assert repr(checkout) == (
        "Checkout(checkout_url='https://netgiro.example/1', reference='order-1', amount=4990)"
    )
    assert copy.deepcopy(checkout) is checkout
    redirect = netgiro.Redirect(
        SOME_ID.upper(), reference="order-1", amount=Decimal("4990.0"), status="confirmed"
    )
    assert repr(redirect).startswith(
        f"Redirect(transaction_id=UUID('{SOME_ID}'), reference='order-1', amount=Decimal('4990.0'), status="
    )
    assert redirect == netgiro.Redirect(
        UUID(SOME_ID), reference="order-1", amount=4990, status=netgiro.CartStatus.CONFIRMED
    )
    assert redirect.to_dict(mode="json") == {
        "transaction_id": SOME_ID,
        "reference": "order-1",
        "amount": 4990,
        "invoice_number": None,
        "status": "confirmed",
    }
    schema = pydantic.TypeAdapter(netgiro.Redirect).json_schema()["properties"]
    assert schema["transaction_id"]["type"] == "string"
    named = netgiro.Redirect("abc-123", reference="order-1", amount=1, status="pending")
    assert named.transaction_id == "abc-123"
    with pytest.raises(AttributeError):
        named.status = "confirmed"
    with pytest.raises(netgiro.InvalidRequestError, match="status must be"):
        netgiro.Redirect(SOME_ID, reference="order-1", amount=1, status="paid")
