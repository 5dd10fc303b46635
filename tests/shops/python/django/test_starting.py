"""Starting a checkout: the intent is kept before anything is sent, and an order has one cart at a time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connections, transaction
from django.test import Client, TestCase
from django.utils import timezone
from djshop.harness.trials import KENNITALA, PHONE, at_once, eventually, followed, poll_once, told

import netgiro
from netgiro.django import checkout, conf
from netgiro.django.models import Cart, Status
from netgiro.django.storage import rows, store


def asked(simulator):
    """The references of the carts that InsertCart asked for, also of those that were refused."""
    return [
        r.body.split('"Reference":"')[1].split('"')[0]
        for r in simulator.requests()
        if r.endpoint == "InsertCart"
    ]


def test_a_checkout(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    (held,) = shop.carts()
    assert (held.reference, held.amount, held.customer_id) == ("order-1", 4990, PHONE)
    assert (cart.transaction_id, cart.status, cart.attempt) == (held.transaction_id, "pending", 1)
    assert (cart.order_reference, cart.reference, cart.amount) == ("order-1", "order-1", 4990)
    assert cart.created_at < cart.inserted_at
    assert netgiro.CartPoll.from_json(cart.poll).deadline == cart.deadline
    assert not cart.is_paid
    assert told() == []


def test_an_awaited_checkout(shop):
    cart = async_to_sync(checkout.astart)("order-1", 4990, PHONE, confirmation_type="manual")
    assert shop.cart(cart.transaction_id).confirmation_type == "manual"
    assert cart.status == "pending"
    shop.confirm(cart.transaction_id)
    assert async_to_sync(cart.acheck_now)().status == "reserved"
    assert async_to_sync(cart.aconfirm)().is_paid
    other = async_to_sync(checkout.astart)("order-2", 4990, PHONE)
    assert async_to_sync(other.acancel)().status == "canceled"
    assert told() == ["confirmed", "canceled"]


def test_the_intent_is_committed_before_anything_is_sent(shop):
    shop.add_fault("InsertCart", delay=1.0)

    def look():
        row = eventually(Cart.objects.first)
        assert row.transaction_id is None
        return row.status

    cart, status = at_once(lambda: checkout.start("order-1", 4990, PHONE), look)
    assert status == "inserting"
    assert cart.status == "pending"


def test_an_order_has_one_open_cart(shop):
    first = checkout.start("order-1", 4990, PHONE)
    with pytest.raises(checkout.OpenCheckoutError, match="pending") as refused:
        checkout.start("order-1", 4990, PHONE)
    assert refused.value.cart == first
    assert asked(shop) == ["order-1"]


def test_the_database_itself_refuses_a_second_cart(shop):
    first = checkout.start("order-1", 4990, PHONE)
    second = {"order_reference": "order-1", "attempt": 2, "reference": "x", "amount": 1}
    with pytest.raises(IntegrityError), transaction.atomic(using=rows.database()):
        Cart.objects.create(**second)
    for wrong in [{"holds_order": False}, {"transaction_id": None}, {"amount": 0}]:
        with pytest.raises(IntegrityError), transaction.atomic(using=rows.database()):
            Cart.objects.filter(pk=first.pk).update(**wrong)


@pytest.mark.parametrize("how", ["start", "astart"])
def test_of_many_at_once_one_is_accepted(shop, how):
    def start():
        if how == "start":
            return checkout.start("order-1", 4990, PHONE)
        return async_to_sync(checkout.astart)("order-1", 4990, PHONE)

    results = at_once(*[start] * 8)
    assert sum(isinstance(result, Cart) for result in results) == 1
    refused = [result for result in results if not isinstance(result, Cart)]
    assert all(isinstance(error, checkout.OpenCheckoutError) for error in refused), refused
    assert asked(shop) == ["order-1"]


def test_a_paid_order_is_not_asked_for_again(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    assert cart.check_now().is_paid
    with pytest.raises(checkout.OpenCheckoutError, match="paid"):
        checkout.start("order-1", 4990, PHONE)
    assert asked(shop) == ["order-1"]


def test_an_order_whose_cart_was_declined_may_be_asked_for_again(shop):
    first = checkout.start("order-1", 4990, PHONE)
    shop.decline(first.transaction_id)
    assert first.check_now().status == "declined"
    taken = checkout.start("order-1-2", 10, PHONE)
    second = checkout.start("order-1", 4990, PHONE)
    assert (second.attempt, second.reference) == (3, "order-1-3")
    assert taken.reference == "order-1-2"
    assert len({cart.reference for cart in shop.carts()}) == 3


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"customer_id": "555-0000"}, netgiro.InvalidRequestError),
        ({"confirmation_type": "perhaps"}, netgiro.InvalidRequestError),
    ],
)
def test_a_local_refusal_asks_nobody(shop, change, error):
    with pytest.raises(error):
        checkout.start(
            **{"order_reference": "order-1", "amount": 1, "customer_id": PHONE, **change}
        )
    (row,) = Cart.objects.all()
    assert (row.status, row.due_at, row.transaction_id) == ("failed", None, None)
    assert row.problem
    assert checkout.start("order-1", 1, PHONE).status == "pending"
    assert told() == []


@pytest.mark.parametrize(
    "order",
    [
        {"order_reference": ""},
        {"order_reference": "x" * 201},
        {"amount": 0},
        {"amount": -5},
        {"timeout": 0},
    ],
)
def test_an_invalid_order_is_not_stored(shop, order):
    with pytest.raises(netgiro.InvalidRequestError):
        checkout.start(**{"order_reference": "order-1", "amount": 1, "customer_id": PHONE, **order})
    assert not Cart.objects.exists()


def test_a_refusal_of_netgiro_asks_nobody(shop):
    shop.add_fault("InsertCart", result_code=10305)
    with pytest.raises(netgiro.ApiError):
        checkout.start("order-1", 1, PHONE)
    assert Cart.objects.get().status == "failed"
    assert checkout.start("order-1", 1, PHONE).reference == "order-1-2"


def test_a_server_that_is_not_there_asked_nobody(shop, options):
    options(BASE_URL="http://127.0.0.1:9/v1/", TIMEOUT=0.5)
    with pytest.raises(netgiro.ConnectError):
        checkout.start("order-1", 1, PHONE)
    assert Cart.objects.get().status == "failed"


@pytest.mark.parametrize("processed", [True, False])
def test_an_unknown_outcome_keeps_the_order(shop, processed):
    shop.add_fault("InsertCart", drop="after" if processed else "before")
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-1", 4990, PHONE)
    row = Cart.objects.get()
    assert (row.status, row.due_at) == ("outcome_unknown", None)
    poll_once()
    with pytest.raises(checkout.OpenCheckoutError, match="may have been sent"):
        checkout.start("order-1", 4990, PHONE)
    assert list(Cart.objects.for_a_person()) == [row]
    assert asked(shop) == ["order-1"]


REFUSED = [
    {"customer_id": None},
    {"customer_id": 8223281},
    {"customer_id": b"8223281"},
    {"customer_id": "555-000000"},
    {"confirmation_type": "later"},
    {"confirmation_type": "server_callback", "callback": None},
    {"description": 7},
    {"description": ["coffee"]},
    {"location_id": 7},
    {"register_id": b"7"},
    {"items": 7},
    {"items": [7]},
    {"items": [{"name": "Coffee"}]},
    {"items": [{"name": "Coffee", "unit_price": 0.5, "quantity": 1}]},
    {"amount": 0},
    {"amount": "4990 kr."},
    {"timeout": 0},
    {"timeout": "soon"},
    {"timeout": 1e308},
    {"timeout": 10**400},
    {"timeout": float("nan")},
    {"order_reference": "  "},
]


@pytest.mark.parametrize("how", ["start", "astart"])
@pytest.mark.parametrize("wrong", REFUSED, ids=str)
def test_an_order_without_a_request_stays_free(shop, options, how, wrong):
    if "callback" in wrong:
        options(CALLBACK_BASE_URL=None)
    given = {"order_reference": "order-1", "amount": 4990, "customer_id": PHONE, **wrong}
    given.pop("callback", None)
    start = checkout.start if how == "start" else async_to_sync(checkout.astart)
    with pytest.raises((netgiro.InvalidRequestError, TypeError, ValueError)):
        start(**given)
    assert not Cart.objects.exclude(status="failed", holds_order=False).exists()
    assert asked(shop) == []
    assert checkout.start("order-1", 4990, PHONE).status == "pending"


def test_items_may_come_from_a_generator(shop):
    lines = ({"name": name, "unit_price": 2495, "quantity": 1} for name in ("Coffee", "Cake"))
    checkout.start("order-1", 4990, PHONE, items=lines)
    (request,) = [r for r in shop.requests() if r.endpoint == "InsertCart"]
    assert '"Coffee"' in request.body
    assert '"Cake"' in request.body


@pytest.mark.parametrize("how", ["start", "astart"])
def test_settings_that_cannot_be_used_store_nothing(shop, options, how):
    options(CA_FILE="/nowhere/ca.pem")
    start = checkout.start if how == "start" else async_to_sync(checkout.astart)
    with pytest.raises((ImproperlyConfigured, netgiro.ConfigurationError)):
        start("order-1", 4990, PHONE)
    assert not Cart.objects.exclude(status="failed").exists()


def broken_off(cause):
    error = KeyboardInterrupt()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("how", ["start", "astart"])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (netgiro.ConnectError("no"), "failed"),
        (netgiro.ServerError("no", request_sent="no"), "failed"),
        (netgiro.ServerError("who knows", request_sent="maybe"), "outcome_unknown"),
        (netgiro.OutcomeUnknownError("who knows", request_sent="maybe"), "outcome_unknown"),
        (RuntimeError("a bug"), "outcome_unknown"),
        (KeyboardInterrupt(), "outcome_unknown"),
        (SystemExit(1), "outcome_unknown"),
        (broken_off(netgiro.OutcomeUnknownError("asked", request_sent="maybe")), "outcome_unknown"),
        (broken_off(netgiro.ConnectError("nothing left")), "failed"),
    ],
    ids=repr,
)
def test_an_interruption_of_a_checkout_is_recorded(shop, monkeypatch, how, error, status):
    class Broken:
        def insert_cart(self, **_):
            raise error

    class AwaitedAndBroken:
        async def insert_cart(self, **_):
            raise error

    monkeypatch.setattr(conf, "client", Broken)
    monkeypatch.setattr(conf, "async_client", AwaitedAndBroken)
    with pytest.raises(type(error)):
        if how == "start":
            checkout.start("order-1", 4990, PHONE)
        elif isinstance(error, Exception):
            async_to_sync(checkout.astart)("order-1", 4990, PHONE)
        else:
            pytest.skip("an event loop lets these through at once")
    row = Cart.objects.get()
    assert row.status == status
    assert row.holds_order is (status == "outcome_unknown")
    assert row.problem


STARTING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


@pytest.mark.parametrize("asked_for", [True, False])
def test_ctrl_c_in_a_checkout_is_recorded(shop, database, asked_for):
    shop.add_fault("InsertCart", delay=60.0)
    with socket.socket() as mute, contextlib.ExitStack() as connected:
        # Takes connections and never says a word: over TLS, nothing can be sent to it.
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        silent = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        environment = {
            **os.environ,
            "DJSHOP_NETGIRO_URL": shop.url if asked_for else silent,
            "PYTHONPATH": str(Path(__file__).parent),
        }
        command = [sys.executable, "-c", STARTING + CRASHING, database]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        if asked_for:
            eventually(lambda: asked(shop), 60)
        else:
            connected.enter_context(mute.accept()[0])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    row = Cart.objects.get()
    assert row.status == ("outcome_unknown" if asked_for else "failed")
    assert PHONE not in row.problem


CRASHING = """
import django; django.setup()
from djshop import router
from netgiro.django import checkout
import sys
router.alias = sys.argv[1]
checkout.start("order-1", 4990, "8223281")
"""


@pytest.mark.parametrize(
    "fault", [{"delay": 30.0, "processed": True}, {"delay": 30.0, "processed": False}]
)
def test_a_crash_between_the_intent_and_the_answer(shop, database, fault):
    shop.add_fault("InsertCart", **fault)
    environment = {
        **os.environ,
        "DJSHOP_NETGIRO_URL": shop.url,
        "PYTHONPATH": str(Path(__file__).parent),
    }
    process = subprocess.Popen([sys.executable, "-c", CRASHING, database], env=environment)
    try:
        eventually(lambda: asked(shop))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    row = Cart.objects.get()
    assert (row.status, row.transaction_id) == ("inserting", None)
    poll_once()
    with pytest.raises(checkout.OpenCheckoutError, match="being sent"):
        checkout.start("order-1", 4990, PHONE)
    # Nobody can still be waiting for the answer.
    past = timezone.now() - timedelta(seconds=1)
    assert row.due_at > timezone.now()
    Cart.objects.update(due_at=past)
    poll_once()
    row.refresh_from_db()
    assert (row.status, row.due_at) == ("outcome_unknown", None)
    with pytest.raises(checkout.OpenCheckoutError, match="may have been sent"):
        checkout.start("order-1", 4990, PHONE)
    assert asked(shop) == ["order-1"]


def test_a_stale_intent_is_for_a_person(shop):
    row = store.begin("order-1", 4990, "*****81", "automatic")
    assert not Cart.objects.for_a_person().exists()
    Cart.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    assert list(Cart.objects.for_a_person()) == [row]


def test_an_answer_that_could_not_be_recorded(shop, monkeypatch, caplog):
    def fail(*_):
        raise ValueError("no disk")

    with monkeypatch.context() as patch:
        patch.setattr(store, "inserted", fail)
        with pytest.raises(ValueError, match="no disk"):
            checkout.start("order-1", 4990, PHONE)
    (held,) = shop.carts()
    assert str(held.transaction_id) in caplog.text
    row = Cart.objects.get()
    assert row.status == "inserting"
    # What the log says can be given back.
    store.adopt(row, held.transaction_id)
    shop.confirm(held.transaction_id)
    assert followed(row).is_paid


def test_inside_a_transaction_it_is_refused(shop):
    with (
        transaction.atomic(using=rows.database()),
        pytest.raises(transaction.TransactionManagementError, match="non_atomic_requests"),
    ):
        checkout.start("order-1", 4990, PHONE)
    connection = connections[rows.database()]
    connection.set_autocommit(False)
    try:
        with pytest.raises(transaction.TransactionManagementError, match="must commit"):
            checkout.start("order-1", 4990, PHONE)
    finally:
        connection.rollback()
        connection.set_autocommit(True)
    assert not Cart.objects.exists()
    assert asked(shop) == []


def test_with_atomic_requests(shop, monkeypatch):
    if rows.database() != "default":
        pytest.skip("the views are about the default database")
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", "yes")
    query = f"?order=order-1&amount=100&customer={PHONE}"
    with pytest.raises(transaction.TransactionManagementError, match="non_atomic_requests"):
        Client().post("/buy/" + query)
    assert asked(shop) == []
    answer = Client().post("/durable-buy/" + query)
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")


@pytest.mark.parametrize("path", ["/buy/", "/abuy/"])
def test_views_of_both_kinds(shop, path):
    query = f"?order=order-1&amount=100&customer={PHONE}"
    answer = Client().post(path + query)
    assert (answer.status_code, answer.json()["status"]) == (200, "pending")
    answer = Client().post(path + query)
    assert (answer.status_code, answer.json()["error"]) == (409, "OpenCheckoutError")


def test_a_caller_that_hangs_up_does_not_lose_the_answer(shop):
    shop.add_fault("InsertCart", delay=0.5, processed=True)

    async def hang_up():
        task = asyncio.ensure_future(checkout.astart("order-1", 4990, PHONE))
        while not asked(shop):  # noqa: ASYNC110 - the simulator has no event
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        deadline = time.monotonic() + 60
        while not await Cart.objects.filter(status="pending").aexists():
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)

    async_to_sync(hang_up)()
    assert Cart.objects.get().transaction_id == shop.carts()[0].transaction_id


def test_a_loop_that_shuts_down_while_the_intent_is_written_frees_the_order(shop, monkeypatch):
    begun, begin, told = threading.Event(), store.begin, threading.Event()

    def slow(*args):
        begun.set()
        assert told.wait(60)
        return begin(*args)

    monkeypatch.setattr(store, "begin", slow)

    async def shop_closes():
        task = asyncio.ensure_future(checkout.astart("order-1", 4990, PHONE))
        while not begun.is_set():  # noqa: ASYNC110 - an event of threads
            await asyncio.sleep(0.01)
        everything = asyncio.all_tasks() - {asyncio.current_task()}
        for each in everything:
            each.cancel()
        asyncio.get_running_loop().call_later(0.05, told.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*everything, return_exceptions=True)

    asyncio.run(shop_closes())
    row = Cart.objects.get()
    assert (row.status, row.holds_order) == ("failed", False)
    assert asked(shop) == []
    monkeypatch.undo()


def test_no_number_is_stored_or_logged(shop, caplog):
    caplog.set_level(logging.DEBUG)
    checkout.start("order-1", 4990, "+354 822-3281")
    checkout.start("order-2", 4990, KENNITALA)
    shop.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError) as unknown:
        checkout.start("order-3", 4990, PHONE)
    with pytest.raises(netgiro.InvalidRequestError) as invalid:
        checkout.start("order-4", 4990, "555-12345678")
    kept = [str(row) for row in Cart.objects.values()]
    errors = [f"{error.value} {error.value!r}" for error in (unknown, invalid)]
    everything = "\n".join([*kept, *errors, caplog.text]).replace("-", "").replace(" ", "")
    for number in (PHONE, KENNITALA, "55512345678"):
        assert number not in everything
    customers = Cart.objects.order_by("order_reference").values_list("customer", flat=True)
    assert list(customers)[:2] == ["********81", "********19"]


def test_a_lost_cart_is_found_by_its_callback_state(shop):
    """Netgíró's id may come by a callback before the answer to InsertCart does."""
    row = store.begin("order-1", 4990, "*****81", "automatic")
    held = shop.client().insert_cart(amount=4990, reference="order-1", customer_id=PHONE)
    store.adopt(row, held.transaction_id)
    again = store.inserted(row, held, 180.0)
    assert (again.status, again.transaction_id) == (Status.PENDING, held.transaction_id)
    with pytest.raises(ValueError, match="already"):
        store.adopt(row, held.transaction_id)


class InATestCase(TestCase):
    """A TestCase wraps each test in a transaction, which the app lets pass."""

    def test_a_checkout(self):
        with netgiro.Simulator(check_interval=0.02) as simulator:
            settings = {"BASE_URL": simulator.url}
            from django.conf import settings as given  # noqa: PLC0415

            with self.settings(NETGIRO={**given.NETGIRO, **settings}):
                cart = checkout.start("order-1", 4990, PHONE)
                simulator.confirm(cart.transaction_id)
                with self.captureOnCommitCallbacks(execute=True):
                    assert cart.check_now().is_paid
                assert told() == ["confirmed"]

    async def test_an_awaited_checkout(self):
        with netgiro.Simulator(check_interval=0.02) as simulator:
            from django.conf import settings as given  # noqa: PLC0415

            with self.settings(NETGIRO={**given.NETGIRO, "BASE_URL": simulator.url}):
                cart = await checkout.astart("order-1", 4990, PHONE)
                assert (await cart.acancel()).status == "canceled"


@pytest.fixture(autouse=True)
def _tables(tables):
    """Also for the tests of unittest."""
