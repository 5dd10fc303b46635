"""Values that error reports must not show: customers' numbers, SMS codes, and secrets in the settings.

Django's debug page, its mails to admins and services such as Sentry print the variables of every frame. Django's
`sensitive_variables` is not enough: it hides nothing in generators, while DEBUG is on, or from other services. So
the values print as something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.utils.functional import Promise

from netgiro._netgiro import mask_customer_id
from netgiro.errors import InvalidRequestError

__all__ = [
    "Concealed",
    "conceal_settings",
    "concealed_text",
    "customer",
    "plain",
    "revealed",
    "sms_code",
]

# Secret options in the setting NETGIRO. The URL of a proxy may hold a password.
_SECRETS = ("SECRET_KEY", "PREVIOUS_SECRET_KEYS", "PROXY")


class Concealed:
    """A value that prints as `shown`; `reveal()` returns it for the call that needs it."""

    __slots__ = ("reveal", "shown")

    def __init__(self, value: Any, shown: str) -> None:
        # In a function, so that tools that print attributes do not find it.
        self.reveal: Callable[[], Any] = lambda: value
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


def plain(value: Any) -> Any:
    """Return a text of Django's, as one that is translated when it is needed, as a str; of all else the value."""
    if isinstance(value, (str, Promise)):
        return str(value)
    if isinstance(value, Mapping):
        return {plain(name): plain(each) for name, each in value.items()}
    return value


def customer(value: Any) -> Concealed:
    """Return a customer's number, concealed."""
    if isinstance(value, Concealed):
        return value
    value = plain(value)
    if not isinstance(value, str):
        raise InvalidRequestError(f"customer_id must be a str; got {type(value).__name__}")
    return Concealed(value, mask_customer_id(value))


def sms_code(value: Any) -> Concealed:
    """Return a customer's SMS code, concealed; None stays None."""
    if isinstance(value, Concealed):
        return value
    value = plain(value)
    if value is not None and not isinstance(value, str):
        raise InvalidRequestError(f"code must be a str; got {type(value).__name__}")
    return Concealed(value, "None" if value is None else "****")


def revealed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with their values revealed. Pass the result on at once: a variable would be printed."""
    return {
        name: value.reveal() if isinstance(value, Concealed) else value
        for name, value in arguments.items()
    }


class _SecretText(str):
    """A string whose `repr` is stars."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********************'"


def conceal_settings() -> None:
    """Make the secrets in the setting NETGIRO print as stars wherever the settings are shown."""
    given: Any = getattr(settings, "NETGIRO", None)
    if isinstance(given, Mapping) and not isinstance(given, dict):
        # Django's reports hide keys by their names in a dict alone.
        given = settings.NETGIRO = dict(given)
    if isinstance(given, dict):
        for name in _SECRETS:
            if name in given:
                given[name] = _concealed(given[name])


def concealed_text(name: str, value: str) -> str:
    """Return an option that prints as stars if it is a secret; it is the same text otherwise."""
    return _SecretText(value) if name in _SECRETS else value


def _concealed(value: Any) -> Any:
    if isinstance(value, str):
        return _SecretText(value)
    if isinstance(value, (list, tuple)):
        return [_concealed(each) for each in value]
    return value
