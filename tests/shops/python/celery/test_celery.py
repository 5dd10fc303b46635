"""Carts followed by real prefork workers on a real Redis."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone

import pytest
from celery import Celery
from celery.exceptions import Reject

import netgiro
import netgiro.celery
from harness import eventually


@pytest.fixture(scope="module")
def worker(shop):
    return shop.start_worker()


@pytest.fixture(autouse=True)
def calm(worker, simulator):
    simulator.clear_faults()


def checks(simulator, cart):
    return [
        request.at
        for request in simulator.requests()
        if request.endpoint in {"CheckCart", "Status"}
        and request.transaction_id == cart.transaction_id
    ]


@pytest.mark.parametrize(
    ("customer", "status"), [("8111111", "confirmed"), ("8222222", "declined")]
)
def test_a_cart_is_followed_to_its_end(shop, customer, status):
    cart = shop.insert(customer_id=customer)
    shop.carts.follow(cart)
    shop.ends(cart, shop.said_of(status))
    assert len(shop.calls(cart)) == 1


def test_checks_keep_to_the_hint(shop, simulator):
    cart = shop.insert()
    shop.carts.follow(cart)
    eventually(lambda: len(checks(simulator, cart)) >= 4)
    simulator.confirm(cart)
    shop.ends(cart, "confirmed")
    times = checks(simulator, cart)
    for one, next_one in itertools.pairwise(times):
        assert next_one - one >= timedelta(seconds=0.39)


def test_an_early_message_sends_nothing(shop, simulator):
    cart = shop.insert()
    in_a_while = datetime.now(timezone.utc) + timedelta(seconds=1.5)
    poll = netgiro.CartPoll(cart, timeout=60, now=in_a_while)
    for _ in range(3):
        shop.carts._send(poll, cart.reference, delay=0.0)
    simulator.confirm(cart)
    shop.ends(cart, "confirmed")
    # The two clocks are one machine's.
    assert min(checks(simulator, cart)) >= in_a_while - timedelta(seconds=0.01)
    eventually(lambda: len(shop.calls(cart)) == 3)
    time.sleep(0.5)
    shop.ends(cart, "confirmed")


@pytest.mark.parametrize("by", [600, -600], ids=["ahead", "behind"])
def test_a_message_of_a_machine_whose_clock_is_wrong(shop, simulator, by):
    """It is asked about in time, and not canceled before its own."""
    cart = shop.insert()
    poll = netgiro.CartPoll(
        cart, timeout=60, now=datetime.now(timezone.utc) + timedelta(seconds=by)
    )
    shop.carts._send(poll, cart.reference)
    eventually(lambda: len(checks(simulator, cart)) >= 3)
    assert shop.calls(cart) == []
    simulator.confirm(cart)
    shop.ends(cart, "confirmed")
    assert not any(
        request.endpoint == "CancelCart" and request.transaction_id == cart.transaction_id
        for request in simulator.requests()
    )


@pytest.mark.parametrize("by", [600, -600], ids=["ahead", "behind"])
def test_a_countdown_is_the_polls_own(shop, monkeypatch, by):
    sent = []
    monkeypatch.setattr(shop.carts._task, "apply_async", lambda *_, **kw: sent.append(kw))
    cart = shop.insert()
    at = datetime.now(timezone.utc) + timedelta(seconds=by)
    poll = netgiro.CartPoll(cart, timeout=60, now=at)
    shop.carts._send(poll, cart.reference)
    shop.carts._send(poll.answered("pending", sent_at=at, now=at, jitter=0), cart.reference)
    assert sent[0] == {"countdown": 0.0}
    assert 0.0 <= sent[1]["countdown"] <= 1.0


@pytest.mark.parametrize("failures", [1024, 1025, 10**6, 10**400])
def test_very_many_failures_are_one_more(shop, monkeypatch, failures):
    sent = []
    monkeypatch.setattr(
        shop.carts._task,
        "apply_async",
        lambda given, countdown: sent.append((given[2], countdown)),
    )
    cart = shop.insert()

    def fail(*_):
        raise KeyError("no keys")

    monkeypatch.setattr(shop.carts, "_do", fail)
    shop.carts._step(netgiro.CartPoll(cart).to_json(), cart.reference, failures)
    assert sent == [(failures + 1, 30.0)]


@pytest.mark.parametrize(
    ("token", "failures"),
    [("{}", 0), (None, 0), ([], 0), ("null", 0), (..., "many"), (..., None), (..., 1e999)],
)
def test_a_message_that_cannot_be_read_is_not_sent_back(shop, token, failures):
    cart = shop.insert()
    text = netgiro.CartPoll(cart).to_json() if token is ... else token
    with pytest.raises(Reject) as raised:
        shop.carts._step(text, cart.reference, failures)
    assert raised.value.requeue is False


def test_the_deadline_cancels(shop, simulator):
    cart = shop.insert()
    shop.carts.follow(cart, timeout=1)
    shop.ends(cart, "canceled")


def test_the_customer_accepts_during_the_cancel(shop, simulator):
    cart = shop.insert()
    simulator.add_fault("CancelCart", confirm_during=True)
    shop.carts.follow(cart, timeout=1)
    shop.ends(cart, "confirmed")


def test_an_outage_around_the_deadline(shop, simulator):
    carts = [shop.insert() for _ in range(3)]
    for cart in carts:
        shop.carts.follow(cart, timeout=1)
    simulator.add_fault("*", count=10_000, drop="after", drop_by="reset")
    simulator.confirm(carts[0])
    eventually(lambda: shop.said().count("trying again") >= 3, 180)
    simulator.clear_faults()
    shop.ends(carts[0], "confirmed", 30)
    # What was cut off may have been done: the truth is the simulator's.
    for cart in carts[1:]:
        shop.ends(cart, "canceled", 30)


def test_a_function_that_raises_is_called_again(shop):
    cart = shop.insert("raises", customer_id="8111111")
    shop.carts.follow(cart)
    shop.ends(cart, "confirmed")
    assert len(shop.calls(cart)) == 2


def test_a_process_killed_within_the_function(shop, worker):
    cart = shop.insert("is killed", customer_id="8111111")
    shop.carts.follow(cart)
    shop.ends(cart, "confirmed")
    first, second = shop.calls(cart)
    assert first != second
    assert worker.poll() is None


def test_a_process_killed_since_the_function_hangs(shop, worker):
    cart = shop.insert("hangs", customer_id="8111111")
    token = netgiro.CartPoll(cart).to_json()
    eventually(lambda: shop.simulator.cart(cart).is_paid)
    shop.carts._task.apply_async((token, cart.reference, 0), time_limit=1)
    shop.ends(cart, "confirmed")
    assert len(shop.calls(cart)) == 2


def test_the_shops_move(shop, simulator):
    cart = shop.insert(confirmation_type="manual")
    shop.carts.follow(cart)
    simulator.confirm(cart)
    shop.ends(cart, "confirmed")


def test_another_amount_than_the_carts_is_recorded_as_nothing(shop, simulator):
    cart = shop.insert(amount=1)
    other = netgiro.Cart(cart.transaction_id, reference=cart.reference, amount=100)
    simulator.confirm(cart)
    shop.carts.follow(other)
    eventually(lambda: f"cart {cart.transaction_id}: a person should look at it" in shop.said())
    assert shop.calls(cart) == []


def test_a_message_that_is_no_poll_is_refused_for_good(shop):
    shop.carts._task.apply_async(("{}", "order-x", 0))
    eventually(lambda: "a message was refused" in shop.said())
    time.sleep(0.5)
    assert shop.said().count("a message was refused") == 1


def test_a_message_that_contradicts_itself_calls_no_function(shop, simulator):
    cart = shop.insert()
    paid = netgiro.CartPoll(cart).answered("confirmed")
    token = json.loads(paid.to_json())
    token["state"]["result_code"] = 10425
    asked = len(simulator.requests())
    shop.carts._task.apply_async((json.dumps(token), cart.reference, 0))
    refusal = f"the cart of '{cart.reference}' is followed no longer"
    eventually(lambda: refusal in shop.said())
    assert str(cart.transaction_id) in shop.said().partition(refusal)[2]
    assert len(simulator.requests()) == asked
    assert shop.calls(cart) == []


def test_a_cart_that_is_not_there_yet_is_not_canceled(shop, simulator):
    cart = shop.insert()
    simulator.add_fault("CheckCart", result_code=10201)
    simulator.confirm(cart)
    shop.carts.follow(cart)
    shop.ends(cart, "confirmed")
    # And at the deadline the cancel is what is believed.
    late = shop.insert()
    simulator.add_fault("CheckCart", result_code=10201, count=2)
    shop.carts.follow(late, timeout=0.001)
    shop.ends(late, "canceled")
    assert simulator.cart(late).status == "canceled"


def test_a_message_holds_no_secret(shop, simulator, monkeypatch):
    sent = []
    monkeypatch.setattr(
        shop.carts._task, "apply_async", lambda *args, **kw: sent.append((args, kw))
    )
    cart = shop.insert()
    shop.carts.follow(cart)
    text = json.dumps(sent)
    assert cart.reference in text
    assert simulator.secret_key not in text
    assert "8223281" not in text


def test_one_function_is_registered(shop):
    shop.carts.settled(print)
    with pytest.raises(netgiro.ConfigurationError, match="register one"):
        shop.carts.settled(print)


@pytest.mark.parametrize("goes_wrong", [False, True])
def test_eager_tasks_wait(simulator, goes_wrong):
    app = Celery("eager")
    app.conf.task_always_eager = True
    with simulator.client() as client:
        carts = netgiro.celery.Netgiro(app, lambda: client)
        told = []

        @carts.settled
        def settled(state, reference):
            told.append((str(state.status), reference))
            if goes_wrong:
                raise KeyError("as a test wants to see it")

        cart = client.insert_cart(amount=4990, reference="eager", customer_id="8111111")
        with pytest.raises(KeyError) if goes_wrong else nullcontext():
            carts.follow(cart)
        assert told == [("confirmed", "eager")]


def test_without_celery():
    code = "import sys; sys.modules['celery'] = None; import netgiro; import netgiro.celery"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'netgiro[celery]'" in done.stderr
