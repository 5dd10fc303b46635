"""The client in the process it lives in: threads, signals, forks, start and end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading

import pytest

import netgiro
from harness import PHONE, QUICK, SOME_ID, eventually

ORDER = {"amount": 4990, "reference": "order-1", "customer_id": PHONE}
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")


@pytest.fixture
def python(simulator):
    """Start a Python that finds the simulator by `netgiro.Client.from_env()`."""
    env = {
        **os.environ,
        "NETGIRO_APP_KEY": simulator.app_key,
        "NETGIRO_SECRET_KEY": simulator.secret_key,
        "NETGIRO_BASE_URL": simulator.url,
    }
    started = []

    def python(script, *options):
        process = subprocess.Popen(
            [sys.executable, *options, "-c", script],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield python
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def ends_well(process, within=60):
    out, err = process.communicate(timeout=within)
    assert process.returncode == 0, err
    assert err == ""
    return out


# --- the beginning


@linux_only
def test_nothing_is_opened_before_the_first_call(python):
    out = ends_well(
        python("""
import os
before = sorted(os.listdir("/proc/self/fd"))
import netgiro
clients = [netgiro.Client.from_env(), netgiro.AsyncClient.from_env()]
calls = clients[1].check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
changes = [client.watch_cart("0f0e0d0c-0b0a-4908-8706-050403020100") for client in clients]
poll = netgiro.CartPoll("0f0e0d0c-0b0a-4908-8706-050403020100")
assert sorted(os.listdir("/proc/self/fd")) == before
assert len(os.listdir("/proc/self/task")) == 1
calls.close()
clients[0].check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
print(len(os.listdir("/proc/self/task")))
""")
    )
    assert out == "1\n", "a blocking call needs no thread of its own"


def test_importing_is_cheap(python):
    script = """
import sys
before = set(sys.modules)
import netgiro
assert netgiro.Client and netgiro.NetgiroError
print(*sorted(set(sys.modules) - before))
"""
    modules = set(ends_well(python(script)).split())
    heavy = {"asyncio", "datetime", "decimal", "enum", "json", "typing", "uuid", "socket", "ssl"}
    assert not modules & heavy
    assert modules == {"__future__", "netgiro", "netgiro._netgiro", "netgiro.errors"}


# --- the end


@pytest.mark.parametrize("debug", [False, True], ids=["plain", "dev"])
def test_a_process_ends_by_itself_with_clients_open(python, debug):
    script = """
import asyncio, netgiro
shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()
id = "0f0e0d0c-0b0a-4908-8706-050403020100"
assert shop.check_cart(id).status == "canceled"
assert asyncio.run(later.check_cart(id)).status == "canceled"
changes = shop.watch_cart(id)
next(changes)
"""
    ends_well(python(script, *(["-X", "dev", "-W", "error"] if debug else [])))


UNDER_WAY = {
    "daemon threads": """
import threading
def wait(how):
    for _ in how():
        pass
quick = netgiro.PollPolicy(0.001, 0.002, 0.003)
hows = [
    lambda: [shop.wait_for_cart(cart, policy=quick)],
    lambda: shop.watch_cart(cart, policy=quick),
    lambda: shop.wait_many([cart] * 10, policy=quick),
    lambda: iter(lambda: shop.check_cart(cart).status, "never"),
]
for how in hows * 3:
    threading.Thread(target=wait, args=(how,), daemon=True).start()
time.sleep(0.1)
""",
    "an event loop": """
import asyncio
async def main():
    later = netgiro.AsyncClient.from_env()
    global tasks
    tasks = [asyncio.create_task(later.wait_for_cart(cart)) for _ in range(10)]
    await asyncio.sleep(0.1)
asyncio.run(main())
""",
    "a loop in a daemon thread": """
import asyncio, threading
async def main():
    later = netgiro.AsyncClient.from_env()
    quick = netgiro.PollPolicy(0.001, 0.002, 0.003)
    await asyncio.gather(*(later.wait_for_cart(cart, policy=quick) for _ in range(10)))
threading.Thread(target=asyncio.run, args=(main(),), daemon=True).start()
time.sleep(0.1)
""",
    "a simulator": """
simulator = netgiro.Simulator()
inner = simulator.client()
inner.check_cart(cart.transaction_id)
""",
    "sys.exit in a callback": """
import sys
shop.wait_for_cart(cart, on_update=lambda _: sys.exit(0))
""",
}


@pytest.mark.parametrize("what", UNDER_WAY)
def test_a_process_ends_with_calls_under_way(python, what):
    script = f"""
import time, netgiro
shop = netgiro.Client.from_env()
cart = shop.insert_cart(amount=4990, reference="order-1", customer_id="{PHONE}")
{UNDER_WAY[what]}
"""
    for _ in range(5):
        ends_well(python(script))


def test_a_call_at_exit(python):
    out = ends_well(
        python("""
import atexit, netgiro
shop = netgiro.Client.from_env()
shop.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")
atexit.register(lambda: print(shop.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100").status))
""")
    )
    assert out == "canceled\n"


# --- signals

WAITS = {
    "wait_for_cart": "shop.wait_for_cart(cart)",
    "settle_cart": "shop.settle_cart(cart)",
    "watch_cart": "list(shop.watch_cart(cart))",
    "wait_many": "list(shop.wait_many([cart]))",
    "check_cart": "shop.check_cart('0f0e0d0c-0b0a-4908-8706-050403020100')",
    "asyncio": "asyncio.run(later.wait_for_cart(cart))",
}


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT")
@pytest.mark.parametrize("what", WAITS)
def test_ctrl_c_ends_what_would_go_on_for_minutes(python, simulator, what):
    if what == "check_cart":
        simulator.add_fault("CheckCart", delay=600)
    process = python(f"""
import asyncio, signal, sys, threading, time
import netgiro
# What is started in the background, as a test run may be, ignores Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()
cart = shop.insert_cart(amount=4990, reference="order-1", customer_id="{PHONE}")
ticks = 0
def tick():
    global ticks
    while True:
        time.sleep(0.001)
        ticks += 1
        if ticks == 50:
            print("others run", flush=True)
threading.Thread(target=tick, daemon=True).start()
try:
    {WAITS[what]}
except KeyboardInterrupt:
    print("interrupted", flush=True)
    assert shop.cancel_cart(cart).status == "canceled"
""")
    eventually(lambda: [r for r in simulator.requests() if r.endpoint == "CheckCart"])
    assert process.stdout.readline() == "others run\n"
    process.send_signal(signal.SIGINT)
    assert ends_well(process) == "interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGALRM")
def test_what_a_signal_handler_does(simulator):
    shop = simulator.client()
    cart = shop.insert_cart(**ORDER)
    handled = []

    def confirm(*_signal):
        # It may call, on the thread that waits.
        handled.append(shop.check_cart(cart).status)
        simulator.confirm(cart)

    def refuse(*_signal):
        raise LookupError("enough")

    before = signal.signal(signal.SIGALRM, confirm)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert shop.wait_for_cart(cart, policy=QUICK).is_paid
        assert handled == ["pending"]
        signal.signal(signal.SIGALRM, refuse)
        other = shop.insert_cart(**ORDER)
        for wait in (lambda: shop.wait_for_cart(other), lambda: list(shop.wait_many([other]))):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(LookupError, match="enough"):
                wait()
    finally:
        signal.signal(signal.SIGALRM, before)
    shop.close()


# --- threads


def test_64_threads_on_one_client(simulator):
    with simulator.client() as shop:
        cart = shop.insert_cart(**ORDER)
        outcomes = []

        def check():
            outcomes.extend(shop.check_cart(cart).status for _ in range(10))

        threads = [threading.Thread(target=check) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert outcomes == ["pending"] * 640
        nonces = [request.nonce for request in simulator.requests()]
        assert len(set(nonces)) == 641


def test_waiting_in_a_thread_while_others_run(simulator):
    with simulator.client() as shop:
        cart = shop.insert_cart(**ORDER)
        states = []
        thread = threading.Thread(
            target=lambda: states.append(shop.wait_for_cart(cart, policy=QUICK))
        )
        thread.start()
        for _ in range(20):
            assert shop.check_cart(cart).status == "pending"
        assert thread.is_alive()
        simulator.confirm(cart)
        thread.join()
        assert states[0].is_paid


def test_closing_while_another_thread_waits(simulator):
    shop = simulator.client()
    cart = shop.insert_cart(**ORDER)
    states = []
    thread = threading.Thread(target=lambda: states.append(shop.wait_for_cart(cart, policy=QUICK)))
    thread.start()
    eventually(lambda: simulator.cart(cart).checks)
    shop.close()
    with pytest.raises(netgiro.ConfigurationError):
        shop.check_cart(cart)
    simulator.confirm(cart)
    thread.join()
    assert states[0].is_paid


@linux_only
def test_closing_closes_the_connections(simulator):
    def sockets():
        links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))  # noqa: PTH208
        return sum(os.path.islink(link) and "socket" in os.readlink(link) for link in links)  # noqa: PTH114, PTH115

    shop = simulator.client()
    before = sockets()
    shop.check_cart(SOME_ID)
    assert sockets() > before
    shop.close()
    eventually(lambda: sockets() <= before)


# --- forks

# Python warns of every fork with threads around, from 3.12 on.
QUIETLY = ("-W", "ignore")

FORK = """
import asyncio, os, sys, threading, time
import netgiro
shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()
id = "0f0e0d0c-0b0a-4908-8706-050403020100"
quick = netgiro.PollPolicy(0.01, 0.01, 0.01)

def use():
    for _ in range(3):
        assert shop.check_cart(id).status == "canceled"
        assert asyncio.run(later.check_cart(id)).status == "canceled"
        assert [r.state.status for r in shop.wait_many([id], policy=quick)] == ["canceled"]
        assert len(shop.check_many([id] * 5)) == 5

def join(child):
    deadline = time.monotonic() + 60
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        assert time.monotonic() < deadline, "the child hangs"
        time.sleep(0.005)

def fork(what):
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        what()
        sys.exit(0)  # with all that ends an interpreter
    return child
"""


@needs_fork
@pytest.mark.parametrize("used", [True, False], ids=["used before", "not used before"])
def test_both_sides_of_a_fork_work(python, used):
    ends_well(
        python(
            FORK
            + f"""
if {used}:
    use()
children = [fork(use) for _ in range(4)]
use()
assert [join(child) for child in children] == [0] * 4
use()
""",
            *QUIETLY,
        )
    )


@needs_fork
def test_a_fork_with_calls_under_way(python):
    ends_well(
        python(
            FORK
            + f"""
cart = shop.insert_cart(amount=4990, reference="order-1", customer_id="{PHONE}")
quick = netgiro.PollPolicy(0.001, 0.002, 0.003)
changes = shop.watch_cart(cart, policy=quick)
next(changes)
def forever():
    while True:
        shop.check_cart(cart)
for _ in range(4):
    threading.Thread(target=forever, daemon=True).start()
threading.Thread(target=shop.wait_for_cart, args=(cart,), daemon=True).start()

def child():
    global changes
    try:
        next(changes)
    except RuntimeError as error:
        assert "forked" in str(error)
    else:
        raise AssertionError
    del changes
    use()

for _ in range(20):
    assert join(fork(child)) == 0
changes.close()
""",
            *QUIETLY,
        ),
        within=120,
    )


@needs_fork
def test_children_share_no_socket_with_the_parent(python, simulator):
    ends_well(
        python(
            FORK
            + """
use()
def sockets():
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return {os.readlink(link) for link in links if os.path.islink(link)}
def child():
    inherited = sockets()
    before = {name for name in inherited if "socket" in name}
    assert before, "the parent keeps its connections"
    shop.check_cart(id)
    asyncio.run(later.check_cart(id))
    assert {name for name in sockets() if "socket" in name} - before, "and so does the child"
children = [fork(child) for _ in range(3)]
assert [join(child) for child in children] == [0] * 3
""",
            *QUIETLY,
        )
    )
    requests = simulator.requests()
    assert all(request.signature_ok for request in requests)
    assert len({request.nonce for request in requests}) == len(requests)


@needs_fork
def test_multiprocessing(python):
    out = ends_well(
        python(
            """
import multiprocessing, netgiro
shop = netgiro.Client.from_env()
id = "0f0e0d0c-0b0a-4908-8706-050403020100"
def check(_):
    return shop.check_cart(id)
if __name__ == "__main__":
    check(0)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        states = pool.map(check, range(12))
    print({str(state.status) for state in states}, check(0).status)
""",
            *QUIETLY,
        )
    )
    assert out == "{'canceled'} canceled\n"


@needs_fork
def test_a_loop_that_forks(python):
    out = ends_well(
        python(
            FORK
            + """
async def main():
    task = asyncio.create_task(later.check_cart(id))
    await asyncio.sleep(0)
    child = os.fork()
    if child == 0:
        del task
        import gc
        gc.collect()
        try:
            use_in_child()
        finally:
            os._exit(7)
    assert join(child) == 3
    return (await task).status

def use_in_child():
    # asyncio forgets its running loop in the child, which may so have one of its own.
    assert asyncio.run(later.check_cart(id)).status == "canceled"
    os._exit(3)

print(asyncio.run(main()))
""",
            *QUIETLY,
        )
    )
    assert re.fullmatch(r"canceled\n", out)
