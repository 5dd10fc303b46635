"""doctor: keys, connection, and a callback route that is broken on purpose."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from shell import APP_KEY, SECRET_KEY, Ended, Shell, Simulator, sign

CSRF_PAGE = "<h1>Forbidden</h1><p>CSRF verification failed. Request aborted.</p>"


@dataclass
class Shop:
    """A shop that verifies callbacks by itself, and is broken as `fault` says."""

    fault: str = ""
    url: str = ""
    server: str = "nginx/1.28.0"
    registered: str | None = None
    posts: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, str, dict[str, str]]:
        special = {
            "redirect": (301, "", {"Location": f"{self.url}/"}),
            "csrf": (403, CSRF_PAGE, {}),
            "laravel": (419, "<title>Page Expired</title>", {}),
            "login": (401, "", {"WWW-Authenticate": "Basic"}),
            "get only": (405, "", {}),
            "no route": (404, "<h1>Not Found</h1>", {}),
            "crash": (500, "Internal Server Error", {}),
            "gateway": (502, "Bad Gateway", {}),
            "form": (415, "Unsupported Media Type", {}),
            "limited": (429, "Too Many Requests", {}),
            "accepts all": (200, "", {}),
        }
        if self.fault in special:
            return special[self.fault]
        if self.fault == "slow":
            self.released.wait(60)
        names = {name.lower().removeprefix("http-").replace("-", "_") for name in headers}
        if self.fault == "drops":
            headers = {name: value for name, value in headers.items() if "_" not in name}
        if self.fault == "drops both":
            names_dropped = {"netgiro_signature", "netgiro_nonce"}
            headers = {
                name: value
                for name, value in headers.items()
                if name.lower().replace("-", "_") not in names_dropped
            }
        found = {
            name.lower().removeprefix("http-").replace("-", "_"): value
            for name, value in headers.items()
        }
        url = self.registered or self.url
        if self.fault == "rewrites":
            url = url.replace("http://", "https://")
        if self.fault == "reserialises":
            body = json.dumps(json.loads(body)).encode()
        if self.fault == "reserialises as node":
            body = json.dumps(
                json.loads(body, parse_float=whole), separators=(",", ":"), ensure_ascii=False
            ).encode()
        if self.fault == "unsigned" and "netgiro_signature" not in names:
            return 200, "", {}
        secret = "another" if self.fault == "other key" else SECRET_KEY
        expected = sign(found.get("netgiro_nonce", ""), url, body, secret)
        if found.get("netgiro_signature") != expected:
            return (400, f"refused {time.time_ns()}" if self.fault == "same" else "refused", {})
        status = {"created": 201, "unknown": 404, "ok": 200}.get(self.fault, 409)
        return status, "not our order", {}

    def __post_init__(self) -> None:
        self.released = threading.Event()


def whole(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()

    class Handler(BaseHTTPRequestHandler):
        def version_string(self) -> str:
            return shop.server

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            shop.posts.append({"headers": headers, "body": body})
            status, text, more = shop.answer(headers, body)
            try:
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                pass

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shop.url = f"http://127.0.0.1:{server.server_port}/netgiro/callback?order=a%20b"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield shop
    shop.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def examine(shell: Shell, shop: Shop, *options: str) -> dict[str, dict[str, Any]]:
    """Run the doctor on a shop; give the checks by their names."""
    ended = shell.run("doctor", "--callback", shop.url, "--json", *options)
    assert ended.code == (0 if ended.record["ok"] else 1), ended
    assert ended.record["ok"] is all(check["ok"] is not False for check in ended.record["checks"])
    for check in ended.record["checks"]:
        assert (check["remedy"] is not None) is (check["ok"] is False), check
    for post in shop.posts:
        assert SECRET_KEY not in str(post)
    return {check["name"]: check for check in ended.record["checks"]}


def wrong(checks: dict[str, dict[str, Any]]) -> list[str]:
    return [name for name, check in checks.items() if check["ok"] is False]


def test_a_sound_set_up(shell: Shell, shop: Shop) -> None:
    for fault in ["", "ok", "unknown"]:
        shop.fault = fault
        checks = examine(shell, shop)
        assert wrong(checks) == [], checks
        assert list(checks) == [
            *["keys", "proxy", "dns", "tls", "connection", "clock", "account"],
            *["callback", "callback_signature", "callback_forgery"],
        ]
    text = shell.run("doctor", "--callback", shop.url)
    assert text.code == 0
    assert re.search(r"^✓ callback forgery ", text.out, re.MULTILINE)
    assert "✗" not in text.out
    # The right one, two forged ones and one without a signature, each time.
    assert len(shop.posts) == 16
    ids = {json.loads(post["body"])["PaymentInfo"]["TransactionId"] for post in shop.posts}
    assert len(ids) == 16
    assert all(json.loads(post["body"])["PaymentSuccessful"] is False for post in shop.posts)


@pytest.mark.parametrize(
    ("fault", "name", "words"),
    [
        ("redirect", "callback", ("a redirect: 301 to http", "register the URL")),
        ("csrf", "callback", ("CSRF protection, with 403", "@csrf_exempt")),
        ("laravel", "callback", ("CSRF protection, with 419", "CSRF middleware")),
        ("login", "callback", ("asks for a password", "leave the callback route out")),
        ("get only", "callback", ("405: nothing takes POST", "take POST")),
        ("no route", "callback", ("404: there is no route", "own URL")),
        ("crash", "callback", ("the route fails: 500", "log")),
        ("form", "callback", ("415", "any content type")),
        ("limited", "callback", ("429: a rate limit", "leave the callback route out")),
        ("gateway", "callback", ("502: the proxy (nginx/1.28.0)", "upstream")),
        ("created", "callback", ("answered 201", "answer 200")),
        ("drops", "callback_signature", ("are dropped by nginx", "underscores_in_headers on;")),
        (
            "drops both",
            "callback_signature",
            ("are dropped by nginx", "underscores_in_headers on;"),
        ),
        ("rewrites", "callback_signature", ("https instead of http", "exactly as it was given")),
        ("reserialises", "callback_signature", ("re-serialised", "the bytes as received")),
        ("reserialises as node", "callback_signature", ("re-serialised", "express.raw()")),
        ("other key", "callback_signature", ("refused like a forged one, with 400", "secret key")),
        ("accepts all", "callback_forgery", ("GRAVE: a callback with a wrong", "verify_callback")),
        ("unsigned", "callback_forgery", ("GRAVE: a callback without a", "verify-callback")),
    ],
)
def test_what_is_broken_is_named(
    shell: Shell, shop: Shop, fault: str, name: str, words: tuple[str, str]
) -> None:
    detail, remedy = words
    shop.fault = fault
    checks = examine(shell, shop)
    assert wrong(checks) == [name], checks
    assert detail in checks[name]["detail"]
    assert remedy.replace("verify_callback", "verify-callback") in checks[name]["remedy"]
    text = shell.run("doctor", "--callback", shop.url)
    assert text.code == 1
    assert f"✗ {name.replace('_', ' ')} " in text.out
    assert "→ " in text.out


def test_a_redirect_is_not_followed(shell: Shell, shop: Shop) -> None:
    shop.fault = "redirect"
    examine(shell, shop)
    assert len(shop.posts) == 1


def test_a_slow_shop(shell: Shell, shop: Shop) -> None:
    shop.fault = "slow"
    checks = examine(shell, shop, "--timeout", "0.2")
    assert wrong(checks) == ["callback"]
    assert "too slow: no answer within 200ms" in checks["callback"]["detail"]


def test_two_faults_at_once_are_both_named(shell: Shell, shop: Shop) -> None:
    shop.fault, shop.server = "drops", "WSGIServer/0.2 CPython/3.12"
    shop.registered = shop.url.replace("http://", "https://")
    found = examine(shell, shop)["callback_signature"]
    assert "dropped by Django's runserver" in found["detail"]
    assert "the URL is rewritten" in found["detail"]
    assert "netgiro.django" in found["remedy"]


def test_the_registered_url_may_be_another(shell: Shell, shop: Shop) -> None:
    shop.registered = "https://shop.example/netgiro/callback"
    signature = examine(shell, shop)["callback_signature"]
    assert signature["ok"] is False
    assert "--registered-url" in signature["remedy"]
    assert wrong(examine(shell, shop, "--registered-url", shop.registered)) == []
    # A shop that rebuilds the URL from the request.
    registered, shop.registered = shop.registered, None
    signature = examine(shell, shop, "--registered-url", registered)["callback_signature"]
    assert "the URL of the request" in signature["detail"]


def test_a_text_that_differs_each_time_is_no_sign(shell: Shell, shop: Shop) -> None:
    shop.fault, shop.registered = "same", "https://shop.example/netgiro/callback"
    assert wrong(examine(shell, shop)) == ["callback_signature"]


def checked(ended: Ended) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in ended.record["checks"]}


def test_keys_that_cannot_be_used(shell: Shell, shop: Shop) -> None:
    for variables, text in [
        ({"NETGIRO_SECRET_KEY": "YOUR_SECRET_KEY"}, "placeholder"),
        ({"NETGIRO_SECRET_KEY": ""}, "NETGIRO_SECRET_KEY is not set"),
        ({"NETGIRO_APP_KEY": "my-shop"}, "NETGIRO_APP_KEY must be the ApplicationId"),
        ({"NETGIRO_BASE_URL": "http://shop.example/v1/"}, "http would send the keys"),
    ]:
        broken = Shell(shell.variables | variables, shell.folder)
        ended = broken.run("doctor", "--callback", shop.url, "--json")
        assert ended.code == 1
        checks = checked(ended)
        assert text in checks["keys"]["detail"]
        assert checks["callback"]["ok"] is None
        assert shop.posts == []


def test_keys_that_netgiro_does_not_accept(shell: Shell) -> None:
    for name in ["NETGIRO_SECRET_KEY", "NETGIRO_APP_KEY"]:
        value = SECRET_KEY[:-1] + "x" if "SECRET" in name else APP_KEY.replace("8", "9")
        other = Shell(shell.variables | {name: value}, shell.folder)
        checks = checked(other.run("doctor", "--json"))
        assert wrong(checks) == ["account"]
        assert "NETGIRO_ENVIRONMENT" in checks["account"]["remedy"]


def test_the_clock(shell: Shell) -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 3600))
    with server_that_answers(
        f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n"
    ) as url:
        other = Shell(shell.variables | {"NETGIRO_BASE_URL": url}, shell.folder)
        clock = checked(other.run("doctor", "--json"))["clock"]
    assert clock["ok"] is False
    assert "ahead of the server's" in clock["detail"]
    assert "NTP" in clock["remedy"]


def test_no_connection_and_no_name(shell: Shell) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1/"
        ended = Shell(shell.variables | {"NETGIRO_BASE_URL": url}, shell.folder).run(
            "doctor", "--json"
        )
    assert wrong(checked(ended)) == ["connection"]
    unknown = {"NETGIRO_BASE_URL": "https://netgiro.invalid/v1/"}
    checks = checked(Shell(shell.variables | unknown, shell.folder).run("doctor", "--json"))
    assert checks["dns"]["ok"] is False
    assert "netgiro.invalid is not found" in checks["dns"]["detail"]


def test_proxies(shell: Shell) -> None:
    variables = {
        "NETGIRO_BASE_URL": "https://netgiro.invalid/v1/",
        "HTTPS_PROXY": "http://me:hunter2@127.0.0.1:9",
    }
    ended = Shell(shell.variables | variables, shell.folder).run("doctor", "--json")
    checks = checked(ended)
    assert checks["proxy"]["detail"] == "goes through http://127.0.0.1:9"
    assert wrong(checks) == ["connection"]
    assert "hunter2" not in ended.out
    variables["HTTPS_PROXY"] = "'http://me:hunter2@127.0.0.1:9'"
    ended = Shell(shell.variables | variables, shell.folder).run("doctor", "--json")
    assert wrong(checked(ended)) == ["proxy"]
    assert "hunter2" not in ended.out
    named = {"NETGIRO_BASE_URL": "http://proxy.example/v1/"}
    ended = Shell(shell.variables | named, shell.folder).run("doctor", "--json")
    assert wrong(checked(ended)) == ["keys"]
    ended = shell.run("doctor", "--json", "--ca-file", "proxy.pem")
    assert wrong(checked(ended)) == ["tls"]


def test_certificates(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path, "--tls")
    try:
        shell = Shell(simulator.variables(), tmp_path)
        checks = checked(shell.run("doctor", "--json"))
        assert wrong(checks) == ["tls"]
        assert "not signed by a trusted authority" in checks["tls"]["detail"]
        assert "--ca-file" in checks["tls"]["remedy"]
        trusted = shell.run("doctor", "--json", "--ca-file", simulator.started["ca_file"])
        assert trusted.code == 0, trusted
    finally:
        simulator.stop()


def test_what_it_cannot_post_to(shell: Shell) -> None:
    for url, text in [
        ("http://127.0.0.1:9/callback", "there is no connection to 127.0.0.1:9"),
        ("https://shop.invalid/callback", "the host shop.invalid is not found"),
    ]:
        ended = shell.run("doctor", "--callback", url, "--json")
        assert ended.code == 1
        assert text in checked(ended)["callback"]["detail"]
    for options in [
        *[["--callback", "shop.is/callback"], ["--callback", "ftp://shop.is/callback"]],
        *[["--callback"], ["--timeout", "0"]],
    ]:
        ended = shell.run("doctor", *options)
        assert ended.code == 2, options
        assert options[0] in ended.err
    assert "--callback" in shell.run("doctor", "--registered-url", "https://shop.is").err


class server_that_answers:  # noqa: N801 - a context manager
    """A server that gives each connection the same answer."""

    def __init__(self, answer: str) -> None:
        self.answer = answer.encode()
        self.socket = socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> str:
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1/"

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)

    def __exit__(self, *_: object) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
