"""Netgíró in a Django shop: an app with tables of carts and refunds, a callback view, an admin, and two commands.

    from netgiro.django import cart_confirmed, checkout

    cart = checkout.start("order-1001", 4990, "8223281")

Put `"netgiro.django"` in INSTALLED_APPS and the keys in the setting NETGIRO; docs/frameworks/django.md has the rest.
"""

from __future__ import annotations

try:
    import django as _django  # noqa: F401 - whether it is installed
except ModuleNotFoundError as error:
    if error.name != "django":
        raise
    raise ModuleNotFoundError(
        "netgiro.django needs Django: pip install 'netgiro[django]'", name="django"
    ) from error

from netgiro.django.signals import (
    cart_canceled,
    cart_confirmed,
    cart_declined,
    refund_made,
    refund_refused,
)

__all__ = ["cart_canceled", "cart_confirmed", "cart_declined", "refund_made", "refund_refused"]
