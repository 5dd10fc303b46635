"""How a shop uses the package, for a strict type checker: nothing here is run."""

from __future__ import annotations

import asyncio
import datetime
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from decimal import Decimal
from typing import Any

from typing_extensions import assert_type

import netgiro


def checkout(client: netgiro.Client) -> bool:
    cart = client.insert_cart(
        amount=4990,
        reference="order-1",
        customer_id="8223281",
        confirmation_type="manual",
        items=[
            netgiro.CartItem("Garn", 800, Decimal("0.5")),
            {"name": "Prjónar", "unit_price": 1200, "quantity": 2},
        ],
    )
    assert_type(cart, netgiro.Cart)
    assert_type(cart.transaction_id, uuid.UUID)
    assert_type(cart.amount, int)
    assert_type(cart.check_interval, float | None)
    state = client.wait_for_cart(cart, timeout=60, on_update=lambda state: print(state.status))
    assert_type(state, netgiro.CartState)
    assert_type(state.status, netgiro.CartStatus)
    assert_type(state.checked_at, datetime.datetime)
    if state.payment is not None:
        assert_type(state.payment.total_amount, Decimal | None)
    if state.status == "reserved" or state.status is netgiro.CartStatus.NEEDS_CODE:
        state = client.confirm_cart(cart, identifier="1234")
    return state.is_paid


def everything_else(client: netgiro.Client) -> None:
    with netgiro.Client.from_env() as other:
        assert_type(other, netgiro.Client)
    for state in client.watch_cart(uuid.uuid4()):
        assert_type(state, netgiro.CartState)
    changes: Iterator[netgiro.CartState] = client.watch_cart("text")
    print(changes)
    for result in client.wait_many(["a", uuid.uuid4()], on_progress=lambda done, all_: None):
        assert_type(result, netgiro.CheckResult)
        assert_type(result.error, netgiro.NetgiroError | None)
    checked = client.check_many((str(n) for n in range(3)), rate=50, resume="earlier.jsonl")
    assert_type(checked, netgiro.CheckResults)
    assert_type(checked[0], netgiro.CheckResult)
    assert_type(checked[1:] + checked[:1], netgiro.CheckResults)
    client.check_many([], resume=client.unfinished)
    for result in client.check_each([uuid.uuid4()], progress=False):
        assert_type(result, netgiro.CheckResult)
    poll = netgiro.CartPoll("id", policy=netgiro.PollPolicy(min_interval=2))
    assert_type(client.poll_step(poll.to_json()), netgiro.CartPoll)
    assert_type(poll.next_check_at, datetime.datetime)
    assert_type(poll.answered("pending", jitter=0.5), netgiro.CartPoll)
    assert_type(netgiro.sign("a", "b", "c", b"d"), str)
    client.close()


def callback(client: netgiro.Client, headers: Mapping[str, str], body: bytes) -> int:
    try:
        told = client.verify_callback(url="https://shop.is/cb", headers=headers, body=body)
    except netgiro.SignatureError as error:
        assert_type(error.reference_id, str | None)
        return 400
    assert_type(told.amount, Decimal | None)
    return 200 if told.matches(4990, "order-1") else 409


class Database:
    def is_first(self, nonce: str, signature: str) -> bool:
        return nonce != signature


class Redis:
    async def is_first(self, nonce: str, signature: str) -> int | None:
        return len(nonce) or None


async def callback_once(client: netgiro.Client, later: netgiro.AsyncClient, body: bytes) -> None:
    url = "https://shop.is/cb"
    for guard in (netgiro.MemoryReplayGuard(capacity=7), Database()):
        told = client.verify_callback(url=url, headers={}, body=body, replay_guard=guard)
        assert_type(told, netgiro.Callback)
    once = await later.verify_callback_once(url=url, headers={}, body=body, replay_guard=Redis())
    assert_type(once, netgiro.Callback)
    netgiro.Client("key", "secret", previous_secret_keys=["older"], proxy="http://proxy.is:3128")
    netgiro.Client("key", "secret", checkout_base_url="https://securepay.is/v1/")


def errors(client: netgiro.Client) -> None:
    try:
        checkout(client)
    except netgiro.OutcomeUnknownError as error:
        assert_type(error.reference, str | None)
    except netgiro.RateLimitedError as error:
        assert_type(error.retry_after, float | None)
    except netgiro.WaitTimeoutError as error:
        assert_type(error.poll, netgiro.CartPoll | None)
        assert_type(error.state, netgiro.CartState | None)
    except netgiro.NetgiroError as error:
        assert_type(error.http_status, int | None)
        assert_type(error.result_code, int | None)
        print(error.code, error.message, error.retryable, error.to_dict())
    except (ConnectionError, TimeoutError, ValueError):
        pass
    raise netgiro.ApiError("for a test", result_code=400, request_sent="yes")


async def later() -> None:
    async with netgiro.AsyncClient("key", "secret", environment="production") as client:
        assert_type(client, netgiro.AsyncClient)
        cart = await client.insert_cart(amount=1, reference="r", customer_id="8223281")
        assert_type(cart, netgiro.Cart)
        call: Coroutine[Any, Any, netgiro.CartState] = client.check_cart(cart)
        assert_type(await asyncio.create_task(call), netgiro.CartState)
        async for state in client.watch_cart(cart):
            assert_type(state, netgiro.CartState)
        settled: AsyncIterator[netgiro.CheckResult] = client.wait_many([cart])
        async for result in settled:
            assert_type(result.state, netgiro.CartState | None)
        first, second = await asyncio.gather(client.cancel_cart(cart), client.settle_cart(cart))
        assert_type(first, netgiro.CartState)
        assert_type(second, netgiro.CartState)
        assert_type(await client.check_many([cart]), netgiro.CheckResults)


def tests() -> None:
    with netgiro.Simulator(seed=1, check_interval=None, decimals=2) as simulator:
        assert_type(simulator.client(timeout=1, api="v2"), netgiro.Client)
        assert_type(simulator.async_client(api="v2"), netgiro.AsyncClient)
        simulator.add_fault("CheckCart", status=500, count=2)
        simulator.add_fault("*", drop="after", drop_by="reset", headers={"location": "/"})
        simulator.add_fault("*", refuse=0.1)
        simulator.storm(7, failure_rate=0.5)
        for cart in simulator.carts():
            simulator.confirm(cart.transaction_id)
            assert_type(cart.status, netgiro.CartStatus)
        assert_type(simulator.cart("id"), netgiro.SimulatedCart | None)
        assert_type(simulator.now(), datetime.datetime)
        assert_type(simulator.requests()[0].headers, dict[str, str])


def mistakes(client: netgiro.Client) -> None:
    # Each of these is an error for a type checker; unused ignores are errors as well.
    client.insert_cart(amount=10.5, reference="r", customer_id="c")  # type: ignore[arg-type]
    client.insert_cart(reference="r", customer_id="c")  # type: ignore[call-arg]
    client.insert_cart(1, "r", "c")  # type: ignore[call-arg]
    client.check_cart(7)  # type: ignore[arg-type]
    client.check_cart(None)  # type: ignore[arg-type]
    netgiro.Client("a", "b", environment="staging")  # type: ignore[arg-type]
    client.check_cart("id").status = "confirmed"  # type: ignore[misc, assignment]
    client.check_cart("id").paid  # type: ignore[attr-defined]
