"""The commands with --api v2."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import signal

import pytest
from shell import APP_KEY, CUSTOMER, SECRET_KEY, CallbackRoute, Shell, Simulator

INSERT = ("insert", "--api", "v2", "--amount", "4990", "--reference", "order-1")
CODE = "1234567890"
BARCODE = "5000041234"
CART = "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001"
URL = "https://shop.example/netgiro/callback"
MANUAL = ("--confirmation-type", "manual")


def made(shell: Shell, *more: str) -> str:
    inserted = shell.run(*INSERT, "--json", *more)
    assert inserted.code == 0, inserted
    transaction_id: str = inserted.record["transaction_id"]
    return transaction_id


@pytest.mark.parametrize(
    ("option", "code"),
    [("--access-code", CODE), ("--barcode", BARCODE)],
)
def test_a_code_pays_at_once(shell: Shell, simulator: Simulator, option: str, code: str) -> None:
    inserted = shell.run(*INSERT, option, "-", given=f"{code}\n")
    assert (inserted.code, inserted.err) == (0, "")
    cart, *told = inserted.out.split()
    assert " ".join(told) == f"********{code[-2:]} was asked for 4990 kr. for order-1"
    checked = shell.run("check", "--api", "v2", cart, "--json")
    assert (checked.code, checked.record["is_paid"], checked.record["api"]) == (0, True, "v2")
    assert simulator.cart(cart)["is_paid"]


def test_v2_is_of_the_environment_too(shell: Shell, simulator: Simulator) -> None:
    of_v2 = Shell({**shell.variables, "NETGIRO_API": "v2"}, shell.folder)
    cart = made(of_v2, "--customer", CUSTOMER)
    assert of_v2.run("check", cart, "--json").record["api"] == "v2"
    assert "api" not in of_v2.run("check", cart, "--api", "v1", "--json").record
    endpoints = [request["endpoint"] for request in simulator.ask("requests")[-3:]]
    assert endpoints == ["Payment", "Status", "CheckCart"]
    wrong = Shell({**shell.variables, "NETGIRO_API": "v3"}, shell.folder).run("check", cart)
    assert wrong.code == 2
    assert wrong.err.startswith('netgiro: --api (NETGIRO_API) must be one of "v1", "v2"')


def test_one_customer_is_named(shell: Shell, simulator: Simulator) -> None:
    before = len(simulator.ask("requests"))
    for more, said in [
        ((), "--customer"),
        (("--customer", CUSTOMER, "--barcode", BARCODE), "--barcode"),
        (("--customer", "1111111119"), "--access-code"),
        (("--customer", CUSTOMER, "--callback-url", URL), "--callback-url"),
        (("--customer", CUSTOMER, "--description", "ull"), "--description"),
        (("--access-code", "123"), "--access-code"),
    ]:
        refused = shell.run(*INSERT, *more)
        assert refused.code == 2, more
        assert said in refused.err, (more, refused.err)
        assert CODE not in refused.err
        assert CUSTOMER not in refused.err
    of_v1 = shell.run(INSERT[0], *INSERT[3:], "--access-code", CODE)
    assert of_v1.code == 2
    assert 'api "v2"' in of_v1.err
    assert len(simulator.ask("requests")) == before


def test_what_is_held_is_captured(shell: Shell, simulator: Simulator) -> None:
    cart = made(shell, "--access-code", CODE, *MANUAL)
    reserved = shell.run("check", "--api", "v2", cart)
    assert reserved.code == 4
    assert f"netgiro capture {cart}" in reserved.out
    too_much = shell.run("capture", "--api", "v2", cart, "--amount", "4991", "--json")
    assert (too_much.code, too_much.error["code"]) == (1, "api")
    part = shell.run("capture", "--api", "v2", cart, "--amount", "1000", "--json")
    assert (part.code, part.record["status"]) == (0, "confirmed")
    assert simulator.cart(cart)["captured"] == 1000
    again = shell.run("capture", "--api", "v2", cart)
    assert (again.code, again.out.split()[1]) == (0, "confirmed")
    assert simulator.cart(cart)["captured"] == 1000


def test_v1_captures_all_alone(shell: Shell, simulator: Simulator) -> None:
    cart = made(shell, "--customer", CUSTOMER, *MANUAL)
    simulator.ask(f"carts/{cart}/confirm", method="POST")
    part = shell.run("capture", cart, "--amount", "1000")
    assert part.code == 2
    assert "--amount" in part.err
    assert shell.run("capture", cart).code == 0
    assert simulator.cart(cart)["is_paid"]
    assert shell.run("void", cart).code == 2


def test_cancel_leaves_what_is_paid_and_void_does_not(shell: Shell, simulator: Simulator) -> None:
    open_cart = made(shell, "--customer", CUSTOMER)
    early = shell.run("void", "--api", "v2", open_cart)
    assert early.code == 2
    assert "netgiro cancel" in early.err
    assert shell.run("cancel", "--api", "v2", open_cart).code == 0
    paid = made(shell, "--access-code", CODE)
    late = shell.run("cancel", "--api", "v2", paid)
    assert late.code == 7
    assert "too late" in late.err
    assert simulator.cart(paid)["is_paid"]
    voided = shell.run("void", "--api", "v2", paid, "--json")
    assert (voided.code, voided.record["status"]) == (0, "canceled")
    assert simulator.cart(paid)["status"] == "canceled"
    assert shell.run("void", "--api", "v2", paid).code == 0


def test_a_void_with_an_unknown_outcome(shell: Shell, simulator: Simulator) -> None:
    paid = made(shell, "--access-code", CODE)
    simulator.fault(endpoint="Cancel", status=500, processed=False, count=9)
    ended = shell.run("void", "--api", "v2", paid, "--json")
    assert (ended.code, ended.error["code"]) == (5, "server")
    assert simulator.cart(paid)["is_paid"]


def test_settling_cancels_and_reads_the_answer(shell: Shell, simulator: Simulator) -> None:
    cart = made(shell, "--customer", CUSTOMER)
    settled = shell.run("settle", "--api", "v2", cart, "--timeout", "0")
    assert settled.code == 3
    assert simulator.cart(cart)["status"] == "canceled"


def test_what_goes_on_is_of_the_same_api(shell: Shell, simulator: Simulator) -> None:
    cart = made(shell, "--customer", CUSTOMER)
    late = shell.run("wait", "--api", "v2", cart, "--timeout", "0")
    assert late.code == 4
    hint = re.search(r"To go on: netgiro (wait --api v2 --poll '.*')$", late.err, re.MULTILINE)
    assert hint is not None, late.err
    simulator.ask(f"carts/{cart}/confirm", method="POST")
    assert shell.run(*shlex.split(hint[1]), "--timeout", "5").code == 0
    running = shell.start(*INSERT, "--customer", CUSTOMER, "--wait")
    running.line()
    running.send(signal.SIGINT)
    ended = running.ended()
    assert ended.code == 130
    assert "netgiro wait --api v2 --poll" in ended.err


def test_a_callback_says_nothing_of_the_outcome(shell: Shell) -> None:
    for success in [True, False]:
        body = json.dumps(
            {
                "Success": success,
                "TransactionId": CART,
                "ReferenceNumber": "order-1",
                "TotalAmount": 4990,
            }
        )
        signature = hashlib.sha256(f"{SECRET_KEY}{CART}4990".encode()).hexdigest()
        verify = ("verify-callback", "--url", URL, "--header", f"X-Netgiro-Signature: {signature}")
        told = shell.run(*verify, given=body)
        assert (told.code, told.err) == (0, "")
        assert "the same for a yes and a no" in told.out
        assert f"netgiro check {CART}" in told.out
        record = shell.run(*verify, "--json", given=body).record
        assert list(record) == ["transaction_id", "reference", "amount", "state", "reference_id"]
        assert (record["reference"], record["amount"], record["state"]) == ("order-1", "4990", None)
        other = ("--amount", "1", "--reference", "order-1", "--json")
        assert shell.run(*verify, *other, given=body).error["code"] == "mismatch"
        forged = shell.run(*verify, given=body.replace("4990", "4991"))
        assert forged.code == 6


def test_the_doctor_says_what_v2_does_not_look_at(shell: Shell, simulator: Simulator) -> None:
    report = shell.run("doctor", "--api", "v2", "--json")
    assert report.code == 0
    (account,) = [check for check in report.record["checks"] if check["name"] == "account"]
    assert account["ok"]
    assert "the secret key" in account["detail"]
    assert simulator.ask("requests")[-1]["endpoint"] == "Status"
    unknown = {**shell.variables, "NETGIRO_APP_KEY": APP_KEY.replace("8", "9")}
    refused = Shell(unknown, shell.folder).run("doctor", "--api", "v2", "--json")
    assert refused.code == 1
    assert [check["name"] for check in refused.record["checks"] if check["ok"] is False] == [
        "account"
    ]


def test_the_relay_is_for_v1(shell: Shell, route: CallbackRoute) -> None:
    refused = shell.run("relay", "--api", "v2", "--to", route.url)
    assert refused.code == 2
    assert "callbacks of V1 alone" in refused.err
