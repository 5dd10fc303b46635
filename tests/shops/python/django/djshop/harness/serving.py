"""The shop as processes of its own: web servers, and netgiro_poll."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from djshop.harness.trials import eventually

HERE = Path(__file__).parents[2]
GUNICORN = [
    *("-m", "gunicorn", "--no-control-socket", "--header-map", "dangerous"),
    *("--graceful-timeout", "5", "--bind", "fd://{fd}"),
]
SERVERS = {
    "gunicorn": [*GUNICORN, "--workers", "2", "djshop.wsgi:application"],
    "gunicorn, preloaded": [*GUNICORN, "--preload", "--workers", "4", "djshop.wsgi:application"],
    "uvicorn": ["-m", "uvicorn", "--fd", "{fd}", "--lifespan", "off", "djshop.asgi:application"],
}


class Processes:
    """The shop's processes, which find each other by the environment."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.set_inheritable(True)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(HERE),
            "DJANGO_SETTINGS_MODULE": "djshop.settings",
            "DJSHOP_URL": self.url,
            **environment,
        }
        self.running: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        self.logs.append(self.folder / f"log-{len(self.logs)}")
        with self.logs[-1].open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, *(each.format(fd=self.listener.fileno()) for each in arguments)],
                env=self.environment,
                cwd=self.folder,
                pass_fds=[self.listener.fileno()],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def serve(self, server: str) -> subprocess.Popen[bytes]:
        process = self.start(*SERVERS[server])

        def is_up():
            assert process.poll() is None, self.said()
            try:
                with urlopen(f"{self.url}/netgiro/callback/", timeout=20):
                    return False
            except URLError as error:
                return getattr(error, "code", None) == 405

        eventually(is_up, 60)
        return process

    def poll(self) -> subprocess.Popen[bytes]:
        return self.start("-m", "django", "netgiro_poll", "--interval", "0.1")

    def said(self) -> str:
        return "\n".join(log.read_text(errors="replace") for log in self.logs)

    def end(self) -> list[int]:
        """End them as a deployment does; gives their exit codes."""
        for process in self.running:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        codes = []
        for process in self.running:
            try:
                codes.append(process.wait(20))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                codes.append(process.wait())
        return codes


@contextmanager
def processes(folder: Path, **environment: str):
    running = Processes(folder, **environment)
    try:
        yield running
    finally:
        running.end()
        running.listener.close()
