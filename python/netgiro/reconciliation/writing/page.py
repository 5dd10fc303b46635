"""The report as HTML: a fragment for notebooks, a page of its own to send on. The look is in `templates`."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from netgiro.presentation import formatting
from netgiro.reconciliation.rows import Outcome, Rows, Total, by_day
from netgiro.reconciliation.writing.languages import English

if TYPE_CHECKING:
    from netgiro.reconciliation.settlements import SettlementReport, SettlementRow
    from netgiro.reconciliation.writing.contents import Contents

_IN_A_NOTEBOOK = 20
_ON_A_PAGE = 2000
_MOST_BARS = 62


def fragment(report: Contents) -> str:
    """Return the summary and the costliest exceptions, in colours that suit any theme."""
    return _rendered("fragment.html", report, English(), most=_IN_A_NOTEBOOK)


def document(report: Contents, title: str | None, words: English, shop: str | None) -> str:
    """Return a page with everything in it, nothing loaded from elsewhere."""
    days = sorted(by_day(report.rows))
    return _rendered(
        "document.html",
        report,
        words,
        most=_ON_A_PAGE,
        title=words.text("Reconciliation") if title is None else title,
        shop=shop,
        period=(days[0], days[-1]) if days else None,
        chart=_chart(report.exceptions),
        has_refunds=bool(report.totals.recorded_refund_amount or report.totals.refunded_amount),
    )


@cache
def _templates() -> Any:
    try:
        import jinja2  # noqa: PLC0415 - most reports are not shown as HTML
    except ImportError:
        raise ImportError(
            "the report as HTML needs Jinja2: pip install 'netgiro[reconcile]'"
        ) from None
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for write in (formatting.kronur, formatting.number, formatting.signed):
        templates.filters[write.__name__] = write
    templates.globals.update(Outcome=Outcome)
    return templates


def _rendered(template: str, report: Contents, words: English, **more: Any) -> str:
    text: str = (
        _templates()
        .get_template(template)
        .render(
            report=report,
            bars=_bars(report),
            settled=_settled(report.settlements, words),
            told=words.told(report),
            lang=words.code,
            t=words.text,
            **{
                write.__name__: write
                for write in (
                    *(words.age, words.counted, words.day, words.instant, words.label),
                    *(words.sentence, words.short_day, words.unverified),
                )
            },
            **more,
        )
    )
    return text.strip()


def _bars(report: Contents) -> list[tuple[Outcome, Total, str]]:
    """Return the classes that have exceptions, the costliest first, each with the width of its bar in percent."""
    found = [
        (outcome, total)
        for outcome, total in report.totals.by_outcome.items()
        if total.rows and not outcome.is_in_order
    ]
    found.sort(key=lambda item: item[1].at_stake, reverse=True)
    most = max((total.at_stake for _, total in found), default=Decimal(0)) or Decimal(1)
    return [(outcome, total, f"{total.at_stake / most * 100:.1f}") for outcome, total in found]


def _settled(
    found: SettlementReport | None,
    words: English,
) -> list[tuple[str, Decimal | None, Decimal | None, str]]:
    """Return what to look into about bank transfers: what, paid, settled, why."""
    if found is None:
        return []
    lines: list[tuple[str, Decimal | None, Decimal | None, str]] = [
        (
            f"{words.text('Settlement')} {transfer.settlement.number}",
            transfer.settlement.total_amount,
            transfer.items_amount,
            words.text("Its items do not add up to its total."),
        )
        for transfer in found.transfers
        if transfer.difference
    ]
    lines += [
        (
            row.reference or _without_reference(row, words),
            row.paid_amount,
            row.settled_amount,
            f"{words.text(row.outcome.value.replace('_', ' '))}: {words.sentence(row.reason)}",
        )
        for row in found.exceptions
    ]
    return lines


def _without_reference(row: SettlementRow, words: English) -> str:
    loans = ", ".join(row.loan_numbers)
    return f"{words.text('loan')} {loans}" if loans else row.transaction_id or "–"


class _Bar(NamedTuple):
    outcome: Outcome
    rows: int
    x: str
    y: str
    width: str
    height: str


class _Chart(NamedTuple):
    """The exceptions of each day, stacked by class, in the units of the drawing."""

    first: dt.date
    last: dt.date
    days_a_bar: int
    most: int
    bars: list[_Bar]
    left: int = 22
    width: int = 400
    height: int = 130


def _chart(exceptions: Rows) -> _Chart | None:
    days = by_day(exceptions)
    if len(days) < 2:  # noqa: PLR2004 - one bar is not a chart
        return None
    first, last = min(days), max(days)
    span = (last - first).days + 1
    step = -(-span // _MOST_BARS)
    stacks: list[Counter[Outcome]] = [Counter() for _ in range(-(-span // step))]
    for day, found in days.items():
        stacks[(day - first).days // step] += found
    most = max(sum(stack.values()) for stack in stacks)
    chart = _Chart(first, last, step, most, [])
    each = (chart.width - chart.left) / len(stacks)
    for place, stack in enumerate(stacks):
        top = float(chart.height)
        for outcome in Outcome:
            height = stack[outcome] / most * (chart.height - 14)
            top -= height
            if height:
                bar = _Bar(
                    outcome,
                    stack[outcome],
                    x=f"{chart.left + place * each:.1f}",
                    y=f"{top:.1f}",
                    width=f"{max(each - 2, 1):.1f}",
                    height=f"{max(height - 1, 1):.1f}",
                )
                chart.bars.append(bar)
    return chart
