"""What a client does, in `logging`: off until configured, in the caller's thread and context, and as spans."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import netgiro
from harness import PHONE, QUICK, SOME_ID, connect, eventually

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}
REQUEST = {
    "netgiro_at",
    "netgiro_endpoint",
    "netgiro_transaction_id",
    "netgiro_attempt",
    "netgiro_http_status",
    "netgiro_result_code",
    "netgiro_reference_id",
    "netgiro_duration",
    "netgiro_error",
}
POLL = {
    "netgiro_at",
    "netgiro_transaction_id",
    "netgiro_status",
    "netgiro_error",
    "netgiro_next_check_at",
    "netgiro_is_done",
}


class Kept(logging.Handler):
    """Keeps records, and where they were made."""

    variable = contextvars.ContextVar("order", default=None)

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        record.thread_here = threading.get_ident()
        record.order = self.variable.get()
        self.records.append(record)

    def named(self, name):
        return [record for record in self.records if record.name == name]


@pytest.fixture
def kept():
    logger = logging.getLogger("netgiro")
    handler = Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.setLevel(logging.NOTSET)
    logger.removeHandler(handler)


def facts(record):
    return {name: value for name, value in vars(record).items() if name.startswith("netgiro_")}


def test_each_request_and_each_poll_step(shop, simulator, kept):
    before, began = time.time(), time.monotonic()
    cart = shop.insert_cart(**ORDER)
    simulator.confirm(cart)
    assert shop.wait_for_cart(cart, policy=QUICK).is_paid
    took = time.monotonic() - began
    inserted, checked = kept.named("netgiro.request")
    (polled,) = kept.named("netgiro.poll")
    assert set(facts(inserted)) == set(facts(checked)) == REQUEST
    assert set(facts(polled)) == POLL
    assert {record.levelno for record in kept.records} == {logging.DEBUG}
    assert {record.thread_here for record in kept.records} == {threading.get_ident()}
    assert inserted.netgiro_endpoint == "InsertCart"
    assert inserted.netgiro_transaction_id == str(cart.transaction_id)
    assert inserted.netgiro_result_code == 200
    assert inserted.netgiro_reference_id == cart.reference_id
    assert inserted.netgiro_error is None
    assert checked.netgiro_attempt == 1
    assert 0 < checked.netgiro_duration < took
    assert before < inserted.netgiro_at < checked.netgiro_at <= polled.netgiro_at < time.time()
    assert (polled.netgiro_status, polled.netgiro_is_done) == ("confirmed", True)
    assert polled.netgiro_next_check_at is None
    assert re.fullmatch(
        rf"CheckCart {cart.transaction_id}, attempt 1: result code 10200, \d+\.\d ms",
        checked.getMessage(),
    )
    assert polled.getMessage() == f"cart {cart.transaction_id}: confirmed, done"


def test_failures_are_warnings(shop, simulator, kept):
    logging.getLogger("netgiro").setLevel(logging.WARNING)
    simulator.add_fault("CheckCart", status=503)
    simulator.add_fault("CheckCart", status=429, retry_after=7)
    with pytest.raises(netgiro.RateLimitedError):
        shop.check_cart(SOME_ID)
    assert [record.levelno for record in kept.records] == [logging.WARNING] * 2
    told = [(r.netgiro_error, r.netgiro_http_status, r.netgiro_attempt) for r in kept.records]
    assert told == [("server", 503, 1), ("rate_limited", 429, 2)]
    assert shop.check_cart(SOME_ID)
    assert len(kept.records) == 2, "what went well is for DEBUG"


def test_records_come_while_a_call_is_under_way(face, simulator, kept):
    shop = connect(face, simulator.url)
    cart = shop.insert_cart(**ORDER)
    waiting = threading.Thread(target=lambda: shop.wait_for_cart(cart, policy=QUICK))
    waiting.start()
    polled = eventually(lambda: kept.named("netgiro.poll"))[0]
    assert polled.netgiro_status == "pending"
    assert polled.netgiro_next_check_at > polled.netgiro_at
    assert waiting.is_alive()
    simulator.confirm(cart)
    waiting.join()
    assert {record.thread_here for record in kept.named("netgiro.poll")} == {waiting.ident}
    shop.close()


def test_iterators_tell_as_well(shop, simulator, kept):
    cart = shop.insert_cart(**ORDER)
    simulator.confirm(cart)
    kept.records.clear()
    assert [state.status for state in shop.watch_cart(cart, policy=QUICK)] == ["confirmed"]
    assert [result.state.status for result in shop.wait_many([cart], policy=QUICK)] == ["confirmed"]
    assert shop.check_many([cart] * 3)
    names = [record.name.removeprefix("netgiro.") for record in kept.records]
    assert names.count("request") == 5
    assert names.count("poll") == 2


def test_records_are_made_in_the_context_of_the_task(simulator, kept):
    async def check(shop, order):
        kept.variable.set(order)
        return await shop.check_cart(SOME_ID)

    async def main():
        async with simulator.async_client() as shop:
            await asyncio.gather(*(check(shop, order) for order in range(20)))

    asyncio.run(main())
    assert sorted(record.order for record in kept.records) == list(range(20))


def test_a_cancelled_call_tells_what_it_did(simulator, kept):
    async def main():
        async with simulator.async_client() as shop:
            cart = await shop.insert_cart(**ORDER)
            kept.records.clear()
            waiting = asyncio.create_task(shop.wait_for_cart(cart, policy=QUICK))
            await asyncio.sleep(0.05)
            told, seen = len(kept.records), len(simulator.requests())
            # The loop stands still meanwhile, so that more happens than it has been told of.
            eventually(lambda: len(simulator.requests()) > seen + 1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            assert len(kept.records) > told

    asyncio.run(main())


def test_levels_of_the_two_loggers_are_their_own(shop, simulator, kept):
    poll = logging.getLogger("netgiro.poll")
    poll.setLevel(logging.CRITICAL)
    try:
        simulator.add_fault("CheckCart", status=500)
        with pytest.raises(netgiro.WaitTimeoutError):
            shop.wait_for_cart(shop.insert_cart(**ORDER), timeout=0.1, policy=QUICK)
    finally:
        poll.setLevel(logging.NOTSET)
    assert {record.name for record in kept.records} == {"netgiro.request"}


class Refuses(logging.Filter):
    def __init__(self, raised):
        super().__init__()
        self.raised = raised

    def filter(self, record):
        raise self.raised


def test_a_filter_that_raises_fails_no_payment(shop, kept, monkeypatch):
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    logger = logging.getLogger("netgiro.request")
    refuses = Refuses(LookupError("no"))
    logger.addFilter(refuses)
    try:
        assert shop.insert_cart(**ORDER).amount == 4990
    finally:
        logger.removeFilter(refuses)
    assert [type(each.exc_value) for each in said] == [LookupError]


def test_ctrl_c_in_a_handler_is_ctrl_c(shop, kept):
    logger = logging.getLogger("netgiro.request")
    refuses = Refuses(KeyboardInterrupt())
    logger.addFilter(refuses)
    try:
        with pytest.raises(KeyboardInterrupt):
            shop.check_cart(SOME_ID)
    finally:
        logger.removeFilter(refuses)
    assert shop.check_cart(SOME_ID).status == "canceled"


def test_a_handler_may_call(simulator, kept):
    shop = simulator.client()
    inner = simulator.client()
    seen = []

    def call(record):
        if not seen:
            seen.append(record)
            seen.append(inner.check_cart(SOME_ID).status)
        return True

    logger = logging.getLogger("netgiro.request")
    logger.addFilter(call)
    try:
        assert shop.check_cart(SOME_ID).status == "canceled"
    finally:
        logger.removeFilter(call)
    assert seen[1] == "canceled"


def python(script, simulator):
    done = subprocess.run(
        [sys.executable, "-c", script, simulator.url],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert done.returncode == 0, done.stderr
    return done


FAILING = """
import sys, netgiro
{before}
shop = netgiro.Client("881E674F-7891-4C20-AFD8-56FE2624C4B5", "wrong", base_url=sys.argv[1])
try:
    shop.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
except netgiro.AuthenticationError:
    pass
"""


@pytest.mark.parametrize("before", ["", "import logging"], ids=["not imported", "not configured"])
def test_nothing_is_printed_until_logging_is_configured(simulator, before):
    script = FAILING.format(before=before) + "print('logging' in sys.modules)"
    done = python(script, simulator)
    assert (done.stdout, done.stderr) == (f"{bool(before)}\n", "")


def test_logging_configured_late_is_heeded(simulator):
    late = """
import logging
logging.basicConfig(level=logging.DEBUG)
assert shop
try:
    shop.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
except netgiro.AuthenticationError:
    pass
"""
    done = python(FAILING.format(before="") + late, simulator)
    assert re.fullmatch(
        r"WARNING:netgiro\.request:CheckCart \S+ attempt 1: authentication, HTTP 401, .* ms\n",
        done.stderr,
    )


# --- OpenTelemetry

GUIDE = Path(__file__).parents[3] / "docs" / "production" / "observability.md"


def recipe():
    """The program in the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    section = text[text.index("## Python") :]
    (program,) = [
        block
        for block in re.findall(r"```python\n(.*?)```", section, re.DOTALL)
        if "SpanHandler" in block
    ]
    return program


def test_the_recipe_for_spans(face, simulator):
    pytest.importorskip("opentelemetry.sdk")
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: PLC0415
        InMemorySpanExporter,
    )

    exporter = InMemorySpanExporter()
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    loggers = [logging.getLogger(name) for name in ("netgiro.request", "netgiro.poll")]
    try:
        exec(compile(recipe(), str(GUIDE), "exec"), {})
        shop = connect(face, simulator.url)
        tracer = trace.get_tracer("shop")
        with tracer.start_as_current_span("checkout") as checkout:
            cart = shop.insert_cart(**ORDER)
            simulator.add_fault("CheckCart", status=503)
            assert shop.check_cart(cart).status == "pending"
            assert shop.poll_step(netgiro.CartPoll(cart)).state.status == "pending"
        shop.close()
    finally:
        for logger in loggers:
            logger.handlers.clear()
            logger.setLevel(logging.NOTSET)
    spans = [span for span in exporter.get_finished_spans() if span.name.startswith("netgiro")]
    assert [span.name for span in spans] == [
        "netgiro InsertCart",
        "netgiro CheckCart",
        "netgiro CheckCart",
        "netgiro CheckCart",
    ]
    for span in spans:
        assert span.parent.span_id == checkout.get_span_context().span_id
        assert 0 < span.end_time - span.start_time < 1e9
        assert span.attributes["netgiro.transaction_id"] == str(cart.transaction_id)
    inserted, failed, checked, _ = spans
    assert inserted.attributes["netgiro.result_code"] == 200
    assert failed.attributes["error.type"] == "server"
    assert failed.attributes["http.response.status_code"] == 503
    assert failed.status.status_code is trace.StatusCode.ERROR
    assert checked.attributes["netgiro.attempt"] == 2
    assert checked.status.status_code is trace.StatusCode.UNSET
    (polled,) = next(s for s in exporter.get_finished_spans() if s.name == "checkout").events
    assert polled.name == "netgiro poll"
    assert polled.attributes["netgiro.status"] == "pending"
    assert polled.attributes["netgiro.next_check_at"] > time.time()
