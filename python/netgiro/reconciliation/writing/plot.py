"""Charts of a reconciliation, made with Altair, to show in a notebook or to save."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from netgiro.presentation.formatting import kronur
from netgiro.reconciliation.rows import Outcome, by_day
from netgiro.reconciliation.writing import icelandic
from netgiro.reconciliation.writing.languages import English, language

if TYPE_CHECKING:
    from netgiro.reconciliation.writing.contents import Contents

COLOURS = {
    Outcome.PAID_NOT_RECORDED: "#d6336c",
    Outcome.RECORDED_NOT_PAID: "#e8590c",
    Outcome.REFUNDED_TOO_MUCH: "#c2255c",
    Outcome.REFUNDED_NOT_RECORDED: "#b5653c",
    Outcome.RECORDED_NOT_REFUNDED: "#f08c5a",
    Outcome.AMOUNT_MISMATCH: "#e0a100",
    Outcome.DUPLICATE_PAYMENT: "#9c5cd4",
    Outcome.DUPLICATE_ORDER: "#5b7be0",
    Outcome.NOT_FOUND: "#a97b50",
    Outcome.STILL_OPEN: "#15a3b8",
    Outcome.UNVERIFIED: "#868e96",
    Outcome.REFUNDED: "#66a80f",
    Outcome.PARTLY_REFUNDED: "#94b83d",
    Outcome.MATCHED: "#2f9e5b",
}
# The ends in seconds; each begins where the one before ends.
_TO_CONFIRM = (
    (10, "under 10 s"),
    (30, "10 to 30 s"),
    (60, "30 to 60 s"),
    (120, "1 to 2 min"),
    (180, "2 to 3 min"),
    (600, "3 to 10 min"),
    (3600, "10 to 60 min"),
    (None, "over 1 h"),
)
_AGES = (
    (600, "under 10 min"),
    (3600, "10 to 60 min"),
    (86_400, "1 to 24 h"),
    (7 * 86_400, "1 to 7 days"),
    (30 * 86_400, "7 to 30 days"),
    (None, "over 30 days"),
)
_GREY = "#8a919c"
# How days and amounts are written on axes, where not as Altair does it.
_DAYS: dict[str, dict[str, Any]] = {"is": {"format": "%-d. %b"}}
_AMOUNTS: dict[str, dict[str, Any]] = {"is": {"format": ",d", "tickCount": 4}}
_LOCALES: dict[str, dict[str, Any]] = {
    "is": {
        "locale": {
            "number": {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["", " kr."]},
            "time": {
                "dateTime": "%-d. %B %Y kl. %H:%M",
                "date": "%-d.%-m.%Y",
                "time": "%H:%M:%S",
                "periods": ["f.h.", "e.h."],
                "days": icelandic.WEEKDAYS,
                "shortDays": [day[:3] + "." for day in icelandic.WEEKDAYS],
                "months": list(icelandic.MONTHS),
                "shortMonths": icelandic.SHORT_MONTHS,
            },
        }
    }
}
# Room for wider fonts than the one that Altair measures with.
_PADDING = {"left": 16, "top": 8, "right": 32, "bottom": 8}


class Plots:
    """The charts of one reconciliation. Each returns an `altair.Chart`, clear in light and dark themes."""

    def __init__(self, report: Contents) -> None:
        self._report = report

    def outcomes_by_day(self, *, matched: bool = False, lang: str = "en") -> Any:
        """Return how many rows of each class were made on each day, in UTC; with `matched`, those in order as well."""
        words = language(lang)
        rows = self._report.rows if matched else self._report.exceptions
        values = [
            {"day": day.isoformat(), "class": words.label(outcome), "rows": many, "order": at}
            for day, found in sorted(by_day(rows).items())
            for at, outcome in enumerate(Outcome)
            if (many := found[outcome])
        ]
        return _chart(
            values,
            "bar",
            {"cornerRadius": 1.5},
            "Outcomes by day" if matched else "Exceptions by day",
            words,
            x=_axis("yearmonthdate(day):T", None, grid=False, **_DAYS.get(words.code, {})),
            y=_axis("sum(rows):Q", "rows", tickMinStep=1, format="d"),
            color=_colour("class"),
            order="order:Q",
            tooltip={"day:T": "day", "class:N": "class", "rows:Q": "rows"},
        )

    def at_stake(self, *, lang: str = "en") -> Any:
        """Return the money at stake in each class, in krónur."""
        words = language(lang)
        values = [
            {
                "class": words.label(outcome),
                "rows": total.rows,
                "at_stake": float(total.at_stake),
                "kronur": kronur(total.at_stake),
            }
            for outcome, total in self._report.totals.by_outcome.items()
            if total.rows and not outcome.is_in_order
        ]
        return _chart(
            values,
            "bar",
            {"cornerRadiusEnd": 3, "height": {"band": 0.7}},
            "Money at stake by class",
            words,
            x=_axis(
                "at_stake:Q", "krónur", **_AMOUNTS.get(words.code, {"format": "~s", "tickCount": 6})
            ),
            y=_axis("class:N", None, sort="-x", grid=False),
            color=_colour("class", legend=False),
            tooltip={"class:N": "class", "rows:Q": "rows", "kronur:N": "amount"},
        )

    def time_to_confirm(self, *, lang: str = "en") -> Any:
        """Return how long customers took, from the order to its payment."""
        taken = [
            (row.paid_at - row.created).total_seconds()
            for row in self._report.rows
            if row.orders and row.paid_at is not None and row.created is not None
        ]
        return self._histogram(
            [seconds for seconds in taken if seconds >= 0],
            _TO_CONFIRM,
            "Time from the order to its payment",
            "payments",
            COLOURS[Outcome.MATCHED],
            language(lang),
        )

    def open_by_age(self, *, lang: str = "en") -> Any:
        """Return the ages of what is still open."""
        ages = [
            row.age.total_seconds()
            for row in self._report.exceptions
            if row.outcome is Outcome.STILL_OPEN and row.age is not None
        ]
        return self._histogram(
            ages,
            _AGES,
            "What is still open, by age",
            "rows",
            COLOURS[Outcome.STILL_OPEN],
            language(lang),
        )

    def _histogram(  # noqa: PLR0917 - what the two histograms do not share
        self,
        seconds: list[float],
        bins: tuple[tuple[int | None, str], ...],
        title: str,
        what: str,
        colour: str,
        words: English,
    ) -> Any:
        found = Counter(
            next(label for end, label in bins if end is None or value < end) for value in seconds
        )
        labels = [label for _, label in bins]
        values = [{"time": words.text(label), what: found[label]} for label in labels]
        return _chart(
            values,
            "bar",
            {"color": colour, "cornerRadiusEnd": 3},
            title,
            words,
            x=_axis(
                "time:N",
                None,
                sort=[words.text(label) for label in labels],
                grid=False,
                labelAngle=-30,
            ),
            y=_axis(f"{what}:Q", what, tickMinStep=1, format="d"),
            tooltip={"time:N": "time", f"{what}:Q": what},
        )


def _altair() -> Any:
    try:
        import altair  # noqa: PLC0415
    except ImportError:
        raise ImportError("the charts need Altair: pip install 'netgiro[notebook]'") from None
    return altair


def _axis(field: str, title: str | None, **options: Any) -> tuple[str, str | None, dict[str, Any]]:
    return field, title, options


def _colour(field: str, *, legend: bool = True) -> tuple[str, bool]:
    return field, legend


def _chart(
    values: list[dict[str, Any]],
    mark: str,
    style: dict[str, Any],
    title: str,
    words: English,
    **encodings: Any,
) -> Any:
    alt = _altair()
    encoded: dict[str, Any] = {}
    for channel, given in encodings.items():
        if channel in {"x", "y"}:
            field, name, options = given
            sort = options.pop("sort", None)
            kind = alt.X if channel == "x" else alt.Y
            made = kind(field, title=name and words.text(name), axis=alt.Axis(**options))
            encoded[channel] = made if sort is None else made.sort(sort)
        elif channel == "color":
            field, legend = given
            scale = alt.Scale(
                domain=[words.label(outcome) for outcome in COLOURS], range=list(COLOURS.values())
            )
            shown = {value[field] for value in values}
            names = [words.label(outcome) for outcome in COLOURS]
            entries = [name for name in names if name in shown]
            encoded[channel] = alt.Color(
                f"{field}:N",
                scale=scale,
                legend=alt.Legend(title=None, values=entries) if legend else None,
            )
        elif channel == "tooltip":
            encoded[channel] = [
                alt.Tooltip(field, title=words.text(name)) for field, name in given.items()
            ]
        else:
            encoded[channel] = given
    # Greys that are readable on white and on black; the background is transparent.
    chart = (
        getattr(alt.Chart(alt.Data(values=values), title=words.text(title)), f"mark_{mark}")(
            **style
        )
        .encode(**encoded)
        .properties(width=520, height=240, padding=_PADDING, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_GREY,
            titleColor=_GREY,
            domainColor=_GREY,
            tickColor=_GREY,
            gridColor=_GREY,
            gridOpacity=0.25,
        )
        .configure_legend(labelColor=_GREY)
        .configure_title(color=_GREY, anchor="start", fontSize=15)
    )
    # `configure` would take the colours' place.
    for name, value in _LOCALES.get(words.code, {}).items():
        chart.config[name] = value
    return chart
