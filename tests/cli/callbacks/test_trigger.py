"""trigger: what a customer or Netgíró does, at a running simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from shell import CUSTOMER, KENNITALA, CallbackRoute, Shell, Simulator

INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--json", "--customer")
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def insert(shell: Shell, *options: str, customer: str = CUSTOMER) -> str:
    cart: str = shell.run(*INSERT, customer, *options).record["transaction_id"]
    return cart


@pytest.mark.parametrize(
    ("action", "status"),
    [("confirm", "confirmed"), ("decline", "declined"), ("expire", "canceled")],
)
def test_a_cart_ends(shell: Shell, action: str, status: str) -> None:
    cart = insert(shell)
    ended = shell.run("trigger", action, cart)
    assert ended.code == 0
    assert f"{cart}  {status}  4990 kr. for order-1" in ended.out
    code = shell.run("check", cart).code
    assert code == (0 if status == "confirmed" else 3)
    again = shell.run("trigger", action, cart)
    assert again.code == 1
    assert cart in again.err


def test_the_newest_open_cart_is_meant(tmp_path: Path) -> None:
    simulator = Simulator(tmp_path)
    try:
        shell = Shell(simulator.variables(), tmp_path)
        assert "no open cart" in shell.run("trigger", "confirm").err
        first, second = insert(shell), insert(shell)
        for cart in (second, first):
            record = shell.run("trigger", "confirm", "--json").record
            assert (record["transaction_id"], record["status"]) == (cart, "confirmed")
            assert record["is_paid"] is True
            assert record["callback"] is None
        assert shell.run("trigger", "confirm").code == 1
    finally:
        simulator.stop()


def test_the_callback_and_its_answer_are_reported(shell: Shell, route: CallbackRoute) -> None:
    options = ("--callback-url", route.url, "--confirmation-type", "server_callback")
    cart = insert(shell, *options)
    early = shell.run("trigger", "callback", cart, "--json")
    assert early.code == 0
    assert early.record["callback"] == {"url": route.url, "attempt": 1, "status": 200}
    assert early.record["status"] == "pending"
    confirmed = shell.run("trigger", "confirm", cart)
    assert "the shop answered 200" in confirmed.out
    assert f"{cart}  confirmed" in confirmed.out
    again = shell.run("trigger", "callback")
    assert again.code == 0
    assert len(route.received) == 3

    route.statuses = [403]
    refused = shell.run("trigger", "callback", cart)
    assert refused.code == 1
    assert "the shop answered 403" in refused.out
    assert "netgiro doctor --callback" in refused.err
    # What the customer did is done, whatever the shop answers.
    assert (
        shell.run("trigger", "decline", insert(shell, "--callback-cancel-url", route.url)).code == 0
    )


def test_what_is_not_possible_is_said(shell: Shell) -> None:
    cart = insert(shell)
    ended = shell.run("trigger", "callback", cart)
    assert ended.code == 1
    assert "without CallbackUrl" in ended.err
    assert shell.run("trigger", "confirm", UNKNOWN).code == 1
    assert shell.run("trigger", "confirm", "not-an-id").code == 2
    assert shell.run("trigger", "pay").code == 2
    code = shell.run("trigger", "confirm", insert(shell, customer=KENNITALA))
    assert "SMS code" in code.err


def test_the_simulator_is_found(simulator: Simulator, shell: Shell, tmp_path: Path) -> None:
    cart = insert(shell)
    named = Shell(folder=tmp_path).run("trigger", "confirm", cart, "--url", simulator.page_url)
    assert named.code == 0
    url = simulator.started["url"]
    assert Shell(folder=tmp_path).run("trigger", "expire", cart, "--url", url).code == 1
    other = tmp_path / "other"
    other.mkdir()
    here = Shell(folder=other)
    exported = here.run("simulator", "--export", "--port", "0").out
    variables = dict(
        line.removeprefix("export ").split("=", 1)
        for line in exported.splitlines()
        if line.startswith("export ")
    )
    insert(Shell(variables, other))
    assert here.run("trigger", "confirm").code == 0
    assert here.run("simulator", "--stop").code == 0


def test_netgiro_itself_is_not_driven(tmp_path: Path) -> None:
    netgiro = Shell({"NETGIRO_BASE_URL": "https://api.test.netgiro.is/v1/"}, tmp_path)
    ended = netgiro.run("trigger", "confirm")
    assert ended.code == 2
    assert "--url" in ended.err
    gone = Shell({"NETGIRO_BASE_URL": "http://127.0.0.1:9/v1/"}, tmp_path).run("trigger", "confirm")
    assert gone.code == 1
    assert "there is no simulator" in gone.err
