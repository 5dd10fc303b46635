"""Takes the pictures of the report in docs/images/reports, in headless Chromium, light and dark."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import shop

import netgiro

CHROMIUM = os.environ.get("NETGIRO_TEST_CHROMIUM", "/usr/bin/chromium")
IMAGES = Path(__file__).parents[2] / "docs" / "images" / "reports"
# What Chromium calls the two preferences.
SCHEMES = {"light": 1, "dark": 0}


def page(folder: Path) -> Path:
    """The report of a month of a shop, as a page."""
    made = shop.month(seed=7, orders=5000, faults=60)
    report = netgiro.reconcile(made.orders, made.checks, now=shop.NOW)
    path = folder / "report.html"
    report.to_html(path, title="May 2026")
    return path


def picture(page: Path, scheme: str, image: Path, size: str = "1240,1140") -> None:
    """Let Chromium draw the page."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
            f"--user-data-dir={profile}",
            f"--window-size={size}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            f"--screenshot={image}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = page(Path(folder))
        for scheme in SCHEMES:
            picture(path, scheme, IMAGES / f"report-{scheme}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
