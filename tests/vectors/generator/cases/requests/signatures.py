from reference import SECRET_KEY, sign

ABOUT = (
    "sign(secret_key, nonce, url, body) gives signature: lowercase hex SHA-256 over the UTF-8 of the four parts joined "
    "without a separator. The first two are Netgíró's own published examples."
)

PUBLISHED = [
    {
        "name": "published: GET with a query and an empty body",
        "secret_key": SECRET_KEY,
        "nonce": "635318618538563781",
        "url": "https://api.netgiro.is/v1/Sales/GetList?AllForCompany=true",
        "body": "",
        "signature": "1fcfcbf71b1350cf914ebb952c71d74551416a965ee3b65c38a16b35e687f87c",
    },
    {
        "name": "published: InsertCart",
        "secret_key": SECRET_KEY,
        "nonce": "39084373214935208",
        "url": "https://api.test.netgiro.is/v1/Checkout/InsertCart",
        "body": '{"Amount":1000,"Reference":"991100-123","CustomerId":"8223281","ConfirmationType":1,'
        '"CallbackUrl":"www.example.com/callback-success/991100-123",'
        '"CallbackCancelUrl":"www.example.com/callback-cancel/991100-123"}',
        "signature": "8ff35684c44ae5279f16f5b024b80a7f4de18f45b71aafc9c03a2f07ac3e9856",
    },
]

CHECK = "https://api.test.netgiro.is/v1/Checkout/CheckCart"
INSERT = "https://api.test.netgiro.is/v1/Checkout/InsertCart"
BODY = '{"TransactionId":"0f0e0d0c-0b0a-4908-8706-050403020100"}'

OWN = [
    ("CheckCart", SECRET_KEY, "1", CHECK, BODY),
    ("empty body on a POST", SECRET_KEY, "638000000000000001", CHECK, ""),
    ("everything empty but the secret", "k", "", "", ""),
    ("everything empty", "", "", "", ""),
    ("Icelandic letters", SECRET_KEY, "638000000000000002", INSERT, '{"Description":"Þæfð ull, íslensk ögn"}'),
    ("emoji outside the basic plane", SECRET_KEY, "638000000000000003", INSERT, '{"Description":"🧶🇮🇸👩‍🚀"}'),
    ("decomposed letters are not composed", SECRET_KEY, "638000000000000004", INSERT, '{"Description":"o\u0308l"}'),
    ("composed letters are not decomposed", SECRET_KEY, "638000000000000004", INSERT, '{"Description":"\u00f6l"}'),
    ("escaped letters are hashed as escaped", SECRET_KEY, "638000000000000005", INSERT, '{"Description":"\\u00f6l"}'),
    ("a query string", SECRET_KEY, "638000000000000006", "https://shop.is/cb?order=17&t=a%20b+c&x=", "{}"),
    ("a non-ASCII URL is hashed as it is", SECRET_KEY, "638000000000000007", "https://verslun.is/körfa?nafn=Þór", "{}"),
    ("the letter case of the path counts", SECRET_KEY, "1", CHECK.replace("Checkout", "checkout"), BODY),
    ("a trailing slash counts", SECRET_KEY, "1", CHECK + "/", BODY),
    ("white space in the body counts", SECRET_KEY, "1", CHECK, BODY.replace(":", ": ")),
    ("a line feed at the end of the body counts", SECRET_KEY, "1", CHECK, BODY + "\n"),
    ("the secret is text, never decoded", "AAAA", "1", CHECK, BODY),
    ("a non-ASCII secret", "leyndarmál", "1", CHECK, BODY),
    ("a NUL in the body", SECRET_KEY, "1", CHECK, '{"a":"\u0000"}'),
    # Joining without a separator: the same text cut elsewhere has the same signature.
    ("a boundary: nonce 12", "secret", "12", "3https://a.is/", "x"),
    ("a boundary: nonce 123", "secret", "123", "https://a.is/", "x"),
    ("55 bytes in all: padding fits one block", "s" * 10, "1" * 15, "https://a.is/", "b" * 17),
    ("56 bytes in all: padding takes a second block", "s" * 10, "1" * 15, "https://a.is/", "b" * 18),
    ("64 bytes in all: one whole block", "s" * 10, "1" * 15, "https://a.is/", "b" * 26),
    ("a long body", SECRET_KEY, "638000000000000008", INSERT, '{"Description":"' + "ljósmóðir " * 1500 + '"}'),
]


def build():
    cases = list(PUBLISHED)
    for case in cases:
        if sign(case["secret_key"], case["nonce"], case["url"], case["body"]) != case["signature"]:
            raise ValueError(f"the reference does not verify {case['name']}")
    for name, secret_key, nonce, url, body in OWN:
        cases.append(
            {
                "name": name,
                "secret_key": secret_key,
                "nonce": nonce,
                "url": url,
                "body": body,
                "signature": sign(secret_key, nonce, url, body),
            }
        )
    return {"cases": cases}
