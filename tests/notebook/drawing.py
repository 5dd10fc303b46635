"""Pages as Chromium draws them, with what it says on its console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

CHROMIUM = os.environ.get("NETGIRO_TEST_CHROMIUM", "/usr/bin/chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images" / "reports"
THEMES = ("light", "dark")
WHOLE = (1240, 800)
# Charts side by side, as people who make pictures lay them out.
STYLE = """
body { padding: 12px 20px !important }
main:has(.jp-RenderedSVG) { display: grid; grid-template-columns: 780px 680px }
"""


@contextmanager
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield chromium
        finally:
            chromium.close()


def draw(
    chromium: Any, html: str, theme: str, image: Path, *, size: tuple[int, int] | None = None
) -> list[str]:
    """Draw a page, or so much of it in pixels; return what was wrong with it, and what it tried to load."""
    wrong: list[str] = []
    width, height = size or WHOLE
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    try:
        page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(f"loads {request.url[:200]}"))
        page.set_content(html, wait_until="load")
        if size is not None:
            page.add_style_tag(content=STYLE)
        page.screenshot(path=image, full_page=size is None)
    finally:
        page.close()
    return wrong


def colours(image: Path) -> int:
    """How many colours there are: one on a blank page."""
    with Image.open(image) as picture:
        return len(picture.convert("RGB").getcolors(2**24))


def ground(image: Path) -> bool:
    """Whether the page is light."""
    with Image.open(image) as picture:
        return sum(picture.convert("RGB").getpixel((2, 2))) > 3 * 128
