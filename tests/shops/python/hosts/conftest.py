from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import netgiro

# A suite that was started in the background ignores Ctrl-C, and so would each program that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def simulator():
    with netgiro.Simulator(callback_retry_delay=0.05) as simulator:
        yield simulator


class Program:
    """A program of its own, and what it writes."""

    def __init__(self, process, log):
        self.process = process
        self.log = log

    @property
    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ends(self, code=0, within=60):
        assert self.process.wait(within) == code, self.said
        return self.said


@pytest.fixture
def start(simulator, tmp_path):
    """Start a program in a folder with these files, which finds the simulator by the environment."""
    started = []

    def start(*command, files=(), pass_fds=(), **env):
        for name, text in dict(files).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        log = tmp_path / f"log-{len(started)}"
        keys = {
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
        }
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("NETGIRO_", "DJANGO_", "DJSHOP_", "SERVER_"))
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *command],
                env={**inherited, **keys, "PYTHONUNBUFFERED": "1", **env},
                cwd=tmp_path,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=pass_fds,
                start_new_session=True,
            )
        started.append(process)
        return Program(process, log)

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
