"""`netgiro reconcile`: its exit codes, what it writes, what it says."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shop

import netgiro
from netgiro.reconciliation.command import main

ID = str(uuid.UUID(int=5))


def orders(folder: Path, **members: Any) -> str:
    row = {
        "reference": "1001",
        "transaction_id": ID,
        "amount": "4990",
        "status": "paid",
        "created": "2026-05-01",
    }
    row |= members
    path = folder / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    return str(path)


def checks(folder: Path, *results: netgiro.CheckResult) -> str:
    path = folder / "checks.jsonl"
    given = results or (shop.check(uuid.UUID(ID), "confirmed", amount=4990, reference="1001"),)
    netgiro.CheckResults(given).save(path)
    return str(path)


def test_balanced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([orders(tmp_path), "--checks", checks(tmp_path)]) == 0
    assert (
        capsys.readouterr().out
        == "1 of 1 order matched; 4.990\u00a0kr. paid; nothing is at stake\n"
    )


def test_differences(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([orders(tmp_path, status="open"), "--checks", checks(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("4.990\u00a0kr. at stake")
    assert "paid_not_recorded  1001: Paid at Netgíró; open in the shop." in out
    assert main([orders(tmp_path, status="open"), "--checks", checks(tmp_path), "--quiet"]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_uncertain_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failed = checks(tmp_path, shop.failed(uuid.UUID(ID)))
    assert main([orders(tmp_path), "--checks", failed]) == 2
    # Also when there are differences beside it.
    other = shop.check(uuid.UUID(int=6), "confirmed", amount=1)
    assert (
        main([orders(tmp_path), "--checks", checks(tmp_path, shop.failed(uuid.UUID(ID)), other)])
        == 2
    )
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: orders"),
        (["missing.csv", "--checks", "{checks}"], "there is no file missing.csv"),
        (["{orders}", "--checks", "missing.jsonl"], "missing.jsonl"),
        (["{orders}", "--checks", "{orders}"], "error or"),
        (["{orders}"], "NETGIRO_APP_KEY"),
        (
            ["{orders}", "--checks", "{checks}", "--out", "report.pdf"],
            ".html, .xlsx, .csv, .parquet",
        ),
        (
            ["{orders}", "--checks", "{checks}", "--out", "/nowhere/report.html"],
            "there is no such folder",
        ),
        (["{orders}", "--checks", "{checks}", "--status", "paid"], "NAME=VALUE"),
        (["{orders}", "--checks", "{checks}", "--status", "paid=lost"], "'lost'"),
        (["{orders}", "--checks", "{checks}", "--column", "price=amount"], "known are"),
        (["{orders}", "--checks", "{checks}", "--from", "01/05/2026"], "--from: "),
        (["{orders}", "--checks", "{checks}", "--tolerance", "much"], "tolerance"),
        (["{orders}", "--nonsense"], "--nonsense"),
    ],
)
def test_an_error_is_printed_and_is_not_a_difference(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NETGIRO_APP_KEY", raising=False)
    names = {"orders": orders(tmp_path), "checks": checks(tmp_path)}
    code = main([argument.format(**names) for argument in arguments])
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    if words != "error or":
        assert words in told.err


def test_the_files_it_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outs = [tmp_path / f"report{suffix}" for suffix in (".html", ".xlsx", ".csv", ".parquet")]
    arguments = [orders(tmp_path, phone="8223281"), "--checks", checks(tmp_path), "--keep", "phone"]
    for out in outs:
        arguments += ["--out", str(out)]
    assert main(arguments) == 0
    assert all(out.stat().st_size > 0 for out in outs)
    assert "*****81" in outs[2].read_text(encoding="utf-8")
    capsys.readouterr()


def test_a_report_that_cannot_be_written_is_not_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.html").mkdir()
    code = main(
        [orders(tmp_path), "--checks", checks(tmp_path), "--out", str(tmp_path / "report.html")]
    )
    assert code == 2
    assert "report.html" in capsys.readouterr().err


def test_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([orders(tmp_path, amount="5.000 kr."), "--checks", checks(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["is_balanced"] is False
    assert (told["at_stake"], told["paid_amount"]) == (10, 4990)
    [row] = told["exceptions"]
    assert (row["outcome"], row["difference"], row["created"]) == (
        "amount_mismatch",
        -10,
        "2026-05-01T00:00:00+00:00",
    )


def test_options_reach_the_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = checks(tmp_path)
    given = orders(tmp_path, amount="5000", status="í gám", total="1")
    named = [given, "--checks", saved, "--status", "í gám=paid", "--column", "amount=amount"]
    assert main(named) == 1
    assert main([*named, "--tolerance", "10"]) == 0
    assert main([*named, "--to", "2026-04-30"]) == 0
    assert main([*named, "--from", "2026-05-01", "--to", "2026-05-01"]) == 1
    capsys.readouterr()


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[netgiro.Simulator]:
    with netgiro.Simulator(seed=1) as simulator:
        monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
        monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
        monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
        yield simulator


def test_it_checks_at_netgiro(
    simulator: netgiro.Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with simulator.client() as client:
        cart = client.insert_cart(amount=4990, reference="1001", customer_id="8111111")
    given = orders(tmp_path, transaction_id=str(cart.transaction_id))
    simulator.advance(10)
    assert main([given, "--rate", "100"]) == 0
    simulator.close()
    # Nobody answers: what is settled already needs no answer, the rest cannot be told.
    known = shop.check(cart.transaction_id, "confirmed", amount=4990, reference="1001")
    assert main([given, "--checks", checks(tmp_path, known), "--check"]) == 0
    assert main([given, "--retry-for", "0.2"]) == 2
    capsys.readouterr()


def test_from_the_shell(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "netgiro", "reconcile", orders(tmp_path, status="open")]
    command += ["--checks", checks(tmp_path)]
    ran = subprocess.run(
        command, capture_output=True, timeout=60, env=os.environ | {"PYTHONUTF8": "1"}, check=False
    )
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert "4.990" in ran.stdout.decode()
