"""What the tests talk through and to: both clients behind one face, and a server that is scripted."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import netgiro

APP_KEY = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
SECRET_KEY = (
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZ"
    "zmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
)
PHONE = "8223281"
KENNITALA = "1111111119"
SOME_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"

# Faster than any shop should poll: the tests' time is real.
QUICK = netgiro.PollPolicy(min_interval=0.01, default_interval=0.02, max_interval=0.05)

# Everything at full size, as `make storm` runs it.
FULL = os.environ.get("NETGIRO_STORM") == "full"

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name: str, member: str = "cases") -> list[dict]:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))[member]


def eventually(condition, within: float = 60.0):
    """Wait for a condition, and give its value."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, "it has not come to that"
        time.sleep(0.005)


class Blocking:
    """A Client."""

    def __init__(self, client: netgiro.Client) -> None:
        self.client = client

    def __getattr__(self, name: str):
        return getattr(self.client, name)

    def close(self) -> None:
        self.client.close()


class Awaited:
    """An AsyncClient behind the face of a Client, on a loop of its own."""

    def __init__(self, client: netgiro.AsyncClient) -> None:
        self.client = client
        self.loop = asyncio.new_event_loop()

    def __getattr__(self, name: str):
        member = getattr(self.client, name)
        if not callable(member):
            return member

        def call(*args, **kwargs):
            brought = member(*args, **kwargs)
            if hasattr(brought, "__aiter__"):
                return self._iterate(brought)
            if hasattr(brought, "__await__"):
                return self.loop.run_until_complete(brought)
            return brought

        return call

    def _iterate(self, brought):
        while True:
            try:
                yield self.loop.run_until_complete(brought.__anext__())
            except StopAsyncIteration:
                return

    def close(self) -> None:
        self.loop.run_until_complete(self.client.close())
        self.loop.close()


FACES = {
    "sync": (netgiro.Client, Blocking),
    "async": (netgiro.AsyncClient, Awaited),
}


def connect(face: str, base_url: str, **options):
    """A client of this kind for a server on loopback."""
    client, wrapper = FACES[face]
    return wrapper(client(APP_KEY, SECRET_KEY, base_url=base_url, **options))


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int = 0  # the client's port: which connection it came by
    method: str = "POST"

    @property
    def endpoint(self) -> str:
        return self.path.rsplit("/", 1)[-1]


class Answer(NamedTuple):
    status: int = 200
    body: bytes = b"{}"
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False


class Server:
    """Answers what it is told to, and keeps what it got. Where it is told None it closes the connection."""

    def __init__(self, answer=None) -> None:
        self.requests: list[Request] = []
        self.closed_connections = 0
        self.answer = answer or (lambda request: Answer())
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body, self.client_address[1], self.command)
                outer.requests.append(request)
                answer = outer.answer(request)
                if answer is None:
                    self.close_connection = True
                    return
                self.wfile.write(f"HTTP/1.1 {answer.status} Told\r\n".encode())
                given = {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(answer.body)),
                    **dict(answer.headers),
                }
                for name, value in given.items():
                    self.wfile.write(f"{name}: {value}\r\n".encode("latin-1"))
                self.wfile.write(b"\r\n" + answer.body)
                self.close_connection = answer.close

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_args) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        # A client that goes away in the middle is what some tests are about.
        self._server.handle_error = lambda *_: None
        shutdown_request = self._server.shutdown_request

        def count_closed(connection) -> None:
            shutdown_request(connection)
            self.closed_connections += 1

        self._server.shutdown_request = count_closed
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()

    def url_of(self, request: Request) -> str:
        """The URL as the client must have signed it."""
        return f"http://127.0.0.1:{self._server.server_port}{request.path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
