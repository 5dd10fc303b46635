"""relay: callbacks to a shop on this machine, for the carts that it inserts by the relay."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from shell import CUSTOMER, SECRET_KEY, CallbackRoute, Running, Shell, Simulator, sign

REGISTERED = "https://shop.example/netgiro/callback?order=a%20b"
INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--json", "--customer", CUSTOMER)
QUICK = ("--callback-retry", "0.05")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Simulator]:
    """A simulator that wants to be asked often, as the test host."""
    simulator = Simulator(tmp_path, "--check-interval", "0.2")
    yield simulator
    simulator.stop()


@dataclass
class Relay:
    """A running relay."""

    running: Running
    base_url: str

    def until(self, **members: Any) -> dict[str, Any]:
        """Read events until one has these members."""
        while True:
            line = self.running.line()
            assert line, self.running.ended()
            event: dict[str, Any] = json.loads(line)
            if all(event.get(name) == value for name, value in members.items()):
                return event


@pytest.fixture
def relay(quick: Simulator, route: CallbackRoute, tmp_path: Path) -> Iterator[Relay]:
    shell = Shell(quick.variables(), tmp_path)
    running = shell.start("relay", "--to", route.url, "--port", "0", "--json", *QUICK)
    relay = Relay(running, "")
    relay.base_url = relay.until(event="listening")["base_url"]
    yield relay
    running.send(signal.SIGINT)
    assert running.ended().code == 0


def shop(quick: Simulator, relay: Relay, tmp_path: Path) -> Shell:
    return Shell(quick.variables() | {"NETGIRO_BASE_URL": relay.base_url}, tmp_path)


def verified(received: dict[str, Any], url: str = REGISTERED) -> dict[str, Any]:
    headers, body = received["headers"], received["body"]
    assert headers["netgiro_signature"] == sign(headers["netgiro_nonce"], url, body)
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    members: dict[str, Any] = json.loads(body)
    return members


def test_a_checkout_through_the_relay(
    quick: Simulator, relay: Relay, route: CallbackRoute, tmp_path: Path
) -> None:
    shell = shop(quick, relay, tmp_path)
    cart = shell.run(*INSERT, "--callback-url", REGISTERED).record["transaction_id"]
    inserted = relay.until(event="inserted")
    assert (inserted["transaction_id"], inserted["reference"]) == (cart, "order-1")
    quick.act(cart, "confirm")
    posted = relay.until(event="callback")
    assert (posted["http_status"], posted["attempt"]) == (200, 1)
    (received,) = route.received
    assert received["path"] == "/netgiro/callback?order=a%20b"
    members = verified(received)
    payment = members["PaymentInfo"]
    assert (payment["TransactionId"], payment["ReferenceNumber"]) == (cart, "order-1")
    assert (payment["TotalAmount"], members["ResultCode"]) == (4990, 10200)
    # What the shop verifies by the command itself, and what it is told by the relay.
    (tmp_path / "body").write_bytes(received["body"])
    headers = [f"--header={name}:{value}" for name, value in received["headers"].items()]
    callback = shell.run(
        *["verify-callback", "--url", REGISTERED, "--body", "body", *headers],
        *["--amount", "4990", "--reference", "order-1"],
    )
    assert callback.code == 0, callback
    assert shell.run("check", cart, "--amount", "4990", "--reference", "order-1").code == 0


def test_a_declined_cart_and_one_that_the_shop_cancels(
    quick: Simulator, relay: Relay, route: CallbackRoute, tmp_path: Path
) -> None:
    shell = shop(quick, relay, tmp_path)
    options = ("--callback-url", REGISTERED, "--callback-cancel-url", f"{REGISTERED}&canceled")
    canceled = shell.run(*INSERT, *options).record["transaction_id"]
    assert shell.run("cancel", canceled).code == 0
    relay.until(event="changed", transaction_id=canceled, status="canceled")
    declined = shell.run(*INSERT, *options).record["transaction_id"]
    quick.act(declined, "decline")
    assert relay.until(event="callback")["transaction_id"] == declined
    (received,) = route.received
    members = verified(received, f"{REGISTERED}&canceled")
    assert members["PaymentSuccessful"] is False
    assert members["PaymentInfo"]["TransactionId"] == declined
    assert members["PaymentInfo"]["ReferenceNumber"] == "order-1"


def test_a_callback_that_is_not_acknowledged_is_posted_once_more(
    quick: Simulator, relay: Relay, route: CallbackRoute, tmp_path: Path
) -> None:
    shell = shop(quick, relay, tmp_path)
    route.statuses = [503, 200]
    options = ("--callback-url", REGISTERED, "--confirmation-type", "manual")
    first = shell.run(*INSERT, *options).record["transaction_id"]
    quick.act(first, "confirm")
    assert relay.until(event="callback")["http_status"] == 503
    again = relay.until(event="callback")
    assert (again["attempt"], again["status"], again["http_status"]) == (2, "reserved", 200)
    nonces = [received["headers"]["netgiro_nonce"] for received in route.received]
    assert len(set(nonces)) == 2

    route.statuses = [400]
    second = shell.run(*INSERT, "--callback-url", REGISTERED).record["transaction_id"]
    quick.act(second, "confirm")
    message = relay.until(event="note")["message"]
    assert "Netgíró would cancel the sale" in message
    assert "netgiro doctor --callback" in message
    assert len(route.received) == 4


def test_what_is_wrong_stays_wrong(quick: Simulator, relay: Relay, tmp_path: Path) -> None:
    """The relay signs nothing anew that was not signed right."""
    other = Shell(
        quick.variables()
        | {"NETGIRO_BASE_URL": relay.base_url, "NETGIRO_SECRET_KEY": SECRET_KEY[:-1] + "x"},
        tmp_path,
    )
    refused = other.run(*INSERT)
    assert refused.code == 1
    assert refused.error["code"] == "authentication"
    shell = shop(quick, relay, tmp_path)
    cart = shell.run(*INSERT).record["transaction_id"]
    quick.fault(endpoint="CheckCart", signature="corrupt", count=50)
    assert shell.run("check", cart, "--json").error["code"] == "signature"


def test_carts_are_named(quick: Simulator, route: CallbackRoute, tmp_path: Path) -> None:
    shell = Shell(quick.variables(), tmp_path)
    carts = [shell.run(*INSERT).record["transaction_id"] for _ in range(2)]
    running = shell.start("relay", "--to", route.url, *carts, *QUICK)
    for cart in carts:
        quick.act(cart, "confirm")
    ended = running.ended()
    assert ended.code == 0, ended
    assert ended.out.count("callback 1: the shop answered 200") == 2
    assert "NETGIRO_BASE_URL" not in ended.out
    found = {verified(each, route.url)["PaymentInfo"]["TransactionId"] for each in route.received}
    assert found == set(carts)
    route.statuses = [500]
    assert shell.run("relay", "--to", route.url, carts[0], *QUICK).code == 1
    options = ("--registered-url", REGISTERED)
    shell.run("relay", "--to", route.url, carts[0], *QUICK, *options)
    assert verified(route.received[-1])


def test_production_is_refused(shell: Shell, tmp_path: Path) -> None:
    for variables in [
        {"NETGIRO_ENVIRONMENT": "production", "NETGIRO_BASE_URL": ""},
        {"NETGIRO_ENVIRONMENT": "production"},
        {"NETGIRO_BASE_URL": "https://api.netgiro.is/v1/"},
    ]:
        production = Shell(shell.variables | variables, tmp_path)
        ended = production.run("relay", "--to", "http://127.0.0.1:8000/netgiro/callback")
        assert ended.code == 2
        assert "test environment" in ended.err


def test_mistakes_are_named(shell: Shell) -> None:
    for options, text in [
        ([], "--to is missing"),
        (["--to", "shop.is"], "--to must be the URL"),
        (["--to", "http://127.0.0.1:1/", "not-a-cart"], "not-a-cart"),
        (["--to", "http://127.0.0.1:1/", "--registered-url", REGISTERED], "CART"),
    ]:
        ended = shell.run("relay", *options)
        assert ended.code == 2, options
        assert text in ended.err or os.environ.get("NETGIRO_CLI") is None
