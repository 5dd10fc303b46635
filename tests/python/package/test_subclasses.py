"""Classes that are derived from the clients, with an `__init__` of their own."""

from __future__ import annotations

import asyncio
import copy
import gc
import inspect
import pickle

import pytest

import netgiro
from harness import APP_KEY, PHONE, SECRET_KEY, SOME_ID
from netgiro import _netgiro

KINDS = [netgiro.Client, netgiro.AsyncClient]
kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}


def outcome(brought):
    return asyncio.run(brought) if inspect.isawaitable(brought) else brought


@kinds
def test_an_init_of_its_own(simulator, kind):
    keys = {"north": (simulator.app_key, simulator.secret_key)}

    class Shop(kind):
        def __init__(self, shop_id, *, label="a shop"):
            app_key, secret_key = keys[shop_id]
            super().__init__(
                app_key=app_key, secret_key=secret_key, base_url=simulator.url, timeout=7
            )
            self.shop_id = shop_id
            self.label = label

    shop = Shop("north", label="the north")
    assert isinstance(shop, kind)
    assert (shop.shop_id, shop.label) == ("north", "the north")
    assert shop.base_url == simulator.url
    assert "Shop" in repr(shop)
    assert outcome(shop.insert_cart(**ORDER)).reference == "order-1"
    outcome(shop.close())
    with pytest.raises(TypeError, match="shop_id"):
        Shop()
    with pytest.raises(netgiro.ConfigurationError, match="app_key"):
        keys["north"] = ("no GUID", "x")
        Shop("north")


@kinds
def test_methods_may_be_overridden(simulator, kind):
    calls = []

    if kind is netgiro.Client:

        class Shop(kind):
            def check_cart(self, transaction_id):
                calls.append(transaction_id)
                return super().check_cart(transaction_id)
    else:

        class Shop(kind):
            async def check_cart(self, transaction_id):
                calls.append(transaction_id)
                return await super().check_cart(transaction_id)

    shop = Shop(simulator.app_key, simulator.secret_key, base_url=simulator.url)
    assert outcome(shop.check_cart(SOME_ID)).status == "canceled"
    assert calls == [SOME_ID]


@kinds
@pytest.mark.parametrize("takes", ["nothing more", "keywords", "an argument of its own"])
def test_from_env_gives_one_of_the_class(simulator, monkeypatch, kind, takes):
    monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
    monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
    monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
    monkeypatch.setenv("NETGIRO_PAYMENT_INFO", "required")

    class Plain(kind):
        pass

    class WithKeywords(kind):
        def __init__(self, *args, label="a label", **options):
            super().__init__(*args, **options)
            self.label = label

    class WithAnArgument(kind):
        def __init__(self, shop_id):
            raise AssertionError(shop_id)

    classes = {
        "nothing more": Plain,
        "keywords": WithKeywords,
        "an argument of its own": WithAnArgument,
    }
    shop = classes[takes].from_env()
    assert type(shop) is classes[takes]
    assert type(kind.from_env()) is kind
    assert shop.base_url == simulator.url
    if takes == "keywords":
        assert shop.label == "a label"
    assert outcome(shop.check_cart(SOME_ID)).status == "canceled"
    monkeypatch.setenv("NETGIRO_PAYMENT_INFO", "sometimes")
    with pytest.raises(netgiro.ConfigurationError, match="payment_info"):
        classes[takes].from_env()
    monkeypatch.delenv("NETGIRO_APP_KEY")
    with pytest.raises(netgiro.ConfigurationError, match="NETGIRO_APP_KEY"):
        classes[takes].from_env()


CALLS = {
    "insert_cart": ORDER,
    "check_cart": {"transaction_id": SOME_ID},
    "cancel_cart": {"transaction_id": SOME_ID},
    "confirm_cart": {"transaction_id": SOME_ID},
    "wait_for_cart": {"cart": SOME_ID},
    "settle_cart": {"cart": SOME_ID},
    "watch_cart": {"cart": SOME_ID},
    "check_many": {"ids": [SOME_ID]},
    "check_each": {"ids": [SOME_ID]},
    "wait_many": {"carts": [SOME_ID]},
    "poll_step": {"poll": netgiro.CartPoll(SOME_ID)},
    "settlements": {"date_from": "2026-01-01", "date_to": "2026-01-02"},
    "settlement_items": {"number": "1"},
    "verify_callback": {"url": "u", "headers": {}, "body": b""},
    "verify_callback_once": {
        "url": "u",
        "headers": {},
        "body": b"",
        "replay_guard": netgiro.MemoryReplayGuard(),
    },
    "close": {},
}


@kinds
def test_one_that_does_not_call_super_says_so(kind):
    class Forgetful(kind):
        def __init__(self):
            pass

    shop = Forgetful()
    assert repr(shop).endswith("Forgetful, not made yet>")
    for name, given in CALLS.items():
        with pytest.raises(
            netgiro.ConfigurationError, match=r"super\(\).__init__\(app_key, secret_key\)"
        ):
            outcome(getattr(shop, name)(**given))
    with pytest.raises(netgiro.ConfigurationError, match="super"):
        shop.base_url  # noqa: B018
    with pytest.raises(netgiro.ConfigurationError, match="super"):
        _netgiro.server_now(shop)
    assert shop.unfinished is None

    async def within():
        async with shop:
            raise AssertionError

    with pytest.raises(netgiro.ConfigurationError, match="super"):
        if kind is netgiro.Client:
            with shop:
                raise AssertionError
        else:
            asyncio.run(within())
    gc.collect()


@kinds
def test_a_client_is_made_once(kind):
    shop = kind(APP_KEY, SECRET_KEY)
    with pytest.raises(netgiro.ConfigurationError, match="made already"):
        shop.__init__(APP_KEY, SECRET_KEY, environment="production")
    assert "test" in shop.base_url
    empty = kind.__new__(kind)
    with pytest.raises(netgiro.InvalidRequestError, match="app_key"):
        empty.__init__(None, SECRET_KEY)
    empty.__init__(APP_KEY, SECRET_KEY)
    assert "test" in empty.base_url


@kinds
def test_clients_are_not_copied_and_not_pickled(kind):
    class Shop(kind):
        pass

    for shop in (kind(APP_KEY, SECRET_KEY), Shop(APP_KEY, SECRET_KEY)):
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="pickle"):
                copied(shop)


def test_no_class_is_both():
    with pytest.raises(TypeError):
        type("Both", (netgiro.Client, netgiro.AsyncClient), {})


@kinds
def test_a_mixin_may_stand_before_it(simulator, kind):
    class Labelled:
        def __init__(self, *args, label, **options):
            super().__init__(*args, **options)
            self.label = label

    class Shop(Labelled, kind):
        pass

    shop = Shop(simulator.app_key, simulator.secret_key, base_url=simulator.url, label="x")
    assert shop.label == "x"
    assert outcome(shop.check_cart(SOME_ID)).status == "canceled"


def test_the_simulator_makes_the_public_classes(simulator):
    assert type(simulator.client()) is netgiro.Client
    assert type(simulator.async_client()) is netgiro.AsyncClient
