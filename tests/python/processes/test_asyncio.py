"""AsyncClient among event loops: started late, cancelled, closed, several at once, and uvloop."""

from __future__ import annotations

import asyncio
import collections.abc
import contextvars
import gc
import inspect
import os
import sys
import threading
import time
import warnings
from importlib.util import find_spec

import pytest

import netgiro
from harness import PHONE, QUICK, SOME_ID, eventually

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}


class WithoutReaders(asyncio.SelectorEventLoop):
    """A loop that cannot watch a pipe, such as Windows' proactor."""

    def add_reader(self, *_args):
        raise NotImplementedError


LOOPS = {"asyncio": asyncio.new_event_loop, "no readers": WithoutReaders}
if find_spec("uvloop"):
    import uvloop

    LOOPS["uvloop"] = uvloop.new_event_loop


@pytest.fixture(params=LOOPS)
def run(request):
    """Run a coroutine on each kind of loop, and close the loop."""

    def run(main, *, debug=False):
        loop = LOOPS[request.param]()
        loop.set_debug(debug)
        try:
            return loop.run_until_complete(main)
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    return run


def checks(simulator):
    return [request for request in simulator.requests() if request.endpoint == "CheckCart"]


def test_a_checkout(run, simulator):
    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            simulator.confirm(cart)
            assert (await shop.settle_cart(cart, policy=QUICK)).is_paid
            assert [state.status async for state in shop.watch_cart(cart)] == ["confirmed"]
            results = await asyncio.gather(*(shop.check_cart(cart) for _ in range(200)))
            assert all(state.is_paid for state in results)

    run(main())
    run(main(), debug=True)


def test_calls_are_coroutines(run, simulator):
    async def main():
        shop = simulator.async_client()
        call = shop.check_cart(SOME_ID)
        assert asyncio.iscoroutine(call)
        assert isinstance(call, collections.abc.Coroutine)
        assert inspect.isawaitable(call)
        assert repr(call).startswith("<coroutine object AsyncClient.check_cart at ")
        task = asyncio.create_task(call)
        assert (await task).status == "canceled"
        with pytest.raises(RuntimeError, match="already awaited"):
            await call
        assert (await asyncio.wait_for(shop.check_cart(SOME_ID), 60)).status == "canceled"
        assert (await asyncio.shield(shop.check_cart(SOME_ID))).status == "canceled"
        done, _ = await asyncio.wait([asyncio.create_task(shop.check_cart(SOME_ID))])
        assert done.pop().result().status == "canceled"

    run(main())


def test_runs_as_the_main_coroutine(simulator):
    assert asyncio.run(simulator.async_client().check_cart(SOME_ID)).status == "canceled"


def test_nothing_happens_before_it_is_awaited(simulator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shop = simulator.async_client()
        shop.insert_cart(**ORDER).close()
        shop.watch_cart(SOME_ID)
    assert simulator.requests() == []


def test_a_forgotten_await_is_told(simulator):
    shop = simulator.async_client()
    with pytest.warns(RuntimeWarning, match=r"AsyncClient\.cancel_cart' was never awaited"):
        shop.cancel_cart(SOME_ID)
    assert simulator.requests() == []


def test_bad_input_is_raised_where_it_is_awaited(run, simulator):
    async def main():
        shop = simulator.async_client()
        given = [SOME_ID, "nonsense", SOME_ID]
        results = await asyncio.gather(*map(shop.check_cart, given), return_exceptions=True)
        kinds = [type(result) for result in results]
        assert kinds == [netgiro.CartState, netgiro.InvalidRequestError, netgiro.CartState]

    run(main())


def test_cancelling_ends_the_wait_at_once_and_leaves_the_cart_alone(run, simulator):
    async def main():
        shop = simulator.async_client()
        cart = await shop.insert_cart(**ORDER)
        task = asyncio.create_task(shop.settle_cart(cart, policy=QUICK))
        await asyncio.sleep(0.1)
        task.cancel()
        # Left alone it would go on for minutes, and end with a state.
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.05)
        seen = len(simulator.requests())
        await asyncio.sleep(0.15)
        assert len(simulator.requests()) == seen
        assert simulator.cart(cart).status == "pending"
        assert (await shop.check_cart(cart)).status == "pending"

    run(main())


def test_cancelling_a_request_under_way(run, simulator):
    async def main():
        shop = simulator.async_client()
        simulator.add_fault("CheckCart", delay=600)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(shop.check_cart(SOME_ID), 0.05)
        assert (await shop.check_cart(SOME_ID)).status == "canceled"

    run(main())


def test_cancelled_before_it_started(run, simulator):
    async def main():
        task = asyncio.create_task(simulator.async_client().check_cart(SOME_ID))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main())
    assert simulator.requests() == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="there are no task groups before 3.11")
def test_a_task_group_that_fails(run, simulator):
    async def main():
        shop = simulator.async_client()
        carts = [await shop.insert_cart(**ORDER) for _ in range(5)]

        async def fail():
            await asyncio.sleep(0.05)
            raise LookupError

        with pytest.raises(ExceptionGroup) as raised:  # noqa: F821 - there is one from 3.11 on
            async with asyncio.TaskGroup() as group:
                for cart in carts:
                    group.create_task(shop.wait_for_cart(cart, policy=QUICK))
                group.create_task(fail())
        assert [type(error) for error in raised.value.exceptions] == [LookupError]
        await asyncio.sleep(0.05)
        seen = len(checks(simulator))
        await asyncio.sleep(0.1)
        assert len(checks(simulator)) == seen

    run(main())


def test_watching_given_up(run, simulator):
    async def main():
        shop = simulator.async_client()
        cart = await shop.insert_cart(**ORDER)
        async for state in shop.watch_cart(cart, policy=QUICK):
            assert state.status == "pending"
            break
        changes = shop.watch_cart(cart, policy=QUICK)
        assert (await changes.__anext__()).status == "pending"
        await changes.aclose()
        with pytest.raises(StopAsyncIteration):
            await changes.__anext__()
        waiting = asyncio.create_task(collect(shop.wait_many([cart], policy=QUICK)))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.05)
        seen = len(checks(simulator))
        await asyncio.sleep(0.1)
        assert len(checks(simulator)) == seen

    run(main())


async def collect(items):
    return [item async for item in items]


def test_callbacks_run_in_the_loop_with_the_tasks_context(run, simulator):
    variable = contextvars.ContextVar("order")

    async def main():
        variable.set("order-1")
        shop = simulator.async_client()
        cart = await shop.insert_cart(**ORDER)
        told = []

        def on_update(state):
            told.append((state.status, threading.get_ident(), variable.get()))
            if state.status == "pending":
                simulator.confirm(cart)

        assert (await shop.wait_for_cart(cart, policy=QUICK, on_update=on_update)).is_paid
        here = threading.get_ident()
        assert told == [("pending", here, "order-1"), ("confirmed", here, "order-1")]

    run(main())


def test_other_tasks_run_meanwhile(run, simulator):
    async def main():
        shop = simulator.async_client()
        cart = await shop.insert_cart(**ORDER)
        waiting = asyncio.create_task(shop.wait_for_cart(cart, policy=QUICK))
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(main())


def test_one_client_on_several_loops_in_turn(run, simulator):
    shop = simulator.async_client()

    async def main():
        return (await shop.check_cart(SOME_ID)).status

    assert [run(main()) for _ in range(5)] == ["canceled"] * 5


def test_one_client_on_several_loops_in_threads(run, simulator):
    shop = simulator.async_client()
    outcomes = []

    async def main():
        results = await asyncio.gather(*(shop.check_cart(SOME_ID) for _ in range(50)))
        outcomes.append(len(results))

    threads = [threading.Thread(target=lambda: run(main())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == [50] * 8


def test_a_loop_closed_with_calls_under_way(run, simulator):
    simulator.add_fault("CheckCart", delay=0.2, count=3)
    shop = simulator.async_client()
    tasks = []

    async def main():
        tasks.extend(asyncio.ensure_future(shop.check_cart(SOME_ID)) for _ in range(3))
        await asyncio.sleep(0.05)

    run(main())
    for task in tasks:
        # Nobody will ever await them: what asyncio says of that is not what is tested here.
        task._log_destroy_pending = False  # noqa: SLF001
    tasks.clear()
    gc.collect()
    time.sleep(0.25)

    async def again():
        return (await shop.check_cart(SOME_ID)).status

    assert run(again()) == "canceled"


def descriptors():
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
def test_loops_leave_no_descriptors_behind(run, simulator):
    shop = simulator.async_client()

    async def main():
        await shop.check_cart(SOME_ID)

    run(main())
    gc.collect()
    before = descriptors()
    for _ in range(20):
        run(main())
    gc.collect()
    assert descriptors() <= before + 1


def test_references_are_let_go(run, simulator):
    shop = simulator.async_client()

    class Told:
        def __call__(self, _state):
            pass

    async def main():
        cart = await shop.insert_cart(**ORDER)
        told = Told()
        simulator.confirm(cart)
        await shop.wait_for_cart(cart, on_update=told)
        task = asyncio.create_task(shop.wait_for_cart(SOME_ID, on_update=told))
        await asyncio.sleep(0)
        task.cancel()

    run(main())
    gc.collect()
    # By its type: `isinstance` asks proxies of other tests what they stand for, which makes it.
    assert not [each for each in gc.get_objects() if type(each) is Told]


def test_closed_with_calls_under_way(run, simulator):
    async def main():
        shop = simulator.async_client()
        simulator.add_fault("CheckCart", delay=0.1)
        task = asyncio.create_task(shop.check_cart(SOME_ID))
        await asyncio.sleep(0.03)
        await shop.close()
        assert (await task).status == "canceled"
        with pytest.raises(netgiro.ConfigurationError, match="closed"):
            await shop.check_cart(SOME_ID)

    run(main())


def test_outside_of_a_loop(simulator):
    call = simulator.async_client().check_cart(SOME_ID)
    with pytest.raises(RuntimeError, match="no running event loop"):
        call.send(None)


def test_simulator_in_async_with(run):
    async def main():
        async with netgiro.Simulator() as simulator, simulator.async_client() as shop:
            return await shop.check_cart(SOME_ID)

    assert run(main()).status == "canceled"


def test_many_aborted_calls(run, simulator):
    async def main():
        shop = simulator.async_client()
        for _ in range(20):
            tasks = [asyncio.create_task(shop.check_cart(SOME_ID)) for _ in range(50)]
            await asyncio.sleep(0.002)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert (await shop.check_cart(SOME_ID)).status == "canceled"

    run(main())
    assert eventually(lambda: simulator.requests()[-1].status == 200)
