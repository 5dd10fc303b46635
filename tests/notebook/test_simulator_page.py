"""The simulator's page on screens of all sizes: nothing is cut off, and "timed out" is told from "canceled"."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import drawing
import pytest

import netgiro

PATIENCE = 60_000  # milliseconds
CUSTOMERS = ("8111111", "8223281", "6912345", "8222222", "7700001", "1111111119")
CUT_OFF = """() => [...document.querySelectorAll('.rows summary > *, .tool, .stats dd')]
    .filter((node) => node.getClientRects().length && node.scrollWidth > node.clientWidth + 1)
    .map((node) => `${node.className}: ${node.textContent}`)"""
TALL = """() => [...document.querySelectorAll('[data-advance]')].map((node) => node.clientHeight)"""


@pytest.fixture(scope="module")
def simulator() -> Iterator[tuple[netgiro.Simulator, dict[str, netgiro.Cart]]]:
    if "NETGIRO_TEST_CHROMIUM" not in os.environ:
        pytest.skip("Chromium is not there")
    with netgiro.Simulator(seed=3) as simulator, simulator.client() as client:
        carts = {
            customer: client.insert_cart(
                amount=149_900 - at, reference=f"order-{1001 + at}", customer_id=customer
            )
            for at, customer in enumerate(CUSTOMERS)
        }
        simulator.expire(carts["6912345"].transaction_id)
        client.cancel_cart(carts["7700001"])
        for cart in carts.values():
            client.check_cart(cart)
        yield simulator, carts


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with drawing.browser() as chromium:
        yield chromium


def opened(chromium: Any, simulator: netgiro.Simulator, lang: str, width: int) -> Any:
    page = chromium.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{simulator.page_url}?lang={lang}")
    page.locator("#calls > li").nth(5).wait_for()
    return page


@pytest.mark.parametrize("width", [940, 1100, 1200, 1280, 1366, 1440, 1536, 1920])
@pytest.mark.parametrize("lang", ["en", "is"])
def test_nothing_is_cut_off(lang: str, width: int, simulator: Any, chromium: Any) -> None:
    page = opened(chromium, simulator[0], lang, width)
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CUT_OFF) == []
        assert len(set(page.evaluate(TALL))) == 1
    finally:
        page.close()


@pytest.mark.parametrize(
    ("lang", "words"),
    [("en", ("Timed out", "Canceled", "Declined")), ("is", ("Rann út", "Hætt við", "Hafnað"))],
)
def test_how_carts_ended(lang: str, words: Any, simulator: Any, chromium: Any) -> None:
    page = opened(chromium, simulator[0], lang, 1280)
    try:
        for customer, word in zip(("6912345", "7700001", "8222222"), words, strict=True):
            cart = simulator[1][customer]
            assert word in page.get_by_test_id(f"row-{cart.transaction_id}").inner_text()
            page.get_by_test_id(f"past-{cart.transaction_id}").get_by_text(word).wait_for()
    finally:
        page.close()
    ended = {
        cart.reference: (cart.status.value, cart.is_timed_out) for cart in simulator[0].carts()
    }
    assert ended["order-1003"] == ("canceled", True)
    assert ended["order-1005"] == ("canceled", False)
