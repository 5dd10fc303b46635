"""insert, check, cancel, confirm, refund, transaction and checkout: output and exit codes."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from shell import ACCEPTS, CUSTOMER, DECLINES, KENNITALA, PATIENCE, Shell, Simulator

INSERT = ("insert", "--amount", "4990", "--reference", "order-1", "--customer")
NOBODYS = "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001"


def test_a_cart_is_inserted_and_the_customer_masked(shell: Shell, simulator: Simulator) -> None:
    inserted = shell.run(*INSERT, "+354 661-2345", "--item", "2495:2:Coffee: black")
    assert inserted.code == 0
    assert inserted.err == ""
    transaction_id, *told = inserted.out.split()
    assert " ".join(told) == "*****45 was asked for 4990 kr. for order-1"
    held = simulator.cart(transaction_id)
    assert (held["amount"], held["reference"], held["customer_id"]) == (4990, "order-1", CUSTOMER)
    request = simulator.ask("requests")[-1]
    assert '"Quantity":2000' in request["body"]
    assert '"Name":"Coffee: black"' in request["body"]


def test_json_has_the_members_of_to_dict(shell: Shell) -> None:
    inserted = shell.run(*INSERT, "-", "--json", given=f"{ACCEPTS}\n")
    assert list(inserted.record) == [
        *["transaction_id", "reference", "amount", "check_interval", "message", "reference_id"]
    ]
    assert inserted.record["check_interval"] == 3.0
    checked = shell.run("check", "--json", inserted.record["transaction_id"])
    assert list(checked.record) == [
        *["transaction_id", "status", "result_code", "payment_successful", "message", "payment"],
        *["reference_id", "checked_at", "is_final", "is_paid"],
    ]
    assert (checked.code, checked.record["status"], checked.record["is_paid"]) == (
        *(0, "confirmed", True),
    )
    assert checked.record["payment"]["total_amount"] == "4990"


@pytest.mark.parametrize(
    ("customer", "code", "status"),
    [(ACCEPTS, 0, "confirmed"), (DECLINES, 3, "declined"), (CUSTOMER, 4, "pending")],
)
def test_the_exit_code_of_check_is_the_status(
    shell: Shell, customer: str, code: int, status: str
) -> None:
    cart = shell.run(*INSERT, customer, "--json").record["transaction_id"]
    as_text = shell.run("check", cart)
    as_json = shell.run("check", cart, "--json")
    assert (as_text.code, as_json.code) == (code, code)
    assert as_text.out.split()[:2] == [cart, status]
    assert as_json.record["status"] == status


def test_a_cart_that_nobody_inserted_is_not_paid(shell: Shell) -> None:
    assert shell.run("check", NOBODYS).code == 3


def test_the_exit_code_of_cancel_is_whether_it_came_too_late(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    late = shell.run(*INSERT, CUSTOMER, "--json").record["transaction_id"]
    assert shell.run("cancel", cart).code == 0
    assert simulator.cart(cart)["status"] == "canceled"
    simulator.fault(endpoint="CancelCart", confirm_during=True)
    ended = shell.run("cancel", late, "--json")
    assert (ended.code, ended.record["is_paid"]) == (7, True)
    assert "too late" in ended.err
    assert simulator.cart(late)["is_paid"]


@pytest.mark.parametrize("code", [10200, 10203])
def test_a_cancel_that_says_paid_is_checked(
    shell: Shell, simulator: Simulator, cart: str, code: int
) -> None:
    body = f'{{"PaymentInfo":null,"Success":false,"Message":null,"ResultCode":{code}}}'
    simulator.fault(endpoint="CancelCart", body=body, processed=False)
    ended = shell.run("cancel", cart, "--json")
    assert (ended.code, ended.record["status"]) == (4, "pending")
    simulator.fault(endpoint="CancelCart", body=body)
    ended = shell.run("cancel", cart, "--json")
    assert (ended.code, ended.error["code"]) == (5, "protocol")
    assert shell.run("cancel", cart).code == 0


def test_a_paid_response_must_have_payment_info_if_that_is_required(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    bare = '{"PaymentSuccessful":true,"PaymentInfo":null,"Success":true,"ResultCode":10200}'
    simulator.fault(endpoint="CheckCart", body=bare, count=3)
    assert shell.run("check", cart).code == 0
    refused = shell.run("check", cart, "--payment-info", "required", "--json")
    assert (refused.code, refused.error["code"]) == (1, "protocol")
    strict = Shell({**shell.variables, "NETGIRO_PAYMENT_INFO": "required"}, shell.folder)
    assert strict.run("check", cart).code == 1
    assert strict.run("check", cart, "--payment-info", "sometimes").code == 2


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 400}, 5),
        ({"status": 429}, 5),
        ({"status": 499}, 5),
        ({"status": 400, "processed": False, "body": '{"Success":false,"ResultCode":10306}'}, 1),
    ],
)
def test_only_a_clear_no_frees_the_order(
    shell: Shell, simulator: Simulator, fault: dict[str, object], code: int
) -> None:
    made = f'{{"Success":true,"ResultCode":200,"TransactionId":"{NOBODYS}"}}'
    simulator.fault(**{"endpoint": "InsertCart", "processed": True, "body": made} | fault)
    assert shell.run(*INSERT, CUSTOMER).code == code


def test_a_reference_with_control_characters_is_refused(shell: Shell, simulator: Simulator) -> None:
    before = len(simulator.ask("requests"))
    for reference in ["order\n1", "order\x851", "order\u20281"]:
        insert = ("insert", "--amount", "4990", "--reference", reference, "--customer", CUSTOMER)
        assert shell.run(*insert).code == 2
        assert shell.run("check", NOBODYS, "--amount", "1", "--reference", reference).code == 2
    assert len(simulator.ask("requests")) == before


def test_confirm_sends_the_code_and_confirms_a_reservation(
    shell: Shell, simulator: Simulator
) -> None:
    manual = [*INSERT, KENNITALA, "--confirmation-type", "manual", "--json"]
    cart = shell.run(*manual).record["transaction_id"]
    asked = shell.run("check", cart)
    assert asked.code == 4
    assert f"netgiro confirm {cart} --code" in asked.out
    assert shell.run("confirm", cart, "--code", "0000").code != 0
    code = simulator.cart(cart)["sms_code"]
    reserved = shell.run("confirm", cart, "--code", code)
    assert (reserved.code, reserved.out.split()[1]) == (4, "reserved")
    assert shell.run("confirm", cart).code == 0
    assert simulator.cart(cart)["is_paid"]


def test_a_response_about_another_order_is_an_error(shell: Shell) -> None:
    cart = shell.run(*INSERT, ACCEPTS, "--json").record["transaction_id"]
    right = ("--amount", "4990", "--reference", "order-1")
    assert shell.run("check", cart, *right).code == 0
    wrong = shell.run("check", cart, "--amount", "4991", "--reference", "order-1", "--json")
    assert (wrong.code, wrong.error["code"]) == (1, "mismatch")
    assert shell.run("check", cart, "--amount", "4990").code == 2


def test_an_insert_with_an_unknown_outcome(shell: Shell, simulator: Simulator) -> None:
    simulator.fault(endpoint="InsertCart", drop="after")
    before = len(simulator.ask("carts"))
    ended = shell.run(*INSERT, CUSTOMER, "--json")
    assert (ended.code, ended.error["code"], ended.error["reference"]) == (
        *(5, "outcome_unknown", "order-1"),
    )
    assert "before anything is sent again" in ended.err
    assert len(simulator.ask("carts")) == before + 1


def test_a_cancel_with_an_unknown_outcome(shell: Shell, simulator: Simulator, cart: str) -> None:
    simulator.fault(endpoint="CancelCart", status=500, count=9)
    assert shell.run("cancel", cart).code == 5
    simulator.fault(endpoint="CheckCart", status=500, count=9)
    assert shell.run("check", cart).code == 1


def test_a_payment_is_refunded_once_for_each_key(shell: Shell, simulator: Simulator) -> None:
    cart = shell.run(*INSERT, ACCEPTS, "--json").record["transaction_id"]
    refund = ("refund", cart, "1000", "--key", "order-1-line-2")
    for _ in range(2):
        refunded = shell.run(*refund, "--description", "Skilað")
        assert (refunded.code, refunded.err) == (0, "")
        assert refunded.out == f"{cart}  1000 kr. refunded, with the key order-1-line-2\n"
    assert shell.run(*refund, "--json").record == {
        "transaction_id": cart,
        "amount": 1000,
        "idempotency_key": "order-1-line-2",
        "message": "Success",
    }
    held = simulator.cart(cart)
    assert (held["refunded"], held["is_paid"]) == (1000, True)
    assert [refund["description"] for refund in held["refunds"]] == ["Skilað"]
    another = shell.run("refund", cart, "999", "--key", "order-1-line-2", "--json")
    assert (another.code, another.error["code"]) == (1, "mismatch")
    assert "ship" not in another.err
    more = shell.run("refund", cart, "3991", "--key", "more", "--json")
    assert (more.code, more.error["code"]) == (1, "api")
    assert simulator.cart(cart)["refunded"] == 1000


def test_a_refund_with_an_unknown_outcome_is_repeated_with_its_key(
    shell: Shell, simulator: Simulator
) -> None:
    cart = shell.run(*INSERT, ACCEPTS, "--json").record["transaction_id"]
    simulator.fault(endpoint="Refund", drop="after", count=3)
    refund = ("refund", cart, "1000", "--key", "order-2-line-1", "--json")
    ended = shell.run(*refund)
    assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
    assert ended.error["idempotency_key"] == "order-2-line-1"
    assert ended.error["retryable"] is True
    assert 'same --key "order-2-line-1"' in ended.err
    assert "Repeat the command with the same --key" in ended.err
    assert "inserted" not in ended.err
    assert shell.run(*refund).code == 0
    assert simulator.cart(cart)["refunded"] == 1000


@pytest.mark.parametrize(
    ("customer", "code", "status"),
    [(ACCEPTS, 0, "paid"), (DECLINES, 3, "canceled"), (CUSTOMER, 4, "unpaid")],
)
def test_the_exit_code_of_transaction_is_the_status(
    shell: Shell, customer: str, code: int, status: str
) -> None:
    cart = shell.run(*INSERT, customer, "--json").record["transaction_id"]
    as_text = shell.run("transaction", cart)
    as_json = shell.run("transaction", cart, "--json")
    assert (as_text.code, as_json.code) == (code, code)
    assert as_text.out.split()[:2] == [cart, status]
    assert list(as_json.record) == [
        *["transaction_id", "status", "total_amount", "is_refundable", "created"],
        "settlement_date",
    ]
    assert (as_json.record["status"], as_json.record["total_amount"]) == (status, "4990")
    assert ("can be refunded" in as_text.out) is (status == "paid")
    assert shell.run("transaction", NOBODYS).code == 1


CHECKOUT = (
    *("checkout", "4990", "order-1", "--success-url", "https://shop.example/paid?order=1"),
    *("--cancel-url", "https://shop.example/canceled"),
)


def checkouts(simulator: Simulator) -> list[dict[str, Any]]:
    return [each for each in simulator.ask("requests") if each["endpoint"] == "HostedPayment"]


def test_a_checkout_is_created(shell: Shell, simulator: Simulator) -> None:
    created = shell.run(*CHECKOUT)
    assert (created.code, created.err) == (0, "")
    url, *told = created.out.split()
    assert url.startswith(simulator.page_url)
    assert " ".join(told) == "4990 kr. for order-1"
    callback = "https://shop.example/netgiro/callback"
    record = shell.run(*CHECKOUT, "--callback-url", callback, "--manual-capture", "--json").record
    assert list(record) == ["checkout_url", "reference", "amount"]
    assert (record["reference"], record["amount"]) == ("order-1", 4990)
    first, second = [json.loads(each["body"]) for each in checkouts(simulator)][-2:]
    assert (first["ManualCapture"], "CallbackUrl" in first) == (False, False)
    assert (second["ManualCapture"], second["CallbackUrl"]) == (True, callback)


def test_a_checkout_of_unknown_outcome_is_sent_once(shell: Shell, simulator: Simulator) -> None:
    before = len(checkouts(simulator))
    simulator.fault(endpoint="HostedPayment", drop="after")
    ended = shell.run(*CHECKOUT, "--json")
    assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
    assert ended.error["reference"] == "order-1"
    assert "which creates another checkout" in ended.err
    assert "netgiro check" not in ended.err
    assert len(checkouts(simulator)) == before + 1
    simulator.fault(endpoint="HostedPayment", status=400, body='{"Success":false,"Message":"No"}')
    refused = shell.run(*CHECKOUT, "--json")
    assert (refused.code, refused.error["code"]) == (1, "api")


def test_a_second_interrupt_of_a_checkout_is_an_unknown_outcome(
    shell: Shell, simulator: Simulator
) -> None:
    before = len(checkouts(simulator))
    simulator.fault(endpoint="HostedPayment", delay_ms=60_000)
    running = shell.start(*CHECKOUT, "--json")
    deadline = time.monotonic() + PATIENCE
    while len(checkouts(simulator)) == before:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    running.send(signal.SIGINT)
    assert running.process.stderr is not None
    assert "Ctrl-C again" in running.process.stderr.readline()
    running.send(signal.SIGINT)
    ended = running.ended()
    assert (ended.code, ended.error["code"]) == (5, "outcome_unknown")
    assert (ended.error["reference"], ended.error["request_sent"]) == ("order-1", "maybe")


def test_what_is_wrong_with_a_checkout_is_named(shell: Shell, simulator: Simulator) -> None:
    before = len(checkouts(simulator))
    pages = CHECKOUT[3:]
    for arguments, named in (
        (("checkout", "0", "order-1", *pages), "AMOUNT must be"),
        (("checkout", "10.50", "order-1", *pages), "AMOUNT must be"),
        (("checkout", "4990", " ", *pages), "REFERENCE must be"),
        ((*CHECKOUT[:3], "--success-url", "/paid", *pages[2:]), "--success-url must be"),
        ((*CHECKOUT, "--callback-url", "callback"), "--callback-url must be"),
    ):
        ended = shell.run(*arguments)
        assert (ended.code, ended.out) == (2, "")
        assert named in ended.err
    assert len(checkouts(simulator)) == before


def test_a_response_with_a_wrong_signature_is_refused(
    shell: Shell, simulator: Simulator, cart: str
) -> None:
    simulator.fault(endpoint="CheckCart", signature="corrupt", count=9)
    ended = shell.run("check", cart, "--json")
    assert (ended.code, ended.error["code"]) == (6, "signature")


def test_refusals_of_netgiro_are_reported(shell: Shell, simulator: Simulator) -> None:
    simulator.fault(endpoint="InsertCart", result_code=10306)
    ended = shell.run(*INSERT, CUSTOMER)
    assert ended.code == 1
    assert "10306" in ended.err
    other = Shell({**shell.variables, "NETGIRO_SECRET_KEY": "another"}, shell.folder)
    refused = other.run("check", NOBODYS)
    assert refused.code == 1
    assert "NETGIRO_SECRET_KEY" in refused.err


def test_nothing_is_sent_without_keys_or_to_a_wrong_url(shell: Shell, simulator: Simulator) -> None:
    before = len(simulator.ask("requests"))
    url = shell.variables["NETGIRO_BASE_URL"]
    for variables, about in [
        ({}, "NETGIRO_APP_KEY is not set"),
        ({**shell.variables, "NETGIRO_SECRET_KEY": ""}, "NETGIRO_SECRET_KEY is not set"),
        ({**shell.variables, "NETGIRO_BASE_URL": "http://netgiro.example/"}, "https"),
        ({**shell.variables, "NETGIRO_ENVIRONMENT": "staging"}, "staging"),
    ]:
        ended = Shell(variables, shell.folder).run("check", NOBODYS)
        assert ended.code == 2
        assert ended.out == ""
        assert about in ended.err
    for wrong in ["--base-url=ftp://a", "--environment=moon", "--ca-file=/nowhere"]:
        assert shell.run("check", NOBODYS, wrong).code == 2
    assert len(simulator.ask("requests")) == before
    assert shell.run("check", NOBODYS, "--base-url", url).code == 3


def test_a_server_that_is_not_there_is_an_error(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1/"
        ended = shell.run("check", NOBODYS, "--base-url", url)
    assert ended.code == 1
    assert "Nothing was sent" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["check"],
        ["check", "abc"],
        ["check", NOBODYS, "--tiemout", "3"],
        ["check", NOBODYS, "twice"],
        [*INSERT, "5551234"],
        ["insert", "--amount", "0", "--reference", "a", "--customer", CUSTOMER],
        ["insert", "--amount", "49.90", "--reference", "a", "--customer", CUSTOMER],
        ["insert", "--reference", "a", "--customer", CUSTOMER],
        [*INSERT, CUSTOMER, "--wait", "--settle"],
        [*INSERT, CUSTOMER, "--timeout", "3"],
        [*INSERT, CUSTOMER, "--item", "Coffee"],
        [*INSERT, CUSTOMER, "--confirmation-type", "server_callback"],
        ["wait", NOBODYS, "--timeout", "soon"],
        ["wait", "--poll", "{}"],
        ["refund", NOBODYS, "1000"],
        ["refund", NOBODYS, "--key", "a"],
        ["refund", NOBODYS, "0", "--key", "a"],
        ["refund", NOBODYS, "10.50", "--key", "a"],
        ["refund", NOBODYS, "1000", "--key", " "],
        ["refund", "abc", "1000", "--key", "a"],
        ["checkout", "4990", "order-1"],
        ["checkout", "4990", "order-1", "--success-url", "https://shop.example/"],
        ["checkout", *CHECKOUT[3:]],
        ["transaction"],
        ["transaction", "abc"],
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    shell: Shell, simulator: Simulator, arguments: list[str]
) -> None:
    before = len(simulator.ask("requests"))
    ended = shell.run(*arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert ended.err.startswith("netgiro: ")
    assert len(simulator.ask("requests")) == before


def test_nothing_is_sent_if_the_resume_file_cannot_be_written(
    shell: Shell, simulator: Simulator, tmp_path: Path
) -> None:
    before = len(simulator.ask("requests"))
    ended = shell.run(*INSERT, CUSTOMER, "--resume", tmp_path / "no" / "such" / "file")
    assert ended.code == 1
    assert len(simulator.ask("requests")) == before
