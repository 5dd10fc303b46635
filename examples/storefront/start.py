"""Starts a shop's processes, beside a simulator that stands in for Netgíró, until Ctrl-C."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from netgiro import Simulator

EXAMPLES = Path(__file__).resolve().parent.parent


def start(folder: Path, *commands: list[str], first: Sequence[list[str]] = ()) -> None:
    """Runs the commands `first` to their end, and then a shop's commands, in its folder.

    PORT and SIMULATOR_PORT are the ports; `{port}` in a command is replaced. With Netgíró's keys in the
    environment, there is no simulator. When one of the commands ends, the others are stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = os.environ.get("PORT", "8000")
    address = f"http://127.0.0.1:{port}"
    environment = {"PORT": port, "PUBLIC_URL": address, **os.environ, "PYTHONPATH": str(EXAMPLES)}
    with ExitStack() as stack:
        if "NETGIRO_APP_KEY" not in environment:
            simulator = stack.enter_context(_simulator())
            environment |= {
                "PHONE_PAGE": simulator.page_url,
                "NETGIRO_APP_KEY": simulator.app_key,
                "NETGIRO_SECRET_KEY": simulator.secret_key,
                "NETGIRO_BASE_URL": simulator.url,
                "NETGIRO_API": environment.get("NETGIRO_API", "v2"),
            }
        for command in first:
            subprocess.run([sys.executable, *command], cwd=folder, env=environment, check=True)
        # A signal is noted. An exception could come between any two steps, and leave a process behind.
        received: list[int] = []
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda number, _: received.append(number))
        processes = [
            subprocess.Popen(
                [sys.executable, *(part.replace("{port}", port) for part in command)],
                cwd=folder,
                env=environment,
            )
            for command in commands
        ]
        print(f"the shop    {address}/", flush=True)
        if "PHONE_PAGE" in environment:
            print(f"your phone  {environment['PHONE_PAGE']}", flush=True)
        while not received and all(process.poll() is None for process in processes):
            time.sleep(0.1)
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _simulator() -> Simulator:
    port = int(os.environ.get("SIMULATOR_PORT", "8765"))
    # The ids of an earlier start are in the shop's database, so the seed, which decides them, is a new one.
    seed = secrets.randbits(53)
    # It asks for a check each second, so that a demonstration is quick.
    return Simulator(seed, port=port, check_interval=1, shop="Skemman")
