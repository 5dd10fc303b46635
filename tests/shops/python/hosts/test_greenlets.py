"""Programs on greenlets, by gevent and eventlet: signals are found, and what waits holds up no other greenlet."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from contextlib import closing
from importlib.util import find_spec

import pytest

needs_gevent = pytest.mark.skipif(not find_spec("gevent"), reason="gevent is not there")
needs_eventlet = pytest.mark.skipif(not find_spec("eventlet"), reason="eventlet is not there")

GEVENT = """
from gevent import monkey
monkey.patch_all()
import gevent, os, signal, sys, threading, time
import netgiro

def spawn(function):
    return gevent.spawn(function)

def join(greenlet):
    return greenlet.get()

def off(function, *arguments, **options):
    return gevent.get_hub().threadpool.apply(function, arguments, options)
"""
EVENTLET = """
import eventlet
eventlet.monkey_patch()
import os, signal, sys, threading, time
from eventlet import tpool
import netgiro

def spawn(function):
    return eventlet.spawn(function)

def join(greenlet):
    return greenlet.wait()

def off(function, *arguments, **options):
    return tpool.execute(function, *arguments, **options)
"""
LIBRARIES = [
    pytest.param(GEVENT, marks=needs_gevent, id="gevent"),
    pytest.param(EVENTLET, marks=needs_eventlet, id="eventlet"),
]

ORDER = """
client = netgiro.Client.from_env()
cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
"""

# A greenlet's call that takes long enough to check for signals; then the main greenlet waits, or another one.
INTERRUPTED = """
def short():
    try:
        client.wait_for_cart(cart, timeout=0.3)
    except netgiro.WaitTimeoutError:
        return "short"

assert join(spawn(short)) == "short"

def wait():
    print("waiting", flush=True)
    client.wait_for_cart(cart, timeout=600)

def main():
    if sys.argv[1] == "main":
        wait()
    elif sys.argv[1] == "iterator":
        print("waiting", flush=True)
        list(client.watch_cart(cart, timeout=600))
    else:
        join(spawn(wait))

try:
    main()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def await_words(program, words):
    deadline = time.monotonic() + 60
    while words not in program.said:
        assert time.monotonic() < deadline, program.said
        assert program.process.poll() is None, program.said
        time.sleep(0.02)


@pytest.mark.parametrize("where", ["main", "greenlet", "iterator"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_ctrl_c_after_a_call_of_a_greenlet(start, library, where):
    files = {"program.py": library + ORDER + INTERRUPTED}
    program = start("program.py", where, files=files)
    await_words(program, "waiting")
    program.process.send_signal(signal.SIGINT)
    program.process.wait(60)
    assert "interrupted" in program.said or "KeyboardInterrupt" in program.said, program.said


# The line that the documentation gives: another greenlet runs all the while.
OFF = """
ticks = []

def tick():
    while True:
        ticks.append(1)
        time.sleep(0.01)

other = spawn(tick)
time.sleep(0.05)
before = len(ticks)
try:
    client.wait_for_cart(cart, timeout=1)
except netgiro.WaitTimeoutError:
    pass
blocked = len(ticks) - before
before = len(ticks)
try:
    off(client.wait_for_cart, cart, timeout=1)
except netgiro.WaitTimeoutError:
    pass
free = len(ticks) - before
print(blocked, free)
assert blocked <= 2, blocked
assert free > 10, free
"""


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_wait_on_the_pool_holds_up_nobody(start, library):
    start("program.py", files={"program.py": library + ORDER + OFF}).ends()


# What the integrations do after a callback goes through the pool by itself.
BY_ITSELF = """
from netgiro.webhook.greenlets import off_the_hub

main = threading.get_native_id()
found = []
assert off_the_hub(lambda *a, **o: (threading.get_native_id() != main, a, o))(1, b=2) == (True, (1,), {"b": 2})

def fail():
    raise netgiro.ConfigurationError("no keys")

try:
    off_the_hub(fail)()
except netgiro.ConfigurationError as error:
    assert "no keys" in str(error)
else:
    raise SystemExit("it did not raise")
assert off_the_hub(client.check_cart)(cart).status == "pending"
"""


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_integrations_use_the_pool(start, library):
    start("program.py", files={"program.py": library + ORDER + BY_ITSELF}).ends()


def test_without_greenlets_nothing_is_different(start):
    plain = "import threading, netgiro\nfrom netgiro.webhook.greenlets import off_the_hub\n"
    plain += "assert off_the_hub(threading.get_native_id)() == threading.get_native_id()\n"
    start("-c", plain).ends()


SHOP = """
import gevent
from flask import Flask
import netgiro

app = Flask(__name__)
client = netgiro.Client.from_env()

@app.get("/")
def up():
    return "up"

@app.get("/check")
def check():
    cart = client.insert_cart(amount=1, reference="order-2", customer_id="8223281")
    try:
        client.wait_for_cart(cart, timeout=0.3)
    except netgiro.WaitTimeoutError:
        return "checked"

@app.get("/wait")
def wait():
    cart = client.insert_cart(amount=1, reference="order-3", customer_id="8223281")
    print("waiting", flush=True)
    try:
        gevent.get_hub().threadpool.apply(client.wait_for_cart, (cart,), {"timeout": 8})
    except netgiro.WaitTimeoutError:
        return "waited"
"""


@needs_gevent
@pytest.mark.skipif(not find_spec("gunicorn"), reason="gunicorn is not there")
def test_gunicorn_on_gevent_answers_others_and_ends(start):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        port = listening.getsockname()[1]
        command = ["-m", "gunicorn", "-k", "gevent", "--no-control-socket", "--graceful-timeout=30"]
        command += [f"--bind=fd://{listening.fileno()}", "shop:app"]
        server = start(*command, files={"shop.py": SHOP}, pass_fds=[listening.fileno()])

        def get(path):
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
                connection.request("GET", path)
                return connection.getresponse().read()

        assert get("/check") == b"checked"
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as waiting:
            waiting.request("GET", "/wait")
            await_words(server, "waiting")
            assert get("/") == b"up"
            assert "waited" not in server.said
            # What is in flight is answered, and then the worker ends.
            server.process.send_signal(signal.SIGTERM)
            assert waiting.getresponse().read() == b"waited"
        assert server.process.wait(60) == 0, server.said
        assert "SIGKILL" not in server.said
