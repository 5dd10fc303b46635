import json

from reference import OTHER_TRANSACTION_ID, TRANSACTION_ID

ABOUT = (
    "Calls of the API's V2. A server answers the requests of a case with `answers`, one after another, the last one for ever: an HTTP "
    "status, a body and headers, or `close`: it reads the request and closes the connection. Each request is `request`: its path below "
    "/v2/, the key header and no signature. `cart`: the amount that the call's cart is known to have. Members an `error` leaves out are "
    "not compared; `requests` is how many requests the server sees. Cases with `after` make those calls first, with the same client, "
    "which succeed; their requests do not count. `customer_message` is what a customer reads of an error in English. Amounts are decimal text with the digits as sent; instants compare to the millisecond."
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
    return {"error": {"code": code, "http_status": http_status, "request_sent": request_sent, "retryable": retryable} | more}


NOT_KNOWN = "We do not know yet whether the refund went through. We will let you know when that is clear."
NOT_REFUNDED = "The refund could not be made this time. Please contact us if you are not refunded."


def unknown(http_status=None, request_sent="yes", **more):
    """A refund that may have been made: the same call may be made again."""
    return error("outcome_unknown", http_status, request_sent, True, idempotency_key=KEY, customer_message=NOT_KNOWN, **more)


CASES = []


def case(name, call, arguments, request, answers, expect, requests, **more):
    CASES.append(
        {"name": f"{call}: {name}", "call": call, "arguments": arguments, "request": request, "answers": answers}
        | more
        | {"expect": expect, "requests": requests}
    )


def refund(name, answers, expect, requests=1, amount=1000, description=None, key=KEY, **more):
    arguments = {"transaction_id": TRANSACTION_ID, "amount": amount, "idempotency_key": key}
    body = {"TransactionId": TRANSACTION_ID, "RefundAmount": amount}
    if description is not None:
        arguments["description"] = description
        body["Description"] = description
    request = {"method": "POST", "path": "transaction/refund", "body": text_of(body | {"IdempotencyKey": key})}
    case(name, "refund_cart", arguments, request, answers, expect, requests, **more)


def refunded(message="Success", amount=1000, key=KEY):
    made = {"transaction_id": TRANSACTION_ID, "amount": amount, "idempotency_key": key, "message": message}
    return {"refund": made}


def refunds():
    refund("in part", [OK], refunded())
    refund("with a description", [OK], refunded(), description="Skilað: einn bolur")
    refund("a null message", [answer(said(True, None))], refunded(None))
    refund("of the whole cart", [OK], refunded(), cart={"amount": 1000})
    refund("a customer's number in the message", [answer(said(True, "to 822-3281"))], refunded("to ******81"))
    no = said(False, "RefundAmount is more than what is left")
    for status in (200, 400, 404, 422):
        refund(f"refused, HTTP {status}", [answer(no, status)], error("api", status, customer_message=NOT_REFUNDED))
    refund("no key", [answer(said(False, "An API key is required"), 401)], error("authentication", 401))
    wait = {"Retry-After": "3600"}
    limited = answer(said(False, "Slow down"), 429, wait)
    refund("too many calls", [limited], error("rate_limited", 429, retryable=True, retry_after_ms=3_600_000))
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
    refund("a redirect", [answer("", 302, {"Location": "https://example.com/"})], unknown(302, cause="server"))
    # A refused key says that the refund has been made.
    for number, words in enumerate(
        ["IdempotencyKey has been processed already", "Idempotency key already used", "Duplicate request"], 1
    ):
        again = said(False, words)
        refund(f"a repeated key is refused, {number}", [answer(again, 400)], refunded(f"Netgíró refused Refund: {words}"))
        refund(f"a repeated key is refused with a 200, {number}", [answer(again)], refunded(f"Netgíró refused Refund: {words}"))
        lost = [CLOSE, answer(again, 409)]
        refund(f"a repeated key is refused after a lost answer, {number}", lost, refunded(f"Netgíró refused Refund: {words}"), 2)
    # Another refusal after a lost answer leaves open whether the first was processed.
    refund("refused after a lost answer", [CLOSE, answer(no, 400)], unknown(400, cause="api"), 2)
    refund("no key after a lost answer", [CLOSE, answer("", 401)], unknown(401, cause="authentication"), 2)
    other = answer(said(False, "IdempotencyKey was used for another refund"), 400)
    refund("a key of another refund", [other], error("mismatch", 400))
    first = {"transaction_id": TRANSACTION_ID, "amount": 1000, "idempotency_key": KEY}
    after = [first]
    refund("the same again", [OK], refunded(), after=after)
    refund("another amount under a used key", [OK], error("mismatch", None, "no"), 0, amount=999, after=after)
    elsewhere = [first | {"transaction_id": OTHER_TRANSACTION_ID}]
    refund("another cart under a used key", [OK], error("mismatch", None, "no"), 0, after=elsewhere)
    wrong = error("invalid_request", None, "no")
    refund("more than the cart", [OK], wrong, 0, amount=1001, cart={"amount": 1000})
    for name, key in {"empty": "", "blank": "  ", "with a line": "a\nb", "too long": "k" * 101}.items():
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
    request = {"method": "GET", "path": f"transaction/details/{TRANSACTION_ID}"}
    case(name, "get_transaction", {"transaction_id": TRANSACTION_ID}, request, answers, expect, requests, **more)


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
    transaction("not found, HTTP 400", [answer(said(False, "Transaction not found"), 400)], error("api", 400))
    refused = DETAILS | said(False, "No")
    transaction("not a success, with a status", [answer(refused)], error("api", 200))
    transaction("no body of the API's", [answer("<html>")], error("server", 200, retryable=True))
    transaction("an empty object", [answer({})], error("server", 200, retryable=True))
    transaction("the server is always busy", [BUSY], error("server", 503, retryable=True), 3)


def build():
    refunds()
    transactions()
    return {"cases": CASES}
