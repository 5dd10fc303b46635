"""Pages whose code is a program rather than a shop: run from the top to the bottom, against a simulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from page import Page
from shop import LONGEST

from netgiro import Simulator


def run(command: list[str], folder: Path, simulator: Simulator) -> str:
    environment = {
        **os.environ,
        "NETGIRO_APP_KEY": simulator.app_key,
        "NETGIRO_SECRET_KEY": simulator.secret_key,
        "NETGIRO_BASE_URL": simulator.url,
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def program(path: str, language: str) -> str:
    return "".join(block.text for block in Page(path).of(language) if block.file is None)


def test_carts_in_python(tmp_path: Path, simulator: Simulator) -> None:
    manual, items = (block.text for block in Page("docs/carts.md").of("python"))
    assert run([sys.executable, "-c", manual], tmp_path, simulator) == "True\n"
    said = run([sys.executable, "-c", items], tmp_path, simulator)
    assert "total_amount=Decimal('30390')" in said
    assert "register_id='2'" in said


def test_carts_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program("docs/carts.md", "js"), encoding="utf-8")
    said = run(["node", "page.mjs"], node_folder, simulator)
    assert "registerId: '2'" in said


def test_bulk_checks_in_python(tmp_path: Path, simulator: Simulator) -> None:
    (tmp_path / "page.py").write_text(program("docs/bulk.md", "python"), encoding="utf-8")
    for _ in range(2):
        run([sys.executable, "page.py"], tmp_path, simulator)
    assert (tmp_path / "november.jsonl").exists()


def test_bulk_checks_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program("docs/bulk.md", "js"), encoding="utf-8")
    for _ in range(2):
        run(["node", "page.mjs"], node_folder, simulator)
    assert [request.endpoint for request in simulator.requests()] == ["CheckCart", "CheckCart"]


def test_refunds_in_python(tmp_path: Path, simulator: Simulator) -> None:
    said = run([sys.executable, "-c", program("docs/refunds.md", "python")], tmp_path, simulator)
    made, first, second, transaction, again, refunded = said.splitlines()
    assert made == "1000 kr. are refunded"
    assert (first, second) == ("made", "made")
    assert transaction == "paid 4990 True"
    assert again == "again with order-1002-line-1"
    assert refunded == "1000"
    (cart,) = simulator.carts()
    assert [refund.amount for refund in cart.refunds] == [1000, 2990]


def test_refunds_in_node(node_folder: Path, simulator: Simulator) -> None:
    (node_folder / "page.mjs").write_text(program("docs/refunds.md", "js"), encoding="utf-8")
    said = run(["node", "page.mjs"], node_folder, simulator).splitlines()
    assert said == ["1000 kr. are refunded", "made", "made", "paid 4990 true"]
    (cart,) = simulator.carts()
    assert [refund.amount for refund in cart.refunds] == [1000, 2990]


def test_hosted_checkouts_in_python(tmp_path: Path, simulator: Simulator) -> None:
    code = program("docs/hosted-checkout.md", "python")
    page, *after = run([sys.executable, "-c", code], tmp_path, simulator).splitlines()
    assert_paid_on_its_page(simulator, page, after)


def test_hosted_checkouts_in_node(node_folder: Path, simulator: Simulator) -> None:
    code = program("docs/hosted-checkout.md", "js")
    (node_folder / "page.mjs").write_text(code, encoding="utf-8")
    page, *after = run(["node", "page.mjs"], node_folder, simulator).splitlines()
    assert_paid_on_its_page(simulator, page, after)


def assert_paid_on_its_page(simulator: Simulator, page: str, after: list[str]) -> None:
    (cart,) = simulator.carts()
    assert page.startswith("send the browser to http://127.0.0.1:")
    assert page.endswith(str(cart.transaction_id))
    assert after == ["deliver order-1001", "The payment went through. Thank you!"]
    assert (cart.reference, cart.is_paid) == ("order-1001", True)


# Somebody presses the button, and presses it again.
FLASK_STAFF = """
from flask_back_office import app, lines

press = app.test_client().post
"""
FASTAPI_STAFF = """
from fastapi.testclient import TestClient
from fastapi_back_office import app, lines

client = TestClient(app)
client.__enter__()
press = client.post
"""
PRESSES = """
import sys

import refunds

lines["order-1-line-1"] = (sys.argv[1], 1000)
lines["order-1-line-2"] = (sys.argv[1], 4000)
for line in ("order-1-line-3", "order-1-line-1"):
    print(press(f"/lines/{line}/refund").status_code)
assert [refund.key for refund in refunds.open_refunds()] == ["order-1-line-1"]
for line in ("order-1-line-1", "order-1-line-1", "order-1-line-2"):
    print(press(f"/lines/{line}/refund").status_code)
assert refunds.open_refunds() == []
"""


@pytest.mark.parametrize("staff", [FLASK_STAFF, FASTAPI_STAFF], ids=["flask", "fastapi"])
def test_refunds_of_a_back_office(tmp_path: Path, simulator: Simulator, staff: str) -> None:
    Page("docs/refunds.md").write(tmp_path)
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8111111")
        assert client.check_cart(cart).is_paid
    simulator.add_fault("Refund", drop="after", count=3)
    (tmp_path / "staff.py").write_text(staff + PRESSES, encoding="utf-8")
    command = [sys.executable, "staff.py", str(cart.transaction_id)]
    said = run(command, tmp_path, simulator)
    assert said.split() == ["404", "503", "200", "200", "409"]
    (cart_now,) = simulator.carts()
    assert [refund.amount for refund in cart_now.refunds] == [1000]


def test_settlements(tmp_path: Path, simulator: Simulator) -> None:
    (first, *_) = (block.text for block in Page("docs/settlements.md").of("python"))
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
    simulator.confirm(cart)
    yesterday = simulator.now().date().isoformat()
    simulator.advance(86_400)
    today = simulator.now().date().isoformat()
    program = first.replace('"2026-05-01", "2026-05-31"', f'"{yesterday}", "{today}"')
    assert program != first
    assert run([sys.executable, "-c", program], tmp_path, simulator).strip()
