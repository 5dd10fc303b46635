"""What notebooks show: tables in HTML, readable on light and dark backgrounds.

Every text is escaped. No customer's number is shown.
"""

from __future__ import annotations

from html import escape

from netgiro.presentation.formatting import kronur

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from netgiro._netgiro import CartState, CheckResult, CheckResults

# How many results are shown from each end of a long list.
_SHOWN = 10

# Translucent colours on the notebook's own fit every theme.
_STYLE = """\
<style>
.netgiro-table { font-size: 0.9em; }
.netgiro-table table { border-collapse: collapse; margin: 0.4em 0; font-size: inherit; }
.netgiro-table table.netgiro-rows th, .netgiro-table table.netgiro-rows td {
  text-align: left; padding: 0.15em 0.8em 0.15em 0; border: 0; background: none;
  border-bottom: 1px solid rgba(128, 128, 128, 0.25); vertical-align: baseline; white-space: nowrap;
}
.netgiro-table table.netgiro-rows tr:nth-child(n) { background: none; }
.netgiro-table table.netgiro-rows th { font-weight: 600; opacity: 0.75; }
.netgiro-table table.netgiro-rows td.number,
.netgiro-table table.netgiro-rows th.number {
  text-align: right; font-variant-numeric: tabular-nums;
}
.netgiro-table table.netgiro-rows td.wide { white-space: normal; max-width: 32em; }
.netgiro-table table.netgiro-rows code { background: none; padding: 0; }
.netgiro-status {
  display: inline-block; padding: 0 0.5em; margin: 0 0.3em 0.2em 0; border-radius: 0.6em;
  background: rgba(128, 128, 128, 0.18);
}
.netgiro-confirmed { background: rgba(46, 160, 67, 0.25); }
.netgiro-canceled, .netgiro-declined, .netgiro-not_found { background: rgba(128, 128, 128, 0.18); }
.netgiro-pending, .netgiro-needs_code, .netgiro-reserved, .netgiro-awaiting_callback {
  background: rgba(210, 153, 34, 0.25);
}
.netgiro-error, .netgiro-unknown { background: rgba(218, 54, 51, 0.25); }
.netgiro-more { opacity: 0.6; }
</style>"""


def state(state: CartState) -> str:
    """Return a cart's state as HTML: its status first, then what was paid."""
    payment = state.payment
    rows = [
        ("transaction_id", f"<code>{state.transaction_id}</code>"),
        ("reference", _text(payment.reference_number if payment else None)),
        ("amount", kronur(payment.total_amount if payment else None, space=" ")),
        ("result_code", _text(state.result_code)),
        ("message", _text(state.message)),
        ("invoice_number", _text(payment.invoice_number if payment else None)),
        ("checked_at", _instant(state)),
        ("reference_id", _text(state.reference_id)),
    ]
    body = "".join(
        f'<tr><th>{name}</th><td class="wide">{shown}</td></tr>' for name, shown in rows if shown
    )
    return _page(f'{_status(state.status.value)}<table class="netgiro-rows">{body}</table>')


def results(results: CheckResults) -> str:
    """Return results as HTML: how many have each status, then the first and the last of them."""
    of = "" if results.is_complete else f" of {results.total:,}, interrupted"
    counts = "".join(_status(str(word), count) for word, count in results.tally().items())
    head = f"<div><b>{len(results):,} carts checked{of}</b></div><div>{counts}</div>"
    if len(results) <= 2 * _SHOWN:
        shown = _rows(results)
    else:
        left = len(results) - 2 * _SHOWN
        shown = (
            _rows(results[:_SHOWN])
            + f'<tr class="netgiro-more"><td colspan="6">… {left:,} more …</td></tr>'
            + _rows(results[-_SHOWN:])
        )
    titles = ("transaction_id", "reference", "amount", "status", "checked_at", "message")
    heads = "".join(f"<th{_number(title)}>{title}</th>" for title in titles)
    if not shown:
        return _page(head)
    header = f"<thead><tr>{heads}</tr></thead>"
    return _page(f'{head}<table class="netgiro-rows">{header}<tbody>{shown}</tbody></table>')


def _rows(results: Iterable[CheckResult]) -> str:
    return "".join(_row(result) for result in results)


def _row(result: CheckResult) -> str:
    reference = amount = checked_at = message = ""
    status = "error"
    if result.state is not None:
        status = result.state.status.value
        checked_at = _instant(result.state)
        message = _text(result.state.message)
        if result.state.payment is not None:
            reference = _text(result.state.payment.reference_number)
            amount = kronur(result.state.payment.total_amount, space=" ")
    elif result.error is not None:
        message = _text(f"{result.error.code}: {result.error.message}")
    return (
        f"<tr><td><code>{result.transaction_id}</code></td><td>{reference}</td>"
        f'<td class="number">{amount}</td><td>{_status(status)}</td><td>{checked_at}</td>'
        f'<td class="wide">{message}</td></tr>'
    )


def _instant(state: CartState) -> str:
    return f"{state.checked_at:%Y-%m-%d %H:%M:%S} UTC"


def _number(title: str) -> str:
    return ' class="number"' if title == "amount" else ""


def _status(word: str, count: int | None = None) -> str:
    text = word if count is None else f"{count:,} {word}"
    return f'<span class="netgiro-status netgiro-{escape(word)}">{escape(text)}</span>'


def _text(value: object) -> str:
    return "" if value is None else escape(str(value))


def _page(body: str) -> str:
    return f'{_STYLE}<div class="netgiro-table">{body}</div>'
