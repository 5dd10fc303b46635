"""Refunds and transactions, of both kinds of client: the simulator's V2, and a server that is scripted."""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import pickle
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pydantic
import pytest

import netgiro
from harness import APP_KEY, PHONE, SECRET_KEY, SOME_ID, Answer, eventually

HAS_NOTES = sys.version_info >= (3, 11)
DAY = 86_400
KEY = "order-1001-line-2"


def sell(simulator, amount=4990):
    """A cart that is paid."""
    with simulator.client() as client:
        cart = client.insert_cart(amount=amount, reference="order-1001", customer_id="8111111")
        assert client.check_cart(cart).is_paid
        return cart


def refund_bodies(simulator):
    requests = simulator.requests()
    return [json.loads(each.body) for each in requests if each.endpoint == "Refund"]


# --- what the simulator does


def test_a_part_is_refunded(simulator, shop):
    cart = sell(simulator)
    refund = shop.refund_cart(cart, 1000, idempotency_key=KEY, description="Skilað: einn bolur")
    assert type(refund) is netgiro.Refund
    assert refund.transaction_id == cart.transaction_id
    assert (refund.amount, refund.idempotency_key) == (1000, KEY)
    simulated = simulator.cart(cart)
    assert simulated.refunded == 1000
    (made,) = simulated.refunds
    assert (made.amount, made.idempotency_key) == (1000, KEY)
    assert made.description == "Skilað: einn bolur"
    assert made.refunded_at <= simulator.now()
    # A paid cart stays paid.
    assert shop.check_cart(cart).is_paid


def test_what_is_left_can_be_refunded_and_no_more(simulator, shop):
    cart = sell(simulator)
    for number, amount in enumerate((1000, 1000, 2990)):
        shop.refund_cart(cart, amount, idempotency_key=f"line-{number}")
    with pytest.raises(netgiro.ApiError) as raised:
        shop.refund_cart(cart.transaction_id, 1, idempotency_key="line-3")
    assert (raised.value.http_status, raised.value.retryable) == (400, False)
    assert simulator.cart(cart).refunded == 4990
    assert shop.get_transaction(cart).is_refundable is False


def test_the_same_call_again_refunds_once(simulator, shop):
    cart = sell(simulator)
    first = shop.refund_cart(cart, 1000, idempotency_key=KEY)
    assert shop.refund_cart(cart, 1000, idempotency_key=KEY) == first
    assert simulator.cart(cart).refunded == 1000


def test_a_refund_whose_answer_was_lost_is_made_once(simulator, shop):
    cart = sell(simulator)
    simulator.add_fault("Refund", drop="after")
    assert shop.refund_cart(cart, 1000, idempotency_key=KEY).amount == 1000
    assert [body["IdempotencyKey"] for body in refund_bodies(simulator)] == [KEY, KEY]
    assert simulator.cart(cart).refunded == 1000


@pytest.mark.parametrize("processed", [True, False])
def test_an_unknown_outcome_has_the_key_to_refund_again_with(simulator, shop, processed):
    cart = sell(simulator)
    simulator.add_fault("Refund", drop="after" if processed else "before", count=3)
    with pytest.raises(netgiro.OutcomeUnknownError) as raised:
        shop.refund_cart(cart, 1000, idempotency_key=KEY)
    error = raised.value
    assert (error.idempotency_key, error.reference, error.retryable) == (KEY, None, True)
    assert KEY in error.message
    assert isinstance(error.__cause__, netgiro.NetgiroError)
    assert error.to_dict()["idempotency_key"] == KEY
    again = pickle.loads(pickle.dumps(error))
    assert (again.idempotency_key, again.customer_message()) == (KEY, error.customer_message())
    assert "endurgreiðslan" in error.customer_message()
    assert shop.refund_cart(cart, 1000, idempotency_key=error.idempotency_key).amount == 1000
    assert simulator.cart(cart).refunded == 1000


def test_a_key_belongs_to_one_refund(simulator, shop):
    cart, other = sell(simulator), sell(simulator)
    shop.refund_cart(cart, 1000, idempotency_key=KEY)
    for given in ((cart, 1001), (other, 1000)):
        with pytest.raises(netgiro.MismatchError, match=KEY) as raised:
            shop.refund_cart(*given, idempotency_key=KEY)
        assert raised.value.request_sent == "no"
    assert len(refund_bodies(simulator)) == 1
    # Another process knows nothing of it, and Netgíró refuses.
    with simulator.client() as later, pytest.raises(netgiro.MismatchError) as raised:
        later.refund_cart(cart, 1001, idempotency_key=KEY)
    assert raised.value.request_sent == "yes"
    assert simulator.cart(cart).refunded == 1000


def test_what_is_not_paid_is_not_refunded(simulator, shop):
    cart = shop.insert_cart(amount=4990, reference="order-1001", customer_id=PHONE)
    with pytest.raises(netgiro.ApiError):
        shop.refund_cart(cart, 1000, idempotency_key=KEY)
    with pytest.raises(netgiro.ApiError):
        shop.refund_cart(SOME_ID, 1000, idempotency_key="another")
    with pytest.raises(netgiro.ApiError):
        shop.get_transaction(SOME_ID)
    assert simulator.cart(cart).refunds == []


def test_a_transaction_says_what_can_be_done_with_it(simulator, shop):
    cart = shop.insert_cart(amount=4990, reference="order-1001", customer_id=PHONE)
    before = shop.get_transaction(cart)
    assert type(before) is netgiro.Transaction
    assert before.transaction_id == cart.transaction_id
    assert before.status is netgiro.TransactionStatus.UNPAID
    assert (before.is_refundable, before.settlement_date) == (False, None)
    simulator.confirm(cart)
    paid = shop.get_transaction(cart)
    assert paid.status == "paid"
    assert (paid.total_amount, paid.is_refundable) == (Decimal(4990), True)
    assert paid.created.utcoffset().total_seconds() == 0
    simulator.advance(2 * DAY)
    assert shop.get_transaction(cart).settlement_date is not None
    canceled = shop.insert_cart(amount=4990, reference="order-1002", customer_id=PHONE)
    shop.cancel_cart(canceled)
    assert shop.get_transaction(canceled).status is netgiro.TransactionStatus.CANCELED


def test_carts_come_in_every_form(simulator, shop):
    cart = sell(simulator)
    for number, form in enumerate(
        (
            *(cart, shop.check_cart(cart), netgiro.CartPoll(cart)),
            *(cart.transaction_id, str(cart.transaction_id).upper()),
        )
    ):
        refund = shop.refund_cart(form, 10, idempotency_key=f"line-{number}")
        assert refund.transaction_id == cart.transaction_id
        assert shop.get_transaction(form).transaction_id == cart.transaction_id
    assert simulator.cart(cart).refunded == 50


def test_many_threads_refund_with_one_client(simulator):
    carts = [sell(simulator) for _ in range(8)]
    with simulator.client() as shop, ThreadPoolExecutor(8) as threads:
        refund = lambda cart: shop.refund_cart(cart, 10, idempotency_key=str(cart.transaction_id))  # noqa: E731
        made = list(threads.map(refund, carts * 4))
    assert {refund.transaction_id for refund in made} == {cart.transaction_id for cart in carts}
    assert [simulator.cart(cart).refunded for cart in carts] == [10] * len(carts)


def test_the_simulators_switches():
    with netgiro.Simulator(v2_refusal_status=200) as simulator, simulator.client() as shop:
        cart = shop.insert_cart(amount=4990, reference="order-1001", customer_id=PHONE)
        with pytest.raises(netgiro.ApiError) as raised:
            shop.refund_cart(cart, 1000, idempotency_key=KEY)
        assert raised.value.http_status == 200
    with (
        netgiro.Simulator(unknown_transaction_is_404=True) as simulator,
        simulator.client() as shop,
    ):
        with pytest.raises(netgiro.ApiError) as raised:
            shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY)
        assert raised.value.http_status == 404
    with netgiro.Simulator(repeated_refund="refuse") as simulator, simulator.client() as shop:
        cart = sell(simulator)
        for _ in range(2):
            assert shop.refund_cart(cart, 1000, idempotency_key=KEY).amount == 1000
        assert [each.answer for each in simulator.requests() if each.status == 400]
        assert simulator.cart(cart).refunded == 1000
    with netgiro.Simulator(refuse_settled_refunds=True) as simulator, simulator.client() as shop:
        cart = sell(simulator)
        simulator.advance(2 * DAY)
        with pytest.raises(netgiro.ApiError):
            shop.refund_cart(cart, 1000, idempotency_key=KEY)


@pytest.mark.parametrize(
    ("option", "value"), [("v2_refusal_status", 409), ("repeated_refund", "perhaps")]
)
def test_the_simulators_switches_are_refused_by_name(option, value):
    with pytest.raises(netgiro.InvalidRequestError, match=option):
        netgiro.Simulator(**{option: value})


def test_a_simulated_refund_is_a_record(simulator, shop):
    cart = sell(simulator)
    shop.refund_cart(cart, 1000, idempotency_key=KEY)
    simulated = simulator.cart(cart)
    (made,) = simulated.refunds
    assert type(made) is netgiro.SimulatedRefund
    assert made == simulator.cart(cart).refunds[0]
    assert repr(made).startswith("SimulatedRefund(amount=1000, idempotency_key=")
    plain = simulated.to_dict(mode="json")
    assert plain["refunded"] == 1000
    assert plain["refunds"] == [made.to_dict(mode="json")]
    adapter = pydantic.TypeAdapter(netgiro.SimulatedCart)
    assert json.loads(adapter.dump_json(simulated)) == plain
    refunds = adapter.json_schema()["properties"]["refunds"]
    assert refunds["type"] == "array"
    assert refunds["items"]["title"] == "SimulatedRefund"


# --- arguments


@pytest.mark.parametrize(
    "amount", [1000, "1000", Decimal(1000), Fraction(1000)], ids=lambda it: type(it).__name__
)
def test_amounts_are_those_of_insert_cart(server, for_server, amount):
    server.answer = lambda _: Answer(200, b'{"Success":true,"Message":"Success"}')
    assert for_server().refund_cart(SOME_ID, amount, idempotency_key=KEY).amount == 1000
    body = json.loads(server.requests[0].body)
    assert body == {"TransactionId": SOME_ID, "RefundAmount": 1000, "IdempotencyKey": KEY}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("amount", amount) for amount in (0, -1, 1.5, 1000.0, True, None, "10,5", Decimal("0.5"))),
        *(("idempotency_key", key) for key in (None, 1, b"key", UUID(int=1), "", " ", "a\nb", "k" * 101)),
        *(("description", text) for text in (1, b"text")),
        *(("cart", cart) for cart in (None, 1, "order-1001", object())),
    ],
    ids=lambda it: it if isinstance(it, str) and it.isidentifier() else type(it).__name__,
)  # fmt: skip
def test_what_is_refused_is_named_and_not_sent(server, for_server, name, given):
    arguments = {"cart": SOME_ID, "amount": 1000, "idempotency_key": KEY, name: given}
    with pytest.raises(netgiro.InvalidRequestError, match=name) as raised:
        for_server().refund_cart(**arguments)
    assert isinstance(raised.value, TypeError)
    assert raised.value.request_sent == "no"
    assert server.requests == []


def test_a_key_is_not_made_up(server, for_server):
    with pytest.raises(TypeError, match="idempotency_key"):
        for_server().refund_cart(SOME_ID, 1000)
    with pytest.raises(TypeError):
        for_server().refund_cart(SOME_ID, 1000, KEY)
    assert server.requests == []


def test_more_than_the_cart_is_refused_here(server, for_server):
    cart = netgiro.Cart(SOME_ID, reference="order-1001", amount=999)
    with pytest.raises(netgiro.InvalidRequestError, match="999"):
        for_server().refund_cart(cart, 1000, idempotency_key=KEY)
    assert server.requests == []


# --- broken off


def may_have_been_made(raised):
    cause = raised.__cause__
    assert isinstance(cause, netgiro.OutcomeUnknownError), cause
    assert (cause.idempotency_key, cause.request_sent) == (KEY, "maybe")
    assert cause.retryable
    if HAS_NOTES:
        (note,) = raised.__notes__
        assert "the refund may have been made" in note
        assert f'same idempotency_key "{KEY}"' in note


@pytest.fixture
def held(server):
    """A server that keeps a refund waiting for its answer until the test ends."""
    is_over = threading.Event()

    def answer(_request):
        is_over.wait(60)
        return Answer(503)

    server.answer = answer
    yield server
    is_over.set()


def awaited_for(server):
    return netgiro.AsyncClient(APP_KEY, SECRET_KEY, base_url=server.url, timeout=60)


async def until_sent(server):
    await asyncio.to_thread(eventually, lambda: server.requests)


def test_a_cancelled_refund_says_that_it_may_have_been_made(held):
    async def main():
        async with awaited_for(held) as shop:
            task = asyncio.ensure_future(shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY))
            await until_sent(held)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            may_have_been_made(raised.value)

    asyncio.run(main())


def test_one_that_never_began_says_nothing(held):
    async def main():
        async with awaited_for(held) as shop:
            task = asyncio.ensure_future(shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY))
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert raised.value.__cause__ is None

    asyncio.run(main())
    assert held.requests == []


def test_one_of_a_closed_client_says_that_it_is_closed(server, for_server):
    shop = for_server()
    shop.client.close() if isinstance(shop.client, netgiro.Client) else asyncio.run(
        shop.client.close()
    )
    with pytest.raises(netgiro.ConfigurationError) as raised:
        shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY)
    assert raised.value.__cause__ is None
    assert not getattr(raised.value, "__notes__", [])


def test_reading_a_transaction_is_cancelled_without_a_word(held):
    async def main():
        async with awaited_for(held) as shop:
            task = asyncio.ensure_future(shop.get_transaction(SOME_ID))
            await until_sent(held)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert raised.value.__cause__ is None
            assert not getattr(raised.value, "__notes__", [])

    asyncio.run(main())


@pytest.mark.skipif(sys.platform == "win32", reason="it takes signals")
def test_a_signal_that_interrupts_a_blocking_refund_says_so(held):
    def handler(_number, _frame):
        raise KeyboardInterrupt

    def interrupt():
        eventually(lambda: held.requests)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with (
            netgiro.Client(APP_KEY, SECRET_KEY, base_url=held.url, timeout=60) as shop,
            pytest.raises(KeyboardInterrupt) as raised,
        ):
            shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY)
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    may_have_been_made(raised.value)


# --- values


def test_the_values_read_well():
    refund = netgiro.Refund(SOME_ID, amount=1000, idempotency_key=KEY)
    assert repr(refund) == (
        f"Refund(transaction_id=UUID('{SOME_ID}'), amount=1000, idempotency_key='{KEY}')"
    )
    assert copy.deepcopy(refund) is refund
    transaction = netgiro.Transaction(SOME_ID, "paid", total_amount=1000)
    assert "status=TransactionStatus.PAID" in repr(transaction)
    assert f"{transaction.status}" == "paid"
    assert transaction.to_dict(mode="json")["total_amount"] == 1000
    schema = pydantic.TypeAdapter(netgiro.Transaction).json_schema()["properties"]
    assert schema["status"]["enum"] == [str(status) for status in netgiro.TransactionStatus]
    with pytest.raises(netgiro.InvalidRequestError, match=r'status must be .*"reservation"'):
        netgiro.Transaction(SOME_ID, "confirmed")


def test_a_refund_is_logged_without_what_is_in_it(server, for_server, caplog):
    server.answer = lambda _: Answer(200, b'{"Success":true,"Message":null}')
    with caplog.at_level(logging.DEBUG, "netgiro"):
        shop = for_server()
        shop.refund_cart(SOME_ID, 1000, idempotency_key=KEY, description=f"til {PHONE}")
    records = [each for each in caplog.records if each.name == "netgiro.request"]
    assert [each.netgiro_endpoint for each in records] == ["Refund"]
    assert PHONE not in caplog.text
