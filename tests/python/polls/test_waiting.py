"""Waiting, settling, watching, many at once, and one step at a time."""

from __future__ import annotations

import itertools
import json
import pickle
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest

import netgiro
from harness import PHONE, QUICK, SOME_ID, connect, eventually


def insert(shop, reference="order-1", customer_id=PHONE):
    return shop.insert_cart(amount=4990, reference=reference, customer_id=customer_id)


def checks(simulator):
    return [request for request in simulator.requests() if request.endpoint == "CheckCart"]


def soon(seconds, action):
    timer = threading.Timer(seconds, action)
    timer.start()
    return timer


def test_wait_reports_each_change_once(shop, simulator):
    cart = insert(shop)
    updates = []

    def on_update(state):
        updates.append(state.status)
        if len(checks(simulator)) == 1:
            soon(0.1, lambda: simulator.confirm(cart))

    state = shop.wait_for_cart(cart, policy=QUICK, on_update=on_update)
    assert state.is_paid
    assert updates == ["pending", "confirmed"]
    assert len(checks(simulator)) > 2


def test_wait_for_a_decline(shop, simulator):
    cart = insert(shop)
    simulator.decline(cart)
    assert shop.wait_for_cart(cart).status == "declined"
    assert len(checks(simulator)) == 1, "the first check is made at once, and it was the last"


def test_wait_ends_at_its_deadline_with_a_last_check(shop, simulator):
    cart = insert(shop)
    started = time.monotonic()
    with pytest.raises(netgiro.WaitTimeoutError) as raised:
        shop.wait_for_cart(cart, timeout=0.3, policy=QUICK)
    assert time.monotonic() - started >= 0.28
    error = raised.value
    assert isinstance(error, TimeoutError)
    assert error.state.status == "pending"
    assert error.retryable
    last = max(request.at for request in checks(simulator))
    assert (last - error.poll.deadline).total_seconds() > -0.01, "not shortly before it"
    assert simulator.cart(cart).status == "pending", "waiting cancels nothing"
    simulator.confirm(cart)
    assert shop.wait_for_cart(error.poll, timeout=60).is_paid, "it goes on from the poll"


@pytest.mark.parametrize("hint", [None, 0, -1, 0.001])
def test_no_hint_makes_a_hot_loop(face, hint):
    with netgiro.Simulator(check_interval=hint) as simulator:
        shop = connect(face, simulator.url)
        cart = insert(shop)
        with pytest.raises(netgiro.WaitTimeoutError):
            shop.wait_for_cart(cart, timeout=0.4)
        assert len(checks(simulator)) <= 2
        shop.close()


def test_failures_on_the_way_are_outlived(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CheckCart", status=500)
    simulator.add_fault("CheckCart", drop="after")
    simulator.add_fault("CheckCart", signature="corrupt")
    simulator.add_fault("CheckCart", body="oops")
    simulator.confirm(cart)
    assert shop.wait_for_cart(cart, policy=QUICK).is_paid
    assert len(checks(simulator)) == 5, "one attempt each"


def test_a_third_answer_that_does_not_verify_ends_it(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CheckCart", signature="corrupt", count=9)
    with pytest.raises(netgiro.SignatureError):
        shop.wait_for_cart(cart, policy=QUICK)
    assert len(checks(simulator)) == 3


def test_keys_that_stopped_working_end_it(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CheckCart", status=401, count=9)
    with pytest.raises(netgiro.AuthenticationError):
        shop.wait_for_cart(cart, policy=QUICK)
    assert len(checks(simulator)) == 1


def test_settle_cancels_at_the_deadline(shop, simulator):
    cart = insert(shop)
    updates = []
    state = shop.settle_cart(cart, timeout=0.1, policy=QUICK, on_update=updates.append)
    assert state.status == "canceled"
    assert [update.status for update in updates] == ["pending", "canceled"]
    assert simulator.cart(cart).status == "canceled"


def test_settle_when_the_customer_is_first(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CancelCart", confirm_during=True)
    state = shop.settle_cart(cart, timeout=0.1, policy=QUICK)
    assert state.is_paid
    assert simulator.cart(cart).is_paid


def test_settle_asks_until_it_is_clear(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CancelCart", drop="after")
    assert shop.settle_cart(cart, timeout=0.05, policy=QUICK).status == "canceled"


def test_settle_that_cannot_learn_the_truth(face):
    with netgiro.Simulator(check_interval=0.01) as simulator:
        shop = connect(face, simulator.url)
        cart = insert(shop)
        policy = netgiro.PollPolicy(0.001, 0.002, 0.003)
        assert shop.check_cart(cart).status == "pending"
        simulator.add_fault("*", status=500, count=100_000)
        with pytest.raises(netgiro.UnresolvedError) as raised:
            shop.settle_cart(cart, timeout=0.02, policy=policy)
        error = raised.value
        assert error.retryable
        assert error.poll.transaction_id == cart.transaction_id
        assert isinstance(error.__cause__, netgiro.ServerError)
        simulator.clear_faults()
        assert shop.settle_cart(error.poll, timeout=0, policy=QUICK).status == "canceled"
        shop.close()


def test_watch_gives_each_change(shop, simulator):
    cart = insert(shop)
    statuses = []
    for state in shop.watch_cart(cart, policy=QUICK):
        statuses.append(str(state.status))
        if state.status == "pending":
            simulator.confirm(cart)
    assert statuses == ["pending", "confirmed"]


def test_watch_raises_at_its_deadline(shop):
    cart = insert(shop)
    changes = shop.watch_cart(cart, timeout=0.1, policy=QUICK)
    assert next(changes).status == "pending"
    with pytest.raises(netgiro.WaitTimeoutError):
        next(changes)
    with pytest.raises(StopIteration):
        next(changes)


def test_watch_that_is_given_up_stops_asking(shop, simulator):
    cart = insert(shop)
    changes = shop.watch_cart(cart, policy=QUICK)
    next(changes)
    del changes
    time.sleep(0.1)
    seen = len(checks(simulator))
    time.sleep(0.15)
    assert len(checks(simulator)) == seen
    assert simulator.cart(cart).status == "pending"


def test_check_many_in_order(shop, simulator):
    carts = [insert(shop, f"order-{at}") for at in range(20)]
    for cart in carts[::2]:
        simulator.confirm(cart)
    progress = []
    results = shop.check_many(
        (cart.transaction_id for cart in carts),
        concurrency=5,
        on_progress=lambda done, total: progress.append((done, total)),
    )
    assert [result.transaction_id for result in results] == [c.transaction_id for c in carts]
    assert [result.state.is_paid for result in results] == [True, False] * 10
    assert all(result.error is None for result in results)
    assert progress == [(done, 20) for done in range(1, 21)]
    assert shop.check_many([]) == []


def test_check_many_keeps_errors_apart(shop, simulator):
    carts = [insert(shop, f"order-{at}") for at in range(3)]
    simulator.add_fault("CheckCart", status=401)
    results = shop.check_many(carts, concurrency=1)
    assert isinstance(results[0].error, netgiro.AuthenticationError)
    assert results[0].state is None
    assert [bool(result.state) for result in results] == [False, True, True]


def test_check_many_wants_carts(shop, simulator):
    with pytest.raises(netgiro.InvalidRequestError, match=r"carts\[2\]"):
        shop.check_many([SOME_ID, SOME_ID, "nonsense"])
    with pytest.raises(TypeError, match="iterable of carts"):
        shop.check_many(SOME_ID)
    with pytest.raises(TypeError):
        shop.check_many(7)
    with pytest.raises(ZeroDivisionError):
        shop.check_many(1 / 0 for _ in range(2))
    assert simulator.requests() == []


def test_wait_many_as_they_settle(shop, simulator):
    carts = [insert(shop, f"order-{at}") for at in range(5)]
    order = [3, 1, 4, 0]
    progress = []
    waiting = shop.wait_many(
        carts, timeout=0.5, policy=QUICK, on_progress=lambda *told: progress.append(told)
    )
    settled = []
    for at in order:
        simulator.confirm(carts[at])
        result = next(waiting)
        assert result.state.is_paid
        settled.append(result.transaction_id)
    assert settled == [carts[at].transaction_id for at in order]
    (last,) = waiting
    assert last.transaction_id == carts[2].transaction_id
    assert isinstance(last.error, netgiro.WaitTimeoutError)
    assert last.error.poll.state.status == "pending"
    assert progress == [(done, 5) for done in range(1, 6)]


def test_wait_many_of_none(shop):
    assert list(shop.wait_many([])) == []


@pytest.mark.parametrize("call", ["wait_for_cart", "settle_cart", "check_many", "wait_many"])
def test_what_a_callback_raises_ends_the_call(shop, simulator, call):
    cart = insert(shop)
    simulator.confirm(cart)

    def refuse(*_told):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        if call in {"check_many", "wait_many"}:
            list(getattr(shop, call)([cart], on_progress=refuse))
        else:
            getattr(shop, call)(cart, on_update=refuse)
    assert shop.check_cart(cart).is_paid, "the client goes on working"


def test_calls_made_from_a_callback(simulator):
    with simulator.client() as shop:
        cart = insert(shop)
        seen = []

        def on_update(state):
            if state.status == "pending":
                simulator.confirm(cart)
            seen.append(shop.check_cart(cart).status)
            seen.extend(r.state.status for r in shop.check_many([cart]))
            seen.extend(s.status for s in shop.watch_cart(cart))

        assert shop.wait_for_cart(cart, policy=QUICK, on_update=on_update).is_paid
        assert seen == ["confirmed"] * 6


def test_poll_step_by_step(shop, simulator):
    cart = insert(shop)
    seldom = netgiro.PollPolicy(600, 600, 600)
    poll = netgiro.CartPoll(cart, timeout=6000, policy=seldom)
    assert not poll.is_done
    poll = shop.poll_step(poll)
    assert poll.state.status == "pending"
    assert poll.next_check_at > datetime.now(timezone.utc)
    assert shop.poll_step(poll) == poll, "too early: nothing is sent"
    assert len(checks(simulator)) == 1
    simulator.confirm(cart)
    text = netgiro.CartPoll(cart, timeout=60, policy=QUICK).to_json()

    def step():
        nonlocal text
        text = shop.poll_step(text).to_json()
        return netgiro.CartPoll.from_json(text).is_done

    eventually(step)
    poll = netgiro.CartPoll.from_json(text)
    assert poll.state.is_paid
    assert shop.poll_step(poll) == poll, "done: nothing is sent"
    assert len(checks(simulator)) == 2


def test_poll_step_at_the_deadline(shop):
    cart = insert(shop)
    poll = netgiro.CartPoll(cart, timeout=0, policy=QUICK)
    with pytest.raises(netgiro.WaitTimeoutError) as raised:
        shop.poll_step(poll)
    assert raised.value.poll.state.status == "pending"
    assert raised.value.state == raised.value.poll.state


def test_poll_step_with_a_failure(shop, simulator):
    cart = insert(shop)
    simulator.add_fault("CheckCart", status=500)
    poll = shop.poll_step(netgiro.CartPoll(cart, timeout=60, policy=QUICK))
    assert poll.state is None
    simulator.add_fault("CheckCart", status=403)
    with pytest.raises(netgiro.AuthenticationError):
        shop.poll_step(netgiro.CartPoll(cart))


def test_poll_token_holds_no_secret(shop, simulator):
    cart = insert(shop)
    simulator.confirm(cart)
    text = shop.poll_step(netgiro.CartPoll(cart)).to_json()
    assert simulator.secret_key not in text
    assert PHONE not in text


def test_answered_takes_states_words_and_errors():
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    poll = netgiro.CartPoll(SOME_ID, now=now)
    later = now + timedelta(milliseconds=40)
    after = poll.answered("pending", sent_at=now, now=later, jitter=0)
    assert after.next_check_at == later + timedelta(seconds=3)
    assert poll.answered(netgiro.CartStatus.PENDING, sent_at=now, now=later, jitter=0) == after
    state = netgiro.CartState(SOME_ID, "pending", checked_at=later)
    assert poll.answered(state, sent_at=now, now=later, jitter=0) == after
    failed = poll.answered(netgiro.ServerError("x", http_status=500), sent_at=now, now=later)
    assert failed.state is None
    with pytest.raises(netgiro.MismatchError, match="other"):
        poll.answered(netgiro.MismatchError("other order"), now=later)
    with pytest.raises(TypeError):
        poll.answered(ValueError("x"))
    with pytest.raises(netgiro.InvalidRequestError):
        poll.answered("paid")
    with pytest.raises(ValueError, match="time zone"):
        poll.answered("pending", now=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(TypeError):
        poll.answered("pending", now=1.0)


# What nobody can have answered about a cart that is paid.
SPOILT = [
    {"result_code": 10425},
    {"result_code": 10201},
    {"result_code": None},
    {"payment_successful": False},
    {"payment_successful": None},
    {"payment": {"transaction_id": SOME_ID}},
    {"payment": {"status_id": 5}},
]


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_is_handed_in_is_checked_as_an_answer_is(shop, simulator, spoilt):
    cart = insert(shop)
    simulator.confirm(cart)
    paid = shop.check_cart(cart)
    poll = netgiro.CartPoll(cart)
    done = poll.answered(paid)
    assert done.is_done
    sent = len(simulator.requests())

    payment = spoilt.get("payment")
    members = {
        name: getattr(paid, name) for name in ("result_code", "payment_successful", "payment")
    }
    members |= spoilt
    if payment:
        members["payment"] = netgiro.PaymentInfo(**paid.payment.to_dict() | payment)
    state = netgiro.CartState(paid.transaction_id, paid.status, **members)
    for after_cancel in (False, True):
        with pytest.raises(netgiro.InvalidRequestError):
            poll.answered(state, after_cancel=after_cancel)

    token = json.loads(done.to_json())
    told = {name: value for name, value in spoilt.items() if name != "payment"}
    if payment:
        told["payment"] = token["state"]["payment"] | {
            name: str(value) if name == "transaction_id" else value
            for name, value in payment.items()
        }
    token["state"] |= told
    text = json.dumps(token)
    with pytest.raises(netgiro.InvalidRequestError):
        netgiro.CartPoll.from_json(text)
    with pytest.raises(netgiro.InvalidRequestError):
        shop.poll_step(text)
    restore, _ = done.__reduce__()
    with pytest.raises(netgiro.InvalidRequestError):
        restore(text)

    results = netgiro.CheckResults([netgiro.CheckResult(cart.transaction_id, state=state)])
    for resume in (results, list(results)):
        with pytest.raises(netgiro.InvalidRequestError):
            shop.check_many([cart], resume=resume)
        with pytest.raises(netgiro.InvalidRequestError):
            list(shop.wait_many([cart], resume=resume))
    kept = pickle.dumps(results)
    with pytest.raises(netgiro.InvalidRequestError):
        pickle.loads(kept)
    assert len(simulator.requests()) == sent


def test_a_cart_that_is_not_there_yet_is_not_canceled(shop, simulator):
    quick = netgiro.PollPolicy(0.01, 0.02, 0.03)
    cart = insert(shop)
    simulator.add_fault("CheckCart", result_code=10201)
    told = []
    simulator.confirm(cart)
    assert shop.wait_for_cart(cart, policy=quick, on_update=told.append).is_paid
    assert [state.status for state in told] == ["confirmed"]

    # A queue that delivers the first step twice has seen it once.
    late = insert(shop)
    poll = netgiro.CartPoll(late, policy=netgiro.PollPolicy(60.0, 60.0, 60.0))
    simulator.add_fault("CheckCart", result_code=10201, count=2)
    first, again = shop.poll_step(poll), shop.poll_step(poll)
    assert [each.is_done for each in (first, again)] == [False, False]
    sent = len(simulator.requests())
    assert shop.poll_step(first) == first
    assert len(simulator.requests()) == sent

    # What our own cancel answers is believed at once.
    state = shop.settle_cart(late, timeout=0.001, policy=quick)
    assert state.status == "canceled"
    assert first.answered(state, after_cancel=True).is_done


def test_the_schedule_is_the_same_blocking_and_awaited(simulator):
    gaps = {}
    for face in ("sync", "async"):
        shop = connect(face, simulator.url)
        cart = insert(shop)
        with pytest.raises(netgiro.WaitTimeoutError):
            shop.wait_for_cart(cart, timeout=0.5, policy=netgiro.PollPolicy(0.1, 0.1, 0.1))
        at = [r.at for r in checks(simulator) if r.transaction_id == cart.transaction_id]
        gaps[face] = [(b - a).total_seconds() for a, b in itertools.pairwise(at)]
        shop.close()
    for of_face in gaps.values():
        # The last check happens at the deadline, however close that is.
        assert all(gap > 0.095 for gap in of_face[:-1])
        assert 1 <= len(of_face) <= 5
