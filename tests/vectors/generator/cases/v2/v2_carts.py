"""Carts of V2: each call against answers that are given one after another, and V2's callbacks."""

import hashlib
import json
from urllib.parse import urlencode

from cases.v2.v2 import CLOSE, answer, error, said, text_of
from reference import OTHER_TRANSACTION_ID, SECRET_KEY, TRANSACTION_ID, redirect_signature

ABOUT = (
    "Carts of a client with `api` v2. A server answers one request after another with `answers`, the last one for ever, as in v2.json, "
    "and sees just what is `sent`, each with the key header and without a signature. The call is about the cart `transaction_id`, "
    "with the `amount` and `reference` that the arguments name as known; insert_cart takes all `arguments`. `capture_amount` is the "
    "amount of capture_cart, `timeout_ms` that of settle_cart, whose policy asks every 250 ms. Members an `error` leaves out are not "
    "compared. `callbacks`: verify_callback(any URL, headers, body) of a client with this `secret_key`, of either API, gives `expect`; "
    "with a replay guard as well, which is not asked."
)

CASES = []
SHOWN = "Hæ"


def stands(status, http_status=200, **changes):
    body = {"Success": True, "Message": None, "Status": status, "TransactionId": TRANSACTION_ID}
    return answer(body | changes, http_status)


def refused(message, http_status=400, **changes):
    body = {"Success": False, "Message": message, "Status": None, "TransactionId": None}
    return answer(body | changes, http_status)


PENDING = stands("Pending", PollIntervalMs=2000)
AUTHORIZED = stands("Authorized")
CONFIRMED = stands("Confirmed")
CANCELLED = stands("Cancelled")
MISSING = refused("Transaction not found")
BUSY = answer("busy", 503)
UNKNOWN_KEY = answer(said(False, "An API key is required"), 401)
LIMITED = answer(said(False, "Slow down"), 429)

STATUS = {"method": "GET", "path": f"/v2/checkout/status/{TRANSACTION_ID}"}


def change(path, **more):
    body = {"TransactionId": TRANSACTION_ID} | more
    return {"method": "POST", "path": f"/v2/transaction/{path}", "body": text_of(body)}


CANCEL = change("cancel")
CAPTURE = change("capture")

WORDS = {
    "Pending": "pending",
    "Authorized": "reserved",
    "Confirmed": "confirmed",
    "Cancelled": "canceled",
}


def state(status, message=None):
    return {
        "state": {
            "transaction_id": TRANSACTION_ID,
            "status": status,
            "result_code": None,
            "payment_successful": None,
            "message": message,
            "is_final": status in ("confirmed", "canceled", "not_found"),
            "is_paid": status == "confirmed",
            "api": "v2",
        }
    }


def case(call, name, answers, sent, expect, **arguments):
    CASES.append(
        {"name": f"{call}: {name}", "call": call, "arguments": arguments, "answers": answers, "sent": sent} | {"expect": expect}
    )


ORDER = {"amount": 4990, "reference": "order-1", "customer_id": "8223281"}


def payment(**changes):
    body = {"Amount": 4990, "Reference": "order-1", "CustomerIdentifier": "8223281"} | changes
    order = ("Amount", "Reference", "CustomerIdentifier", "CallbackUrl", "CallbackCancelUrl")
    body = {member: body[member] for member in order if member in body} | {
        "ManualCapture": body.get("ManualCapture", False)
    }
    return {"method": "POST", "path": "/v2/checkout/payment", "body": text_of(body)}


def inserts():
    made = {
        "cart": {
            "transaction_id": TRANSACTION_ID,
            "reference": "order-1",
            "amount": 4990,
            "check_interval_ms": 2000,
            "message": None,
        }
    }
    untimed = {"cart": made["cart"] | {"check_interval_ms": None}}
    callback = "https://shop.example/netgiro/callback"

    def insert(name, answers, expect, sent=1, request=None, **given):
        arguments = {name: value for name, value in (ORDER | given).items() if value is not None}
        case("insert_cart", name, answers, [request or payment()] * sent, expect, **arguments)

    insert("pending", [PENDING], made)
    insert("a phone number as people write it", [PENDING], made, customer_id="+354 822-3281")
    for status in ("Authorized", "Confirmed", "Cancelled", "Nýtt"):
        insert(f"answered {status}", [stands(status)], untimed)
    insert("without a Status", [stands(None)], untimed)
    insert("with a Status that is no text", [stands(7)], untimed)
    for interval in (0, -1, 1.5, "2000", None):
        insert(f"an interval of {interval!r}", [stands("Pending", PollIntervalMs=interval)], untimed)
    insert("an id in capitals", [stands("Pending", TransactionId=TRANSACTION_ID.upper())], untimed)
    insert("a message", [stands("Pending", Message=SHOWN)], {"cart": untimed["cart"] | {"message": SHOWN}})
    manual = payment(ManualCapture=True)
    insert("manual", [PENDING], made, request=manual, confirmation_type="manual")
    both = {"CallbackUrl": callback, "CallbackCancelUrl": callback + "?no"}
    urls = {"callback_url": callback, "callback_cancel_url": callback + "?no"}
    insert(
        "server_callback",
        [PENDING],
        made,
        request=payment(**both),
        confirmation_type="server_callback",
        **urls,
    )
    insert(
        "manual, with callbacks",
        [PENDING],
        made,
        request=payment(ManualCapture=True, **both),
        confirmation_type="manual",
        **urls,
    )
    insert(
        "automatic, with a cancel callback",
        [PENDING],
        made,
        request=payment(CallbackCancelUrl=callback),
        callback_cancel_url=callback,
    )
    code = payment(CustomerIdentifier="1234567890")
    insert("an access code", [CONFIRMED], untimed, request=code, customer_id=None, access_code="1234567890")
    insert("an access code in groups", [CONFIRMED], untimed, request=code, customer_id=None, access_code="12345 67890")
    scanned = payment(CustomerIdentifier="5000041a2B")
    insert("a barcode", [CONFIRMED], untimed, request=scanned, customer_id=None, barcode="5000041a2B")

    # Refused before anything is sent.
    wrong = error("invalid_request", None, "no")
    for name, given in {
        "a kennitala": {"customer_id": "1111111119"},
        "an app code": {"customer_id": "5000041A2B"},
        "an access code of nine digits": {"customer_id": None, "access_code": "123456789"},
        "an access code of letters": {"customer_id": None, "access_code": "12345abcde"},
        "an empty barcode": {"customer_id": None, "barcode": " "},
        "a barcode with a space": {"customer_id": None, "barcode": "12 34"},
        "nobody": {"customer_id": None},
        "two customers": {"access_code": "1234567890"},
        "two codes": {"customer_id": None, "access_code": "1234567890", "barcode": "1234567890"},
        "automatic, with a callback": {"callback_url": callback},
        "server_callback without a callback": {"confirmation_type": "server_callback"},
        "a description": {"description": "Two shirts"},
        "a location": {"location_id": "Laugavegur"},
        "a register": {"register_id": "1"},
        "items": {"items": [{"name": "shirt", "unit_price": 4990, "quantity": "1"}]},
        "a blank reference": {"reference": " "},
        "a callback that is no URL": {"confirmation_type": "manual", "callback_url": "/callback"},
    }.items():
        insert(name, [PENDING], wrong, 0, **given)

    # A "no" frees the order, whatever HTTP status it comes with.
    for status in (200, 400, 404, 409, 422):
        insert(f"refused, HTTP {status}", [refused("Customer is not verified", status)], error("api", status))
    blacklisted = refused("Customer is blacklisted", TransactionId=TRANSACTION_ID)
    insert("refused, and names a transaction", [blacklisted], error("api", 400))
    insert("refused, with a status of the end", [refused("No", Status="Cancelled")], error("api", 400))
    insert("refused by a body that is not the API's", [answer("<html>", 404)], error("api", 404))
    insert("no key", [UNKNOWN_KEY], error("authentication", 401))
    insert("too many calls", [LIMITED], error("rate_limited", 429, retryable=True))

    # Whatever else is no cart is in doubt, and is not sent again.
    def doubt(name, given, http_status, cause, request_sent="yes"):
        unknown = error("outcome_unknown", http_status, request_sent, cause=cause, reference="order-1")
        insert(name, [given], unknown)

    doubt("the answer is lost", CLOSE, None, "server", "maybe")
    doubt("the server is busy", BUSY, 503, "server")
    for status in (408, 460, 499):
        doubt(f"HTTP {status}", refused("Timed out", status), status, "timeout")
    doubt("HTTP 424", answer("", 424), 424, "server")
    doubt("a redirect", answer("", 302, {"Location": "https://example.com/"}), 302, "server")
    doubt("no body of the API's", answer("<html>"), 200, "server")
    doubt("an empty object", answer({}), 200, "server")
    doubt("no Success", stands("Pending", Success=None), 200, "server")
    doubt("no id", stands("Pending", TransactionId=None), 200, "protocol")
    doubt("an id that is no GUID", stands("Pending", TransactionId="abc-123"), 200, "protocol")
    doubt("an id of zeros", stands("Pending", TransactionId="00000000-0000-0000-0000-000000000000"), 200, "protocol")
    for status in (200, 400):
        for word in ("Pending", "Authorized", "Confirmed", "Nýtt"):
            doubt(f"refused and {word}, HTTP {status}", refused("No", status, Status=word), status, "protocol")
    doubt("a success with HTTP 400", stands("Pending", 400), 400, "protocol")
    doubt("Success as text, HTTP 400", answer({"Success": "false"}, 400), 400, "protocol")
    twice = answer('{"Success":false,"Success":true,"Message":null}', 400)
    doubt("Success twice, HTTP 400", twice, 400, "protocol")
    doubt("JSON that breaks off, HTTP 400", answer('{"Success":tr', 400), 400, "protocol")


def checks():
    def check(name, answers, expect, sent=1, **known):
        case("check_cart", name, answers, [STATUS] * sent, expect, **known)

    for word, status in WORDS.items():
        check(word, [stands(word)], state(status))
    for word, status in {
        "PENDING": "pending",
        "authorised": "reserved",
        "confirmed": "confirmed",
        "Canceled": "canceled",
        " Cancelled ": "canceled",
        "Paid": "unknown",
        "Refunded": "unknown",
        "": "unknown",
    }.items():
        check(f"the word {word!r}", [stands(word)], state(status))
    check("a message", [stands("Pending", Message=SHOWN)], state("pending", SHOWN))
    number = "to 822-3281"
    check("a customer's number", [stands("Pending", Message=number)], state("pending", "to ******81"))
    check("an id in capitals", [stands("Confirmed", TransactionId=TRANSACTION_ID.upper())], state("confirmed"))
    check("a known amount and reference", [CONFIRMED], state("confirmed"), amount=4990, reference="order-1")
    for status in (200, 400, 404):
        missing = refused("Transaction not found", status)
        check(f"not found, HTTP {status}", [missing], state("not_found", "Transaction not found"))
    check("HTTP 404 of the API", [refused("Nope", 404)], state("not_found", "Nope"))
    check("HTTP 404 of another server", [answer("<html>", 404)], error("api", 404))
    check("HTTP 404 with JSON of another server", [answer({"error": "not found"}, 404)], error("api", 404))
    check("refused", [refused("TransactionId must not be empty")], error("api", 400))
    check("refused with HTTP 200", [refused("No", 200)], error("api", 200))
    check("no key", [UNKNOWN_KEY], error("authentication", 401))
    check("too many calls", [LIMITED], error("rate_limited", 429, retryable=True))
    check("the answer is lost once", [CLOSE, CONFIRMED], state("confirmed"), 2)
    check("the server is busy twice", [BUSY, BUSY, CONFIRMED], state("confirmed"), 3)
    check("the server is always busy", [BUSY], error("server", 503, retryable=True), 3)
    # What does not hold together is never a status.
    for word in (*WORDS, "Nýtt"):
        for status in (200, 400):
            check(
                f"not a success, and {word}, HTTP {status}",
                [refused("Transaction not found", status, Status=word)],
                error("protocol", status, retryable=True),
            )
    protocol = error("protocol", 200, retryable=True)
    for name, given in {
        "another transaction": stands("Confirmed", TransactionId=OTHER_TRANSACTION_ID),
        "no transaction": stands("Confirmed", TransactionId=None),
        "a transaction that is no GUID": stands("Confirmed", TransactionId="abc-123"),
        "a transaction that is a number": stands("Confirmed", TransactionId=7),
        "no Status": stands(None),
        "a Status that is no text": stands(2),
    }.items():
        check(name, [given], protocol)
    server = error("server", 200, retryable=True)
    for name, given in {
        "no body of the API's": answer("<html>"),
        "an empty object": answer({}),
        "an array": answer("[true]"),
        "no Success": stands("Confirmed", Success=None),
        "Success as text": stands("Confirmed", Success="true"),
        "Success twice": answer(
            f'{{"Success":false,"Success":true,"Status":"Confirmed","TransactionId":"{TRANSACTION_ID}"}}'
        ),
        "V1's answer": answer({"Success": True, "ResultCode": 10200, "PaymentSuccessful": True}),
    }.items():
        expected = protocol if name == "V1's answer" else server
        check(name, [given], expected)
    check("a success with HTTP 400", [stands("Confirmed", 400)], error("api", 400))


def captures():
    def capture(name, answers, sent, expect, call="capture_cart", **given):
        case(call, name, answers, sent, expect, **given)

    part = change("capture", Amount=1000)
    capture("all of it", [CONFIRMED], [CAPTURE], state("confirmed"))
    capture("all of it", [CONFIRMED], [CAPTURE], state("confirmed"), call="confirm_cart")
    capture("in part", [CONFIRMED], [part], state("confirmed"), capture_amount=1000)
    capture("in part, of a known cart", [CONFIRMED], [part], state("confirmed"), capture_amount=1000, amount=1000)
    wrong = error("invalid_request", None, "no")
    capture("more than the cart", [CONFIRMED], [], wrong, capture_amount=1001, amount=1000)
    capture("with a customer's code", [CONFIRMED], [], wrong, call="confirm_cart", identifier="1234")
    # After a lost answer and after a refusal the status decides.
    capture("the answer is lost, and it is made", [CLOSE, CONFIRMED], [CAPTURE, STATUS], state("confirmed"))
    again = [part, STATUS, part]
    lost = [CLOSE, AUTHORIZED, CONFIRMED]
    capture("the answer is lost, and it is not made", lost, again, state("confirmed"), capture_amount=1000)
    busy = [BUSY, AUTHORIZED] * 3
    capture("the server is always busy", busy, [CAPTURE, STATUS] * 3, error("server", 503, retryable=True))
    capture(
        "the answer is lost, and the cart canceled",
        [CLOSE, CANCELLED],
        [CAPTURE, STATUS],
        error("server", None, "maybe", True),
    )
    capture(
        "the answer is lost, and so are those of the status",
        [CLOSE],
        [CAPTURE, STATUS, STATUS, STATUS],
        error("server", None, "maybe", True),
    )
    done = refused("Transaction is captured already")
    capture("refused, since it is made", [done, CONFIRMED], [CAPTURE, STATUS], state("confirmed"))
    for status in ("Pending", "Authorized", "Cancelled"):
        capture(
            f"refused, and the cart is {status}",
            [refused("Transaction is not authorized"), stands(status)],
            [CAPTURE, STATUS],
            error("api", 400),
        )
    capture(
        "refused, and the status is not learnt",
        [refused("No"), BUSY],
        [CAPTURE, STATUS, STATUS, STATUS],
        error("server", 503, retryable=True),
    )
    capture("answered as still held", [AUTHORIZED, AUTHORIZED], [CAPTURE, STATUS], state("reserved"))
    other = stands("Confirmed", TransactionId=OTHER_TRANSACTION_ID)
    capture("an answer about another cart", [other, CONFIRMED], [CAPTURE, STATUS], state("confirmed"))
    capture("no key", [UNKNOWN_KEY], [CAPTURE], error("authentication", 401))
    capture("too many calls", [LIMITED], [CAPTURE], error("rate_limited", 429, retryable=True))


def cancels():
    def cancel(name, answers, sent, expect, **given):
        case("cancel_cart", name, answers, sent, expect, **given)

    both = [STATUS, CANCEL]
    for status in ("Pending", "Authorized"):
        cancel(f"of one that is {status}", [stands(status), CANCELLED], both, state("canceled"))
    cancel("of a paid one", [CONFIRMED], [STATUS], state("confirmed"))
    cancel("of a canceled one", [CANCELLED], [STATUS], state("canceled"))
    cancel("of one whose status is not known here", [stands("Paid")], [STATUS], state("unknown"))
    cancel(
        "of one that is not there",
        [MISSING, MISSING, MISSING],
        [STATUS, CANCEL, STATUS],
        state("not_found", "Transaction not found"),
    )
    cancel("the status is lost once", [CLOSE, PENDING, CANCELLED], [STATUS, *both], state("canceled"))
    cancel("the status is never learnt", [BUSY], [STATUS] * 3, error("server", 503, retryable=True))
    cancel("the answer is lost, and it is made", [PENDING, CLOSE, CANCELLED], [*both, STATUS], state("canceled"))
    again = [PENDING, CLOSE, PENDING, CANCELLED]
    cancel("the answer is lost, and it is not made", again, [*both, *both], state("canceled"))
    paid = [PENDING, CLOSE, CONFIRMED]
    cancel("the answer is lost, and the customer was first", paid, [*both, STATUS], state("confirmed"))
    late = refused("Transaction is canceled already")
    cancel("refused, since it is canceled", [PENDING, late, CANCELLED], [*both, STATUS], state("canceled"))
    cancel("refused, since it is paid", [PENDING, late, CONFIRMED], [*both, STATUS], state("confirmed"))
    cancel("refused, and still open", [PENDING, late, PENDING], [*both, STATUS], error("api", 400))
    cancel("answered as paid, and paid", [PENDING, CONFIRMED, CONFIRMED], [*both, STATUS], state("confirmed"))
    doubted = [PENDING, CONFIRMED, CANCELLED]
    cancel("answered as paid, and canceled", doubted, [*both, STATUS], error("protocol", None, "yes", True))
    cancel("answered as pending", [PENDING, PENDING, PENDING], [*both, STATUS], state("pending"))
    other = stands("Cancelled", TransactionId=OTHER_TRANSACTION_ID)
    cancel("an answer about another cart", [PENDING, other, CANCELLED], [*both, STATUS], state("canceled"))
    cancel("no key", [UNKNOWN_KEY], [STATUS], error("authentication", 401))


def voids():
    def void(name, answers, sent, expect, **given):
        case("void_cart", name, answers, sent, expect, **given)

    both = [STATUS, CANCEL]
    void("of a paid one", [CONFIRMED, CANCELLED], both, state("canceled"))
    void("of a canceled one", [CANCELLED], [STATUS], state("canceled"))
    wrong = error("invalid_request", None, "no")
    for status in ("Pending", "Authorized", "Paid"):
        void(f"of one that is {status}", [stands(status)], [STATUS], wrong)
    void("of one that is not there", [MISSING], [STATUS], wrong)
    lost = [CONFIRMED, CLOSE, CANCELLED]
    void("the answer is lost, and it is made", lost, [*both, STATUS], state("canceled"))
    again = [CONFIRMED, CLOSE, CONFIRMED, CANCELLED]
    void("the answer is lost, and it is not made", again, [*both, *both], state("canceled"))
    late = refused("Transaction is settled")
    void("refused, and still paid", [CONFIRMED, late, CONFIRMED], [*both, STATUS], error("api", 400))
    void("refused, since it is canceled", [CONFIRMED, late, CANCELLED], [*both, STATUS], state("canceled"))
    void("answered as still paid", [CONFIRMED, CONFIRMED, CONFIRMED], [*both, STATUS], state("confirmed"))


def settling():
    """The deadline is over at once: a check, and then status and cancel until one of them decides."""

    def settle(name, answers, sent, expect):
        case("settle_cart", name, answers, sent, expect, timeout_ms=0)

    both = [STATUS, CANCEL]
    settle("paid before the deadline", [CONFIRMED], [STATUS], state("confirmed"))
    settle("held at the deadline is the merchant's move", [AUTHORIZED], [STATUS], state("reserved"))
    settle("open at the deadline", [PENDING, PENDING, CANCELLED], [STATUS, *both], state("canceled"))
    settle("paid at the last moment", [PENDING, CONFIRMED], [STATUS, STATUS], state("confirmed"))
    settle("canceled at the last moment", [PENDING, CANCELLED], [STATUS, STATUS], state("canceled"))
    settle("held at the last moment", [PENDING, AUTHORIZED, CANCELLED], [STATUS, *both], state("canceled"))
    settle(
        "a status that is lost cancels nothing",
        [PENDING, BUSY, CONFIRMED],
        [STATUS, STATUS, STATUS],
        state("confirmed"),
    )
    settle(
        "a cancel that is lost, and made",
        [PENDING, PENDING, CLOSE, CANCELLED],
        [STATUS, *both, STATUS],
        state("canceled"),
    )
    settle(
        "a cancel that is lost, and the customer was first",
        [PENDING, PENDING, CLOSE, CONFIRMED],
        [STATUS, *both, STATUS],
        state("confirmed"),
    )
    settle(
        "a cancel that is answered as paid",
        [PENDING, PENDING, CONFIRMED, CONFIRMED],
        [STATUS, *both, STATUS],
        state("confirmed"),
    )
    settle(
        "a cancel that is answered as pending, then canceled",
        [PENDING, PENDING, PENDING, CANCELLED],
        [STATUS, *both, STATUS],
        state("canceled"),
    )
    settle(
        "a word that is not known here cancels nothing",
        [PENDING, stands("Paid"), stands("Paid"), CONFIRMED],
        [STATUS] * 4,
        state("confirmed"),
    )
    settle(
        "an answer about another cart cancels nothing",
        [PENDING, stands("Pending", TransactionId=OTHER_TRANSACTION_ID), CONFIRMED],
        [STATUS] * 3,
        state("confirmed"),
    )
    settle("no key", [UNKNOWN_KEY], [STATUS], error("unresolved", 401, "yes", True, cause="authentication"))


CALLBACKS = []
NOTICE = {
    "Success": True,
    "Message": "Success",
    "TransactionId": TRANSACTION_ID,
    "ReferenceNumber": "order-1",
    "TotalAmount": 4990,
}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def callback_signature(transaction_id, amount, secret_key=SECRET_KEY):
    return hashlib.sha256(f"{secret_key}{transaction_id}{amount}".encode()).hexdigest()


def callback(name, body, headers, expect, content_type=JSON):
    CALLBACKS.append(
        {"name": name, "headers": [["Content-Type", content_type], *headers], "body": body, "expect": expect}
    )


def accepted(**changes):
    read = {"transaction_id": TRANSACTION_ID, "reference": "order-1", "amount": "4990", "state": None}
    return {"callback": read | changes}


FORGED = {"error": {"code": "signature"}}


def notices():
    signature = callback_signature(TRANSACTION_ID, 4990)
    name = "X-Netgiro-Signature"

    def notice(what, expect, changes=None, *, signed=signature, header=name, body=None):
        body = body if body is not None else text_of(NOTICE | (changes or {}))
        callback(what, body, [[header, signed]], expect)

    notice("confirmed", accepted())
    notice("canceled", accepted(), {"Success": False, "Message": "Canceled"})
    for header in ("x-netgiro-signature", "X_NETGIRO_SIGNATURE", "HTTP_X_NETGIRO_SIGNATURE"):
        notice(f"the header as {header}", accepted(), header=header)
    notice("a signature in capitals", accepted(), signed=signature.upper())
    notice("without Success and Message", accepted(), {"Success": None, "Message": None})
    notice("without a reference", accepted(reference=None), {"ReferenceNumber": None})
    for digits in ("4990.0", "4990.00"):
        written = {"TotalAmount": f"@{digits}@"}
        notice(f"{digits}, signed as written", accepted(amount=digits), written, signed=callback_signature(TRANSACTION_ID, digits))
        notice(f"{digits}, signed as a whole number", accepted(amount=digits), written)
    part = callback_signature(TRANSACTION_ID, "4990.5")
    notice("parts of a króna", accepted(amount="4990.5"), {"TotalAmount": "@4990.5@"}, signed=part)
    notice("signed with more digits than written", FORGED, signed=callback_signature(TRANSACTION_ID, "4990.00"))
    upper = TRANSACTION_ID.upper()
    capitals = callback_signature(upper, 4990)
    notice("an id in capitals", accepted(), {"TransactionId": upper}, signed=capitals)
    notice("an id in capitals, signed in small letters", FORGED, {"TransactionId": upper})
    notice("an unknown member", accepted(), {"Extra": [1]})
    notice("another key", FORGED, signed=callback_signature(TRANSACTION_ID, 4990, "another"))
    notice("a wrong signature", FORGED, signed="0" * 64)
    notice("a signature that is too short", FORGED, signed=signature[1:])
    notice("no signature", FORGED, signed="")
    notice("another amount", FORGED, {"TotalAmount": 4991})
    notice("another transaction", FORGED, {"TransactionId": OTHER_TRANSACTION_ID})
    # The signature has no separators: text could be moved between the id and the amount.
    moved = {"TransactionId": TRANSACTION_ID + "4", "TotalAmount": 990}
    notice("digits moved to the id", FORGED, moved)
    moved = {"TransactionId": TRANSACTION_ID[:-1], "TotalAmount": "@04990@"}
    notice("digits moved to the amount", FORGED, moved)
    for digits in ("4.99e3", "-4990", "04990", "0", "1e400", "null", "true", "[]"):
        changes = {"TotalAmount": f"@{digits}@"}
        notice(f"the amount {digits}", FORGED, changes, signed=callback_signature(TRANSACTION_ID, digits))
    notice("an amount in text", FORGED, {"TotalAmount": "4990"})
    notice("no amount", FORGED, body=json.dumps({k: v for k, v in NOTICE.items() if k != "TotalAmount"}))
    notice("no transaction", FORGED, body=json.dumps({k: v for k, v in NOTICE.items() if k != "TransactionId"}))
    named = callback_signature("abc-123", 4990)
    notice("an id that is no GUID", FORGED, {"TransactionId": "abc-123"}, signed=named)
    bare = TRANSACTION_ID.replace("-", "")
    notice("an id without hyphens", FORGED, {"TransactionId": bare}, signed=callback_signature(bare, 4990))
    body = text_of(NOTICE)
    notice("the amount twice", FORGED, body=body[:-1] + ',"TotalAmount":1}')
    notice("text after the object", FORGED, body=body + "{}")
    notice("an array", FORGED, body=f"[{body}]")
    notice("no JSON", FORGED, body="TransactionId=1")
    callback("the header twice", body, [[name, signature], [name, signature]], FORGED)


def forms():
    members = {
        "TransactionId": TRANSACTION_ID,
        "ReferenceNumber": "order-1",
        "InvoiceNumber": "123456",
        "TotalAmount": "4990",
        "Status": "2",
    }

    def form(name, expect, changes=None, signature=None):
        sent = members | (changes or {})
        sent = sent | {"NetgiroSignature": signature or redirect_signature(SECRET_KEY, sent)}
        callback(f"a form: {name}", urlencode(sent), [], expect, FORM)

    form("confirmed", accepted())
    form("canceled", accepted(), {"Status": "5"})
    form("decimals", accepted(amount="4990.00"), {"TotalAmount": "4990.00"})
    form("a forged signature", FORGED, signature="0" * 64)
    form("another reference", FORGED, {"ReferenceNumber": "order-2"}, redirect_signature(SECRET_KEY, members))
    form("an id that is no GUID", FORGED, {"TransactionId": "abc-123"})
    callback("a form without a signature", urlencode(members), [], FORGED, FORM)


def build():
    inserts()
    checks()
    captures()
    cancels()
    voids()
    settling()
    notices()
    forms()
    return {"secret_key": SECRET_KEY, "transaction_id": TRANSACTION_ID, "cases": CASES, "callbacks": CALLBACKS}
