ABOUT = (
    "The error table: code, class, the Python built-in it also is (null: none), whether trying again can help by default, "
    "and the members it has beside those every error has."
)

ATTRIBUTES = ["code", "message", "http_status", "result_code", "reference_id", "request_sent", "retryable"]

ERRORS = [
    ("configuration", "ConfigurationError", "ValueError", False, []),
    ("invalid_request", "InvalidRequestError", "ValueError", False, []),
    ("connect", "ConnectError", "ConnectionError", True, []),
    ("timeout", "TimeoutError", "TimeoutError", True, []),
    ("outcome_unknown", "OutcomeUnknownError", None, False, ["reference", "idempotency_key"]),
    ("api", "ApiError", None, False, []),
    ("authentication", "AuthenticationError", None, False, []),
    ("rate_limited", "RateLimitedError", None, True, ["retry_after"]),
    ("server", "ServerError", None, True, []),
    ("signature", "SignatureError", None, False, []),
    ("protocol", "ProtocolError", None, False, []),
    ("mismatch", "MismatchError", None, False, []),
    ("wait_timeout", "WaitTimeoutError", "TimeoutError", True, ["state", "poll"]),
    ("unresolved", "UnresolvedError", None, True, ["state", "poll"]),
]


def build():
    errors = [
        {"code": code, "class": name, "python_base": base, "retryable": retryable, "extra": extra}
        for code, name, base, retryable, extra in ERRORS
    ]
    return {"base_class": "NetgiroError", "attributes": ATTRIBUTES, "errors": errors}
