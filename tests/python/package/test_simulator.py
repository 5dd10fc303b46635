"""The simulator over HTTP, with TLS, and behind another URL."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import inspect
import json
import ssl
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

import netgiro

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": "8223281"}


def ask(url, method, path, body=None, **options):
    """Asks the simulator's control for something: the status, and what it says."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname, parts.port, timeout=60, **options)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    is_json = response.headers.get_content_type() == "application/json"
    return response.status, json.loads(text) if is_json else text.decode()


@pytest.mark.parametrize(
    ("make", "client"),
    [
        (netgiro.Simulator.client, netgiro.Client),
        (netgiro.Simulator.async_client, netgiro.AsyncClient),
    ],
)
def test_its_clients_take_every_option_but_its_own(make, client):
    its_own = {"self", "app_key", "secret_key", "base_url", "checkout_base_url"}
    named = {name: option.default for name, option in inspect.signature(client).parameters.items()}
    taken = {name: option.default for name, option in inspect.signature(make).parameters.items()}
    del taken["self"]
    assert taken == {name: value for name, value in named.items() if name not in its_own}


def test_it_is_driven_over_http(simulator):
    with simulator.client() as shop:
        cart = shop.insert_cart(**ORDER)
        path = f"/simulator/carts/{cart.transaction_id}"
        assert ask(simulator.page_url, "POST", f"{path}/confirm") == (204, "")
        assert shop.check_cart(cart).is_paid
        status, refused = ask(simulator.page_url, "POST", f"{path}/decline")
        assert (status, list(refused)) == (409, ["message"])
    seen = ask(simulator.page_url, "GET", path)[1]
    known = simulator.cart(cart.transaction_id).to_dict()
    assert seen.keys() == known.keys()
    same = known.keys() - {"transaction_id", "created", "expires_at"}
    assert {name: seen[name] for name in same} == {name: known[name] for name in same}
    assert seen["transaction_id"] == str(cart.transaction_id)
    assert seen["created"] == known["created"].isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    requests = ask(simulator.page_url, "GET", "/simulator/requests")[1]
    assert requests[0].keys() == simulator.requests()[0].to_dict().keys()
    assert [request["endpoint"] for request in requests] == ["InsertCart", "CheckCart"]


def test_the_page_is_one_file(simulator):
    status, page = ask(simulator.page_url, "GET", "/")
    assert status == 200
    assert page.startswith("<!doctype html>")
    assert simulator.requests() == []


def test_tls_with_a_certificate_made_up(tmp_path):
    with netgiro.Simulator(tls=True, shop="Bókabúðin") as simulator:
        assert simulator.url.startswith("https://127.0.0.1:")
        assert simulator.url == simulator.local_url
        with simulator.client() as shop:
            assert shop.insert_cart(**ORDER).reference == "order-1"
        kept = tmp_path / "ca.pem"
        kept.write_text(Path(simulator.ca_file).read_text())
        trusting = ssl.create_default_context(cafile=simulator.ca_file)
        for host in ("127.0.0.1", "localhost"):
            url = simulator.page_url.replace("127.0.0.1", host)
            assert ask(url, "GET", "/simulator/state", context=trusting)[1]["shop"] == "Bókabúðin"
        options = {"base_url": simulator.url, "connect_timeout": 5.0}
        keys = (simulator.app_key, simulator.secret_key)
        with (
            netgiro.Client(*keys, **options) as stranger,
            pytest.raises(netgiro.ConnectError, match="trusted authority"),
        ):
            stranger.insert_cart(**ORDER)
        with netgiro.Client(*keys, ca_file=kept, **options) as friend:
            friend.insert_cart(**ORDER)
    assert not Path(simulator.ca_file).exists()


def test_tls_with_asyncio():
    async def buys():
        async with netgiro.Simulator(tls=True) as simulator, simulator.async_client() as shop:
            return await shop.insert_cart(**ORDER)

    assert asyncio.run(buys()).reference == "order-1"


def test_tls_wants_a_certificate_and_its_key():
    with pytest.raises(netgiro.InvalidRequestError, match="tls needs a certificate"):
        netgiro.Simulator(tls=("certificate", "key"))
    with pytest.raises(TypeError):
        netgiro.Simulator(tls="yes")
    with netgiro.Simulator() as simulator:
        assert simulator.ca_file is None


def test_a_public_url_is_what_is_signed():
    public = "https://abc.tunnel.example/netgiro"
    with netgiro.Simulator(public_url=public) as simulator:
        assert simulator.url == f"{public}/v1/"
        assert simulator.page_url == f"{public}/"
        body = json.dumps({"TransactionId": "0f0e0d0c-0b0a-4908-8706-050403020100"})
        url = f"{simulator.url}Checkout/CheckCart"
        headers = {
            "netgiro_appkey": simulator.app_key,
            "netgiro_nonce": "1",
            "netgiro_signature": netgiro.sign(simulator.secret_key, "1", url, body.encode()),
        }
        local = urlsplit(simulator.local_url)
        connection = http.client.HTTPConnection(local.hostname, local.port, timeout=60)
        connection.request("POST", "/v1/Checkout/CheckCart", body, headers)
        assert json.load(connection.getresponse())["ResultCode"] == 10201
        connection.close()
        assert simulator.requests()[0].signature_ok


@pytest.mark.parametrize(
    "option",
    [{"public_url": "abc"}, {"callback_hosts": ["https://a.is"]}, {"latency": -1.0}],
)
def test_unusable_options_are_named(option):
    (name,) = option
    with pytest.raises(netgiro.InvalidRequestError, match=name):
        netgiro.Simulator(**option)


def test_strict_switches_refuse_what_is_read_by_default():
    body = {"Amount": "4990", "Reference": "order-1", "CustomerId": "8223281"}
    for options, expected in [
        ({}, 200),
        ({"require_confirmation_type": True}, 10427),
        ({"require_json_numbers": True}, 400),
    ]:
        with netgiro.Simulator(**options) as simulator:
            url = f"{simulator.url}Checkout/InsertCart"
            sent = json.dumps(body).encode()
            signature = netgiro.sign(simulator.secret_key, "1", url, sent)
            headers = {
                "netgiro_appkey": simulator.app_key,
                "netgiro_nonce": "1",
                "netgiro_signature": signature,
            }
            request = urllib.request.Request(url, sent, headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert json.load(answer)["ResultCode"] == expected


def test_answers_without_payment_info():
    with netgiro.Simulator(omit_payment_info=True) as simulator, simulator.client() as shop:
        cart = shop.insert_cart(**ORDER)
        simulator.confirm(cart.transaction_id)
        assert shop.check_cart(cart.transaction_id).payment is None


def test_reads_that_lag_behind():
    with netgiro.Simulator(stale_reads=1) as simulator, simulator.client() as shop:
        cart = shop.insert_cart(**ORDER)
        codes = [shop.check_cart(cart.transaction_id).result_code for _ in range(2)]
        assert codes == [10201, 10425]
        simulator.confirm(cart.transaction_id)
        assert simulator.cart(cart.transaction_id).is_paid
        codes = [shop.check_cart(cart.transaction_id).result_code for _ in range(2)]
        assert codes == [10425, 10200]


def test_the_base_path_of_2019():
    with netgiro.Simulator() as simulator:
        base_url = simulator.url.replace("/v1/", "/api/")
        keys = simulator.app_key, simulator.secret_key
        with netgiro.Client(*keys, base_url=base_url) as shop:
            cart = shop.insert_cart(**ORDER)
            simulator.confirm(cart.transaction_id)
            assert shop.check_cart(cart).is_paid
        assert {request.path.split("/")[1] for request in simulator.requests()} == {"api"}


def test_the_clock_goes_ten_years_in_all(simulator):
    for too_far in (1e300, 2.0**64, float("inf"), float("nan"), -1.0):
        with pytest.raises(netgiro.InvalidRequestError, match="315532800 seconds"):
            simulator.advance(too_far)
    before = simulator.now()
    for _ in range(10):
        simulator.advance(31_553_280)
    assert (simulator.now() - before).days == 3652
    with pytest.raises(netgiro.InvalidRequestError, match="ten years"):
        simulator.advance(1)
    assert ask(simulator.page_url, "POST", "/simulator/advance", {"seconds": 1e300})[0] == 400


def test_a_cart_cannot_drive_the_simulator_by_its_callback(simulator):
    port = urlsplit(simulator.url).port
    with simulator.client() as shop:
        victim = shop.insert_cart(**ORDER)
        for number, host in enumerate(("127.0.0.1", "localhost")):
            url = f"http://{host}:{port}/simulator/carts/{victim.transaction_id}/confirm"
            cart = shop.insert_cart(**ORDER, callback_url=url)
            simulator.confirm(cart.transaction_id)
            deadline = time.monotonic() + 30
            while not (sent := simulator.callbacks())[number:] or not sent[number].is_done:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert sent[number].status is None
        assert not shop.check_cart(victim).is_paid


def test_latency_holds_answers_back():
    with netgiro.Simulator(latency=0.1) as simulator, simulator.client() as shop:
        started = time.monotonic()
        shop.insert_cart(**ORDER)
        assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize("as_get", [False, True])
def test_a_form_of_a_shop_plugin_opens_a_checkout(as_get):
    with netgiro.Simulator(form_callback_as_get=as_get) as simulator:
        keys = (simulator.secret_key, "order-1", "4990", simulator.app_key)
        form = {
            "ApplicationID": simulator.app_key,
            "ReferenceNumber": "order-1",
            "TotalAmount": "4990",
            "Signature": hashlib.sha256("".join(keys).encode()).hexdigest(),
            "ConfirmationType": "1",
            "PaymentConfirmedURL": "http://127.0.0.1:9/nobody",
            "PrefixUrlParameters": "true",
        }
        parts = urlsplit(simulator.page_url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        try:
            connection.request("POST", "/", urlencode(form))
            response = connection.getresponse()
            assert response.status == 303
            page = urlsplit(response.headers["location"]).path
        finally:
            connection.close()
        accepted = ask(simulator.page_url, "POST", f"{page}/accept", {"customer_id": "1111111119"})
        assert accepted[0] == 204
        (request,) = simulator.requests()
        assert (request.endpoint, request.signature_ok) == ("HostedForm", True)
        callback = simulator.callbacks()[0]
        told = dict(parse_qsl(urlsplit(callback.url).query if as_get else callback.body))
        assert told["ng_transactionid"] == str(simulator.carts()[0].transaction_id)
        assert told["ng_status"] == "1"


@pytest.mark.parametrize("option", [{"reference_lookup": "all"}, {"form_callback_as_get": 1}])
def test_switches_of_look_ups_and_forms_are_refused_by_name(option):
    with pytest.raises(netgiro.InvalidRequestError, match=next(iter(option))):
        netgiro.Simulator(**option)
