"""A Flask shop under uWSGI: its headers, its threads, its processes and its interpreters."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import netgiro

URL = "https://shop.example/netgiro/callback"
UWSGI = Path(sys.executable).with_name("uwsgi")

pytestmark = pytest.mark.skipif(not UWSGI.exists(), reason="uWSGI is not there")

SHOP = """
from flask import Flask
from netgiro.flask import Netgiro
from netgiro.webhook import Order

app = application = Flask(__name__)
extension = Netgiro(app)

@extension.callback("/netgiro/callback", url="https://shop.example/netgiro/callback", order=lambda callback: Order(4990, "order-1"))
def settled(state, callback):
    print("settled", state.status, flush=True)

@app.get("/")
def up():
    return "up"
"""
RUN = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def serve(start):
    def serve(*options):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [str(UWSGI), "--http-socket", f"127.0.0.1:{port}", "--master", "--die-on-term"]
        command += ["--virtualenv", sys.prefix, "--pythonpath", ".", *options]
        server = start("-c", RUN, *command, files={"shop.py": SHOP})
        server.port = port
        return server

    return serve


def request(server, method, path, body=None, headers=None):
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.request(method, path, body, headers or {})
        return connection.getresponse().status


def is_up(server, path="/"):
    deadline = time.monotonic() + 60
    while True:
        assert server.process.poll() is None, server.said
        try:
            return request(server, "GET", path) == 200
        except OSError:
            assert time.monotonic() < deadline, server.said
            time.sleep(0.05)


def await_words(server, words):
    deadline = time.monotonic() + 60
    while words not in server.said:
        assert time.monotonic() < deadline, server.said
        time.sleep(0.02)


def callback(simulator):
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    info = {
        "TransactionId": str(cart.transaction_id),
        "ReferenceNumber": "order-1",
        "TotalAmount": 4990,
    }
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    nonce = str(time.time_ns())
    signature = netgiro.sign(simulator.secret_key, nonce, URL, body)
    return body, {"netgiro_nonce": nonce, "netgiro_signature": signature}


@pytest.mark.parametrize("options", [["--processes=2"], ["--processes=1", "--lazy-apps"]])
def test_a_callback_and_what_follows(serve, simulator, options):
    server = serve("--module=shop", "--single-interpreter", "--enable-threads", *options)
    assert is_up(server)
    assert request(server, "POST", "/netgiro/callback", *callback(simulator)) == 200
    await_words(server, "settled confirmed")
    assert request(server, "POST", "/netgiro/callback", b"{}") == 400
    await_words(server, "uWSGI has passed the headers")
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(60)
    assert "SIGSEGV" not in server.said
    assert simulator.secret_key not in server.said


def test_a_second_interpreter_is_refused_by_name(serve):
    mounts = ["--mount=/one=shop.py", "--mount=/two=shop.py", "--manage-script-name"]
    server = serve(*mounts)
    # As for each app that cannot be mounted, uWSGI ends; nothing has crashed.
    assert server.process.wait(60) == 22, server.said
    assert "netgiro does not support subinterpreters" in server.said
    assert "with uWSGI: --single-interpreter" in server.said
    assert "SIGSEGV" not in server.said


def test_one_interpreter_for_all(serve):
    mounts = ["--mount=/one=shop.py", "--mount=/two=shop.py", "--manage-script-name"]
    server = serve(*mounts, "--single-interpreter")
    assert is_up(server, "/one/")
    assert is_up(server, "/two/")
