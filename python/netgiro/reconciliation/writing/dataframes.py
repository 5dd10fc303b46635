"""The rows as frames of other libraries, each imported when it is used."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from netgiro.reconciliation.reading.instants import from_microseconds

AMOUNTS = (
    "order_amount",
    "paid_amount",
    "recorded_refund_amount",
    "refunded_amount",
    "difference",
    "at_stake",
)
INSTANTS = ("created", "paid_at")
WORDS = ("outcome", "order_status", "cart_status")
COUNTS = ("orders", "payments")
_DIGITS = 38


def library(module: str, why: str) -> Any:
    """Return a library; the ImportError says how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        name = module.partition(".")[0]
        raise ImportError(f"{why} needs {name}: pip install {name}") from None


def instants(values: Iterable[int | None]) -> list[dt.datetime | None]:
    """Return instants in UTC for microseconds."""
    return [from_microseconds(value) for value in values]


def _scale(columns: dict[str, list[Any]]) -> int:
    """Return how many decimals the amounts need: two, or more if an amount has more."""
    scale = 2
    for name in AMOUNTS:
        for value in columns[name]:
            exponent = 0 if value is None else value.as_tuple().exponent
            if exponent < -scale:
                scale = -exponent
    return scale


def to_arrow(columns: dict[str, list[Any]]) -> Any:
    """Return a pyarrow.Table."""
    pa = library("pyarrow", "to_arrow")
    decimal = pa.decimal128(_DIGITS, _scale(columns))
    fields = []
    for name in columns:
        if name in AMOUNTS:
            kind = decimal
        elif name in INSTANTS:
            kind = pa.timestamp("us", tz="UTC")
        elif name in WORDS:
            kind = pa.dictionary(pa.int32(), pa.string())
        elif name in COUNTS:
            kind = pa.int64()
        else:
            kind = pa.float64() if name == "age_days" else pa.string()
        fields.append((name, kind))
    return pa.table(columns, schema=pa.schema(fields))


def to_polars(columns: dict[str, list[Any]]) -> Any:
    """Return a polars.DataFrame."""
    pl = library("polars", "to_polars")
    decimal = pl.Decimal(_DIGITS, _scale(columns))
    series = []
    for name, values in columns.items():
        if name in AMOUNTS:
            series.append(pl.Series(name, values, dtype=decimal))
        elif name in INSTANTS:
            made = pl.Series(name, values, dtype=pl.Int64)
            series.append(made.cast(pl.Datetime("us", "UTC")))
        elif name in WORDS:
            series.append(pl.Series(name, values, dtype=pl.Categorical))
        elif name in COUNTS:
            series.append(pl.Series(name, values, dtype=pl.Int64))
        else:
            kind = pl.Float64 if name == "age_days" else pl.String
            series.append(pl.Series(name, values, dtype=kind))
    return pl.DataFrame(series)


def to_pandas(columns: dict[str, list[Any]]) -> Any:
    """Return a pandas.DataFrame; amounts are Decimals."""
    pd = library("pandas", "to_pandas")
    series = {}
    for name, values in columns.items():
        if name in AMOUNTS:
            series[name] = pd.Series(values, dtype=object)
        elif name in INSTANTS:
            made = pd.Series(values, dtype="Int64").astype("datetime64[us]")
            series[name] = made.dt.tz_localize("UTC")
        elif name in WORDS:
            series[name] = pd.Series(pd.Categorical(values))
        elif name in COUNTS:
            series[name] = pd.Series(values, dtype="int64")
        else:
            series[name] = pd.Series(values, dtype="float64" if name == "age_days" else object)
    return pd.DataFrame(series)


def plain(value: Any) -> Any:
    """Return a cell as text files have it: amounts without trailing zeros, instants as ISO 8601."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value


def stream(columns: dict[str, list[Any]], requested_schema: object) -> object:
    """Return an Arrow C stream, made by pyarrow or polars."""
    try:
        table = to_arrow(columns)
    except ImportError:
        table = to_polars(columns)
    return table.__arrow_c_stream__(requested_schema)


def to_parquet(columns: dict[str, list[Any]], path: Any) -> None:
    """Write a Parquet file with pyarrow or polars."""
    try:
        parquet = library("pyarrow.parquet", "to_parquet")
    except ImportError:
        to_polars(columns).write_parquet(path)
        return
    parquet.write_table(to_arrow(columns), path)
