"""Django's error reports: no frame of the app shows a customer's number, an SMS code or a secret of the settings."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest
from django.test import RequestFactory, override_settings
from django.views.debug import ExceptionReporter
from djshop.harness.trials import KENNITALA, PHONE

import netgiro
from netgiro.django import checkout, conf
from netgiro.django.models import Cart
from netgiro.django.storage import store

# Nothing of these in a frame of the tests' own: their frames are in the reports as well.
NUMBERS: dict[str, Any] = {
    "plain": PHONE,
    "spelled": f"+354 {PHONE[:3]}.{PHONE[3:]}",
    "kennitala": KENNITALA,
}
WRONG: dict[str, Any] = {"a list": [PHONE], "eleven digits": KENNITALA + "0"}
NUMBERS |= WRONG
CODES = ["4711-never-shown"]
PASSWORD = "hunter2-of-the-proxy"
HIDDEN = [
    PHONE,
    f"{PHONE[:3]}.{PHONE[3:]}",
    KENNITALA,
    *CODES,
    PASSWORD,
    settings.NETGIRO["SECRET_KEY"][:16],
]


def reports(request: HttpRequest | None) -> Iterator[str]:
    """The exception that is handled, in all the ways it is reported."""
    kind, error, trace = sys.exc_info()
    for debug in (True, False):
        with override_settings(DEBUG=debug):
            reporter = ExceptionReporter(request, kind, error, trace)
            yield reporter.get_traceback_html()
            yield reporter.get_traceback_text()
    assert error is not None
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "".join(shown.format())


def hides_all(request: HttpRequest | None = None) -> None:
    for report in reports(request):
        for hidden in HIDDEN:
            at = report.find(hidden)
            assert at < 0, f"…{report[max(0, at - 300) : at + 100]}…"


def names_of(trace: TracebackType | None) -> set[str]:
    return {frame.f_code.co_name for frame, _ in traceback.walk_tb(trace)}


def start(spelling: str, *, awaited: bool, order: str = "order-1", **more: Any) -> Cart:
    if awaited:

        async def view() -> Cart:
            return await checkout.astart(order, 4990, NUMBERS[spelling], **more)

        return async_to_sync(view)()
    return checkout.start(order, 4990, NUMBERS[spelling], **more)


FAULTS: dict[str, Mapping[str, Any]] = {
    "refused": {
        "status": 400,
        "body": f'{{"Success":false,"ResultCode":10306,"Message":"no {PHONE}"}}',
    },
    "no connection": {"drop": "unread"},
    "no answer": {"drop": "after"},
    "a server's error": {"status": 500, "body": f"<p>{KENNITALA} {PHONE[:3]}.{PHONE[3:]}</p>"},
}


@pytest.mark.parametrize("awaited", [False, True], ids=["start", "astart"])
@pytest.mark.parametrize("spelling", ["plain", "spelled", "kennitala"])
@pytest.mark.parametrize("fault", FAULTS)
def test_what_netgiro_says(shop, fault, spelling, awaited):
    shop.add_fault("InsertCart", count=9, **FAULTS[fault])
    try:
        start(spelling, awaited=awaited)
    except netgiro.NetgiroError as error:
        assert "_start" in names_of(error.__traceback__)  # noqa: PT017 - the report is made while it is handled
        hides_all(RequestFactory().post("/pay"))
    else:
        pytest.fail("it went well")


@pytest.mark.parametrize("awaited", [False, True], ids=["start", "astart"])
@pytest.mark.parametrize("stage", ["begin", "inserted"])
def test_the_database(shop, monkeypatch, stage, awaited):
    def fail(*_: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(store, stage, fail)
    try:
        start("plain", awaited=awaited)
    except DatabaseError:
        hides_all()
    else:
        pytest.fail("it went well")


@pytest.mark.parametrize("awaited", [False, True], ids=["start", "astart"])
def test_invalid_arguments(shop, awaited):
    for at, wrong in enumerate(
        ({"items": ["no item"]}, {"confirmation_type": "sometimes"}, {"timeout": "soon"})
    ):
        try:
            start("spelled", awaited=awaited, order=f"order-{at}", **wrong)
        except (TypeError, ValueError):
            hides_all()
        else:
            pytest.fail(f"{wrong} went well")
    for spelling in WRONG:
        try:
            start(spelling, awaited=awaited, order=spelling)
        except (TypeError, ValueError):
            hides_all()
        else:
            pytest.fail("a wrong number went well")


def test_an_order_that_has_a_cart(shop):
    start("plain", awaited=False)
    try:
        start("plain", awaited=False)
    except checkout.OpenCheckoutError:
        hides_all()
    else:
        pytest.fail("it went well")


@pytest.mark.parametrize("call", ["confirm", "aconfirm"])
@pytest.mark.parametrize("of", ["the cart", "checkout"])
def test_a_code(shop, monkeypatch, of, call):
    def fail(*_: Any) -> None:
        raise DatabaseError("the disk is full")

    cart = start("kennitala", awaited=False)
    confirm = getattr(cart, call) if of == "the cart" else partial(getattr(checkout, call), cart)

    async def view() -> None:
        await confirm(CODES[0])

    for prepare in (
        lambda: None,
        lambda: shop.add_fault("ConfirmCart", count=9, status=500),
        lambda: monkeypatch.setattr(checkout, "_reread", fail),
    ):
        prepare()
        try:
            async_to_sync(view)() if call == "aconfirm" else confirm(CODES[0])
        except (netgiro.NetgiroError, DatabaseError):
            hides_all()
        else:
            pytest.fail("it went well")


def test_one_that_is_canceled_in_flight(shop):
    shop.add_fault("InsertCart", delay=0.5)

    async def hang_up() -> None:
        await asyncio.wait_for(checkout.astart("order-1", 4990, NUMBERS["plain"]), 0.1)

    try:
        async_to_sync(hang_up)()
    except TimeoutError:
        hides_all()
    except asyncio.TimeoutError:  # another one before Python 3.11
        hides_all()
    else:
        pytest.fail("it went well")


PROXY = f"http://me:{PASSWORD}@proxy.example:3128"


@pytest.mark.parametrize("kind", [dict, MappingProxyType])
def test_the_settings(kind):
    own = {"PROXY": PROXY, "BASE_URL": "https://netgiro.example/v1/"}
    given = {**settings.NETGIRO, **own, "PREVIOUS_SECRET_KEYS": (settings.NETGIRO["SECRET_KEY"],)}
    with override_settings(NETGIRO=kind(given)):
        del given, own
        assert settings.NETGIRO["PROXY"] == PROXY
        assert conf.options().client["proxy"] == PROXY
        conf.client()
        try:
            raise RuntimeError(repr(settings.NETGIRO))  # noqa: TRY301
        except RuntimeError:
            hides_all(RequestFactory().get("/"))
    # What breaks while the settings are read has them in its frames.
    with override_settings(NETGIRO={**settings.NETGIRO, "PROXY": PROXY, "TIMEOUT": [1]}):
        try:
            conf.options()
        except Exception:  # noqa: BLE001 - whatever it is
            hides_all()
        else:
            pytest.fail("it went well")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ENVIRONMENT": PASSWORD},
        {"BASE_URL": PASSWORD},
        {"BASE_URL": f"https://shop.example/?key={PASSWORD}"},
        {"CALLBACK_BASE_URL": f"https://me:{PASSWORD}@shop.example"},
        {"CHECKOUT_TIMEOUT": PASSWORD},
        {"POLL_POLICY": PASSWORD},
        {"TIMEOUT": PASSWORD},
        {"CA_FILE": PASSWORD},
        {"RESPONSE_VERIFICATION": PASSWORD},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_secret_in_the_wrong_place_is_not_shown(wrong):
    with override_settings(NETGIRO={**settings.NETGIRO, **wrong}):
        told = [f"{problem.message} {problem.hint}" for problem in conf.problems()]
        assert told
        assert PASSWORD not in "".join(told)


@pytest.fixture(autouse=True)
def _shop(database):
    """All of it is about a shop with a database."""
