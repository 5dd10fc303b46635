"""insert_cart that is broken off: whether the customer may have been asked, and who is told."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest

import netgiro
from harness import APP_KEY, PHONE, SECRET_KEY, eventually

ORDER = {"amount": 4990, "reference": "order-1001", "customer_id": PHONE}
HAS_NOTES = sys.version_info >= (3, 11)
posix = pytest.mark.skipif(sys.platform == "win32", reason="it takes signals")


class Kept(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.records = []

    def emit(self, record):
        self.records.append(record)


@pytest.fixture
def kept():
    handler = Kept()
    logger = logging.getLogger("netgiro")
    logger.addHandler(handler)
    yield handler.records
    logger.removeHandler(handler)


@pytest.fixture
def slow(simulator):
    """A simulator that keeps InsertCart waiting for its answer."""
    simulator.add_fault("InsertCart", delay=60, count=100)
    return simulator


@pytest.fixture
def mute():
    """The URL of a server that takes connections and never says a word: over TLS, nothing can be sent to it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        connected = threading.Event()
        held = []

        def accept():
            try:
                held.append(listener.accept()[0])
            except OSError:
                return
            connected.set()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}/", connected
        for connection in held:
            connection.close()


def may_have_been_asked(raised, kept):
    """Checks what an exception and the log say of an insert that may have reached the server."""
    cause = raised.__cause__
    assert isinstance(cause, netgiro.OutcomeUnknownError), cause
    assert (cause.reference, cause.request_sent, cause.retryable) == ("order-1001", "maybe", False)
    if HAS_NOTES:
        (note,) = raised.__notes__
        assert "order-1001" in note
        assert "customer may have been asked" in note
        assert PHONE not in note
    (record,) = kept
    assert (record.levelno, record.name) == (logging.WARNING, "netgiro.request")
    assert record.netgiro_endpoint == "InsertCart"
    assert record.netgiro_error == "outcome_unknown"
    assert record.netgiro_reference == "order-1001"
    assert 'reference "order-1001"' in record.getMessage()
    assert PHONE not in record.getMessage() + repr(vars(record))


def nobody_was_asked(raised, kept):
    assert not getattr(raised, "__notes__", [])
    assert raised.__cause__.request_sent == "no"
    assert not [record for record in kept if record.netgiro_error == "outcome_unknown"]


async def until_asked(simulator):
    deadline = time.monotonic() + 60
    while not simulator.requests():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def task_cancel(call, asked):
    task = asyncio.ensure_future(call)
    await asked
    task.cancel()
    await task


async def gathered(call, asked):
    both = asyncio.gather(call, asyncio.sleep(60))
    await asked
    both.cancel()
    await both


async def in_a_task_group(call, asked):
    async def fails():
        await asked
        raise RuntimeError("the other task")

    inserting = None

    async def inserts():
        nonlocal inserting
        try:
            await call
        except asyncio.CancelledError as error:
            inserting = error
            raise

    with pytest.raises(BaseExceptionGroup):  # noqa: F821 - Python 3.11
        async with asyncio.TaskGroup() as group:
            group.create_task(inserts())
            group.create_task(fails())
    raise inserting


@pytest.mark.parametrize(
    "way",
    [
        task_cancel,
        gathered,
        pytest.param(
            in_a_task_group, marks=pytest.mark.skipif(not HAS_NOTES, reason="Python 3.11")
        ),
    ],
)
def test_cancelling_says_that_the_customer_may_have_been_asked(slow, kept, way):
    async def main():
        async with slow.async_client() as shop:
            await way(shop.insert_cart(**ORDER), until_asked(slow))

    with pytest.raises(asyncio.CancelledError) as raised:
        asyncio.run(main())
    # asyncio.run may hand on another CancelledError than the task's own.
    error = raised.value
    while not isinstance(error.__cause__, netgiro.OutcomeUnknownError):
        error = error.__cause__ or error.__context__
    may_have_been_asked(error, kept)


def test_a_call_is_a_coroutine_of_its_own_task_as_well(slow, kept):
    async def main():
        async with slow.async_client() as shop:
            task = asyncio.get_running_loop().create_task(shop.insert_cart(**ORDER))
            await until_asked(slow)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            may_have_been_asked(raised.value, kept)

    asyncio.run(main())


async def wait_for(call, asked):
    asked.close()
    await asyncio.wait_for(call, 0.5)


async def timeout(call, asked):
    async with asyncio.timeout(None) as limit:
        asyncio.ensure_future(asked).add_done_callback(lambda _: limit.reschedule(0))
        await call


@pytest.mark.parametrize(
    "way",
    [
        wait_for,
        pytest.param(timeout, marks=pytest.mark.skipif(not HAS_NOTES, reason="Python 3.11")),
    ],
)
def test_a_timeout_has_it_in_its_causes(slow, kept, way):
    async def main():
        async with slow.async_client() as shop:
            await way(shop.insert_cart(**ORDER), until_asked(slow))

    with pytest.raises((TimeoutError, asyncio.TimeoutError)) as raised:
        asyncio.run(main())
    if not slow.requests():
        pytest.skip("this machine is too slow to send anything in half a second")
    may_have_been_asked(raised.value.__cause__ or raised.value.__context__, kept)


def test_a_cancelled_insert_that_never_left_asked_nobody(mute, kept):
    url, connected = mute

    async def main():
        async with netgiro.AsyncClient(APP_KEY, SECRET_KEY, base_url=url, timeout=60) as shop:
            task = asyncio.ensure_future(shop.insert_cart(**ORDER))
            await asyncio.to_thread(connected.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            nobody_was_asked(raised.value, kept)

    asyncio.run(main())


def test_one_that_never_began_says_nothing(slow, kept):
    async def main():
        async with slow.async_client() as shop:
            task = asyncio.ensure_future(shop.insert_cart(**ORDER))
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert raised.value.__cause__ is None
            assert not getattr(raised.value, "__notes__", [])

    asyncio.run(main())
    assert not kept
    assert not slow.requests()


def test_other_calls_are_cancelled_without_a_word(simulator, kept):
    simulator.add_fault("CheckCart", delay=60)

    async def main():
        async with simulator.async_client() as shop:
            task = asyncio.ensure_future(shop.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100"))
            await until_asked(simulator)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await task
            assert raised.value.__cause__ is None
            assert not getattr(raised.value, "__notes__", [])

    asyncio.run(main())
    assert not kept


def test_a_cart_whose_answer_came_and_was_not_taken_is_named(simulator, kept):
    # Else the answer may be there before the coroutine first waits for it.
    simulator.add_fault("InsertCart", delay=0.5)

    async def main():
        async with simulator.async_client() as shop:
            call = shop.insert_cart(**ORDER)
            call.send(None)
            # The loop does not turn meanwhile, so nobody takes the answer.
            eventually(lambda: simulator.requests() and simulator.requests()[0].status, 60)
            error = None
            deadline = time.monotonic() + 60
            while error is None or error.request_sent != "yes":
                assert time.monotonic() < deadline
                with pytest.raises(asyncio.CancelledError) as raised:
                    call.throw(asyncio.CancelledError())
                error = raised.value.__cause__
                if error.request_sent != "yes":  # the answer was still on its way to this process
                    pytest.skip("the answer was not read in time")
            (cart,) = simulator.carts()
            assert str(cart.transaction_id) in str(error)
            assert isinstance(error, netgiro.OutcomeUnknownError)
            (record,) = kept
            assert record.netgiro_transaction_id == str(cart.transaction_id)

    asyncio.run(main())


@pytest.mark.parametrize("how", ["closed", "forgotten"])
def test_a_call_that_is_let_go_of_is_told_of(slow, kept, how):
    async def main():
        async with slow.async_client() as shop:
            call = shop.insert_cart(**ORDER)
            call.send(None)
            await until_asked(slow)
            if how == "closed":
                call.close()
            else:
                del call
                gc.collect()
            (record,) = kept
            assert record.netgiro_error == "outcome_unknown"
            assert record.netgiro_reference == "order-1001"

    asyncio.run(main())


def test_a_loop_that_is_closed_under_it_is_no_crash(slow, kept):
    loop = asyncio.new_event_loop()
    shop = slow.async_client()

    async def start():
        task = asyncio.ensure_future(shop.insert_cart(**ORDER))
        await until_asked(slow)
        return task

    task = loop.run_until_complete(start())
    task._log_destroy_pending = False  # noqa: SLF001 - asyncio would complain of it
    loop.close()
    del task
    gc.collect()
    assert [record.netgiro_error for record in kept] == ["outcome_unknown"]


class StoppedError(Exception):
    """What a shop's own handler raises."""


@contextmanager
def interrupted_by(handler, is_time):
    """Has this thread's signal handled by `handler`, once `is_time` has returned."""
    before = signal.signal(signal.SIGUSR1, handler)

    def interrupt():
        is_time()
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)


@posix
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, StoppedError])
def test_a_signal_that_interrupts_a_blocking_insert_says_so(slow, kept, kind):
    def handler(number, frame):
        raise kind

    is_sent = partial(eventually, slow.requests, 60)
    with interrupted_by(handler, is_sent), slow.client() as shop, pytest.raises(kind) as raised:
        shop.insert_cart(**ORDER)
    may_have_been_asked(raised.value, kept)


@posix
def test_a_signal_before_a_byte_left_asked_nobody(mute, kept):
    url, connected = mute

    def handler(number, frame):
        raise KeyboardInterrupt

    with interrupted_by(handler, lambda: connected.wait(60)):
        shop = netgiro.Client(APP_KEY, SECRET_KEY, base_url=url, timeout=60)
        with pytest.raises(KeyboardInterrupt) as raised:
            shop.insert_cart(**ORDER)
    nobody_was_asked(raised.value, kept)


@posix
def test_the_cause_that_an_exception_has_stays(slow, kept):
    def handler(number, frame):
        raise KeyboardInterrupt from ValueError("the shop's own")

    is_sent = partial(eventually, slow.requests, 60)
    with (
        interrupted_by(handler, is_sent),
        slow.client() as shop,
        pytest.raises(KeyboardInterrupt) as raised,
    ):
        shop.insert_cart(**ORDER)
    assert isinstance(raised.value.__cause__, ValueError)
    assert [record.netgiro_error for record in kept] == ["outcome_unknown"]


# Who starts the tests in the background has signals ignored, in their children as well.
BLOCKING = """
import signal, sys, netgiro
signal.signal(signal.SIGINT, signal.default_int_handler)
shop = netgiro.Client(sys.argv[1], sys.argv[2], base_url=sys.argv[3], timeout=60)
shop.insert_cart(amount=4990, reference="order-1001", customer_id="8223281")
"""
AWAITED = """
import asyncio, signal, sys, netgiro
signal.signal(signal.SIGINT, signal.default_int_handler)
async def main():
    async with netgiro.AsyncClient(sys.argv[1], sys.argv[2], base_url=sys.argv[3], timeout=60) as shop:
        await shop.insert_cart(amount=4990, reference="order-1001", customer_id="8223281")
asyncio.run(main())
"""


@posix
@pytest.mark.parametrize("program", [BLOCKING, AWAITED], ids=["blocking", "awaited"])
def test_ctrl_c_shows_in_the_traceback_what_to_do(slow, program):
    program = subprocess.Popen(
        [sys.executable, "-c", program, APP_KEY, SECRET_KEY, slow.url],
        stderr=subprocess.PIPE,
        text=True,
    )
    eventually(slow.requests, 60)
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert "KeyboardInterrupt" in said
    assert "'order-1001'" in said or '"order-1001"' in said
    assert "do not insert it again before Netgíró has been asked" in said
    assert PHONE not in said.replace('customer_id="8223281"', "")
