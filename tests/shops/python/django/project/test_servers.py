"""The callback route as Netgíró reaches it: by HTTP, under gunicorn and uvicorn."""

from __future__ import annotations

import http.client
import os
import socket
import time
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from djshop.harness.serving import processes
from djshop.harness.trials import PHONE, eventually, told

import netgiro
from netgiro.django import checkout
from netgiro.django.models import Cart

# PostgreSQL's turn is the five hundred checkouts.
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture(params=["gunicorn", "uvicorn"])
def served(request, database, simulator, options, tmp_path):
    """The shop's processes, the simulator, and a cart."""
    urls = dict(pair.split("=", 1) for pair in os.environ["DJSHOP_DATABASES"].split())
    environment = {
        "DJSHOP_DATABASES": f"default={urls[database]}",
        "DJSHOP_NETGIRO_URL": simulator.url,
    }
    with processes(tmp_path, **environment) as shop:
        options(CALLBACK_BASE_URL=shop.url)
        shop.serve(request.param)
        shop.server = request.param
        shop.cart = checkout.start("order-1", 4990, PHONE)
        yield shop
        assert settings.NETGIRO["SECRET_KEY"] not in shop.said()


def signed(shop, body):
    nonce = str(time.time_ns())[:18]
    url = f"{shop.url}/netgiro/callback/"
    signature = netgiro.sign(settings.NETGIRO["SECRET_KEY"], nonce, url, body)
    return {"netgiro_nonce": nonce, "netgiro_signature": signature}


def post(shop, body, headers, *, chunked=False):
    connection = http.client.HTTPConnection(urlsplit(shop.url).netloc, timeout=60)
    content = (body[at : at + 1000] for at in range(0, len(body), 1000)) if chunked else body
    connection.request("POST", "/netgiro/callback/", content, headers, encode_chunked=chunked)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_checkout_by_callback_alone(served, simulator):
    """Nobody polls."""
    simulator.confirm(served.cart.transaction_id)
    eventually(lambda: told() == ["confirmed"])
    assert [callback.status for callback in simulator.callbacks()] == [200]
    other = checkout.start("order-2", 10, PHONE, confirmation_type="server_callback")
    simulator.confirm(other.transaction_id)
    eventually(lambda: told("order-2") == ["confirmed"])
    third = checkout.start("order-3", 10, PHONE)
    simulator.decline(third.transaction_id)
    eventually(lambda: told("order-3") == ["declined"])
    assert {callback.status for callback in simulator.callbacks()} == {200}


def test_what_is_refused(served, simulator):
    simulator.confirm(served.cart.transaction_id)
    eventually(lambda: told() == ["confirmed"])
    sent = simulator.callbacks()[0]
    body, headers = sent.body.encode(), sent.headers
    before = list(Cart.objects.values())
    assert post(served, body.replace(b"4990", b"4991"), headers) == 400
    assert post(served, body, {**headers, "netgiro_signature": "0" * 64}) == 400
    assert post(served, body, {}) == 400
    assert post(served, b"", headers) == 400
    large = body[:-1] + b" " * 70_000 + b"}"
    assert post(served, large, signed(served, large)) == 413
    assert post(served, large, signed(served, large), chunked=True) == 413
    another = body.replace(
        str(served.cart.transaction_id).encode(), b"0" * 8 + b"-0000-4000-8000-" + b"0" * 12
    )
    another = another.replace(b"order-1", b"order-9")
    assert post(served, another, signed(served, another)) == 409
    assert list(Cart.objects.values()) == before
    # In chunks, as .NET sends JSON, it is the same callback.
    assert post(served, body, headers, chunked=True) == 200
    assert told() == ["confirmed"]


def test_a_body_that_does_not_end_is_given_up(served):
    if served.server == "uvicorn":
        pytest.skip("Django's ASGI handler reads a body to its end before any view is asked")
    with socket.create_connection(
        (urlsplit(served.url).hostname, urlsplit(served.url).port), 10
    ) as client:
        client.sendall(
            b"POST /netgiro/callback/ HTTP/1.1\r\nHost: shop\r\nContent-Length: 99999999\r\n\r\n{"
        )
        assert b" 413 " in client.recv(4096)
