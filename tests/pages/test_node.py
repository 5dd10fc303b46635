"""The pages about Node's frameworks: each is a shop, and sells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from page import Page
from shop import LONGEST, Shop, sells, times_out

from netgiro import Simulator


@pytest.mark.parametrize("name", ["express", "fastify", "bullmq"])
def test_its_packages_are_those_that_it_names(name: str, node_folder: Path) -> None:
    page = Page(f"docs/frameworks/{name}.md")
    imported = set()
    for block in page.of("js"):
        if block.file not in {"shop.mjs", "worker.mjs", "queue.mjs", "orders.mjs"}:
            continue
        imported |= set(
            re.findall(r"^import .*from '((?:@[\w-]+/)?[\w-]+)", block.text, re.MULTILINE)
        )
    named = page.installs.split()
    builtin = {"node"}
    assert imported - builtin <= set(named)
    assert all((node_folder.parent / "node_modules" / package).is_dir() for package in named)


@pytest.mark.parametrize("name", ["express", "fastify"])
def test_a_shop(name: str, node_folder: Path, simulator: Simulator) -> None:
    page = Page(f"docs/frameworks/{name}.md")
    page.write(node_folder)
    shop = Shop(page, node_folder, simulator)
    with shop.running():
        sells(shop)
        times_out(shop)


@pytest.mark.skipif("NETGIRO_TEST_REDIS" not in os.environ, reason="there is no Redis")
def test_bullmq(node_folder: Path, simulator: Simulator) -> None:
    page = Page("docs/frameworks/bullmq.md")
    page.write(node_folder)
    shop = Shop(page, node_folder, simulator)
    shop.environment["REDIS_URL"] = os.environ["NETGIRO_TEST_REDIS"]
    with shop.running():
        sells(shop)
        times_out(shop)


def test_nestjs(node_folder: Path, simulator: Simulator) -> None:
    # `nest build` compiles by the same tsconfig.build.json.
    shutil.copytree(Path(__file__).parent / "nestjs", node_folder, dirs_exist_ok=True)
    page = Page("docs/frameworks/nestjs.md")
    page.write(node_folder)
    shop = Shop(page, node_folder, simulator)
    with shop.running():
        sells(shop)
        times_out(shop)


def test_the_page_about_tests(node_folder: Path) -> None:
    page = Page("docs/testing/node.md")
    page.write(node_folder)
    for command in ["node --test", "npx vitest run checkout.spec.mjs"]:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=node_folder,
            env={**os.environ, "NODE_OPTIONS": "", "CI": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_fastify_shows_the_same_orders_as_express() -> None:
    """Each page is whole; what they share is written once, and copied."""

    def shared(path: str) -> dict[str | None, str]:
        names = {"orders.mjs", "pages.mjs"}
        return {block.file: block.text for block in Page(path).blocks if block.file in names}

    assert len(shared("docs/frameworks/fastify.md")) == 2
    assert shared("docs/frameworks/fastify.md") == shared("docs/frameworks/express.md")
