"""A month's checks on the workers of a Dask cluster, at one pace for all of them together.

    client = dask.distributed.Client("tcp://scheduler:8786")
    client.upload_file("on_dask.py")
    orders = dask.dataframe.read_csv("orders-*.csv", sep=";", dtype=str)
    carts = dask.dataframe.read_csv("carts-*.csv", dtype=str)
    report = on_dask.reconcile(orders, carts, rate=20, shares=4)

The workers find the keys in their own environment, NETGIRO_APP_KEY and NETGIRO_SECRET_KEY: nothing secret
is sent through the scheduler.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import dask.dataframe as dd
from distributed import Semaphore

import netgiro


class Pace:
    """So many checks a second by all workers together, whoever joins and whoever dies.

    The rate is cut into shares, and the scheduler lends each to one partition at a time. A worker that
    joins waits for a share; the share of one that died goes to another after Dask's lease timeout.
    """

    def __init__(self, rate: float, shares: int, name: str = "netgiro") -> None:
        self._share = rate / shares
        self._shares = Semaphore(max_leases=shares, name=name)

    @contextmanager
    def share(self) -> Iterator[float]:
        """Wait for a share, and give how many checks a second it is good for."""
        with self._shares:
            yield self._share
            # The next holder begins at once, and is not to be closer than this one's own checks.
            time.sleep(1 / self._share)


def check(ids: Iterable[str], pace: Pace, **options: Any) -> netgiro.CheckResults:
    """Check the carts of one partition, on a worker; the options are `check_many`'s."""
    with pace.share() as rate, netgiro.Client.from_env() as client:
        return client.check_many(ids, rate=rate, progress=False, **options)


def check_all(
    carts: dd.DataFrame, *, rate: float, shares: int, **options: Any
) -> netgiro.CheckResults:
    """Check carts, partition by partition; returns the results of all of them, in order."""
    pace = Pace(rate, shares)
    checked = carts["transaction_id"].to_bag().map_partitions(check, pace, **options)
    return netgiro.CheckResults(checked.compute())


def reconcile(
    orders: dd.DataFrame, carts: dd.DataFrame, *, rate: float, shares: int, **options: Any
) -> netgiro.Reconciliation:
    """Check where the carts are, and compare in one place; the options are `netgiro.reconcile`'s.

    Two payments of one order may be in two partitions, so no partition can be compared by itself.
    """
    checks = check_all(carts, rate=rate, shares=shares)
    return netgiro.reconcile(orders.compute(), checks, **options)
