"""The result of a reconciliation, and the ways to show, count and save it."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from netgiro._netgiro import csv_cell
from netgiro.presentation import jsonable
from netgiro.presentation.formatting import counted, kronur
from netgiro.reconciliation.rows import Outcome, Row, Rows, Total, Totals
from netgiro.reconciliation.writing import dataframes, page, workbook
from netgiro.reconciliation.writing.languages import language
from netgiro.reconciliation.writing.plot import Plots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgiro.reconciliation.settlements import SettlementReport


class Reconciliation:
    """Every order, every payment and every refund in exactly one class, with the money at stake.

    Libraries that read Arrow take it as a frame: `polars.DataFrame(report)`, `pyarrow.table(report)`,
    `duckdb.sql("from report")`. Customers' phone numbers and kennitölur in it are masked.
    """

    def __init__(
        self,
        columns: dict[str, list[Any]],
        totals: dict[str, dict[str, Any]],
        *,
        kept: dict[str, list[str | None]],
        now: dt.datetime,
        left_out: int,
        settlements: SettlementReport | None = None,
        error_codes: Mapping[str, str] | None = None,
    ) -> None:
        self._rows = Rows(columns, kept, now, range(len(columns["outcome"])))
        # The core sorts rows that are in order last.
        in_order = sum(
            columns["outcome"].count(outcome.value) for outcome in Outcome if outcome.is_in_order
        )
        self._exceptions = self._rows[: len(self._rows) - in_order]
        self._totals = Totals(
            **totals["total"],
            by_outcome={outcome: Total(**totals[outcome.value]) for outcome in Outcome},
        )
        self._now = now
        self._left_out = left_out
        self._settlements = settlements
        # By the messages that are in reasons, which other languages than English translate.
        self._error_codes = error_codes or {}

    @property
    def rows(self) -> Rows:
        """All rows: what costs most first, what is in order last. A sequence of `Row`."""
        return self._rows

    @property
    def exceptions(self) -> Rows:
        """The rows that are not in order, what costs most first. A sequence of `Row`."""
        return self._exceptions

    @property
    def totals(self) -> Totals:
        """The totals of everything and of each class, in krónur; they add up exactly."""
        return self._totals

    @property
    def now(self) -> dt.datetime:
        """The instant that ages are counted to, an aware `datetime`."""
        return self._now

    @property
    def left_out(self) -> int:
        """How many orders were made outside the window."""
        return self._left_out

    @property
    def settlements(self) -> SettlementReport | None:
        """The paid carts against what was transferred to the bank; None if settlements were not compared."""
        return self._settlements

    @property
    def is_balanced(self) -> bool:
        """Whether everything is in order; settlements have an `is_balanced` of their own."""
        return not self._exceptions

    @property
    def is_certain(self) -> bool:
        """Whether the class of everything is certain: nothing is `unverified`."""
        return not self._totals.by_outcome[Outcome.UNVERIFIED].rows

    @property
    def summary(self) -> dict[str, Any]:
        """The totals as a dict of plain values, with the classes that have rows; amounts are Decimals."""
        return {
            "is_balanced": self.is_balanced,
            "is_certain": self.is_certain,
            "exceptions": len(self._exceptions),
            **{
                name: value
                for name, value in self._totals._asdict().items()
                if name != "by_outcome"
            },
            "left_out": self._left_out,
            "now": self._now,
            "outcomes": {
                outcome.value: total._asdict()
                for outcome, total in self._totals.by_outcome.items()
                if total.rows
            },
            **({} if self._settlements is None else {"settlements": self._settlements.summary}),
        }

    @property
    def plot(self) -> Plots:
        """Charts of it, made with Altair: `report.plot.at_stake()` and others."""
        return Plots(self)

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<netgiro.Reconciliation: {self}>"

    def __str__(self) -> str:
        total = self._totals
        matches = f"{counted(total.orders_in_order)} of {counted(total.orders, 'order')} matched"
        if self.is_balanced:
            refunded = (
                f", {kronur(total.refunded_amount)} refunded" if total.refunded_amount else ""
            )
            return f"{matches}; {kronur(total.paid_amount)} paid{refunded}; nothing is at stake"
        classes = ", ".join(
            f"{counted(of.rows)} {outcome.value}"
            for outcome, of in total.by_outcome.items()
            if of.rows and not outcome.is_in_order
        )
        return f"{kronur(total.at_stake)} at stake; {matches}; {classes}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Reconciliation):
            return NotImplemented
        return self.summary == other.summary and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]

    def _repr_html_(self) -> str | None:
        try:
            return page.fragment(self)
        except ImportError:
            return None  # without Jinja2 a notebook shows the text

    def to_dict(self, *, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """Return the members by name, and theirs, as a dict of plain Python values; the exceptions are in the rows.

        With `mode="json"` as what JSON holds: amounts as numbers, instants as ISO 8601 text, durations in seconds.
        """
        named = {
            "is_balanced": self.is_balanced,
            "is_certain": self.is_certain,
            "now": self._now,
            "left_out": self._left_out,
            "totals": self._totals,
            "rows": [row.to_dict(mode=mode) for row in self._rows],
            "settlements": self._settlements,
        }
        return jsonable.members(named, mode)

    def to_json(self) -> str:
        """Return what `to_dict(mode="json")` gives as JSON text."""
        return jsonable.text(self)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return all rows as dicts of plain Python values."""
        return [_plain(row) for row in self._rows]

    def to_arrow(self) -> Any:
        """Return all rows as a `pyarrow.Table`: exact decimals, instants in UTC, words as dictionaries."""
        return dataframes.to_arrow(self._rows.columns())

    def to_polars(self) -> Any:
        """Return all rows as a `polars.DataFrame`: exact decimals, instants in UTC, categorical words."""
        return dataframes.to_polars(self._rows.columns())

    def to_pandas(self) -> Any:
        """Return all rows as a `pandas.DataFrame`: amounts as Decimal, instants in UTC, categorical words."""
        return dataframes.to_pandas(self._rows.columns())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return dataframes.stream(self._rows.columns(), requested_schema)

    def to_html(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        title: str | None = None,
        lang: str = "en",
        shop: str | None = None,
    ) -> str:
        """Return the report as one page that needs nothing else, and write it to `path` if given.

        `lang="is"` gives it in Icelandic; `shop` is a name to put above it. The title is by default
        "Reconciliation", in Icelandic "Afstemming".
        """
        text = page.document(self, title, language(lang, self._error_codes), shop)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write all rows as CSV in UTF-8, amounts with a decimal point.

        Texts that a spreadsheet could take for a formula have an apostrophe before it.
        """
        columns = self._rows.columns()
        for name in dataframes.INSTANTS:
            columns[name] = dataframes.instants(columns[name])
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            for row in (columns, *zip(*columns.values(), strict=True)):
                texts = ("" if value is None else str(dataframes.plain(value)) for value in row)
                file.write(",".join(map(csv_cell, texts)) + "\r\n")

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write all rows as Parquet, with pyarrow or polars."""
        dataframes.to_parquet(self._rows.columns(), path)

    def to_excel(
        self, path: str | os.PathLike[str], *, lang: str = "en", shop: str | None = None
    ) -> None:
        """Write a workbook with a summary, the exceptions and all rows, with XlsxWriter.

        `lang="is"` gives it in Icelandic; `shop` is a name to put above the summary.
        """
        workbook.write(self, path, language(lang, self._error_codes), shop)


def _plain(row: Row) -> dict[str, Any]:
    named = row._asdict()
    kept = named.pop("kept")
    named["outcome"] = row.outcome.value
    return named | {name: value for name, value in kept.items() if name not in named}
