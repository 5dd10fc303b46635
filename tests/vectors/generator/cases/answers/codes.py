ABOUT = (
    "The one table from result code to cart status. A code outside the statuses, in an answer with Success true, is "
    "`unknown` and keeps its number. To run it: CheckCart answers Success true, PaymentSuccessful as is_paid, and the code."
)

STATUSES = [
    # status, codes, final, paid, and whether waiting stops there (not_found: only after 15 s)
    ("pending", [10425], False, False, False),
    ("needs_code", [10428], False, False, True),
    ("reserved", [10426], False, False, True),
    ("awaiting_callback", [10429], False, False, False),
    ("confirmed", [10200, 10203], True, True, True),
    ("canceled", [10201, 10202], True, False, True),
    ("declined", [10302, 10307, 10422, 10423], True, False, True),
    ("not_found", [10424, 10304], True, False, True),
    ("unknown", [], False, False, False),
]

MEANINGS = {
    200: "the call succeeded (never: paid)",
    400: "generic error",
    500: "error on request",
    10200: "payment confirmed",
    10201: "payment canceled, or no such cart",
    10202: "already canceled",
    10203: "already confirmed",
    10302: "customer declined",
    10304: "cart not valid",
    10305: "amount below the minimum",
    10306: "customer does not exist",
    10307: "customer declined",
    10422: "customer declined",
    10423: "customer declined",
    10424: "cart not found",
    10425: "waiting for the customer",
    10426: "reserved, waiting for the merchant's ConfirmCart",
    10427: "confirmation type not valid",
    10428: "additional confirmation needed (SMS code)",
    10429: "reserved, waiting for the callback's acknowledgement",
}

UNLISTED = [0, -1, 1, 404, 10199, 10204, 10301, 10430, 10999, 2147483647]


def build():
    by_code = {code: row for row in STATUSES for code in row[1]}
    unknown = STATUSES[-1]
    codes = []
    for code in sorted(MEANINGS) + UNLISTED:
        status, _, final, paid, _ = by_code.get(code, unknown)
        codes.append(
            {
                "code": code,
                "meaning": MEANINGS.get(code, "not in the table"),
                "status": status,
                "is_final": final,
                "is_paid": paid,
            }
        )
    statuses = [
        {"status": status, "codes": codes_of, "is_final": final, "is_paid": paid, "stops_waiting": stops}
        for status, codes_of, final, paid, stops in STATUSES
    ]
    return {"statuses": statuses, "codes": codes}
