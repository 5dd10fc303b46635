"""What the routes are made of: the decision, the ledgers, and the threads behind a route."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

import netgiro
from harness import APP_KEY, SECRET_KEY, eventually
from netgiro import _netgiro
from netgiro.webhook import (
    MAX_BODY,
    MemoryLedger,
    Order,
    Refusal,
    SqliteLedger,
    Webhook,
    read_body,
    read_chunks,
)
from netgiro.webhook.followup import FollowUp
from netgiro.webhook.route import Accepted
from netgiro.webhook.sync_or_async import run
from netgiro.webhook.worker_threads import Background

URL = "https://shop.example/netgiro/callback"
CART = uuid.UUID("0f0e0d0c-0b0a-4908-8706-050403020100")
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def client():
    with netgiro.Client(APP_KEY, SECRET_KEY) as client:
        yield client


def signed(nonce="1", amount=4990):
    info = {"TransactionId": str(CART), "ReferenceNumber": "order-1", "TotalAmount": amount}
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    signature = netgiro.sign(SECRET_KEY, nonce, URL, body)
    return {
        "url": URL,
        "headers": {"netgiro_nonce": nonce, "netgiro_signature": signature},
        "body": body,
    }


def receive(kind, webhook, client, parts):
    if kind == "sync":
        return webhook.receive(client, **parts)
    return asyncio.run(webhook.receive_async(client, **parts))


def answer(kind, webhook, client, parts):
    try:
        receive(kind, webhook, client, parts)
    except Refusal as refusal:
        return refusal.status
    return 200


kinds = pytest.mark.parametrize("kind", ["sync", "async"])


@kinds
def test_the_order_may_be_the_shops_own(client, kind):
    class Row:
        amount = Decimal("4990.00")
        reference = "order-1"
        transaction_id = "something else of the shop's"

    accepted = receive(kind, Webhook(order=lambda callback: Row), client, signed())
    assert accepted.callback.transaction_id == CART
    assert accepted.cart == netgiro.Cart(CART, reference="order-1", amount=4990)


@kinds
@pytest.mark.parametrize(
    ("order", "status"),
    [
        (Order(4990, "order-1"), 200),
        (Order(4990, "order-1", CART), 200),
        (Order(4990, "order-1", str(CART).upper()), 200),
        (Order("4990", "order-1", CART), 200),
        (Order("4990.00", "order-1"), 200),
        (Order(Decimal("4990.00"), "order-1"), 200),
        (Order(Decimal("4.99E+3"), "order-1"), 200),
        (netgiro.Cart(CART, reference="order-1", amount=4990), 200),
        (None, 409),
        (Order(4991, "order-1"), 409),
        (Order("4991.00", "order-1"), 409),
        (Order(Decimal("4990.5"), "order-1"), 409),
        (Order("4990.50", "order-1"), 409),
        (Order(4990.5, "order-1"), 409),
        (Order(4990, "ORDER-1"), 409),
        (Order(4990, "order-1 "), 409),
        (Order(4990, "order-1", uuid.UUID(int=1)), 409),
        (netgiro.Cart(uuid.UUID(int=1), reference="order-1", amount=4990), 409),
        (Order(4990, "order-1", "no uuid"), 503),
        (Order("a lot", "order-1"), 503),
        (Order(None, "order-1"), 503),
        (Order(4990, 1001), 503),
        (Order(4990, None), 503),
    ],
)
def test_the_order_must_be_the_callbacks(client, kind, order, status):
    recorded = []
    webhook = Webhook(order=lambda callback: order, record=recorded.append)
    assert answer(kind, webhook, client, signed()) == status
    assert len(recorded) == (status == 200)


@kinds
def test_a_function_may_refuse(client, kind):
    def record(callback):
        raise Refusal(409, "the order was canceled by hand")

    guard = netgiro.MemoryReplayGuard()
    webhook = Webhook(
        order=lambda callback: Order(4990, "order-1"), record=record, replay_guard=guard
    )
    assert answer(kind, webhook, client, signed()) == 409


class HalfCharacterError(Exception):
    def __repr__(self):
        return "no \ud800"


@kinds
@pytest.mark.parametrize(
    ("raised", "status"), [(Refusal(409, "no \ud800"), 409), (HalfCharacterError(), 503)]
)
def test_a_function_may_raise_half_a_character(client, kind, raised, status):
    def record(callback):
        raise raised

    webhook = Webhook(order=lambda callback: Order(4990, "order-1"), record=record)
    assert answer(kind, webhook, client, signed()) == status


class SharedGuard:
    def __init__(self):
        self.seen = set()

    def is_first(self, nonce, signature):
        is_first = signature not in self.seen
        self.seen.add(signature)
        return is_first

    def forget(self, nonce, signature):
        self.seen.remove(signature)


class AwaitedGuard(SharedGuard):
    async def is_first(self, nonce, signature):
        return super().is_first(nonce, signature)

    async def forget(self, nonce, signature):
        super().forget(nonce, signature)


class BrokenGuard(SharedGuard):
    def forget(self, nonce, signature):
        raise OSError("the guard's database is down, too")


@pytest.mark.parametrize(
    ("kind", "guard"),
    [
        ("sync", netgiro.MemoryReplayGuard),
        ("sync", SharedGuard),
        ("sync", BrokenGuard),
        ("async", netgiro.MemoryReplayGuard),
        ("async", SharedGuard),
        ("async", AwaitedGuard),
    ],
)
def test_what_could_not_be_recorded_may_come_once_more(client, kind, guard):
    fails = [True, True]

    def record(callback):
        if fails:
            fails.pop()
            raise OSError("the database is down")

    order = Order(4990, "order-1")
    webhook = Webhook(order=lambda callback: order, record=record, replay_guard=guard())
    answers = [answer(kind, webhook, client, signed()) for _ in range(5)]
    assert answers == [503, 503, 200, 409, 409]


def test_another_process_lets_through_what_was_forgotten(client):
    guard = SharedGuard()

    def fail(callback):
        raise OSError

    def shop(record):
        order = Order(4990, "order-1")
        return Webhook(order=lambda callback: order, record=record, replay_guard=guard)

    one, other = shop(fail), shop(print)
    assert answer("sync", one, client, signed()) == 503
    assert answer("sync", other, client, signed()) == 200
    # And the first does not remember it as one to let through.
    assert answer("sync", one, client, signed()) == 409


def test_a_cancelled_request_may_come_once_more(client):
    order = Order(4990, "order-1")
    recorded = []

    async def main():
        began = asyncio.Event()

        async def record(callback):
            recorded.append(callback)
            if len(recorded) == 1:
                began.set()
                await asyncio.Event().wait()

        guard = netgiro.MemoryReplayGuard()
        webhook = Webhook(order=lambda callback: order, record=record, replay_guard=guard)
        request = asyncio.create_task(webhook.receive_async(client, **signed()))
        await began.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request
        await webhook.receive_async(client, **signed())

    asyncio.run(main())
    assert len(recorded) == 2


def test_nothing_secret_is_logged(client, caplog):
    def fail(callback):
        raise OSError("the database is down")

    webhook = Webhook(order=lambda callback: Order(4990, "order-1"), record=fail)
    assert answer("sync", webhook, client, signed()) == 503
    assert answer("sync", webhook, client, {**signed(), "body": b"{}"}) == 400
    assert "the database is down" in caplog.text
    assert SECRET_KEY not in caplog.text


@pytest.mark.parametrize("length", [None, "", "10", str(MAX_BODY + 1), "1" * 5000])
def test_a_body_is_read_up_to_its_limit(length):
    async def chunks(count):
        for _ in range(count):
            yield b"x" * 1024

    def read(count):
        parts = iter([b"x" * 1024] * count)
        return lambda size: next(parts, b"")

    if length in {None, "", "10"}:
        assert len(read_body(read(64), length)) == MAX_BODY
        assert len(asyncio.run(read_chunks(chunks(64), length))) == MAX_BODY
    with pytest.raises(Refusal, match="larger"):
        read_body(read(65), length)
    with pytest.raises(Refusal, match="larger"):
        asyncio.run(read_chunks(chunks(65), length))


# --- ledgers


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request, tmp_path):
    return MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "ledger")


def test_one_holder_claims_a_cart(ledger):
    assert ledger.claim(CART, "a")
    assert ledger.claim(CART, "a"), "again, before its next attempt"
    assert not ledger.claim(CART, "b")
    ledger.release(CART, "b")
    assert not ledger.claim(CART, "b"), "it was not b's to give back"
    ledger.release(CART, "a")
    assert ledger.claim(CART, "b")
    ledger.done(CART, "b")
    assert not ledger.claim(CART, "a")
    assert not ledger.claim(CART, "b")
    ledger.release(CART, "b")
    assert not ledger.claim(CART, "c"), "what is done stays done"
    assert ledger.claim(uuid.UUID(int=1), "a"), "another cart is another matter"


def test_of_many_one_claims(ledger):
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda holder: ledger.claim(CART, str(holder)), range(64)))
    assert sum(map(bool, claims)) == 1


def test_a_claim_runs_out(tmp_path, monkeypatch):
    now = 1_000_000.0
    monkeypatch.setattr("netgiro.webhook.ledger.time.time", lambda: now)
    ledger = SqliteLedger(tmp_path / "ledger", lease=10)
    assert ledger.claim(CART, "killed")
    now += 9
    assert not ledger.claim(CART, "b")
    now += 2
    assert ledger.claim(CART, "b")
    ledger.done(CART, "b")
    now += 1000
    assert not ledger.claim(CART, "c"), "what is done does not run out"


def test_a_ledger_in_memory_is_bounded():
    ledger = MemoryLedger(capacity=10)
    for number in range(100):
        assert ledger.claim(uuid.UUID(int=number), "a")
    assert ledger.claim(uuid.UUID(int=0), "b"), "the oldest was forgotten"
    assert not ledger.claim(uuid.UUID(int=99), "b")


# --- threads


def test_jobs_run_when_they_are_due():
    background = Background(threads=2)
    ran = []
    began = time.monotonic()
    delays = iter([0.05, 0.05, None])

    def job():
        ran.append(time.monotonic() - began)
        return next(delays)

    hurry = background.put(job, delay=3600)
    hurry()
    assert background.wait(120)
    assert len(ran) == 3
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(ran))
    hurry()  # too late, and harmless
    assert background.wait(120)
    assert len(ran) == 3


def test_jobs_wait_for_a_thread_and_none_is_left_over():
    background = Background(threads=3)
    running, most, lock = [], [], threading.Lock()

    def job():
        with lock:
            running.append(1)
            most.append(len(running))
        time.sleep(0.02)
        with lock:
            running.pop()

    def fail():
        raise RuntimeError("a job that raises stops nobody else")

    for _ in range(12):
        background.put(job)
        background.put(fail)
    assert background.wait(120)
    assert max(most) == 3
    assert len(most) == 12
    eventually(lambda: not [t for t in threading.enumerate() if t.name == "netgiro"])


PROGRAM = """
import os, sys, time
from netgiro.webhook.worker_threads import Background

background = Background()

def job():
    time.sleep(0.3)
    os.write(1, b"done ")

def later():
    os.write(1, b"never ")

background.put(job)
background.put(later, delay=3600)
time.sleep(0.05)
if sys.argv[1] == "fork":
    child = os.fork()
    if child == 0:
        background.put(job)
        sys.exit(0)
    os.waitpid(child, 0)
"""


@pytest.mark.parametrize(("how", "said"), [("end", "done "), ("fork", "done done ")])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_end_of_a_process_waits_for_what_is_due(how, said):
    # What is due in an hour is not waited for.
    done = subprocess.run(
        [sys.executable, "-Wignore", "-c", PROGRAM, how],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.stdout, done.stderr, done.returncode) == (said, "", 0)


# --- what follows the 200


class FailingLedger(MemoryLedger):
    def claim(self, transaction_id, holder, /):
        raise OSError("the database is down")


def test_failures_without_end_wait_a_minute_each(client):
    cart = netgiro.Cart(CART, reference="order-1", amount=4990)
    callback = client.verify_callback(**signed())
    follow_up = FollowUp(Accepted(callback, cart), print, FailingLedger(), client.poll_step)
    delays = [run(follow_up.attempt()) for _ in range(1100)]
    assert delays[:8] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert set(delays[8:]) == {60.0}


def test_how_long_it_is_patient_is_no_matter_of_the_machines_clock(client):
    """A clock that leaps a day ahead ends nothing: the keys may be put right yet."""
    cart = netgiro.Cart(CART, reference="order-1", amount=4990)
    callback = client.verify_callback(**signed())

    def check(_):
        raise netgiro.AuthenticationError("these keys are not known")

    follow_up = FollowUp(Accepted(callback, cart), print, MemoryLedger(), check)
    a_day_ago = datetime.now(timezone.utc) - timedelta(days=1)
    follow_up._state = _netgiro.FollowUp(cart, now=a_day_ago)
    assert run(follow_up.attempt()) == 1.0
    follow_up._began = time.monotonic() - 3600
    assert run(follow_up.attempt()) is None


# --- types


def test_the_modules_are_typed():
    modules = ["flask.py", "fastapi.py", "celery.py", "pytest_plugin.py", "webhook"]
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml"]
    command += ["--follow-imports=silent"]
    done = subprocess.run(
        [*command, *(f"python/netgiro/{module}" for module in modules)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "MYPY_CACHE_DIR": os.devnull},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
