import json
from urllib.parse import urlencode

from reference import OTHER_TRANSACTION_ID, SECRET_KEY, TRANSACTION_ID, redirect_signature

ABOUT = (
    "Calls of the API's V2 and of the hosted checkout. A server answers the requests of a case with `answers`, one after another, "
    "the last one for ever: an HTTP status, a body and headers, or `close`: it reads the request and closes the connection. Each "
    "request is `request`, with the key header and without a signature. `cart`: the amount that the call's cart is known to have. "
    "Members an `error` leaves out are not compared; `customer_message` is what a customer reads of it in English. `requests` is how "
    "many requests the server sees. Cases with `after` make those calls first, with the same client, which succeed; their requests do "
    "not count. `redirects`: verify_redirect(url, amount, reference) of a client with this `secret_key` gives `expect`. Amounts are "
    "decimal text with the digits as sent; instants compare to the millisecond."
)

KEY = "order-1-line-2"
CLOSE = {"close": True}


def text_of(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace('"@', "").replace('@"', "")


def answer(body, http_status=200, headers=None):
    made = {"http_status": http_status, "body": body if isinstance(body, str) else text_of(body)}
    return made | ({"headers": headers} if headers else {})


def said(success, message, **more):
    return {"Success": success, "Message": message} | more


OK = answer(said(True, "Success"))
BUSY = answer(said(False, "Busy"), 503)


def error(code, http_status=None, request_sent="yes", retryable=False, **more):
    return {
        "error": {
            "code": code,
            "http_status": http_status,
            "request_sent": request_sent,
            "retryable": retryable,
        }
        | more
    }


NOT_KNOWN = "We do not know yet whether the refund went through. We will let you know when that is clear."
NOT_REFUNDED = "The refund could not be made this time. Please contact us if you are not refunded."


def unknown(http_status=None, request_sent="yes", **more):
    """A refund that may have been made: the same call may be made again."""
    return error(
        "outcome_unknown",
        http_status,
        request_sent,
        True,
        idempotency_key=KEY,
        customer_message=NOT_KNOWN,
        **more,
    )


CASES = []


def case(name, call, arguments, request, answers, expect, requests, **more):
    CASES.append(
        {
            "name": f"{call}: {name}",
            "call": call,
            "arguments": arguments,
            "request": request,
            "answers": answers,
        }
        | more
        | {"expect": expect, "requests": requests}
    )


def refund(name, answers, expect, requests=1, amount=1000, description=None, key=KEY, **more):
    arguments = {"transaction_id": TRANSACTION_ID, "amount": amount, "idempotency_key": key}
    body = {"TransactionId": TRANSACTION_ID, "RefundAmount": amount}
    if description is not None:
        arguments["description"] = description
        body["Description"] = description
    request = {
        "method": "POST",
        "path": "/v2/transaction/refund",
        "body": text_of(body | {"IdempotencyKey": key}),
    }
    case(name, "refund_cart", arguments, request, answers, expect, requests, **more)


def refunded(message="Success", amount=1000, key=KEY):
    made = {
        "transaction_id": TRANSACTION_ID,
        "amount": amount,
        "idempotency_key": key,
        "message": message,
    }
    return {"refund": made}


def refunds():
    refund("in part", [OK], refunded())
    refund("with a description", [OK], refunded(), description="Skilað: einn bolur")
    refund("a null message", [answer(said(True, None))], refunded(None))
    refund("of the whole cart", [OK], refunded(), cart={"amount": 1000})
    refund(
        "a customer's number in the message",
        [answer(said(True, "to 822-3281"))],
        refunded("to ******81"),
    )
    no = said(False, "RefundAmount is more than what is left")
    for status in (200, 400, 404, 422):
        refund(
            f"refused, HTTP {status}",
            [answer(no, status)],
            error("api", status, customer_message=NOT_REFUNDED),
        )
    refund("no key", [answer(said(False, "An API key is required"), 401)], error("authentication", 401))
    wait = {"Retry-After": "3600"}
    limited = answer(said(False, "Slow down"), 429, wait)
    refund(
        "too many calls",
        [limited],
        error("rate_limited", 429, retryable=True, retry_after_ms=3_600_000),
    )
    # One refund for each key: it may be sent again, and is.
    refund("the answer is lost once", [CLOSE, OK], refunded(), 2)
    refund("the server is busy twice", [BUSY, BUSY, OK], refunded(), 3)
    refund("the answer is always lost", [CLOSE], unknown(None, "maybe", cause="server"), 3)
    refund("the server is always busy", [BUSY], unknown(503, cause="server"), 3)
    refund("no body of the API's", [answer("<html>")], unknown(200, cause="server"))
    refund("an empty object", [answer({})], unknown(200, cause="server"))
    refund("Success that is no boolean", [answer({"Success": "yes", "Message": None})], unknown(200))
    refund("Success twice", [answer('{"Success":true,"Success":false}')], unknown(200))
    refund("an array", [answer('[true,"Success"]')], unknown(200, cause="server"))
    refund(
        "a redirect",
        [answer("", 302, {"Location": "https://example.com/"})],
        unknown(302, cause="server"),
    )
    # A refused key says that the refund has been made.
    for number, words in enumerate(
        [
            "IdempotencyKey has been processed already",
            "Idempotency key already used",
            "Duplicate request",
        ],
        1,
    ):
        again = said(False, words)
        refund(
            f"a repeated key is refused, {number}",
            [answer(again, 400)],
            refunded(f"Netgíró refused Refund: {words}"),
        )
        refund(
            f"a repeated key is refused with a 200, {number}",
            [answer(again)],
            refunded(f"Netgíró refused Refund: {words}"),
        )
        lost = [CLOSE, answer(again, 409)]
        refund(
            f"a repeated key is refused after a lost answer, {number}",
            lost,
            refunded(f"Netgíró refused Refund: {words}"),
            2,
        )
    # Only the API's own answer says so.
    words = "Idempotency key already used"
    for name, body in {
        "a page": f"<html>{words}</html>",
        "JSON of another server": text_of({"message": words}),
        "JSON that cannot be read": f'{{"Success":false,,"Message":"{words}"}}',
        "Success that is no boolean": text_of({"Success": "false", "Message": words}),
    }.items():
        refund(f"a repeated key is refused by {name}", [answer(body, 400)], error("api", 400))
    # Another refusal after a lost answer leaves open whether the first was processed.
    refund("refused after a lost answer", [CLOSE, answer(no, 400)], unknown(400, cause="api"), 2)
    refund(
        "no key after a lost answer",
        [CLOSE, answer("", 401)],
        unknown(401, cause="authentication"),
        2,
    )
    other = answer(said(False, "IdempotencyKey was used for another refund"), 400)
    refund("a key of another refund", [other], error("mismatch", 400))
    first = {"transaction_id": TRANSACTION_ID, "amount": 1000, "idempotency_key": KEY}
    after = [first]
    refund("the same again", [OK], refunded(), after=after)
    refund(
        "another amount under a used key",
        [OK],
        error("mismatch", None, "no"),
        0,
        amount=999,
        after=after,
    )
    elsewhere = [first | {"transaction_id": OTHER_TRANSACTION_ID}]
    refund("another cart under a used key", [OK], error("mismatch", None, "no"), 0, after=elsewhere)
    wrong = error("invalid_request", None, "no")
    refund("more than the cart", [OK], wrong, 0, amount=1001, cart={"amount": 1000})
    for name, key in {
        "empty": "",
        "blank": "  ",
        "with a line": "a\nb",
        "too long": "k" * 101,
    }.items():
        refund(f"a key that is {name}", [OK], wrong, 0, key=key)
    refund("the longest key", [OK], refunded(key="k" * 100), key="k" * 100)


DETAILS = {
    "IsRefundable": True,
    "Status": "paid",
    "Created": "2026-05-01T12:30:00.5",
    "TotalAmount": "@1000.00@",
    "TransactionId": TRANSACTION_ID,
    "SettlementDate": "2026-05-03T00:00:00",
}
READ = {
    "transaction_id": TRANSACTION_ID,
    "status": "paid",
    "total_amount": "1000.00",
    "is_refundable": True,
    "created": "2026-05-01T12:30:00.500Z",
    "settlement_date": "2026-05-03T00:00:00Z",
}


def transaction(name, answers, expect, requests=1, **more):
    request = {"method": "GET", "path": f"/v2/transaction/details/{TRANSACTION_ID}"}
    case(
        name,
        "get_transaction",
        {"transaction_id": TRANSACTION_ID},
        request,
        answers,
        expect,
        requests,
        **more,
    )


def transactions():
    def reads(name, changes, read, **more):
        transaction(name, [answer(DETAILS | changes)], {"transaction": READ | read}, **more)

    reads("paid", {}, {})
    reads("with Success", {"Success": True, "Message": None}, {})
    for word, status in [
        ("unpaid", "unpaid"),
        ("canceled", "canceled"),
        ("cancelled", "canceled"),
        ("reservation", "reservation"),
        ("Paid", "paid"),
        ("refunded", "unknown"),
        ("", "unknown"),
    ]:
        reads(f"status {word!r}", {"Status": word}, {"status": status})
    reads("not settled", {"SettlementDate": None}, {"settlement_date": None})
    reads("a date that is none", {"Created": "soon"}, {"created": None})
    reads("an id in capitals", {"TransactionId": TRANSACTION_ID.upper()}, {})
    reads("the known amount", {}, {}, cart={"amount": 1000})
    bare = {"TransactionId": TRANSACTION_ID, "Status": "paid"}
    nothing = dict.fromkeys(READ) | {"transaction_id": TRANSACTION_ID, "status": "paid"}
    transaction("members left out", [answer(bare)], {"transaction": nothing})
    transaction("the answer is lost once", [CLOSE, answer(DETAILS)], {"transaction": READ}, 2)
    protocol = error("protocol", 200, retryable=True)
    wrong = DETAILS | {"TransactionId": OTHER_TRANSACTION_ID}
    transaction("another transaction", [answer(wrong)], protocol)
    transaction("no transaction", [answer({"Status": "paid", "TotalAmount": 1000})], protocol)
    transaction("an amount that is none", [answer(DETAILS | {"TotalAmount": "much"})], protocol)
    transaction("another amount", [answer(DETAILS)], error("mismatch", 200), cart={"amount": 999})
    transaction("not found", [answer(said(False, "Transaction not found"))], error("api", 200))
    transaction(
        "not found, HTTP 400",
        [answer(said(False, "Transaction not found"), 400)],
        error("api", 400),
    )
    refused = DETAILS | said(False, "No")
    transaction("not a success, with a status", [answer(refused)], error("api", 200))
    transaction("no body of the API's", [answer("<html>")], error("server", 200, retryable=True))
    transaction("an empty object", [answer({})], error("server", 200, retryable=True))
    transaction("the server is always busy", [BUSY], error("server", 503, retryable=True), 3)


NO_PAGE = (
    "Netgíró's payment page could not be opened. Nothing was charged. Please try again in a moment, or choose another way to "
    "pay."
)
PAGE = "https://securepay.test.netgiro.is/v1/checkout/0f0e0d0c"
SHOP = {
    "success_url": "https://shop.example/paid?order=1",
    "cancel_url": "https://shop.example/canceled",
}
CREATED = answer({"Success": True, "CheckoutUrl": PAGE})


def checkout(name, answers, expect, requests=1, **given):
    arguments = {"amount": 4990, "reference": "order-1", **SHOP} | given
    body = {
        "Amount": arguments["amount"],
        "Reference": arguments["reference"],
        "SuccessUrl": arguments["success_url"],
        "CancelUrl": arguments["cancel_url"],
    }
    if "callback_url" in given:
        body["CallbackUrl"] = given["callback_url"]
    body["ManualCapture"] = given.get("manual_capture", False)
    request = {"method": "POST", "path": "/v1/Checkout/Payment", "body": text_of(body)}
    case(name, "create_checkout", arguments, request, answers, expect, requests)


def checkouts():
    made = {"checkout": {"checkout_url": PAGE, "reference": "order-1", "amount": 4990}}

    def not_known(http_status, cause, request_sent="yes"):
        said = {"cause": cause, "reference": "order-1", "customer_message": NO_PAGE}
        return error("outcome_unknown", http_status, request_sent, **said)

    checkout("created", [CREATED], made)
    checkout("with a callback", [CREATED], made, callback_url="https://shop.example/netgiro/callback")
    checkout("with manual capture", [CREATED], made, manual_capture=True)
    on_this_machine = {"Success": True, "CheckoutUrl": "http://127.0.0.1:5000/checkout/1"}
    here = {"checkout": made["checkout"] | {"checkout_url": "http://127.0.0.1:5000/checkout/1"}}
    checkout("a simulator's page", [answer(on_this_machine)], here)
    for status in (200, 400):
        checkout(
            f"refused, HTTP {status}",
            [answer(said(False, "Invalid amount"), status)],
            error("api", status, customer_message=NO_PAGE),
        )
    checkout("no key", [answer(said(False, "An API key is required"), 401)], error("authentication", 401))
    limited = answer("", 429)
    checkout("too many calls", [limited], error("rate_limited", 429, retryable=True))
    # It is sent once.
    checkout("the answer is lost", [CLOSE], not_known(None, "server", "maybe"))
    checkout("the server is busy", [BUSY], not_known(503, "server"))
    checkout("no body of the API's", [answer("<html>")], not_known(200, "server"))
    checkout("no page", [answer({"Success": True})], not_known(200, "protocol"))
    checkout(
        "a page that is no URL",
        [answer({"Success": True, "CheckoutUrl": "/pay"})],
        not_known(200, "protocol"),
    )
    script = {"Success": True, "CheckoutUrl": "javascript:alert(1)"}
    checkout("a page that is a script", [answer(script)], not_known(200, "protocol"))
    both = {"Success": False, "CheckoutUrl": PAGE}
    checkout("a refusal with a page", [answer(both)], not_known(200, "protocol"))
    wrong = error("invalid_request", None, "no")
    checkout("a blank reference", [CREATED], wrong, 0, reference=" ")
    checkout("a relative page", [CREATED], wrong, 0, success_url="/paid")
    checkout("a page without a host", [CREATED], wrong, 0, cancel_url="https://")
    checkout("a callback that is no URL", [CREATED], wrong, 0, callback_url="callback")


REDIRECTS = []
ORDER = {"amount": 4990, "reference": "order-1"}
MEMBERS = {
    "TransactionId": TRANSACTION_ID,
    "ReferenceNumber": "order-1",
    "InvoiceNumber": "123456",
    "TotalAmount": "4990",
    "Status": "2",
}
FORM = {
    "TransactionId": "ng_transactionid",
    "ReferenceNumber": "ng_referenceNumber",
    "InvoiceNumber": "ng_invoiceNumber",
    "TotalAmount": "ng_totalAmount",
    "Status": "ng_status",
    "NetgiroSignature": "ng_netgiroSignature",
}


def redirect(
    name,
    expect,
    members=None,
    *,
    known=ORDER,
    names=None,
    signature=None,
    more=(),
    base="https://shop.example/paid?order=1&",
):
    members = MEMBERS | (members or {})
    members = members | {"NetgiroSignature": signature or redirect_signature(SECRET_KEY, members)}
    pairs = [((names or {}).get(member, member), value) for member, value in members.items() if value is not None]
    url = base + urlencode([*pairs, *more])
    REDIRECTS.append({"name": name, "url": url} | (known or {}) | {"expect": expect})


def came_back(status="confirmed", **changes):
    read = {
        "transaction_id": TRANSACTION_ID,
        "reference": "order-1",
        "amount": "4990",
        "invoice_number": "123456",
    }
    return {"redirect": read | {"status": status} | changes}


def redirects():
    redirect("paid", came_back())
    redirect("canceled", came_back("canceled"), {"Status": "5"})
    redirect("not confirmed", came_back("pending"), {"Status": "1"})
    redirect("a status that is not known", came_back("unknown"), {"Status": "7"})
    redirect("the form's names", came_back(), names=FORM)
    redirect("names in lower case", came_back(), names={member: member.lower() for member in FORM})
    redirect("the query alone", came_back(), base="")
    redirect("with a fragment", came_back(), more=[("x", "1")], base="https://shop.example/paid?")
    redirect("decimals", came_back(amount="4990.00"), {"TotalAmount": "4990.00"})
    redirect(
        "no invoice",
        came_back("canceled", invoice_number=None),
        {"InvoiceNumber": "", "Status": "5"},
    )
    redirect("nothing known of the order", came_back(), known=None)
    redirect(
        "letters beyond ASCII",
        came_back(reference="pöntun 1"),
        {"ReferenceNumber": "pöntun 1"},
        known=None,
    )
    redirect(
        "a signature in capitals",
        came_back(),
        signature=redirect_signature(SECRET_KEY, MEMBERS).upper(),
    )
    capitals = {"TransactionId": TRANSACTION_ID.upper()}
    redirect("an id in capitals", came_back(), capitals)
    redirect("the older Signature is not looked at", came_back(), more=[("Signature", "0" * 64)])
    named = {"TransactionId": "abc-123"}
    redirect("an id that is no GUID", came_back(transaction_id="abc-123"), named)
    forged = {"error": {"code": "signature"}}
    redirect("an id that is no GUID, of an order that is not known", forged, named, known=None)
    redirect("a forged signature", forged, signature="0" * 64)
    redirect("no signature", forged, names={"NetgiroSignature": "Signature"})
    redirect(
        "a signature over less",
        forged,
        signature=redirect_signature(SECRET_KEY, MEMBERS | {"Status": ""}),
    )
    redirect("another key's signature", forged, signature=redirect_signature("another", MEMBERS))
    for member in ("TransactionId", "ReferenceNumber", "TotalAmount", "Status"):
        redirect(f"no {member}", forged, names={member: "Other"})
    redirect("a member twice", forged, more=[("ng_status", "2")])
    for amount in ("0", "-4990", "04990", "4990.", "4.990,00", "4990kr", ""):
        redirect(f"the amount {amount!r}", forged, {"TotalAmount": amount}, known=None)
    for status in ("", "22", "x", "confirmed"):
        redirect(f"the status {status!r}", forged, {"Status": status})
    redirect("an invoice that is no number", forged, {"InvoiceNumber": "12a"})
    # The same signature fits members that are cut at another place.
    moved = {"InvoiceNumber": "12345", "TotalAmount": "64990"}
    redirect("digits moved to the amount", {"error": {"code": "mismatch"}}, moved)
    redirect("another amount", {"error": {"code": "mismatch"}}, {"TotalAmount": "4991"})
    redirect("another reference", {"error": {"code": "mismatch"}}, {"ReferenceNumber": "order-2"})
    redirect(
        "a GUID with a digit of the reference",
        forged,
        {"ReferenceNumber": "order-10", "TransactionId": TRANSACTION_ID[1:]},
        known=None,
    )


def build():
    refunds()
    transactions()
    checkouts()
    redirects()
    return {"secret_key": SECRET_KEY, "cases": CASES, "redirects": REDIRECTS}
