"""The extension in apps, without a server. What callback routes answer is in ../routes."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
from flask import Blueprint, Flask, current_app

import netgiro
from harness import eventually
from netgiro.flask import Netgiro
from netgiro.webhook import MemoryLedger, Order

URL = "https://shop.example/netgiro/callback"


@pytest.fixture
def simulator():
    with netgiro.Simulator() as simulator:
        yield simulator


def configured(simulator, **config):
    app = Flask(__name__)
    app.config.update(
        NETGIRO_APP_KEY=simulator.app_key,
        NETGIRO_SECRET_KEY=simulator.secret_key,
        NETGIRO_BASE_URL=simulator.url,
        **config,
    )
    return app


def paid_cart(simulator, reference="order-1"):
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference=reference, customer_id="8223281")
    simulator.confirm(cart)
    return cart


def callback(simulator, cart, url=URL):
    info = {
        "TransactionId": str(cart.transaction_id),
        "ReferenceNumber": cart.reference,
        "TotalAmount": cart.amount,
    }
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    signature = netgiro.sign(simulator.secret_key, "1", url, body)
    headers = {"netgiro_nonce": "1", "netgiro_signature": signature}
    return {"data": body, "headers": headers}


def find(callback):
    return Order(4990, callback.reference)


def test_clients_belong_to_apps(simulator):
    extension = Netgiro()
    one, other = configured(simulator), configured(simulator, NETGIRO_TIMEOUT=3.0)
    extension.init_app(one)
    extension.init_app(other)
    with one.app_context():
        first = extension.client
        assert extension.client is first
        assert first.check_cart(paid_cart(simulator)).is_paid
    with other.app_context():
        assert extension.client is not first
    with pytest.raises(RuntimeError, match="application context"):
        _ = extension.client


def test_keys_from_the_environment(simulator, monkeypatch):
    app = Flask(__name__)
    extension = Netgiro(app)
    for name in ("NETGIRO_APP_KEY", "NETGIRO_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    with app.app_context():
        with pytest.raises(
            netgiro.ConfigurationError, match="NETGIRO_APP_KEY and NETGIRO_SECRET_KEY"
        ):
            _ = extension.client
        monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
        monkeypatch.setenv("NETGIRO_SECRET_KEY", "another's")
        monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
        # The app's own come first.
        app.config["NETGIRO_SECRET_KEY"] = simulator.secret_key
        assert extension.client.check_cart(paid_cart(simulator)).is_paid


def test_the_function_runs_in_the_apps_context_on_another_thread(simulator):
    app = configured(simulator)
    extension = Netgiro(app)
    calls = []

    @extension.callback("/netgiro/callback", url=URL, order=find)
    def settled(state, callback):
        calls.append(
            (current_app.name, state.is_paid, callback.reference, threading.current_thread())
        )

    cart = paid_cart(simulator)
    # The response is neither read nor closed, as tests do.
    response = app.test_client().post("/netgiro/callback", **callback(simulator, cart))
    assert response.status_code == 200
    assert extension.wait()
    ((name, is_paid, reference, thread),) = calls
    assert (name, is_paid, reference) == (app.name, True, "order-1")
    assert thread is not threading.current_thread()
    eventually(lambda: not thread.is_alive())  # they end when there is nothing to do


def test_a_factory_and_a_blueprint(simulator):
    extension = Netgiro()
    shop = Blueprint("shop", __name__, url_prefix="/shop")
    calls = []

    @extension.callback("/netgiro/callback", url=URL, order=find)
    def settled(state, callback):
        calls.append("app")

    @extension.callback("/netgiro/callback", url=lambda: URL, order=find, on=shop)
    def settled_too(state, callback):
        calls.append("blueprint")

    for _ in range(2):
        app = configured(simulator)
        extension.init_app(app)
        app.register_blueprint(shop)
        for path in ("/netgiro/callback", "/shop/netgiro/callback"):
            cart = paid_cart(simulator)
            answer = app.test_client().post(path, **callback(simulator, cart))
            assert answer.status_code == 200
    assert extension.wait()
    assert sorted(calls) == ["app", "app", "blueprint", "blueprint"]


def test_a_body_that_was_read_before(simulator):
    app = configured(simulator)
    extension = Netgiro(app)
    seen = []

    @app.before_request
    def log():
        from flask import request  # noqa: PLC0415

        seen.append(len(request.get_data()))

    extension.callback("/netgiro/callback", url=URL, order=find)(lambda state, callback: None)
    cart = paid_cart(simulator)
    sent = callback(simulator, cart)
    assert app.test_client().post("/netgiro/callback", **sent).status_code == 200
    assert seen == [len(sent["data"])]
    assert app.test_client().post("/netgiro/callback", data=b" " * 70_000).status_code == 413
    assert extension.wait()


def test_a_small_limit_of_the_apps_does_not_refuse_callbacks(simulator):
    app = configured(simulator, MAX_CONTENT_LENGTH=10)
    extension = Netgiro(app)
    extension.callback("/netgiro/callback", url=URL, order=find)(lambda state, callback: None)
    sent = callback(simulator, paid_cart(simulator))
    assert app.test_client().post("/netgiro/callback", **sent).status_code == 200
    assert extension.wait()


def test_a_coroutine_function_is_no_function_of_this_route(simulator, caplog):
    app = configured(simulator)
    extension = Netgiro(app)

    async def order(callback):
        return find(callback)

    extension.callback("/netgiro/callback", url=URL, order=order)(lambda state, callback: None)
    sent = callback(simulator, paid_cart(simulator))
    assert app.test_client().post("/netgiro/callback", **sent).status_code == 503
    assert "only an asynchronous route can await" in caplog.text


def test_processes_without_a_ledger_are_warned_of(simulator, caplog):
    app = configured(simulator)
    alone, sharing = Netgiro(app), Netgiro(app, ledger=MemoryLedger())
    alone.callback("/alone", url=URL, order=find, endpoint="alone")(print)
    sharing.callback("/sharing", url=URL, order=find, endpoint="sharing")(print)
    browser = app.test_client()
    browser.post("/alone")
    browser.post("/sharing", environ_overrides={"wsgi.multiprocess": True})
    assert "SqliteLedger" not in caplog.text
    for _ in range(2):
        browser.post("/alone", environ_overrides={"wsgi.multiprocess": True})
    assert caplog.text.count("SqliteLedger") == 1


def test_without_flask():
    code = "import sys; sys.modules['flask'] = None; import netgiro; import netgiro.flask"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'netgiro[flask]'" in done.stderr
