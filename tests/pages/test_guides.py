"""The guides that everybody reads first: their programs, run in Python and in Node, and their tables, whole."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from page import ROOT, Page
from test_programs import program, run

import netgiro
from netgiro import NetgiroError, Simulator, sign

# What the program of a page prints, in either language.
PRINTED = {
    "docs/site/index.md": "ship it\n",
    "docs/start/quickstart.md": r"order-1001 is paid: ship it\n(done|again at \S.*)\n",
    "docs/start/who-creates-the-payment.md": "confirmed\n[Tt]rue\n",
    "docs/start/test-your-shop.md": "",
    "docs/production/troubleshooting.md": "the customer was asked\n",
    "docs/start/migrating.md": sign(
        "secret", "635318618538563781", "https://api.netgiro.is/v1/Checkout/CheckCart", b"{}"
    )
    + "\n",
}
CALLBACK_URL = "https://shop.example/netgiro/callback"
BODY = json.dumps(
    {
        "PaymentSuccessful": True,
        "PaymentInfo": {
            "TransactionId": "4ffbe11b-4f6e-4d3a-9b6b-1a4b6dd9a001",
            "ReferenceNumber": "order-1001",
            "TotalAmount": 4990,
            "StatusId": 2,
        },
        "Success": True,
        "ResultCode": 10200,
    }
)


@pytest.mark.parametrize("path", PRINTED)
def test_in_python(path: str, tmp_path: Path, simulator: Simulator) -> None:
    said = run([sys.executable, "-c", program(path, "python")], tmp_path, simulator)
    assert re.fullmatch(PRINTED[path], said), said


@pytest.mark.parametrize("path", PRINTED)
def test_in_node(path: str, node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program(path, "js"), encoding="utf-8")
    said = run(["node", "page.mjs"], node_folder, simulator)
    assert re.fullmatch(PRINTED[path], said), said


def posts(simulator: Simulator) -> list[tuple[dict[str, str], str]]:
    """A right callback, a forged one, and one about another amount."""
    other = BODY.replace("4990", "1")
    signed = {
        body: {
            "Netgiro-Nonce": "1",
            "Netgiro-Signature": sign(simulator.secret_key, "1", CALLBACK_URL, body.encode()),
        }
        for body in (BODY, other)
    }
    return [(signed[BODY], BODY), (signed[other], BODY), (signed[other], other)]


def test_callbacks_in_python(tmp_path: Path, simulator: Simulator) -> None:
    calls = (
        f"\nfor headers, body in {posts(simulator)!r}:\n    print(answer(headers, body.encode()))\n"
    )
    said = run(
        [sys.executable, "-c", program("docs/start/callbacks.md", "python") + calls],
        tmp_path,
        simulator,
    )
    assert said.split() == ["200", "400", "409"]


def test_callbacks_in_node(node_folder: Path, simulator: Simulator) -> None:
    calls = f"""
for (const [headers, body] of {json.dumps(posts(simulator))}) console.log(answer(headers, Buffer.from(body)))
"""
    (node_folder / "page.mjs").write_text(
        program("docs/start/callbacks.md", "js") + calls, encoding="utf-8"
    )
    said = run(["node", "page.mjs"], node_folder, simulator)
    assert said.split() == ["200", "400", "409"]


def first_cells(path: str) -> str:
    """The first cells of a page's tables."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE))


def test_troubleshooting_has_every_error() -> None:
    errors = [
        value
        for value in vars(netgiro).values()
        if isinstance(value, type) and issubclass(value, NetgiroError) and value is not NetgiroError
    ]
    assert len(errors) == 14
    for error in errors:
        assert f"| `{error.code}` | `{error.__name__}` |" in (
            ROOT / "docs/production/troubleshooting.md"
        ).read_text(encoding="utf-8")


def test_troubleshooting_has_every_result_code() -> None:
    codes = json.loads((ROOT / "tests/vectors/answers/codes.json").read_text(encoding="utf-8"))[
        "codes"
    ]
    named = set(re.findall(r"\b\d{3,5}\b", first_cells("docs/production/troubleshooting.md")))
    assert named == {str(each["code"]) for each in codes if each["meaning"] != "not in the table"}


def test_v1_or_v2_has_every_status() -> None:
    vectors = json.loads((ROOT / "tests/vectors/answers/codes.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/start/v1-or-v2.md").read_text(encoding="utf-8")
    for each in vectors["statuses"]:
        (row,) = (line for line in text.splitlines() if line.startswith(f"| `{each['status']}` |"))
        assert all(str(code) in row for code in each["codes"]), row


def test_every_program_that_is_in_rust_is_in_python_and_node_as_well() -> None:
    for path in [*PRINTED, "docs/start/callbacks.md"]:
        page = Page(path)
        counts = {len(page.of(language)) for language in ("python", "js", "rust")}
        assert len(counts) == 1 or path == "docs/start/quickstart.md", path
