import base64
import json

from reference import OTHER_TRANSACTION_ID, SECRET_KEY, TRANSACTION_ID

ABOUT = (
    "A server answers `endpoint` with http_status, headers and body: what the call gives. It answers every request of the "
    "case alike, except that CheckCart gets `then` where that is given. `cart` is the known amount and reference; "
    "`response_signature` valid and wrong ask the server to sign. Members an `error` leaves out are not compared; `requests` "
    "is how many requests the server sees. Amounts are decimal text with the digits as sent; instants compare to the "
    "millisecond."
)

NOTHING = object()
REFERENCE_ID = "6d0a3bb8-7a52-4d5e-9d41-52a4a4d0c3a1"
INSERT = {"amount": 1000, "reference": "order-1", "customer_id": "8223281"}
KNOWN = {"amount": 1000, "reference": "order-1"}
HTML = "<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>"
REPEATABLE = ("CheckCart", "CancelCart", "ConfirmCart")

PAYMENT = {
    "TransactionId": TRANSACTION_ID,
    "InvoiceNumber": 123456,
    "ReferenceNumber": "order-1",
    "StatusId": 2,
    "Created": "2020-01-22T13:22:05.123",
    "TotalAmount": "@1000.00@",
    "DiscountAmount": "@0.00@",
    "ShippingAmount": "@0.00@",
    "HandlingAmount": "@0.00@",
    "AccountNumber": None,
    "NumberOfInstallments": 1,
    "ClientIdentityConfirmed": None,
    "LocationId": None,
    "RegisterId": None,
}
PAYMENT_READ = {
    "transaction_id": TRANSACTION_ID,
    "invoice_number": 123456,
    "reference_number": "order-1",
    "status_id": 2,
    "created": "2020-01-22T13:22:05.123Z",
    "total_amount": "1000.00",
    "discount_amount": "0.00",
    "shipping_amount": "0.00",
    "handling_amount": "0.00",
    "account_number": None,
    "number_of_installments": 1,
    "client_identity_confirmed": None,
    "location_id": None,
    "register_id": None,
}
EMPTY_READ = dict.fromkeys(PAYMENT_READ)


# Customers' numbers in a message, as it is told and as it is shown; and what is nobody's number.
MESSAGES = {
    "a phone number": ("asked 8223281, 822-3281, 822 3281", "asked *****81, ******81, ******81"),
    "a phone number with dots, dashes and parentheses": (
        "822.3281; 822\u20133281; 822\u20113281; (822)3281",
        "******81; ******81; ******81; (******81",
    ),
    "a country code": (
        "+354 822-3281, 00354 822 3281, 3548223281",
        "+354 ******81, 00354 ******81, 354*****81",
    ),
    "spaces of every kind": ("822\u00a03281, 822\t3281, 822\u20093281", "******81, ******81, ******81"),
    "kennit\u00f6lur": ("1111111119, 111111-1129; 898989 8989", "********19, *********29; *********89"),
    "app codes": ("500004AB1C, 500004ab1c, 500004 ab-1c", "********1C, ********1c, **********1c"),
    "numbers glued together": (
        "8223281/1111111119, 8223281-1111111119, 82232811111111119, tel8223281x",
        "*****81/********19, *****81-********19, *****81********19, tel*****81x",
    ),
    "full-width and Arabic digits": (
        "\uff18\uff12\uff12\uff13\uff12\uff18\uff11, \u0668\u0662\u0662\u0663\u0662\u0668\u0661",
        "*****\uff18\uff11, *****\u0668\u0661",
    ),
    "amounts, codes and order numbers": (
        "code 10425: 24.900 kr. for order 1234567, 82232811",
        "code 10425: 24.900 kr. for order 1234567, 82232811",
    ),
    "a GUID, times and a nonce": (
        f"{TRANSACTION_ID} 2026-11-28T12:30:15.8223281Z 28.11.2026 10:30, 635318618538563781",
        f"{TRANSACTION_ID} 2026-11-28T12:30:15.8223281Z 28.11.2026 10:30, 635318618538563781",
    ),
}


def text_of(value):
    """Compact JSON; a text @1000.00@ stands for that number with those digits."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).replace('"@', "").replace('@"', "")


def given(members):
    return {key: value for key, value in members.items() if value is not NOTHING}


def payment(**changes):
    return given(PAYMENT | changes)


def read(**changes):
    return PAYMENT_READ | changes


def answer(code, paid=NOTHING, success=True, info=None, message=None, **more):
    """A body of CheckCart, CancelCart or ConfirmCart, in the order the server is thought to use."""
    body = {"PaymentSuccessful": paid, "PaymentInfo": info, "Success": success, "Message": message, "ResultCode": code}
    return text_of(given(body | more))


def inserted(transaction_id=TRANSACTION_ID, hint=3000, success=True, message=None, code=200, **more):
    body = {"Success": success, "ResultCode": code, "Message": message, "TransactionId": transaction_id}
    return text_of(given(body | {"ProcessCartCheckIntervalMiliseconds": hint} | more))


FINAL = {"confirmed", "canceled", "declined", "not_found"}


def state(status, code, paid=None, payment=None, message=None, reference_id=None):
    return {
        "state": {
            "transaction_id": TRANSACTION_ID,
            "status": status,
            "result_code": code,
            "payment_successful": paid,
            "message": message,
            "payment": payment,
            "reference_id": reference_id,
            "is_final": status in FINAL,
            "is_paid": status == "confirmed",
        }
    }


def cart(hint=3000, message=None, reference_id=None):
    return {
        "cart": {
            "transaction_id": TRANSACTION_ID,
            "reference": INSERT["reference"],
            "amount": INSERT["amount"],
            "check_interval_ms": hint,
            "message": message,
            "reference_id": reference_id,
        }
    }


def error(code, http_status=200, retryable=False, **more):
    return {"error": {"code": code, "http_status": http_status, "request_sent": "yes", "retryable": retryable} | more}


def unsure(cause, http_status=200, **more):
    """What InsertCart gives when the customer may have been asked."""
    return error("outcome_unknown", http_status, False, reference=INSERT["reference"], cause=cause, **more)


def protocol(**more):
    return error("protocol", retryable=True, **more)


def server(http_status=200):
    return error("server", http_status, True, result_code=None)


def mismatch(**more):
    return error("mismatch", **more)


CASES = []


def case(name, endpoint, body, expect, http_status=200, requests=1, **more):
    arguments = INSERT if endpoint == "InsertCart" else {"transaction_id": TRANSACTION_ID}
    if isinstance(body, bytes):
        sent = {"body_base64": base64.b64encode(body).decode()}
    else:
        sent = {"body": body}
    made = {"name": f"{endpoint}: {name}", "endpoint": endpoint, "arguments": arguments, "http_status": http_status}
    CASES.append(made | sent | more | {"expect": expect, "requests": requests})


def check(name, body, expect, **more):
    case(name, "CheckCart", body, expect, **more)


def cancel(name, body, expect, **more):
    case(name, "CancelCart", body, expect, **more)


def confirm(name, body, expect, **more):
    case(name, "ConfirmCart", body, expect, **more)


def insert(name, body, expect, **more):
    case(name, "InsertCart", body, expect, **more)


def situations():
    """Every row of the situation table, and of the code table."""
    insert("inserted", inserted(), cart())
    insert("no customer", inserted(NOTHING, None, False, "Customer not found", 400), error("api", result_code=400))
    insert("a specific code", inserted(None, None, False, "Not a customer", 10306), error("api", result_code=10306))
    insert("below the minimum", inserted(None, None, False, None, 10305), error("api", result_code=10305))
    insert("type not valid", inserted(None, None, False, None, 10427), error("api", result_code=10427))
    insert(
        "refused, and yet a TransactionId is set",
        inserted(TRANSACTION_ID, 3000, False, "No", 400),
        error("api", result_code=400, message_contains=["No"]),
    )
    insert(
        "refused, and the TransactionId is no GUID",
        inserted("", None, False, None, 10306),
        error("api", result_code=10306),
    )
    insert("paid at once, as an app code is", inserted(code=10200), cart())
    insert("an unknown code with Success true", inserted(code=10999), cart())
    insert(
        "an unknown code with Success false", inserted(None, None, False, None, 10999), error("api", result_code=10999)
    )
    check("confirmed", answer(10200, True, info=payment()), state("confirmed", 10200, True, PAYMENT_READ))
    check("canceled, or no such cart", answer(10201, False), state("canceled", 10201, False))
    check(
        "canceled with PaymentInfo",
        answer(10201, False, info=payment(StatusId=5)),
        state("canceled", 10201, False, read(status_id=5)),
    )
    check("waiting for the customer", answer(10425, False), state("pending", 10425, False))
    check(
        "waiting, with PaymentInfo",
        answer(10425, False, info=payment(StatusId=1)),
        state("pending", 10425, False, read(status_id=1)),
    )
    check("reserved", answer(10426, False), state("reserved", 10426, False))
    check("SMS code needed", answer(10428, False), state("needs_code", 10428, False))
    check("callback not acknowledged yet", answer(10429, False), state("awaiting_callback", 10429, False))
    check("already canceled", answer(10202, False), state("canceled", 10202, False))
    for code in (10302, 10307, 10422, 10423):
        check(f"declined {code}", answer(code, False), state("declined", code, False))
    for code in (10424, 10304):
        check(f"not found {code}", answer(code, False), state("not_found", code, False))
    cancel("in time", answer(10201), state("canceled", 10201))
    cancel("not canceled: still pending", answer(10425, success=False), state("pending", 10425))
    cancel("already canceled", answer(10202, success=False), state("canceled", 10202))
    cancel("no such cart", answer(10424, success=False), state("not_found", 10424))
    confirm("payment created", answer(10200, True, info=payment()), state("confirmed", 10200, True, PAYMENT_READ))
    confirm(
        "failed",
        answer(400, False, message="Wrong code"),
        error("api", result_code=400, message_contains=["Wrong code"]),
    )
    confirm("failed with another code", answer(10427, False), error("api", result_code=10427))
    confirm("reserved after the code", answer(10426, False), state("reserved", 10426, False))
    confirm("code still needed", answer(10428, False), state("needs_code", 10428, False))
    confirm("the customer has not accepted yet", answer(10425, False), state("pending", 10425, False))
    confirm("canceled meanwhile", answer(10201, False), state("canceled", 10201, False))
    confirm("declined", answer(10423, False), state("declined", 10423, False))


def already_confirmed():
    paid = answer(10200, True, info=payment())
    check("10203 and paid", answer(10203, True, info=payment()), state("confirmed", 10203, True, PAYMENT_READ))
    check("10203 and not paid", answer(10203, False), protocol())
    check("10203, PaymentSuccessful absent", answer(10203), protocol())
    for endpoint, success in (
        ("ConfirmCart", True),
        ("ConfirmCart", False),
        ("CancelCart", False),
        ("CancelCart", True),
    ):
        case(
            f"10203 with Success {str(success).lower()} is verified by CheckCart",
            endpoint,
            answer(10203, False if endpoint == "ConfirmCart" else NOTHING, success=success),
            state("confirmed", 10200, True, PAYMENT_READ),
            then=paid,
            requests=2,
        )
    for name, body in (
        ("paid, with Success false", answer(10200, success=False)),
        ("with PaymentInfo", answer(10200, success=False, info=payment(), message="Already confirmed")),
        ("with Success true", answer(10200)),
    ):
        cancel(f"too late, {name}", body, state("confirmed", 10200, True, PAYMENT_READ), then=paid, requests=2)
    # CheckCart alone says "paid"; what else it says is what the call gives.
    for code, status in ((10425, "pending"), (10426, "reserved"), (10429, "awaiting_callback"), (10999, "unknown")):
        cancel(
            f"too late, and CheckCart says {status}",
            answer(10200, success=False),
            state(status, code, False),
            then=answer(code, False),
            requests=2,
        )
    cancel(
        "too late, and CheckCart has no PaymentInfo",
        answer(10200, success=False, info=payment()),
        state("confirmed", 10200, True),
        then=answer(10200, True),
        requests=2,
    )
    # Paid by the one, and ended unpaid by the other: neither, since a paid order must not be dropped.
    for code in (10201, 10202, 10423, 10424):
        cancel(
            f"too late, and CheckCart says {code}",
            answer(10200, success=False),
            protocol(result_code=code),
            then=answer(code, False),
            requests=2,
        )
    cancel("10203 and CheckCart says canceled", answer(10203), protocol(), then=answer(10201, False), requests=2)
    confirm(
        "10203 and CheckCart says canceled", answer(10203, True), protocol(), then=answer(10201, False), requests=2
    )
    cancel(
        "too late, and CheckCart contradicts itself",
        answer(10200, success=False),
        protocol(),
        then=answer(10200, False),
        requests=2,
    )
    cancel(
        "too late, and CheckCart refuses",
        answer(10200, success=False),
        error("api", result_code=400),
        then=answer(400, False, success=False),
        requests=2,
    )
    cancel("too late, and CheckCart is a page", answer(10200, success=False), server(), then=HTML, requests=2)
    cancel(
        "too late, and CheckCart names another amount",
        answer(10200, success=False),
        mismatch(),
        then=answer(10200, True, info=payment(TotalAmount="@999.00@")),
        cart=KNOWN,
        requests=2,
    )
    confirm(
        "10203 and CheckCart says so too",
        answer(10203, True),
        state("confirmed", 10203, True, PAYMENT_READ),
        then=answer(10203, True, info=payment()),
        requests=2,
    )
    confirm(
        "10203 and CheckCart contradicts itself", answer(10203, True), protocol(), then=answer(10200, False), requests=2
    )
    confirm(
        "10203 and CheckCart names another amount",
        answer(10203, True),
        mismatch(),
        then=answer(10200, True, info=payment(TotalAmount="@999.00@")),
        cart=KNOWN,
        requests=2,
    )
    cancel(
        "10203 and CheckCart is an unknown code",
        answer(10203),
        state("unknown", 10999, False),
        then=answer(10999, False),
        requests=2,
    )


def whether_it_was_inserted():
    """A "no" frees the order: it is one only where the API says so with a code that means no."""
    for code in (400, 10305, 10306, 10427):
        insert(
            f"refused with {code} beside a TransactionId",
            inserted(TRANSACTION_ID, 3000, False, "Nei", code),
            error("api", result_code=code),
        )
    for code in (10201, 10202, 10302, 10423, 10424):
        insert(f"ended unpaid at once: {code}", inserted(None, None, False, None, code), error("api", result_code=code))
    # Set to nothing, it is no cart's.
    for says, nothing in (("null", None), ("empty", ""), ("nil", "00000000-0000-0000-0000-000000000000")):
        insert(
            f"an unknown code with Success false, TransactionId {says}",
            inserted(nothing, None, False, None, 10999),
            error("api", result_code=10999),
        )
    for says, something in (("a GUID", TRANSACTION_ID), ("another text", "order-1"), ("a number", 17)):
        insert(
            f"an unknown code with Success false, TransactionId {says}",
            inserted(something, None, False, None, 10999),
            unsure("protocol", result_code=10999),
        )
    for code in (500, 502, 503, 408, 460, 499):
        for beside, transaction_id in (("", None), (" beside a TransactionId", TRANSACTION_ID)):
            insert(
                f"Success false with {code}{beside}",
                inserted(transaction_id, None, False, "Villa", code),
                unsure("server", result_code=code),
            )
        insert(f"Success true with {code}", inserted(code=code), unsure("protocol", result_code=code))
    for code in (200, 10200, 10203, 10425, 10426, 10428, 10429):
        insert(
            f"Success false with {code}, without a TransactionId",
            inserted(None, None, False, None, code),
            unsure("protocol", result_code=code),
        )
    for code in (400, 10305, 10306, 10427, 10201, 10423, 10424):
        insert(f"Success true with {code}", inserted(code=code), unsure("protocol", result_code=code))

    refused = inserted(NOTHING, NOTHING, False, "Nei", 400)
    for status, kind in ((400, "api"), (409, "api"), (422, "api"), (429, "rate_limited"), (403, "authentication")):
        more = {"http_status": status, "response_signature": "valid"}
        no = error(kind, status, kind == "rate_limited", result_code=400)
        insert(f"HTTP {status} that says no", refused, no, **more)
        for name, body, cause in (
            ("Success true", inserted(), "protocol"),
            ("Success true and an open cart's code", inserted(code=10425), "protocol"),
            ("Success true, without a TransactionId", inserted(NOTHING), "protocol"),
            ("Success true and a code that means no", inserted(code=400), "protocol"),
            ("Success false with 200", inserted(success=False), "protocol"),
            ("Success false with 10200", inserted(None, success=False, code=10200), "protocol"),
            ("Success false with 500", inserted(None, success=False, code=500), "server"),
            ("an unknown code beside a TransactionId", inserted(success=False, code=10999), "protocol"),
            ("a TransactionId alone", text_of({"TransactionId": TRANSACTION_ID}), "protocol"),
            ("Success true as text", inserted(success="true"), "protocol"),
            ("Success twice", refused[:-1] + ',"Success":true}', "protocol"),
            ("JSON that is cut short", inserted()[:-1], "protocol"),
        ):
            insert(f"HTTP {status} with {name}", body, unsure(cause, status), **more)
        insert(f"HTTP {status}, not signed, with Success true", inserted(), unsure("protocol", status), http_status=status)
    insert(
        "HTTP 400 with a refusal beside a TransactionId",
        inserted(success=False, code=10306),
        error("api", 400, result_code=10306),
        http_status=400,
    )
    insert(
        "HTTP 400 with an unknown code",
        inserted(None, None, False, None, 10999),
        error("api", 400, result_code=10999),
        http_status=400,
    )
    insert("HTTP 400 with a text", "Bad Request", error("api", 400, result_code=None), http_status=400)
    insert("HTTP 400 with another API's error", '{"message":"No"}', error("api", 400), http_status=400)
    # Those of proxies, whose client was gone before there was an answer.
    for status in (460, 499):
        for name, body in (("", ""), (" with a page", HTML), (" with a refusal in it", refused)):
            insert(f"HTTP {status}{name}", body, unsure("timeout", status), http_status=status)
        for endpoint in REPEATABLE:
            case(f"HTTP {status}", endpoint, "", error("timeout", status, True), http_status=status)
    insert("HTTP 408 with a refusal in it", refused, unsure("timeout", 408), http_status=408)
    # Not all others come before a request is carried out.
    for status in (406, 424, 444, 463):
        insert(f"HTTP {status} with a page", HTML, unsure("server", status), http_status=status)
        insert(f"HTTP {status} that says no", refused, error("api", status, result_code=400), http_status=status)


def required():
    """What `payment_info` says about paid answers."""

    def strict(name, endpoint, body, expect, **more):
        case(f"payment_info required, {name}", endpoint, body, expect, payment_info="required", **more)

    whole = answer(10200, True, info=payment())
    least = payment(**{name: NOTHING for name in PAYMENT if name not in ("TotalAmount", "ReferenceNumber")})
    least_read = EMPTY_READ | {"total_amount": "1000.00", "reference_number": "order-1"}
    lacking = (
        ("PaymentInfo null", None, "PaymentInfo"),
        ("PaymentInfo absent", NOTHING, "PaymentInfo"),
        ("PaymentInfo empty", {}, "TotalAmount"),
        ("TotalAmount absent", payment(TotalAmount=NOTHING), "TotalAmount"),
        ("TotalAmount null", payment(TotalAmount=None), "TotalAmount"),
        ("ReferenceNumber absent", payment(ReferenceNumber=NOTHING), "ReferenceNumber"),
        ("ReferenceNumber null", payment(ReferenceNumber=None), "ReferenceNumber"),
    )
    for endpoint in ("CheckCart", "ConfirmCart"):
        strict("and all is there", endpoint, whole, state("confirmed", 10200, True, PAYMENT_READ))
        strict("and all agrees", endpoint, whole, state("confirmed", 10200, True, PAYMENT_READ), cart=KNOWN)
        for name, info, member in lacking:
            refused = protocol(result_code=10200, message_contains=[member, "required"])
            strict(name, endpoint, answer(10200, True, info=info), refused)
            strict(f"{name}, of a known cart", endpoint, answer(10200, True, info=info), refused, cart=KNOWN)
    strict(
        "amount and reference alone, of a known cart",
        "CheckCart",
        answer(10200, True, info=least),
        state("confirmed", 10200, True, least_read),
        cart=KNOWN,
    )
    strict(
        "amount and reference alone, of a cart known by its id: nothing to compare",
        "CheckCart",
        answer(10200, True, info=least),
        protocol(result_code=10200, message_contains=["TransactionId"]),
    )
    strict("10203 without PaymentInfo", "CheckCart", answer(10203, True), protocol(result_code=10203))
    for amount_or_reference in ({"TotalAmount": "@999.00@"}, {"ReferenceNumber": "order-2"}):
        strict(
            f"another {next(iter(amount_or_reference))}",
            "CheckCart",
            answer(10200, True, info=payment(**amount_or_reference)),
            mismatch(),
            cart=KNOWN,
        )
    for code, status in ((10425, "pending"), (10426, "reserved"), (10201, "canceled"), (10423, "declined")):
        strict(f"{status} needs no PaymentInfo", "CheckCart", answer(code, False), state(status, code, False))
    strict("an unknown code and success", "CheckCart", answer(10999, True), state("unknown", 10999, True))
    for endpoint, body in (
        ("CancelCart", answer(10200, success=False)),
        ("CancelCart", answer(10203)),
        ("ConfirmCart", answer(10203, True)),
    ):
        code = body[-6:-1]
        strict(f"{code}: CheckCart has it", endpoint, body, state("confirmed", 10200, True, PAYMENT_READ), then=whole, requests=2)
        strict(f"{code}: CheckCart lacks it", endpoint, body, protocol(), then=answer(10200, True), requests=2)


def contradictions():
    check("10200 without success", answer(10200, False), protocol())
    check("10200, PaymentSuccessful null", answer(10200, None), protocol())
    check("10200, PaymentSuccessful absent", answer(10200), protocol())
    check("10200 with Success false", answer(10200, True, success=False), protocol())
    confirm("10200 without success", answer(10200, False), protocol())
    confirm("10200, PaymentSuccessful absent", answer(10200), protocol())
    confirm("10200 with Success false", answer(10200, True, success=False), protocol())
    cancel("10200 and not paid", answer(10200, False, success=False), protocol())
    cancel("10201 and paid", answer(10201, True), protocol())
    for code, word in (
        (10425, "pending"),
        (10426, "reserved"),
        (10428, "needs code"),
        (10429, "awaiting callback"),
        (10201, "canceled"),
        (10202, "already canceled"),
        (10302, "declined"),
        (10307, "declined"),
        (10422, "declined"),
        (10423, "declined"),
        (10424, "not found"),
    ):
        check(f"success with {word} {code}", answer(code, True), protocol())
    confirm("success with pending", answer(10425, True), protocol())
    confirm("success with canceled", answer(10201, True), protocol())
    check("10200 with StatusId 5", answer(10200, True, info=payment(StatusId=5)), protocol())
    check("10200 with StatusId 1", answer(10200, True, info=payment(StatusId=1)), protocol())
    for code in (10201, 10202, 10423):
        check(f"{code} with StatusId 2", answer(code, False, info=payment()), protocol())
    confirm("10200 with StatusId 5", answer(10200, True, info=payment(StatusId=5)), protocol())
    cancel("10200 with StatusId 5", answer(10200, success=False, info=payment(StatusId=5)), protocol())
    cancel("10201 with StatusId 2", answer(10201, info=payment()), protocol())
    other = payment(TransactionId=OTHER_TRANSACTION_ID)
    check("PaymentInfo of another cart", answer(10200, True, info=other), protocol())
    check("PaymentInfo of another cart while pending", answer(10425, False, info=other | {"StatusId": 1}), protocol())
    cancel("PaymentInfo of another cart", answer(10200, success=False, info=other), protocol())
    confirm("PaymentInfo of another cart", answer(10200, True, info=other), protocol())


def mismatches():
    agrees = answer(10200, True, info=payment())
    check("the known cart agrees", agrees, state("confirmed", 10200, True, PAYMENT_READ), cart=KNOWN)
    for digits in ("1000", "1000.0", "1000.000"):
        check(
            f"the known amount as {digits}",
            answer(10200, True, info=payment(TotalAmount=f"@{digits}@")),
            state("confirmed", 10200, True, read(total_amount=digits)),
            cart=KNOWN,
        )
    check(
        "amount and reference not said: nothing to compare",
        answer(10200, True, info=payment(TotalAmount=NOTHING, ReferenceNumber=None)),
        state("confirmed", 10200, True, read(total_amount=None, reference_number=None)),
        cart=KNOWN,
    )
    for name, info in (
        ("less", payment(TotalAmount="@999.00@")),
        ("more", payment(TotalAmount=10000)),
        ("aurar", payment(TotalAmount="@1000.50@")),
        ("zero", payment(TotalAmount="@0.00@")),
        ("another reference", payment(ReferenceNumber="order-2")),
        ("a reference in other letter case", payment(ReferenceNumber="ORDER-1")),
    ):
        check(f"mismatch: {name}", answer(10200, True, info=info), mismatch(), cart=KNOWN)
    wrong = payment(TotalAmount="@999.00@")
    check("mismatch while pending", answer(10425, False, info=wrong | {"StatusId": 1}), mismatch(), cart=KNOWN)
    check("mismatch when canceled", answer(10201, False, info=wrong | {"StatusId": 5}), mismatch(), cart=KNOWN)
    check("mismatch with an unknown code", answer(10999, False, info=wrong | {"StatusId": 1}), mismatch(), cart=KNOWN)
    cancel("mismatch when too late", answer(10200, success=False, info=wrong), mismatch(), cart=KNOWN)
    confirm("mismatch", answer(10200, True, info=wrong), mismatch(), cart=KNOWN)
    check(
        "nothing known: any amount",
        answer(10200, True, info=wrong),
        state("confirmed", 10200, True, read(total_amount="999.00")),
    )


def tolerated():
    check("PaymentInfo null", answer(10200, True), state("confirmed", 10200, True))
    check("PaymentInfo absent", answer(10200, True, info=NOTHING), state("confirmed", 10200, True))
    check("PaymentInfo empty", answer(10200, True, info={}), state("confirmed", 10200, True, EMPTY_READ))
    nulls = dict.fromkeys(PAYMENT)
    check("PaymentInfo full of nulls", answer(10200, True, info=nulls), state("confirmed", 10200, True, EMPTY_READ))
    check("10425, PaymentSuccessful null", answer(10425, None), state("pending", 10425))
    check("10425, PaymentSuccessful absent", answer(10425), state("pending", 10425))
    check(
        "a message",
        answer(10425, False, message="Bíður viðskiptavinar ⏳"),
        state("pending", 10425, False, None, "Bíður viðskiptavinar ⏳"),
    )
    for name, (told, shown) in MESSAGES.items():
        check(f"a message with {name}", answer(10425, message=told), state("pending", 10425, message=shown))
    check("Message absent", answer(10425, False, message=NOTHING), state("pending", 10425, False))
    check(
        "10201 with Success false: the code counts",
        answer(10201, False, success=False),
        state("canceled", 10201, False),
    )
    check(
        "10425 with Success false: the code counts", answer(10425, False, success=False), state("pending", 10425, False)
    )
    check(
        "10424 with Success false: the code counts",
        answer(10424, False, success=False),
        state("not_found", 10424, False),
    )
    for digits, said in (("1e3", "1000"), ("1.000E3", "1000"), ("1.0000e+3", "1000.0"), ("100000e-2", "1000.00")):
        check(
            f"TotalAmount {digits}",
            answer(10200, True, info=payment(TotalAmount=f"@{digits}@")),
            state("confirmed", 10200, True, read(total_amount=said)),
            cart=KNOWN,
        )
    for digits in ("1000", "1000.0", "1000.00", "0", "2147483647.00", "123456789012.34"):
        check(
            f"TotalAmount {digits}",
            answer(10200, True, info=payment(TotalAmount=f"@{digits}@")),
            state("confirmed", 10200, True, read(total_amount=digits)),
        )
    check(
        "every member set",
        answer(
            10200,
            True,
            info=payment(
                DiscountAmount="@100.5@",
                ShippingAmount=990,
                HandlingAmount="@1.25@",
                AccountNumber=4567,
                NumberOfInstallments=12,
                ClientIdentityConfirmed=True,
                LocationId="KEF",
                RegisterId="kassi 2",
            ),
        ),
        state(
            "confirmed",
            10200,
            True,
            read(
                discount_amount="100.5",
                shipping_amount="990",
                handling_amount="1.25",
                account_number=4567,
                number_of_installments=12,
                client_identity_confirmed=True,
                location_id="KEF",
                register_id="kassi 2",
            ),
        ),
    )
    check(
        "an InvoiceNumber beyond 32 bits",
        answer(10200, True, info=payment(InvoiceNumber=4294967296)),
        state("confirmed", 10200, True, read(invoice_number=4294967296)),
    )
    check(
        "unknown members",
        answer(10425, False, info=payment(StatusId=1, Future={"a": [1, None]}), Future=[{"b": 2.5}], Tags={}),
        state("pending", 10425, False, read(status_id=1)),
    )
    check(
        "another order of members, and white space",
        '\r\n{ "ResultCode" : 10425 ,\n\t"Success": true, "Message": null, "PaymentSuccessful": false }\n ',
        state("pending", 10425, False),
    )
    check(
        "escapes in a text",
        '{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"Message":"B\\u00ed\\u00f0ur \\ud83e\\uddf6 \\/","ResultCode":10425}',
        state("pending", 10425, False, None, "Bíður 🧶 /"),
    )
    check(
        "the id in capitals",
        answer(10200, True, info=payment(TransactionId=TRANSACTION_ID.upper())),
        state("confirmed", 10200, True, PAYMENT_READ),
    )
    for text, instant in (
        ("2020-01-22T13:22:05", "2020-01-22T13:22:05Z"),
        ("2020-01-22T13:22:05.1234567", "2020-01-22T13:22:05.123Z"),
        ("2020-01-22T13:22:05.5", "2020-01-22T13:22:05.500Z"),
        ("2020-01-22T13:22:05Z", "2020-01-22T13:22:05Z"),
        ("22.01.2020 13:22", None),
        ("yesterday", None),
        ("", None),
        ("2020-13-45T99:99:99", None),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
    ):
        check(
            f"Created {text!r}",
            answer(10200, True, info=payment(Created=text)),
            state("confirmed", 10200, True, read(created=instant)),
        )
    for code in (200, 400, 500, 10305, 10306, 10427, 10999, 0, -1):
        check(f"unknown code {code}", answer(code, False), state("unknown", code, False))
    check("an unknown code and success: not paid", answer(10999, True), state("unknown", 10999, True))
    cancel("unknown code", answer(10999), state("unknown", 10999))
    confirm("unknown code and success", answer(10999, True), state("unknown", 10999, True))
    confirm("unknown code without success", answer(10999, False), error("api", result_code=10999))
    confirm("unknown code, PaymentSuccessful absent", answer(10999), error("api", result_code=10999))
    for endpoint in REPEATABLE:
        paid = NOTHING if endpoint == "CancelCart" else False
        for code in (400, 10305, 10999):
            case(
                f"Success false with {code}",
                endpoint,
                answer(code, paid, success=False, message="Nei"),
                error("api", result_code=code),
            )
        case(
            "Success false with 500",
            endpoint,
            answer(500, paid, success=False),
            error("api", result_code=500, retryable=True),
        )

    for hint, read_hint in (
        (None, None),
        (NOTHING, None),
        (0, None),
        (-1, None),
        (1, 1),
        (2000, 2000),
        (3_600_000, 3_600_000),
    ):
        says = "absent" if hint is NOTHING else hint
        insert(f"poll hint {says}", inserted(hint=hint), cart(read_hint))
    # The cart exists: a hint that cannot be read must not hide it.
    insert("poll hint as text", inserted(hint="3000"), cart(None))
    insert("poll hint with a fraction", inserted(hint="@2000.5@"), cart(None))
    insert("an escape in the TransactionId", inserted().replace('"0f0e', '"\\u0030f0e'), cart())
    insert("a message", inserted(message="Beiðni send 📱"), cart(message="Beiðni send 📱"))
    insert(
        "undocumented and unknown members",
        inserted(RemoteConfirmationAvailable=True, AnnouncementMessage=None, Future={"a": 1}),
        cart(),
    )
    insert("the id in capitals", inserted(TRANSACTION_ID.upper()), cart())
    named = {"netgiro_referenceId": REFERENCE_ID}
    insert("Netgíró's reference id", inserted(), cart(reference_id=REFERENCE_ID), headers=named)
    check(
        "Netgíró's reference id",
        answer(10425, False),
        state("pending", 10425, False, reference_id=REFERENCE_ID),
        headers=named,
    )
    check(
        "Netgíró's reference id on an error",
        answer(400, False, success=False),
        error("api", result_code=400, reference_id=REFERENCE_ID),
        headers=named,
    )


def unreadable():
    pending = answer(10425, False)
    broken = (
        ("not JSON", "OK"),
        ("HTML", HTML),
        ("empty", ""),
        ("only white space", " \n"),
        ("cut short", pending[:-1]),
        ("cut short in a text", pending[:20]),
        ("two values", pending + pending),
        ("trailing bytes", pending + "x"),
        ("an array", f"[{pending}]"),
        ("an array of the values alone", "[true,true,10200,null,null]"),
        ("an array of the values in the documented order", "[true,null,true,null,10200]"),
        ("a byte order mark", b"\xef\xbb\xbf" + pending.encode()),
        ("a text", '"OK"'),
        ("null", "null"),
        ("a number", "10200"),
        ("no ResultCode", text_of({"PaymentSuccessful": False, "Success": True, "Message": None})),
        ("ResultCode null", answer(None, False)),
        ("an empty object", "{}"),
        ("another API's error", '{"error":"unavailable"}'),
        ("camelCase is not the API's", '{"success":true,"paymentSuccessful":true,"resultCode":10200}'),
        ("invalid UTF-8", answer(10425, False, message="pöntun").encode("latin-1")),
    )
    for name, body in broken:
        check(name, body, server())
    for endpoint in ("CancelCart", "ConfirmCart"):
        case("HTML", endpoint, HTML, server())
        case("empty", endpoint, "", server())
    check("204 without a body", "", server(204), http_status=204)

    malformed = (
        ("ResultCode as text", pending.replace("10425", '"10425"')),
        ("ResultCode with a fraction", pending.replace("10425", "10425.5")),
        ("ResultCode as an object", pending.replace("10425", "{}")),
        ("ResultCode beyond 64 bits", pending.replace("10425", "99999999999999999999")),
        ("Success absent", answer(10425, False, success=NOTHING)),
        ("Success null", answer(10425, False, success=None)),
        ("Message as a number", answer(10425, False, message=17)),
        ("Success as text", pending.replace('"Success":true', '"Success":"true"')),
        ("Success as a number", pending.replace('"Success":true', '"Success":1')),
        ("PaymentSuccessful as text", answer(10200, "true")),
        ("PaymentSuccessful as a number", answer(10200, 1)),
        ("PaymentInfo as an array", answer(10200, True, info=[])),
        ("PaymentInfo as an array of its values", answer(10200, True, info=list(PAYMENT.values()))),
        (
            "TotalAmount with more digits than a decimal holds",
            answer(10200, True, info=payment(TotalAmount="@1000.0000000000000000000000000000001@")),
        ),
        *(
            (f"TotalAmount {digits} is not exact", answer(10200, True, info=payment(TotalAmount=f"@{digits}@")))
            for digits in (
                "1000.000000000000000000000000000001e0",
                "100.0000000000000000000000000000001E1",
                "1000.0000000000000000000000000000001e-0",
                "0.00000000000000000000000000001e3",
                "1e29",
                "1e-29",
                "1e99999999999",
            )
        ),
        *(
            (f"{member} is not exact", answer(10200, True, info=payment(**{member: "@0.000000000000000000000000000001e0@"})))
            for member in ("DiscountAmount", "ShippingAmount", "HandlingAmount")
        ),
        (
            "TotalAmount beyond a decimal",
            answer(10200, True, info=payment(TotalAmount="@79228162514264337593543950336@")),
        ),
        ("PaymentInfo as text", answer(10200, True, info="paid")),
        ("TotalAmount as text", answer(10200, True, info=payment(TotalAmount="1000.00"))),
        ("TotalAmount as an object", answer(10200, True, info=payment(TotalAmount={}))),
        ("StatusId as text", answer(10200, True, info=payment(StatusId="2"))),
        ("InvoiceNumber as text", answer(10200, True, info=payment(InvoiceNumber="123456"))),
        ("NumberOfInstallments as text", answer(10200, True, info=payment(NumberOfInstallments="1"))),
        ("PaymentInfo.TransactionId is no GUID", answer(10200, True, info=payment(TransactionId="order-1"))),
        ("ResultCode twice", pending[:-1] + ',"ResultCode":10200}'),
        ("PaymentSuccessful twice", '{"PaymentSuccessful":false,' + answer(10200, True)[1:]),
        ("Success twice", pending[:-1] + ',"Success":true}'),
        (
            "TotalAmount twice",
            answer(10200, True, info=payment()).replace('"TotalAmount"', '"TotalAmount":1,"TotalAmount"'),
        ),
    )
    for name, body in malformed:
        check(name, body, protocol())
    cancel("ResultCode as text", answer("10201"), protocol())
    confirm("PaymentSuccessful as text", answer(10200, "true"), protocol())

    for name, body in (
        ("not JSON", "OK"),
        ("HTML", HTML),
        ("empty", ""),
        ("cut short", inserted()[:-1]),
        ("two values", inserted() + inserted()),
        ("an array", f"[{inserted()}]"),
        ("no ResultCode", text_of({"Success": True, "TransactionId": TRANSACTION_ID})),
        ("an array of the values alone", f'[true,200,null,"{TRANSACTION_ID}",3000]'),
    ):
        insert(name, body, unsure("server"))
    insert("204 without a body", "", unsure("server", 204), http_status=204)
    for name, body in (
        ("no TransactionId", inserted(NOTHING)),
        ("TransactionId null", inserted(None)),
        ("TransactionId is no GUID", inserted("order-1")),
        ("TransactionId as a number", inserted(17)),
        ("TransactionId is the nil GUID", inserted("00000000-0000-0000-0000-000000000000")),
        ("Success true with code 400", inserted(code=400)),
        ("Success false with code 200", inserted(success=False)),
        ("Success absent", inserted(success=NOTHING)),
        ("ResultCode as text", inserted(code="200")),
        ("Success as text", inserted(success="true")),
        ("Success twice", inserted()[:-1] + ',"Success":false}'),
        ("TransactionId twice", inserted()[:-1] + f',"TransactionId":"{OTHER_TRANSACTION_ID}"}}'),
    ):
        insert(name, body, unsure("protocol"))


def statuses():
    refusal = text_of({"Success": False, "Message": "Bad signature", "ResultCode": 401})
    asked = answer(10425, False)
    for status, body, code in (
        (400, text_of({"Success": False, "Message": "Nei", "ResultCode": 400}), 400),
        (404, HTML, None),
        (409, "", None),
    ):
        for endpoint in ("InsertCart", "CheckCart"):
            case(f"HTTP {status}", endpoint, body, error("api", status, result_code=code), http_status=status)
    check(
        "HTTP 400 with a message",
        '{"message":"Amount missing"}',
        error("api", 400, result_code=None, message_contains=["Amount missing"]),
        http_status=400,
    )
    check(
        "HTTP 400 with a text keeps the text",
        "Nonce too old",
        error("api", 400, result_code=None, message_contains=["Nonce too old"]),
        http_status=400,
    )
    check(
        "HTTP 400 with a message and a ResultCode of another type keeps the message",
        '{"Success":false,"Message":"Nei takk","ResultCode":"400"}',
        error("api", 400, message_contains=["Nei takk"]),
        http_status=400,
    )
    check("HTTP 400 does not give a state", asked, error("api", 400), http_status=400)
    check("HTTP 404 with a paid body", answer(10200, True), error("api", 404), http_status=404)
    check(
        "HTTP 400 with result code 500",
        answer(500, False, success=False),
        error("api", 400, True, result_code=500),
        http_status=400,
    )
    for endpoint in ("InsertCart", *REPEATABLE):
        case(
            "HTTP 401",
            endpoint,
            refusal,
            error("authentication", 401, result_code=401, message_contains=["Bad signature"]),
            http_status=401,
        )
        case("HTTP 403", endpoint, HTML, error("authentication", 403, result_code=None), http_status=403)
        for name, header, milliseconds in (
            ("", None, None),
            (" with Retry-After 7", "7", 7000),
            (" with Retry-After 0", "0", 0),
            (" with Retry-After 3600", "3600", 3_600_000),
            (" with a Retry-After that is no time", "soon", None),
            (" with a negative Retry-After", "-5", None),
        ):
            if endpoint != "CheckCart" and header not in (None, "7"):
                continue
            headers = {} if header is None else {"headers": {"Retry-After": header}}
            case(
                f"HTTP 429{name}",
                endpoint,
                "",
                error("rate_limited", 429, True, retry_after_ms=milliseconds),
                http_status=429,
                **headers,
            )
    for endpoint in REPEATABLE:
        case("HTTP 408", endpoint, "", error("timeout", 408, True), http_status=408)
        case("HTTP 500", endpoint, HTML, error("server", 500, True), http_status=500, requests=3)
        case(
            "HTTP 302",
            endpoint,
            "",
            error("server", 302, True),
            http_status=302,
            headers={"Location": "https://127.0.0.1:1/"},
        )
    check("HTTP 503", "", error("server", 503, True), http_status=503, requests=3)
    check("HTTP 500 with a paid body", answer(10200, True), error("server", 500, True), http_status=500, requests=3)
    check("HTTP 307", "", error("server", 307, True), http_status=307, headers={"Location": "https://127.0.0.1:1/"})
    insert("HTTP 408", "", unsure("timeout", 408), http_status=408)
    for status in (500, 502, 503, 504):
        insert(f"HTTP {status}", HTML, unsure("server", status), http_status=status)
    insert(
        "HTTP 500 with a refusal in it", inserted(None, None, False, "No", 400), unsure("server", 500), http_status=500
    )
    for status in (301, 302, 307):
        insert(
            f"HTTP {status}",
            "",
            unsure("server", status),
            http_status=status,
            headers={"Location": "https://127.0.0.1:1/"},
        )


def signatures():
    pending, seen = answer(10425, False), state("pending", 10425, False)
    wrong = error("signature", retryable=True)
    check("signed", pending, seen, response_signature="valid")
    check("signed, required", pending, seen, response_signature="valid", response_verification="required")
    check("not signed", pending, seen, response_signature="absent")
    check("not signed, required", pending, wrong, response_signature="absent", response_verification="required")
    check("not signed, off", pending, seen, response_signature="absent", response_verification="off")
    check("wrong signature", pending, wrong, response_signature="wrong")
    check("wrong signature, required", pending, wrong, response_signature="wrong", response_verification="required")
    check("wrong signature, off", pending, seen, response_signature="wrong", response_verification="off")
    check("signature without nonce", pending, wrong, response_signature="no_nonce")
    cancel("wrong signature", answer(10201), wrong, response_signature="wrong")
    confirm("wrong signature", answer(10200, True), wrong, response_signature="wrong")
    insert("signed, required", inserted(), cart(), response_signature="valid", response_verification="required")
    insert("wrong signature", inserted(), unsure("signature"), response_signature="wrong")
    insert(
        "not signed, required",
        inserted(),
        unsure("signature"),
        response_signature="absent",
        response_verification="required",
    )


def build():
    CASES.clear()
    for part in (
        situations,
        whether_it_was_inserted,
        already_confirmed,
        required,
        contradictions,
        mismatches,
        tolerated,
        unreadable,
        statuses,
        signatures,
    ):
        part()
    return {"secret_key": SECRET_KEY, "response_nonce": "638412345678901234", "cases": CASES}
