"""`netgiro reconcile orders.csv --out report.html`: the comparison from the command line, for cron and CI.

Exits with 0 if everything matched, 1 if something did not, and 2 if that is not known: a check failed, or the
comparison could not be made.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netgiro
from netgiro.reconciliation.reading import advice

if TYPE_CHECKING:
    from netgiro.reconciliation import Reconciliation

BALANCED, DIFFERENCES, UNCERTAIN = 0, 1, 2
_SHOWN = 20


def main(argv: list[str]) -> int:
    """Run the command with the arguments after `netgiro reconcile`; returns the exit code."""
    try:
        options = _parser().parse_args(argv)
        with advice.for_the_command_line():
            return _run(options)
    except SystemExit as end:
        # argparse has printed the error or the help.
        return end.code if isinstance(end.code, int) else UNCERTAIN
    except Exception as error:  # noqa: BLE001 - exit code 1 would say that the comparison was made
        print(f"netgiro reconcile: {advice.options(str(error))}", file=sys.stderr)  # noqa: T201
        return UNCERTAIN


def _run(options: argparse.Namespace) -> int:
    writers = [(path, _writer(path, options.lang, options.shop)) for path in options.out]
    settings: dict[str, Any] = {
        "columns": dict(options.column),
        "statuses": dict(options.status),
        "tolerance": options.tolerance,
        "date_from": options.date_from,
        "date_to": options.date_to,
        "timezone": options.timezone,
        "keep": options.keep,
        "concurrency": options.concurrency,
        "rate": options.rate,
        "retry_for": options.retry_for,
        "refunds": options.refunds,
        "progress": sys.stderr.isatty() and find_spec("tqdm") is not None,
    }
    if options.checks is not None and not options.check:
        report = netgiro.reconcile(options.orders, options.checks, **settings)
    else:
        with netgiro.Client.from_env() as client:
            report = netgiro.reconcile(options.orders, options.checks, client, **settings)
    for path, write in writers:
        write(report, path)
    _print(report, as_json=options.json, quiet=options.quiet)
    if not report.is_certain:
        return UNCERTAIN
    return BALANCED if report.is_balanced else DIFFERENCES


def _writer(path: str, lang: str, shop: str | None) -> Callable[[Reconciliation, str], object]:
    writers: dict[str, Callable[[Reconciliation, str], object]] = {
        ".html": lambda report, to: report.to_html(to, lang=lang, shop=shop),
        ".xlsx": lambda report, to: report.to_excel(to, lang=lang, shop=shop),
        ".csv": lambda report, to: report.to_csv(to),
        ".parquet": lambda report, to: report.to_parquet(to),
    }
    writer = writers.get(Path(path).suffix.lower())
    if writer is None:
        raise netgiro.InvalidRequestError(f"--out {path}: write to one of {', '.join(writers)}")
    if not (Path(path).parent).is_dir():
        raise netgiro.InvalidRequestError(f"--out {path}: there is no such folder")
    return writer


def _print(report: Reconciliation, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        summary = report.summary
        summary["exceptions"] = report.to_dicts()[: len(report.exceptions)]
        print(json.dumps(summary, default=_plain, ensure_ascii=False, indent=2))  # noqa: T201
        return
    from netgiro.presentation.formatting import kronur  # noqa: PLC0415

    lines = [str(report)]
    if not quiet:
        lines += [
            f"{kronur(row.at_stake):>14}  {row.outcome.value:17}  "
            f"{row.reference or row.transaction_id}: {row.reason} {row.action}"
            for row in report.exceptions[:_SHOWN]
        ]
        if len(report.exceptions) > _SHOWN:
            lines.append(
                f"and {len(report.exceptions) - _SHOWN} more: --out report.html has them all"
            )
    print("\n".join(lines))  # noqa: T201


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else format(value.normalize(), "f")
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return str(value)


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not value.strip():
        raise argparse.ArgumentTypeError(f"{text!r} must be written NAME=VALUE")
    return name.strip(), value.strip()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netgiro reconcile",
        description="Compare a shop's orders with what Netgíró says of them.",
        epilog="Exit codes: 0 everything matched, 1 something did not, 2 that is not known. "
        "The client's keys are read from NETGIRO_APP_KEY and NETGIRO_SECRET_KEY.",
    )
    add = parser.add_argument
    add("orders", help="the orders: a CSV, Excel (.xlsx) or Parquet file")
    add(
        "--checks",
        metavar="FILE",
        help="saved results: what CheckResults.save wrote, CSV, Excel or Parquet",
    )
    add(
        "--check",
        action="store_true",
        help="with --checks: check now the carts that they leave open",
    )
    add(
        "--refunds",
        metavar="FILE",
        help="the refunds that were sent to Netgíró: CSV, Excel or Parquet",
    )
    add(
        "--out",
        metavar="FILE",
        action="append",
        default=[],
        help="write the report: .html, .xlsx, .csv or .parquet; may be given several times",
    )
    add(
        "--lang",
        default="en",
        choices=["en", "is"],
        help="the language of .html and .xlsx: en, or is for Icelandic (en)",
    )
    add("--shop", metavar="NAME", help="the shop's name, above .html and .xlsx")
    add("--json", action="store_true", help="print the summary and the exceptions as JSON")
    add("--quiet", action="store_true", help="print one line")
    add(
        "--column",
        metavar="WHAT=HEADER",
        action="append",
        default=[],
        type=_pair,
        help="which column holds the reference, transaction_id, amount, status, created, refunded or type",
    )
    add(
        "--status",
        metavar="WORD=paid|open|canceled",
        action="append",
        default=[],
        type=_pair,
        help="the meaning of a word for a status",
    )
    add("--tolerance", default="0", help="how many krónur amounts may differ by (0)")
    add("--from", dest="date_from", metavar="DATE", help="leave out orders made before")
    add(
        "--to",
        dest="date_to",
        metavar="DATE",
        help="leave out orders made after; the day is included",
    )
    add("--timezone", default="UTC", help="the zone of days, and of times without one (UTC)")
    add("--keep", action="append", default=[], metavar="HEADER", help="keep a further column")
    add("--rate", type=float, metavar="N", help="how many carts to check a second at most")
    add(
        "--retry-for",
        type=float,
        default=30.0,
        metavar="SECONDS",
        help="how long to retry failed checks (30)",
    )
    add(
        "--concurrency",
        type=int,
        default=32,
        metavar="N",
        help="how many carts to check at a time (32)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
