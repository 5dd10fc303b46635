"""The simulator over HTTP, with TLS, and behind another URL."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

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


def test_latency_holds_answers_back():
    with netgiro.Simulator(latency=0.1) as simulator, simulator.client() as shop:
        started = time.monotonic()
        shop.insert_cart(**ORDER)
        assert time.monotonic() - started >= 0.1
