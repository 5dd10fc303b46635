"""wait and settle: their ends, Ctrl-C, and going on."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import signal
import time
from pathlib import Path

import pytest
from shell import ACCEPTS, CUSTOMER, PATIENCE, Ended, Running, Shell, Simulator, Terminal

INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--customer")


def until_checked(simulator: Simulator, cart: str, times: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE
    while simulator.cart(cart)["checks"] < times:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted(running: Running, number: signal.Signals = signal.SIGINT) -> Ended:
    running.send(number)
    return running.ended()


def gone_on_with(ended: Ended) -> list[str]:
    """The arguments of the command that a message says to go on with."""
    (line,) = [line for line in ended.err.splitlines() if "To go on: netgiro " in line]
    return shlex.split(line.partition("netgiro ")[2])


@pytest.mark.parametrize(("deed", "code"), [("confirm", 0), ("decline", 3), ("expire", 3)])
def test_a_wait_ends_when_the_customer_has_answered(
    shell: Shell, simulator: Simulator, cart: str, deed: str, code: int
) -> None:
    running = shell.start("wait", cart, "--json", "--timeout", "60")
    until_checked(simulator, cart)
    simulator.act(cart, deed)
    ended = running.ended()
    assert ended.code == code
    assert next(record["status"] for record in ended.records) == "pending"
    assert ended.record["is_final"]
    assert ended.record["is_paid"] is (code == 0)
    assert ended.err == ""


def test_a_wait_that_runs_out_leaves_the_cart_open_and_can_go_on(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    order = ("--amount", "4990", "--reference", "order-1")
    ended = shell.run("wait", cart, "--timeout", "0.2", "--json", *order)
    assert (ended.code, ended.error["code"]) == (4, "wait_timeout")
    assert ended.error["state"]["status"] == "pending"
    assert simulator.cart(cart)["status"] == "pending"
    simulator.act(cart, "confirm")
    again = shell.run(*gone_on_with(ended))
    assert (again.code, again.out.split()[1]) == (0, "confirmed")
    by_json = shell.run("wait", "--poll", json.dumps(ended.error["poll"]))
    assert by_json.code == 0


def test_settling_cancels_and_reads_the_answer(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    assert shell.run("settle", cart, "--timeout", "0.2").code == 3
    assert simulator.cart(cart)["status"] == "canceled"
    late = shell.run(*INSERT, CUSTOMER, "--json").record["transaction_id"]
    simulator.fault(endpoint="CancelCart", confirm_during=True)
    ended = shell.run("settle", late, "--timeout", "0.2", "--json")
    assert (ended.code, ended.record["status"]) == (0, "confirmed")
    assert simulator.cart(late)["is_paid"]


def test_insert_goes_on_as_wait_and_settle_do(shell: Shell) -> None:
    paid = shell.run(*INSERT, ACCEPTS, "--wait", "--json")
    assert (paid.code, paid.record["status"]) == (0, "confirmed")
    dropped = shell.run(*INSERT, CUSTOMER, "--settle", "--timeout", "0.2", "--json")
    assert (dropped.code, dropped.record["status"]) == (3, "canceled")
    assert dropped.records[0]["reference"] == "order-1"


def test_a_file_keeps_where_a_wait_came_to(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "a cart.json"
    inserted = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json").record
    held = json.loads(kept.read_text())
    assert (held["transaction_id"], held["amount"]) == (inserted["transaction_id"], 4990)
    ended = shell.run("wait", "--resume", kept, "--timeout", "0.2")
    assert ended.code == 4
    assert gone_on_with(ended) == ["wait", "--resume", str(kept)]
    assert json.loads(kept.read_text())["state"]["status"] == "pending"
    simulator.act(inserted["transaction_id"], "confirm")
    assert shell.run("settle", "--resume", kept).code == 0
    # The end is kept, too: asking for it again sends nothing.
    before = simulator.cart(inserted["transaction_id"])["checks"]
    assert shell.run("wait", "--resume", kept).code == 0
    assert simulator.cart(inserted["transaction_id"])["checks"] == before
    other = shell.run("wait", "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001", "--resume", kept)
    assert other.code == 2
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["wait", "settle"])
def test_an_interrupt_stops_the_waiting_and_leaves_the_cart_alone(
    shell: Shell, simulator: Simulator, cart: str, command: str, number: signal.Signals
) -> None:
    running = shell.start(command, cart, "--json")
    until_checked(simulator, cart)
    ended = interrupted(running, number)
    assert ended.code == 130
    assert ended.error["code"] == "interrupted"
    assert "left alone" in ended.err
    assert "Traceback" not in ended.err
    assert simulator.cart(cart)["status"] == "pending"
    simulator.act(cart, "confirm")
    assert gone_on_with(ended)[0] == command
    assert shell.run(*gone_on_with(ended)).code == 0


def test_what_may_not_be_broken_off_is_carried_through(shell: Shell, simulator: Simulator) -> None:
    simulator.fault(endpoint="InsertCart", delay_ms=1500)
    before = len(simulator.ask("carts"))
    running = shell.start(*INSERT, CUSTOMER, "--json")
    deadline = time.monotonic() + PATIENCE
    while len(simulator.ask("carts")) == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    ended = interrupted(running)
    assert ended.code == 0
    assert ended.record["reference"] == "order-1"
    assert "waiting for its answer" in ended.err


def test_a_second_interrupt_gives_up(shell: Shell, simulator: Simulator, cart: str) -> None:
    simulator.fault(endpoint="CancelCart", delay_ms=600_000)
    running = shell.start("cancel", cart)
    deadline = time.monotonic() + PATIENCE
    while simulator.cart(cart)["status"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send(signal.SIGINT)
    assert running.process.stderr is not None
    assert "Ctrl-C again" in running.process.stderr.readline()
    assert interrupted(running).code == 130


def test_a_line_on_the_terminal_shows_how_far_it_has_come(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    terminal = Terminal()
    running = shell.start("wait", cart, "--timeout", "100", stderr=terminal.theirs)
    terminal.handed_over()

    def lefts(shown: str) -> list[int]:
        found = re.findall(
            r"pending · (?:next check in \d+ s|checking now) · (\d):(\d\d) left", shown
        )
        return [60 * int(minutes) + int(seconds) for minutes, seconds in found]

    shown = terminal.read_until(lambda shown: len(set(lefts(shown))) >= 4)
    counted = list(dict.fromkeys(lefts(shown)))
    assert counted == sorted(counted, reverse=True)
    assert counted[0] <= 100
    # Each second, on one line: nothing scrolls.
    assert all(0 < a - b <= 2 for a, b in itertools.pairwise(counted))
    assert "\n" not in shown
    next_checks = [int(seconds) for seconds in re.findall(r"next check in (\d+) s", shown)]
    assert len(set(next_checks)) > 1
    assert max(next_checks) <= 4
    simulator.act(cart, "confirm")
    ended = running.ended()
    assert ended.code == 0
    # Where there is a terminal for errors alone, results are plain.
    assert "\x1b" not in ended.out
    terminal.close()


def test_there_is_no_progress_where_nobody_looks(shell: Shell, cart: str) -> None:
    ended = shell.run("wait", cart, "--timeout", "0.2")
    assert "\r" not in ended.err
    assert "\x1b" not in ended.err + ended.out
