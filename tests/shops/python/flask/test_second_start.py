"""A shop that is started again, with its ledger, against a simulator of the same seed: what it ignores, it says."""

from __future__ import annotations

import json

from flask import Flask

import netgiro
from netgiro.flask import Netgiro
from netgiro.webhook import Order, SqliteLedger

URL = "https://shop.example/netgiro/callback"


def start(simulator, ledger):
    """A shop that has been started now: its app, its extension, and what its function was called with."""
    app = Flask(__name__)
    app.config.update(
        NETGIRO_APP_KEY=simulator.app_key,
        NETGIRO_SECRET_KEY=simulator.secret_key,
        NETGIRO_BASE_URL=simulator.url,
    )
    extension = Netgiro(app, ledger=SqliteLedger(ledger))
    calls = []

    @extension.callback("/callback", url=URL, order=lambda callback: Order(10, callback.reference))
    def settled(state, callback):
        calls.append((callback.reference, state.status))

    return app, extension, calls


def report(simulator, app, cart):
    info = {
        "TransactionId": str(cart.transaction_id),
        "ReferenceNumber": cart.reference,
        "TotalAmount": 10,
    }
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    signature = netgiro.sign(simulator.secret_key, "1", URL, body)
    headers = {"netgiro_nonce": "1", "netgiro_signature": signature}
    assert app.test_client().post("/callback", data=body, headers=headers).status_code == 200


def paid_cart(simulator, reference):
    with simulator.client() as client:
        cart = client.insert_cart(amount=10, reference=reference, customer_id="8223281")
    simulator.confirm(cart)
    return cart


def test_a_cart_that_an_earlier_simulator_gave_out(tmp_path, caplog):
    carts = []
    for reference in ("order-1", "order-2"):
        with netgiro.Simulator(seed=7) as simulator:
            app, extension, calls = start(simulator, tmp_path / "ledger.sqlite3")
            carts.append(paid_cart(simulator, reference))
            report(simulator, app, carts[-1])
            assert extension.wait(60)
            if reference == "order-1":
                assert calls == [("order-1", "confirmed")]
                assert "is not called" not in caplog.text
            else:
                assert calls == []
    assert carts[0].transaction_id == carts[1].transaction_id
    (record,) = [one for one in caplog.records if "is not called for this callback" in one.message]
    assert (record.name, record.levelname) == ("netgiro.webhook", "WARNING")
    assert f"cart {carts[0].transaction_id} ('order-2')" in record.message
    assert "the same seed" in record.message
