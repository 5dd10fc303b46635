"""wait and settle: their outcomes, Ctrl-C, and resuming."""

from __future__ import annotations

import itertools
import json
import re
import shlex
import signal
import socket
import time
from pathlib import Path

import pytest
from shell import ACCEPTS, CUSTOMER, PATIENCE, Ended, Running, Shell, Simulator, Terminal

NOBODYS_CART = "0f0e0d0c-0b0a-4908-8706-050403020100"
INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--customer")


def until_checked(simulator: Simulator, cart: str, times: int = 1) -> None:
    deadline = time.monotonic() + PATIENCE
    while simulator.cart(cart)["checks"] < times:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted(running: Running, number: signal.Signals = signal.SIGINT) -> Ended:
    running.send(number)
    return running.ended()


def resume_arguments(ended: Ended) -> list[str]:
    """The arguments of the command that a message suggests."""
    (line,) = [line for line in ended.err.splitlines() if "To go on: netgiro " in line]
    return shlex.split(line.partition("netgiro ")[2])


@pytest.mark.parametrize(("action", "code"), [("confirm", 0), ("decline", 3), ("expire", 3)])
def test_a_wait_ends_when_the_customer_has_answered(
    shell: Shell, simulator: Simulator, cart: str, action: str, code: int
) -> None:
    running = shell.start("wait", cart, "--json", "--timeout", "60")
    until_checked(simulator, cart)
    simulator.act(cart, action)
    ended = running.ended()
    assert ended.code == code
    assert next(record["status"] for record in ended.records) == "pending"
    assert ended.record["is_final"]
    assert ended.record["is_paid"] is (code == 0)
    assert ended.err == ""


def test_a_wait_that_times_out_leaves_the_cart_open_and_can_be_resumed(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    order = ("--amount", "4990", "--reference", "order-1")
    ended = shell.run("wait", cart, "--timeout", "0.2", "--json", *order)
    assert (ended.code, ended.error["code"]) == (4, "wait_timeout")
    assert ended.error["state"]["status"] == "pending"
    assert simulator.cart(cart)["status"] == "pending"
    simulator.act(cart, "confirm")
    again = shell.run(*resume_arguments(ended))
    assert (again.code, again.out.split()[1]) == (0, "confirmed")
    by_json = shell.run("wait", "--poll", json.dumps(ended.error["poll"]))
    assert by_json.code == 0


def test_a_poll_that_contradicts_itself_is_refused_and_nothing_is_sent(
    shell: Shell, simulator: Simulator, cart: str, tmp_path: Path
) -> None:
    simulator.act(cart, "confirm")
    kept = tmp_path / "cart.json"
    assert shell.run("wait", cart, "--resume", kept).code == 0
    token = json.loads(kept.read_text())
    checks = simulator.cart(cart)["checks"]
    assert shell.run("settle", "--poll", json.dumps(token)).code == 0
    assert simulator.cart(cart)["checks"] == checks
    for changes in (
        {"result_code": 10425},
        {"result_code": 10201},
        {"payment_successful": False},
        {"payment": token["state"]["payment"] | {"transaction_id": NOBODYS_CART}},
    ):
        spoilt = json.dumps(token | {"state": token["state"] | changes})
        kept.write_text(spoilt)
        for command in ("wait", "settle"):
            for given in (["--poll", spoilt], ["--resume", kept]):
                ended = shell.run(command, *given, "--json")
                assert (ended.code, ended.error["code"]) == (2, "invalid_request")
    assert simulator.cart(cart)["checks"] == checks


def test_a_cart_that_is_not_there_yet_is_not_canceled(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    simulator.act(cart, "confirm")
    simulator.fault(endpoint="CheckCart", result_code=10201)
    ended = shell.run("wait", cart, "--json")
    assert (ended.code, ended.record["status"]) == (0, "confirmed")
    assert [record["status"] for record in ended.records] == ["confirmed"]


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


def test_insert_can_wait_and_settle(shell: Shell) -> None:
    paid = shell.run(*INSERT, ACCEPTS, "--wait", "--json")
    assert (paid.code, paid.record["status"]) == (0, "confirmed")
    dropped = shell.run(*INSERT, CUSTOMER, "--settle", "--timeout", "0.2", "--json")
    assert (dropped.code, dropped.record["status"]) == (3, "canceled")
    assert dropped.records[0]["reference"] == "order-1"


def test_a_wait_can_be_resumed_from_a_file(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "a cart.json"
    inserted = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json").record
    held = json.loads(kept.read_text())
    assert (held["transaction_id"], held["amount"]) == (inserted["transaction_id"], 4990)
    ended = shell.run("wait", "--resume", kept, "--timeout", "0.2")
    assert ended.code == 4
    assert resume_arguments(ended) == ["wait", "--resume", str(kept)]
    assert json.loads(kept.read_text())["state"]["status"] == "pending"
    simulator.act(inserted["transaction_id"], "confirm")
    assert shell.run("settle", "--resume", kept).code == 0
    # The final state is stored as well: a second wait sends nothing.
    before = simulator.cart(inserted["transaction_id"])["checks"]
    assert shell.run("wait", "--resume", kept).code == 0
    assert simulator.cart(inserted["transaction_id"])["checks"] == before
    other = shell.run("wait", "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001", "--resume", kept)
    assert other.code == 2
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", ["wait", "settle"])
def test_an_interrupt_stops_a_wait_and_does_not_change_the_cart(
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
    assert resume_arguments(ended)[0] == command
    assert shell.run(*resume_arguments(ended)).code == 0


def test_an_interrupted_insert_waits_for_its_response(shell: Shell, simulator: Simulator) -> None:
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
    running = shell.start("cancel", cart, "--json")
    deadline = time.monotonic() + PATIENCE
    while simulator.cart(cart)["status"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send(signal.SIGINT)
    assert running.process.stderr is not None
    assert "Ctrl-C again" in running.process.stderr.readline()
    ended = interrupted(running)
    assert (ended.code, ended.error["request_sent"]) == (130, "maybe")
    assert "netgiro check" in ended.err


def test_a_terminal_shows_progress(shell: Shell, simulator: Simulator, cart: str) -> None:
    terminal = Terminal()
    running = shell.start("wait", cart, "--timeout", "100", stderr=terminal.theirs)
    terminal.handed_over()

    def seconds_left(shown: str) -> list[int]:
        found = re.findall(
            r"pending · (?:next check in \d+ s|checking now) · (\d):(\d\d) left", shown
        )
        return [60 * int(minutes) + int(seconds) for minutes, seconds in found]

    shown = terminal.read_until(lambda shown: len(set(seconds_left(shown))) >= 4)
    counted = list(dict.fromkeys(seconds_left(shown)))
    assert counted == sorted(counted, reverse=True)
    assert counted[0] <= 100
    # On one line: nothing scrolls.
    assert all(b < a for a, b in itertools.pairwise(counted))
    assert "\n" not in shown
    next_checks = [int(seconds) for seconds in re.findall(r"next check in (\d+) s", shown)]
    assert len(set(next_checks)) > 1
    assert max(next_checks) <= 4
    simulator.act(cart, "confirm")
    ended = running.ended()
    assert ended.code == 0
    # Standard output is not a terminal: results have no colors.
    assert "\x1b" not in ended.out
    terminal.close()


def test_there_is_no_progress_without_a_terminal(shell: Shell, cart: str) -> None:
    ended = shell.run("wait", cart, "--timeout", "0.2")
    assert "\r" not in ended.err
    assert "\x1b" not in ended.err + ended.out


def inserts(simulator: Simulator) -> int:
    return sum(request["endpoint"] == "InsertCart" for request in simulator.ask("requests"))


def until_inserting(simulator: Simulator, before: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while inserts(simulator) == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_file_that_holds_a_cart_is_not_reused(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "order-1.json"
    first = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json")
    assert first.code == 0
    text, before = kept.read_text(), inserts(simulator)
    for more in [(), ("--settle",), ("--wait", "--timeout", "1")]:
        again = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json", *more)
        assert (again.code, again.error["code"]) == (2, "usage")
        assert first.record["transaction_id"] in again.err
        assert f"netgiro settle --resume {kept}" in again.err
    assert inserts(simulator) == before
    assert kept.read_text() == text
    simulator.act(first.record["transaction_id"], "confirm")
    assert shell.run("settle", "--resume", kept).code == 0
    # Also after its end.
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept).code == 2
    assert inserts(simulator) == before
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]


@pytest.mark.parametrize(
    "holds", ["a letter", "{}", '{"version": 99}', '{"version":1,"insert":{}}']
)
def test_other_files_are_not_changed(
    shell: Shell, simulator: Simulator, tmp_path: Path, holds: str
) -> None:
    other = tmp_path / "other.json"
    other.write_text(holds)
    before = inserts(simulator)
    refused = shell.run(*INSERT, CUSTOMER, "--resume", other)
    assert refused.code == 2
    assert "nothing was sent" in refused.err
    assert (other.read_text(), inserts(simulator)) == (holds, before)


def test_the_intent_is_in_the_file_before_anything_is_sent(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "order-1.json"
    kept.touch()  # as mktemp makes it
    simulator.fault(endpoint="InsertCart", delay_ms=60_000)
    before = inserts(simulator)
    running = shell.start(*INSERT, CUSTOMER, "--resume", kept, "--json")
    until_inserting(simulator, before)
    intent = json.loads(kept.read_text())
    assert intent["insert"]["reference"] == "order-1"
    assert intent["insert"]["amount"] == 4990
    assert CUSTOMER not in kept.read_text()
    running.process.kill()
    running.process.communicate()
    again = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json")
    assert (again.code, again.error["code"]) == (5, "outcome_unknown")
    assert (again.error["reference"], again.error["request_sent"]) == ("order-1", "maybe")
    assert "do not insert it again" in again.err
    for command in ("wait", "settle"):
        ended = shell.run(command, "--resume", kept, "--json")
        assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
        assert f"netgiro settle CART --resume {kept}" in ended.err
    assert inserts(simulator) == before + 1
    assert json.loads(kept.read_text()) == intent


def test_an_unknown_outcome_stays_in_the_file_until_it_is_resolved(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "order-1.json"
    simulator.fault(endpoint="InsertCart", drop="after")
    before = inserts(simulator)
    ended = shell.run(*INSERT, CUSTOMER, "--resume", kept, "--json")
    assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
    assert "broke" in json.loads(kept.read_text())["insert"]["problem"]
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept).code == 5
    assert inserts(simulator) == before + 1
    # Somebody has found the cart at Netgíró.
    cart = simulator.ask("carts")[-1]["transaction_id"]
    simulator.act(cart, "confirm")
    other = shell.run("settle", cart, "--resume", kept, "--amount", "1", "--reference", "order-1")
    assert other.code == 2
    assert shell.run("settle", cart, "--resume", kept).code == 0
    assert json.loads(kept.read_text())["transaction_id"] == cart
    assert json.loads(kept.read_text())["amount"] == 4990


def test_a_no_frees_the_file(shell: Shell, simulator: Simulator, tmp_path: Path) -> None:
    kept = tmp_path / "order-1.json"
    simulator.fault(endpoint="InsertCart", result_code=10306)
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept).code == 1
    nowhere = ("--base-url", "http://127.0.0.1:9/v1/")
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept, *nowhere).code == 1
    server_callback = ("--confirmation-type", "server_callback")
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept, *server_callback).code == 2
    assert not kept.exists()
    assert shell.run(*INSERT, CUSTOMER, "--resume", kept).code == 0


def test_of_many_inserts_at_once_one_is_sent(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    kept = tmp_path / "order-1.json"
    before = inserts(simulator)
    arguments = (*INSERT, CUSTOMER, "--resume", kept)
    codes = [running.ended().code for running in [shell.start(*arguments) for _ in range(4)]]
    assert codes.count(0) == 1
    assert inserts(simulator) == before + 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("keeps", ["in a file", ""])
def test_a_second_interrupt_of_an_insert_is_an_unknown_outcome(
    shell: Shell, simulator: Simulator, tmp_path: Path, keeps: str, number: signal.Signals
) -> None:
    kept = tmp_path / "order-1.json"
    simulator.fault(endpoint="InsertCart", delay_ms=60_000)
    before = inserts(simulator)
    resume = ("--resume", kept) if keeps else ()
    running = shell.start(*INSERT, CUSTOMER, "--json", *resume)
    until_inserting(simulator, before)
    running.send(number)
    assert running.process.stderr is not None
    assert "Ctrl-C again" in running.process.stderr.readline()
    ended = interrupted(running, number)
    assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
    assert (ended.error["reference"], ended.error["request_sent"]) == ("order-1", "maybe")
    assert "Traceback" not in ended.err
    if keeps:
        assert "given up" in json.loads(kept.read_text())["insert"]["problem"]
        assert shell.run(*INSERT, CUSTOMER, "--resume", kept).code == 5
        assert inserts(simulator) == before + 1


def test_a_second_interrupt_before_anything_was_sent(shell: Shell, tmp_path: Path) -> None:
    kept = tmp_path / "order-1.json"
    with socket.socket() as mute:
        # It accepts connections and never answers: over TLS, nothing can be sent to it.
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        url = f"https://127.0.0.1:{mute.getsockname()[1]}/"
        order = (*INSERT, CUSTOMER, "--json", "--resume", kept, "--base-url", url)
        running = shell.start(*order)
        with mute.accept()[0]:
            running.send(signal.SIGINT)
            assert running.process.stderr is not None
            # On a slow machine the connection may time out first.
            if "Ctrl-C again" in running.process.stderr.readline():
                running.send(signal.SIGINT)
            ended = running.ended()
    assert ended.code in {130, 1}
    assert ended.error["code"] in {"interrupted", "connect"}
    assert ended.error["request_sent"] == "no"
    assert not kept.exists()
