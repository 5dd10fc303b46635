"""The methods of AsyncClient are coroutine functions, for everything that asks; and so may be what they report to."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import traceback
import unittest
import unittest.mock
import warnings

import anyio
import pytest
import tenacity
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.applications import Starlette
from starlette.background import BackgroundTask, BackgroundTasks
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import netgiro
from harness import PHONE, QUICK, SOME_ID, eventually

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}
AWAITED = {
    *("insert_cart", "check_cart", "cancel_cart", "confirm_cart", "wait_for_cart", "settle_cart", "check_many"),
    *("capture_cart", "void_cart"),
    *("refund_cart", "get_transaction", "create_checkout", "find_by_reference", "poll_step", "settlements", "settlement_items"),
    *("verify_callback_once", "close"),
}  # fmt: skip
NOT_AWAITED = {
    *("watch_cart", "check_each", "wait_many", "verify_callback", "verify_redirect", "from_env"),
}  # fmt: skip


async def come_to(condition):
    """Wait for a condition, on the loop."""
    while not condition():  # noqa: ASYNC110 - what changes is on another thread
        await asyncio.sleep(0.01)


def methods():
    return {name for name in dir(netgiro.AsyncClient) if not name.startswith("_")} - {
        "api",
        "base_url",
        "unfinished",
    }


def test_each_method_is_one_or_is_none():
    assert methods() == AWAITED | NOT_AWAITED
    shop = netgiro.Simulator().async_client()
    for name in AWAITED | {"__aenter__", "__aexit__"}:
        for method in (getattr(netgiro.AsyncClient, name), getattr(shop, name)):
            assert inspect.iscoroutinefunction(method)
            assert inspect.iscoroutinefunction(functools.partial(method))
            assert asyncio.iscoroutinefunction(method)
    for name in NOT_AWAITED:
        assert not inspect.iscoroutinefunction(getattr(shop, name))


def test_their_signatures_are_those_of_client():
    for name in AWAITED:
        awaited, blocking = (
            [
                (each.name, each.default)
                for each in inspect.signature(getattr(kind, name)).parameters.values()
            ]
            for kind in (netgiro.AsyncClient, netgiro.Client)
        )
        assert awaited == blocking, name
        assert getattr(netgiro.AsyncClient, name).__doc__ == getattr(netgiro.Client, name).__doc__


def test_a_task_prints_the_name_of_its_call(simulator):
    async def main():
        async with simulator.async_client() as shop:
            call = shop.settle_cart(SOME_ID, policy=QUICK)
            assert inspect.iscoroutine(call)
            assert (call.__name__, call.__qualname__) == ("settle_cart", "AsyncClient.settle_cart")
            assert call.cr_frame is not None
            assert call.cr_code.co_name == "settle_cart"
            task = asyncio.create_task(call)
            assert "coro=<AsyncClient.settle_cart() " in repr(task)
            await asyncio.sleep(0)
            assert any("settle_cart" in str(frame) for frame in task.get_stack())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(main())


def test_a_call_that_nobody_awaits_warns_and_sends_nothing(simulator):
    shop = simulator.async_client()
    for name, given in {
        "insert_cart": ORDER,
        "check_cart": {"transaction_id": SOME_ID},
        "close": {},
    }.items():
        said = f"coroutine 'AsyncClient.{name}' was never awaited"
        with pytest.warns(RuntimeWarning, match=said):
            getattr(shop, name)(**given)
    assert simulator.requests() == []


def test_starlette_runs_them_after_the_answer(simulator):
    shop = simulator.async_client()
    cart = asyncio.run(shop.insert_cart(**ORDER))
    simulator.confirm(cart)
    states = []

    def answer(_request):
        tasks = BackgroundTasks()
        tasks.add_task(shop.settle_cart, cart, policy=QUICK, on_update=states.append)
        tasks.add_task(shop.check_cart, cart)
        return PlainTextResponse("ok", background=tasks)

    def one(_request):
        return PlainTextResponse("ok", background=BackgroundTask(shop.cancel_cart, cart))

    with TestClient(Starlette(routes=[Route("/", answer), Route("/one", one)])) as client:
        assert client.get("/").text == "ok"
        assert client.get("/one").text == "ok"
    assert [state.status for state in states] == ["confirmed"]
    assert "CancelCart" in [request.endpoint for request in simulator.requests()]


def test_an_endpoint_may_be_a_method(simulator):
    shop = simulator.async_client()

    class Shop(netgiro.AsyncClient):
        async def endpoint(self, _request):
            return PlainTextResponse((await self.check_cart(SOME_ID)).status)

    own = Shop(simulator.app_key, simulator.secret_key, base_url=shop.base_url)
    with TestClient(Starlette(routes=[Route("/", own.endpoint)])) as client:
        assert client.get("/").text == "canceled"


def test_apscheduler_awaits_them(simulator):
    async def main():
        async with simulator.async_client() as shop:
            scheduler = AsyncIOScheduler()
            scheduler.add_job(shop.check_cart, args=[SOME_ID])
            scheduler.add_job(functools.partial(shop.check_cart, SOME_ID))
            scheduler.start()
            await come_to(lambda: len(simulator.requests()) >= 2)
            scheduler.shutdown()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_tenacity_retries_them(simulator):
    async def main():
        async with simulator.async_client() as shop:
            simulator.add_fault("CheckCart", status=400, count=2)
            again = tenacity.retry(
                stop=tenacity.stop_after_attempt(5),
                retry=tenacity.retry_if_exception_type(netgiro.NetgiroError),
            )
            assert (await again(shop.check_cart)(SOME_ID)).status == "canceled"
            retrying = tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(2))
            assert (await retrying(shop.check_cart, SOME_ID)).status == "canceled"
            assert len(simulator.requests()) == 4

    asyncio.run(main())


@pytest.mark.parametrize("backend_options", [{}, {"use_uvloop": True}], ids=["asyncio", "uvloop"])
def test_anyio_starts_them(simulator, backend_options):
    async def main():
        async with simulator.async_client() as shop:
            async with anyio.create_task_group() as group:
                group.start_soon(shop.check_cart, SOME_ID)
                group.start_soon(functools.partial(shop.check_cart, SOME_ID), name="check")
                group.start_soon(shop.close)
            return await anyio.to_thread.run_sync(
                lambda: anyio.from_thread.run(shop.check_cart, SOME_ID)
            )

    with pytest.raises(netgiro.ConfigurationError, match="closed"):
        anyio.run(main, backend_options=backend_options)
    assert len(simulator.requests()) >= 1


def test_anyio_cancels_them(simulator):
    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            with anyio.move_on_after(0.05) as scope:
                await shop.settle_cart(cart, policy=QUICK)
            assert scope.cancelled_caught

    anyio.run(main)
    assert simulator.carts()[0].status == "pending"


def test_mock_knows_them():
    for fake in (
        unittest.mock.create_autospec(netgiro.AsyncClient, instance=True),
        unittest.mock.AsyncMock(spec=netgiro.AsyncClient),
        unittest.mock.create_autospec(netgiro.Simulator().async_client()),
    ):
        assert isinstance(fake, netgiro.AsyncClient)
        for name in AWAITED:
            assert isinstance(
                getattr(fake, name), unittest.mock.AsyncMock
            ) or inspect.iscoroutinefunction(getattr(fake, name))
        fake.check_cart.return_value = netgiro.CartState(SOME_ID, "confirmed")
        assert asyncio.run(fake.check_cart(SOME_ID)).is_paid
        fake.check_cart.assert_awaited_once_with(SOME_ID)
        with pytest.raises(AttributeError):
            fake.charge_cart  # noqa: B018
    fake = unittest.mock.create_autospec(netgiro.AsyncClient, instance=True)
    with pytest.raises(TypeError, match="amount"):
        asyncio.run(fake.insert_cart(reference="r", customer_id=PHONE))


def test_unittest_awaits_them(simulator):
    class Case(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self):
            self.shop = (
                await self.enterAsyncContext(simulator.async_client())
                if hasattr(self, "enterAsyncContext")
                else simulator.async_client()
            )
            self.addAsyncCleanup(self.shop.close)

        async def test_check(self):
            assert (await self.shop.check_cart(SOME_ID)).status == "canceled"

    result = unittest.TestResult()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
    assert result.wasSuccessful(), result.errors + result.failures


# --- what a call reports to


def reported(simulator, on_update, *, act=None):
    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            if act is not None:
                act(cart)
            return await shop.settle_cart(cart, policy=QUICK, on_update=on_update)

    return asyncio.run(asyncio.wait_for(main(), 60))


class Caller:
    """Something that can be called, and whose calls are awaited."""

    def __init__(self, seen, simulator):
        self.seen = seen
        self.simulator = simulator

    async def __call__(self, state):
        await asyncio.sleep(0.01)
        self.seen.append(state.status)
        if not state.is_final:
            self.simulator.confirm(state.transaction_id)

    async def method(self, state):
        await self(state)


@pytest.mark.parametrize("kind", ["function", "object", "method", "partial", "lambda", "future"])
def test_a_coroutine_function_is_awaited(simulator, kind):
    seen = []
    caller = Caller(seen, simulator)

    async def function(state):
        await caller(state)

    async def later(_more, state):
        await caller(state)

    functions = {
        "function": function,
        "object": caller,
        "method": caller.method,
        "partial": functools.partial(later, 1),
        "lambda": lambda state: caller.method(state),  # noqa: PLW0108 - whose result alone tells
        "future": lambda state: asyncio.ensure_future(caller(state)),
    }
    state = reported(simulator, functions[kind])
    assert state.is_paid
    assert seen == ["pending", "confirmed"]


def test_a_function_is_called_as_ever(simulator):
    seen = []
    assert reported(
        simulator, lambda state: seen.append(state.status), act=simulator.confirm
    ).is_paid
    assert seen == ["confirmed"]


def test_what_it_raises_ends_the_wait(simulator):
    class FullError(Exception):
        pass

    async def on_update(_state):
        await asyncio.sleep(0)
        raise FullError

    with pytest.raises(FullError):
        reported(simulator, on_update)
    (cart,) = simulator.carts()
    assert cart.status == "pending"
    assert "CancelCart" not in [request.endpoint for request in simulator.requests()]


def test_cancelling_reaches_what_is_awaited(simulator):
    ended = []

    async def on_update(_state):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            task = asyncio.create_task(shop.wait_for_cart(cart, policy=QUICK, on_update=on_update))
            await come_to(lambda: len(simulator.requests()) >= 2)
            await asyncio.sleep(0.1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended == [True]
            # Closed rather than cancelled, as at the end of a program.
            call = shop.wait_for_cart(cart, policy=QUICK, on_update=on_update)
            call.send(None)
            call.close()

    asyncio.run(asyncio.wait_for(main(), 60))
    assert simulator.carts()[0].status == "pending"


def test_one_that_swallows_a_cancellation_goes_on(simulator):
    async def on_update(state):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            simulator.confirm(state.transaction_id)

    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            seen = []

            async def first(state):
                seen.append(state.status)
                if len(seen) == 1:
                    await on_update(state)

            task = asyncio.create_task(shop.wait_for_cart(cart, policy=QUICK, on_update=first))
            await come_to(lambda: seen)
            task.cancel()
            assert (await task).is_paid

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize("method", ["check_many", "check_each", "wait_many"])
def test_progress_is_awaited_too(simulator, method):
    seen = []

    async def on_progress(done, total):
        await asyncio.sleep(0)
        seen.append((done, total))

    async def main(listener):
        async with simulator.async_client() as shop:
            brought = getattr(shop, method)([SOME_ID] * 3, on_progress=listener)
            return await brought if method == "check_many" else [result async for result in brought]

    assert len(asyncio.run(main(on_progress))) == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]

    async def broken(_done, _total):
        raise KeyError("of the shop's")

    with pytest.raises(KeyError):
        asyncio.run(main(broken))


@pytest.mark.parametrize("kind", ["function", "object", "partial", "mock"])
def test_client_refuses_a_coroutine_function_before_anything_is_sent(simulator, kind):
    async def function(*_given):
        raise AssertionError("it is called")

    functions = {
        "function": function,
        "object": Caller([], simulator),
        "partial": functools.partial(function, 1),
        "mock": unittest.mock.AsyncMock(),
    }
    with simulator.client() as shop:
        for name, call in {
            "on_update": lambda given: shop.settle_cart(SOME_ID, on_update=given),
            "on_update ": lambda given: shop.wait_for_cart(SOME_ID, on_update=given),
            "on_progress": lambda given: shop.check_many([SOME_ID], on_progress=given),
            "on_progress ": lambda given: shop.check_each([SOME_ID], on_progress=given),
            "on_progress  ": lambda given: shop.wait_many([SOME_ID], on_progress=given),
        }.items():
            message = f"{name.strip()} must be a function; got a coroutine function"
            with pytest.raises(netgiro.InvalidRequestError, match=message):
                call(functions[kind])
    assert simulator.requests() == []


def test_client_refuses_what_turns_out_to_be_awaitable(simulator):
    async def later(state):
        raise AssertionError(state)

    with simulator.client() as shop, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(netgiro.InvalidRequestError, match="on_update must be a function"):
            shop.settle_cart(SOME_ID, on_update=lambda state: later(state))  # noqa: PLW0108
        with pytest.raises(netgiro.InvalidRequestError, match="on_progress must be a function"):
            shop.check_many([SOME_ID], on_progress=lambda done, _total: later(done))
        gc.collect()


@pytest.mark.parametrize("given", [7, "print", [print]], ids=repr)
def test_what_is_no_function_is_refused(shop, simulator, given):
    with pytest.raises(netgiro.InvalidRequestError, match="on_update must be a function; got "):
        shop.settle_cart(SOME_ID, on_update=given)
    with pytest.raises(netgiro.InvalidRequestError, match="on_progress must be a function; got "):
        shop.check_many([SOME_ID], on_progress=given)
    assert simulator.requests() == []


def test_nothing_is_kept_of_a_call_that_was_dropped(simulator):
    class Listener:
        async def __call__(self, _state):
            await asyncio.sleep(60)

    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            listener = Listener()
            task = asyncio.create_task(shop.wait_for_cart(cart, policy=QUICK, on_update=listener))
            await come_to(lambda: len(simulator.requests()) >= 2)
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(main(), 60))
    gc.collect()
    eventually(lambda: not any(type(each) is Listener for each in gc.get_objects()))


# --- what stands in a frame of this package


def variables(error: BaseException) -> str:
    """What an error report prints of the frames of an exception, and of those of its causes."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(shown.format())


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("insert_cart", {**ORDER, "customer_id": "8" + "223281"}),
        ("insert_cart", {**ORDER, "amount": 0, "customer_id": "8" + "223281"}),
        ("confirm_cart", {"transaction_id": SOME_ID, "identifier": "8" + "223281"}),
        ("check_cart", {"transaction_id": "8" + "223281"}),
        ("settle_cart", {"cart": "8" + "223281"}),
        ("check_many", {"ids": ["8" + "223281"]}),
    ],
)
def test_no_customers_number_is_in_a_traceback(simulator, method, given):
    async def main(shop):
        call = getattr(shop, method)(**given)
        given.clear()
        with pytest.raises(netgiro.NetgiroError) as raised:
            await call
        return variables(raised.value)

    simulator.add_fault("*", status=400)
    assert "8223281" not in asyncio.run(main(simulator.async_client()))


def test_records_are_of_whoever_awaits(simulator, caplog):
    async def buys(shop):
        return await shop.check_cart(SOME_ID)

    async def main():
        async with simulator.async_client() as shop:
            await buys(shop)
            async for state in shop.watch_cart(SOME_ID, policy=QUICK):
                assert state.status == "canceled"

    with caplog.at_level("DEBUG", logger="netgiro"):
        asyncio.run(main())
    assert {record.funcName for record in caplog.records} == {"buys", "main"}
    assert {record.filename for record in caplog.records} == {"test_coroutine_functions.py"}
