"""The arguments of the integrations: what cannot be meant is refused by name, where the shop is put together."""

from __future__ import annotations

import inspect

import celery
import flask
import pytest

import netgiro
import netgiro.celery
import netgiro.fastapi
import netgiro.flask
from netgiro import webhook

HUGE = 10**5000
WRONG = [7, HUGE, 0.5, "\ud800", b"x", [], {"a": 1}, object(), True]
APP = flask.Flask("shop")
QUEUE = celery.Celery("shop", broker="memory://")
FLASK = netgiro.flask.Netgiro()
FASTAPI = netgiro.fastapi.Netgiro(client=lambda: None)
CELERY = netgiro.celery.Netgiro(QUEUE, name="netgiro.first")
ROUTE = {"url": "https://shop.example/callback", "order": lambda _: None}
CALLS = {
    "webhook": (webhook.Webhook, {"order": lambda _: None}),
    "memory ledger": (webhook.MemoryLedger, {}),
    "sqlite ledger": (webhook.SqliteLedger, {"path": "netgiro.sqlite3"}),
    "flask": (netgiro.flask.Netgiro, {}),
    "flask route": (FLASK.callback, {"rule": "/callback", **ROUTE}),
    "fastapi": (netgiro.fastapi.Netgiro, {}),
    "fastapi route": (FASTAPI.callback, {"path": "/callback", **ROUTE}),
    "celery": (netgiro.celery.Netgiro, {"app": QUEUE}),
    "celery follow": (CELERY.follow, {"cart": "0f0e0d0c-0b0a-4908-8706-050403020100"}),
}
# Names of the framework's own, which it checks itself.
OTHERS = {"endpoint", "on"}


def taken(name: str, value: object) -> bool:
    """Return whether the argument may be such a value."""
    kinds = {
        "lease": (int, float),
        "grace": (int, float),
        "timeout": (int, float),
        "path": (str, bytes),
        "capacity": int,
    }
    if name in {"rule", "url"} and isinstance(value, str):
        return value.isprintable()
    return (
        isinstance(value, kinds.get(name, ()))
        and not isinstance(value, bool)
        and (name == "capacity" or value is not HUGE)
    )


@pytest.mark.parametrize(
    ("call", "given", "name"),
    [
        pytest.param(call, given, name, id=f"{called}-{name}")
        for called, (call, given) in CALLS.items()
        for name in inspect.signature(call).parameters
        if name not in OTHERS
    ],
)
def test_refused_by_name(call, given, name):
    for value in WRONG:
        if taken(name, value) or (name == "name" and isinstance(value, str)):
            continue
        with pytest.raises(netgiro.InvalidRequestError, match=rf"{name} must be .*; got "):
            call(**given | {name: value})


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_what_is_decorated_is_a_function(value):
    decorators = [
        FLASK.callback("/callback", **ROUTE),
        FASTAPI.callback("/callback", **ROUTE),
        netgiro.celery.Netgiro(QUEUE, name="netgiro.second").settled,
        netgiro.celery.Netgiro(QUEUE, name="netgiro.third").merchants_move,
    ]
    for decorate in decorators:
        with pytest.raises(
            netgiro.InvalidRequestError, match="the decorated function must be a function; got "
        ):
            decorate(value)


def test_customers_numbers_are_masked():
    with pytest.raises(netgiro.InvalidRequestError) as raised:
        CELERY.follow("0f0e0d0c-0b0a-4908-8706-050403020100", reference=["822-3281"])
    assert "3281" not in str(raised.value)
