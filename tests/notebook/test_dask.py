"""The checks on several worker processes of Dask: one pace, nothing lost, and duplicates found across partitions."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest
import running
from distributed import Client, LocalCluster

import netgiro

sys.path.insert(0, str(running.EXAMPLES / "reconciliation"))
import on_dask
from month import Month

# What Dask itself leaves to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
RATE, SHARES = 100, 2
WINDOW = 3.0
WITHIN = 120.0


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Month]:
    made = Month(tmp_path, orders=400, problems=40)
    yield made
    made.close()


@pytest.fixture
def keys(month: Month, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator = month.simulator
    monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
    monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
    monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)


@pytest.fixture
def cluster(keys: None) -> Iterator[LocalCluster]:
    locks = "distributed.scheduler.locks"
    quick = {f"{locks}.lease-timeout": "3s", f"{locks}.lease-validation-interval": "500ms"}
    with (
        dask.config.set(quick),
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster),
    ):
        yield cluster


def frames(month: Month) -> tuple[dd.DataFrame, dd.DataFrame]:
    """The exports in partitions, with the two halves of what is there twice far apart."""
    orders = pd.read_csv(month.orders, sep=";", dtype=str)
    carts = pd.read_csv(month.carts, dtype=str)
    twice = carts["reference"].duplicated()
    carts = pd.concat([carts[~twice], carts[twice]])
    twice = orders["Pöntunarnúmer"].duplicated()
    orders = pd.concat([orders[~twice], orders[twice]])
    return (
        dd.from_pandas(orders, npartitions=8, sort=False),
        dd.from_pandas(carts, npartitions=12, sort=False),
    )


def checked(month: Month) -> list[Any]:
    return [request for request in month.simulator.requests() if request.endpoint == "CheckCart"]


def most_in_a_window(month: Month) -> int:
    """How many checks arrived in the busiest window."""
    times = [request.at.timestamp() for request in checked(month)]
    first = most = 0
    for last, at in enumerate(times):
        while times[first] <= at - WINDOW:
            first += 1
        most = max(most, last - first + 1)
    return most


def wait_for(month: Month, checks: int) -> None:
    deadline = time.monotonic() + WITHIN
    while len(checked(month)) < checks:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_report_is_that_of_one_machine(month: Month, cluster: LocalCluster) -> None:
    orders, carts = frames(month)
    options = {"statuses": {"Pakkað": "paid"}, "now": month.now}
    report = on_dask.reconcile(orders, carts, rate=400, shares=2, **options)
    here = month.client.check_many(pd.read_csv(month.carts)["transaction_id"])
    expected = netgiro.reconcile(orders.compute(), here, **options)
    assert report == expected
    found = {row.reference: row.outcome.value for row in report.exceptions}
    # Nobody asked about the counter's carts, so they are unverified here as well.
    assert found == month.planted
    assert len(report.exceptions) == 40


def test_one_pace_while_workers_join_and_die(month: Month, cluster: LocalCluster) -> None:
    carts = pd.concat([pd.read_csv(month.carts, dtype=str)] * 4)
    parts = dd.from_pandas(carts, npartitions=48, sort=False)
    with ThreadPoolExecutor(1) as executor:
        under_way = executor.submit(on_dask.check_all, parts, rate=RATE, shares=SHARES)
        wait_for(month, 60)
        cluster.scale(4)
        cluster.wait_for_workers(4, timeout=WITHIN)
        joined = len(checked(month))
        wait_for(month, joined + 4 * RATE)
        victim = next(iter(cluster.workers.values()))
        os.kill(victim.process.pid, signal.SIGKILL)
        assert not under_way.done()
        checks = under_way.result(timeout=WITHIN)
    # Each cart in its place, though a partition or two were begun again.
    assert [str(check.transaction_id) for check in checks] == list(carts["transaction_id"])
    assert all(check.error is None for check in checks)
    # A tenth for requests that a busy machine held up on their way.
    assert most_in_a_window(month) <= 1.1 * RATE * WINDOW + SHARES
    # Shares of two workers, and not of one.
    assert most_in_a_window(month) > 0.7 * RATE * WINDOW


def test_partitions_are_as_far_apart_as_their_carts(month: Month, cluster: LocalCluster) -> None:
    carts = pd.read_csv(month.carts, dtype=str).head(16)
    on_dask.check_all(dd.from_pandas(carts, npartitions=8, sort=False), rate=10, shares=1)
    times = [request.at for request in checked(month)]
    assert len(times) == 16
    # Partitions that follow at once would take half of that.
    assert (times[-1] - times[0]).total_seconds() > 1.4


def test_the_function_for_spark_and_ray(month: Month, keys: None) -> None:
    page = (running.EXAMPLES.parent / "docs" / "reconcile" / "distributed.md").read_text(
        encoding="utf-8"
    )
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (shared,) = (block for block in code if "def check(" in block)
    (batched,) = (block for block in code if "def check_batches(" in block)
    known: dict[str, Any] = {}
    batched = re.sub(r"^from (pyspark|check).*\n", "", batched, flags=re.MULTILINE)
    exec(shared + batched.partition("spark = ")[0], known)
    known["RATE"] = 4000

    carts = pyarrow.csv.read_csv(month.carts)
    batches = list(known["check_batches"](iter(carts.to_batches(max_chunksize=150))))
    assert len(batches) == 3
    table = pa.Table.from_batches(batches, schema=known["COLUMNS"])
    here = month.client.check_many(carts["transaction_id"].to_pylist())
    options = {"statuses": {"Pakkað": "paid"}, "now": month.now}
    assert netgiro.reconcile(month.orders, table, **options) == netgiro.reconcile(
        month.orders, here, **options
    )

    month.simulator.add_fault("CheckCart", count=3, status=400)
    failed = known["check"](carts.slice(0, 3))
    report = netgiro.reconcile(month.orders, failed, **options)
    told = [row for row in report.exceptions if row.cart_status == "failed"]
    assert len(told) == 3
    assert {row.outcome.value for row in told} == {"unverified"}
