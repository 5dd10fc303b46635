"""Arguments of this package's functions in Python: what does not fit is refused by its name; the options of a client."""

from __future__ import annotations

from netgiro._netgiro import mask_customer_ids
from netgiro.errors import InvalidRequestError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The options of a client, as settings spell them; and those that the environment may state too.
CLIENT_OPTIONS = (
    *("APP_KEY", "SECRET_KEY", "ENVIRONMENT", "API", "BASE_URL", "CHECKOUT_BASE_URL"),
    *("TIMEOUT", "CONNECT_TIMEOUT"),
    *("RESPONSE_VERIFICATION", "PAYMENT_INFO", "CA_FILE", "PREVIOUS_SECRET_KEYS", "PROXY"),
)
FROM_ENVIRONMENT = ("APP_KEY", "SECRET_KEY", "ENVIRONMENT", "API", "BASE_URL", "PAYMENT_INFO")

# The longest value that an error shows.
_LONGEST = 80


def shown(value: object) -> str:
    """Return a value and its type, as an error shows them: customers' numbers are masked."""
    kind = type(value).__name__
    try:
        said = repr(value)
    except Exception:  # noqa: BLE001 - a repr may raise anything, as that of a very long number does
        said = ""
    if not said or len(said) > _LONGEST:
        return f"an object of type {kind}"
    return f"{said if isinstance(value, (int, float)) else mask_customer_ids(said)} ({kind})"


def refused(name: str, expected: str, value: object) -> InvalidRequestError:
    """Return the error for an argument that is not what is expected."""
    return InvalidRequestError(f"{name} must be {expected}; got {shown(value)}")


def text(name: str, value: object) -> str:
    """Return an argument that is text, and can be written in UTF-8."""
    if not isinstance(value, str):
        raise refused(name, "a str", value)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise refused(name, "text in UTF-8, without half characters", value) from None
    return value


def function(name: str, value: Any, *, expected: str = "a function") -> Any:
    """Return an argument that can be called."""
    if not callable(value):
        raise refused(name, expected, value)
    return value


def having(name: str, value: Any, *methods: str) -> Any:
    """Return an argument that has these methods."""
    if not all(callable(getattr(value, method, None)) for method in methods):
        raise refused(name, f"an object with the methods {', '.join(methods)}", value)
    return value


def instance(name: str, value: Any, kind: type, expected: str) -> Any:
    """Return an argument of this class."""
    if not isinstance(value, kind):
        raise refused(name, expected, value)
    return value


def iterable(name: str, value: Any) -> Any:
    """Return an argument that can be iterated over, or that is a frame."""
    if hasattr(value, "__arrow_c_stream__") or hasattr(type(value), "columns"):
        return value
    try:
        iter(value)
    except TypeError:
        raise refused(name, "an iterable", value) from None
    return value


def seconds(name: str, value: Any) -> float:
    """Return an argument that is a number of seconds, 0 or more."""
    try:
        number = float("nan") if isinstance(value, (str, bytes, bool)) else float(value)
    except (ArithmeticError, TypeError, ValueError):
        number = float("nan")
    if not 0 <= number < float("inf"):
        raise refused(name, "a number of seconds, 0 or more", value)
    return number
