"""verify-callback."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
from shell import APP_KEY, SECRET_KEY, Shell, sign

URL = "https://shop.example/netgiro/callback?order=1"
NONCE = "638412345678901234"
CART = "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001"
BODY = json.dumps(
    {
        "PaymentSuccessful": False,
        "PaymentInfo": {
            "TransactionId": CART,
            "ReferenceNumber": "order-1",
            "TotalAmount": 4990,
        },
        "Success": True,
        "ResultCode": 10429,
    }
)


@pytest.fixture
def shop(tmp_path: Path) -> Shell:
    """A shop's shell: verifying needs the keys, and no server."""
    return Shell({"NETGIRO_APP_KEY": APP_KEY, "NETGIRO_SECRET_KEY": SECRET_KEY}, tmp_path)


def headers(body: str = BODY, url: str = URL) -> list[str]:
    signature = sign(NONCE, url, body.encode())
    lines = [f"netgiro_nonce: {NONCE}", f"netgiro_signature: {signature}"]
    return [argument for line in lines for argument in ("--header", line)]


def test_a_callback_that_verifies(shop: Shell) -> None:
    text = shop.run("verify-callback", "--url", URL, *headers(), given=BODY)
    assert (text.code, text.err) == (0, "")
    assert "4990 kr. for order-1" in text.out
    assert f"netgiro check {CART}" in text.out
    told = shop.run("verify-callback", "--url", URL, *headers(), "--json", given=BODY).record
    assert list(told) == ["transaction_id", "reference", "amount", "state", "reference_id"]
    assert (told["transaction_id"], told["amount"]) == (CART, "4990")
    assert (told["state"]["status"], told["state"]["is_paid"]) == ("awaiting_callback", False)


def test_headers_and_body_come_from_files(shop: Shell, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_text(BODY)
    signature = sign(NONCE, URL, BODY.encode())
    for text in [
        f"POST /netgiro/callback HTTP/1.1\r\nNetgiro-Nonce: {NONCE}\r\nNetgiro-Signature: {signature}\r\n",
        json.dumps({"netgiro_nonce": NONCE, "netgiro_signature": signature}),
    ]:
        file = tmp_path / "headers"
        file.write_text(text)
        arguments = ("verify-callback", "--url", URL, "--body", body)
        assert shop.run(*arguments, "--headers", file).code == 0
        assert shop.run(*arguments, "--headers", "-", given=text).code == 0
        assert shop.run(*arguments[:3], "--headers", file, given=BODY).code == 0


def test_a_wrong_signature_is_refused(shop: Shell) -> None:
    for url, given, more in [
        (URL, BODY.replace("4990", "1"), headers()),
        (URL, BODY + "\n", headers()),
        (URL + "&more", BODY, headers()),
        (URL, BODY, []),
        (URL, "", headers("")),
    ]:
        ended = shop.run("verify-callback", "--url", url, *more, "--json", given=given)
        assert (ended.code, ended.error["code"]) == (6, "signature")
        assert ended.err.startswith("netgiro: the callback was refused")


def test_another_order_is_a_mismatch(shop: Shell) -> None:
    verify = ("verify-callback", "--url", URL, *headers())
    order = ("--amount", "4990", "--reference", "order-1")
    assert shop.run(*verify, *order, given=BODY).code == 0
    for wrong in [("--amount", "4991", *order[2:]), (*order[:2], "--reference", "order-2")]:
        ended = shop.run(*verify, *wrong, "--json", given=BODY)
        assert (ended.code, ended.error["code"]) == (1, "mismatch")


def test_missing_options_are_named(shop: Shell) -> None:
    assert "--url is missing" in shop.run("verify-callback", given=BODY).err
    assert shop.run("verify-callback", "--url", URL, "--headers", "-", given=BODY).code == 2
    assert shop.run("verify-callback", "--url", URL, "--header", "none", given=BODY).code == 2
    missing = shop.run("verify-callback", "--url", URL, "--body", "no-such-file")
    assert missing.code == 1
    assert "no-such-file" in missing.err
    assert Shell().run("verify-callback", "--url", URL, given=BODY).code == 2


def test_waiting_for_input_can_be_interrupted(shop: Shell) -> None:
    running = shop.start("verify-callback", "--url", URL, *headers(), stdin=-1)
    time.sleep(1)  # usually enough to start reading; it must end in any case
    running.send(signal.SIGINT)
    assert running.process.wait(timeout=60) in {130, -signal.SIGINT}
    running.ended()
