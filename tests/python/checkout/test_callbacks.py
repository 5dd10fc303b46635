"""Callbacks that come twice or are signed with an older key, and the way through a proxy."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

import pytest

import netgiro
from harness import APP_KEY, FACES, PHONE, SECRET_KEY, SOME_ID, connect

URL = "https://shop.is/netgiro/callback?order=1"
BODY = json.dumps(
    {
        "PaymentSuccessful": True,
        "PaymentInfo": {
            "TransactionId": SOME_ID,
            "ReferenceNumber": "order-1",
            "TotalAmount": 4990,
            "StatusId": 2,
        },
        "Success": True,
        "ResultCode": 10200,
    }
).encode()


def signed(nonce="638412345678901234", secret=SECRET_KEY, body=BODY):
    """The arguments of `verify_callback` for a callback."""
    headers = {
        "netgiro_nonce": nonce,
        "netgiro_signature": netgiro.sign(secret, nonce, URL, body),
    }
    return {"url": URL, "headers": headers, "body": body}


@pytest.fixture
def asked_first(face):
    """`verify_callback` or `verify_callback_once` of each client."""
    client = connect(face, "http://127.0.0.1:9/v1/")
    yield client
    client.close()


class Guard:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def is_first(self, nonce, signature):
        self.asked.append((nonce, signature))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Awaited(Guard):
    async def is_first(self, nonce, signature):
        await asyncio.sleep(0)
        return super().is_first(nonce, signature)


@pytest.mark.parametrize("method", ["verify_callback", "verify_callback_once"])
def test_a_callback_is_accepted_once(asked_first, method):
    guard = netgiro.MemoryReplayGuard()
    verify = getattr(asked_first, method)
    assert verify(**signed(), replay_guard=guard).reference == "order-1"
    with pytest.raises(netgiro.SignatureError, match="replay"):
        verify(**signed(), replay_guard=guard)
    # Another one about the same cart is another one.
    assert verify(**signed("638412345678901235"), replay_guard=guard).reference == "order-1"


@pytest.mark.parametrize("method", ["verify_callback", "verify_callback_once"])
def test_what_a_guard_is_asked(asked_first, method):
    guard = Guard("OK", 1, None, 0)
    verify = getattr(asked_first, method)
    given = signed()
    given["headers"]["netgiro_signature"] = given["headers"]["netgiro_signature"].upper()
    assert verify(**given, replay_guard=guard)
    assert guard.asked == [
        (given["headers"]["netgiro_nonce"], signed()["headers"]["netgiro_signature"])
    ]
    assert verify(**given, replay_guard=guard)
    for _ in range(2):
        with pytest.raises(netgiro.SignatureError, match="replay"):
            verify(**given, replay_guard=guard)


@pytest.mark.parametrize("method", ["verify_callback", "verify_callback_once"])
def test_a_guard_is_asked_last(asked_first, method):
    guard = Guard()
    verify = getattr(asked_first, method)
    forged = signed(secret="another")
    with pytest.raises(netgiro.SignatureError):
        verify(**forged, replay_guard=guard)
    with pytest.raises(netgiro.ProtocolError):
        verify(**signed(body=b"{}"), replay_guard=guard)
    assert guard.asked == []


@pytest.mark.parametrize("method", ["verify_callback", "verify_callback_once"])
@pytest.mark.parametrize("raised", [LookupError("no database"), KeyboardInterrupt()], ids=repr)
def test_what_a_guard_raises_is_raised(asked_first, method, raised):
    with pytest.raises(type(raised)) as caught:
        getattr(asked_first, method)(**signed(), replay_guard=Guard(raised))
    assert caught.value is raised


def test_a_guard_that_has_to_be_awaited():
    async def main():
        client = netgiro.AsyncClient(APP_KEY, SECRET_KEY)
        guard = Awaited("OK", None, LookupError("no database"))
        call = client.verify_callback_once(**signed(), replay_guard=guard)
        assert asyncio.iscoroutine(call)
        assert (await call).matches(4990, "order-1")
        with pytest.raises(netgiro.SignatureError, match="replay"):
            await client.verify_callback_once(**signed(), replay_guard=guard)
        with pytest.raises(LookupError):
            await client.verify_callback_once(**signed(), replay_guard=guard)
        with pytest.raises(netgiro.SignatureError):
            await client.verify_callback_once(**signed(secret="another"), replay_guard=guard)
        assert len(guard.asked) == 3

    asyncio.run(main())


@pytest.mark.parametrize("kind", [netgiro.Client, netgiro.AsyncClient])
def test_a_promise_is_not_taken_for_a_yes(kind):
    guard = Awaited(0)
    with pytest.raises(TypeError, match="verify_callback_once of AsyncClient"):
        kind(APP_KEY, SECRET_KEY).verify_callback(**signed(), replay_guard=guard)


@pytest.mark.parametrize("guard", [object(), "guard", 1], ids=["object", "text", "number"])
def test_what_is_no_guard(asked_first, guard):
    for method in ("verify_callback", "verify_callback_once"):
        with pytest.raises(netgiro.InvalidRequestError, match=r"replay_guard must be .* is_first"):
            getattr(asked_first, method)(**signed(), replay_guard=guard)


def test_a_guard_forgets_the_oldest():
    guard = netgiro.MemoryReplayGuard(capacity=2)
    assert [guard.is_first("1", each) for each in "aabbcc"] == [True, False] * 3
    assert guard.is_first("1", "a")
    assert repr(guard) == "<netgiro.MemoryReplayGuard capacity=2>"


@pytest.mark.parametrize("capacity", [0, -1, True, 1.5, "3", 2**70], ids=repr)
def test_a_guard_of_no_size(capacity):
    with pytest.raises(netgiro.InvalidRequestError, match="capacity must be"):
        netgiro.MemoryReplayGuard(capacity=capacity)


def test_one_guard_for_many_threads():
    client = netgiro.Client(APP_KEY, SECRET_KEY)
    guard = netgiro.MemoryReplayGuard()
    accepted = []

    def verify():
        for nonce in range(50):
            try:
                client.verify_callback(**signed(str(nonce)), replay_guard=guard)
            except netgiro.SignatureError:
                continue
            accepted.append(nonce)

    threads = [threading.Thread(target=verify) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(accepted) == list(range(50))


# --- keys that are being replaced


def test_callbacks_under_previous_keys(face):
    client = connect(face, "http://127.0.0.1:9/v1/", previous_secret_keys=["older", "oldest"])
    for secret in (SECRET_KEY, "older", "oldest"):
        assert client.verify_callback(**signed(secret=secret)).reference == "order-1"
    with pytest.raises(netgiro.SignatureError):
        client.verify_callback(**signed(secret="another"))
    client.close()


def test_nothing_is_signed_with_a_previous_key(face, simulator):
    shop = getattr(simulator, "client" if face == "sync" else "async_client")(
        previous_secret_keys=("older",)
    )
    shop = FACES[face][1](shop)
    assert shop.check_cart(SOME_ID).status == "canceled"
    assert all(request.signature_ok for request in simulator.requests())
    shop.close()


@pytest.mark.parametrize(
    ("previous", "kind", "said"),
    [
        (["fine", ""], netgiro.ConfigurationError, r"previous_secret_keys\[1\]"),
        (["hunter 2"], netgiro.ConfigurationError, r"previous_secret_keys\[0\]"),
        ("hunter2", netgiro.InvalidRequestError, "must be a sequence of str; got a str"),
        ([b"hunter2"], netgiro.InvalidRequestError, r"previous_secret_keys\[0\] must be a str"),
        (7, netgiro.InvalidRequestError, "must be a sequence of str; got an int"),
    ],
)
def test_previous_keys_that_are_none(previous, kind, said):
    with pytest.raises(kind, match=said) as raised:
        netgiro.Client(APP_KEY, SECRET_KEY, previous_secret_keys=previous)
    assert "hunter" not in str(raised.value)


# --- a proxy


@pytest.fixture
def proxy():
    """An http proxy that forwards; the requests it was asked for are its `asked`."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            passed = {name: value for name, value in self.headers.items() if name != "host"}
            with urlopen(Request(self.path, body, passed, method="POST")) as answer:
                told = answer.read()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    if name.lower().startswith("netgiro"):
                        self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.asked = asked
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_calls_go_through_the_proxy(face, simulator, proxy):
    shop = connect(face, simulator.url, proxy=proxy.url)
    cart = shop.insert_cart(amount=4990, reference="order-1", customer_id=PHONE)
    assert shop.check_cart(cart).status == "pending"
    assert [url.rsplit("/", 1)[-1] for url in proxy.asked] == ["InsertCart", "CheckCart"]
    assert all(url.startswith(simulator.url) for url in proxy.asked)
    assert all(request.signature_ok for request in simulator.requests())
    shop.close()


@pytest.mark.parametrize(
    "proxy", ["proxy.example:3128", "socks5://me:hunter2@proxy.example", "http://me:hunter2@", ""]
)
def test_a_proxy_that_is_none(proxy):
    with pytest.raises(netgiro.ConfigurationError, match="proxy must be a URL") as raised:
        netgiro.Client(APP_KEY, SECRET_KEY, proxy=proxy)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
@pytest.mark.parametrize("kind", [netgiro.Client, netgiro.AsyncClient])
@pytest.mark.parametrize(
    "value",
    [
        "http://me:hunter2@proxy.example:3128 ",
        '"http://me:hunter2@proxy.example:3128"',
        "http://me:hunter2@proxy.example:3128\r",
        "socks5://me:hunter2@proxy.example",
    ],
)
def test_a_proxy_of_the_environment_that_cannot_be_read(monkeypatch, name, kind, value):
    for other in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("NETGIRO_APP_KEY", APP_KEY)
    monkeypatch.setenv("NETGIRO_SECRET_KEY", SECRET_KEY)
    for make in (lambda: kind(APP_KEY, SECRET_KEY), kind.from_env):
        with pytest.raises(netgiro.ConfigurationError, match=f"the variable {name} must") as raised:
            make()
        assert "hunter2" not in str(raised.value)
    # It leads nowhere for this machine, for hosts it does not apply to, and where a proxy is given.
    kind(APP_KEY, SECRET_KEY, base_url="http://127.0.0.1:9/v1/")
    kind(APP_KEY, SECRET_KEY, proxy="http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", ".netgiro.is")
    kind(APP_KEY, SECRET_KEY)
