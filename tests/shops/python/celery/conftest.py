from __future__ import annotations

import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import pytest
import redis
from celery import Celery

import netgiro
import netgiro.celery
from harness import eventually

HERE = Path(__file__).parent
# What is tested with V1 is imported by the tests with V2.
sys.path.insert(0, str(HERE))
PHONE = "8223281"
# Faster than any shop should poll: the tests' time is real.
POLICY = netgiro.PollPolicy(min_interval=0.1, default_interval=0.4, max_interval=1.0)


class Shop:
    """A shop whose carts are followed by Celery's workers."""

    def __init__(self, simulator, folder, api):
        self.simulator = simulator
        self.api = api
        self.client = simulator.client(api=api)
        self.broker = os.environ["NETGIRO_TEST_REDIS"]
        self.prefix = f"netgiro-{uuid.uuid4().hex}-"
        # Short, so that what a killed worker held is soon another's.
        self.transport = {
            "global_keyprefix": self.prefix,
            "visibility_timeout": 5,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            # A worker that is killed while it looks for others' messages keeps them from looking.
            "unacked_mutex_expire": 2,
        }
        app = Celery("jobs", broker=self.broker)
        app.conf.broker_transport_options = self.transport
        self.carts = netgiro.celery.Netgiro(app, lambda: self.client, policy=POLICY)
        self.folder = folder
        self.database = folder / "shop.sqlite3"
        self.workers = []
        self._numbers = itertools.count(1)
        self.execute("PRAGMA journal_mode=WAL")
        self.execute(
            "CREATE TABLE orders (reference PRIMARY KEY, transaction_id UNIQUE, status, recorded, goes_wrong)"
        )
        self.execute("CREATE TABLE calls (reference, process)")

    def execute(self, statement, *values):
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def start_worker(self, processes=2):
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": self.simulator.app_key,
            "NETGIRO_SECRET_KEY": self.simulator.secret_key,
            "NETGIRO_BASE_URL": self.simulator.url,
            "NETGIRO_API": self.api,
            "SHOP_DATABASE": str(self.database),
            "SHOP_BROKER": self.broker,
            "SHOP_TRANSPORT": json.dumps(self.transport),
        }
        env.pop("DJANGO_SETTINGS_MODULE", None)  # another test's: Celery would load them
        log = (self.folder / f"log-{len(self.workers)}").open("w+")
        worker = subprocess.Popen(
            [
                *(sys.executable, "-m", "celery", "--app=jobs", "worker", "--pool=prefork"),
                *(f"--concurrency={processes}", f"--hostname=worker{len(self.workers)}@%h"),
                *("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=INFO"),
            ],
            cwd=HERE, env=env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        worker.log = log
        self.workers.append(worker)
        return worker

    def kill(self, worker):
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def children(self, worker):
        tasks = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
        return [int(child) for child in tasks.read_text().split()]

    def said(self):
        return "".join(Path(worker.log.name).read_text() for worker in self.workers)

    def insert(self, goes_wrong=None, **options):
        """Insert an order's cart: the order first, then the cart."""
        reference = f"order-{next(self._numbers)}"
        values = reference, goes_wrong
        self.execute("INSERT INTO orders VALUES (?, NULL, NULL, 0, ?)", *values)
        options = {"amount": 4990, "customer_id": PHONE, **options}
        cart = self.client.insert_cart(reference=reference, **options)
        self.execute(
            "UPDATE orders SET transaction_id = ? WHERE reference = ?",
            str(cart.transaction_id),
            reference,
        )
        return cart

    def ends(self, cart, status, within=60.0):
        """Wait until an order is recorded, as the simulator holds it, and once."""
        found = eventually(
            lambda: self.execute(
                "SELECT status, recorded FROM orders WHERE reference = ? AND status IS NOT NULL",
                cart.reference,
            ),
            within,
        )
        assert found == [(status, 1)]
        assert self.said_of(self.simulator.cart(cart).status) == status

    def said_of(self, held):
        """What the API says of a status that the simulator holds: V2 does not tell a decline from a cancel."""
        return "canceled" if self.api == "v2" and held == "declined" else held

    def calls(self, cart):
        return self.execute("SELECT process FROM calls WHERE reference = ?", cart.reference)

    def close(self):
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
        for worker in self.workers:
            try:
                worker.wait(10)
            except subprocess.TimeoutExpired:
                self.kill(worker)
            worker.log.close()
        said = self.said()
        sys.stdout.write(said)  # pytest shows it where something failed
        assert self.simulator.secret_key not in said
        assert PHONE not in said
        with redis.Redis.from_url(self.broker) as connection:
            stored = list(connection.scan_iter(f"{self.prefix}*"))
            if stored:
                connection.delete(*stored)


@pytest.fixture(scope="module")
def simulator():
    with netgiro.Simulator(check_interval=0.4, poll_interval=0.4) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def api():
    return "v1"


@pytest.fixture(scope="module")
def shop(simulator, tmp_path_factory, api):
    if "NETGIRO_TEST_REDIS" not in os.environ:
        pytest.skip("needs Redis: python3 tools/services.py -- pytest …")
    shop = Shop(simulator, tmp_path_factory.mktemp("celery"), api)
    try:
        yield shop
    finally:
        shop.close()
