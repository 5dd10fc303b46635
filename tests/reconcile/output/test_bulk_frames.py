"""Bulk results in the tables of other libraries, which take them as they are."""

from __future__ import annotations

import datetime
import sys
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import netgiro

ID = "0f0e0d0c-0b0a-4908-8706-{:012x}"
NOW = datetime.datetime(2026, 11, 23, 12, 30, 0, 123456, tzinfo=datetime.timezone.utc)


def result(
    number: int, amount: str | None = "4990", status: str = "confirmed"
) -> netgiro.CheckResult:
    payment = netgiro.PaymentInfo(
        reference_number=f"order-{number}",
        total_amount=None if amount is None else Decimal(amount),
        invoice_number=number,
        created=NOW,
    )
    state = netgiro.CartState(
        ID.format(number), status, result_code=10200, payment=payment, checked_at=NOW
    )
    return netgiro.CheckResult(ID.format(number), state=state)


def failure(number: int) -> netgiro.CheckResult:
    error = netgiro.ServerError("it broke", http_status=503, reference_id="r-1")
    return netgiro.CheckResult(ID.format(number), error=error)


@pytest.fixture(scope="module")
def results() -> netgiro.CheckResults:
    return netgiro.CheckResults(
        [result(0), result(1, "0.50", "pending"), failure(2), result(3, None, "declined")]
    )


def test_pyarrow(results: netgiro.CheckResults) -> None:
    table = pa.table(results)
    table.validate(full=True)
    assert table.schema.equals(results.to_arrow().schema)
    assert table.column_names[:5] == ["transaction_id", "reference", "amount", "status", "is_paid"]
    assert table.schema.field("amount").type == pa.decimal128(38, 2)
    assert table.schema.field("checked_at").type == pa.timestamp("us", tz="UTC")
    assert table.schema.field("status").type == pa.dictionary(pa.int8(), pa.string())
    assert pa.schema(results).equals(table.schema)
    rows = table.to_pylist()
    assert [row["amount"] for row in rows] == [Decimal("4990.00"), Decimal("0.50"), None, None]
    assert [row["status"] for row in rows] == ["confirmed", "pending", None, "declined"]
    # A check that failed says neither that the cart is paid nor that it is not.
    assert [row["is_paid"] for row in rows] == [True, False, None, False]
    assert rows[0]["created"] == rows[0]["checked_at"] == NOW
    assert rows[0]["transaction_id"] == ID.format(0)
    assert (rows[2]["error_code"], rows[2]["error_message"]) == ("server", "it broke")
    assert rows[2]["reference_id"] == "r-1"
    assert rows[0]["error_code"] is None


def test_polars(results: netgiro.CheckResults) -> None:
    frame = pl.DataFrame(results)
    assert frame.equals(results.to_polars())
    assert frame.schema["amount"] == pl.Decimal(38, 2)
    assert frame.schema["status"] == pl.Categorical()
    assert frame.schema["checked_at"] == pl.Datetime("us", "UTC")
    assert frame["amount"].sum() == Decimal("4990.50")
    assert frame.filter(pl.col("is_paid"))["reference"].to_list() == ["order-0"]


def test_duckdb(results: netgiro.CheckResults) -> None:  # noqa: ARG001 - DuckDB finds it by name
    counted = duckdb.sql("SELECT status, count(*), sum(amount) FROM results GROUP BY 1 ORDER BY 1")
    assert counted.fetchall() == [
        ("confirmed", 1, Decimal("4990.00")),
        ("declined", 1, None),
        ("pending", 1, Decimal("0.50")),
        (None, 1, None),
    ]


def test_pandas(results: netgiro.CheckResults) -> None:
    frame = results.to_pandas()
    assert list(frame["amount"].dropna()) == [Decimal("4990.00"), Decimal("0.50")]
    assert frame["status"].dtype == "category"
    assert list(frame.loc[frame["is_paid"].fillna(value=False), "reference"]) == ["order-0"]
    assert frame["checked_at"].iloc[0] == NOW
    assert frame["invoice_number"].dtype == pd.ArrowDtype(pa.int64())
    if hasattr(pd.DataFrame, "from_arrow"):
        assert list(pd.DataFrame.from_arrow(results)["reference"].dropna()) == [
            "order-0",
            "order-1",
            "order-3",
        ]


def test_amounts_are_exact() -> None:
    amounts = ["79228162514264337593543950335", "0.0000001", "-1.5", "4990.00"]
    table = pa.table(netgiro.CheckResults([result(at, text) for at, text in enumerate(amounts)]))
    assert [Decimal(amount) for amount in amounts] == table["amount"].to_pylist()
    assert table.schema.field("amount").type == pa.decimal128(38, 7)
    # What no column can hold exactly is refused, never rounded.
    apart = netgiro.CheckResults([result(0, amounts[0]), result(1, "1e-28")])
    with pytest.raises(Exception, match=r"amount of cart .* does not fit"):
        pa.table(apart)


def test_empty_and_long_results() -> None:
    none = netgiro.CheckResults()
    assert pa.table(none).shape == (0, 23)
    assert pl.DataFrame(none).shape == (0, 23)
    many = netgiro.CheckResults([result(at, str(at + 1)) for at in range(1000)] * 70)
    table = pa.table(many)
    table.validate(full=True)
    assert table.num_rows == 70_000
    assert table["amount"].num_chunks == 2
    assert pl.DataFrame(many)["amount"].sum() == sum(range(1, 1001)) * 70
    joined = pa.concat_tables([table, pa.table(netgiro.CheckResults([failure(7)]))])
    assert joined["amount"].null_count == 1


def test_an_unused_stream_is_released(results: netgiro.CheckResults) -> None:
    for _ in range(100):
        results.__arrow_c_stream__()
        results.__arrow_c_schema__()
    stream = pa.RecordBatchReader.from_stream(results)
    assert stream.schema.names[0] == "transaction_id"
    del stream


def test_interrupted_results_are_a_table_too() -> None:
    with netgiro.Simulator() as simulator, simulator.client() as shop:
        ids = [ID.format(number) for number in range(10)]

        def interrupt(done: int, _total: int) -> None:
            if done == 4:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            shop.check_many(ids, concurrency=1, on_progress=interrupt)
        kept = shop.unfinished
        assert kept is not None
        assert pa.table(kept)["transaction_id"].to_pylist() == ids[: len(kept)]


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    results = netgiro.CheckResults()
    for name, convert in [
        ("pyarrow", results.to_arrow),
        ("polars", results.to_polars),
        ("pandas", results.to_pandas),
    ]:
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(ImportError, match=f"pip install {name}"):
            convert()
