"""The pages about Node's frameworks: each is a shop, and sells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from page import Page
from shop import Shop, sells, times_out

from netgiro import Simulator


@pytest.mark.parametrize("name", ["express", "fastify"])
def test_a_shop(name: str, node_folder: Path, simulator: Simulator) -> None:
    page = Page(f"docs/{name}.md")
    page.write(node_folder)
    shop = Shop(page, node_folder, simulator)
    with shop.running():
        sells(shop)
        times_out(shop)


@pytest.mark.skipif("NETGIRO_TEST_REDIS" not in os.environ, reason="there is no Redis")
def test_bullmq(node_folder: Path, simulator: Simulator) -> None:
    page = Page("docs/bullmq.md")
    page.write(node_folder)
    shop = Shop(page, node_folder, simulator)
    shop.environment["REDIS_URL"] = os.environ["NETGIRO_TEST_REDIS"]
    with shop.running():
        sells(shop)
        times_out(shop)
