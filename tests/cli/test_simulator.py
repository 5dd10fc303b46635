"""simulator and demo."""

from __future__ import annotations

import json
import signal
import socket
import stat
import time
import urllib.request
from pathlib import Path

import pytest
from shell import ACCEPTS, APP_KEY, CUSTOMER, SECRET_KEY, VARIABLES, Shell, Simulator

INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--customer")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly_and_frees_its_port(tmp_path: Path, number: signal.Signals) -> None:
    simulator = Simulator(tmp_path)
    port = urllib.request.urlparse(simulator.page_url).port  # type: ignore[attr-defined]
    ended = simulator.stop(number)
    assert ended.code == 0
    assert ended.err == "netgiro: the simulator has stopped\n"
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))


def test_its_urls_are_printed(tmp_path: Path) -> None:
    running = Shell(folder=tmp_path).start("simulator", "--port", "0", "--write-env", "shop.env")
    text = ""
    while "Customers:" not in text:
        line = running.line()
        assert line, text
        text += line
    running.send(signal.SIGTERM)
    assert running.ended().code == 0
    file = tmp_path / "shop.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    variables = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert list(variables) == VARIABLES
    # The published test account's keys are shown, so that the output can be pasted as it stands.
    for name, value in variables.items():
        assert f"export {name}={value}\n" in text


def test_its_own_keys_are_not_shown(tmp_path: Path) -> None:
    shell = Shell({"NETGIRO_APP_KEY": APP_KEY, "NETGIRO_SECRET_KEY": SECRET_KEY}, tmp_path)
    running = shell.start("simulator", "--port", "0", "--own-keys", "--write-env", "shop.env")
    line = ""
    while "Customers:" not in line:
        line = running.line()
        assert line
        assert SECRET_KEY not in line
    running.send(signal.SIGTERM)
    assert running.ended().code == 0
    assert f"NETGIRO_SECRET_KEY={SECRET_KEY}\n" in (tmp_path / "shop.env").read_text()


def test_its_seed_is_random_unless_it_is_given(tmp_path: Path) -> None:
    def start(*options: str) -> tuple[int, str]:
        simulator = Simulator(tmp_path, *options)
        shell = Shell(simulator.variables(), tmp_path)
        cart = shell.run(*INSERT, CUSTOMER, "--json").record["transaction_id"]
        simulator.stop()
        return simulator.started["seed"], cart

    first, second = start(), start()
    assert first[0] != second[0]
    assert first[1] != second[1]
    assert start("--seed", str(first[0])) == first


def test_it_serves_its_page_and_is_controlled(simulator: Simulator) -> None:
    with urllib.request.urlopen(simulator.page_url) as page:
        assert page.headers.get_content_type() == "text/html"
    assert {"now", "shop", "carts", "requests"} <= simulator.ask("state").keys()


def test_options_decide_how_it_behaves(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps([{"endpoint": "CheckCart", "status": 503, "count": 9}]))
    simulator = Simulator(
        tmp_path,
        *["--seed", "7", "--latency", "0.3", "--faults", str(faults), "--lifetime", "60"],
        *["--check-interval", "2", "--reaction", "30", "--shop", "Kaffihús"],
        *["--public-url", "https://tunnel.example/netgiro", "--stale-reads", "0"],
        *["--require-confirmation-type", "--require-json-numbers", "--omit-payment-info"],
        *["--refuse-settled-refunds", "--unknown-transaction-is-404"],
        *["--v2-refusal-status", "200", "--repeated-refund", "refuse"],
        *["--repeated-capture", "repeat", "--repeated-cancel", "repeat", "--hold-lifetime", "3600"],
        *["--poll-interval", "1.5", "--callback-signature-decimals", "2"],
        "--hosted-callback-as-form",
        *["--reference-lookup", "payments", "--form-callback-as-get"],
    )
    try:
        assert simulator.started["url"] == "https://tunnel.example/netgiro/v1/"
        simulator.page_url = simulator.started["local_url"].removesuffix("v1/")
        shell = Shell(
            {**simulator.variables(), "NETGIRO_BASE_URL": simulator.started["local_url"]}, tmp_path
        )
        started = time.monotonic()
        cart = shell.run(*INSERT, ACCEPTS, "--json").record
        assert time.monotonic() - started > 0.3
        assert cart["check_interval"] == 2.0
        assert simulator.cart(cart["transaction_id"])["status"] == "pending"
        assert shell.run("check", cart["transaction_id"], "--json").error["http_status"] == 503
        state = simulator.ask("state")
        assert state["shop"] == "Kaffihús"
        assert (state["options"]["seed"], state["options"]["lifetime"]) == (7, 60.0)
        assert state["options"]["stale_reads"] == 0
        for switch in (
            *("require_confirmation_type", "require_json_numbers", "omit_payment_info"),
            *("refuse_settled_refunds", "unknown_transaction_is_404", "hosted_callback_as_form"),
            "form_callback_as_get",
        ):
            assert state["options"][switch] is True
        assert state["options"]["v2_refusal_status"] == 200
        assert state["options"]["repeated_refund"] == "refuse"
        for repeated in ("repeated_capture", "repeated_cancel"):
            assert state["options"][repeated] == "repeat"
        hints = ("hold_lifetime", "poll_interval", "callback_signature_decimals")
        assert [state["options"][hint] for hint in hints] == [3600.0, 1.5, 2]
        assert state["options"]["reference_lookup"] == "payments"
    finally:
        simulator.stop()


def test_it_serves_https(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path, "--tls")
    try:
        assert simulator.started["url"].startswith("https://")
        shell = Shell(simulator.variables(), tmp_path)
        authority = simulator.started["ca_file"]
        assert shell.run(*INSERT, CUSTOMER, "--ca-file", authority).code == 0
        stranger = shell.run(*INSERT, CUSTOMER)
        assert stranger.code == 1
        assert "Nothing was sent" in stranger.err
    finally:
        simulator.stop()


def test_errors_at_its_start_are_named(tmp_path: Path) -> None:
    shell = Shell(folder=tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = shell.run("simulator", "--port", port)
    assert ended.code == 1
    assert "--port" in ended.err
    (tmp_path / "faults.json").write_text('[{"status": 500}, {"stat": 1}]')
    refused = shell.run("simulator", "--port", "0", "--faults", "faults.json")
    assert refused.code == 1
    assert "fault 2" in refused.err
    for wrong in [
        ["--port", "99999"],
        ["--seed", "-1"],
        ["--public-url", "tunnel"],
        ["--tls-key", "key.pem"],
        ["--own-keys"],
    ]:
        assert shell.run("simulator", *wrong).code == 2, wrong


def test_the_demonstration_plays_five_checkouts() -> None:
    text = Shell().run("demo")
    assert text.code == 0
    assert text.out.count("as it should be") == 5
    played = Shell().run("demo", "--json")
    assert played.code == 0
    assert [outcome["status"] for outcome in played.records] == [
        *["confirmed", "declined", "canceled", "confirmed", "confirmed"]
    ]
    assert all(outcome["is_paid"] is outcome["held_paid"] for outcome in played.records)
