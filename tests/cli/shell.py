"""The installed command, and a simulator that it has started."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

APP_KEY = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
SECRET_KEY = "not-the-published-one/" + "k" * 40
VARIABLES = [
    *["NETGIRO_APP_KEY", "NETGIRO_SECRET_KEY", "NETGIRO_ENVIRONMENT", "NETGIRO_BASE_URL"],
]
CUSTOMER, ACCEPTS, DECLINES, KENNITALA = "6612345", "8111111", "8222222", "1111111119"

# NETGIRO_CLI may name another build of the same command, such as the npm package's.
NAMED = os.environ.get("NETGIRO_CLI")
COMMAND = shlex.split(NAMED) if NAMED else [str(Path(sys.executable).with_name("netgiro"))]
IS_PYTHON = NAMED is None

PATIENCE = 60.0


@dataclass
class Ended:
    """The output and the exit code of a command that has ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self) -> dict[str, Any]:
        return self.records[-1]

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.record["error"]
        return error


def refuse_secrets(*texts: str) -> None:
    """Fail if the secret key or a customer's number was written."""
    for text in texts:
        assert SECRET_KEY not in text
        for number in (CUSTOMER, KENNITALA):
            # A port, an id or a time may contain the digits: a customer's number stands alone.
            assert not re.search(rf"(?<![\w.]){number}(?![\w.])", text), text


@dataclass
class Running:
    """A running command."""

    process: subprocess.Popen[str]

    def ended(self) -> Ended:
        out, err = self.process.communicate(timeout=PATIENCE)
        refuse_secrets(out or "", err or "")
        return Ended(self.process.returncode, out or "", err or "")

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@dataclass
class Shell:
    """A folder and environment variables, in which commands run."""

    variables: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        state = {} if self.folder is None else {"XDG_STATE_HOME": str(self.folder / ".state")}
        return {**kept, "TERM": "xterm", "NO_PROXY": "127.0.0.1", **state, **self.variables}

    def start(self, *arguments: str | Path, **options: Any) -> Running:
        settings: dict[str, Any] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            **options,
        }
        process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=self.environment(),
            cwd=self.folder,
            text=True,
            encoding="utf-8",
            **settings,
        )
        return Running(process)

    def run(self, *arguments: str | Path, given: str | bytes | None = None) -> Ended:
        data = given.encode() if isinstance(given, str) else given
        ended = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            env=self.environment(),
            cwd=self.folder,
            input=b"" if data is None else data,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        out, err = ended.stdout.decode(), ended.stderr.decode()
        refuse_secrets(out, err)
        return Ended(ended.returncode, out, err)


class Terminal:
    """A terminal that shows what one stream of a command writes."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.shown = ""

    def read_until(self, enough: Any) -> str:
        """Read until `enough` is true for the text."""
        deadline = time.monotonic() + PATIENCE
        while not enough(self.shown):
            assert time.monotonic() < deadline, self.shown
            ready, _, _ = select.select([self.ours], [], [], 1)
            if not ready:
                continue
            try:
                data = os.read(self.ours, 65536)
            except OSError:  # all writers have closed it
                break
            self.shown += data.decode()
        assert enough(self.shown), self.shown
        return self.shown

    def handed_over(self) -> None:
        """Close this process's copy of the command's side."""
        os.close(self.theirs)

    def close(self) -> None:
        os.close(self.ours)


class Simulator:
    """A simulator that the command runs, controlled over HTTP."""

    def __init__(self, folder: Path, *options: str) -> None:
        shell = Shell({"NETGIRO_APP_KEY": APP_KEY, "NETGIRO_SECRET_KEY": SECRET_KEY}, folder)
        self.running = shell.start("simulator", "--port", "0", "--own-keys", "--json", *options)
        line = self.running.line()
        assert line, self.running.ended()
        self.started = json.loads(line)
        self.page_url: str = self.started["page_url"]

    def variables(self) -> dict[str, str]:
        return {
            "NETGIRO_APP_KEY": APP_KEY,
            "NETGIRO_SECRET_KEY": SECRET_KEY,
            "NETGIRO_BASE_URL": self.started["url"],
        }

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.page_url}simulator/{path}",
            data=data if method != "POST" or data is not None else b"",
            method=method,
            headers={"Content-Type": "application/json"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def cart(self, transaction_id: str) -> dict[str, Any]:
        cart: dict[str, Any] = self.ask(f"carts/{transaction_id}")
        return cart

    def act(self, transaction_id: str, action: str) -> None:
        self.ask(f"carts/{transaction_id}/{action}", method="POST")

    def fault(self, **fault: Any) -> None:
        self.ask("faults", fault)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ended:
        self.running.send(number)
        return self.running.ended()


def sign(nonce: str, url: str, body: bytes, secret_key: str = SECRET_KEY) -> str:
    return hashlib.sha256(f"{secret_key}{nonce}{url}".encode() + body).hexdigest()


def has(program: str) -> bool:
    return shutil.which(program) is not None


@dataclass
class CallbackRoute:
    """A shop's callback route, which answers with the statuses in turn, and with the last one for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    received: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def served(self) -> Iterator[CallbackRoute]:
        """Serve it on loopback."""
        route = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                route.received.append({"path": self.path, "headers": self.headers, "body": body})
                status = route.statuses.pop(0) if len(route.statuses) > 1 else route.statuses[0]
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}/netgiro/callback"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield self
        server.shutdown()
        thread.join()
        server.server_close()
