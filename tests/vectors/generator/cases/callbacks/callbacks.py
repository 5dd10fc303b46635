import base64
import json
import struct

from reference import OTHER_TRANSACTION_ID, SECRET_KEY, TRANSACTION_ID, sign

ABOUT = (
    "verify_callback(url, headers, body) of a client with secret_key: the callback it gives, or the error. `url` is the one "
    "registered. `headers` is a mapping or a list of pairs, passed on as it is; `body_base64` is a body that is no UTF-8 "
    "text. Amounts are decimal text; instants are ISO 8601."
)

URL = "https://shop.is/netgiro/callback?order=17&t=a%20b"
NONCE = "638412345678901234"
REFERENCE_ID = "6d0a3bb8-7a52-4d5e-9d41-52a4a4d0c3a1"

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


def text_of(value):
    """Compact JSON; a text @1000.00@ stands for that number with those digits."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.replace('"@', "").replace('@"', "")


def body_of(code, paid, payment=(), success=True, message=None, **members):
    info = {key: value for key, value in (PAYMENT | dict(payment)).items() if value != "absent"}
    body = {"PaymentSuccessful": paid, "PaymentInfo": info, "Success": success, "Message": message, "ResultCode": code}
    body |= members
    return text_of({key: value for key, value in body.items() if value != "absent"})


CONFIRMED = body_of(10200, True)
ORDERS = [("1000", "order-1", True), ("999", "order-1", False), ("1000", "order-2", False), ("1000", "ORDER-1", False)]


def signed(body, url=URL, nonce=NONCE, secret_key=SECRET_KEY):
    return {"netgiro_nonce": nonce, "netgiro_signature": sign(secret_key, nonce, url, body)}


def case(name, headers, body, expect, url=URL):
    if isinstance(body, bytes):
        sent = {"body_base64": base64.b64encode(body).decode()}
    else:
        sent = {"body": body}
    return {"name": name, "url": url, "headers": headers, **sent, "expect": expect}


def good(name, body, status, code, paid, headers=None, url=URL, orders=ORDERS, **members):
    callback = {
        "transaction_id": TRANSACTION_ID,
        "reference": "order-1",
        "amount": "1000.00",
        "reference_id": None,
        "state": {
            "transaction_id": TRANSACTION_ID,
            "status": status,
            "result_code": code,
            "payment_successful": paid,
            "is_final": status in {"confirmed", "canceled", "declined", "not_found"},
            "is_paid": status == "confirmed",
        },
    } | members
    callback["matches"] = [
        {"amount": int(amount), "reference": reference, "matches": yes} for amount, reference, yes in orders
    ]
    headers = signed(body, url) if headers is None else headers
    return case(name, headers, body, {"callback": callback}, url)


def bad(name, body=CONFIRMED, headers=None, url=URL, code="signature"):
    return case(name, signed(body, url) if headers is None else headers, body, {"error": {"code": code}}, url)


def spelled(name, nonce_header, signature_header, make=dict, wrap=lambda text: text):
    headers = signed(CONFIRMED)
    pairs = [
        ("Host", "shop.is"),
        (nonce_header, wrap(headers["netgiro_nonce"])),
        ("Content-Type", "application/json; charset=utf-8"),
        (signature_header, wrap(headers["netgiro_signature"])),
    ]
    made = dict(pairs) if make is dict else [list(pair) for pair in pairs]
    return good(f"headers: {name}", CONFIRMED, "confirmed", 10200, True, headers=made)


def sha256_padding(length):
    """What SHA-256 itself appends to a message of this many bytes: the glue of a length extension."""
    return b"\x80" + b"\0" * ((55 - length) % 64) + struct.pack(">Q", length * 8)


def build():
    headers = signed(CONFIRMED)
    nonce, signature = headers["netgiro_nonce"], headers["netgiro_signature"]
    with_extras = list(headers.items())
    moved_into_body = "8" + CONFIRMED
    icelandic = body_of(10200, True, {"ReferenceNumber": "pöntun-Þ1"}, message="Greiðsla tókst 🎉")
    extension = CONFIRMED.encode() + sha256_padding(len(SECRET_KEY + NONCE + URL) + len(CONFIRMED.encode())) + b"{}"

    cases = [
        good("a confirmed payment", CONFIRMED, "confirmed", 10200, True),
        good(
            "with Netgíró's reference id",
            CONFIRMED,
            "confirmed",
            10200,
            True,
            headers=headers | {"netgiro_referenceId": REFERENCE_ID},
            reference_id=REFERENCE_ID,
        ),
        good(
            "with Netgíró's reference id, spelled with hyphens",
            CONFIRMED,
            "confirmed",
            10200,
            True,
            headers=headers | {"Netgiro-Referenceid": REFERENCE_ID},
            reference_id=REFERENCE_ID,
        ),
        good("a URL without a query", CONFIRMED, "confirmed", 10200, True, url="https://shop.is/netgiro/callback"),
        good("a non-ASCII URL", CONFIRMED, "confirmed", 10200, True, url="https://verslun.is/svar?nafn=Þór"),
        good(
            "Icelandic letters and emoji in the body",
            icelandic,
            "confirmed",
            10200,
            True,
            orders=[("1000", "pöntun-Þ1", True), ("1000", "order-1", False)],
            reference="pöntun-Þ1",
        ),
        good("a whole amount", body_of(10200, True, {"TotalAmount": 1000}), "confirmed", 10200, True, amount="1000"),
        good(
            "one decimal", body_of(10200, True, {"TotalAmount": "@1000.0@"}), "confirmed", 10200, True, amount="1000.0"
        ),
        good(
            "an amount with aurar matches no order in whole krónur",
            body_of(10200, True, {"TotalAmount": "@1000.50@"}),
            "confirmed",
            10200,
            True,
            orders=[("1000", "order-1", False), ("1001", "order-1", False)],
            amount="1000.50",
        ),
        good("already confirmed", body_of(10203, True), "confirmed", 10203, True),
        good(
            "type 1: reserved until this is acknowledged",
            body_of(10429, False, {"StatusId": 1, "InvoiceNumber": None}),
            "awaiting_callback",
            10429,
            False,
        ),
        good("canceled", body_of(10201, False, {"StatusId": 5}), "canceled", 10201, False),
        good("declined", body_of(10423, False, {"StatusId": 5}), "declined", 10423, False),
        good("an unknown code", body_of(10999, False, {"StatusId": 1}), "unknown", 10999, False),
        good("no ResultCode", body_of("absent", True), "unknown", None, True),
        good("unknown members", body_of(10200, True, {"New": [1]}, More={"a": None}), "confirmed", 10200, True),
        good(
            "no amount: matches no order",
            body_of(10200, True, {"TotalAmount": "absent"}),
            "confirmed",
            10200,
            True,
            orders=[("1000", "order-1", False)],
            amount=None,
        ),
        good(
            "no reference: matches no order",
            body_of(10200, True, {"ReferenceNumber": None}),
            "confirmed",
            10200,
            True,
            orders=[("1000", "order-1", False), ("1000", "", False)],
            reference=None,
        ),
        good(
            "the id in capitals",
            body_of(10200, True, {"TransactionId": TRANSACTION_ID.upper()}),
            "confirmed",
            10200,
            True,
        ),
        good("contradiction: 10200 without success", body_of(10200, False), "unknown", 10200, False),
        good("contradiction: 10200, PaymentSuccessful absent", body_of(10200, "absent"), "unknown", 10200, None),
        good("contradiction: success with a pending code", body_of(10425, True), "unknown", 10425, True),
        good("contradiction: success with a canceled code", body_of(10201, True), "unknown", 10201, True),
        good("contradiction: success with a declined code", body_of(10423, True), "unknown", 10423, True),
        good("contradiction: 10200 with StatusId 5", body_of(10200, True, {"StatusId": 5}), "unknown", 10200, True),
        good("contradiction: 10200 with StatusId 1", body_of(10200, True, {"StatusId": 1}), "unknown", 10200, True),
        good("contradiction: 10201 with StatusId 2", body_of(10201, False), "unknown", 10201, False),
        spelled("underscores", "netgiro_nonce", "netgiro_signature"),
        spelled("hyphens, capitalised", "Netgiro-Nonce", "Netgiro-Signature"),
        spelled("hyphens, lower case", "netgiro-nonce", "netgiro-signature"),
        spelled("capitals with underscores", "NETGIRO_NONCE", "NETGIRO_SIGNATURE"),
        spelled("as a WSGI environment spells them", "HTTP_NETGIRO_NONCE", "HTTP_NETGIRO_SIGNATURE"),
        spelled("mixed spellings", "Netgiro_Nonce", "netgiro-Signature"),
        spelled("a list of pairs", "netgiro_nonce", "netgiro_signature", make=list),
        spelled("a list of pairs, hyphens", "Netgiro-Nonce", "Netgiro-Signature", make=list),
        spelled("values in lists of one", "netgiro_nonce", "netgiro_signature", wrap=lambda text: [text]),
        bad("forged: a signature of zeros", headers={"netgiro_nonce": nonce, "netgiro_signature": "0" * 64}),
        bad("forged: signed without the secret", headers=signed(CONFIRMED, secret_key="")),
        bad("forged: signed with another secret", headers=signed(CONFIRMED, secret_key="another")),
        bad("altered: the amount", body=CONFIRMED.replace("1000.00", "9000.00"), headers=headers),
        bad("altered: the transaction", body=CONFIRMED.replace(TRANSACTION_ID, OTHER_TRANSACTION_ID), headers=headers),
        bad("altered: white space", body=CONFIRMED.replace(":", ": ", 1), headers=headers),
        bad("altered: the nonce", headers=headers | {"netgiro_nonce": NONCE[:-1] + "5"}),
        bad("another URL", headers=signed(CONFIRMED, url=URL.replace("17", "18"))),
        bad("the URL without its query", headers=signed(CONFIRMED, url=URL.partition("?")[0])),
        bad("the URL with http, as seen behind a proxy", headers=signed(CONFIRMED, url=URL.replace("https", "http"))),
        bad("signed without the URL", headers=signed(CONFIRMED, url="")),
        bad("no headers", headers={}),
        bad("no signature", headers={"netgiro_nonce": nonce}),
        bad("no nonce", headers={"netgiro_signature": signature}),
        bad("an empty signature", headers={"netgiro_nonce": nonce, "netgiro_signature": ""}),
        bad("a signature cut short", headers={"netgiro_nonce": nonce, "netgiro_signature": signature[:-1]}),
        bad("a signature with more behind it", headers={"netgiro_nonce": nonce, "netgiro_signature": signature + "00"}),
        bad("a signature that is no hex", headers={"netgiro_nonce": nonce, "netgiro_signature": "z" * 64}),
        bad(
            "two signatures, the good one first",
            headers=[*map(list, with_extras), ["netgiro_signature", "0" * 64]],
        ),
        bad(
            "two signatures, the good one last",
            headers=[["netgiro_signature", "0" * 64], *map(list, with_extras)],
        ),
        bad("two signatures in two spellings", headers=headers | {"Netgiro-Signature": "0" * 64}),
        bad("two nonces", headers=[["netgiro_nonce", "1"], *map(list, with_extras)]),
        bad("two values in one header", headers=headers | {"netgiro_signature": [signature, "0" * 64]}),
        # Correctly signed, all of these: what is wrong is their form.
        bad("an empty nonce", headers=signed(CONFIRMED, nonce="")),
        bad("a nonce of 65 characters", headers=signed(CONFIRMED, nonce="1" * 65)),
        bad("a nonce with a space", headers=signed(CONFIRMED, nonce="12 34")),
        bad("a nonce with a slash", headers=signed(CONFIRMED, nonce="12/34")),
        bad("a nonce with an accent", headers=signed(CONFIRMED, nonce="nönce")),
        bad("a nonce that begins the URL", headers=signed(CONFIRMED, url=URL[5:], nonce=NONCE + URL[:5])),
        good(
            "a nonce of 64 characters",
            CONFIRMED,
            "confirmed",
            10200,
            True,
            headers=signed(CONFIRMED, nonce="aZ09.:+_-" + "7" * 55),
        ),
        bad(
            "a boundary: a digit moved from the nonce to the URL",
            headers={"netgiro_nonce": NONCE[:-1], "netgiro_signature": signature},
        ),
        bad(
            "a boundary: a character moved from the URL to the body",
            body="b" + CONFIRMED,
            headers={"netgiro_nonce": nonce, "netgiro_signature": signature},
            url=URL[:-1],
        ),
        bad("a boundary: text before the object", body=moved_into_body),
        bad("trailing bytes", body=CONFIRMED + "x"),
        bad("a trailing line feed", body=CONFIRMED + "\n"),
        bad("a trailing NUL", body=CONFIRMED + "\0"),
        bad("two JSON values", body=CONFIRMED + "{}"),
        bad("two JSON values on two lines", body=CONFIRMED + "\n" + CONFIRMED),
        bad("a length extension", body=extension),
        bad("an array", body="[" + CONFIRMED + "]"),
        bad("a text", body=json.dumps(CONFIRMED)),
        bad("a number", body="10200"),
        bad("null", body="null"),
        bad("an empty body", body=""),
        bad("a body cut short", body=CONFIRMED[:-1]),
        bad("form data", body="ResultCode=10200&PaymentSuccessful=true"),
        bad("invalid UTF-8", body=CONFIRMED.encode().replace(b"order-1", b"order-\xff")),
        bad("Latin-1 instead of UTF-8", body=icelandic.replace(" 🎉", "").encode("latin-1")),
        bad("a byte order mark", body=b"\xef\xbb\xbf" + CONFIRMED.encode()),
        # Verified, and yet of no use: it names no cart.
        bad(
            "no PaymentInfo",
            body=text_of({"PaymentSuccessful": True, "Success": True, "ResultCode": 10200}),
            code="protocol",
        ),
        bad("PaymentInfo null", body=body_of(10200, True, PaymentInfo=None), code="protocol"),
        bad("no TransactionId", body=body_of(10200, True, {"TransactionId": "absent"}), code="protocol"),
        bad("TransactionId null", body=body_of(10200, True, {"TransactionId": None}), code="protocol"),
        bad(
            "a TransactionId that is no GUID", body=body_of(10200, True, {"TransactionId": "order-1"}), code="protocol"
        ),
        bad(
            "PaymentInfo as an array of its values",
            body=body_of(10200, True, PaymentInfo=list(PAYMENT.values())),
            code="protocol",
        ),
        *(
            bad(f"TotalAmount {digits} is not exact", body=body_of(10200, True, {"TotalAmount": f"@{digits}@"}), code="protocol")
            for digits in (
                "1000.000000000000000000000000000001",
                "1000.000000000000000000000000000001e0",
                "999.9999999999999999999999999999999E0",
            )
        ),
        bad("TotalAmount as text", body=body_of(10200, True, {"TotalAmount": "1000.00"}), code="protocol"),
        bad("ResultCode twice", body=CONFIRMED[:-1] + ',"ResultCode":10200}', code="protocol"),
        bad("an empty object", body="{}", code="protocol"),
    ]
    return {"secret_key": SECRET_KEY, "cases": cases}
