"""Tables from anywhere: frames of any library, lists of dicts, CSV and Parquet files."""

from __future__ import annotations

import csv
import importlib
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netgiro import arguments
from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import advice
from netgiro.reconciliation.reading.cells import is_missing, listed
from netgiro.reconciliation.reading.spreadsheets import Formula, letter, unquoted

_CSV = {".csv", ".txt", ".tsv"}
_WORKBOOKS = {".xlsx", ".xlsm"}
_PARQUET = {".parquet", ".pq"}
_SEPARATOR = re.compile(r'\s*"?sep=([;,\t|])"?[ \t]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
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
        cell: Callable[[int, int], str] | None = None,
    ) -> None:
        """Take columns; `cell` says after a row where it and a column, counted from 0, stand in a file."""
        self.name = name
        self.headers = list(headers)
        self._column = column
        self._cell = cell

    def column(self, header: str) -> list[Any]:
        """Return the values of the one column with this header."""
        places = [str(at) for at, known in enumerate(self.headers, start=1) if known == header]
        if len(places) > 1:
            raise InvalidRequestError(
                f"{self.name}: the header {header!r} stands above columns {' and '.join(places)}: "
                "rename one of them"
            )
        return list(map(unquoted, self._column(header)))

    def refuse(self, header: str, at: int, why: str) -> InvalidRequestError:
        """Return an error about one cell; `at` counts rows from 0."""
        cell = self._cell(at, self.headers.index(header)) if self._cell else ""
        return InvalidRequestError(f"{self.name}: column {header!r}, row {at + 1}{cell}: {why}")


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
        f"path of a CSV, Excel or Parquet file; got an object of type {type(source).__name__}"
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
    known = _CSV | _WORKBOOKS | _PARQUET
    if suffix not in known:
        raise InvalidRequestError(
            f"{name}: {path} cannot be read; these kinds of files can: {listed(sorted(known))}"
        )
    if not path.is_file():
        raise InvalidRequestError(f"{name}: there is no file {path}")
    if suffix in _CSV:
        return _csv(path)
    if suffix in _WORKBOOKS:
        return _workbook(path, name)
    for module, function in _READERS:
        library = _found(module)
        if library is not None:
            return read(getattr(library, function)(path.as_posix()), path.name)
    raise InvalidRequestError(
        f"{name}: reading {path.name} needs pyarrow, polars or duckdb: pip install pyarrow"
    )


def _csv(path: Path) -> Table:
    text = _decoded(path.read_bytes())
    # Excel's line about the separator, which it does not show.
    separator = _SEPARATOR.match(text)
    before = 0
    if separator:
        text = text[separator.end() :]
        before = 1
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = separator[1] if separator else max(";,\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num + before)
    except csv.Error as error:
        raise InvalidRequestError(
            f"{path.name}: line {reader.line_num + before}: {error}"
        ) from None
    return _sheet(
        path.name,
        rows,
        line=lambda at: f"line {lines[at]}",
        cell=lambda at, column: f" (line {lines[at]}), cell {letter(column)}{at + 1}",
    )


def _workbook(path: Path, name: str) -> Table:
    """Read the one sheet of a workbook that has rows: its values, and texts as they are shown."""
    openpyxl = _found("openpyxl")
    if openpyxl is None:
        raise InvalidRequestError(
            f"{name}: reading {path.name} needs openpyxl: pip install openpyxl; or save it as CSV"
        )
    try:
        book = openpyxl.load_workbook(path)
        sheets = [sheet for sheet in book.worksheets if any(map(_holds_something, sheet.values))]
        # What formulas come to is kept beside them, if a spreadsheet has saved the file.
        has_formulas = any(
            cell.data_type == "f" for sheet in sheets for row in sheet for cell in row
        )
        results = openpyxl.load_workbook(path, data_only=True) if has_formulas else book
    except Exception as error:  # noqa: BLE001 - whatever a file that is none makes it raise
        raise InvalidRequestError(f"{name}: {path.name} is not a workbook: {error}") from None
    if len(sheets) > 1:
        raise InvalidRequestError(
            f"{name}: {path.name} has the sheets {listed(sheet.title for sheet in sheets)}: "
            + advice.sheet(str(path))
        )
    title = sheets[0].title if sheets else ""
    rows = [
        [_shown_value(cell, result) for cell, result in zip(cells, found, strict=True)]
        for sheet in sheets
        for cells, found in zip(sheet, results[title], strict=True)
    ]
    return _sheet(
        path.name,
        rows,
        line=lambda at: f"sheet {title!r}, row {at + 1}",
        cell=lambda at, column: f", cell {letter(column)}{at + 1} of the sheet {title!r}",
    )


def _shown_value(cell: Any, result: Any) -> Any:
    """Return the value of a cell: a number with leading zeros as text; a formula itself if its value is not there."""
    value = result.value
    if cell.data_type == "f" and value is None:
        return Formula(cell.value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if is_whole and len(cell.number_format) > 1 and not cell.number_format.strip("0"):
        return str(value).zfill(len(cell.number_format))
    return value


def _holds_something(row: Iterable[Any]) -> bool:
    return any(not is_missing(value) for value in row)


def _sheet(
    name: str,
    rows: Sequence[Sequence[Any]],
    *,
    line: Callable[[int], str],
    cell: Callable[[int, int], str],
) -> Table:
    """Make a table of the rows of a file, the headers first; empty ones are passed by."""
    headers: list[str] = []
    kept: list[Sequence[Any]] = []
    places: list[int] = []
    for at, row in enumerate(rows):
        if not _holds_something(row):
            continue
        if not headers:
            headers = [
                "" if is_missing(header) else str(unquoted(header)).strip() for header in row
            ]
            continue
        kept.append(_fitting(row, headers, f"{name}: {line(at)}"))
        places.append(at)
    # Columns without a header are ignored.
    columns = list(zip(*kept, strict=True)) or [()] * len(headers)
    return Table(
        name,
        headers,
        lambda header: list(columns[headers.index(header)]),
        cell=lambda at, column: cell(places[at], column),
    )


def _fitting(row: Sequence[Any], headers: list[str], where: str) -> Sequence[Any]:
    if len(row) < len(headers) or _holds_something(row[len(headers) :]):
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
