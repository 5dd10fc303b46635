"""`netgiro.reconcile`: reads the input, lets the core classify it, and returns the report."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from netgiro import arguments
from netgiro._netgiro import mask_customer_ids, reconcile_columns
from netgiro.errors import InvalidRequestError
from netgiro.reconciliation import masking
from netgiro.reconciliation.reading import advice, amounts, instants
from netgiro.reconciliation.reading import checks as checking
from netgiro.reconciliation.reading import orders as reading
from netgiro.reconciliation.reading import refunds as refunding
from netgiro.reconciliation.reading.tables import Table, read
from netgiro.reconciliation.report import Reconciliation

if TYPE_CHECKING:
    from netgiro import Client
    from netgiro.reconciliation.settlements import Named
    from netgiro.settlements import SettlementItem


def reconcile(
    orders: Any,
    checks: Any = None,
    client: Client | None = None,
    *,
    columns: Mapping[str, str | None] | None = None,
    statuses: Mapping[Any, str] | None = None,
    tolerance: Any = 0,
    date_from: dt.date | str | None = None,
    date_to: dt.date | str | None = None,
    timezone: str | dt.tzinfo = "UTC",
    keep: Iterable[str] = (),
    now: dt.datetime | None = None,
    concurrency: int = 32,
    rate: float | None = None,
    retry_for: float = 30.0,
    on_progress: Callable[[int, int], object] | None = None,
    progress: bool | None = None,
    settlements: Any = None,
    settlement_key: str | Callable[[SettlementItem], Any] | None = None,
    refunds: Any = None,
) -> Reconciliation:
    """Put every order, every payment and every refund in exactly one class; returns a `Reconciliation`.

    `orders` is a frame (pandas, polars, pyarrow, a DuckDB relation or anything that narwhals or Arrow
    reads), a list of dicts, a dict of columns, or the path of a CSV, Excel or Parquet file. Its columns are
    recognised by their headers, in English and Icelandic, or named by `columns`, such as
    `{"reference": "order_id", "amount": "upphæð"}`: reference, transaction_id, amount, status and
    created; None says that there is none. A row with an amount below 0, or one that the column `type` calls
    a refund, is a refund of the order with its reference or transaction id; or the column `refunded` says
    how much of each order was refunded. `statuses` maps the shop's own words for a status to "paid",
    "open" or "canceled"; the usual ones are known.

    `checks` is what Netgíró said: what `check_many` returned, CheckResults or CartStates in a list, or a
    saved result as a frame or a file. With a `client`, carts without a check that settles them are
    checked now, as `check_many` does it: `concurrency` at a time, at most `rate` a second, failed
    ones again for `retry_for` seconds, calling `on_progress(done, total)`, with a bar if `progress`.

    `tolerance` is how many krónur two amounts may differ by and still match. `date_from` and `date_to`
    keep the orders made between them, a day at the end included; orders without a date are kept.
    `timezone` is the zone of times that have none, and of the days. `keep` names further columns to
    carry along. Ages are counted to `now`.

    `settlements` compares the paid carts with what was transferred to the bank, as `report.settlements`:
    True asks the client for the settlements of these days, or give SettlementItems, or Settlements with
    their items in tuples. No document says what connects an item to a cart, so `settlement_key` says
    it: a function that takes a SettlementItem and gives the order's reference as text, its
    transaction id as a UUID, the payment's invoice number as an int, or None; or the name of a column of
    `orders` that holds the loan number of each order. Without it the items are `unverified`.

    `refunds` are the refunds that were sent to Netgíró, whose API does not say how much was refunded: what
    `refund_cart` returned, in a list, or the shop's table of them as a frame or a file, with the columns
    transaction_id or reference, amount, and if it has them idempotency_key, status (made, unknown or
    refused) and created. Give all of these orders; an empty list says that there are none. Without it,
    refunds that no settlement takes back are `unverified`.

    Raises InvalidRequestError for what cannot be read without guessing, with the column and the row; in
    a file also with the cell.
    """
    _check_arguments(
        columns=columns,
        statuses=statuses,
        timezone=timezone,
        keep=keep,
        now=now,
        checks=checks,
        settlements=settlements,
        refunds=refunds,
        on_progress=on_progress,
    )
    keep = [arguments.text("keep", header) for header in keep]
    for word in (statuses or {}).values():
        arguments.text("statuses", word)
    local = instants.zone(timezone)
    table = read(orders, "orders")
    sent = refunding.given(refunds, local)
    ordered = reading.from_table(
        table,
        given=columns,
        words=statuses,
        local=local,
        keep=keep,
        are_refunds_known=sent is not None,
    )
    key = _key(settlements, settlement_key, table, ordered)
    since = instants.bound("date_from", date_from, local, is_end=False)
    until = instants.bound("date_to", date_to, local, is_end=True)
    if since is not None and until is not None and since >= until:
        raise InvalidRequestError(
            f"{advice.option('date_from')} is after {advice.option('date_to')}: {date_from} and {date_to}"
        )
    if (since is not None or until is not None) and not any(ordered.created) and ordered.created:
        raise InvalidRequestError(
            f"{table.name}: {advice.option('date_from')} and {advice.option('date_to')} need a column that "
            "says when an order was made, and none was recognised, or it is empty; say which it is: "
            + advice.column("created")
        )
    try:
        allowed = amounts.amount(tolerance)
    except ValueError as error:
        raise InvalidRequestError(f"{advice.option('tolerance')}: {error}") from None

    wanted = (
        name
        for name, created, is_refund in zip(
            ordered.transaction_ids, ordered.created, ordered.are_refunds, strict=True
        )
        # The sale of a refund may be of another month: only the orders are checked.
        if not is_refund
        and (
            created is None
            or ((since is None or since <= created) and (until is None or created < until))
        )
    )
    options = {
        "concurrency": concurrency,
        "rate": rate,
        "retry_for": retry_for,
        "on_progress": on_progress,
        "progress": progress,
    }
    checked = checking.gather(checks, client, wanted, options)

    at = dt.datetime.now(dt.timezone.utc) if now is None else _aware(now)
    made = [instant for instant in ordered.created if instant is not None]
    named: Named = []
    taken_back: list[tuple[Any, Any]] = []
    if key is not None:
        from netgiro.reconciliation import settlements as settling  # noqa: PLC0415 - most reports have none

        first = since if since is not None else min(made, default=None)
        batches = settling.gather(settlements, client, since=first, until=until, now=at)
        named = settling.named(batches, key)
        taken_back = settling.taken_back(named)
    found, totals, left_out = reconcile_columns(
        ordered.for_the_core,
        checked,
        sent,
        taken_back,
        tolerance=allowed,
        since=since,
        until=until,
        now=(at - instants.EPOCH) // instants.MICROSECOND,
    )
    if masking.are_customer_ids(ordered.references):
        for name in ("reference", "reason"):
            found[name] = [text and mask_customer_ids(text) for text in found[name]]
    settled = None
    if key is not None:
        days = (min(made), max(made)) if made and settlements is True else None
        settled = settling.compare(
            named,
            checked,
            ordered.for_the_core,
            sent,
            since=since,
            until=until,
            days=days,
            now=at,
        )
    return Reconciliation(
        found,
        totals,
        kept={name: _kept(values, found["order_rows"]) for name, values in ordered.kept.items()},
        now=at,
        left_out=left_out,
        settlements=settled,
        error_codes=checking.error_codes(checked),
    )


def _check_arguments(**given: Any) -> None:
    """Refuse by name what cannot be meant."""
    for name in ("columns", "statuses"):
        if given[name] is not None:
            arguments.instance(name, given[name], Mapping, "a dict")
    if not isinstance(given["timezone"], dt.tzinfo):
        arguments.text("timezone", given["timezone"])
    if isinstance(given["keep"], str):
        raise arguments.refused("keep", "an iterable of str", given["keep"])
    if given["now"] is not None:
        arguments.instance("now", given["now"], dt.datetime, "an aware datetime")
    arguments.iterable("keep", given["keep"])
    if given["on_progress"] is not None:
        arguments.function("on_progress", given["on_progress"])
    for name in ("checks", "settlements", "refunds"):
        _check_iterable(name, given[name])


def _check_iterable(name: str, value: Any) -> None:
    what = {"checks": "CheckResult", "refunds": "Refund"}.get(name)
    if isinstance(value, bool) and what is not None:
        raise arguments.refused(name, f"an iterable of {what}", value)
    if value is not None and not isinstance(value, (bool, os.PathLike)):
        arguments.iterable(name, value)


def _key(
    settlements: Any, given: Any, table: Table, ordered: reading.Orders
) -> Callable[[SettlementItem], Any] | None:
    """Return the function that names the cart of an item; None without settlements."""
    if settlements is None or settlements is False:
        if given is None:
            return None
        raise InvalidRequestError("settlement_key is for settlements: give them too")
    from netgiro.reconciliation import settlements as settling  # noqa: PLC0415 - most reports have none

    if given is None:
        return settling.no_key
    if isinstance(given, str):
        return settling.by_column(reading.loans(table, ordered, given))
    if callable(given):
        return given  # type: ignore[no-any-return]
    raise InvalidRequestError(
        "settlement_key must be a function that takes a SettlementItem, or the name of a column; got an "
        f"object of type {type(given).__name__}"
    )


def _aware(now: dt.datetime) -> dt.datetime:
    if now.tzinfo is None:
        raise InvalidRequestError(f"now must be an aware datetime; got {now}")
    return now.astimezone(dt.timezone.utc)


def _kept(values: list[str | None], rows: Iterable[tuple[int, ...]]) -> list[str | None]:
    """Return the cells of a further column for each row of the report; a group's are joined by commas."""
    cells: list[str | None] = []
    for places in rows:
        if len(places) == 1:
            cells.append(values[places[0] - 1])
        else:
            texts = {values[place - 1] for place in places}
            cells.append(", ".join(sorted(text for text in texts if text is not None)) or None)
    return cells
