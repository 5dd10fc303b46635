"""The client in the programs that host it: prefork servers, job queues, pools, subinterpreters; and its memory."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from urllib.request import urlopen

import pytest

import netgiro
from harness import APP_KEY, FULL, SECRET_KEY, SOME_ID, Answer, Server

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

PENDING = b'{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}'


@pytest.fixture
def server():
    """Knows for each process which connections it came by: a process asks about a cart of its own."""
    server = Server(lambda request: Answer(200, PENDING))
    yield server
    server.close()


@pytest.fixture
def start(server, tmp_path):
    """Start a program that finds the server by `from_env`, in a folder with these files."""
    started = []

    def start(*command, files=(), pass_fds=()):
        for name, text in dict(files).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": APP_KEY,
            "NETGIRO_SECRET_KEY": SECRET_KEY,
            "NETGIRO_BASE_URL": server.url,
            "PYTHONWARNINGS": "ignore",  # Python's own, of forks with threads around
        }
        log = (tmp_path / f"log-{len(started)}").open("w+", encoding="utf-8")
        process = subprocess.Popen(
            command, env=env, cwd=tmp_path, pass_fds=pass_fds, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        process.log = log
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.log.close()


def said(process):
    process.log.seek(0)
    return process.log.read()


def ends_well(process, within=60):
    code = process.wait(timeout=within)
    assert code == 0, said(process)
    return said(process)


# What each host program does, in whatever process it is: both clients, each call on a cart whose id is
# the process's, so that the server can tell who came by which connection.
SHOP = """
import asyncio, os, uuid
import netgiro

shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()

def own_sockets():
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    return sorted(os.readlink(link) for link in links if os.path.islink(link) and "socket" in os.readlink(link))

def use():
    id = uuid.UUID(int=os.getpid())
    assert shop.check_cart(id).status == "pending"
    assert asyncio.run(later.check_cart(id)).status == "pending"
    assert len(shop.check_many([id] * 3)) == 3
    return os.getpid()
"""


def asked_by(request):
    return int(json.loads(request.body)["TransactionId"].replace("-", ""), 16)


def peers_by_process(server):
    """The connections that each process came by."""
    peers = defaultdict(set)
    for request in server.requests:
        peers[asked_by(request)].add(request.peer)
    return peers


def assert_nothing_shared(server, *processes):
    peers = peers_by_process(server)
    assert set(processes) <= set(peers)
    assert len(set(processes)) > 1
    owners = defaultdict(set)
    for process, connections in peers.items():
        for peer in connections:
            owners[peer].add(process)
    assert all(len(owner) == 1 for owner in owners.values()), dict(owners)
    for process in processes:
        nonces = [r.headers["netgiro_nonce"] for r in server.requests if asked_by(r) == process]
        assert len(set(nonces)) == len(nonces)


# --- gunicorn

GUNICORN = f"""{SHOP}
parent = use()  # before the workers are forked

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{{use()}} {{parent}}".encode()]
"""


@needs_fork
@pytest.mark.skipif(not find_spec("gunicorn"), reason="gunicorn is not there")
@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_gunicorn_preloaded(start, server, kind):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        gunicorn = start(
            *[
                sys.executable,
                "-m",
                "gunicorn",
                "--preload",
                "--workers=4",
                f"--worker-class={kind}",
            ],
            *["--threads=4", "--no-control-socket"]
            if kind == "gthread"
            else ["--no-control-socket"],
            *[f"--bind=fd://{listening.fileno()}", "--graceful-timeout=60", "shop:app"],
            files={"shop.py": GUNICORN},
            pass_fds=[listening.fileno()],
        )

        def ask(_):
            with urlopen(url, timeout=60) as answer:
                return tuple(map(int, answer.read().split()))

        with ThreadPoolExecutor(16) as pool:
            pairs = list(pool.map(ask, range(2000 if FULL else 60)))
        workers = {worker for worker, _ in pairs}
        (parent,) = {parent for _, parent in pairs}
        assert parent == gunicorn.pid
        assert parent not in workers
        assert_nothing_shared(server, parent, *workers)
        gunicorn.send_signal(signal.SIGTERM)
        ends_well(gunicorn)


# --- Celery

CELERY = f"""{SHOP}
import pathlib
import celery

here = pathlib.Path(__file__).parent
for name in ("queue", "processed", "results"):
    (here / name).mkdir(exist_ok=True)
app = celery.Celery("jobs", broker="filesystem://", backend=f"file://{{here / 'results'}}")
app.conf.broker_transport_options = {{
    "data_folder_in": str(here / "queue"),
    "data_folder_out": str(here / "queue"),
    "processed_folder": str(here / "processed"),
    "polling_interval": 0.02,
}}
app.conf.worker_prefetch_multiplier = 1
parent = use()  # in the worker's parent, before its pool is forked

@app.task
def job():
    return use(), parent
"""

CELERY_CLIENT = """
import json, jobs
results = [jobs.job.delay() for _ in range({count})]
print(json.dumps([result.get(timeout=60, interval=0.02) for result in results]))
"""


@needs_fork
@pytest.mark.skipif(not find_spec("celery"), reason="Celery is not there")
def test_celery_prefork(start, server):
    worker = start(
        *[
            sys.executable,
            "-m",
            "celery",
            "--app=jobs",
            "worker",
            "--pool=prefork",
            "--concurrency=4",
        ],
        *["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=WARNING"],
        files={"jobs.py": CELERY},
    )
    script = CELERY_CLIENT.format(count=1000 if FULL else 24)
    pairs = json.loads(ends_well(start(sys.executable, "-c", script), within=120).splitlines()[-1])
    processes = {process for process, _ in pairs}
    (parent,) = {parent for _, parent in pairs}
    assert parent == worker.pid
    assert parent not in processes
    assert_nothing_shared(server, parent, *processes)
    worker.send_signal(signal.SIGTERM)
    ends_well(worker)


# --- multiprocessing

POOLS = f"""{SHOP}
import concurrent.futures, json, multiprocessing

def job(_):
    return use(), own_sockets()

if __name__ == "__main__":
    parent = use()
    before = own_sockets()
    fork = multiprocessing.get_context("fork")
    brought = []
    for _ in range(2):
        with concurrent.futures.ProcessPoolExecutor(3, mp_context=fork) as pool:
            brought += pool.map(job, range(12))
            use()
    with fork.Pool(3, maxtasksperchild=2) as pool:
        brought += pool.map(job, range(12))
    children = [fork.Process(target=use) for _ in range(3)]
    for child in children:
        child.start()
    use()
    for child in children:
        child.join(10)
    assert [child.exitcode for child in children] == [0] * 3
    print(json.dumps([parent, before, brought, own_sockets()]))
"""


@needs_fork
@linux_only
def test_pools_that_fork(start, server):
    pools = start(sys.executable, "pools.py", files={"pools.py": POOLS})
    parent, before, brought, after = json.loads(ends_well(pools, within=60).splitlines()[-1])
    assert_nothing_shared(server, parent, *{process for process, _ in brought})
    # A child inherits the parent's descriptors, and cannot use or close them without disturbing it.
    # What it opened itself is nobody else's.
    own = defaultdict(set)
    for process, sockets in brought:
        own[process] |= set(sockets) - set(before)
    assert before
    assert all(own.values())
    alone = [inode for sockets in own.values() for inode in sockets]
    assert len(alone) == len(set(alone))
    assert not set(alone) & set(after)


# --- subinterpreters

SUBINTERPRETER = """
import netgiro
try:
    from concurrent import interpreters
except ImportError:
    try:
        import _interpreters as interpreters
    except ImportError:
        import _xxsubinterpreters as interpreters

script = '''
try:
    import netgiro
except ImportError as error:
    said = str(error)
else:
    said = "imported"
with open("said", "w") as file:
    file.write(said)
'''
other = interpreters.create()
if hasattr(other, "exec"):
    other.exec(script)
else:
    interpreters.run_string(other, script)
assert netgiro.sign("a", "1", "b", b"") == netgiro.sign("a", "1", "b", b"")
"""


def test_a_subinterpreter_is_refused(start, tmp_path):
    ends_well(start(sys.executable, "-c", SUBINTERPRETER))
    told = (tmp_path / "said").read_text()
    # Where a subinterpreter has a GIL of its own, Python says so itself.
    assert re.search(r"does not support (subinterpreters|loading in subinterpreters)", told)


# --- the end of a process, with calls in flight that only its end can end

ENDING = f"""{SHOP}
import sys, threading, time
how = sys.argv[1]
id = uuid.UUID(int=os.getpid())

async def wait_in_tasks():
    global tasks
    tasks = [asyncio.create_task(later.wait_for_cart(id)) for _ in range(50)]
    await asyncio.sleep(0.05)
    if how == "os._exit":
        os._exit(0)
    if how == "sys.exit":
        sys.exit(0)

def wait_in_threads():
    for _ in range(16):
        threading.Thread(target=shop.wait_for_cart, args=(id,), daemon=True).start()
        threading.Thread(target=list, args=(shop.watch_cart(id),), daemon=True).start()
    time.sleep(0.05)

wait_in_threads()
asyncio.run(wait_in_tasks())
"""


@pytest.mark.parametrize("how", ["return", "sys.exit", "os._exit"])
def test_a_process_ends_with_many_calls_under_way(start, how):
    for _ in range(20 if FULL else 2):
        ends_well(start(sys.executable, "-c", ENDING, how))


# --- threads


def test_64_threads_on_one_client_with_faults(tmp_path):
    with netgiro.Simulator(check_interval=0.02, history=100) as simulator:
        shop = simulator.client(timeout=0.25)
        cart = shop.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
        simulator.storm(7, failure_rate=0.2)
        done = []

        def check():
            for _ in range(200 if FULL else 5):
                try:
                    done.append(str(shop.check_cart(cart).status))
                except netgiro.NetgiroError as error:
                    done.append(error.code)

        threads = [threading.Thread(target=check) for _ in range(64)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert len(done) == 64 * (200 if FULL else 5)
        shop.close()


def test_looking_for_signals_holds_up_no_request(simulator):
    # It did once: what had used up its turn just then was never woken.
    with simulator.client(timeout=60) as shop:
        for _ in range(50 if FULL else 8):
            results = shop.check_many([SOME_ID] * 300)
            assert [result.error for result in results if result.error] == []


# --- memory

MEMORY = """
import asyncio, gc, os, sys
import netgiro

shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()
id = "0f0e0d0c-0b0a-4908-8706-050403020100"
secret = os.environ["NETGIRO_SECRET_KEY"]
calls = int(sys.argv[1])

def resident():
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

def refused(call):
    try:
        call()
    except netgiro.NetgiroError:
        return
    raise AssertionError

def blocking(count):
    for _ in range(count):
        assert shop.check_cart(id).status == "canceled"

async def in_flight(count):
    async def some():
        for _ in range(count // 50):
            await later.check_cart(id)
    await asyncio.gather(*(some() for _ in range(50)))
    # Cancelled, and loops that come and go with them.
    tasks = [asyncio.create_task(later.check_cart(id)) for _ in range(20)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

def local(count):
    for number in range(count):
        refused(lambda: shop.check_cart("no cart"))
        refused(lambda: shop.verify_callback(url="https://shop.is/", headers={}, body=b"{}"))
        netgiro.CartPoll.from_json(netgiro.CartPoll(id).to_json()).answered("pending")

def bulk(count):
    shop.check_many([id] * count)

works = [blocking, lambda count: asyncio.run(in_flight(count)), local, bulk]
for work in works * 2:
    work(max(100, calls // 20))  # what grows once, grows now
for work in works:
    before = resident()
    work(calls)
    print(before, resident())
"""


@linux_only
def test_memory_stays_flat(tmp_path):
    calls = 200_000 if FULL else 2500
    with netgiro.Simulator(history=10) as simulator:
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
        }
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, str(calls)],
            env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    print([f"{before >> 10} -> {after >> 10} KiB" for before, after in lines])  # noqa: T201
    for before, after in lines[:3]:
        # Of 1 KB a call, the short form would see 2.5 MB.
        assert after - before < (before * 0.10 if FULL else 1_200_000), lines
    # The results of one bulk call are there at once; all of them are let go afterwards.
    before, after = lines[3]
    assert after - before < (3 * before if FULL else 3_000_000), lines
