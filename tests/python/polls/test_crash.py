"""A job that keeps its poll on disk is killed at any moment, and goes on in a new process as if nothing had been."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import netgiro
from harness import FULL, eventually

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")

INTERVAL = 0.025
# How long an answer is in flight, so that a process can be killed meanwhile.
UNDER_WAY = 0.012
# The check that the customer confirms at.
DECIDED_AT = 3
# The simulator's clock and this one's differ by their reading.
CLOCKS_DIFFER = 0.002

JOB = """
import datetime, os, pathlib, signal, sys, threading, time
import netgiro

folder, dies_at = pathlib.Path(sys.argv[1]), int(sys.argv[2])
token, intent, passed = folder / "token", folder / "intent", 0

def point(name):
    global passed
    passed += 1
    if passed == dies_at:
        print("at", name, flush=True)
        signal.pause()

def under_way(call, *args, **kwargs):
    "A call, with a point at which it has been sent and not been answered."
    brought = []
    thread = threading.Thread(target=lambda: brought.append(call(*args, **kwargs)), daemon=True)
    thread.start()
    thread.join(0.006)
    if thread.is_alive():
        point("in flight")
        thread.join()
    return brought.pop()

def keep(poll):
    "Writes the token beside the one there is, and puts it in its place."
    text = poll.to_json()
    draft = folder / "draft"
    with draft.open("w") as file:
        file.write(text[: len(text) // 2])
        file.flush()
        point("half written")
        file.write(text[len(text) // 2 :])
        file.flush()
        os.fsync(file.fileno())
    point("written")
    draft.replace(token)
    point("in place")

def job():
    client = netgiro.Client.from_env()
    point("started")
    if not token.exists():
        if intent.exists():
            # A process died while it inserted: only Netgíró knows whether there is a cart.
            return "insert unknown"
        intent.touch()
        point("intent written")
        cart = under_way(
            client.insert_cart, amount=4990, reference="order-1001", customer_id="8223281"
        )
        point("inserted")
        interval = float(sys.argv[3])
        policy = netgiro.PollPolicy(interval, interval, interval)
        keep(netgiro.CartPoll(cart, timeout=30, policy=policy))
    while True:
        poll = netgiro.CartPoll.from_json(token.read_text())
        if poll.is_done:
            return str(poll.state.status)
        now = datetime.datetime.now(datetime.timezone.utc)
        time.sleep(max(0.0, (poll.next_check_at - now).total_seconds()))
        point("check due")
        poll = under_way(client.poll_step, poll)
        point("check answered")
        keep(poll)

(folder / "outcome").write_text(job())
print("passed", passed)
"""


class Yard:
    """Where a job runs, is killed, and goes on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.simulator = netgiro.Simulator()
        self.simulator.add_fault("InsertCart", delay=UNDER_WAY)
        self.simulator.add_fault("CheckCart", delay=UNDER_WAY, count=DECIDED_AT - 1)
        self.simulator.add_fault("CheckCart", delay=UNDER_WAY, confirm_during=True)
        self.simulator.add_fault("CheckCart", delay=UNDER_WAY, count=1000)

    def start(self, dies_at=0):
        env = {
            **os.environ,
            "NETGIRO_APP_KEY": self.simulator.app_key,
            "NETGIRO_SECRET_KEY": self.simulator.secret_key,
            "NETGIRO_BASE_URL": self.simulator.url,
        }
        return subprocess.Popen(
            [sys.executable, "-c", JOB, self.folder, str(dies_at), str(INTERVAL)],
            env=env,
            stdout=subprocess.PIPE,
            text=True,
        )

    def kill_at(self, point):
        """Kill the job at its n-th point; gives the name of that, if it came there."""
        job = self.start(point)
        said = job.stdout.readline()
        os.kill(job.pid, signal.SIGKILL)
        job.communicate()
        return said.removeprefix("at ").strip() if said.startswith("at ") else None

    def finish(self):
        """Let the job run to its end; gives the number of its points."""
        out, _ = self.start().communicate(timeout=120)
        return int(out.removeprefix("passed "))

    @property
    def outcome(self):
        return (self.folder / "outcome").read_text()

    def poll(self):
        token = self.folder / "token"
        return netgiro.CartPoll.from_json(token.read_text()) if token.exists() else None

    def requests(self, endpoint):
        return [each for each in self.simulator.requests() if each.endpoint == endpoint]

    def hasty_checks(self):
        """How many checks came sooner after the one before than the schedule has it."""
        at = [request.at.timestamp() for request in self.requests("CheckCart")]
        apart = [later - before for before, later in itertools.pairwise(at)]
        return sum(gap < INTERVAL - CLOCKS_DIFFER for gap in apart)


def test_a_job_killed_at_any_point_goes_on_in_a_new_process(tmp_path):
    undisturbed = Yard(tmp_path / "undisturbed")
    points = undisturbed.finish()
    assert undisturbed.outcome == "confirmed"
    assert len(undisturbed.requests("CheckCart")) == DECIDED_AT
    assert undisturbed.hasty_checks() == 0
    assert points > 6 * DECIDED_AT
    with ThreadPoolExecutor(4) as pool:
        killed = list(pool.map(lambda at: killed_at(at, tmp_path / str(at)), range(1, points + 1)))
    assert len(set(killed) - {None}) > 6


def killed_at(point, folder):
    yard = Yard(folder)
    name = yard.kill_at(point)
    if name is None:
        return None  # on a busy machine an answer may be there before anybody looks
    place = f"point {point}, {name}"
    kept = yard.poll()
    checked = len(yard.requests("CheckCart"))
    yard.finish()

    # Never a second cart; and where the first may be there without its token, that is what is said.
    started = name != "started" or kept is not None
    expected = "confirmed" if kept or not started else "insert unknown"
    assert yard.outcome == expected, place
    all_inserts = len(yard.requests("InsertCart"))
    assert all_inserts <= 1, place
    assert len(yard.simulator.carts()) == all_inserts, place
    assert any(cart.is_paid for cart in yard.simulator.carts()) == (expected == "confirmed"), place

    # The new process keeps to the token, and only a check whose answer was not kept is made again.
    checks = yard.requests("CheckCart")
    if kept and len(checks) > checked:
        early = (kept.next_check_at - checks[checked].at).total_seconds()
        assert early <= CLOCKS_DIFFER, f"{place}: a check {early} s too early"
    unkept = name in {"in flight", "check answered", "half written", "written"}
    forgotten = 1 if unkept and kept else 0
    if expected == "confirmed":
        assert DECIDED_AT <= len(checks) <= DECIDED_AT + forgotten, place
    assert yard.hasty_checks() <= forgotten, place
    return name


@pytest.mark.parametrize("seed", range(20 if FULL else 2))
def test_a_job_killed_at_random_moments_ends_as_it_would_have(tmp_path, seed):
    rng = random.Random(seed)
    yard = Yard(tmp_path / "yard")
    deaths = 0
    for _ in range(5):
        job = yard.start()
        # A process that has not begun yet would be no loss.
        eventually((yard.folder / "intent").exists, within=60)
        time.sleep(rng.uniform(0.0, 0.12))
        os.kill(job.pid, signal.SIGKILL)
        job.communicate()
        deaths += 1
        if (yard.folder / "outcome").exists():
            break
    yard.finish()
    inserted = len(yard.requests("InsertCart"))
    assert inserted <= 1
    assert len(yard.simulator.carts()) == inserted
    assert yard.outcome == ("confirmed" if yard.poll() else "insert unknown")
    assert len(yard.requests("CheckCart")) <= DECIDED_AT + deaths
    assert yard.hasty_checks() <= deaths
