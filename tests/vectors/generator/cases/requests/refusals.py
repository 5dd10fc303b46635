from cases.polling.poll import tokens
from reference import APP_KEY, SECRET_KEY, TRANSACTION_ID

ABOUT = (
    "Arguments that must be refused before anything is sent: the error's code, what its message must contain, and what it "
    "must not. Compare in lower case without spaces and underscores. A value {kind, text} is one JSON cannot say "
    "portably; `languages` limits a case to those that can say it."
)

ORDER = {"amount": 1000, "reference": "order-1", "customer_id": "8223281"}
KEYS = {"app_key": APP_KEY, "secret_key": SECRET_KEY}


def kind(name, text):
    return {"kind": name, "text": text}


def refused(name, call, arguments, contains, code="invalid_request", lacks=(), languages=None):
    case = {"name": name, "call": call, "arguments": arguments, "code": code, "message_contains": list(contains)}
    if lacks:
        case["message_lacks"] = list(lacks)
    if languages:
        case["languages"] = list(languages)
    return case


def amount(name, value, *given, languages=None):
    arguments = ORDER | {"amount": value}
    return refused(f"amount: {name}", "insert_cart", arguments, ["amount", *given], languages=languages)


def insert(name, changes, contains, **more):
    return refused(name, "insert_cart", ORDER | changes, contains, **more)


def customer(name, text, masked):
    lacks = [text] if len(text) > 2 else []
    return insert(f"customer: {name}", {"customer_id": text}, ["customer_id", masked], lacks=lacks)


def item(name, changes, contains, **more):
    return insert(f"item: {name}", {"items": [{"name": "Wool", "unit_price": 500} | changes]}, contains, **more)


def client(name, changes, contains, **more):
    more = {"code": "configuration", "lacks": [SECRET_KEY]} | more
    return refused(f"client: {name}", "client", KEYS | changes, contains, **more)


def poll(name, changes, contains):
    return refused(f"poll: {name}", "cart_poll", {"transaction_id": TRANSACTION_ID} | changes, contains)


def policy(name, least, default, most, contains):
    values = {"min_interval_ms": least, "default_interval_ms": default, "max_interval_ms": most}
    return poll(f"policy with {name}", {"policy": values}, contains)


CASES = [
    amount("0", 0, "got 0"),
    amount("-1", -1, "-1"),
    amount("one above the greatest", 2147483648, "2147483648", "2147483647"),
    amount("beyond 64 bits", kind("integer", "36893488147419103232"), "36893488147419103232"),
    amount("far below zero", kind("integer", "-36893488147419103232"), "-36893488147419103232"),
    amount("a fraction", kind("float", "10.5"), "10.5"),
    amount("nearly whole", kind("float", "999.9999999"), "999.9999999"),
    amount("not a number", kind("float", "NaN"), "nan"),
    amount("infinity", kind("float", "Infinity"), "inf"),
    amount("a whole float", kind("whole_float", "1000.0"), "1000.0", languages=["python"]),
    amount("a decimal fraction", kind("decimal", "10.5"), "10.5"),
    amount("a decimal that is not a number", kind("decimal", "NaN"), "nan"),
    amount("a decimal beyond the greatest", kind("decimal", "1E+12"), "1e+12"),
    amount("a decimal beyond any memory", kind("decimal", "1E+999999"), "1e+999999"),
    amount("a decimal with a fraction far behind the point", kind("decimal", f"1000.{'0' * 40}1"), "1000.000"),
    amount("true", kind("boolean", "true"), "true"),
    amount("false", kind("boolean", "false"), "false"),
    amount("text that is no number", kind("string", "abc"), "abc"),
    amount("text with a fraction", kind("string", "1000.50"), "1000.50"),
    amount("text with a fraction far behind the point", kind("string", f"1000.{'0' * 40}1"), "1000.000"),
    amount("text with a point for thousands", kind("string", "1.500"), "1.500"),
    amount("text with a comma", kind("string", "1000,00"), "1000,00"),
    amount("text with a sign", kind("string", "-1000"), "-1000"),
    amount("text with an exponent", kind("string", "1e3"), "1e3"),
    amount("text of 0", kind("string", "0.00"), "0.00"),
    amount("text one above the greatest", kind("string", "2147483648"), "2147483648"),
    amount("text with a currency", kind("string", "1000 kr."), "1000kr."),
    amount("text with white space", kind("string", " 1000"), "1000"),
    amount("empty text", kind("string", "")),
    insert("amount: somebody's phone number", {"amount": kind("string", "822-3281")}, ["amount"], lacks=["822-3281"]),
    insert("amount: a customer's number", {"amount": kind("string", "+3548223281")}, ["amount"], lacks=["8223281"]),
    amount("none", kind("null", "")),
    insert("reference: empty", {"reference": ""}, ["reference"]),
    insert("reference: only spaces", {"reference": "   "}, ["reference"]),
    *(
        insert(f"reference: {name}", {"reference": f"order{character}1"}, ["reference", "control"])
        for name, character in (
            ("a line feed", "\n"),
            ("a carriage return", "\r"),
            ("a tab", "\t"),
            ("a NUL", "\0"),
            ("an escape", "\x1b"),
            ("a DEL", "\x7f"),
            ("a next line", "\x85"),
            ("a C1 control", "\x9b"),
            ("a line separator", "\u2028"),
            ("a paragraph separator", "\u2029"),
        )
    ),
    insert("reference: a line feed after it", {"reference": "order-1\n"}, ["reference", "control"]),
    customer("empty", "", ""),
    customer("a land line", "5551234", "*****34"),
    customer("a kennitala with a digit too many", "11111111190", "*********90"),
    customer("a phone number in Arabic digits", "٨٢٢٣٢٨١", "*****٨١"),
    customer("six digits", "822328", "****28"),
    customer("a name", "anna", "**na"),
    insert(
        "type server callback without a callback URL",
        {"confirmation_type": "server_callback"},
        ["callback_url", "server_callback"],
    ),
    insert("an unknown confirmation type", {"confirmation_type": "sometimes"}, ["confirmation_type", "sometimes"]),
    insert("callback URL: no scheme", {"callback_url": "www.example.is/cb"}, ["callback_url", "www.example.is/cb"]),
    insert("callback URL: a path", {"callback_url": "/netgiro/cb"}, ["callback_url", "/netgiro/cb"]),
    insert("callback URL: empty", {"callback_url": ""}, ["callback_url"]),
    insert("callback URL: ftp", {"callback_url": "ftp://shop.is/cb"}, ["callback_url", "ftp://shop.is/cb"]),
    insert("callback URL: no host", {"callback_url": "https://"}, ["callback_url", "https://"]),
    insert("callback URL: no slashes", {"callback_url": "https:shop.is/cb"}, ["callback_url", "https:shop.is/cb"]),
    insert(
        "callback URL: three slashes", {"callback_url": "https:///shop.is/cb"}, ["callback_url", "https:///shop.is/cb"]
    ),
    insert("callback URL: backslashes", {"callback_url": "https:\\\\shop.is\\cb"}, ["callback_url"]),
    insert("callback URL: white space before it", {"callback_url": " https://shop.is/cb"}, ["callback_url"]),
    insert("callback URL: a line feed after it", {"callback_url": "https://shop.is/cb\n"}, ["callback_url"]),
    insert("callback URL: a line feed within", {"callback_url": "https://shop.is/c\nb"}, ["callback_url"]),
    insert("callback URL: not a URL", {"callback_url": "javascript:alert(1)"}, ["callback_url", "javascript:alert(1)"]),
    insert(
        "cancel URL: a path",
        {"callback_url": "https://shop.is/cb", "callback_cancel_url": "/cancel"},
        ["callback_cancel_url", "/cancel"],
    ),
    item("quantity 0", {"quantity": 0}, ["quantity", "0"]),
    item("a negative quantity", {"quantity": "-1"}, ["quantity", "-1"]),
    item("four decimals in a quantity", {"quantity": "0.0005"}, ["quantity", "0.0005"]),
    *(
        item(f"a quantity with digits beyond what is kept: {text}", {"quantity": text}, ["quantity"])
        for text in ("2.000000000000000000000000000001", "2.00000000000000000000000000000001e0", "0.99999999999999999999999999999999")
    ),
    item(
        "a decimal quantity with digits beyond what is kept",
        {"quantity": kind("decimal", "2.000000000000000000000000000001")},
        ["quantity"],
        languages=["python"],
    ),
    item("a quantity that is no number", {"quantity": "two"}, ["quantity", "two"]),
    item("a line total that is not whole", {"unit_price": 333, "quantity": "0.5"}, ["amount"]),
    item("a unit price of 0", {"unit_price": 0}, ["unit_price", "0"]),
    item("a fractional unit price", {"unit_price": kind("float", "10.5")}, ["unit_price", "10.5"]),
    item("a fractional unit price as text", {"unit_price": "10.50"}, ["unit_price", "10.50"]),
    item("a boolean unit price", {"unit_price": kind("boolean", "true")}, ["unit_price", "true"]),
    item("an amount of 0", {"amount": 0}, ["amount", "0"]),
    refused("check: empty id", "check_cart", {"transaction_id": ""}, ["transaction_id"]),
    refused("check: no GUID", "check_cart", {"transaction_id": "order-1"}, ["transaction_id", "order-1"]),
    refused(
        "check: a GUID cut short",
        "check_cart",
        {"transaction_id": TRANSACTION_ID[:-1]},
        ["transaction_id", TRANSACTION_ID[:-1]],
    ),
    refused(
        "check: a GUID with a letter beyond f",
        "check_cart",
        {"transaction_id": "g" + TRANSACTION_ID[1:]},
        ["transaction_id", "g" + TRANSACTION_ID[1:]],
    ),
    refused(
        "check: the nil GUID",
        "check_cart",
        {"transaction_id": "00000000-0000-0000-0000-000000000000"},
        ["transaction_id", "00000000-0000-0000-0000-000000000000"],
    ),
    refused(
        "confirm: an empty code", "confirm_cart", {"transaction_id": TRANSACTION_ID, "identifier": ""}, ["identifier"]
    ),
    refused(
        "check: a customer's number for an id",
        "check_cart",
        {"transaction_id": "822-3281"},
        ["transaction_id", "******81"],
        lacks=["822-3281"],
    ),
    refused("cancel: no GUID", "cancel_cart", {"transaction_id": "order-1"}, ["transaction_id", "order-1"]),
    refused("confirm: no GUID", "confirm_cart", {"transaction_id": "order-1"}, ["transaction_id", "order-1"]),
    refused("wait: no GUID", "wait_for_cart", {"transaction_id": "order-1"}, ["GUID", "order-1"]),
    refused("settle: no GUID", "settle_cart", {"transaction_id": "order-1"}, ["GUID", "order-1"]),
    refused(
        "check_many: no GUID, by its index",
        "check_many",
        {"transaction_ids": [TRANSACTION_ID, "wrong"]},
        ["wrong", "1"],
        languages=["python", "node"],
    ),
    refused(
        "wait_many: no GUID, by its index",
        "wait_many",
        {"transaction_ids": [TRANSACTION_ID, "wrong"]},
        ["wrong", "1"],
        languages=["python", "node"],
    ),
    refused(
        "check_many: none at a time",
        "check_many",
        {"transaction_ids": [TRANSACTION_ID], "concurrency": 0},
        ["concurrency", "0"],
    ),
    refused(
        "wait_many: none at a time",
        "wait_many",
        {"transaction_ids": [TRANSACTION_ID], "concurrency": 0},
        ["concurrency", "0"],
    ),
    client("an app key that is no GUID", {"app_key": "my-shop"}, ["app_key"]),
    client("a secret key with a line feed after it", {"secret_key": SECRET_KEY + "\n"}, ["secret_key"]),
    client("a timeout of 0", {"timeout_ms": 0}, ["timeout", "0"]),
    client(
        "a password in the base URL",
        {"base_url": "https://me:hunter2@shop.is/v1/"},
        ["base_url"],
        lacks=["hunter2", SECRET_KEY],
    ),
    client("a query in the base URL", {"base_url": "https://shop.is/v1/?a=1"}, ["base_url", "https://shop.is/v1/?a=1"]),
    *[
        client(f"the placeholder {text}", {"secret_key": text}, ["secret_key", "placeholder", text])
        for text in ["…", "YOUR_SECRET_KEY", "changeme", "xxx", "NETGIRO_SECRET_KEY"]
    ],
    *[
        client(f"the placeholder {text}", {"secret_key": text}, ["secret_key", "placeholder"], lacks=[text])
        for text in ["<secret>", "${SECRET}", "YCFd6hiA8lUj…"]
    ],
    client("no app key", {"app_key": ""}, ["app_key"]),
    client("no secret key", {"secret_key": ""}, ["secret_key"]),
    client("an app key no header can carry", {"app_key": "a\r\nb"}, ["app_key"]),
    client("an unknown environment", {"environment": "staging"}, ["environment", "staging"]),
    client("an empty environment", {"environment": ""}, ["environment"]),
    client(
        "an unknown response verification",
        {"response_verification": "sometimes"},
        ["response_verification", "sometimes"],
    ),
    client("an unknown payment info policy", {"payment_info": "sometimes"}, ["payment_info", "sometimes"]),
    client("http", {"base_url": "http://api.netgiro.is/v1/"}, ["base_url", "http://api.netgiro.is/v1/"]),
    client("no host", {"base_url": "https://"}, ["base_url", "not an absolute URL", "https://"]),
    client("http to a private network", {"base_url": "http://192.168.1.7/v1/"}, ["base_url", "http://192.168.1.7/v1/"]),
    client(
        "http to a name that begins like loopback",
        {"base_url": "http://127.0.0.1.example.is/v1/"},
        ["base_url", "http://127.0.0.1.example.is/v1/"],
    ),
    client(
        "http to a name that begins with localhost",
        {"base_url": "http://localhost.example.is/v1/"},
        ["base_url", "http://localhost.example.is/v1/"],
    ),
    client("another scheme", {"base_url": "ftp://127.0.0.1/v1/"}, ["base_url", "ftp://127.0.0.1/v1/"]),
    client("no scheme", {"base_url": "api.netgiro.is/v1/"}, ["base_url", "api.netgiro.is/v1/"]),
    client("an empty base URL", {"base_url": ""}, ["base_url"]),
    client("a secret key as the environment", {"environment": SECRET_KEY}, ["environment"]),
    client("a password as the environment", {"environment": "hunter2"}, ["environment"], lacks=["hunter2"]),
    client("a secret key as the base URL", {"base_url": SECRET_KEY}, ["base_url"]),
    client("a password as the base URL", {"base_url": "hunter2"}, ["base_url"], lacks=["hunter2"]),
    client(
        "a secret key in the base URL's query",
        {"base_url": "https://shop.is/v1/?key=" + SECRET_KEY},
        ["base_url", "https://shop.is/v1/"],
        lacks=[SECRET_KEY, SECRET_KEY[:12]],
    ),
    client(
        "a password in the path of an http URL",
        {"base_url": "http://shop.is/hunter2/v1/"},
        ["base_url", "http://shop.is/"],
        lacks=["hunter2"],
    ),
    client(
        "a password before a host without a scheme",
        {"base_url": "me:hunter2@shop.is/v1/"},
        ["base_url"],
        lacks=["hunter2"],
    ),
    client("a secret key as the response verification", {"response_verification": SECRET_KEY}, ["response_verification"]),
    client("a negative timeout", {"timeout_ms": -1}, ["timeout"], code="invalid_request"),
    client(
        "a timeout that is no number", {"timeout_ms": kind("float", "NaN")}, ["timeout", "nan"], code="invalid_request"
    ),
    client("an endless timeout", {"timeout_ms": kind("float", "Infinity")}, ["timeout", "inf"], code="invalid_request"),
    poll("no GUID", {"transaction_id": "order-1"}, ["GUID", "order-1"]),
    poll("a negative timeout", {"timeout_ms": -1}, ["timeout"]),
    poll("a timeout that is no number", {"timeout_ms": kind("float", "NaN")}, ["timeout", "nan"]),
    policy("a minimum of 0", 0, 3000, 60000, ["min_interval"]),
    policy("a negative minimum", -1000, 3000, 60000, ["min_interval"]),
    policy("a maximum below the minimum", 5000, 5000, 1000, ["max_interval"]),
    refused("token: empty", "poll_from_json", {"text": ""}, []),
    refused("token: not JSON", "poll_from_json", {"text": "poll"}, []),
    refused("token: null", "poll_from_json", {"text": "null"}, []),
    refused("token: an object without anything", "poll_from_json", {"text": "{}"}, []),
    refused("token: an array", "poll_from_json", {"text": "[]"}, []),
    refused("token: of another version", "poll_from_json", {"text": '{"version":999}'}, []),
    refused("step: not a token", "poll_step", {"text": "poll"}, []),
    *(
        refused(f"{word}: {name}", call, {"text": text}, ["contradict"])
        for name, text in tokens.refused()
        for word, call in (("token", "poll_from_json"), ("step", "poll_step"))
    ),
]


def build():
    return {"cases": CASES}
