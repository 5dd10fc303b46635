"""Where the simulator's callbacks arrive, and wait until the shop answers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Arrival:
    """A callback that waits for its answer."""

    def __init__(self, headers: dict[str, str], body: bytes) -> None:
        self.headers, self.body = headers, body
        self._status: int | None = None
        self._is_answered = threading.Event()

    @property
    def transaction_id(self) -> str:
        """Return the cart that it is about."""
        body = json.loads(self.body)
        return str(body.get("TransactionId") or body["PaymentInfo"]["TransactionId"])

    @property
    def signature(self) -> str:
        """Return what no other callback is signed with."""
        signed = {name.lower(): value for name, value in self.headers.items()}
        return str(signed.get("netgiro_signature"))

    def answer(self, status: int | None) -> None:
        """Answer it with a status; with None the connection is closed without one."""
        self._status = status
        self._is_answered.set()

    def wait(self) -> int | None:
        self._is_answered.wait(60)
        return self._status


class Listener:
    """Takes callbacks in the order of their arrival."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.waiting: list[Arrival] = []


@contextmanager
def listening() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrival = Arrival(dict(self.headers.items()), body)
            listener.waiting.append(arrival)
            status = arrival.wait()
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(f"http://127.0.0.1:{server.server_port}")
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            for arrival in listener.waiting:
                arrival.answer(None)
            server.shutdown()
