"""What each framework's callback route answers, under its real server, and what happens then."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from harness import eventually
from netgiro.webhook import MAX_BODY


@pytest.fixture
def cart(shop):
    """A cart that the customer is going to confirm, and that has no callback of its own."""
    return shop.insert(shop.new_order())


def answers(simulator, cart):
    eventually(
        lambda: [c for c in simulator.callbacks() if c.transaction_id == cart.transaction_id]
    )
    return eventually(
        lambda: [
            callback.status
            for callback in simulator.callbacks()
            if callback.transaction_id == cart.transaction_id and callback.is_done
        ]
    )


@pytest.mark.parametrize("kind", ["automatic", "server_callback"])
def test_a_callback_from_the_simulator(shop, simulator, kind):
    reference = shop.new_order()
    cart = shop.insert(reference, confirmation_type=kind, callback_url=shop.callback_url)
    simulator.confirm(cart)
    assert answers(simulator, cart) == [200]
    assert shop.reported(reference) == 1
    assert shop.holds(reference, ["confirmed"])
    assert simulator.cart(cart).is_paid


def test_a_callback_about_a_customer_who_declined(shop, simulator):
    reference = shop.new_order()
    cart = shop.insert(reference, callback_cancel_url=shop.callback_url)
    simulator.decline(cart)
    assert answers(simulator, cart) == [200]
    assert shop.holds(reference, ["declined"])


def test_a_url_for_each_order(shop, simulator):
    reference = shop.new_order()
    url = f"{shop.url}/netgiro/orders/{reference}"
    cart = shop.insert(reference, callback_url=url)
    # Not even its own callback is taken at another order's URL.
    headers, body = shop.callback(cart, url)
    assert shop.send(headers, body, f"{shop.url}/netgiro/orders/other") == 400
    simulator.confirm(cart)
    assert answers(simulator, cart) == [200]
    assert shop.holds(reference, ["confirmed"])


def test_what_is_refused_changes_nothing(shop, simulator, cart):
    simulator.confirm(cart)
    headers, body = shop.callback(cart)
    without = {name: value for name, value in headers.items() if "signature" not in name}
    other = shop.insert(shop.new_order(amount=100), amount=100)
    large = body[:-1] + b" " * MAX_BODY + b"}"
    cases = {
        "forged": (400, *shop.sign(body, secret_key="another")),
        "unsigned": (400, without, body),
        "altered": (400, headers, body.replace(b"4990", b"4991")),
        "lengthened": (400, headers, body + b" "),
        "another route's": (400, *shop.sign(body, shop.guarded_url)),
        "of another host": (400, *shop.sign(body, "https://shop.example/netgiro/callback")),
        "no JSON": (400, *shop.sign(b"paid=true")),
        "an array": (400, *shop.sign(b"[" + body + b"]")),
        "no cart": (400, *shop.sign(b'{"Success":true,"ResultCode":10200}')),
        "empty": (400, *shop.sign(b"")),
        "too large": (413, *shop.sign(large)),
        "another amount": (409, *shop.callback(cart, amount=4991)),
        "a decimal more": (409, *shop.callback(cart, amount=4990.5)),
        "another reference": (409, *shop.callback(cart, reference="order-unknown")),
        "another order": (409, *shop.callback(cart, reference=other.reference)),
    }
    for name, (status, with_headers, with_body) in cases.items():
        assert shop.send(with_headers, with_body) == status, name
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]:
        assert shop.send(headers, body, method=method) == 405, method
    # A Host of the sender's making changes nothing about the URL.
    assert shop.send({**headers, "Host": "evil.example"}, body.replace(b"4990", b"1")) == 400
    time.sleep(0.3)
    for reference in [cart.reference, other.reference]:
        assert shop.reported(reference) == 0
        assert shop.calls(reference) == []


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_body_is_not_read_to_its_end(shop, is_chunked):
    where = urlsplit(shop.callback_url)
    length = "Transfer-Encoding: chunked" if is_chunked else "Content-Length: 1000000000"
    with socket.create_connection((where.hostname, where.port), timeout=10) as sender:
        sender.sendall(f"POST {where.path} HTTP/1.1\r\nHost: shop\r\n{length}\r\n\r\n".encode())
        if is_chunked:
            chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"
            for _ in range(6):
                sender.sendall(chunk)
        # The rest never comes.
        assert sender.recv(100).split()[1] == b"413"


@pytest.mark.parametrize("is_repeated", [True, False])
def test_many_callbacks_at_once(shop, simulator, cart, is_repeated):
    simulator.confirm(cart)
    one = shop.callback(cart)
    sent = [one if is_repeated else shop.callback(cart, nonce=str(number)) for number in range(24)]
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda each: shop.send(*each), sent)) == {200}
    assert shop.reported(cart.reference) == 24
    assert shop.holds(cart.reference, ["confirmed"])
    # Nor is it called for one that comes much later.
    assert shop.send(*one) == 200
    time.sleep(0.5)
    assert shop.calls(cart.reference) == ["confirmed"]


def test_a_replay_is_refused_by_a_guard(shop, simulator, cart):
    simulator.confirm(cart)
    callback = shop.callback(cart, shop.guarded_url)
    with ThreadPoolExecutor(8) as pool:
        statuses = pool.map(lambda _: shop.send(*callback, shop.guarded_url), range(16))
        assert sorted(statuses) == [200] + [409] * 15
    # Refused otherwise, it is not recorded by the guard: it can still come.
    late = shop.insert(shop.new_order())
    headers, body = shop.callback(late, shop.guarded_url)
    assert shop.send(headers, body + b" ", shop.guarded_url) == 400
    assert shop.send(headers, body, shop.guarded_url) == 200
    assert shop.reported(cart.reference) == 1
    assert shop.holds(cart.reference, ["confirmed"])


@pytest.mark.parametrize("what", ["lookup_fails", "record_fails"])
@pytest.mark.parametrize("route", ["callback_url", "guarded_url"])
def test_the_database_is_down(shop, simulator, what, route):
    reference = shop.new_order()
    url = getattr(shop, route)
    cart = shop.insert(reference, confirmation_type="server_callback", callback_url=url)
    shop.switch(what)
    simulator.confirm(cart)
    # Netgíró repeats what was not acknowledged, word for word, and the guard lets it through.
    assert eventually(lambda: len(answers(simulator, cart)) == 2)
    assert answers(simulator, cart) == [503, 200]
    assert shop.reported(reference) == 1
    assert shop.holds(reference, ["confirmed"])


def test_the_answer_does_not_wait_for_the_rest(shop, simulator):
    *carts, late = [shop.insert(shop.new_order()) for _ in range(17)]
    # None of the shop's functions goes on before all have been answered.
    shop.switch("function_waits", 1)
    for cart in carts:
        simulator.confirm(cart)
    with ThreadPoolExecutor(len(carts)) as pool:
        assert set(pool.map(lambda cart: shop.send(*shop.callback(cart)), carts)) == {200}
    # Nor does one wait that comes while as many functions run as are let run at once.
    entered = "SELECT count(*) FROM entered"
    eventually(lambda: shop.execute(entered)[0][0] >= 4)
    assert shop.send(*shop.callback(late)) == 200
    assert not any(shop.calls(cart.reference) for cart in carts)
    shop.switch("function_waits", 0)
    for cart in carts:
        assert shop.holds(cart.reference, ["confirmed"])


def test_netgiro_is_asked_after_the_answer_and_may_be_slow(shop, simulator):
    def is_answered(cart):
        """Whether Netgíró has said yet where the cart stands."""
        return any(
            request.status is not None
            for request in simulator.requests()
            if request.endpoint == "CheckCart" and request.transaction_id == cart.transaction_id
        )

    # On a busy machine an answer may take longer than two seconds, and then nothing is learnt from it.
    for delay in (2.0, 8.0, 32.0):
        cart = shop.insert(shop.new_order())
        simulator.confirm(cart)
        simulator.clear_faults()
        simulator.add_fault("CheckCart", delay=delay)
        assert shop.send(*shop.callback(cart)) == 200
        was_first = not is_answered(cart) and shop.calls(cart.reference) == []
        assert shop.holds(cart.reference, ["confirmed"], within=120)
        if was_first:
            return
    pytest.fail("the callback is answered after Netgíró has been asked")


def test_a_function_that_raises_is_called_until_it_succeeds(shop, simulator, cart):
    simulator.confirm(cart)
    shop.switch("function_raises", 2)
    callback = shop.callback(cart)
    assert shop.send(*callback) == 200
    assert shop.send(*callback) == 200
    assert shop.holds(cart.reference, ["raised", "raised", "confirmed"])


def test_check_cart_decides_and_not_the_callback(shop, simulator):
    # Signed, and yet not so: the cart is open, and in the end the customer declines.
    pending, canceled = (shop.insert(shop.new_order()) for _ in range(2))
    simulator.expire(canceled)
    for cart in pending, canceled:
        assert shop.send(*shop.callback(cart)) == 200
    assert shop.holds(canceled.reference, ["canceled"])
    assert shop.calls(pending.reference) == []
    simulator.decline(pending)
    assert shop.holds(pending.reference, ["declined"])


def test_a_cart_that_is_the_shops_to_confirm_is_not_settled(shop, simulator):
    reference = shop.new_order()
    cart = shop.insert(reference, confirmation_type="manual", callback_url=shop.callback_url)
    simulator.confirm(cart)
    assert answers(simulator, cart) == [200]
    eventually(lambda: simulator.cart(cart).checks)
    assert shop.reported(reference) == 1
    assert shop.calls(reference) == []
    with simulator.client() as client:
        assert client.confirm_cart(cart).is_paid
    assert shop.calls(reference) == []
    # What comes later is not held up by the first, once that has let go of the cart.
    eventually(lambda: shop.send(*shop.callback(cart)) == 200 and shop.calls(reference))
    assert shop.holds(reference, ["confirmed"])


def test_netgiro_is_out_for_a_while(shop, simulator, cart):
    simulator.confirm(cart)
    simulator.add_fault("CheckCart", count=2, drop="before")
    assert shop.send(*shop.callback(cart)) == 200
    assert shop.holds(cart.reference, ["confirmed"], within=60)


def test_another_amount_at_netgiro_is_never_paid(shop, simulator):
    # The shop's order says one thing, Netgíró's cart another, and the callback what the order says.
    reference = shop.new_order(amount=100)
    cart = shop.insert(reference, amount=1)
    simulator.confirm(cart)
    headers, body = shop.callback(cart, amount=100)
    assert json.loads(body)["PaymentInfo"]["TotalAmount"] == 100
    assert shop.send(headers, body) == 200
    eventually(lambda: simulator.cart(cart).checks)
    time.sleep(0.5)
    assert shop.calls(reference) == []
