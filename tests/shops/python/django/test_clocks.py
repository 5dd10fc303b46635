"""Web servers, workers and a database whose clocks differ, or are set back; and rows that are spoiled."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import timezone as utc
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import DataError, connections
from django.utils import timezone
from djshop import receivers
from djshop.harness.trials import PHONE, eventually, followed, poll_once, told

import netgiro
from netgiro.django import checkout, worker
from netgiro.django.calls import execution
from netgiro.django.models import Cart
from netgiro.django.storage import clock, followup, leases, rows, store

TEN_MINUTES = timedelta(minutes=10)
AHEAD_AND_BEHIND = pytest.mark.parametrize(
    "by", [TEN_MINUTES, -TEN_MINUTES], ids=["ahead", "behind"]
)


@contextmanager
def a_machine_whose_clock_is_wrong(by):
    """What Django says that the time is."""
    right = timezone.now
    with mock.patch.object(timezone, "now", side_effect=lambda: right() + by):
        yield


@contextmanager
def a_database_whose_clock_is_wrong(by):
    """It is put right afterwards."""
    right = clock.now
    with mock.patch.object(clock, "now", lambda alias: right(alias) + by):
        yield


def shift_row(cart, by):
    """Write what an earlier version wrote on a machine whose clock was wrong."""
    token = json.loads(cart.poll)
    for member in ("started_at", "deadline", "next_check_at", "latest"):
        token["schedule"][member] += by // timedelta(milliseconds=1)
    Cart.objects.filter(pk=cart.pk).update(
        poll=json.dumps(token),
        **{name: getattr(cart, name) + by for name in ("due_at", "deadline", "inserted_at")},
    )


def checks(shop, cart):
    return shop.cart(cart.transaction_id).checks


def polled_until_asked(shop, cart, count):
    def has_asked():
        poll_once()
        return checks(shop, cart) >= count

    eventually(has_asked)
    cart.refresh_from_db()


def is_soon(cart):
    # The interval is 1 s at the most here; nobody waits for minutes.
    return cart.due_at <= clock.now(rows.database()) + timedelta(seconds=5)


def test_the_databases_clock(shop):
    before = datetime.now(utc.utc)
    at = clock.now(rows.database())
    assert at.tzinfo is not None
    # It is this machine's here; SQLite's has milliseconds.
    assert before - timedelta(seconds=2) <= at <= datetime.now(utc.utc) + timedelta(seconds=2)


@AHEAD_AND_BEHIND
def test_a_web_server_whose_clock_is_wrong(shop, by):
    with a_machine_whose_clock_is_wrong(by):
        cart = checkout.start("order-1", 4990, PHONE, timeout=60)
    assert abs(cart.deadline - cart.inserted_at - timedelta(seconds=60)) < timedelta(seconds=1)
    assert abs(cart.created_at - clock.now(rows.database())) < TEN_MINUTES / 2
    polled_until_asked(shop, cart, 1)
    assert (cart.status, cart.is_settling) == ("pending", False)
    assert is_soon(cart)
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid


@AHEAD_AND_BEHIND
def test_a_worker_whose_clock_is_wrong(shop, by):
    cart = checkout.start("order-1", 4990, PHONE, timeout=60)
    with a_machine_whose_clock_is_wrong(by):
        polled_until_asked(shop, cart, 2)
        assert (cart.status, cart.is_settling) == ("pending", False)
        shop.confirm(cart.transaction_id)
        assert followed(cart).is_paid
    assert told() == ["confirmed"]


@AHEAD_AND_BEHIND
@pytest.mark.parametrize("asked_before", [False, True])
def test_rows_of_another_clock(shop, by, asked_before):
    cart = checkout.start("order-1", 4990, PHONE, timeout=60)
    if asked_before:
        polled_until_asked(shop, cart, 1)
    asked = checks(shop, cart)
    shift_row(cart, by)
    polled_until_asked(shop, cart, asked + 1)
    assert (cart.status, cart.is_settling) == ("pending", False)
    assert is_soon(cart)
    assert clock.now(rows.database()) < cart.deadline
    assert cart.deadline < clock.now(rows.database()) + timedelta(seconds=70)
    polled_until_asked(shop, cart, asked + 2)
    assert (cart.status, cart.is_settling) == ("pending", False)
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid


def test_a_database_whose_clock_is_set_back(shop):
    with a_database_whose_clock_is_wrong(TEN_MINUTES):
        cart = checkout.start("order-1", 4990, PHONE, timeout=60)
        polled_until_asked(shop, cart, 1)
    asked = checks(shop, cart)
    polled_until_asked(shop, cart, asked + 1)
    assert is_soon(cart)
    assert (cart.status, cart.is_settling) == ("pending", False)
    polled_until_asked(shop, cart, asked + 2)
    # It is brought back once: what is due later is left alone from then on.
    Cart.objects.update(due_at=clock.now(rows.database()) + timedelta(seconds=50))
    assert leases.lease(8) == []
    shop.confirm(cart.transaction_id)
    Cart.objects.update(due_at=clock.now(rows.database()))
    assert followed(cart).is_paid


def test_a_lease_from_before_the_clock_was_set_back_ends(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    with a_database_whose_clock_is_wrong(TEN_MINUTES):
        assert leases.lease(8) == [cart]
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid


def test_a_signal_put_off_before_the_clock_was_set_back(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)

    def fail(_):
        raise ValueError("oops")

    receivers.also.append(fail)
    with a_database_whose_clock_is_wrong(TEN_MINUTES):
        cart.check_now()
        cart.refresh_from_db()
        assert (cart.signal_failures, told()) == (1, [])
    receivers.also.clear()
    followed(cart)
    assert told() == ["confirmed"]


def test_an_insert_survives_a_clock_that_is_set_back(shop):
    with a_database_whose_clock_is_wrong(TEN_MINUTES):
        row = store.begin("order-1", 4990, "*****81", "automatic")
    poll_once()
    row.refresh_from_db()
    now = clock.now(rows.database())
    assert row.status == "inserting"
    assert now < row.due_at < now + TEN_MINUTES / 2


def test_a_worker_that_was_down_cancels_a_cart_that_is_really_late(shop):
    cart = checkout.start("order-1", 4990, PHONE, timeout=0.5)
    assert followed(cart).status == "canceled"


def test_a_code_that_does_not_come_ends_by_the_deadline(shop):
    """Also where nothing says what Netgíró's clock says."""
    with mock.patch.object(execution._Blocking, "server_now", return_value=None):
        cart = checkout.start("order-1", 4990, PHONE, timeout=3)
        state = netgiro.CartState(cart.transaction_id, "needs_code", result_code=10428)
        deadline = cart.deadline
        for _ in range(3):
            now = followup.record(cart.pk, rows.Observation(state, datetime.now(utc.utc)))
            assert (now.status, now.is_settling) == ("needs_code", False)
        assert abs(now.deadline - deadline) < timedelta(seconds=1)
        with a_database_whose_clock_is_wrong(timedelta(seconds=10)):
            now = followup.record(cart.pk, rows.Observation(state, datetime.now(utc.utc)))
        assert now.is_settling


# --- Rows that are spoiled


def spoil(cart, database, **columns):
    """Write past Django, and past what the table checks where that can be had."""
    assignments = ", ".join(f"{column} = %s" for column in columns)
    with connections[database].cursor() as cursor:
        if database == "default":
            cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(
            f"UPDATE netgiro_cart SET {assignments} WHERE id = %s", [*columns.values(), cart.pk]
        )
        if database == "default":
            cursor.execute("PRAGMA ignore_check_constraints = OFF")


def other_goes_on(shop, spoiled, caplog):
    """A sound cart is followed to its end beside a spoiled one, which is logged and rests."""
    other = checkout.start("order-2", 4990, PHONE)
    shop.confirm(other.transaction_id)
    with caplog.at_level(logging.ERROR, logger="netgiro.django"):
        assert followed(other).is_paid
        call_command("netgiro_poll", once=True, interval=0.01)
    assert told("order-2") == ["confirmed"]
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors
    assert all(record.name == "netgiro.django" for record in errors)
    # It is not looked at all the time.
    assert len(errors) <= 2
    found = Cart.objects.filter(pk=spoiled.pk)
    ((due_at, lease),) = found.values_list("due_at", "lease")
    assert lease is None
    assert due_at > clock.now(rows.database()) + timedelta(seconds=20)


@pytest.mark.parametrize("token", ["nonsense", "{}", "null", '{"version": 1}', "[" * 5000])
def test_a_token_that_cannot_be_read(shop, caplog, token):
    cart = checkout.start("order-1", 4990, PHONE)
    Cart.objects.filter(pk=cart.pk).update(poll=token)
    other_goes_on(shop, cart, caplog)


def test_a_missing_token_starts_anew(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    Cart.objects.filter(pk=cart.pk).update(poll="")
    shop.confirm(cart.transaction_id)
    assert followed(cart).is_paid


@pytest.mark.parametrize(
    "columns",
    [
        {"amount": "some"},
        {"amount": -1},
        {"amount": 0},
        {"transaction_id": "zzz"},
        {"reference": b"\xff"},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_a_column_that_cannot_be_read(shop, database, caplog, columns):
    if database != "default":
        pytest.skip("PostgreSQL takes no such value")
    cart = checkout.start("order-1", 4990, PHONE)
    spoil(cart, database, **columns)
    try:
        other_goes_on(shop, cart, caplog)
    finally:
        with connections[database].cursor() as cursor:
            cursor.execute("DELETE FROM netgiro_cart WHERE id = %s", [cart.pk])


@pytest.mark.parametrize("failures", [1, 1022, 1024, 1025, 5000, 2**31 - 1])
def test_a_receiver_that_fails_for_ever(shop, caplog, failures):
    def fail(cart):
        if cart.reference == "order-1":
            raise ValueError("oops\0")

    receivers.also.append(fail)
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    cart.check_now()
    Cart.objects.filter(pk=cart.pk).update(
        signal_failures=failures, due_at=clock.now(rows.database())
    )
    call_command("netgiro_poll", once=True, interval=0.01)
    cart.refresh_from_db()
    now = clock.now(rows.database())
    assert cart.signal_failures == min(failures + 1, 2**31 - 1)
    assert now < cart.due_at <= now + timedelta(seconds=600)
    if failures > 10:
        assert cart.due_at > now + timedelta(seconds=500)
    receivers.also.clear()
    Cart.objects.filter(pk=cart.pk).update(due_at=now)
    followed(cart)
    assert told() == ["confirmed"]


@pytest.mark.parametrize(
    "error",
    [
        KeyError("reference"),
        OverflowError("too large"),
        DataError("out of range"),
        RecursionError(),
    ],
)
@pytest.mark.parametrize("where", ["record", "ask", "handle"])
def test_an_error_about_one_row(shop, caplog, error, where):
    cart = checkout.start("order-1", 4990, PHONE)
    module, name = {
        "record": (followup, "record"),
        "ask": (checkout, "ask"),
        "handle": (worker, "handle_without_asking"),
    }[where]
    right = getattr(module, name)

    def wrong(*given, **named):
        first = next(each for each in given if isinstance(each, (Cart, int)))
        if getattr(first, "pk", first) == cart.pk:
            raise error
        return right(*given, **named)

    if where == "handle":
        Cart.objects.filter(pk=cart.pk).update(transaction_id=None, status="inserting")
    with mock.patch.object(module, name, wrong):
        other_goes_on(shop, cart, caplog)


def test_the_worker_waits_for_a_database_that_is_down(shop, caplog):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    right = leases.lease
    failures = [ValueError("no"), DataError("down")]

    def wrong(*given, **named):
        if failures:
            raise failures.pop()
        return right(*given, **named)

    each = worker.Worker(interval=0.01)
    with mock.patch.object(leases, "lease", wrong), mock.patch.object(worker.time, "sleep"):
        receivers.also.append(lambda _: each.stop())
        each.run()
    assert told() == ["confirmed"]
    assert caplog.text.count("again in a second") == 2
