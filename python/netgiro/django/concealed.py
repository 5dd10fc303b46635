"""What no error report shows: customers' numbers and codes on their way to Netgíró, secrets in the settings.

Django's debug page, its mails to admins and services such as Sentry print the variables of every frame. Django's
`sensitive_variables` does not help there: it hides nothing in a generator, nothing while DEBUG is on, and nothing from
others. So the values themselves print as something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings

from netgiro._netgiro import mask_customer_id

__all__ = ["Concealed", "conceal_settings", "customer", "revealed", "sms_code"]

# What the setting NETGIRO holds that is nobody's to see. A proxy's URL may hold a password.
_SECRETS = ("SECRET_KEY", "PREVIOUS_SECRET_KEYS", "PROXY")


class Concealed:
    """A value that prints as `shown`; `reveal()` returns it, where it is handed over."""

    __slots__ = ("reveal", "shown")

    def __init__(self, value: Any, shown: str) -> None:
        # Within a function, so that what looks into objects does not find it.
        self.reveal: Callable[[], Any] = lambda: value
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


def customer(value: Any) -> Concealed:
    """Return a customer's number, concealed."""
    if isinstance(value, Concealed):
        return value
    return Concealed(value, mask_customer_id(str(value)))


def sms_code(value: Any) -> Concealed:
    """Return a customer's SMS code, concealed; None is none."""
    if isinstance(value, Concealed):
        return value
    return Concealed(value, "None" if value is None else "****")


def revealed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments as they are. For the call itself: in a variable, they would be shown."""
    return {
        name: value.reveal() if isinstance(value, Concealed) else value
        for name, value in arguments.items()
    }


class _SecretText(str):
    """Text like any other, but for how it prints within something else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********************'"


def conceal_settings() -> None:
    """Have what is secret in the setting NETGIRO print as stars wherever the settings are shown."""
    given: Any = getattr(settings, "NETGIRO", None)
    if isinstance(given, Mapping) and not isinstance(given, dict):
        # Of a dict alone Django's reports hide keys by their names.
        given = settings.NETGIRO = dict(given)
    if isinstance(given, dict):
        for name in _SECRETS:
            if name in given:
                given[name] = _concealed(given[name])


def _concealed(value: Any) -> Any:
    if isinstance(value, str):
        return _SecretText(value)
    if isinstance(value, (list, tuple)):
        return [_concealed(each) for each in value]
    return value
