ABOUT = (
    "What a customer reads, in Icelandic (is) and English (en). `errors`: of an error with this code, message and result code, made "
    "by its class. `calls`: of what a call ends with, when its endpoint is answered with this HTTP status and body (no "
    "status: nobody listens). `statuses`: of a status word, and of a canceled cart whose time ran out. `languages`: the language "
    "that a tag stands for. No sentence says that nothing was charged where that is not known."
)

NOT_KNOWN = (
    "Við vitum ekki enn hvort greiðslan gekk í gegn. Ekki greiða aftur fyrr en það er ljóst.",
    "We do not know yet whether the payment went through. Please do not pay again until that is clear.",
)
NO_CUSTOMER = (
    "Enginn viðskiptavinur Netgíró fannst með þetta númer. Engin greiðsla fór fram. Athugaðu hvort númerið er rétt eða veldu aðra "
    "greiðsluleið.",
    "No customer of Netgíró was found with this number. Nothing was charged. Check the number, or choose another way to pay.",
)
TOO_LOW = (
    "Upphæðin er of lág til að hægt sé að greiða hana með Netgíró. Engin greiðsla fór fram. Veldu aðra greiðsluleið.",
    "The amount is too low to be paid with Netgíró. Nothing was charged. Please choose another way to pay.",
)
NO_NUMBER = (
    "Númerið er ekki rétt slegið inn. Sláðu inn íslenskt farsímanúmer, sjö tölustafi, eða kennitölu, tíu tölustafi.",
    "This number was not recognised. Enter an Icelandic mobile number of seven digits, or a kennitala of ten digits.",
)
REFUSED = (
    "Netgíró tók ekki við greiðslubeiðninni. Engin greiðsla fór fram. Athugaðu hvort númerið er rétt eða veldu aðra greiðsluleið.",
    "Netgíró did not accept the request for payment. Nothing was charged. Check the number, or choose another way to pay.",
)
NOT_CONFIRMED = (
    "Ekki tókst að staðfesta greiðsluna. Ef þú slóst inn kóða skaltu athuga hvort hann er réttur og reyna aftur.",
    "The payment could not be confirmed. If you entered a code, check it and try again.",
)
OUR_FAULT = (
    "Eitthvað fór úrskeiðis hjá okkur. Reyndu aftur eftir smástund eða hafðu samband við okkur.",
    "Something went wrong on our side. Please try again in a moment, or contact us.",
)
UNREACHABLE_BEFORE = (
    "Ekki náðist samband við Netgíró. Engin greiðsla fór fram. Reyndu aftur eftir smástund eða veldu aðra greiðsluleið.",
    "Netgíró could not be reached. Nothing was charged. Please try again in a moment, or choose another way to pay.",
)
UNREACHABLE = (
    "Ekki náðist samband við Netgíró og við vitum ekki enn hvort greiðslan gekk í gegn. Ekki greiða aftur fyrr en það er ljóst.",
    "Netgíró could not be reached, so we do not know yet whether the payment went through. Please do not pay again until that is "
    "clear.",
)
BUSY_BEFORE = (
    "Mikið álag er hjá Netgíró í augnablikinu. Engin greiðsla fór fram. Reyndu aftur eftir smástund.",
    "Netgíró is very busy at the moment. Nothing was charged. Please try again in a moment.",
)
UNAVAILABLE_BEFORE = (
    "Ekki er hægt að greiða með Netgíró í augnablikinu. Engin greiðsla fór fram. Veldu aðra greiðsluleið eða reyndu aftur síðar.",
    "You cannot pay with Netgíró at the moment. Nothing was charged. Please choose another way to pay, or try again later.",
)
UNAVAILABLE = (
    "Ekki er hægt að greiða með Netgíró í augnablikinu. Reyndu aftur síðar eða hafðu samband við okkur.",
    "You cannot pay with Netgíró at the moment. Please try again later, or contact us.",
)
MAY_BE_ASKED = (
    "Við vitum ekki enn hvort greiðslubeiðnin barst Netgíró. Ef þú færð beiðni í símann er hún vegna þessarar pöntunar. Ekki panta "
    "aftur fyrr en þetta er ljóst.",
    "We do not know yet whether the request for payment reached Netgíró. If you are asked to pay on your phone, it is for this "
    "order. Please do not order again until this is clear.",
)
NO_PAGE = (
    "Ekki tókst að opna greiðslusíðu Netgíró. Engin greiðsla fór fram. Reyndu aftur eftir smástund eða veldu aðra greiðsluleið.",
    "Netgíró's payment page could not be opened. Nothing was charged. Please try again in a moment, or choose another way to pay.",
)
STILL_OPEN = (
    "Greiðslunni er ekki lokið og við vitum ekki enn hvort hún gengur í gegn. Ef beiðnin bíður í Netgíró-appinu geturðu samþykkt "
    "hana þar.",
    "The payment is not finished, and we do not know yet whether it will go through. If the request is waiting in your Netgíró app, "
    "you can accept it there.",
)
MISMATCH = (
    "Greiðslan stemmir ekki við pöntunina. Ekki greiða aftur heldur hafðu samband við okkur.",
    "The payment does not match the order. Please do not pay again, but contact us.",
)
DECLINED = (
    "Greiðslan var ekki samþykkt. Engin greiðsla fór fram.",
    "The payment was declined. Nothing was charged.",
)

BAD_NUMBER = 'customer_id must be a mobile number; got "*****34"'

# name, code, message, result code, sentences
ERRORS = [
    ("a number that is not recognised", "invalid_request", BAD_NUMBER, None, NO_NUMBER),
    (
        "as JavaScript names it",
        "invalid_request",
        "customerId must be a string; got undefined",
        None,
        NO_NUMBER,
    ),
    (
        "after the call's name",
        "invalid_request",
        "insertCart: customerId must be a string",
        None,
        NO_NUMBER,
    ),
    ("another argument", "invalid_request", "amount must be whole krónur; got 0", None, OUR_FAULT),
    (
        "a customer named elsewhere",
        "invalid_request",
        "items: the customer_id is none of them",
        None,
        OUR_FAULT,
    ),
    ("not a customer", "api", "Netgíró refused InsertCart", 10306, NO_CUSTOMER),
    ("an amount that is too low", "api", "Netgíró refused InsertCart", 10305, TOO_LOW),
    ("a customer who may not pay", "api", "Netgíró refused InsertCart", 10302, DECLINED),
    ("a customer who declined", "api", "Netgíró refused InsertCart", 10423, DECLINED),
    ("another refusal", "api", "Netgíró refused CheckCart", 400, NOT_KNOWN),
    ("a refusal without a code", "api", "Netgíró refused CheckCart", None, NOT_KNOWN),
    ("wrong keys", "configuration", "app_key must be a GUID", None, UNAVAILABLE),
    ("no connection", "connect", "no connection", None, UNREACHABLE),
    ("no answer", "timeout", "no answer", None, NOT_KNOWN),
    ("an insert without an answer", "outcome_unknown", "it is not known", None, MAY_BE_ASKED),
    (
        "keys that are not accepted",
        "authentication",
        "Netgíró did not accept the keys",
        401,
        NOT_KNOWN,
    ),
    ("too many calls", "rate_limited", "too many calls", None, NOT_KNOWN),
    ("a broken server", "server", "HTTP 500", None, NOT_KNOWN),
    ("a wrong signature", "signature", "the signature is wrong", None, NOT_KNOWN),
    ("a contradiction", "protocol", "the answer contradicts itself", 10302, NOT_KNOWN),
    ("another amount", "mismatch", "another amount", 10200, MISMATCH),
    ("a wait that ended", "wait_timeout", "the deadline was reached", None, STILL_OPEN),
    ("a cart that was not settled", "unresolved", "it could not be settled", None, NOT_KNOWN),
]

# name, endpoint, HTTP status (None: nobody listens), body, code of the error, sentences
CALLS = [
    ("InsertCart reaches nobody", "InsertCart", None, "", "connect", UNREACHABLE_BEFORE),
    ("CheckCart reaches nobody", "CheckCart", None, "", "connect", UNREACHABLE),
    (
        "InsertCart is refused",
        "InsertCart",
        200,
        '{"Success":false,"ResultCode":400}',
        "api",
        REFUSED,
    ),
    (
        "InsertCart for nobody's number",
        "InsertCart",
        200,
        '{"Success":false,"ResultCode":10306}',
        "api",
        NO_CUSTOMER,
    ),
    (
        "InsertCart of too little",
        "InsertCart",
        200,
        '{"Success":false,"ResultCode":10305}',
        "api",
        TOO_LOW,
    ),
    ("InsertCart with wrong keys", "InsertCart", 401, "{}", "authentication", UNAVAILABLE_BEFORE),
    ("InsertCart too often", "InsertCart", 429, "{}", "rate_limited", BUSY_BEFORE),
    ("InsertCart at a broken server", "InsertCart", 500, "", "outcome_unknown", MAY_BE_ASKED),
    ("CheckCart with wrong keys", "CheckCart", 401, "{}", "authentication", NOT_KNOWN),
    ("CheckCart at a broken server", "CheckCart", 500, "", "server", NOT_KNOWN),
    (
        "CheckCart is refused",
        "CheckCart",
        200,
        '{"Success":false,"ResultCode":10305}',
        "api",
        NOT_KNOWN,
    ),
    (
        *("ConfirmCart with a wrong code", "ConfirmCart", 200),
        '{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"Message":null,"ResultCode":400}',
        *("api", NOT_CONFIRMED),
    ),
    ("a hosted checkout reaches nobody", "HostedPayment", None, "", "connect", UNREACHABLE_BEFORE),
    (
        "a hosted checkout is refused",
        "HostedPayment",
        400,
        '{"Success":false,"Message":"Invalid amount"}',
        "api",
        NO_PAGE,
    ),
    ("a hosted checkout with wrong keys", "HostedPayment", 401, "{}", "authentication", UNAVAILABLE_BEFORE),
    ("a hosted checkout too often", "HostedPayment", 429, "{}", "rate_limited", BUSY_BEFORE),
    ("a hosted checkout at a broken server", "HostedPayment", 500, "", "outcome_unknown", NO_PAGE),
]

# status, whether the time ran out, sentences
STATUSES = [
    (
        *("pending", False),
        (
            "Opnaðu Netgíró-appið í símanum og samþykktu greiðsluna.",
            "Open the Netgíró app on your phone and accept the payment.",
        ),
    ),
    (
        *("needs_code", False),
        (
            "Sláðu inn kóðann sem þú fékkst sendan í SMS-skilaboðum.",
            "Enter the code that you were sent by text message.",
        ),
    ),
    *(
        (
            *(status, False),
            (
                "Þú hefur samþykkt greiðsluna. Verið er að ganga frá henni.",
                "You have accepted the payment. It is being completed.",
            ),
        )
        for status in ("reserved", "awaiting_callback")
    ),
    (
        "confirmed",
        False,
        ("Greiðslan tókst. Takk fyrir viðskiptin!", "The payment went through. Thank you!"),
    ),
    (
        "confirmed",
        True,
        ("Greiðslan tókst. Takk fyrir viðskiptin!", "The payment went through. Thank you!"),
    ),
    (
        *("canceled", False),
        (
            "Hætt var við greiðsluna. Engin greiðsla fór fram.",
            "The payment was canceled. Nothing was charged.",
        ),
    ),
    (
        *("canceled", True),
        (
            "Greiðslan var ekki samþykkt í tæka tíð. Engin greiðsla fór fram.",
            "The payment was not accepted in time. Nothing was charged.",
        ),
    ),
    ("declined", False, DECLINED),
    ("declined", True, DECLINED),
    (
        *("not_found", False),
        (
            "Greiðslubeiðnin fannst ekki hjá Netgíró. Engin greiðsla fór fram.",
            "The request for payment was not found at Netgíró. Nothing was charged.",
        ),
    ),
    ("unknown", False, NOT_KNOWN),
]

LANGUAGES = [
    *[(tag, "is") for tag in ("is", "IS", "is-IS", "is_IS.UTF-8", " is ", "is,en;q=0.5", "isl")],
    *[(tag, "en") for tag in ("en", "en-GB", "en_US", "da", "de-AT", "iso", "", "*")],
]


def build():
    return {
        "errors": [
            {
                "name": name,
                "code": code,
                "message": message,
                "result_code": result_code,
                "is": said[0],
                "en": said[1],
            }
            for name, code, message, result_code, said in ERRORS
        ],
        "calls": [
            {
                **{
                    "name": name,
                    "endpoint": endpoint,
                    "http_status": status,
                    "body": body,
                    "code": code,
                },
                **{"is": said[0], "en": said[1]},
            }
            for name, endpoint, status, body, code, said in CALLS
        ],
        "statuses": [
            {"status": status, "timed_out": timed_out, "is": said[0], "en": said[1]}
            for status, timed_out, said in STATUSES
        ],
        "languages": [{"tag": tag, "language": language} for tag, language in LANGUAGES],
    }
