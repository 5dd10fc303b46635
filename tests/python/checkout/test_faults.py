"""What goes wrong on the way, what the client says of it, and what the server saw."""

from __future__ import annotations

import socket

import pytest

import netgiro
from harness import FACES, PHONE, SOME_ID, Answer, connect, eventually

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}


def nowhere() -> str:
    """A URL on loopback that nobody listens at."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1/"


@pytest.mark.parametrize("call", ["insert_cart", "check_cart", "cancel_cart", "confirm_cart"])
def test_no_connection_means_nothing_was_sent(face, call):
    shop = connect(face, nowhere())
    with pytest.raises(ConnectionError) as raised:
        getattr(shop, call)(**(ORDER if call == "insert_cart" else {"transaction_id": SOME_ID}))
    error = raised.value
    assert type(error) is netgiro.ConnectError
    assert error.request_sent == "no"
    assert error.retryable
    assert error.http_status is None
    shop.close()


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "before"},
        {"drop": "after"},
        {"status": 500},
        {"status": 503},
        {"status": 408},
        {"status": 302},
        {"body": "<html>Bad gateway</html>"},
        {"body": "{"},
        {"signature": "corrupt"},
    ],
    ids=str,
)
def test_insert_is_sent_once_and_its_outcome_is_unknown(shop, simulator, fault):
    simulator.add_fault("InsertCart", count=9, **fault)
    with pytest.raises(netgiro.OutcomeUnknownError) as raised:
        shop.insert_cart(**ORDER)
    error = raised.value
    assert error.reference == "order-1"
    assert isinstance(error.__cause__, netgiro.NetgiroError)
    assert not error.retryable
    assert [request.endpoint for request in simulator.requests()] == ["InsertCart"]


def test_insert_that_is_answered_too_late(face, simulator):
    simulator.add_fault("InsertCart", delay=600)
    shop = connect(face, simulator.url, timeout=0.5)
    with pytest.raises(netgiro.OutcomeUnknownError) as raised:
        shop.insert_cart(**ORDER)
    assert isinstance(raised.value.__cause__, TimeoutError)
    assert raised.value.request_sent == "maybe"
    eventually(simulator.carts)
    assert len(simulator.requests()) == 1
    assert len(simulator.carts()) == 1, "it was inserted all the same"
    shop.close()


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, netgiro.ApiError, "api"),
        (401, netgiro.AuthenticationError, "authentication"),
        (403, netgiro.AuthenticationError, "authentication"),
        (404, netgiro.ApiError, "api"),
        (429, netgiro.RateLimitedError, "rate_limited"),
    ],
)
def test_insert_that_was_clearly_refused(shop, simulator, status, kind, code):
    simulator.add_fault("InsertCart", status=status, count=9)
    with pytest.raises(kind) as raised:
        shop.insert_cart(**ORDER)
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.http_status) == (code, status)
    assert len(simulator.requests()) == 1


def test_rate_limit_says_how_long(shop, simulator):
    simulator.add_fault("CheckCart", status=429, retry_after=7)
    with pytest.raises(netgiro.RateLimitedError) as raised:
        shop.check_cart(SOME_ID)
    assert raised.value.retry_after == 7.0


@pytest.mark.parametrize("fault", [{"drop": "before"}, {"drop": "after"}, {"status": 502}], ids=str)
def test_what_may_be_repeated_is_and_signed_anew(face, fault):
    with netgiro.Simulator(reject_repeated_nonce=True) as simulator:
        shop = connect(face, simulator.url)
        cart = shop.insert_cart(**ORDER)
        simulator.add_fault("CheckCart", count=2, **fault)
        assert shop.check_cart(cart).status == "pending"
        checks = [r for r in simulator.requests() if r.endpoint == "CheckCart"]
        assert len(checks) == 3
        assert all(request.signature_ok for request in checks)
        assert len({request.nonce for request in checks}) == 3
        nonces = [int(request.nonce) for request in simulator.requests()]
        assert nonces == sorted(nonces)
        shop.close()


def test_repeating_ends_after_three(shop, simulator):
    simulator.add_fault("CheckCart", status=500, count=9)
    with pytest.raises(netgiro.ServerError) as raised:
        shop.check_cart(SOME_ID)
    assert raised.value.http_status == 500
    assert len(simulator.requests()) == 3


def test_a_check_that_takes_too_long(face, simulator):
    simulator.add_fault("CheckCart", delay=600)
    shop = connect(face, simulator.url, timeout=0.5)
    with pytest.raises(TimeoutError) as raised:
        shop.check_cart(SOME_ID)
    assert type(raised.value) is netgiro.TimeoutError
    assert raised.value.request_sent == "maybe"
    shop.close()


def test_wrong_keys(face, simulator):
    kind, wrapper = FACES[face]
    shop = wrapper(kind(simulator.app_key, "another", base_url=simulator.url))
    with pytest.raises(netgiro.AuthenticationError) as raised:
        shop.check_cart(SOME_ID)
    assert raised.value.http_status == 401
    shop.close()


def test_connections_are_kept_and_a_stale_one_is_no_failure(face):
    simulator = netgiro.Simulator()
    port = int(simulator.url.split(":")[2].split("/")[0])
    shop = connect(face, simulator.url)
    cart = shop.insert_cart(**ORDER)
    assert shop.check_cart(cart).status == "pending"
    simulator.close()
    again = netgiro.Simulator(port=port)
    cart = shop.insert_cart(**ORDER)
    assert shop.check_cart(cart).status == "pending"
    assert len(again.requests()) == 2
    again.close()
    shop.close()


def test_a_connection_closed_while_idle_costs_no_attempt(for_server, server):
    told = b'{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}'

    def answer(_request):
        # Without a word of it: no `Connection: close`.
        return Answer(200, told, close=True)

    server.answer = answer
    shop = for_server()
    for step in range(1, 6):
        poll = shop.poll_step(netgiro.CartPoll(SOME_ID))
        assert poll.state is not None, f"step {step} was lost"
        assert len(server.requests) == step
        eventually(lambda: server.closed_connections == len(server.requests))
