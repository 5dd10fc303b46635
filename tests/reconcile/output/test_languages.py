"""The report in Icelandic, with the shop's name: pages, workbooks, charts, and every sentence of the core."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shop

import netgiro
from netgiro.reconciliation import rows as reconciliation_rows
from netgiro.reconciliation.command import main
from netgiro.reconciliation.writing import icelandic
from netgiro.reconciliation.writing.languages import English, Icelandic, language

ROOT = Path(__file__).parents[3]
WRITING = ROOT / "python" / "netgiro" / "reconciliation" / "writing"
MONTH = shop.month(seed=3, orders=400, faults=24)
REPORT = netgiro.reconcile(MONTH.orders, MONTH.checks, now=shop.NOW)


def texts(page: str) -> str:
    bare = re.sub(r"<style>.*?</style>|<[^>]*>", "\n", page, flags=re.DOTALL)
    return html.unescape(bare)


def test_the_page() -> None:
    page = REPORT.to_html(lang="is", shop="Kaffi & Co <Reykjavík>")
    assert '<html lang="is">' in page
    assert "Kaffi &amp; Co &lt;Reykjavík&gt;" in page
    assert "<title>Kaffi &amp; Co &lt;Reykjavík&gt; – Afstemming</title>" in page
    shown = texts(page)
    for text in (
        "Afstemming",
        "í húfi",
        "Skráð greitt í versluninni",
        "staðan 1. júní 2026 kl.\u00a008:00",
        "1. maí 2026 til",
    ):
        assert text in shown
    assert not re.search(
        r"(?i)\b(the|and|paid|order|orders|not|class|stake|days|day|check|answer|time)\b", shown
    )


def test_english_is_the_default() -> None:
    page = REPORT.to_html()
    assert page == REPORT.to_html(lang="en") == REPORT.to_html(lang="de-DE")
    assert '<html lang="en">' in page
    assert "<title>Reconciliation</title>" in page
    assert "<h1>Maí</h1>" in REPORT.to_html(title="Maí", lang="is")
    with pytest.raises(netgiro.InvalidRequestError, match="lang must be text"):
        REPORT.to_html(lang=None)  # type: ignore[arg-type]


def test_a_report_without_exceptions() -> None:
    row = {"reference": "1", "transaction_id": uuid.UUID(int=1), "amount": 4990, "status": "paid"}
    paid = shop.check(uuid.UUID(int=1), "confirmed", amount=4990, reference="1")
    report = netgiro.reconcile([row], [paid], now=shop.NOW)
    shown = texts(report.to_html(lang="is"))
    assert "Allt stemmir" in shown
    assert "1 af 1 pöntun stemmir við Netgíró." in shown


def test_the_workbook(tmp_path: Path) -> None:
    kept = [row | {"reason": "x", "Búð": "Laugavegur"} for row in MONTH.orders]
    report = netgiro.reconcile(kept, MONTH.checks, now=shop.NOW, keep=["reason", "Búð"])
    report.to_excel(tmp_path / "report.xlsx", lang="is", shop="=Búðin")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames == ["Samantekt", "Frávik", "Allar línur"]
    assert [cell.value for cell in book["Samantekt"][1]][:2] == ["=Búðin", "Afstemming"]
    assert book["Samantekt"]["A1"].data_type == "s"
    heads = [cell.value for cell in book["Frávik"][1]]
    assert heads[:4] == ["flokkur", "tilvísun", "færslunúmer", "pantað"]
    # The shop's own headers stay as they are.
    assert heads[-2:] == ["order_reason", "Búð"]
    classes = {row[0].value for row in book["Allar línur"].iter_rows(min_row=2)}
    assert classes <= set(icelandic.LABELS.values())
    created = book["Frávik"].cell(2, heads.index("stofnað") + 1)
    assert (created.is_date, created.number_format) == (True, "d.m.yyyy hh:mm")


@pytest.mark.parametrize("name", ["outcomes_by_day", "at_stake", "time_to_confirm", "open_by_age"])
def test_the_charts(name: str) -> None:
    chart: dict[str, Any] = getattr(REPORT.plot, name)(lang="is").to_dict()
    assert chart["config"]["locale"]["number"]["decimal"] == ","
    # The greys that dark pages need, in each language.
    english = getattr(REPORT.plot, name)().to_dict()["config"]
    assert {part: chart["config"][part] for part in english} == english
    assert english["title"]["color"] == english["axis"]["labelColor"]
    assert chart["title"] in icelandic.TEXTS.values()
    for value in chart["data"]["values"]:
        assert value.get("class", "stemmir") in icelandic.LABELS.values()
        assert value.get("time", "innan 10 s") in icelandic.TEXTS.values()
    assert "locale" not in getattr(REPORT.plot, name)().to_dict()["config"]


def test_the_command(tmp_path: Path) -> None:
    page, book = tmp_path / "report.html", tmp_path / "report.xlsx"
    netgiro.CheckResults(MONTH.checks).save(tmp_path / "checks.jsonl")
    lines = [",".join(map(str, row.values())) for row in MONTH.orders]
    file = tmp_path / "orders.csv"
    file.write_text("\n".join([",".join(MONTH.orders[0]), *lines]), encoding="utf-8")
    given = [
        str(file),
        "--checks",
        str(tmp_path / "checks.jsonl"),
        "--lang",
        "is",
        "--shop",
        "Búðin mín",
    ]
    assert main([*given, "--out", str(page), "--out", str(book)]) == 2
    assert "<title>Búðin mín – Afstemming</title>" in page.read_text(encoding="utf-8")
    assert openpyxl.load_workbook(book)["Samantekt"]["A1"].value == "Búðin mín"
    assert main([*given[:3], "--lang", "da"]) == 2


def test_every_text_of_the_templates_has_its_icelandic() -> None:
    used = {
        text
        for file in WRITING.rglob("*")
        if file.suffix in {".html", ".py"}
        for text in re.findall(
            r'(?:\bt|words\.text)\("([^"]+)"\)', file.read_text(encoding="utf-8")
        )
    }
    assert len(used) > 30
    assert used <= icelandic.TEXTS.keys()
    assert set(icelandic.LABELS) == {outcome.value for outcome in netgiro.Outcome}
    assert {status.value for status in netgiro.CartStatus} <= icelandic.STATUSES.keys()
    names = {*reconciliation_rows.Row._fields, *reconciliation_rows.Totals._fields} - {
        "kept",
        "age",
        "by_outcome",
    }
    assert names <= icelandic.TEXTS.keys()


def of_the_vectors() -> set[str]:
    """Every reason and action that the core gives in the shared cases."""
    found: set[str] = set()
    path = ROOT / "tests" / "vectors" / "reconciliation.json"

    def none(text: str) -> str | None:
        return None if text == "-" else text

    document = json.loads(path.read_text(encoding="utf-8"))
    for case in (*document["cases"], *document["refund_cases"]):
        given = [
            {
                "reference": none(reference),
                "transaction_id": none(cart) and str(uuid.UUID(int=int(cart))),
                "amount": int(amount),
                "status": status,
                "refunded": int(*refunded or "0"),
            }
            for reference, cart, amount, status, *refunded in map(str.split, case["orders"])
        ]
        if any(row["amount"] < 0 for row in given):
            given = [row | {"refunded": 0} for row in given]
        refunds = case.get("refunds") and [
            {
                "transaction_id": none(cart) and str(uuid.UUID(int=int(cart))),
                "reference": none(reference),
                "amount": int(amount),
                "status": status,
            }
            for cart, reference, amount, status in map(str.split, case["refunds"])
        ]
        made = [
            shop.check(
                uuid.UUID(int=int(cart)),
                status,
                amount=none(amount) and int(amount),
                reference=none(reference),
            )
            if status not in {"failed", "unknown"}
            else netgiro.CheckResult(
                uuid.UUID(int=int(cart)), error=netgiro.TimeoutError("no answer in time")
            )
            for cart, status, amount, reference in (line.split() for line in case["checks"])
        ]
        given = given or [{"reference": "x", "transaction_id": None, "amount": 1, "status": "open"}]
        report = netgiro.reconcile(
            given, made, tolerance=case["tolerance"], now=shop.NOW, refunds=refunds
        )
        found |= {text for row in report.rows for text in (row.reason, row.action) if text}
    return found


def test_every_sentence_of_the_core_has_its_icelandic() -> None:
    found = of_the_vectors()
    assert len(found) > 100
    for english in sorted(found):
        translated = icelandic.sentence(english)
        assert translated != english
        rest = translated.replace("no answer in time", "")
        assert not re.search(r"(?i)\b(the|and|paid|order|orders|not|cart|reference)\b", rest), (
            translated
        )
        # Amounts and counts are the same, in the same order.
        assert re.findall(r"[\d.]+(?= kr\.)", translated) == re.findall(r"[\d.]+(?= kr\.)", english)
        assert "<" not in translated


def test_every_sentence_in_the_cores_sources_is_in_the_table() -> None:
    sources = ROOT / "crates" / "netgiro-reconcile" / "src"
    unused = {english for english, _ in icelandic._SENTENCES if english}
    for name in (
        *("rules.rs", "grouping.rs", "refunds/mod.rs", "refunds/rules.rs"),
        *("settlements/mod.rs", "settlements/refunds.rs"),
    ):
        text = re.sub(r"\\\n\s*", "", (sources / name).read_text(encoding="utf-8"))
        for literal in re.findall(r'"([A-Z{][^"]*[.}])"', text):
            example = re.sub(r"\{[^}]*\}", "1 kr.", literal)
            sentence = icelandic.sentence(example)
            if sentence != example:
                pattern = next(each for each in icelandic._PATTERNS if each[0].fullmatch(example))
                unused -= {
                    english for english, there in icelandic._SENTENCES if there == pattern[2]
                }
    # Those whose parts are other words than amounts; the vectors have them.
    assert all("<" in english or "settled" in english for english in unused), unused


CODES = [
    each["code"]
    for each in json.loads(
        (ROOT / "tests" / "vectors" / "answers" / "errors.json").read_text(encoding="utf-8")
    )["errors"]
]


def test_every_error_has_its_icelandic() -> None:
    assert list(icelandic.ERRORS) == CODES
    for translated in icelandic.ERRORS.values():
        # It stands within a sentence, before its full stop.
        assert translated[0].islower() or translated.startswith("Netgíró")
        assert translated[-1].isalpha()
        assert "<" not in translated
    assert len(set(icelandic.ERRORS.values())) == len(CODES)


def raised(code: str, message: str) -> netgiro.NetgiroError:
    (kind,) = (each for each in errors(netgiro.NetgiroError) if each.code == code)
    return kind(message)


def errors(kind: type[netgiro.NetgiroError]) -> list[type[netgiro.NetgiroError]]:
    return [each for below in kind.__subclasses__() for each in (below, *errors(below))]


@pytest.mark.parametrize("saved", [False, True], ids=["results", "a table"])
@pytest.mark.parametrize("code", CODES)
def test_why_a_check_failed(code: str, saved: bool, tmp_path: Path) -> None:
    cart = uuid.UUID(int=1)
    row = {"reference": "1", "transaction_id": cart, "amount": 4990, "status": "paid"}
    # What is masked in the row is found as well.
    error = raised(code, f"the English of {code}, to 822-3281")
    checks = netgiro.CheckResults([netgiro.CheckResult(cart, error=error)])
    report = netgiro.reconcile([row], checks.to_pandas() if saved else checks, now=shop.NOW)
    assert f"the English of {code}" in report.to_html()
    expected = f"Ekki er vitað hvort greitt var: {icelandic.ERRORS[code]}."
    shown = texts(report.to_html(lang="is"))
    assert expected in shown
    assert "English" not in shown
    report.to_excel(tmp_path / "report.xlsx", lang="is")
    cells = openpyxl.load_workbook(tmp_path / "report.xlsx")["Frávik"]
    assert expected in {cell.value for cell in cells[2]}


def test_why_a_check_failed_where_its_code_is_not_known() -> None:
    sentence = "It could not be told whether it is paid: {}."
    translated = "Ekki er vitað hvort greitt var: {}."
    assert icelandic.sentence(sentence.format("x")) == translated.format("x")
    # A table may hold the code in place of a message.
    timeout = translated.format(icelandic.ERRORS["timeout"])
    assert icelandic.sentence(sentence.format("timeout")) == timeout
    later = {"x": "a code of a later version"}
    assert icelandic.sentence(sentence.format("x"), later) == translated.format("x")


def test_settlements_in_icelandic() -> None:
    for english in (
        "Whether an item is for it is not known: nobody said how items name carts.",
        "Paid 4.990 kr., settled 4.900 kr.",
        "Paid 4.990 kr., settled 9.980 kr. in 2 items.",
        "Settled as it was paid.",
        "Settled as it was paid, less 400 kr. refunded.",
        "Settled as it was paid, less 400 kr.; 300 kr. is known to be refunded.",
        "Settled as it was paid; of what was refunded, 300 kr. is in no settlement yet.",
        "Settled as it was refunded; the sale is not among the carts.",
    ):
        assert icelandic.sentence(english) != english


def test_numbers_days_and_ages() -> None:
    words = Icelandic()
    assert [words.counted(many, "order") for many in (1, 2, 11, 21, 1001)] == [
        "1 pöntun",
        "2 pantanir",
        "11 pantanir",
        "21 pöntun",
        "1.001 pöntun",
    ]
    assert words.counted(1500) == "1.500"
    ages = [
        dt.timedelta(minutes=5),
        dt.timedelta(hours=5),
        dt.timedelta(days=3),
        dt.timedelta(days=21),
    ]
    assert [words.age(age) for age in ages] == ["5 mín.", "5 klst.", "3 dagar", "21 dagur"]
    assert words.age(None) == ""
    assert words.day(dt.date(2026, 5, 1)) == "1. maí 2026"
    assert words.short_day(dt.date(2026, 5, 1)) == "1.5.2026"
    assert words.unverified(3, Decimal(4990)) == ", þar af 3 óstaðfest (4.990\u00a0kr.)"
    assert words.status("paid, open") == "greidd, opin"
    assert words.sentence("a sentence of a later version") == "a sentence of a later version"


@pytest.mark.parametrize(
    ("tag", "code"),
    [("is", "is"), ("is-IS", "is"), ("IS_is", "is"), ("en", "en"), ("da", "en"), ("", "en")],
)
def test_languages(tag: str, code: str) -> None:
    assert language(tag).code == code
    assert isinstance(language(tag), English)
