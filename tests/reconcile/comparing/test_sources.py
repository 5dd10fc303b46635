"""The same orders in every form there is give the same report."""

from __future__ import annotations

import csv
import datetime as dt
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
import shop

import netgiro

MADE = shop.month(seed=11, orders=400, faults=40)
ORDERS = MADE.orders
NAMES = list(ORDERS[0])
EXPECTED = netgiro.reconcile(ORDERS, MADE.checks, now=shop.NOW, keep=["reference"])


def as_csv(folder: Path, rows: list[dict[str, Any]] = ORDERS, **options: Any) -> Path:
    path = folder / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), **options)
        writer.writeheader()
        writer.writerows(rows)
    return path


def as_parquet(folder: Path, table: Any) -> Path:
    path = folder / "orders.parquet"
    pyarrow.parquet.write_table(table, path)
    return path


def relation(frame: Any) -> Any:
    """What DuckDB makes of a frame, in a connection of its own."""
    connection = duckdb.connect()
    connection.register("orders", frame)
    return connection.sql("select * from orders")


class Speaker:
    """Something that speaks Arrow, and is nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def text(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{name: str(value) for name, value in row.items()} for row in rows]


FORMS: dict[str, Callable[[Path], Any]] = {
    "dicts": lambda _: ORDERS,
    "generator": lambda _: (row for row in ORDERS),
    "columns": lambda _: {name: [row[name] for row in ORDERS] for name in NAMES},
    "pandas": lambda _: pd.DataFrame(ORDERS),
    "pandas, Arrow's types": lambda _: pd.DataFrame(ORDERS).convert_dtypes(dtype_backend="pyarrow"),
    "pandas, nullable": lambda _: pd.DataFrame(ORDERS).convert_dtypes(),
    "pandas, numbers": lambda _: pd.DataFrame(ORDERS).astype({"reference": int, "amount": float}),
    "pandas, index": lambda _: pd.DataFrame(ORDERS).set_index(pd.Index(range(7, 7 + len(ORDERS)))),
    "polars": lambda _: pl.DataFrame(ORDERS),
    "polars, lazy": lambda _: pl.LazyFrame(ORDERS),
    "polars, categories": lambda _: pl.DataFrame(ORDERS).with_columns(
        pl.col("status").cast(pl.Categorical), pl.col("amount").cast(pl.Decimal(12, 2))
    ),
    "pyarrow": lambda _: pa.Table.from_pylist(ORDERS),
    "pyarrow, dictionaries": lambda _: pa.Table.from_pylist(ORDERS).set_column(
        NAMES.index("status"),
        "status",
        pa.array([row["status"] for row in ORDERS]).dictionary_encode(),
    ),
    "narwhals": lambda _: nw.from_native(pl.DataFrame(ORDERS)),
    "Arrow": lambda _: Speaker(pa.Table.from_pylist(ORDERS)),
    "DuckDB": lambda _: relation(pl.DataFrame(ORDERS)),
    "DuckDB, with ids": lambda _: relation(pl.DataFrame(ORDERS)).project(
        "reference::bigint reference, transaction_id::uuid transaction_id, amount::decimal(12, 2) amount, "
        "status, created"
    ),
    "CSV": as_csv,
    "CSV as a text": lambda folder: str(as_csv(folder)),
    "CSV with semicolons": lambda folder: as_csv(folder, delimiter=";"),
    "CSV of pandas": lambda folder: (
        pd.DataFrame(ORDERS).to_csv(folder / "a.csv") or folder / "a.csv"
    ),
    "CSV of numbers": lambda folder: (
        pd.DataFrame(ORDERS)
        .astype({"reference": float, "amount": float})
        .to_csv(folder / "a.csv", index=False)
        or folder / "a.csv"
    ),
    "CSV of polars": lambda folder: (
        pl.DataFrame(ORDERS).write_csv(folder / "a.csv") or folder / "a.csv"
    ),
    "Parquet": lambda folder: as_parquet(folder, pa.Table.from_pylist(ORDERS)),
    "texts": lambda _: text(ORDERS),
    "in another zone": lambda _: [
        row | {"created": row["created"].astimezone(dt.timezone(dt.timedelta(hours=-7)))}
        for row in ORDERS
    ],
    "without a zone": lambda _: [
        row | {"created": row["created"].replace(tzinfo=None)} for row in ORDERS
    ],
    "as UUIDs": lambda _: [
        row | {"transaction_id": uuid.UUID(row["transaction_id"])} for row in ORDERS
    ],
    "as Icelanders write": lambda _: [
        {
            "Pöntunarnúmer": row["reference"],
            "Færslunúmer": row["transaction_id"],
            "Upphæð": f"{row['amount']:,} kr.".replace(",", "."),
            "Staða": {"paid": "Greitt", "open": "Ógreitt", "canceled": "Hætt við"}[row["status"]],
            "Dagsetning": row["created"].replace(tzinfo=None).isoformat(),
        }
        for row in ORDERS
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_report(form: str, tmp_path: Path) -> None:
    report = netgiro.reconcile(FORMS[form](tmp_path), MADE.checks, now=shop.NOW)
    assert report.summary == EXPECTED.summary
    assert list(report.rows) == [row._replace(kept={}) for row in EXPECTED.rows]
    assert report.to_html() == netgiro.reconcile(ORDERS, MADE.checks, now=shop.NOW).to_html()


@pytest.mark.parametrize(
    "form",
    [
        lambda results: results,
        list,
        lambda results: results.to_pandas(),
        lambda results: results.to_polars(),
        lambda results: results.to_arrow(),
        lambda results: relation(results.to_arrow()),
    ],
    ids=["results", "list", "pandas", "polars", "pyarrow", "DuckDB"],
)
def test_every_form_of_the_checks_gives_the_same_report(form: Callable[[Any], Any]) -> None:
    report = netgiro.reconcile(
        ORDERS, form(netgiro.CheckResults(MADE.checks)), now=shop.NOW, keep=["reference"]
    )
    assert report.summary == EXPECTED.summary
    assert {row.reference: row.outcome for row in report.exceptions} == {
        row.reference: row.outcome for row in EXPECTED.exceptions
    }


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_files_of_checks(suffix: str, tmp_path: Path) -> None:
    results = netgiro.CheckResults(MADE.checks)
    path = tmp_path / f"checks{suffix}"
    if suffix == ".jsonl":
        results.save(path)
    elif suffix == ".csv":
        results.to_polars().write_csv(path)
    else:
        results.to_polars().write_parquet(path)
    report = netgiro.reconcile(ORDERS, path, now=shop.NOW, keep=["reference"])
    assert report.summary == EXPECTED.summary


@pytest.mark.parametrize("missing", [["pyarrow"], ["pyarrow", "polars"], ["pyarrow", "duckdb"]])
def test_parquet_and_relations_with_each_library(
    missing: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = as_parquet(tmp_path, pa.Table.from_pylist(ORDERS))
    from netgiro.reconciliation.reading import tables

    found = tables._found
    monkeypatch.setattr(
        tables, "_found", lambda name: None if name.partition(".")[0] in missing else found(name)
    )
    sources = [path]
    if "duckdb" not in missing:
        sources.append(
            relation(
                pl.DataFrame(ORDERS).with_columns(pl.col("created").dt.replace_time_zone(None))
            )
        )
    for source in sources:
        assert netgiro.reconcile(source, MADE.checks, now=shop.NOW, keep=["reference"]) == EXPECTED


def test_parquet_without_any_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_parquet(tmp_path, pa.Table.from_pylist(ORDERS))
    from netgiro.reconciliation.reading import tables

    monkeypatch.setattr(tables, "_found", lambda _: None)
    with pytest.raises(netgiro.InvalidRequestError, match="pip install pyarrow"):
        netgiro.reconcile(path, [])
    with pytest.raises(netgiro.InvalidRequestError, match=r"netgiro\[reconcile\]"):
        netgiro.reconcile(pl.DataFrame(ORDERS), [])
