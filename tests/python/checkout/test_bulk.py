"""Bulk checks: their pace, trying again, stopping, going on, and what is kept."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import netgiro
from harness import SOME_ID, Answer, connect

PENDING = b'{"Success":true,"PaymentSuccessful":false,"ResultCode":10425}'


def insert(shop, count):
    return [
        shop.insert_cart(amount=1000 + at, reference=f"order-{at}", customer_id="8223281")
        for at in range(count)
    ]


def asked(simulator):
    """The carts that CheckCart was sent about, in order."""
    requests = simulator.requests()
    return [str(r.transaction_id) for r in requests if r.endpoint == "CheckCart"]


def ids(carts):
    return [str(cart.transaction_id) for cart in carts]


# --- the pace


def test_a_rate_spaces_the_checks(server, for_server):
    server.answer = lambda _request: Answer(body=PENDING)
    started = time.monotonic()
    results = for_server().check_many([SOME_ID] * 30, rate=100)
    assert time.monotonic() - started >= 0.28, "30 checks at 100 a second"
    assert results.tally() == {"pending": 30}


def test_wait_many_keeps_to_a_rate(simulator, shop):
    carts = insert(shop, 20)
    for cart in carts:
        simulator.confirm(cart)
    started = time.monotonic()
    assert all(result.state.is_paid for result in shop.wait_many(carts, rate=50))
    assert time.monotonic() - started >= 0.36


def test_too_many_checks_slow_down_and_none_is_lost(simulator, shop):
    carts = insert(shop, 40)
    simulator.add_fault("CheckCart", status=429, count=5)
    results = shop.check_many(carts, concurrency=4)
    assert results.tally() == {"pending": 40}
    assert len(asked(simulator)) == 45


def test_retry_after_holds_all_checks_back(server, for_server):
    told = []

    def answer(_request):
        told.append(time.monotonic())
        if len(told) == 1:
            return Answer(429, headers=(("Retry-After", "1"),))
        return Answer(body=PENDING)

    server.answer = answer
    results = for_server().check_many([SOME_ID] * 5, concurrency=1)
    assert results.tally() == {"pending": 5}
    assert told[1] - told[0] >= 1.0


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_is_above_nothing(shop, simulator, rate):
    with pytest.raises(netgiro.InvalidRequestError, match="rate must be a number of calls"):
        shop.check_many([SOME_ID], rate=rate)
    with pytest.raises(netgiro.InvalidRequestError, match="retry_for"):
        shop.check_many([SOME_ID], retry_for=-1)
    assert simulator.requests() == []
    assert shop.unfinished is None


# --- trying again


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"drop": "before"}])
def test_what_may_pass_is_tried_again(simulator, shop, fault):
    carts = insert(shop, 3)
    simulator.add_fault("CheckCart", count=4, **fault)
    assert shop.check_many(carts).tally() == {"pending": 3}


def test_without_time_to_try_again_each_is_asked_once(simulator, shop):
    carts = insert(shop, 3)
    simulator.add_fault("CheckCart", count=1, status=503)
    results = shop.check_many(carts, retry_for=0, concurrency=1)
    assert isinstance(results[0].error, netgiro.ServerError)
    assert len(asked(simulator)) == 3


def test_trying_again_ends_when_its_time_is_over(server, for_server):
    refused = 0

    def answer(request):
        nonlocal refused
        if SOME_ID.encode() in request.body:
            refused += 1
            return Answer(500)
        return Answer(body=PENDING)

    server.answer = answer
    other = SOME_ID.replace("0f0e", "1f0e")
    results = for_server().check_many([SOME_ID, *[other] * 30], retry_for=1.5, concurrency=2)
    assert results[0].error.http_status == 500
    assert results.tally() == {"pending": 30, "error": 1}
    assert 2 <= refused <= 20


def test_what_cannot_pass_is_not_tried_again(simulator, shop):
    carts = insert(shop, 3)
    simulator.add_fault("CheckCart", status=400)
    results = shop.check_many(carts, concurrency=1)
    assert isinstance(results[0].error, netgiro.ApiError)
    assert len(asked(simulator)) == 3


# --- stopping


def test_keys_that_are_not_let_in_end_it(simulator, face):
    shop = connect(face, simulator.url)
    carts = insert(shop, 50)
    simulator.add_fault("CheckCart", status=401, count=1000)
    results = shop.check_many(carts, concurrency=2)
    assert len(results) == 50
    assert results.is_complete
    assert all(isinstance(result.error, netgiro.AuthenticationError) for result in results)
    assert len(asked(simulator)) <= 4
    sent = [result.error.request_sent for result in results]
    assert sent.count("yes") == len(asked(simulator))
    not_asked = next(result.error for result in results if result.error.request_sent == "no")
    assert "not asked: 3 checks in a row were not let in" in str(not_asked)
    shop.close()


def test_refusals_between_others_end_nothing(simulator, shop):
    carts = insert(shop, 10)
    for at in range(0, 10, 3):
        simulator.add_fault("CheckCart", status=403)
        shop.check_many(carts[at : at + 2], concurrency=1)
    assert len(asked(simulator)) == 7


def test_an_outage_ends_it(face):
    shop = connect(face, "http://127.0.0.1:9/v1/")
    started = time.monotonic()
    results = shop.check_many([SOME_ID] * 5000, retry_for=1.0)
    assert time.monotonic() - started >= 1.0
    assert results.tally() == {"error": 5000}
    assert all(isinstance(result.error, netgiro.ConnectError) for result in results[::500])
    not_asked = sum("not asked: no check succeeded for" in str(each.error) for each in results)
    assert not_asked > 4000, "it does not take 5000 times as long"
    shop.close()


# --- going on


def test_what_is_known_is_not_asked_again(simulator, shop, tmp_path):
    carts = insert(shop, 10)
    for cart in carts[::2]:
        simulator.confirm(cart)
    simulator.add_fault("CheckCart", status=400, count=2)
    first = shop.check_many(carts[:6], concurrency=1)
    assert first.tally() == {"pending": 2, "confirmed": 2, "error": 2}
    first.save(tmp_path / "first.jsonl")
    before = len(asked(simulator))
    told = []
    again = shop.check_many(
        reversed(carts),
        resume=tmp_path / "first.jsonl",
        on_progress=lambda *progress: told.append(progress),
    )
    # Those that failed are asked again, and those that are new.
    assert sorted(asked(simulator)[before:]) == sorted(ids(carts[:2] + carts[6:]))
    assert [str(result.transaction_id) for result in again] == ids(carts)[::-1]
    assert again.tally() == {"pending": 5, "confirmed": 5}
    assert told == [(done, 10) for done in range(1, 11)]
    assert again[5] == first[4]
    # Also from a list, and as a string.
    assert shop.check_many(carts, resume=list(again)).tally() == again.tally()
    assert shop.check_many(carts[:6], resume=str(tmp_path / "first.jsonl"))[2] == first[2]


def test_what_is_known_of_another_order_is_asked_again(simulator, shop):
    (cart,) = insert(shop, 1)
    simulator.confirm(cart)
    known = shop.check_many([cart.transaction_id])
    mistaken = netgiro.Cart(cart.transaction_id, reference="order-0", amount=999)
    (result,) = shop.check_many([mistaken], resume=known)
    assert isinstance(result.error, netgiro.MismatchError)


def test_waiting_goes_on(simulator, shop):
    carts = insert(shop, 3)
    simulator.confirm(carts[0])
    first = netgiro.CheckResults(shop.wait_many(carts, timeout=0.05))
    assert first.tally() == {"confirmed": 1, "error": 2}
    before = len(asked(simulator))
    for cart in carts[1:]:
        simulator.confirm(cart)
    settled = list(shop.wait_many(carts, resume=first))
    assert settled[0].transaction_id == carts[0].transaction_id
    assert all(result.state.is_paid for result in settled)
    assert set(asked(simulator)[before:]) == set(ids(carts[1:]))


def test_checks_come_one_by_one(simulator, shop):
    carts = insert(shop, 10)
    known = shop.check_many(carts[5:])
    before = len(asked(simulator))
    told = []
    each = shop.check_each(carts, resume=known, on_progress=lambda *now: told.append(now))
    got = [str(result.transaction_id) for result in each]
    assert got[:5] == ids(carts[5:]), "what is known comes first"
    assert sorted(got[5:]) == sorted(ids(carts[:5]))
    assert len(asked(simulator)) == before + 5
    assert told == [(done, 10) for done in range(1, 11)]
    assert shop.unfinished is None


# --- what is kept


def test_an_interrupted_call_keeps_what_it_has(simulator, shop):
    carts = insert(shop, 20)

    def interrupt(done, _total):
        if done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as raised:
        shop.check_many(carts, concurrency=3, on_progress=interrupt)
    kept = shop.unfinished
    assert 7 <= len(kept) < 20
    assert not kept.is_complete
    assert kept.total == 20
    if hasattr(raised.value, "__notes__"):
        assert "resume=client.unfinished" in raised.value.__notes__[0]
    assert f"{len(kept)} of 20" in repr(kept)
    known = {str(result.transaction_id) for result in kept}
    before = len(asked(simulator))
    results = shop.check_many(carts, resume=shop.unfinished)
    assert known.isdisjoint(asked(simulator)[before:])
    assert [str(result.transaction_id) for result in results] == ids(carts)
    assert results.is_complete
    assert shop.unfinished is None


def test_interrupted_twice_nothing_is_lost(simulator, shop):
    carts = insert(shop, 20)

    def interrupt_at(stop):
        def interrupt(done, _total):
            if done >= stop:
                raise KeyboardInterrupt

        return interrupt

    with pytest.raises(KeyboardInterrupt):
        shop.check_many(carts, concurrency=2, on_progress=interrupt_at(10))
    first = shop.unfinished
    with pytest.raises(KeyboardInterrupt):
        shop.check_many(carts, resume=first, on_progress=interrupt_at(1))
    assert len(shop.unfinished) >= len(first) >= 10


def test_a_task_that_is_cancelled_keeps_what_it_has(simulator):
    async def main():
        async with simulator.async_client() as shop:
            carts = [
                await shop.insert_cart(amount=1, reference=f"{at}", customer_id="8223281")
                for at in range(30)
            ]
            enough = asyncio.Event()
            task = asyncio.create_task(
                shop.check_many(
                    carts, rate=100, on_progress=lambda done, _: done == 5 and enough.set()
                )
            )
            await enough.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            kept = shop.unfinished
            assert 5 <= len(kept) < 30
            before = len(asked(simulator))
            results = await shop.check_many(carts, resume=kept)
            assert results.is_complete
            assert len(asked(simulator)) - before <= 30 - len(kept)

    asyncio.run(main())


INTERRUPTED = """
import signal, sys, netgiro
# In a run in the background it is ignored, and so it is in its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
client = netgiro.Client.from_env()
ids = sys.argv[1].split()
try:
    client.check_many(ids, rate=50, on_progress=lambda done, total: print(done, flush=True))
except KeyboardInterrupt:
    client.unfinished.save(sys.argv[2])
    print("interrupted", len(client.unfinished), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child there")
def test_ctrl_c_keeps_what_is_done(simulator, tmp_path):
    with simulator.client() as shop:
        carts = insert(shop, 200)
        saved = tmp_path / "saved.jsonl"
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
        }
        with subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, " ".join(ids(carts)), str(saved)],
            env=env, stdout=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            for line in child.stdout:
                if line.strip() == "20":
                    child.send_signal(signal.SIGINT)
                if line.startswith("interrupted"):
                    kept = int(line.split()[1])
        assert child.returncode == 0
        assert 20 <= kept < 200
        known = {str(result.transaction_id) for result in netgiro.CheckResults.load(saved)}
        assert len(known) == kept
        before = len(asked(simulator))
        results = shop.check_many(carts, resume=saved)
        assert len(results) == 200
        later = asked(simulator)[before:]
        assert len(later) == 200 - kept
        assert known.isdisjoint(later)


def test_while_it_is_under_way_it_shows_what_it_has(simulator):
    with simulator.client() as shop, ThreadPoolExecutor(1) as pool:
        carts = insert(shop, 50)
        started = threading.Event()
        call = pool.submit(shop.check_many, carts, rate=100, on_progress=lambda *_: started.set())
        assert started.wait(10)
        kept = shop.unfinished
        assert 1 <= len(kept) < 50
        assert len(call.result(20)) == 50
        assert shop.unfinished is None


# --- results


@pytest.fixture(scope="module")
def results():
    with netgiro.Simulator() as simulator, simulator.client() as shop:
        carts = insert(shop, 12)
        for cart in carts[::2]:
            simulator.confirm(cart)
        simulator.add_fault("CheckCart", status=400)
        return shop.check_many(carts, concurrency=1)


def test_results_are_a_sequence(results):
    all_of_them = list(results)
    assert len(results) == len(all_of_them) == 12
    assert results == all_of_them
    assert results == tuple(all_of_them)
    assert results != all_of_them[:-1]
    assert results != "results"
    assert results[0] == all_of_them[0]
    assert results[-1] == all_of_them[-1]
    assert results[2:9:3] == all_of_them[2:9:3]
    assert results[::-1] == all_of_them[::-1]
    assert results[-3:] == all_of_them[-3:]
    assert results[9:2:-2] == all_of_them[9:2:-2]
    assert list(reversed(results)) == all_of_them[::-1]
    assert all_of_them[3] in results
    assert "nonsense" not in results
    assert results.index(all_of_them[3]) == 3
    assert results.count(all_of_them[3]) == 1
    assert results[:4] + results[4:] == results
    assert results[:4] + all_of_them[4:] == results
    assert netgiro.CheckResults(all_of_them) == results
    assert netgiro.CheckResults() == []
    assert not netgiro.CheckResults()
    for at in (12, -13):
        with pytest.raises(IndexError):
            results[at]
    with pytest.raises(TypeError):
        results["0"]
    with pytest.raises(TypeError, match="expected results of check_many"):
        netgiro.CheckResults([SOME_ID])
    with pytest.raises(ValueError, match="no such result"):
        results.index(netgiro.CheckResult(SOME_ID, error=netgiro.ApiError("no")))


def test_results_say_what_they_are(results):
    assert results.tally() == {"pending": 6, "confirmed": 5, "error": 1}
    assert list(results.tally()) == ["pending", "confirmed", "error"]
    assert repr(results) == "<CheckResults: 12: 6 pending, 5 confirmed, 1 error>"
    assert repr(netgiro.CheckResults()) == "<CheckResults: 0>"


def test_results_are_saved_and_pickled_whole(results, tmp_path):
    results.save(tmp_path / "results.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["results.jsonl"]
    loaded = netgiro.CheckResults.load(tmp_path / "results.jsonl")
    assert loaded == results
    assert loaded[0].error.http_status == 400
    assert pickle.loads(pickle.dumps(results)) == results
    timed_out = netgiro.CheckResult(
        SOME_ID,
        error=netgiro.WaitTimeoutError("late", poll=netgiro.CartPoll(SOME_ID)),
    )
    poll = pickle.loads(pickle.dumps(netgiro.CheckResults([timed_out])))[0].error.poll
    assert poll == timed_out.error.poll
    with pytest.raises(OSError, match="nowhere"):
        results.save(tmp_path / "nowhere" / "results.jsonl")
    with pytest.raises(netgiro.InvalidRequestError, match=r"nothing\.jsonl"):
        netgiro.CheckResults.load(tmp_path / "nothing.jsonl")


def test_what_is_no_saved_result_is_refused(results, tmp_path):
    path = tmp_path / "results.jsonl"
    results.save(path)
    head, first, *rest = path.read_text(encoding="utf-8").splitlines()

    def refused(*lines, match):
        path.write_text("\n".join(lines), encoding="utf-8")
        with pytest.raises(netgiro.InvalidRequestError, match=match):
            netgiro.CheckResults.load(path)

    refused(match="first line")
    refused(first, match="first line")
    refused('{"netgiro":"orders","version":1,"total":1}', match="first line")
    refused(head.replace('"version":1', '"version":2'), first, match="version is 2")
    refused(head, first, rest[0][:-10], match="line 3")
    refused(head, first, "\0", match="line 3")
    pending = next(line for line in rest if '"pending"' in line)
    # What was altered by hand makes no cart paid.
    refused(head, pending.replace('"pending"', '"confirmed"'), match="line 2: its status")
    other = pending.replace('{"transaction_id":"', '{"transaction_id":"00000000', 1)
    refused(head, other, match="line 2")


# --- to look at


def test_results_show_themselves_in_a_notebook(results):
    shown = results._repr_html_()
    assert "12 carts checked" in shown
    assert "6 pending" in shown
    assert "order-2" in shown
    assert "1.002 kr." in shown
    assert "api: Netgíró refused CheckCart" in shown
    many = netgiro.CheckResults(list(results) * 10)
    assert "100 more" in many._repr_html_()
    assert len(many._repr_html_()) < 20_000
    assert "0 carts checked" in netgiro.CheckResults()._repr_html_()
    kept = "of 9, interrupted"
    assert kept not in shown


def test_what_is_shown_is_escaped():
    nasty = "<script>alert('1')</script>"
    state = netgiro.CartState(
        SOME_ID,
        "confirmed",
        message=nasty,
        reference_id=nasty,
        payment=netgiro.PaymentInfo(reference_number=nasty, total_amount="1234567.5"),
    )
    error = netgiro.CheckResult(SOME_ID, error=netgiro.ApiError(nasty))
    for shown in (
        state._repr_html_(),
        netgiro.CheckResults([netgiro.CheckResult(SOME_ID, state=state), error])._repr_html_(),
    ):
        assert "<script>" not in shown
        assert "&lt;script&gt;" in shown
        assert "1.234.567,5 kr." in shown


# --- progress


class Bar:
    def __init__(self, **options):
        self.options, self.n, self.closed = options, 0, False
        made.append(self)

    def update(self, more):
        self.n += more

    def close(self):
        self.closed = True


made: list[Bar] = []


@pytest.fixture
def tqdm(monkeypatch):
    """Stands in for tqdm, whose bars nobody here could see."""
    made.clear()
    module = type(sys)("tqdm.auto")
    module.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", module)
    return made


def test_progress_is_shown_when_asked_for(simulator, shop, tqdm):
    carts = insert(shop, 8)
    told = []
    shop.check_many(carts, progress=True, on_progress=lambda *now: told.append(now))
    (bar,) = tqdm
    assert (bar.n, bar.options["total"], bar.closed) == (8, 8, True)
    assert told[-1] == (8, 8)
    for cart in carts:
        simulator.confirm(cart)
    assert len(list(shop.wait_many(carts, progress=True))) == 8
    assert len(list(shop.check_each(carts, progress=True))) == 8
    assert [bar.closed for bar in tqdm] == [True] * 3


def test_a_bar_is_closed_however_the_call_ends(simulator, tqdm):
    with simulator.client() as shop:
        carts = insert(shop, 8)

        def enough(done, _total):
            if done == 3:
                raise LookupError

        with pytest.raises(LookupError):
            shop.check_many(carts, progress=True, on_progress=enough)
    (bar,) = tqdm
    assert bar.closed
    assert bar.n == 3


def test_scripts_are_silent_unless_asked(simulator, shop, tqdm, monkeypatch):
    carts = insert(shop, 3)
    shop.check_many(carts)
    assert tqdm == []
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    shop.check_many(carts, progress=False)
    assert tqdm == []
    shop.check_many(carts)
    assert len(tqdm) == 1


def test_progress_without_tqdm_says_what_to_install(shop, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install"):
        shop.check_many([SOME_ID], progress=True)
    assert len(shop.check_many([SOME_ID])) == 1


# --- memory

MEMORY = """
import gc, os, sys
import netgiro

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

count = int(sys.argv[1])
id = "0f0e0d0c-0b0a-4908-8706-050403020100"
shop = netgiro.Client.from_env()
shop.check_many([id] * 2000)
ids = [f"{number:08x}-0b0a-4908-8706-050403020100" for number in range(count)]
before = resident()
results = shop.check_many(ids)
assert len(results) == count and results.is_complete
print(resident() - before, flush=True)
paid = sum(1 for result in results if result.state.is_paid)
print(resident() - before, paid)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_a_hundred_thousand_checks_take_little_memory():
    count = 100_000
    # The checks are made in a process of their own: the memory of the simulator is not theirs.
    with netgiro.Simulator(history=10, check_interval=None) as simulator:
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
        }
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(count)],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    after, iterated = (int(line.split()[0]) for line in done.stdout.splitlines())
    print(f"{after / count:.0f} bytes a cart, {iterated / count:.0f} after a look at each")  # noqa: T201
    assert after <= 1024 * count
    assert iterated <= 1024 * count
