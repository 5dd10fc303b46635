"""One work of one peer, in a process of its own: prints what it took as a line of JSON.

python measure.py WORK PEER BASE_URL COUNT
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import peers
from job import APP_KEY, SECRET_KEY, Job

WARM_UP = 200


def ids(count: int) -> list[str]:
    return [str(uuid.UUID(int=number, version=4)) for number in range(1, count + 1)]


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def resident() -> int:
    """Bytes of memory that are in use now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


@contextmanager
def timed(count: int) -> Iterator[dict[str, float]]:
    """What a block takes, in microseconds a call."""
    gc.collect()
    used, started = cpu(), time.perf_counter()
    figures: dict[str, float] = {}
    yield figures
    elapsed = time.perf_counter() - started
    figures |= {
        "wall_us": elapsed / count * 1e6,
        "cpu_us": (cpu() - used) / count * 1e6,
        "per_second": count / elapsed,
    }


def serial(peer: str, base_url: str, count: int) -> dict[str, float]:
    """One call after another: the median, and the processor's time."""
    with peers.BLOCKING[peer](base_url) as check:
        carts = ids(count)
        for cart in carts[:WARM_UP]:
            check(cart)
        took = []
        with timed(count) as figures:
            for cart in carts:
                started = time.perf_counter()
                check(cart)
                took.append(time.perf_counter() - started)
    return figures | {"median_us": statistics.median(took) * 1e6}


def in_flight(peer: str, base_url: str, count: int) -> dict[str, float]:
    """64 calls in flight on asyncio."""

    async def run() -> dict[str, float]:
        async with peers.ASYNC[peer](base_url) as check:

            async def work(carts: Iterator[str]) -> None:
                for cart in carts:
                    await check(cart)

            async def all_of(carts: list[str]) -> None:
                shared = iter(carts)
                await asyncio.gather(*(work(shared) for _ in range(peers.IN_FLIGHT)))

            await all_of(ids(WARM_UP * 5))
            with timed(count) as figures:
                await all_of(ids(count))
        return figures

    return asyncio.run(run())


def bulk(peer: str, base_url: str, count: int) -> dict[str, float]:
    """Many carts in one call; of a peer, which has no such call, what is nearest."""
    if peer != "netgiro":
        return in_flight(peer, base_url, count)
    from netgiro import Client

    with Client(APP_KEY, SECRET_KEY, base_url=base_url, ca_file=peers.CA_FILE) as client:
        client.check_many(ids(WARM_UP * 5), concurrency=peers.IN_FLIGHT)
        carts = ids(count)
        before = resident()
        with timed(count) as figures:
            results = client.check_many(carts, concurrency=peers.IN_FLIGHT)
        assert all(result.state is not None for result in results)
        figures["bytes_a_cart"] = (resident() - before) / count
    return figures


# How many checks a second are asked for at the most, however many carts there are.
PACE = 10_000
# How often the server is asked about each cart before it says paid.
POLLS = int(os.environ.get("NETGIRO_BENCH_POLLS", "1"))


def waiting(peer: str, base_url: str, count: int) -> dict[str, float]:
    """Carts that are each asked about once a second, until the server says paid."""
    if peer == "netgiro":
        return _waiting_netgiro(base_url, count)
    return asyncio.run(_waiting_peer(peer, base_url, count))


def _waiting_netgiro(base_url: str, count: int) -> dict[str, float]:
    from netgiro import Client, PollPolicy

    interval = max(1.0, count / PACE)
    policy = PollPolicy(interval, interval, interval)
    with Client(APP_KEY, SECRET_KEY, base_url=base_url, ca_file=peers.CA_FILE) as client:
        client.check_cart(ids(1)[0])
        carts = ids(count)
        gc.collect()
        used, before = cpu(), resident()
        settling = client.wait_many(carts, policy=policy, concurrency=peers.IN_FLIGHT)
        held = resident() - before
        settled = sum(result.state is not None for result in settling)
        assert settled == count
        return {"cpu_us": (cpu() - used) / count / POLLS * 1e6, "bytes_a_cart": held / count}


async def _waiting_peer(peer: str, base_url: str, count: int) -> dict[str, float]:
    async with peers.ASYNC[peer](base_url) as check:
        await check(ids(1)[0])

        async def wait(cart: str, turn: asyncio.Semaphore) -> None:
            while True:
                async with turn:
                    state = await check(cart)
                if state.is_paid:
                    return
                await asyncio.sleep(max(1.0, count / PACE))

        turn = asyncio.Semaphore(peers.IN_FLIGHT)
        carts = ids(count)
        gc.collect()
        used, before = cpu(), resident()
        tasks = [asyncio.create_task(wait(cart, turn)) for cart in carts]
        await asyncio.sleep(0)
        held = resident() - before
        await asyncio.gather(*tasks)
        return {"cpu_us": (cpu() - used) / count / POLLS * 1e6, "bytes_a_cart": held / count}


def callbacks(peer: str, _base_url: str, count: int) -> dict[str, float]:
    """Callbacks verified and read, without a network."""
    url = "https://shop.example/netgiro/callback"
    body = (
        b'{"PaymentSuccessful":true,"PaymentInfo":{"TransactionId":"4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",'
        b'"InvoiceNumber":1001,"ReferenceNumber":"order-1001","StatusId":2,"Created":"2026-01-22T13:22:05.123",'
        b'"TotalAmount":4990.00},"Success":true,"Message":null,"ResultCode":10200}'
    )
    import netgiro

    signature = netgiro.sign(SECRET_KEY, "1", url, body)
    headers = {"netgiro_nonce": "1", "netgiro_signature": signature}
    if peer == "netgiro":
        client = netgiro.Client(APP_KEY, SECRET_KEY)

        def verify() -> Any:
            return client.verify_callback(url=url, headers=headers, body=body)

    else:
        job = Job("")
        job.url = url

        def verify() -> Any:
            return job.read(headers, body)

    for _ in range(WARM_UP):
        verify()
    with timed(count) as figures:
        for _ in range(count):
            verify()
    return figures


# After how many calls memory is looked at for the first time.
FEW_CALLS = int(os.environ.get("NETGIRO_BENCH_FEW_CALLS", "20000"))


def memory(peer: str, base_url: str, count: int) -> dict[str, float]:
    """What a process holds after many calls, one after another, beside what it held after a few."""
    with peers.BLOCKING[peer](base_url) as check:
        cart = ids(1)[0]
        for _ in range(FEW_CALLS):
            check(cart)
        gc.collect()
        after_few = resident()
        for _ in range(count - FEW_CALLS):
            check(cart)
        gc.collect()
        return {"growth": resident() / after_few, "megabytes": resident() / 1e6}


def reconcile(_peer: str, _base_url: str, count: int) -> dict[str, float]:
    """Orders against checks that are done, all of them paid but for one in a hundred."""
    import netgiro

    carts = ids(count)
    references = [f"order-{number}" for number in range(count)]
    orders = [
        {"reference": reference, "transaction_id": cart, "amount": 4990, "status": "paid"}
        for reference, cart in zip(references, carts, strict=True)
    ]
    checks = netgiro.CheckResults(
        checked(cart, reference, is_paid=at % 100 != 0)
        for at, (cart, reference) in enumerate(zip(carts, references, strict=True))
    )
    netgiro.reconcile(orders[:100], checks)
    with timed(count) as figures:
        report = netgiro.reconcile(orders, checks)
    assert len(report.exceptions) == (count + 99) // 100
    return figures | {"milliseconds": figures["wall_us"] * count / 1000}


def checked(cart: str, reference: str, *, is_paid: bool) -> Any:
    import netgiro

    status, payment = "canceled", None
    if is_paid:
        status = "confirmed"
        payment = netgiro.PaymentInfo(
            transaction_id=uuid.UUID(cart), total_amount=4990, reference_number=reference
        )
    state = netgiro.CartState(uuid.UUID(cart), status, payment=payment)
    return netgiro.CheckResult(uuid.UUID(cart), state=state)


WORKS = {
    work.__name__: work for work in (serial, in_flight, bulk, waiting, callbacks, memory, reconcile)
}


def main() -> None:
    work, peer, base_url, count = sys.argv[1:]
    print(json.dumps(WORKS[work](peer, base_url, int(count))))


if __name__ == "__main__":
    main()
