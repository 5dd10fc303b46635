"""Carts of V2, and V2's callbacks: the vectors, with both kinds of client and with routes of each kind."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import netgiro
from harness import APP_KEY, FACES, VECTORS, Answer, Server, connect

FILE = json.loads((VECTORS / "v2/v2_carts.json").read_text(encoding="utf-8"))
CARTS, CALLBACKS = FILE["cases"], FILE["callbacks"]
ID = FILE["transaction_id"]
# Settling is patient for twenty intervals: long enough on the busiest machine.
POLICY = netgiro.PollPolicy(min_interval=0.25, default_interval=0.25, max_interval=0.25)


def call(client, case):
    given = dict(case["arguments"])
    method = getattr(client, case["call"])
    if case["call"] == "insert_cart":
        return method(**given)
    cart = ID
    if "amount" in given:
        reference = given.pop("reference", "order-1")
        cart = netgiro.Cart(ID, reference=reference, amount=given.pop("amount"))
    if "capture_amount" in given:
        given["amount"] = given.pop("capture_amount")
    if case["call"] == "settle_cart":
        given = {"timeout": given.pop("timeout_ms") / 1000, "policy": POLICY}
    return method(cart, **given)


def play(case, face):
    answers = list(case["answers"])

    def answer(_request):
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if told.get("close"):
            return None
        headers = tuple(told.get("headers", {}).items())
        return Answer(told["http_status"], told["body"].encode(), headers)

    server = Server(answer)
    client = connect(face, server.url, timeout=60, api="v2")
    try:
        return call(client, case), server.requests
    except netgiro.NetgiroError as error:
        return error, server.requests
    finally:
        client.close()
        server.close()


@pytest.fixture(scope="module")
def played():
    """All of them at once, since they do little but wait."""
    with ThreadPoolExecutor(16) as pool:
        yield {
            (case["name"], face): pool.submit(play, case, face) for case in CARTS for face in FACES
        }


@pytest.mark.parametrize("case", CARTS, ids=lambda case: case["name"])
def test_carts(case, face, played):
    outcome, requests = played[case["name"], face].result()
    ((kind, expected),) = case["expect"].items()
    if kind == "error":
        assert isinstance(outcome, netgiro.NetgiroError), outcome
        facts = {name: getattr(outcome, name, None) for name in expected if name != "cause"}
        if "cause" in expected:
            facts["cause"] = outcome.__cause__.code
        assert facts == expected
    elif kind == "cart":
        assert isinstance(outcome, netgiro.Cart), outcome
        interval = outcome.check_interval
        assert expected == {
            "transaction_id": str(outcome.transaction_id),
            "reference": outcome.reference,
            "amount": outcome.amount,
            "check_interval_ms": interval and interval * 1000,
            "message": outcome.message,
        }
    else:
        assert isinstance(outcome, netgiro.CartState), outcome
        facts = {name: getattr(outcome, name) for name in expected}
        assert facts | {"transaction_id": str(outcome.transaction_id)} == expected
    sent = [
        {"method": each.method, "path": each.path}
        | ({"body": each.body.decode()} if each.body else {})
        for each in requests
    ]
    assert sent == case["sent"]
    for request in requests:
        assert request.headers["x-netgiro-api-key"] == APP_KEY
        assert not {"netgiro_appkey", "netgiro_nonce", "netgiro_signature"} & set(request.headers)


class Unasked:
    """A replay guard that nobody may ask."""

    def is_first(self, nonce, signature):
        raise AssertionError(f"asked about {nonce} {signature}")


@pytest.mark.parametrize("api", ["v1", "v2"])
@pytest.mark.parametrize("case", CALLBACKS, ids=lambda case: case["name"])
def test_callbacks(case, api):
    client = netgiro.Client(APP_KEY, FILE["secret_key"], api=api)
    parts = {
        "url": "https://shop.example/any",
        "headers": case["headers"],
        "body": case["body"].encode(),
    }
    expected = case["expect"]
    for guard in ({}, {"replay_guard": Unasked()}):
        if "error" in expected:
            with pytest.raises(netgiro.NetgiroError) as raised:
                client.verify_callback(**parts, **guard)
            assert raised.value.code == expected["error"]["code"]
            continue
        callback = client.verify_callback(**parts, **guard)
        amount = callback.amount
        assert expected["callback"] == {
            "transaction_id": str(callback.transaction_id),
            "reference": callback.reference,
            "amount": None if amount is None else str(amount),
            "state": callback.state,
        }
        assert callback.to_dict()["state"] is None


@pytest.mark.parametrize("name", ["confirmed", "a form: confirmed"])
def test_a_guard_that_is_awaited_is_not_asked(name):
    (case,) = (case for case in CALLBACKS if case["name"] == name)

    async def verify():
        async with netgiro.AsyncClient(APP_KEY, FILE["secret_key"], api="v2") as client:
            return await client.verify_callback_once(
                url="https://shop.example/any",
                headers=case["headers"],
                body=case["body"].encode(),
                replay_guard=Unasked(),
            )

    assert asyncio.run(verify()).state is None


def test_a_state_says_which_api_said_it():
    state = netgiro.CartState(ID, "confirmed", api="v2")
    assert (state.api, netgiro.CartState(ID, "pending").api) == ("v2", "v1")
    poll = netgiro.CartPoll(ID, timeout=60)
    done = poll.answered(state)
    assert done.is_done
    assert netgiro.CartPoll.from_json(done.to_json()).state == state
    # V1 says "paid" with a result code alone, and V2 without one.
    with pytest.raises(netgiro.InvalidRequestError):
        poll.answered(netgiro.CartState(ID, "confirmed"))
    with pytest.raises(netgiro.InvalidRequestError):
        poll.answered(netgiro.CartState(ID, "confirmed", result_code=10200, api="v2"))
    for status in ("declined", "needs_code", "awaiting_callback"):
        with pytest.raises(netgiro.InvalidRequestError):
            poll.answered(netgiro.CartState(ID, status, api="v2"))


def test_the_option_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("NETGIRO_APP_KEY", APP_KEY)
    monkeypatch.setenv("NETGIRO_SECRET_KEY", FILE["secret_key"])
    monkeypatch.setenv("NETGIRO_API", "V2")
    for client in (netgiro.Client, netgiro.AsyncClient):
        assert client.from_env().base_url == "https://api.test.netgiro.is/v2/"
    monkeypatch.setenv("NETGIRO_API", "v3")
    with pytest.raises(netgiro.ConfigurationError, match='api must be one of "v1", "v2"'):
        netgiro.Client.from_env()


@pytest.mark.parametrize("base_url", ["/v1/", "/v2/", "/v2", "", "/"])
def test_all_apis_are_at_the_origin_of_a_base_url(base_url):
    server = Server(lambda _: Answer(400, b'{"Success":false,"Message":"No"}'))
    url = server.url.removesuffix("/v1/")
    with netgiro.Client(APP_KEY, FILE["secret_key"], api="v2", base_url=url + base_url) as client:
        with pytest.raises(netgiro.ApiError):
            client.check_cart(ID)
        with pytest.raises(netgiro.ApiError):
            client.refund_cart(ID, 1, idempotency_key="key")
    server.close()
    paths = [request.path for request in server.requests]
    assert paths == [f"/v2/checkout/status/{ID}", "/v2/transaction/refund"]


def test_payment_info_is_of_v1():
    with pytest.raises(netgiro.ConfigurationError, match="payment_info"):
        netgiro.Client(APP_KEY, FILE["secret_key"], api="v2", payment_info="required")


@pytest.mark.parametrize("how", ["automatic", "server_callback", "manual"])
def test_a_checkout_at_the_simulator(simulator, face, how):
    shop = connect(face, simulator.url, api="v2")
    callbacks = {"callback_url": "http://127.0.0.1:9/callback"} if how == "server_callback" else {}
    order = {"amount": 4990, "reference": "order-1", "customer_id": "811-1111"}
    cart = shop.insert_cart(**order, confirmation_type=how, **callbacks)
    if how == "manual":
        assert shop.wait_for_cart(cart, policy=POLICY).status == "reserved"
        assert shop.capture_cart(cart, 4000).is_paid
    elif how == "automatic":
        assert shop.settle_cart(cart, policy=POLICY).is_paid
    if how != "server_callback":
        assert shop.cancel_cart(cart).is_paid, "a paid one is left as it is"
        assert shop.void_cart(cart).status == "canceled"
        assert not simulator.cart(cart).is_paid
    assert simulator.requests()[0].endpoint == "Payment"
    shop.close()
