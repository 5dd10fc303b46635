"""The report on a phone: nothing leaves its card, and the money is on the screen."""

from __future__ import annotations

import datetime as dt
import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drawing
import pytest

import netgiro

sys.path.insert(0, str(Path(__file__).parents[1] / "reconcile"))

import shop

WIDTHS = (320, 360, 390, 430, 640, 820, 1280)
OUTSIDE = """() => [...document.querySelectorAll('main *')]
    .filter((node) => !node.closest('svg') && node.getClientRects().length)
    .filter((node) => {
        const inside = node.getBoundingClientRect(), card = (node.closest('section') ?? document.body).getBoundingClientRect()
        return inside.right > card.right + 1 || inside.left < card.left - 1
    })
    .map((node) => `${node.tagName}.${node.className}: ${node.textContent.slice(0, 40)}`)"""
MONEY = """() => [...document.querySelectorAll('main *')]
    .filter((node) => node.children.length === 0 && /kr\\.$/.test(node.textContent))
    .filter((node) => { const at = node.getBoundingClientRect(); return at.left < 0 || at.right > innerWidth || !at.width })
    .map((node) => node.textContent)"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if "NETGIRO_TEST_CHROMIUM" not in os.environ:
        pytest.skip("Chromium is not there")
    with drawing.browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def report() -> netgiro.Reconciliation:
    made = shop.month(seed=7, orders=5000, faults=60)
    at = dt.datetime(2026, 5, 9, tzinfo=dt.timezone.utc)
    rows = [order | {"Verslun": "Laugavegi 12, Reykjavík"} for order in made.orders]
    rows.append(
        {
            "reference": "x" * 60,
            "transaction_id": uuid.UUID(int=1),
            "amount": 999_999_999_999,
            "status": "paid",
            "created": at,
            "Verslun": "Kringlunni",
        }
    )
    return netgiro.reconcile(rows, made.checks, now=shop.NOW, keep=["Verslun"])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["en", "is"])
def test_nothing_leaves_its_card(
    lang: str, width: int, chromium: Any, report: netgiro.Reconciliation
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    try:
        page.set_content(report.to_html(lang=lang, shop="Álafossbúðin"))
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if width <= 640:  # a table of a wider page scrolls in its card
            assert page.evaluate(OUTSIDE) == []
            assert page.evaluate(MONEY) == []
    finally:
        page.close()


@pytest.mark.skipif(os.environ.get("NETGIRO_SCREENSHOTS") != "1", reason="it writes docs/images")
def test_the_picture_is_written(chromium: Any) -> None:
    made = shop.month(seed=7, orders=5000, faults=60)
    found = netgiro.reconcile(made.orders, made.checks, now=shop.NOW)
    page = chromium.new_page(viewport={"width": 390, "height": 1240}, device_scale_factor=1.5)
    page.set_content(found.to_html(lang="is", shop="Álafossbúðin"))
    page.screenshot(path=drawing.IMAGES / "report-phone.png")
    page.close()
