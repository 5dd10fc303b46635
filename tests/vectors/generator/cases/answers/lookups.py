import json

from reference import TRANSACTION_ID

ABOUT = (
    "The look-up of a cart by its reference, which is V1's: find_by_reference(reference, amount). A server answers its requests with "
    "`answers`, one after another, the last one for ever: an HTTP status, a body and headers, or `close`: it reads the request and "
    "closes the connection. Each request is a GET of `path` without a body, signed as V1 signs, over the URL with its query. What is "
    "expected is the order's `cart`, `none`, or an `error`, whose members that are left out are not compared; `customer_message` is "
    "what a customer reads of it in English. `requests` is how many requests the server sees."
)

REFERENCE, AMOUNT = "order-1", 4990
CLOSE = {"close": True}
CASES = []


def answer(body, http_status=200, **headers):
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    made = {"http_status": http_status, "body": text.replace('"@', "").replace('@"', "")}
    return made | ({"headers": headers} if headers else {})


def said(success, code, message=None, **more):
    return {"Success": success, "Message": message, "ResultCode": code} | more


PAYMENT = {
    "TransactionId": TRANSACTION_ID,
    "InvoiceNumber": 123456,
    "ReferenceNumber": REFERENCE,
    "StatusId": 1,
    "TotalAmount": AMOUNT,
}


def payment(code=200, success=True, **changes):
    members = {name: value for name, value in (PAYMENT | changes).items() if value is not ...}
    return said(success, code, PaymentInfo=members)


FOUND = answer(payment())
BUSY = answer(said(False, 500, "Error on request."), 503)


def error(code, http_status=200, request_sent="yes", retryable=False, **more):
    facts = {"code": code, "http_status": http_status, "request_sent": request_sent, "retryable": retryable}
    return {"error": facts | more}


def case(name, answers, expect, requests=1, reference=REFERENCE, path="order-1", amount=AMOUNT):
    CASES.append(
        {
            "name": name,
            "reference": reference,
            "amount": amount,
            "path": f"/v1/payment/GetByReference?ReferenceNumber={path}",
            "answers": answers,
            "expect": expect,
            "requests": requests,
        }
    )


def cart(reference=REFERENCE):
    return {"cart": {"transaction_id": TRANSACTION_ID, "reference": reference, "amount": AMOUNT}}


NOT_KNOWN = "We do not know yet whether the payment went through. Please do not pay again until that is clear."


def found():
    case("found", [FOUND], cart())
    for code in (10200, 10425, 10201):
        case(f"found, with result code {code}", [answer(payment(code))], cart())
    case("found, with decimals", [answer(payment(TotalAmount="@4990.00@"))], cart())
    case("found, without an amount", [answer(payment(TotalAmount=...))], cart())
    flat = said(True, 200) | PAYMENT
    case("found, without PaymentInfo around it", [answer(flat)], cart())
    letters = "pöntun 1/2&3+4"
    case(
        "letters and marks in the reference",
        [answer(payment(ReferenceNumber=letters))],
        cart(letters),
        reference=letters,
        path="p%C3%B6ntun+1%2F2%263%2B4",
    )
    case("the answer is lost once", [CLOSE, FOUND], cart(), 2)
    case("the server is busy twice", [BUSY, BUSY, FOUND], cart(), 3)


def not_found():
    none = {"none": True}
    case("none", [answer(said(False, 10424, "cart not found", PaymentInfo=None))], none)
    case("none, and a success", [answer(said(True, 10424))], none)
    nil = "00000000-0000-0000-0000-000000000000"
    case("none, with the GUID of none", [answer(said(False, 10424, TransactionId=nil))], none)
    # Whatever else names no cart does not say that there is none.
    api = error("api", customer_message=NOT_KNOWN)
    case("a success without a payment", [answer(said(True, 200, PaymentInfo=None))], api)
    case("canceled, or no such cart", [answer(said(True, 10201, PaymentInfo=None))], api)
    case("a cart that is not valid", [answer(said(False, 10304))], api)
    case("a refusal", [answer(said(False, 400, "Sale not found"))], api)
    case("an error of the server", [answer(said(False, 500, "Error on request."))], error("api", retryable=True))
    page = "<!doctype html><title>404</title><h1>Not Found</h1>"
    case("a page that is not there", [answer(page, 404)], error("api", 404, customer_message=NOT_KNOWN))
    gone = answer({"Message": "No HTTP resource was found"}, 404)
    case("a resource that is not there", [gone], error("api", 404))
    case("none, HTTP 404", [answer(said(False, 10424), 404)], error("api", 404))
    case("a method that is not there", [answer("", 405)], error("api", 405))
    case("a page instead of an answer", [answer("<html>")], error("server", retryable=True))
    case("an empty object", [answer({})], error("server", retryable=True))
    case("a bare payment", [answer(PAYMENT)], error("server", retryable=True))
    case("an array", [answer([said(True, 200)])], error("server", retryable=True))
    elsewhere = answer("", 302, Location="https://example.com/")
    case("a redirect", [elsewhere], error("server", 302, retryable=True))


def not_believed():
    wrong = error("protocol", retryable=True)
    case("another reference", [answer(payment(ReferenceNumber="order-2"))], error("mismatch"))
    case("a reference in other letters", [answer(payment(ReferenceNumber="Order-1"))], error("mismatch"))
    case("another amount", [answer(payment(TotalAmount=4991))], error("mismatch"))
    case("no reference", [answer(payment(ReferenceNumber=...))], wrong)
    case("no cart", [answer(payment(TransactionId=...))], wrong)
    case("the GUID of none", [answer(payment(TransactionId="00000000-0000-0000-0000-000000000000"))], wrong)
    case("an id that is none", [answer(payment(TransactionId="abc-123"))], wrong)
    case("an amount that is none", [answer(payment(TotalAmount="much"))], wrong)
    case("a payment and not a success", [answer(payment(400, success=False))], wrong)
    case("a payment that is not there", [answer(payment(10424))], wrong)
    case("payments", [answer(said(True, 200, PaymentInfo=[PAYMENT]))], wrong)
    case("no Success", [answer({"ResultCode": 200, "PaymentInfo": PAYMENT})], wrong)
    twice = '{"Success":true,"ResultCode":10424,"ResultCode":200}'
    case("a code twice", [answer(twice)], wrong)
    forged = {"netgiro_nonce": "1", "netgiro_signature": "0" * 64}
    none = said(False, 10424)
    case("a wrong signature", [answer(none, **forged)], error("signature", retryable=True))
    case("other keys", [answer(said(False, 401), 401)], error("authentication", 401))
    case("too many calls", [answer("", 429, **{"Retry-After": "3600"})], error("rate_limited", 429, retryable=True))
    case("the answer is always lost", [CLOSE], error("server", None, "maybe", True), 3)
    case("the server is always busy", [BUSY], error("server", 503, retryable=True), 3)
    not_sent = error("invalid_request", None, "no")
    for name, reference in {"an empty": "", "a blank": "  ", "a broken": "a\nb"}.items():
        case(f"{name} reference", [FOUND], not_sent, 0, reference=reference)


def build():
    found()
    not_found()
    not_believed()
    return {"cases": CASES}
