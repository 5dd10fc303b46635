"""The integration in apps, without a server. What callback routes answer is in ../routes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route

import netgiro
from harness import eventually
from netgiro.fastapi import Netgiro, NetgiroClient, get_client
from netgiro.webhook import MAX_BODY, Order

URL = "https://shop.example/netgiro/callback"


@pytest.fixture
def simulator():
    with netgiro.Simulator() as simulator:
        yield simulator


@pytest.fixture
def integration(simulator):
    return Netgiro(simulator.async_client)


def paid_cart(simulator):
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    return cart


def callback(simulator, cart):
    info = {
        "TransactionId": str(cart.transaction_id),
        "ReferenceNumber": cart.reference,
        "TotalAmount": cart.amount,
    }
    body = json.dumps({"Success": True, "ResultCode": 10200, "PaymentInfo": info}).encode()
    signature = netgiro.sign(simulator.secret_key, "1", URL, body)
    headers = {"netgiro_nonce": "1", "netgiro_signature": signature}
    return {"content": body, "headers": headers}


def find(callback):
    return Order(4990, callback.reference)


async def check(client: NetgiroClient, transaction_id: str):
    state = await client.check_cart(transaction_id)
    return {"paid": state.is_paid}


def test_the_client_is_injected_and_closed_at_the_end(integration, simulator):
    app = FastAPI(lifespan=integration.lifespan)
    app.get("/carts/{transaction_id}")(check)
    cart = paid_cart(simulator)
    with TestClient(app) as browser:
        client = integration.client
        assert browser.get(f"/carts/{cart.transaction_id}").json() == {"paid": True}
        assert integration.client is client
    with pytest.raises(netgiro.ConfigurationError, match="closed"):
        asyncio.run(_check(client, cart))
    # The app may start again, with a client of its own.
    with TestClient(app) as browser:
        assert browser.get(f"/carts/{cart.transaction_id}").json() == {"paid": True}


async def _check(client, cart):
    await client.check_cart(cart)


def test_the_dependency_can_be_overridden(simulator):
    app = FastAPI()
    app.get("/carts/{transaction_id}")(check)
    cart = paid_cart(simulator)
    with TestClient(app) as browser:
        with pytest.raises(netgiro.ConfigurationError, match=r"lifespan=netgiro\.lifespan"):
            browser.get(f"/carts/{cart.transaction_id}")
        app.dependency_overrides[get_client] = simulator.async_client
        assert browser.get(f"/carts/{cart.transaction_id}").json() == {"paid": True}


@pytest.mark.parametrize("has_lifespan", [True, False])
@pytest.mark.parametrize("kind", ["coroutine function", "function"])
def test_the_function_is_called(integration, simulator, has_lifespan, kind):
    calls = []

    def settled(state, callback):
        calls.append((state.is_paid, callback.reference))

    async def settled_async(state, callback):
        settled(state, callback)

    function = settled if kind == "function" else settled_async
    assert integration.callback("/netgiro/callback", url=URL, order=find)(function) is function
    app = FastAPI(lifespan=integration.lifespan if has_lifespan else None)
    app.include_router(integration.router, prefix="/shop")
    sent = callback(simulator, paid_cart(simulator))
    browser = TestClient(app)
    if has_lifespan:
        with browser:
            assert browser.post("/shop/netgiro/callback", **sent).status_code == 200
    else:
        # As tests do it: the loop ends with the request.
        assert browser.post("/shop/netgiro/callback", **sent).status_code == 200
    assert calls == [(True, "order-1")]


def test_starlette_alone(simulator):
    """In a process where FastAPI cannot be imported."""
    code = """
import sys
sys.modules["fastapi"] = None
import netgiro
from netgiro.fastapi import Netgiro, get_client
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

simulator = netgiro.Simulator()
integration = Netgiro(simulator.async_client)
integration.callback("/netgiro/callback", url="https://shop.example/", order=lambda callback: None)(print)

async def check(request):
    client = await get_client(request)
    return JSONResponse(str((await client.check_cart(netgiro.CartState(
        "0f0e0d0c-0b0a-4908-8706-050403020100", "pending"))).status))

app = Starlette(routes=[Route("/", check), *integration.routes], lifespan=integration.lifespan)
with TestClient(app) as browser:
    assert browser.get("/").json() == "canceled"
    assert browser.post("/netgiro/callback").status_code == 400
    assert browser.get("/netgiro/callback").status_code == 405
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_starlette():
    code = "import sys; sys.modules['starlette'] = None; import netgiro; import netgiro.fastapi"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'netgiro[fastapi]'" in done.stderr


def test_a_large_body_is_refused_while_it_comes(integration):
    integration.callback("/netgiro/callback", url=URL, order=find)(print)
    app = Starlette(routes=integration.routes)
    sent = []

    async def body():
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 0x4000

    async def post():
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://shop"
        ) as browser:
            return await browser.post("/netgiro/callback", content=body())

    assert asyncio.run(post()).status_code == 413
    assert len(sent) <= MAX_BODY // 0x4000 + 2


def test_the_answer_waits_for_nothing_even_without_a_server(integration, simulator):
    """Some middleware, and what calls an app in a test, waits for background tasks."""
    calls = []
    answered = asyncio.Event()

    async def settled(state, callback):
        await answered.wait()
        calls.append(state)

    integration.callback("/netgiro/callback", url=URL, order=find)(settled)
    app = Starlette(routes=integration.routes)

    async def pass_on(request, call_next):
        return await call_next(request)

    app.add_middleware(BaseHTTPMiddleware, dispatch=pass_on)

    async def post():
        async with (
            httpx2.AsyncClient(
                transport=httpx2.ASGITransport(app), base_url="http://shop"
            ) as browser,
            integration.lifespan(app),
        ):
            answer = await browser.post(
                "/netgiro/callback", **callback(simulator, paid_cart(simulator))
            )
            assert calls == []
            answered.set()
        # The end of the lifespan lets end what is in flight.
        return answer.status_code

    assert asyncio.run(post()) == 200
    assert len(calls) == 1


def test_the_end_does_not_wait_for_what_rests(integration, simulator):
    calls = []

    async def settled(state, callback):
        calls.append(state)
        raise RuntimeError("not now")

    integration.callback("/netgiro/callback", url=URL, order=find)(settled)
    app = Starlette(routes=integration.routes, lifespan=integration.lifespan)
    with TestClient(app) as browser:
        sent = callback(simulator, paid_cart(simulator))
        assert browser.post("/netgiro/callback", **sent).status_code == 200
        # It rests for longer each time: after the third call for four seconds.
        eventually(lambda: len(calls) == 3 and integration._resting)
    assert len(calls) == 3


def test_own_lifespan_and_a_json_route(integration, simulator):
    """A route of the shop's own uses the client without FastAPI."""

    async def checkout(request):
        client = await get_client(request)
        cart = await client.insert_cart(amount=4990, reference="order-2", customer_id="8111111")
        return JSONResponse((await client.settle_cart(cart, timeout=5)).is_paid)

    app = Starlette(routes=[Route("/", checkout)], lifespan=integration.lifespan)
    with TestClient(app) as browser:
        assert browser.get("/").json() is True
