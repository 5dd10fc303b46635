from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import netgiro

PHONE = "8223281"
HERE = Path(__file__).parent

# Headers with underscores, as Netgíró's are, gunicorn drops unless told otherwise.
SERVERS = {
    "flask": [
        *("-m", "gunicorn", "flask_shop:app", "--workers=2", "--preload", "--no-control-socket"),
        *("--header-map=dangerous", "--graceful-timeout=5", "--bind=fd://{fd}"),
    ],
    "flask, threads": [
        *("-m", "gunicorn", "flask_shop:app", "--workers=2", "--threads=4", "--no-control-socket"),
        *("--header-map=dangerous", "--graceful-timeout=5", "--bind=fd://{fd}"),
    ],
    "fastapi": ["-m", "uvicorn", "fastapi_shop:app", "--log-level=warning", "--fd={fd}"],
}


class Shop:
    """A shop under its real server, and what its database holds."""

    def __init__(self, url, database, simulator):
        self.url = url
        self.database = database
        self.simulator = simulator
        self.callback_url = f"{url}/netgiro/callback"
        self.guarded_url = f"{url}/netgiro/guarded"
        self._numbers = itertools.count(1)

    def execute(self, statement, *values):
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def switch(self, name, times=1):
        self.execute("INSERT OR REPLACE INTO switches VALUES (?, ?)", name, times)

    def new_order(self, amount=4990):
        reference = f"order-{next(self._numbers)}"
        self.execute("INSERT INTO orders VALUES (?, ?, 0)", reference, amount)
        return reference

    def insert(self, reference, amount=4990, **options):
        """An order's cart, with the simulator to carry its callbacks."""
        with self.simulator.client() as client:
            return client.insert_cart(
                amount=amount, reference=reference, customer_id=PHONE, **options
            )

    def reported(self, reference):
        ((times,),) = self.execute("SELECT reported FROM orders WHERE reference = ?", reference)
        return times

    def calls(self, reference):
        rows = self.execute("SELECT status FROM calls WHERE reference = ?", reference)
        return [status for (status,) in rows]

    def holds(self, reference, calls, within=60.0):
        """Wait until the shop's function was called so, and see that it stays so."""
        deadline = time.monotonic() + within
        while self.calls(reference) != calls and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.calls(reference) == calls
        return True

    def callback(self, cart, url=None, amount=None, reference=None, *, nonce=None):
        """The headers and the body of a callback, as Netgíró would send it."""
        facts = {
            "PaymentSuccessful": True,
            "PaymentInfo": {
                "TransactionId": str(cart.transaction_id),
                "ReferenceNumber": reference or cart.reference,
                "TotalAmount": amount or cart.amount,
                "StatusId": 2,
            },
            "Success": True,
            "Message": None,
            "ResultCode": 10200,
        }
        return self.sign(json.dumps(facts).encode(), url, nonce)

    def sign(self, body, url=None, nonce=None, secret_key=None):
        nonce = nonce or str(time.time_ns())
        secret_key = secret_key or self.simulator.secret_key
        signature = netgiro.sign(secret_key, nonce, url or self.callback_url, body)
        return {
            "netgiro_appkey": self.simulator.app_key,
            "netgiro_nonce": nonce,
            "netgiro_signature": signature,
            "Content-Type": "application/json; charset=utf-8",
        }, body

    def send(self, headers, body, url=None, method="POST"):
        """Send a callback; gives the status of the answer."""
        where = urlsplit(url or self.callback_url)
        with closing(http.client.HTTPConnection(where.netloc, timeout=60)) as connection:
            connection.request(method, where.path, body=body, headers=headers)
            return connection.getresponse().status


@pytest.fixture(scope="module")
def simulator():
    with netgiro.Simulator(callback_retry_delay=0.2) as simulator:
        yield simulator


@pytest.fixture(scope="module", params=SERVERS)
def served(request, simulator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    database = folder / "shop.sqlite3"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE orders (reference PRIMARY KEY, amount, reported)")
        connection.execute("CREATE TABLE calls (reference, status, process)")
        connection.execute("CREATE TABLE switches (name PRIMARY KEY, value)")
        connection.execute("CREATE TABLE entered (reference)")
        connection.execute("CREATE TABLE seen (signature PRIMARY KEY)")
    with socket.create_server(("127.0.0.1", 0)) as listening, (folder / "log").open("w+") as log:
        listening.set_inheritable(True)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
            "SHOP_DATABASE": str(database),
            "SHOP_URL": url,
        }
        command = [part.format(fd=listening.fileno()) for part in SERVERS[request.param]]
        server = subprocess.Popen(
            [sys.executable, *command],
            cwd=HERE, env=env, stdout=log, stderr=log, pass_fds=[listening.fileno()],
            start_new_session=True,
        )  # fmt: skip
        shop = Shop(url, database, simulator)
        try:
            status = shop.send({}, None, f"{url}/", "GET")
            assert status == 200
            yield shop
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                code = server.wait(60)
            finally:
                if server.poll() is None:
                    os.killpg(server.pid, signal.SIGKILL)
                    server.wait()
                log.seek(0)
                said = log.read()
                sys.stdout.write(said)  # pytest shows it where something failed
        assert code in (0, -signal.SIGTERM)
        assert simulator.secret_key not in said
        assert PHONE not in said


@pytest.fixture
def shop(served):
    """The shop, with nothing going wrong in it yet."""
    served.execute("DELETE FROM switches")
    served.execute("DELETE FROM entered")
    return served
