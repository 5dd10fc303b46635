"""Whatever is given for an argument: what cannot be meant is refused by the argument's name, before anything is sent."""

from __future__ import annotations

import array
import asyncio
import datetime as dt
import inspect
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import numpy as np
import pytest

import netgiro
from harness import APP_KEY, PHONE, SECRET_KEY, SOME_ID, connect

AT = dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc)
STATE = netgiro.CartState(SOME_ID, "pending", checked_at=AT)
CALLBACK = netgiro.Callback(SOME_ID, state=STATE, reference="r", amount=Decimal(10))
POLL = netgiro.CartPoll(SOME_ID, now=AT)


class Strange:
    """Something that no argument takes, and that says nothing of itself."""

    def __repr__(self) -> str:
        raise ValueError("no repr")


HALF = "\ud800"
HUGE = 10**5000
WRONG = [
    None, True, 0.5, 7, HUGE, -HUGE, "180", HALF, b"bytes", [], [HALF], {"a": HUGE}, (), {1}, Strange(), Strange,
    Decimal("0.5"), Decimal("NaN"), Decimal(10) ** 50, Fraction(1, 3), float("nan"), float("inf"), AT.replace(tzinfo=None),
    dt.timedelta(seconds=3), UUID(int=0), np.int64(3), np.float64(3), np.bool_(1), np.array(3), np.array([3]),
    array.array("i", [3]), iter("k"), object(), lambda: None, netgiro.CartStatus.PENDING, STATE, 1j,
]  # fmt: skip


def described(value: object) -> str:
    """What names a case: the same in each process that runs the tests."""
    try:
        text = repr(value)[:20]
    except ValueError:
        return type(value).__name__
    return type(value).__name__ if " at 0x" in text else f"{type(value).__name__}-{text}"


ORDER = {"amount": 4990, "reference": "r", "customer_id": PHONE}
KEYS = {"app_key": APP_KEY, "secret_key": SECRET_KEY}
SIGNED = {"url": "https://shop.example/", "headers": {}, "body": b"{}"}
# What is called, with arguments that it takes.
CONSTRUCTORS = {
    "Client": (netgiro.Client, netgiro.Client, KEYS),
    "AsyncClient": (netgiro.AsyncClient, netgiro.AsyncClient, KEYS),
    "Cart": (netgiro.Cart, netgiro.Cart, {"transaction_id": SOME_ID, "reference": "r", "amount": 1}),
    "CartItem": (netgiro.CartItem, netgiro.CartItem, {"name": "x", "unit_price": 1}),
    "CartState": (netgiro.CartState, netgiro.CartState, {"transaction_id": SOME_ID, "status": "pending"}),
    "CartPoll": (netgiro.CartPoll, netgiro.CartPoll, {"cart": SOME_ID}),
    "PollPolicy": (netgiro.PollPolicy, netgiro.PollPolicy, {}),
    "PaymentInfo": (netgiro.PaymentInfo, netgiro.PaymentInfo, {}),
    "Refund": (netgiro.Refund, netgiro.Refund, {"transaction_id": SOME_ID, "amount": 1, "idempotency_key": "k"}),
    "Transaction": (netgiro.Transaction, netgiro.Transaction, {"transaction_id": SOME_ID, "status": "paid"}),
    "Checkout": (netgiro.Checkout, netgiro.Checkout, {"checkout_url": "u", "reference": "r", "amount": 1}),
    "Redirect": (
        netgiro.Redirect,
        netgiro.Redirect,
        {"transaction_id": SOME_ID, "reference": "r", "amount": 1, "status": "confirmed"},
    ),
    "Callback": (netgiro.Callback, netgiro.Callback, {"transaction_id": SOME_ID, "state": STATE}),
    "CheckResult": (netgiro.CheckResult, netgiro.CheckResult, {"transaction_id": SOME_ID, "state": STATE}),
    "MemoryReplayGuard": (netgiro.MemoryReplayGuard, netgiro.MemoryReplayGuard, {}),
    "sign": (netgiro.sign, netgiro.sign, {"secret_key": "k", "nonce": "n", "url": "u", "body": b""}),
    "matches": (CALLBACK.matches, CALLBACK.matches, {"amount": 1, "reference": "r"}),
    "from_json": (netgiro.CartPoll.from_json, netgiro.CartPoll.from_json, {"text": POLL.to_json()}),
    "answered": (POLL.answered, POLL.answered, {"seen": "pending"}),
    "is_first": (
        netgiro.MemoryReplayGuard().is_first,
        netgiro.MemoryReplayGuard.is_first,
        {"nonce": "n", "signature": "s"},
    ),
    "load": (netgiro.CheckResults.load, netgiro.CheckResults.load, {"path": "/nowhere/at/all"}),
    "to_dict": (STATE.to_dict, STATE.to_dict, {}),
}  # fmt: skip
# The methods of the clients, with arguments that they take.
METHODS = {
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
    "poll_step": {"poll": POLL},
    "find_by_reference": {"reference": "order-1", "amount": 1},
    "refund_cart": {"cart": SOME_ID, "amount": 1, "idempotency_key": "k"},
    "get_transaction": {"cart": SOME_ID},
    "create_checkout": {
        "amount": 1,
        "reference": "r",
        "success_url": "https://shop.example/paid",
        "cancel_url": "https://shop.example/canceled",
    },
    "verify_redirect": {"url": "https://shop.example/paid?TransactionId=1"},
    "settlements": {"date_from": "2026-01-01", "date_to": "2026-01-02"},
    "settlement_items": {"number": "1"},
    "verify_callback": SIGNED,
    "verify_callback_once": {**SIGNED, "replay_guard": netgiro.MemoryReplayGuard()},
}
SIMULATOR = {
    "confirm": {"transaction_id": SOME_ID},
    "decline": {"transaction_id": SOME_ID},
    "expire": {"transaction_id": SOME_ID},
    "withhold": {"transaction_id": SOME_ID},
    "cart": {"transaction_id": SOME_ID},
    "advance": {"seconds": 0},
    "add_fault": {"endpoint": "CheckCart"},
    "storm": {},
    "client": {},
    "async_client": {},
}


# What is right by itself, and not together with the rest, or is not there.
NOT_OF_ONE = "give the item's amount"
FOUND_NOTHING = ("the simulator has no cart", "this is no poll", "cannot be read")


def arguments(function, given) -> list[str]:
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    assert set(given) <= set(names)
    return names


def outcome(call) -> BaseException | None:
    """What a call raises, as long as it is one of the errors that it may raise."""
    try:
        brought = call()
        getattr(brought, "close", lambda: None)() if hasattr(brought, "__next__") else None
    except (netgiro.NetgiroError, OSError, ImportError) as error:
        return error
    return None


def refused(call, name: str, value: object) -> None:
    """Make a call: it is carried out, or refused by the name of the argument."""
    error = outcome(call)
    said = str(error)
    assert SECRET_KEY not in said
    assert PHONE not in said
    if isinstance(error, netgiro.InvalidRequestError):
        is_found = not any(text in said for text in FOUND_NOTHING)
        assert name in said or said.endswith(NOT_OF_ONE) or not is_found, error
        assert error.request_sent == "no"
    elif isinstance(error, netgiro.ConfigurationError):
        # Of what is of the right type, and cannot be used.
        assert isinstance(value, str | int | float | bytes | Decimal | dict | list | tuple), error
        assert name in said, error


def each(functions):
    for called, (call, function, given) in functions.items():
        for name in arguments(function, given):
            yield pytest.param(call, given, name, id=f"{called}-{name}")


@pytest.mark.parametrize(("call", "given", "name"), list(each(CONSTRUCTORS)))
def test_values_refuse_by_name(call, given, name):
    for value in WRONG:
        refused(lambda value=value: call(**{**given, name: value}), name, value)


@pytest.fixture(scope="module")
def quiet():
    """A simulator that nothing should reach."""
    with netgiro.Simulator() as simulator:
        yield simulator


@pytest.mark.parametrize("method", METHODS)
def test_calls_refuse_by_name_and_send_nothing(quiet, face, method):
    shop = connect(face, quiet.url, timeout=5, connect_timeout=5)
    given = METHODS[method]
    for name in arguments(getattr(shop.client, method), given):
        for value in WRONG:
            known = given | {name: value}
            if callable(value) and name.startswith("on_"):
                continue  # a function, whatever it does
            if isinstance(value, (int, float)) and name in {
                "concurrency",
                "rate",
                "retry_for",
                "timeout",
            }:
                continue  # a number, and as good as any; how they are refused is another test
            before = len(quiet.requests())
            call = getattr(shop, method)
            error = outcome(lambda call=call, known=known: call(**known))
            if isinstance(error, netgiro.InvalidRequestError):
                is_found = not any(text in str(error) for text in FOUND_NOTHING)
                assert name in str(error) or not is_found, f"{error} does not name {name}"
                assert len(quiet.requests()) == before
    shop.close()


@pytest.mark.parametrize("method", SIMULATOR)
def test_the_simulator_refuses_by_name(quiet, method):
    with netgiro.Simulator() as simulator:
        function = getattr(simulator, method)
        for name in arguments(function, SIMULATOR[method]):
            for value in WRONG:
                refused(lambda v=value, n=name: function(**SIMULATOR[method] | {n: v}), name, value)


@pytest.mark.parametrize("name", list(inspect.signature(netgiro.Simulator).parameters))
def test_the_simulators_options_are_refused_by_name(name):
    for value in WRONG:
        error = outcome(lambda value=value: netgiro.Simulator(**{name: value}).close())
        if isinstance(error, netgiro.InvalidRequestError):
            assert name in str(error) or name.rsplit("_", 1)[-1] in str(error), error
        else:
            assert error is None or name in {"port", "public_url"}


# --- amounts as databases and other libraries have them


@pytest.mark.parametrize(
    "kind",
    [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.intp],
)
def test_numpys_integers_are_amounts(shop, simulator, kind):
    cart = shop.insert_cart(amount=kind(100), reference=kind.__name__, customer_id=PHONE)
    assert type(cart.amount) is int
    assert simulator.cart(cart).amount == 100
    assert netgiro.CartItem("x", kind(100), kind(2)).amount == 200
    assert CALLBACK.matches(kind(10), "r")
    assert netgiro.PaymentInfo(total_amount=kind(100)).total_amount == Decimal(100)


def test_a_payments_own_amount_is_an_amount(shop, simulator):
    with netgiro.Simulator(decimals=2, check_interval=0.02) as exact:
        client = exact.client()
        cart = client.insert_cart(**ORDER)
        exact.confirm(cart)
        paid = client.check_cart(cart).payment.total_amount
        client.close()
    assert str(paid) == "4990.00"
    again = shop.insert_cart(amount=paid, reference="again", customer_id=PHONE)
    assert simulator.cart(again).amount == 4990
    assert netgiro.Callback(SOME_ID, state=STATE, amount=paid, reference="r").matches(paid, "r")


@pytest.mark.parametrize(
    "given",
    [
        *(4990.0, 4990.5, np.float64(4990), np.float32(4990), True, np.bool_(1), np.array(4990), np.array([4990])),
        *(Decimal("4990.50"), Fraction(9981, 2), "4990.50", 4990 + 0j, np.array("4990"), memoryview(b"4990")),
    ],
    ids=described,
)  # fmt: skip
def test_what_is_not_whole_or_not_exact_is_no_amount(shop, simulator, given):
    for call in (
        lambda: shop.insert_cart(amount=given, reference="r", customer_id=PHONE),
        lambda: netgiro.Cart(SOME_ID, reference="r", amount=given),
        lambda: CALLBACK.matches(given, "r"),
        lambda: netgiro.CartItem("x", 1, amount=given),
        lambda: shop.insert_cart(**ORDER, items=[{"name": "x", "unit_price": 1, "amount": given}]),
    ):
        with pytest.raises(
            netgiro.InvalidRequestError, match=r"amount must be whole krónur.* got "
        ) as raised:
            call()
        text = str(raised.value)
        assert type(given).__name__ in text or str(given) in text, text
    assert simulator.requests() == []


@pytest.mark.parametrize(
    "given", [4990.0, np.float64(1), True, np.array(1), "4.990,00", Strange()], ids=described
)
def test_an_exact_amount_is_no_float(given):
    for name in ("total_amount", "discount_amount", "shipping_amount", "handling_amount"):
        with pytest.raises(
            netgiro.InvalidRequestError, match=f"{name} must be a Decimal, an int or their text"
        ):
            netgiro.PaymentInfo(**{name: given})


# --- the usual mistakes, word by word


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("reference", 1001, r"reference must be a str; got 1001 \(int\)"),
        ("customer_id", None, "customer_id must say who is asked to pay"),
        ("customer_id", 8223281, "customer_id must be a str; got an int"),
        ("customer_id", HALF, "customer_id must be a str; got a str with half a character"),
        (
            "callback_url",
            b"https://shop.example",
            r"callback_url must be a str or None; got .*\(bytes\)",
        ),
        ("description", 7, "description must be a str or None; got 7"),
        ("items", 7, "items must be a sequence of CartItem or dicts; got an int"),
        ("items", ["Garn"], r"items\[0\] must be a netgiro.CartItem; got 'Garn'"),
        ("items", [{"name": "x"}], r"items\[0\]: .*unit_price"),
        (
            "items",
            [{"name": "x", "unit_price": 0.5}],
            r"items\[0\]: unit_price must be whole krónur",
        ),
        ("confirmation_type", 1.0, 'confirmation_type must be one of "automatic".* got a float'),
        ("amount", HUGE, "amount must be whole krónur, .* got an object of type int"),
    ],
    ids=described,
)
def test_what_an_order_says(shop, simulator, name, value, said):
    with pytest.raises(netgiro.InvalidRequestError, match=said) as raised:
        shop.insert_cart(**ORDER | {name: value})
    assert "8223281" not in str(raised.value)
    assert simulator.requests() == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"success": True}, r"an object of type dict: pass request\.get_data\(\), not parsed JSON"),
        ([1, 2], r"an object of type list: pass request\.get_data\(\), not parsed JSON"),
        (None, r"an object of type NoneType: pass request\.get_data\(\)"),
        (lambda: b"", "an object of type function: call it first"),
        (HALF, "a str with half a character"),
        (np.array([1, 2]), r"an object of type ndarray: pass request\.get_data\(\)"),
    ],
    ids=described,
)
def test_a_body_that_was_parsed(shop, body, said):
    for method, more in (
        ("verify_callback", {}),
        ("verify_callback_once", {"replay_guard": netgiro.MemoryReplayGuard()}),
    ):
        with pytest.raises(netgiro.InvalidRequestError, match=f"body must be .*{said}"):
            getattr(shop, method)(**SIGNED | {"body": body}, **more)


def test_a_body_that_was_not_awaited(shop):
    async def body():
        return b""

    unawaited = body()
    with pytest.raises(netgiro.InvalidRequestError, match="coroutine: await it first"):
        shop.verify_callback(**SIGNED | {"body": unawaited})
    unawaited.close()


@pytest.mark.parametrize(
    "headers",
    [None, 7, "X-Netgiro: 1", b"x", [1], [("a",)], [["a", "b", "c"]], object()],
    ids=described,
)
def test_headers_that_are_none(shop, headers):
    with pytest.raises(netgiro.InvalidRequestError, match="headers must be a mapping"):
        shop.verify_callback(**SIGNED | {"headers": headers})


@pytest.mark.parametrize(
    "value",
    ["180", None, True, dt.timedelta(minutes=3), HUGE, -1, float("nan"), [180]],
    ids=described,
)
def test_a_timeout_is_a_number_of_seconds(shop, simulator, value):
    for call in (
        lambda: shop.settle_cart(SOME_ID, timeout=value),
        lambda: shop.wait_for_cart(SOME_ID, timeout=value),
        lambda: list(shop.watch_cart(SOME_ID, timeout=value)),
        lambda: list(shop.wait_many([SOME_ID], timeout=value)),
        lambda: netgiro.CartPoll(SOME_ID, timeout=value),
        lambda: netgiro.Client(APP_KEY, SECRET_KEY, timeout=value),
    ):
        with pytest.raises(
            netgiro.InvalidRequestError, match=r"timeout must be a number of seconds.* got "
        ):
            call()
    assert simulator.requests() == []


def test_one_cart_is_not_many(shop, simulator):
    for one in (SOME_ID, STATE, POLL, UUID(SOME_ID)):
        with pytest.raises(
            netgiro.InvalidRequestError, match=r"ids must be an iterable of carts; got an?"
        ):
            shop.check_many(one)
        with pytest.raises(
            netgiro.InvalidRequestError, match="carts must be an iterable of carts; got a"
        ):
            list(shop.wait_many(one))
    with pytest.raises(
        netgiro.InvalidRequestError, match=r"carts\[1\] of ids must be a cart's GUID"
    ):
        shop.check_many([SOME_ID, 7])
    assert simulator.requests() == []


def test_a_wrong_type_is_a_type_error_as_well():
    with pytest.raises(TypeError) as raised:
        netgiro.CartItem(7, 1)
    assert isinstance(raised.value, netgiro.InvalidRequestError)
    assert isinstance(raised.value, ValueError)
    assert raised.value.code == "invalid_request"


def test_unknown_and_missing_arguments_are_pythons(shop):
    for call in (
        lambda: shop.insert_cart(amount=1),
        shop.check_cart,
        lambda: shop.check_cart(SOME_ID, colour="red"),
        netgiro.Client,
        lambda: netgiro.Cart(SOME_ID, colour="red"),
    ):
        with pytest.raises(TypeError) as raised:
            call()
        assert not isinstance(raised.value, netgiro.NetgiroError)


def test_the_arguments_of_an_awaited_call_are_refused_where_it_is_awaited(simulator):
    async def main():
        async with simulator.async_client() as shop:
            call = shop.insert_cart(**ORDER | {"reference": 1001})
            with pytest.raises(netgiro.InvalidRequestError, match="reference"):
                await call

    asyncio.run(main())
