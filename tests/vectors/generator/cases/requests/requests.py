import json

from reference import TRANSACTION_ID

ABOUT = (
    "For each call, its arguments by their neutral names and the exact UTF-8 body that must be sent: compact JSON in "
    "PascalCase, members in the documented order, optional members left out, non-ASCII letters not escaped."
)

ORDER = {"amount": 1000, "reference": "order-1", "customer_id": "8223281"}
WIRE = {"Amount": 1000, "Reference": "order-1", "CustomerId": "8223281", "ConfirmationType": 0}
CALLBACK = "https://shop.is/netgiro/callback?order=17&t=a%20b"
CANCEL = "https://shop.is/netgiro/cancel"


def kind(name, text):
    return {"kind": name, "text": text}


def insert(name, arguments, wire):
    return {"name": name, "endpoint": "InsertCart", "arguments": ORDER | arguments, "body": WIRE | wire}


def customer(name, given, sent):
    return insert(name, {"customer_id": given}, {"CustomerId": sent})


def item(given, wire):
    name = "item: " + ", ".join(f"{key} {value!r}" for key, value in given.items() if key != "name")
    return insert(name, {"items": [given]}, {"CartItemRequests": [wire]})


CASES = [
    insert("only what is required", {}, {}),
    insert("type automatic, said", {"confirmation_type": "automatic"}, {}),
    insert("type manual", {"confirmation_type": "manual"}, {"ConfirmationType": 2}),
    insert(
        "type server callback",
        {"confirmation_type": "server_callback", "callback_url": CALLBACK},
        {"ConfirmationType": 1, "CallbackUrl": CALLBACK},
    ),
    insert(
        "both callback URLs with type automatic",
        {"callback_url": CALLBACK, "callback_cancel_url": CANCEL},
        {"CallbackUrl": CALLBACK, "CallbackCancelUrl": CANCEL},
    ),
    insert(
        "an http callback URL is sent as given, letter case and all",
        {"callback_url": "http://Shop.IS:8080/CB?x=1#top"},
        {"CallbackUrl": "http://Shop.IS:8080/CB?x=1#top"},
    ),
    insert(
        "a callback URL's host may be in any letters",
        {"callback_url": "https://búð.is/svar"},
        {"CallbackUrl": "https://búð.is/svar"},
    ),
    insert("a description", {"description": "Two balls of wool"}, {"Description": "Two balls of wool"}),
    insert(
        "location and register", {"location_id": "KEF", "register_id": "7"}, {"LocationId": "KEF", "RegisterId": "7"}
    ),
    insert("no items is no member", {"items": []}, {}),
    insert("the least amount", {"amount": 1}, {"Amount": 1}),
    insert("the greatest amount", {"amount": 2147483647}, {"Amount": 2147483647}),
    insert("an amount of a language's big integers", {"amount": kind("integer", "1000")}, {}),
    insert("an amount as text", {"amount": "1000"}, {}),
    insert("an amount as a database's text", {"amount": "1000.00"}, {}),
    insert("an amount as text that is padded", {"amount": "0001000"}, {}),
    insert("an amount as a decimal", {"amount": kind("decimal", "1000")}, {}),
    insert("an amount as a decimal with decimals", {"amount": kind("decimal", "1000.00")}, {}),
    insert("an amount as a decimal with an exponent", {"amount": kind("decimal", "1E+3")}, {}),
    insert(
        "an item's amounts as text and as a decimal",
        {"items": [{"name": "Wool", "unit_price": "500.00", "quantity": 2, "amount": kind("decimal", "1000.00")}]},
        {"CartItemRequests": [{"Name": "Wool", "UnitPrice": 500, "Quantity": 2000, "Amount": 1000}]},
    ),
    insert("a reference of digits stays text", {"reference": "0017"}, {"Reference": "0017"}),
    insert(
        "Icelandic letters and emoji are sent as UTF-8",
        {"reference": "pöntun-Þ1", "description": "Húfa úr ull 🧶"},
        {"Reference": "pöntun-Þ1", "Description": "Húfa úr ull 🧶"},
    ),
    insert(
        "what JSON must escape, and what it need not",
        {"description": 'say "wool" \\ / <b>&amp;</b>\n\ttab'},
        {"Description": 'say "wool" \\ / <b>&amp;</b>\n\ttab'},
    ),
    insert("a decomposed letter stays decomposed", {"description": "o\u0308l"}, {"Description": "o\u0308l"}),
    customer("phone with spaces", " 822 3281 ", "8223281"),
    customer("phone with country code", "+354 822-3281", "8223281"),
    customer("phone with 00354", "00354 822 3281", "8223281"),
    customer("kennitala with hyphen", "111111-1119", "1111111119"),
    customer("kennitala without a check digit", "111111-1129", "1111111129"),
    customer("a system number", "8900123456", "8900123456"),
    customer("app code in lower case", "500004ab1c", "500004AB1C"),
    item(
        {"name": "Wool", "unit_price": 500},
        {"Name": "Wool", "UnitPrice": 500, "Quantity": 1000, "Amount": 500},
    ),
    item(
        {"name": "Wool", "unit_price": 500, "quantity": 2},
        {"Name": "Wool", "UnitPrice": 500, "Quantity": 2000, "Amount": 1000},
    ),
    item(
        {"name": "Wool", "unit_price": 500, "quantity": "2"},
        {"Name": "Wool", "UnitPrice": 500, "Quantity": 2000, "Amount": 1000},
    ),
    item(
        {"name": "Wool", "unit_price": 500, "quantity": "0.5"},
        {"Name": "Wool", "UnitPrice": 500, "Quantity": 500, "Amount": 250},
    ),
    item(
        {"name": "Wool", "unit_price": 1000, "quantity": "1.255"},
        {"Name": "Wool", "UnitPrice": 1000, "Quantity": 1255, "Amount": 1255},
    ),
    item(
        {"name": "Wool", "unit_price": 1000, "quantity": "0.001"},
        {"Name": "Wool", "UnitPrice": 1000, "Quantity": 1, "Amount": 1},
    ),
    item(
        {"name": "Wool", "unit_price": 333, "quantity": "0.5", "amount": 167},
        {"Name": "Wool", "UnitPrice": 333, "Quantity": 500, "Amount": 167},
    ),
    item(
        {"name": "Wool", "unit_price": 500, "quantity": 3, "amount": 1350},
        {"Name": "Wool", "UnitPrice": 500, "Quantity": 3000, "Amount": 1350},
    ),
    insert(
        "two items with every member",
        {
            "items": [
                {
                    "name": "Húfa",
                    "unit_price": 4990,
                    "quantity": 1,
                    "amount": 4990,
                    "product_no": "H-1",
                    "description": "Blá",
                },
                {"name": "Garn", "unit_price": 2000, "quantity": "2.5", "product_no": "G-2"},
            ]
        },
        {
            "CartItemRequests": [
                {
                    "ProductNo": "H-1",
                    "Name": "Húfa",
                    "Description": "Blá",
                    "UnitPrice": 4990,
                    "Quantity": 1000,
                    "Amount": 4990,
                },
                {"ProductNo": "G-2", "Name": "Garn", "UnitPrice": 2000, "Quantity": 2500, "Amount": 5000},
            ]
        },
    ),
    insert(
        "every member at once",
        {
            "amount": 9990,
            "reference": "991100-123",
            "customer_id": "222222-2229",
            "confirmation_type": "server_callback",
            "callback_url": CALLBACK,
            "callback_cancel_url": CANCEL,
            "description": "Pöntun 123",
            "items": [{"name": "Húfa", "unit_price": 4995, "quantity": 2, "description": "Blá", "product_no": "H-1"}],
            "location_id": "Laugavegur",
            "register_id": "kassi 2",
        },
        {
            "Amount": 9990,
            "Reference": "991100-123",
            "CustomerId": "2222222229",
            "ConfirmationType": 1,
            "CallbackUrl": CALLBACK,
            "CallbackCancelUrl": CANCEL,
            "Description": "Pöntun 123",
            "CartItemRequests": [
                {
                    "ProductNo": "H-1",
                    "Name": "Húfa",
                    "Description": "Blá",
                    "UnitPrice": 4995,
                    "Quantity": 2000,
                    "Amount": 9990,
                }
            ],
            "LocationId": "Laugavegur",
            "RegisterId": "kassi 2",
        },
    ),
    {
        "name": "check",
        "endpoint": "CheckCart",
        "arguments": {"transaction_id": TRANSACTION_ID},
        "body": {"TransactionId": TRANSACTION_ID},
    },
    {
        "name": "check: an id in capitals is sent in lower case",
        "endpoint": "CheckCart",
        "arguments": {"transaction_id": TRANSACTION_ID.upper()},
        "body": {"TransactionId": TRANSACTION_ID},
    },
    {
        "name": "cancel",
        "endpoint": "CancelCart",
        "arguments": {"transaction_id": TRANSACTION_ID},
        "body": {"TransactionId": TRANSACTION_ID},
    },
    {
        "name": "confirm without an identifier",
        "endpoint": "ConfirmCart",
        "arguments": {"transaction_id": TRANSACTION_ID},
        "body": {"TransactionId": TRANSACTION_ID},
    },
    {
        "name": "confirm with a code",
        "endpoint": "ConfirmCart",
        "arguments": {"transaction_id": TRANSACTION_ID, "identifier": "0042"},
        "body": {"TransactionId": TRANSACTION_ID, "Identifier": "0042"},
    },
]

# The order the API page lists the members in; a case's body must keep it.
MEMBERS = [
    *("Amount", "Reference", "CustomerId", "ConfirmationType", "CallbackUrl", "CallbackCancelUrl"),
    *("Description", "CartItemRequests", "LocationId", "RegisterId", "TransactionId", "Identifier"),
]


def build():
    cases = []
    for case in CASES:
        body = {member: case["body"][member] for member in MEMBERS if member in case["body"]}
        assert body == case["body"], case["name"]
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        cases.append(case | {"body": text})
    return {"cases": cases}
