"""100,000 orders, with checks already done. How long it takes is measured by `make bench`."""

from __future__ import annotations

import tracemalloc

import polars as pl
import pytest
import shop

import netgiro

ORDERS = 100_000


@pytest.fixture(scope="module")
def made() -> shop.Month:
    return shop.month(seed=2, orders=ORDERS, faults=800)


def test_a_hundred_thousand_orders(made: shop.Month) -> None:
    frame = pl.DataFrame(made.orders)
    results = netgiro.CheckResults(made.checks)
    report = netgiro.reconcile(frame, results, now=shop.NOW)
    assert len(report.exceptions) == 800


def test_only_the_rows_that_are_read_are_made(made: shop.Month) -> None:
    report = netgiro.reconcile(made.orders, made.checks, now=shop.NOW)
    tracemalloc.start()
    report._repr_html_()
    list(report.exceptions[:100])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000
