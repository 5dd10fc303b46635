"""100,000 orders, with checks already done. The bounds are loose: machines that test are slow, and shared."""

from __future__ import annotations

import time
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
    taken = []
    for _ in range(3):
        started = time.process_time()
        report = netgiro.reconcile(frame, results, now=shop.NOW)
        taken.append(time.process_time() - started)
    print(f"{ORDERS} orders: {min(taken):.2f} s of processor time")
    assert len(report.exceptions) == 800
    assert min(taken) < 6


def test_looking_costs_what_is_looked_at(made: shop.Month) -> None:
    report = netgiro.reconcile(made.orders, made.checks, now=shop.NOW)
    started = time.process_time()
    tracemalloc.start()
    report._repr_html_()
    list(report.exceptions[:100])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - started < 1
    assert peak < 5_000_000
