"""What the wheel's instrumented build is trained on: what shops do, in the proportions in which its time matters.

Needs nothing but the installed package. What Netgíró answers comes from the simulator in it.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import Iterator
from contextlib import suppress

import netgiro
from netgiro import AsyncClient, Client, Simulator

CALLS = 1500
IN_FLIGHT = 64
ORDER = {"amount": 4990, "customer_id": "811-1111"}
QUICK = netgiro.PollPolicy(min_interval=0.05, default_interval=0.05, max_interval=0.05)
CALLBACK = "https://shop.example/netgiro/callback"

references = (f"order-{number}" for number in itertools.count())


def serial(client: Client) -> None:
    """A checkout from its beginning to its end, and checks one after another."""
    for _ in range(CALLS // 20):
        cart = client.insert_cart(reference=next(references), **ORDER)
        client.settle_cart(cart, timeout=60, policy=QUICK)
        client.cancel_cart(cart)
        for _ in range(20):
            client.check_cart(cart)


def serial_v2(client: Client) -> None:
    """The same by the other API, and what only that one has: captures, refunds."""
    for _ in range(CALLS // 20):
        order = client.insert_cart(reference=next(references), **ORDER, confirmation_type="manual")
        client.wait_for_cart(order, timeout=60, policy=QUICK)
        client.capture_cart(order)
        for _ in range(5):
            client.check_cart(order)
        client.refund_cart(order, 1000, idempotency_key=next(references))
    client.check_many([order] * CALLS)


async def asynchronous(client: AsyncClient) -> None:
    cart = await client.insert_cart(reference=next(references), **ORDER)

    async def work(calls: Iterator[int]) -> None:
        for _ in calls:
            state = await client.check_cart(cart)
            assert state.status

    calls = iter(range(CALLS * 2))
    await asyncio.gather(*(work(calls) for _ in range(IN_FLIGHT)))
    await client.settle_cart(cart, timeout=60, policy=QUICK)
    results = await client.check_many([cart.transaction_id] * CALLS)
    assert results.is_complete


def bulk(client: Client) -> None:
    carts = [client.insert_cart(reference=next(references), **ORDER) for _ in range(20)]
    for cart in carts:
        client.settle_cart(cart, timeout=60, policy=QUICK)
    results = client.check_many(carts * (CALLS // 10), concurrency=IN_FLIGHT)
    assert sum(result.state.is_paid for result in results) == len(results)


def waiting(client: Client) -> None:
    """Carts that are asked about several times before they settle, or never do."""
    carts = [client.insert_cart(reference=next(references), **ORDER) for _ in range(100)]
    unanswered = ORDER | {"customer_id": "822-3281"}
    carts += [client.insert_cart(reference=next(references), **unanswered) for _ in range(100)]
    settled = list(client.wait_many(carts, timeout=1, policy=QUICK))
    assert len(settled) == len(carts)


def failures(running: Simulator, client: Client) -> None:
    """A third of the calls fails, each in a way of its own; and what that leaves open is asked again."""
    running.storm(seed=1, failure_rate=0.3, reaction=0.1)
    for _ in range(20):
        with suppress(netgiro.NetgiroError):
            cart = client.insert_cart(reference=next(references), **ORDER)
            client.settle_cart(cart, timeout=2, policy=QUICK)
    client.check_many([uuid.uuid4() for _ in range(100)], retry_for=2)
    running.clear_faults()


def callbacks(client: Client, secret_key: str) -> None:
    body = (
        b'{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",'
        b'"InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123",'
        b'"TotalAmount":4990.00},"Success":true,"Message":null,"ResultCode":10200}'
    )
    headers = {
        "Netgiro_Nonce": "1",
        "Netgiro_Signature": netgiro.sign(secret_key, "1", CALLBACK, body),
    }
    for _ in range(CALLS):
        client.verify_callback(url=CALLBACK, headers=headers, body=body)
    for forged in (headers | {"Netgiro_Nonce": "2"}, {}):
        try:
            client.verify_callback(url=CALLBACK, headers=forged, body=body)
        except netgiro.SignatureError:
            continue
        raise AssertionError("a forged callback was accepted")


def main() -> None:
    for tls in (False, True):
        with Simulator(tls=tls) as running:
            with running.client() as client:
                serial(client)
                bulk(client)
                waiting(client)
                callbacks(client, running.secret_key)
                failures(running, client)
            with running.client(api="v2") as client:
                serial_v2(client)

            async def concurrent(running: Simulator = running) -> None:
                async with running.async_client() as client:
                    await asynchronous(client)

            asyncio.run(concurrent())


if __name__ == "__main__":
    main()
