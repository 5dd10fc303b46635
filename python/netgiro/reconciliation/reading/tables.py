"""Tables from anywhere: frames of any library, lists of dicts, CSV and Parquet files."""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netgiro.errors import InvalidRequestError
from netgiro.presentation import arguments
from netgiro.reconciliation.reading.cells import listed

_CSV = {".csv", ".txt", ".tsv"}
_PARQUET = {".parquet", ".pq"}
_READERS = (
    ("pyarrow.parquet", "read_table"),
    ("polars", "read_parquet"),
    ("duckdb", "read_parquet"),
)


class Table:
    """Columns with headers. A column is read when it is used."""

    def __init__(
        self,
        name: str,
        headers: Sequence[str],
        column: Callable[[str], list[Any]],
        *,
        lines: list[int] | None = None,
    ) -> None:
        self.name = name
        self.headers = list(headers)
        self._column = column
        self._lines = lines

    def column(self, header: str) -> list[Any]:
        """Return the values of the one column with this header."""
        places = [str(at) for at, known in enumerate(self.headers, start=1) if known == header]
        if len(places) > 1:
            raise InvalidRequestError(
                f"{self.name}: the header {header!r} stands above columns {' and '.join(places)}: "
                "rename one of them"
            )
        return self._column(header)

    def row(self, at: int) -> str:
        """Return the name of a row for messages; `at` counts from 0."""
        line = f" (line {self._lines[at]})" if self._lines else ""
        return f"row {at + 1}{line}"

    def refuse(self, header: str, at: int, why: str) -> InvalidRequestError:
        """Return an error about one cell."""
        return InvalidRequestError(f"{self.name}: column {header!r}, {self.row(at)}: {why}")


def read(source: Any, name: str) -> Table:
    """Read a table from a frame, a relation, rows as dicts, a dict of columns, or the path of a file."""
    if isinstance(source, (str, os.PathLike)):
        return _file(Path(source), name)
    if isinstance(source, Mapping) and not hasattr(source, "__arrow_c_stream__"):
        return _columns(
            {
                str(header): list(arguments.iterable(f"{name}[{header!r}]", values))
                for header, values in source.items()
            },
            name,
        )
    if type(source).__module__.partition(".")[0] in {"duckdb", "_duckdb"}:
        return _relation(source, name)
    if hasattr(source, "__arrow_c_stream__") or hasattr(type(source), "columns"):
        return _frame(source, name)
    if isinstance(source, Iterable):
        return _rows(source, name)
    raise InvalidRequestError(
        f"{name} must be a frame (pandas, polars, pyarrow, DuckDB and others), a list of dicts, or the "
        f"path of a CSV or Parquet file; got an object of type {type(source).__name__}"
    )


def _columns(columns: Mapping[str, list[Any]], name: str) -> Table:
    lengths = {header: len(values) for header, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise InvalidRequestError(f"{name}: the columns differ in length: {lengths}")
    return Table(name, list(columns), columns.__getitem__)


def _rows(rows: Iterable[Any], name: str) -> Table:
    kept = list(arguments.iterable(name, rows))
    headers: dict[str, None] = {}
    for at, row in enumerate(kept, start=1):
        if not isinstance(row, Mapping):
            raise InvalidRequestError(
                f"{name}: row {at} must be a dict; got an object of type {type(row).__name__}"
            )
        headers.update(dict.fromkeys(row))
    return Table(name, list(headers), lambda header: [row.get(header) for row in kept])


def _relation(relation: Any, name: str) -> Table:
    """Read a DuckDB relation without any other library."""
    headers = [str(header) for header in relation.columns]
    if len(set(headers)) == len(headers):
        chosen = (
            _without_zone(header, str(kind))
            for header, kind in zip(headers, relation.types, strict=True)
        )
        relation = relation.project(", ".join(chosen))
    columns = list(zip(*relation.fetchall(), strict=True)) or [()] * len(headers)
    return Table(name, headers, lambda header: list(columns[headers.index(header)]))


def _without_zone(header: str, kind: str) -> str:
    """Return a column as SQL; an instant as text, since DuckDB needs pytz to return instants."""
    quoted = '"{}"'.format(header.replace('"', '""'))
    if kind != "TIMESTAMP WITH TIME ZONE":
        return quoted
    return f"strftime(make_timestamp(epoch_us({quoted})), '%Y-%m-%dT%H:%M:%S.%f') || '+00:00' as {quoted}"


def _frame(frame: Any, name: str) -> Table:
    narwhals = _found("narwhals")
    if narwhals is None:
        raise InvalidRequestError(
            f"{name}: reading frames needs narwhals: pip install 'netgiro[reconcile]'"
        )
    native = frame
    headers = [str(header) for header in getattr(native, "column_names", ())]
    if not headers and hasattr(native, "iloc"):
        headers = [str(header) for header in native.columns]
    twice = {header for header, times in Counter(headers).items() if times > 1}
    if twice:
        # By name such a column cannot be chosen, so all of them are left out.
        places = [at for at, header in enumerate(headers) if header not in twice]
        native = native.iloc[:, places] if hasattr(native, "iloc") else native.select(places)
    try:
        known = narwhals.from_native(native)
    except TypeError:
        known = narwhals.from_native(_arrow(native, name))
    if isinstance(known, narwhals.LazyFrame):
        known = known.collect()
    by_text = {str(header): header for header in known.columns}
    return Table(
        name, headers or list(by_text), lambda header: known.get_column(by_text[header]).to_list()
    )


def _arrow(stream: Any, name: str) -> Any:
    """Read an Arrow stream with a library that is installed."""
    for module, function in (("pyarrow", "table"), ("polars", "DataFrame")):
        library = _found(module)
        if library is not None and hasattr(stream, "__arrow_c_stream__"):
            return getattr(library, function)(stream)
    raise InvalidRequestError(
        f"{name}: an object of type {type(stream).__name__} needs pyarrow or polars to be read"
    )


def _file(path: Path, name: str) -> Table:
    suffix = path.suffix.lower()
    if suffix not in _CSV | _PARQUET:
        raise InvalidRequestError(
            f"{name}: {path} cannot be read; these kinds of files can: {listed(sorted(_CSV | _PARQUET))}"
        )
    if not path.is_file():
        raise InvalidRequestError(f"{name}: there is no file {path}")
    if suffix in _CSV:
        return _csv(path)
    for module, function in _READERS:
        library = _found(module)
        if library is not None:
            return read(getattr(library, function)(path.as_posix()), path.name)
    raise InvalidRequestError(
        f"{name}: reading {path.name} needs pyarrow, polars or duckdb: pip install pyarrow"
    )


def _csv(path: Path) -> Table:
    text = _decoded(path.read_bytes())
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(";,\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    headers: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if not headers:
                headers = [cell.strip() for cell in row]
                continue
            rows.append(_fitting(row, headers, f"{path.name}: line {reader.line_num}"))
            lines.append(reader.line_num)
    except csv.Error as error:
        raise InvalidRequestError(f"{path.name}: line {reader.line_num}: {error}") from None
    # Columns without a header are ignored.
    columns = list(zip(*rows, strict=True)) or [()] * len(headers)
    return Table(
        path.name, headers, lambda header: list(columns[headers.index(header)]), lines=lines
    )


def _fitting(row: list[str], headers: list[str], where: str) -> list[str]:
    extra = row[len(headers) :]
    if len(row) < len(headers) or any(cell.strip() for cell in extra):
        raise InvalidRequestError(
            f"{where}: the line has {len(row)} cells, the header {len(headers)}"
        )
    return row[: len(headers)]


def _decoded(content: bytes) -> str:
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Spreadsheets on Windows write this encoding.
        return content.decode("cp1252", "replace")


def _found(module: str) -> Any | None:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
