"""The report as HTML: a fragment for notebooks, a page of its own to send on."""

from __future__ import annotations

import datetime as dt
import html
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from importlib.resources import files
from typing import TYPE_CHECKING

from netgiro.presentation.formatting import age, counted, kronur, number, signed
from netgiro.reconciliation.rows import Outcome, Row, Rows, Total

if TYPE_CHECKING:
    from netgiro.reconciliation.report import Reconciliation
    from netgiro.reconciliation.settlements import SettlementRow

LABELS = {outcome: outcome.value.replace("_", " ") for outcome in Outcome}
_IN_A_NOTEBOOK = 20
_ON_A_PAGE = 2000
_DAYS = 62


def fragment(report: Reconciliation) -> str:
    """Return the summary and the costliest exceptions, in colours that suit any theme."""
    return (
        f'<div class="ng"><style>{_css("style.css")}</style>{_lead(report)}{_bars(report)}'
        f"{_exceptions(report.exceptions, _IN_A_NOTEBOOK)}{_settled(report, _IN_A_NOTEBOOK)}</div>"
    )


def document(report: Reconciliation, title: str) -> str:
    """Return a page with everything in it, nothing loaded from elsewhere."""
    made = report.now.strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{_text(title)}</title>",
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<style>{_css('style.css')}{_css('document.css')}</style>",
        '</head><body><main class="ng">',
        f"<header><h1>{_text(title)}</h1><p>{_text(_period(report))}{made}</p></header>",
        f'<div class="top"><section>{_lead(report)}{_bars(report)}</section>',
        f'<div class="side"><section>{_facts(report)}</section>{_days(report)}</div></div>',
    ]
    if report.exceptions:
        parts.append(
            f"<section><h2>{counted(len(report.exceptions), 'exception')}, the costliest first</h2>"
            f"{_exceptions(report.exceptions, _ON_A_PAGE)}</section>"
        )
    if report.settlements is not None:
        parts.append(f"<section>{_settled(report, _ON_A_PAGE)}</section>")
    parts.append(f"<section><h2>Every króna in one class</h2>{_balance(report)}</section>")
    parts.append(
        "<footer>Amounts in krónur. Customers’ numbers are masked. Made by netgiro, an unofficial client "
        "of Netgíró.</footer></main></body></html>"
    )
    return "".join(parts)


def _css(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8").replace("\n", "")


def _text(text: str | None) -> str:
    return html.escape(text or "")


def _of(outcome: Outcome) -> str:
    return f'<span class="of" style="--of:var(--{outcome.value})">{LABELS[outcome]}</span>'


def _with_rows(report: Reconciliation) -> list[tuple[Outcome, Total]]:
    found = [
        (outcome, total)
        for outcome, total in report.totals.by_outcome.items()
        if total.rows and outcome is not Outcome.MATCHED
    ]
    return sorted(found, key=lambda item: item[1].at_stake, reverse=True)


def _lead(report: Reconciliation) -> str:
    total = report.totals
    matched = total.by_outcome[Outcome.MATCHED]
    told = f"{counted(matched.orders)} of {counted(total.orders, 'order')} match what Netgíró says"
    if report.is_balanced:
        return (
            '<p class="lead">Balanced<small>nothing is at stake</small></p>'
            f'<p class="told">{told}.</p>'
        )
    unsure = total.by_outcome[Outcome.UNVERIFIED]
    more = (
        f", {number(unsure.rows)} of which could not be told ({kronur(unsure.at_stake)})"
        if unsure.rows
        else ""
    )
    return (
        f'<p class="lead">{kronur(total.at_stake)}<small>at stake</small></p>'
        f'<p class="told">{counted(len(report.exceptions), "exception")}{more}. {told}.</p>'
    )


def _bars(report: Reconciliation) -> str:
    found = _with_rows(report)
    most = max((total.at_stake for _, total in found), default=Decimal(0)) or Decimal(1)
    lines = [
        f'<div class="bar">{_of(outcome)}<span class="n">{number(total.rows)}</span>'
        f'<i style="--of:var(--{outcome.value});width:{total.at_stake / most * 100:.1f}%"></i>'
        f'<span class="n">{kronur(total.at_stake)}</span></div>'
        for outcome, total in found
    ]
    return f'<div class="bars">{"".join(lines)}</div>' if lines else ""


def _exceptions(rows: Rows, most: int) -> str:
    if not rows:
        return ""
    kept = list(rows[0].kept)
    heads = "".join(f"<th>{_text(name)}</th>" for name in kept)
    lines = "".join(_line(row, kept) for row in rows[:most])
    left = len(rows) - most
    more = (
        f'<p class="more">and {counted(left, "more exception")}: see .exceptions, to_excel() or to_csv()</p>'
        if left > 0
        else ""
    )
    return (
        '<div class="scroll"><table class="t"><thead><tr><th>Class</th><th>Reference</th>'
        '<th class="n">Ordered</th><th class="n">Paid</th><th class="n">At stake</th>'
        f'<th class="n">Age</th>{heads}<th>Why, and what to do</th></tr></thead>'
        f"<tbody>{lines}</tbody></table></div>{more}"
    )


def _line(row: Row, kept: list[str]) -> str:
    apart = f'<span class="id">{signed(row.difference)}</span>' if row.difference else ""
    identifiers = "".join(
        f'<span class="id">{_text(identifier)}</span>'
        for identifier in (row.transaction_id or "").split(", ")
    )
    further = "".join(f"<td>{_text(row.kept[name])}</td>" for name in kept)
    return (
        f'<tr><td>{_of(row.outcome)}</td><td><span class="ref">{_text(row.reference) or "–"}</span>'
        f'{identifiers}</td><td class="n">{kronur(row.order_amount) or "–"}</td>'
        f'<td class="n">{kronur(row.paid_amount) or "–"}{apart}</td>'
        f'<td class="n stake">{kronur(row.at_stake)}</td><td class="n">{age(row.age) or "–"}</td>'
        f'{further}<td>{_text(row.reason)} <span class="do">{_text(row.action)}</span></td></tr>'
    )


def _facts(report: Reconciliation) -> str:
    total = report.totals
    lines = [
        ("Recorded as paid in the shop", kronur(total.recorded_amount)),
        ("Paid at Netgíró", kronur(total.paid_amount)),
        ("Apart", signed(total.paid_amount - total.recorded_amount) or kronur(0)),
        ("Orders", number(total.orders)),
        ("Payments", number(total.payments)),
    ]
    if report.left_out:
        lines.append(("Orders outside the window", number(report.left_out)))
    cells = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in lines)
    return f'<h2>Both sides</h2><dl class="facts">{cells}</dl>'


def _balance(report: Reconciliation) -> str:
    lines = [
        (_of(outcome), total) for outcome, total in report.totals.by_outcome.items() if total.rows
    ]

    def cells(name: str, total: Total) -> Iterator[str]:
        yield f"<td>{name}</td>"
        for value in (
            number(total.orders),
            kronur(total.order_amount),
            kronur(total.recorded_amount),
            number(total.payments),
            kronur(total.paid_amount),
            kronur(total.at_stake),
        ):
            yield f'<td class="n">{value}</td>'

    body = "".join(f"<tr>{''.join(cells(name, total))}</tr>" for name, total in lines)
    foot = "".join(cells("Everything", Total(*report.totals[:-1])))
    return (
        '<div class="scroll"><table class="t"><thead><tr><th>Class</th><th class="n">Orders</th>'
        '<th class="n">Ordered</th><th class="n">Recorded as paid</th><th class="n">Payments</th>'
        '<th class="n">Paid</th>'
        f'<th class="n">At stake</th></tr></thead><tbody>{body}</tbody>'
        f"<tfoot><tr>{foot}</tr></tfoot></table></div>"
    )


def _named(row: SettlementRow) -> str:
    """Name what has no reference."""
    return f"loan {', '.join(row.loan_numbers)}" if row.loan_numbers else row.transaction_id or "–"


def _settled(report: Reconciliation, most: int) -> str:
    """Show what was transferred to the bank, and what of it is to be looked into."""
    found = report.settlements
    if found is None:
        return ""
    told = "; ".join(
        f"{number(total.rows)} {outcome.value.replace('_', ' ')} "
        f"({kronur(total.paid_amount or total.settled_amount)})"
        for outcome, total in found.by_outcome.items()
        if total.rows
    )
    more = f" {number(found.left_out)} of other days left out." if found.left_out else ""
    lines: list[tuple[str, Decimal | None, Decimal | None, str]] = [
        (
            f"Settlement {it.settlement.number}",
            it.settlement.total_amount,
            it.items_amount,
            "Its items do not add up to its total.",
        )
        for it in found.transfers
        if it.difference
    ]
    lines += [
        (
            row.reference or _named(row),
            row.paid_amount,
            row.settled_amount,
            f"{row.outcome.value.replace('_', ' ')}: {row.reason}",
        )
        for row in found.exceptions
    ]
    body = "".join(
        f'<tr><td class="ref">{_text(what)}</td><td class="n">{kronur(paid) or "–"}</td>'
        f'<td class="n">{kronur(settled) or "–"}</td><td>{_text(why)}</td></tr>'
        for what, paid, settled, why in lines[:most]
    )
    table = (
        '<div class="scroll"><table class="t"><thead><tr><th>What</th><th class="n">Paid</th>'
        f'<th class="n">Settled</th><th>Why</th></tr></thead><tbody>{body}</tbody></table></div>'
        if body
        else ""
    )
    left = len(lines) - most
    rest = (
        f'<p class="more">and {counted(left)} more: see .settlements.exceptions</p>'
        if left > 0
        else ""
    )
    return (
        f"<h2>{counted(len(found.transfers), 'transfer')} to the bank"
        f"{', all in order' if found.is_balanced else ''}</h2>"
        f'<p class="told">{_text(told)}.{more}</p>{table}{rest}'
    )


def _period(report: Reconciliation) -> str:
    days = sorted(by_day(report.rows))
    if not days:
        return ""
    return f"{days[0]} to {days[-1]} · as of "


def by_day(rows: Iterable[Row]) -> dict[dt.date, Counter[Outcome]]:
    """Return how many rows of each class were made on each day, in UTC."""
    days: dict[dt.date, Counter[Outcome]] = {}
    for row in rows:
        if row.created is not None:
            days.setdefault(row.created.date(), Counter())[row.outcome] += 1
    return days


def _days(report: Reconciliation) -> str:
    """Draw the exceptions of each day, stacked by class."""
    days = by_day(report.exceptions)
    if len(days) < 2:  # noqa: PLR2004 - one bar is no chart
        return ""
    first, last = min(days), max(days)
    span = (last - first).days + 1
    step = -(-span // _DAYS)
    stacks: list[Counter[Outcome]] = [Counter() for _ in range(-(-span // step))]
    for day, found in days.items():
        stacks[(day - first).days // step] += found
    most = max(sum(stack.values()) for stack in stacks)
    wide, high, left = 400.0, 130.0, 22.0
    each = (wide - left) / len(stacks)
    drawn = []
    for at, stack in enumerate(stacks):
        top = high
        for outcome in Outcome:
            tall = stack[outcome] / most * (high - 14)
            top -= tall
            if tall:
                drawn.append(
                    f'<rect x="{left + at * each:.1f}" y="{top:.1f}" width="{max(each - 2, 1):.1f}" '
                    f'height="{max(tall - 1, 1):.1f}" rx="1.5" fill="var(--{outcome.value})">'
                    f"<title>{LABELS[outcome]}: {stack[outcome]}</title></rect>"
                )
    return (
        f"<section><h2>Exceptions by day{'' if step == 1 else f', {step} days a bar'}</h2>"
        f'<svg class="days" viewBox="0 0 {wide:.0f} 150" role="img" aria-label="Exceptions by day">'
        f'<line x1="{left}" x2="{wide}" y1="{high}" y2="{high}"/>'
        f'<line x1="{left}" x2="{wide}" y1="14" y2="14" stroke-dasharray="2 3"/>'
        f'<text x="{left - 6}" y="18" text-anchor="end">{most}</text>{"".join(drawn)}'
        f'<text x="{left}" y="147">{first}</text><text x="{wide}" y="147" text-anchor="end">{last}</text>'
        "</svg></section>"
    )
