"""Pages whose code is a program rather than a shop: run from the top to the bottom, against a simulator."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
