"""The pages about Python's frameworks: each is a shop, and sells."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from page import Page
from shop import PATIENCE, Shop, sells, times_out

from netgiro import Simulator

PAGES = [
    "docs/frameworks/flask.md",
    "docs/frameworks/fastapi.md",
    "docs/frameworks/django.md",
    "docs/frameworks/celery.md",
]


def started(path: str, folder: Path, simulator: Simulator) -> Shop:
    page = Page(path)
    shop = Shop(page, folder, simulator)
    shop.runs(page.before)
    page.write(folder)
    return shop


@pytest.mark.parametrize("page", PAGES)
def test_its_packages_are_those_that_it_names(page: str) -> None:
    """The environment of these tests has what `pip install` would install, so the page's line is complete."""
    command = f"{sys.executable} -m pip install --no-index --dry-run --quiet {Page(page).installs}"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def is_an_hour_later(folder: Path) -> None:
    with sqlite3.connect(folder / "shop.sqlite3", timeout=PATIENCE) as database:
        database.execute("UPDATE orders SET created = datetime('now', '-1 hour')")


def test_flask(tmp_path: Path, simulator: Simulator) -> None:
    shop = started("docs/frameworks/flask.md", tmp_path, simulator)
    with shop.running():
        sells(shop)

        def settle() -> None:
            is_an_hour_later(tmp_path)
            shop.runs("flask --app shop settle-open-orders")

        times_out(shop, before=settle)


def test_fastapi(tmp_path: Path, simulator: Simulator) -> None:
    shop = started("docs/frameworks/fastapi.md", tmp_path, simulator)
    with shop.running():
        sells(shop)
        page = shop.customer.pays("822-3281")
    # Its second start: the orders of the first are there, and are followed to their end.
    simulator.advance(200)
    is_an_hour_later(tmp_path)
    with shop.running():
        shop.customer.reads(page.url, "The time ran out")


def test_django(tmp_path: Path, simulator: Simulator) -> None:
    shop = started("docs/frameworks/django.md", tmp_path, simulator)
    with shop.running():
        sells(shop)
        times_out(shop)
        shop.runs("python manage.py test")


@pytest.mark.skipif("NETGIRO_TEST_REDIS" not in os.environ, reason="there is no Redis")
def test_celery(tmp_path: Path, simulator: Simulator) -> None:
    shop = started("docs/frameworks/celery.md", tmp_path, simulator)
    shop.environment["BROKER_URL"] = os.environ["NETGIRO_TEST_REDIS"]
    with shop.running():
        sells(shop)
        times_out(shop)


def test_the_page_about_tests(tmp_path: Path) -> None:
    page = Page("docs/testing/pytest.md")
    page.write(tmp_path)
    assert page.of("sh")[0].text.splitlines()[-1] == "pytest"
    command = [sys.executable, "-m", "pytest", "-q", "-pno:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "4 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["docs/frameworks/fastapi.md", "docs/frameworks/celery.md"])
def test_it_shows_the_same_orders_as_flask(page: str) -> None:
    """Each page is whole; what they share is written once, and copied."""

    def shared(path: str) -> dict[str | None, str]:
        names = {"orders.py", "templates/pay.html", "templates/order.html"}
        return {block.file: block.text for block in Page(path).blocks if block.file in names}

    assert len(shared(page)) == 3
    assert shared(page) == shared("docs/frameworks/flask.md")
