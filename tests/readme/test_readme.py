"""The README's Python, executed against a simulator, with the package installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netgiro import Simulator, sign

README = Path(__file__).parents[2] / "README.md"
SNIPPETS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
CALLBACK_URL = "https://shop.example/netgiro/callback"


def snippet(word: str) -> str:
    (found,) = (code for code in SNIPPETS if word in code)
    return found


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator() as simulator:
        monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
        monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
        monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
        yield simulator


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    ).stdout


def test_every_snippet_is_known_here() -> None:
    assert len(SNIPPETS) == 7


@pytest.mark.parametrize(
    ("word", "printed"),
    [
        ("client.settle_cart", "order-1001 is paid: ship it\n"),
        ("AsyncClient", "confirmed\n"),
        ("poll_step", "confirmed\n"),
        ("advance", ""),
        (
            "customer_message",
            (
                "This number was not recognised. Enter an Icelandic mobile number of seven digits, or a kennitala of "
                "ten digits.\nThe payment was not accepted in time. Nothing was charged.\n"
            ),
        ),
    ],
)
def test_a_snippet_prints_what_it_says(word: str, printed: str) -> None:
    assert run(snippet(word)) == printed


def test_the_errors_are_raised_as_shown() -> None:
    assert run(snippet("OutcomeUnknownError as error")).startswith(
        "please correct: customer_id must"
    )


def test_the_callback_handler_takes_a_signed_callback_and_refuses_a_forged_one(
    simulator: Simulator,
) -> None:
    shop: dict[str, Any] = {"__name__": "shop"}
    exec(compile(snippet("verify_callback"), "README.md", "exec"), shop)

    def post(amount: int, nonce: str = "1") -> int:
        payment = {
            "TransactionId": "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",
            "ReferenceNumber": "order-1001",
            "TotalAmount": amount,
            "StatusId": 2,
        }
        body = json.dumps(
            {
                "PaymentSuccessful": True,
                "PaymentInfo": payment,
                "Success": True,
                "ResultCode": 10200,
            }
        ).encode()
        signature = sign(simulator.secret_key, "1", CALLBACK_URL, body)
        headers = {"netgiro_nonce": nonce, "netgiro_signature": signature}
        answer = shop["app"].test_client().post("/netgiro/callback", data=body, headers=headers)
        return int(answer.status_code)

    assert post(4990) == 200
    assert shop["reported"] == {"order-1001"}
    assert post(4990, nonce="2") == 400
    assert post(1) == 409
