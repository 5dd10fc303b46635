"""Refunds in what a report shows and writes, in both languages, and on the command line."""

from __future__ import annotations

import csv
import html
import json
import re
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
import shop

import netgiro
from netgiro import Outcome
from netgiro.reconciliation.command import main
from netgiro.reconciliation.writing import icelandic


def cart(number: int) -> str:
    return str(uuid.UUID(int=number))


def sale(number: int, amount: int, **members: Any) -> dict[str, Any]:
    return {
        "reference": str(1000 + number),
        "transaction_id": cart(number),
        "amount": amount,
        "status": "paid",
        "created": "2026-05-01",
    } | members


def returned(number: int, amount: int) -> dict[str, Any]:
    return sale(number, -amount, status="refunded", created="2026-05-09")


def sent(number: int, amount: int, **members: Any) -> dict[str, Any]:
    made = {"transaction_id": cart(number), "amount": amount, "key": f"{number}-{amount}"}
    return made | {"status": "made"} | members


ORDERS = [
    *(sale(1, 4990), returned(1, 1000)),  # in part
    *(sale(2, 7900), returned(2, 7900)),  # in full
    sale(3, 12_990),  # refunded, and not recorded
    *(sale(4, 2490), returned(4, 490)),  # recorded, and not refunded
    *(sale(5, 990), returned(5, 1990)),  # too much
    *(sale(6, 3450), returned(6, 450)),  # it is not known whether it is made
    sale(7, 24_900),
]
CHECKS = [
    shop.check(
        uuid.UUID(row["transaction_id"]),
        "confirmed",
        amount=row["amount"],
        reference=row["reference"],
    )
    for row in ORDERS
    if row["amount"] > 0
]
SENT = [
    sent(1, 1000),
    sent(2, 7900),
    sent(3, 2000),
    sent(6, 450, status="unknown"),
]
REPORT = netgiro.reconcile(ORDERS, CHECKS, refunds=SENT, now=shop.NOW)
CLASSES = {
    "1001": "partly_refunded",
    "1002": "refunded",
    "1003": "refunded_not_recorded",
    "1004": "recorded_not_refunded",
    "1005": "refunded_too_much",
    "1006": "unverified",
    "1007": "matched",
}


def texts(page: str) -> str:
    return " ".join(
        html.unescape(re.sub(r"<style>.*?</style>|<[^>]*>", "\n", page, flags=re.DOTALL)).split()
    )


def test_the_classes() -> None:
    assert {row.reference: row.outcome.value for row in REPORT.rows} == CLASSES
    assert [row.at_stake for row in REPORT.exceptions] == [2000, 1000, 490, 450]
    assert [outcome for outcome in Outcome if outcome.is_in_order] == [
        Outcome.REFUNDED,
        Outcome.PARTLY_REFUNDED,
        Outcome.MATCHED,
    ]
    total = REPORT.totals
    assert (total.orders, total.order_amount, total.paid_amount) == (7, 57_710, 57_710)
    assert (total.recorded_refund_amount, total.refunded_amount) == (11_830, 10_900)
    assert total.orders_in_order == 3


def test_the_text() -> None:
    assert str(REPORT).startswith(
        "3.940\u00a0kr. at stake; 3 of 7 orders matched; 1 refunded_too_much"
    )
    good = netgiro.reconcile(
        ORDERS[:4], CHECKS, refunds=SENT[:2], now=shop.NOW, date_to="2026-05-31"
    )
    only = [row for row in good.rows if row.reference in {"1001", "1002"}]
    assert all(row.outcome.is_in_order for row in only)
    report = netgiro.reconcile(ORDERS[:4], CHECKS[:2], refunds=SENT[:2], now=shop.NOW)
    assert str(report) == (
        "2 of 2 orders matched; 12.890\u00a0kr. paid, 8.900\u00a0kr. refunded; nothing is at stake"
    )
    assert report.is_balanced
    assert report.summary["outcomes"]["refunded"]["refunded_amount"] == 7900


def test_the_page() -> None:
    shown = texts(REPORT.to_html())
    for text in (
        "Recorded as refunded in the shop −11.830\u00a0kr.".replace("\u00a0", " "),
        "Refunded at Netgíró −10.900 kr.",
        # 10.900 given back against 11.830 recorded.
        "Difference +930 kr.",
        "Recorded as refunded Refunded At stake",
        "refunded 2.000 kr.",
        "partly refunded",
        "490 kr. recorded as refunded; 0 kr. refunded at Netgíró.",
        "1.990 kr. recorded as refunded; 990 kr. paid.",
        "It is not known whether a refund of 450 kr. was made.",
    ):
        assert text in shown, text
    assert "refund" not in texts(
        netgiro.reconcile([sale(7, 24_900)], CHECKS[-1:], now=shop.NOW).to_html()
    )
    # Each class has a colour.
    css = REPORT.to_html()
    assert all(f"--{outcome.value}:#" in css for outcome in Outcome)


def test_the_icelandic_page() -> None:
    shown = texts(REPORT.to_html(lang="is", shop="Búðin"))
    for text in (
        "Skráð endurgreitt í versluninni −11.830 kr.",
        "Endurgreitt hjá Netgíró −10.900 kr.",
        "endurgreitt, ekki skráð",
        "skráð, ekki endurgreitt",
        "of mikið endurgreitt",
        "endurgreitt að hluta",
        "2.000 kr. endurgreiddar hjá Netgíró; 0 kr. skráðar endurgreiddar.",
        "Skráðu endurgreiðsluna.",
        "Ekki er vitað hvort 450 kr. voru endurgreiddar.",
        "3 af 7 pöntunum stemma við Netgíró",
    ):
        assert text in shown, text
    assert not re.search(
        r"(?i)\b(the|and|paid|order|orders|not|refund|refunded|recorded|stake|row)\b", shown
    )


def test_the_workbook(tmp_path: Path) -> None:
    REPORT.to_excel(tmp_path / "report.xlsx", lang="is")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    heads = [cell.value for cell in book["Samantekt"][3]]
    assert heads[6:9] == ["greitt", "skráð endurgreitt", "endurgreitt"]
    last = [cell.value for cell in book["Samantekt"][4 + len(Outcome)]]
    assert last[0] == "samtals"
    assert last[7:9] == [11_830, 10_900]
    rows = book["Allar línur"]
    heads = [cell.value for cell in rows[1]]
    by_reference = {row[1].value: row for row in rows.iter_rows(min_row=2)}
    assert by_reference["1001"][heads.index("endurgreitt")].value == 1000
    assert by_reference["1007"][heads.index("endurgreitt")].value is None


def test_files_and_frames(tmp_path: Path) -> None:
    REPORT.to_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(Decimal(row["refunded_amount"] or 0) for row in rows) == 10_900
    assert sum(Decimal(row["recorded_refund_amount"] or 0) for row in rows) == 11_830
    REPORT.to_parquet(tmp_path / "report.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "report.parquet")
    assert table.equals(REPORT.to_arrow())
    assert sum(filter(None, table["refunded_amount"].to_pylist())) == 10_900
    assert REPORT.to_polars()["refunded_amount"].sum() == 10_900
    assert REPORT.to_pandas()["recorded_refund_amount"].dropna().sum() == 11_830
    plain = json.loads(REPORT.to_json())
    assert plain["totals"]["by_outcome"]["refunded"]["refunded_amount"] == 7900


def test_the_charts() -> None:
    values = REPORT.plot.at_stake(lang="is").to_dict()["data"]["values"]
    assert {value["class"] for value in values} == {
        icelandic.LABELS[word] for word in CLASSES.values() if not Outcome(word).is_in_order
    }
    with_all = REPORT.plot.outcomes_by_day(matched=True).to_dict()["data"]["values"]
    assert "partly refunded" in {value["class"] for value in with_all}


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    path = folder / name
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checks = tmp_path / "checks.jsonl"
    netgiro.CheckResults(CHECKS[:4]).save(checks)
    orders = written(tmp_path, "orders.csv", ORDERS[:4])
    given = [orders, "--checks", str(checks)]
    # Nothing says whether Netgíró refunded it.
    two = tmp_path / "two.jsonl"
    netgiro.CheckResults(CHECKS[:2]).save(two)
    assert main([orders, "--checks", str(two)]) == 2
    assert "whether Netgíró refunded it is not known" in capsys.readouterr().out
    good = written(tmp_path, "refunds.csv", SENT[:2])
    assert main([orders, "--checks", str(two), "--refunds", good]) == 0
    assert "8.900\u00a0kr. refunded" in capsys.readouterr().out
    more = written(tmp_path, "more.csv", SENT[:3])
    orders = written(tmp_path, "orders.csv", ORDERS[:6])
    assert main([orders, *given[1:], "--refunds", more, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["refunded_amount"], told["recorded_refund_amount"]) == (10_900, 8900)
    assert {row["outcome"] for row in told["exceptions"]} == {
        "refunded_not_recorded",
        "recorded_not_paid",
    } or told["exceptions"]
    # Its errors name its options.
    wrong = written(tmp_path, "wrong.csv", [sent(1, 1000, status="perhaps")])
    assert main([orders, *given[1:], "--refunds", wrong]) == 2
    assert "the status 'perhaps' of a refund is not known" in capsys.readouterr().err
    assert main([orders, *given[1:], "--refunds", str(tmp_path / "no.csv")]) == 2
    assert "there is no file" in capsys.readouterr().err
    both = written(tmp_path, "both.csv", [sale(1, 4990, refunded="1000"), returned(1, 1000)])
    assert main([both, *given[1:]]) == 2
    assert "give a file without it" in capsys.readouterr().err
