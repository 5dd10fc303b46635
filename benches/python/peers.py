"""The peers, each in the configuration that its documentation recommends for many calls to one host.

A blocking peer gives a function that checks one cart; an asynchronous one gives a coroutine function,
within a context that closes it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from job import APP_KEY, SECRET_KEY, Job

IN_FLIGHT = 64
CA_FILE = os.environ.get("NETGIRO_BENCH_CA")

Check = Callable[[str], Any]
AsyncCheck = Callable[[str], Awaitable[Any]]


@contextmanager
def netgiro(base_url: str) -> Iterator[Check]:
    from netgiro import Client

    with Client(APP_KEY, SECRET_KEY, base_url=base_url, ca_file=CA_FILE) as client:

        def check(transaction_id: str) -> Any:
            state = client.check_cart(transaction_id)
            return state.is_paid, state.payment and state.payment.total_amount

        yield check


@contextmanager
def requests(base_url: str) -> Iterator[Check]:
    import requests

    job = Job(base_url)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = CA_FILE or True

        def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = session.post(job.url, data=body, headers=headers)
            return job.read(response.headers, response.content)

        yield check


@contextmanager
def httpx(base_url: str) -> Iterator[Check]:
    import ssl

    import httpx

    job = Job(base_url)
    context = ssl.create_default_context(cafile=CA_FILE)
    with httpx.Client(verify=context, trust_env=False) as client:

        def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = client.post(job.url, content=body, headers=headers)
            return job.read(response.headers, response.content)

        yield check


@contextmanager
def urllib3(base_url: str) -> Iterator[Check]:
    import urllib3

    job = Job(base_url)
    with urllib3.PoolManager(maxsize=IN_FLIGHT, ca_certs=CA_FILE) as pool:

        def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = pool.request("POST", job.url, body=body, headers=headers)
            return job.read(response.headers, response.data)

        yield check


@contextmanager
def pycurl(base_url: str) -> Iterator[Check]:
    import pycurl

    job = Job(base_url)
    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, job.url)
    handle.setopt(pycurl.POST, 1)
    handle.setopt(pycurl.TCP_NODELAY, 1)
    if CA_FILE:
        handle.setopt(pycurl.CAINFO, CA_FILE)
    received: dict[str, str] = {}

    def header(line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            received[name.lower()] = value.strip()

    handle.setopt(pycurl.HEADERFUNCTION, header)

    def check(transaction_id: str) -> Any:
        headers, body = job.request(transaction_id)
        handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        handle.setopt(pycurl.POSTFIELDS, body)
        received.clear()
        answer = handle.perform_rb()
        return job.read(received, answer)

    yield check
    handle.close()


@contextmanager
def primp(base_url: str) -> Iterator[Check]:
    import primp

    job = Job(base_url)
    client = primp.Client(ca_cert_file=CA_FILE, cookie_store=False, referer=False)

    def check(transaction_id: str) -> Any:
        headers, body = job.request(transaction_id)
        response = client.post(job.url, headers=headers, content=body)
        return job.read(response.headers, response.content)

    yield check


def _pyreqwest(builder: Any) -> Any:
    builder = builder.http1_only().no_proxy().timeout(timedelta(seconds=10))
    if CA_FILE:
        builder = builder.add_root_certificate_pem(Path(CA_FILE).read_bytes())
    return builder.build()


@contextmanager
def pyreqwest(base_url: str) -> Iterator[Check]:
    from pyreqwest.client import SyncClientBuilder

    job = Job(base_url)
    with _pyreqwest(SyncClientBuilder()) as client:

        def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = client.post(job.url).headers(headers).body_bytes(body).build().send()
            return job.read(response.headers, bytes(response.bytes()))

        yield check


@asynccontextmanager
async def async_netgiro(base_url: str) -> AsyncIterator[AsyncCheck]:
    from netgiro import AsyncClient

    async with AsyncClient(APP_KEY, SECRET_KEY, base_url=base_url, ca_file=CA_FILE) as client:

        async def check(transaction_id: str) -> Any:
            state = await client.check_cart(transaction_id)
            return state.is_paid, state.payment and state.payment.total_amount

        yield check


@asynccontextmanager
async def async_httpx(base_url: str) -> AsyncIterator[AsyncCheck]:
    import ssl

    import httpx

    job = Job(base_url)
    limits = httpx.Limits(max_connections=IN_FLIGHT, max_keepalive_connections=IN_FLIGHT)
    context = ssl.create_default_context(cafile=CA_FILE)
    async with httpx.AsyncClient(verify=context, limits=limits, trust_env=False) as client:

        async def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = await client.post(job.url, content=body, headers=headers)
            return job.read(response.headers, response.content)

        yield check


@asynccontextmanager
async def async_aiohttp(base_url: str) -> AsyncIterator[AsyncCheck]:
    import ssl

    import aiohttp

    job = Job(base_url)
    context = ssl.create_default_context(cafile=CA_FILE)
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT, ssl=context)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:

        async def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            async with session.post(job.url, data=body, headers=headers) as response:
                return job.read(response.headers, await response.read())

        yield check


@asynccontextmanager
async def async_primp(base_url: str) -> AsyncIterator[AsyncCheck]:
    import primp

    job = Job(base_url)
    client = primp.AsyncClient(ca_cert_file=CA_FILE, cookie_store=False, referer=False)

    async def check(transaction_id: str) -> Any:
        headers, body = job.request(transaction_id)
        response = await client.post(job.url, headers=headers, content=body)
        return job.read(response.headers, response.content)

    yield check


@asynccontextmanager
async def async_pyreqwest(base_url: str) -> AsyncIterator[AsyncCheck]:
    from pyreqwest.client import ClientBuilder

    job = Job(base_url)
    async with _pyreqwest(ClientBuilder()) as client:

        async def check(transaction_id: str) -> Any:
            headers, body = job.request(transaction_id)
            response = await client.post(job.url).headers(headers).body_bytes(body).build().send()
            return job.read(response.headers, bytes(await response.bytes()))

        yield check


BLOCKING = {
    peer.__name__: peer for peer in (netgiro, requests, httpx, urllib3, pycurl, primp, pyreqwest)
}
ASYNC = {
    peer.__name__.removeprefix("async_"): peer
    for peer in (async_netgiro, async_httpx, async_aiohttp, async_primp, async_pyreqwest)
}
