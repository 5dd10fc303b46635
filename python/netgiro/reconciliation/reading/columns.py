"""Which column holds what: named by the caller, or recognised by its header."""

from __future__ import annotations

import re
from collections.abc import Mapping

from netgiro.errors import InvalidRequestError
from netgiro.reconciliation.reading import advice
from netgiro.reconciliation.reading.cells import fold, listed
from netgiro.reconciliation.reading.tables import Table

# Known headers, folded and without spaces: English first, then Icelandic.
ORDERS: dict[str, frozenset[str]] = {
    "reference": frozenset(
        "reference ref referencenumber referenceno referenceid orderid ordernumber orderno ordernr "
        "order orderref orderreference merchantreference shopreference "
        "pontun pontunarnumer pontunarnr pontunnr pontunnumer pontunid pontunarid pontunaraudkenni "
        "numerpontunar tilvisun tilvisunarnumer tilvisunarnr".split()
    ),
    "transaction_id": frozenset(
        "transactionid transaction transactionguid transactionuuid txid txnid trxid netgiroid "
        "netgirotransactionid netgirotransaction cartid paymentid "
        "faersla faerslunumer faerslunr faersluid faersluaudkenni netgirofaersla greidsluid "
        "greidsluaudkenni greidslunumer karfa korfunumer korfuid".split()
    ),
    "amount": frozenset(
        "amount total totalamount ordertotal orderamount amountisk totalisk grandtotal sum "
        "upphaed fjarhaed samtals heildarupphaed heildarfjarhaed heild kronur".split()
    ),
    "refunded": frozenset(
        "refunded refundedamount amountrefunded refundamount totalrefunded refundedtotal refundtotal "
        "totalrefund totalrefunds ordertotalrefund refundsum refunds "
        "endurgreitt endurgreidd endurgreidslur upphaedendurgreidslu endurgreiddupphaed "
        "samtalsendurgreitt".split()
    ),
    "type": frozenset(
        "type kind rowtype ordertype entrytype transactiontype "
        "tegund gerd tegundfaerslu faerslutegund tegundlinu".split()
    ),
    "status": frozenset(
        "status state orderstatus orderstate paymentstatus "
        "stada astand pontunarstada stadapontunar greidslustada".split()
    ),
    "created": frozenset(
        "created createdat createdon createddate createdtime datecreated date datetime orderdate "
        "orderedat orderedon timestamp time "
        "dagsetning dags stofnad stofnadur stofndagur stofnt pontunardagur pontunardagsetning timi "
        "dagur".split()
    ),
}

# Headers so general that they count only if no other fits.
FALLBACKS: dict[str, frozenset[str]] = {
    "reference": frozenset("id number no nr numer".split()),
    "error": frozenset({"errorcode"}),
}

CHECKS: dict[str, frozenset[str]] = {
    "transaction_id": ORDERS["transaction_id"],
    "status": frozenset("status state cartstatus".split()),
    "error": frozenset("error errormessage".split()),
    "error_code": frozenset({"errorcode"}),
    "amount": frozenset("amount totalamount paidamount paymenttotalamount paymentamount".split()),
    "reference": frozenset(
        "reference referencenumber paymentreferencenumber paymentreference".split()
    ),
    "created": frozenset("created paidat paymentcreated".split()),
    "invoice_number": frozenset("invoicenumber paymentinvoicenumber".split()),
    "checked_at": frozenset({"checkedat"}),
}

# Also as Django's `values` names them.
REFUNDS: dict[str, frozenset[str]] = {
    "transaction_id": ORDERS["transaction_id"] | {"carttransactionid"},
    "reference": ORDERS["reference"] | {"cartreference"},
    "amount": ORDERS["amount"] | ORDERS["refunded"],
    "key": frozenset({"idempotencykey", "refundkey"}),
    "status": frozenset(
        "status state outcome refundstatus stada astand stadaendurgreidslu".split()
    ),
    "created": ORDERS["created"]
    | frozenset("refundedat refundedon refunddate askedat sentat madeat".split()),
}
# An id or a number of a refund is its own, and not its order's.
REFUNDS_FALLBACKS: dict[str, frozenset[str]] = {"key": frozenset({"key", "lykill"})}

_UNIT = re.compile(r"\(.*?\)|\[.*?\]")


def recognise(
    table: Table,
    roles: Mapping[str, frozenset[str]],
    given: Mapping[str, str | None] | None,
    fallbacks: Mapping[str, frozenset[str]] = FALLBACKS,
) -> dict[str, str]:
    """Return the header for each role that has one; refuses a table where several headers fit."""
    given = dict(given or {})
    unknown = [role for role in given if role not in roles]
    if unknown:
        raise InvalidRequestError(advice.names_of_columns(listed(unknown), listed(roles)))
    chosen: dict[str, str] = {}
    for role, header in given.items():
        if header is None:
            continue
        if header not in table.headers:
            raise InvalidRequestError(
                f"{table.name}: there is no column {header!r} for {role}; there are "
                f"{listed(table.headers)}"
            )
        chosen[role] = header
    taken = set(chosen.values())
    for role, names in roles.items():
        if role in given:
            continue
        for words in (names, fallbacks.get(role, frozenset())):
            found = [header for header in candidates(table, words) if header not in taken]
            if len(found) > 1:
                raise InvalidRequestError(
                    f"{table.name}: {listed(found)} could each be the column for {role}: say which, "
                    + advice.column(role, found[0])
                )
            if found:
                chosen[role] = found[0]
                break
    return chosen


def candidates(table: Table, words: frozenset[str]) -> list[str]:
    """Return the headers that are one of these words, each once."""
    return [
        header
        for header in dict.fromkeys(table.headers)
        if fold(_UNIT.sub("", header)).replace(" ", "") in words
    ]


def require(table: Table, chosen: Mapping[str, str], role: str, alternative: str = "") -> None:
    """Refuse a table without a column for a role."""
    if role in chosen:
        return
    there = listed(table.headers) if table.headers else "none"
    raise InvalidRequestError(
        f"{table.name}: no column for {role}{alternative} was recognised; there are {there}. Say "
        f"which it is: {advice.column(role)}"
    )
