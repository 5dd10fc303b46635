"""Polls that go from one machine to another, whose clocks differ: the server's decides, or the poll's own count."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

import netgiro
from harness import SOME_ID, Answer, Server, connect, eventually
from netgiro import _netgiro

TEN_MINUTES = timedelta(minutes=10)
# How exact the server's Date is taken to be, twice.
CLOCKS_ARE_ONE = timedelta(seconds=4)
QUICK = netgiro.PollPolicy(0.05, 0.05, 0.05)
MEMBERS = ("started_at", "deadline", "next_check_at", "latest")
PENDING = json.dumps(
    {"PaymentSuccessful": False, "Success": True, "ResultCode": 10425, "Message": "wait"}
).encode()


def now() -> datetime:
    return datetime.now(timezone.utc)


def shifted(poll: netgiro.CartPoll, by: timedelta) -> str:
    """The token as a machine would have made it whose clock is wrong by so much."""
    token = json.loads(poll.to_json())
    for member in MEMBERS:
        token["schedule"][member] += by // timedelta(milliseconds=1)
    return json.dumps(token)


def insert(client):
    return client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")


@pytest.fixture
def server():
    """A server that says "pending" for ever, and what its clock says as `server.date`, if anything."""
    server = Server()
    server.date = None
    server.answer = lambda _: Answer(
        body=PENDING,
        headers=(("Date", format_datetime(server.date, usegmt=True)),) if server.date else (),
    )
    yield server
    server.close()


@pytest.fixture
def client_of(server):
    """Makes a client that has heard nothing of the server's clock, as another process would."""
    return lambda: connect("sync", server.url)


@pytest.mark.parametrize("by", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
@pytest.mark.parametrize("way", ["made then", "shifted"])
def test_a_fresh_token_is_asked_about_at_once_and_is_not_over(shop, simulator, by, way):
    cart = insert(shop)
    if way == "made then":
        given = netgiro.CartPoll(cart, timeout=60, policy=QUICK, now=now() + by)
    else:
        given = shifted(netgiro.CartPoll(cart, timeout=60, policy=QUICK), by)
    before = now()
    poll = shop.poll_step(given)
    assert poll.state.status == "pending"
    minute = timedelta(seconds=60)
    assert before + minute - CLOCKS_ARE_ONE <= poll.deadline <= now() + minute
    assert poll.next_check_at <= now() + timedelta(seconds=1)
    simulator.confirm(cart)

    def is_paid():
        nonlocal poll
        poll = shop.poll_step(poll.to_json())
        return poll.is_done and poll.state.is_paid

    eventually(is_paid)


@pytest.mark.parametrize("by", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
def test_a_later_token_is_asked_about_within_its_interval_and_is_not_over(shop, simulator, by):
    cart = insert(shop)
    poll = shop.poll_step(netgiro.CartPoll(cart, timeout=60, policy=QUICK))
    deadline = poll.deadline
    for _ in range(2):
        token = shifted(poll, by)

        def has_asked(token=token):
            nonlocal poll
            before = simulator.cart(cart).checks
            poll = shop.poll_step(token)
            return simulator.cart(cart).checks > before

        # A step that comes early moves the poll to this clock: that is what is to be kept.
        poll = shop.poll_step(token)
        assert poll.next_check_at <= now() + timedelta(seconds=1)
        token = poll.to_json()
        eventually(has_asked)
        assert abs(poll.deadline - deadline) <= CLOCKS_ARE_ONE


@pytest.mark.parametrize("by", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"])
def test_without_a_date_the_polls_own_count_decides(server, client_of, by):
    client = client_of()
    poll = netgiro.CartPoll(SOME_ID, timeout=60, policy=QUICK)
    deadline = poll.deadline
    for count in range(1, 4):
        poll = netgiro.CartPoll.from_json(shifted(poll, by))

        def has_asked(count=count):
            nonlocal poll
            poll = client.poll_step(poll)
            return len(server.requests) == count

        eventually(has_asked)
        assert poll.deadline >= deadline - CLOCKS_ARE_ONE
        assert poll.next_check_at <= now() + timedelta(seconds=1)


def test_a_job_that_comes_late_indeed_is_over(server, client_of):
    """By the server's clock, which an hour's difference to ours does not matter for."""
    client = client_of()
    server.date = now() + timedelta(hours=1)
    poll = client.poll_step(netgiro.CartPoll(SOME_ID, timeout=180, policy=QUICK))
    assert not poll.is_done
    server.date += TEN_MINUTES
    late = shifted(poll, -TEN_MINUTES)
    with pytest.raises(netgiro.WaitTimeoutError) as raised:
        client_of().poll_step(late)
    assert raised.value.poll.state.status == "pending"


def test_a_server_clock_that_leaps_ends_the_wait_and_settling_reads_the_answer(server, client_of):
    """The server's clock decides: that the time is up says nothing about payment, and settling asks."""
    client = client_of()
    server.date = now()
    poll = client.poll_step(netgiro.CartPoll(SOME_ID, timeout=180, policy=QUICK))
    server.date += TEN_MINUTES

    def has_ended():
        nonlocal poll
        try:
            poll = client.poll_step(poll)
        except netgiro.WaitTimeoutError as error:
            return error
        return None

    ended = eventually(has_ended)
    assert ended.state.status == "pending"
    assert not ended.state.is_final
    assert [request.endpoint for request in server.requests].count("CancelCart") == 0
    paid = json.dumps({"PaymentSuccessful": True, "Success": True, "ResultCode": 10200}).encode()

    def answer(_):
        is_late = any(request.endpoint == "CancelCart" for request in server.requests)
        return Answer(body=paid if is_late else PENDING)

    server.answer = answer
    assert client.settle_cart(ended.poll, timeout=0, policy=QUICK).is_paid


def test_a_clock_that_was_set_is_no_reason_to_end(server, client_of):
    client = client_of()
    server.date = now()
    poll = client.poll_step(netgiro.CartPoll(SOME_ID, timeout=180, policy=QUICK))
    deadline = poll.deadline
    server.date += timedelta(seconds=1)
    poll = client_of().poll_step(shifted(poll, -TEN_MINUTES))
    assert not poll.is_done
    assert poll.deadline >= deadline - CLOCKS_ARE_ONE


@pytest.mark.parametrize("by", [TEN_MINUTES, timedelta(days=365)])
def test_waiting_goes_on_from_a_token_of_another_clock(shop, simulator, by):
    cart = insert(shop)
    simulator.confirm(cart)
    ahead = netgiro.CartPoll(cart, policy=QUICK, now=now() + by)
    assert shop.wait_for_cart(ahead, timeout=60).is_paid
    assert [result.state.is_paid for result in shop.wait_many([ahead], timeout=60)] == [True]
    assert shop.settle_cart(ahead, timeout=60).is_paid


def test_a_delay_is_never_longer_than_the_poll_has_scheduled():
    at = now()
    poll = netgiro.CartPoll(SOME_ID, now=at).answered("pending", sent_at=at, now=at, jitter=0)
    for clock in (at, at - TEN_MINUTES, at - timedelta(days=365)):
        assert _netgiro.poll_delay(poll, clock) == 3.0
    assert _netgiro.poll_delay(poll, at + TEN_MINUTES) == 0.0


def test_the_token_says_when_it_started_by_the_servers_clock(server, client_of):
    server.date = datetime(2031, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    poll = client_of().poll_step(netgiro.CartPoll(SOME_ID, policy=QUICK))
    started = json.loads(poll.to_json())["schedule"]["started_at_server"]
    assert started.startswith("2031-02-03T04:")
    assert netgiro.CartPoll.from_json(poll.to_json()) == poll
