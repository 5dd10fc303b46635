"""What Netgíró said: results, frames or files of saved ones, or checks made now."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netgiro
from netgiro._netgiro import mask_customer_ids
from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import amounts, columns, instants, orders
from netgiro.reconciliation.reading.tables import Table, read

if TYPE_CHECKING:
    from typing_extensions import Self

_TABLES = {".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".parquet", ".pq"}


def gather(
    checks: Any, client: Any, wanted: Iterable[str | None], options: Mapping[str, Any]
) -> Sequence[Any]:
    """Return the checks; with a client, carts without a final check are checked now."""
    if checks is None and client is None:
        raise InvalidRequestError(
            "reconcile takes checks (what check_many returned, or a saved result) or a client to ask"
        )
    known: Sequence[Any] = () if checks is None else given(checks)
    if client is None:
        return known
    if not isinstance(client, netgiro.Client):
        raise InvalidRequestError(
            "client must be a netgiro.Client; with an AsyncClient, await its check_many and give the "
            f"result as checks. Got an object of type {type(client).__name__}"
        )
    settled = {_settled(check) for check in known}
    ids = dict.fromkeys(name for name in wanted if name is not None)
    asked = [name for name in ids if name not in settled]
    if not asked:
        return known
    fresh = {str(result.transaction_id): result for result in client.check_many(asked, **options)}
    # The new check counts, unless it failed.
    better = {name for name, result in fresh.items() if result.error is None}
    return [*(check for check in known if _id(check) not in better), *fresh.values()]


def given(checks: Any) -> Sequence[Any]:
    """Return checks in a form that the core reads: CheckResults, CartStates, or rows of a saved result."""
    if isinstance(checks, (str, os.PathLike)):
        if Path(checks).suffix.lower() in _TABLES:
            return _rows(read(checks, "checks"))
        return netgiro.CheckResults.load(checks)
    if isinstance(checks, (netgiro.CheckResult, netgiro.CartState)):
        return [checks]
    if isinstance(checks, Mapping) or not _holds_results(checks):
        return _rows(read(checks, "checks"))
    return checks if isinstance(checks, netgiro.CheckResults) else list(checks)


def error_codes(checks: Iterable[Any]) -> dict[str, str]:
    """Return the codes of the checks' errors by their messages, as a row's reason holds these."""
    if isinstance(checks, netgiro.CheckResults) and not checks.tally().get("error"):
        # To make an object of each would take as long as the comparison.
        return {}
    codes = {}
    for check in checks:
        if isinstance(check, _Saved):
            message, code = check[2], check.error_code
        else:
            error = getattr(check, "error", None)
            message, code = (None, None) if error is None else (error.message, error.code)
        if message is not None and code is not None:
            codes[mask_customer_ids(message)] = code
    return codes


class _Saved(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no slots beside its items
    """A row of a saved result, as the core reads it, and the code of its error."""

    error_code: str | None

    def __new__(cls, cells: Iterable[Any], error_code: str | None) -> Self:
        row = super().__new__(cls, cells)
        row.error_code = error_code
        return row


def _holds_results(checks: Any) -> bool:
    if isinstance(checks, (list, tuple)):
        return not checks or not isinstance(checks[0], Mapping)
    # CheckResults are a table too, but are read without Arrow.
    return isinstance(checks, netgiro.CheckResults) or not (
        hasattr(checks, "__arrow_c_stream__") or hasattr(type(checks), "columns")
    )


def _rows(table: Table) -> list[Any]:
    chosen = columns.recognise(table, columns.CHECKS, None)
    columns.require(table, chosen, "transaction_id")
    columns.require(table, chosen, "status")

    ids = orders.cells(table, chosen["transaction_id"], orders.identifier)

    def column(role: str, cell: Callable[[Any], Any]) -> list[Any]:
        if role not in chosen:
            return [None] * len(ids)
        return orders.cells(table, chosen[role], cell)

    def at(value: Any) -> int | None:
        return instants.microseconds(instants.instant(value, dt.timezone.utc))

    rows = zip(
        ids,
        column("status", orders.text),
        column("error", orders.text),
        column("amount", amounts.exact),
        orders.references(table, chosen["reference"])
        if "reference" in chosen
        else [None] * len(ids),
        column("created", at),
        column("invoice_number", _whole),
        column("checked_at", at),
        strict=True,
    )
    codes = column("error_code", orders.text)
    return [_Saved(row, code) for row, code in zip(rows, codes, strict=True)]


def _whole(value: Any) -> int | None:
    digits = orders.reference(value)
    return None if digits is None else int(digits)


def _id(check: Any) -> str:
    return str(check[0] if isinstance(check, tuple) else check.transaction_id).lower()


def _settled(check: Any) -> str | None:
    """Return the id of a cart whose state is final; None for any other."""
    if isinstance(check, tuple):
        status = check[1] if check[2] is None else None
        is_final = status in {"confirmed", "canceled", "declined", "not_found"}
    else:
        state = getattr(check, "state", check)
        is_final = state is not None and state.is_final
    return _id(check) if is_final else None
