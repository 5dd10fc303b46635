"""A month's checks on the workers of a Dask cluster, at one rate for all of them together.

    client = dask.distributed.Client("tcp://scheduler:8786")
    client.upload_file("on_dask.py")
    orders = dask.dataframe.read_csv("orders-*.csv", sep=";", dtype=str)
    carts = dask.dataframe.read_csv("carts-*.csv", dtype=str)
    report = on_dask.reconcile(orders, carts, rate=20, shares=4)

The workers have the keys in their own environment, NETGIRO_APP_KEY and NETGIRO_SECRET_KEY: no secret
is sent through the scheduler.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import Any

import dask.dataframe as dd
from distributed import Semaphore

import netgiro


class SharedRate:
    """A number of checks a second for all workers together, also when workers join and die.

    The rate is split into shares, and the scheduler lends each to one partition at a time. A worker that
    joins waits for a share; the share of one that died goes to another after Dask's lease timeout.
    """

    def __init__(self, rate: float, shares: int, name: str = "netgiro") -> None:
        self._share = rate / shares
        self._shares = Semaphore(max_leases=shares, name=name)

    @contextmanager
    def share(self) -> Generator[float, None, None]:
        """Wait for a share, and yield its number of checks a second."""
        with self._shares:
            yield self._share
            # The next holder begins at once, so keep the distance of one check to it.
            time.sleep(1 / self._share)


def check(ids: Iterable[str], shared_rate: SharedRate, **options: Any) -> netgiro.CheckResults:
    """Check the carts of one partition, on a worker; the options are `check_many`'s."""
    with shared_rate.share() as rate, netgiro.Client.from_env() as client:
        return client.check_many(ids, rate=rate, progress=False, **options)


def check_all(
    carts: dd.DataFrame, *, rate: float, shares: int, **options: Any
) -> netgiro.CheckResults:
    """Check carts, partition by partition; returns the results of all of them, in order."""
    shared_rate = SharedRate(rate, shares)
    checked = carts["transaction_id"].to_bag().map_partitions(check, shared_rate, **options)
    return netgiro.CheckResults(checked.compute())


def reconcile(
    orders: dd.DataFrame, carts: dd.DataFrame, *, rate: float, shares: int, **options: Any
) -> netgiro.Reconciliation:
    """Check on the workers, and compare in one place; the options are `netgiro.reconcile`'s.

    Two payments of one order may be in two partitions, so no partition can be compared by itself.
    """
    checks = check_all(carts, rate=rate, shares=shares)
    return netgiro.reconcile(orders.compute(), checks, **options)
