"""What `manage.py check` says about the settings, before a customer notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004
from django.db import connections, router

from netgiro.django.conf import configured, problems
from netgiro.django.management.development import shadowing_app
from netgiro.django.models import Cart

__all__ = ["check_database", "check_deployment", "check_runserver", "check_settings"]


@register()
def check_settings(**_: Any) -> list[CheckMessage]:
    """Check the setting NETGIRO."""
    errors: list[CheckMessage] = [
        Error(problem.message, hint=problem.hint or None, id=problem.id) for problem in problems()
    ]
    if not errors and configured().get("CALLBACK_BASE_URL") is None:
        errors.append(
            Warning(
                "NETGIRO has no CALLBACK_BASE_URL: Netgíró cannot report payments, so only netgiro_poll "
                "finds out about them.",
                hint='Where the site is reached from outside: "https://shop.example".',
                id="netgiro.W001",
            )
        )
    return errors


@register()
def check_runserver(**_: Any) -> list[CheckMessage]:
    """Check, in development, that callbacks reach the site with their headers."""
    shadowing = shadowing_app() if settings.DEBUG else None
    if shadowing is None:
        return []
    return [
        Warning(
            f"The runserver of {shadowing} is used, and it drops the headers of Netgíró's callbacks, which have "
            "underscores in their names.",
            hint=f'In INSTALLED_APPS, put "netgiro.django" above {shadowing!r}: its runserver does the same, and lets '
            "these headers through.",
            id="netgiro.W004",
        )
    ]


@register(deploy=True)
def check_deployment(**_: Any) -> list[CheckMessage]:
    """Check what matters only in production."""
    given = configured()
    if not given:
        return []
    warnings: list[CheckMessage] = []
    if given.get("ENVIRONMENT", "test") != "production":
        warnings.append(
            Warning(
                "NETGIRO talks to Netgíró's test environment, where nobody pays.",
                hint='"ENVIRONMENT": "production", or NETGIRO_ENVIRONMENT=production in the environment.',
                id="netgiro.W002",
            )
        )
    if str(given.get("CALLBACK_BASE_URL") or "https:").startswith("http:"):
        warnings.append(
            Warning(
                "CALLBACK_BASE_URL in NETGIRO is not https: orders are reported in the clear.",
                hint="Netgíró must reach the site by https.",
                id="netgiro.W003",
            )
        )
    return warnings


@register(Tags.database)
def check_database(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Check that the database can prevent a second cart of an order."""
    alias = router.db_for_write(Cart)
    if alias not in (databases or ()) or connections[alias].features.supports_partial_indexes:
        return []
    return [
        Error(
            f"The database {alias!r} has no partial indexes, which keep an order from being paid twice.",
            hint="Use PostgreSQL or SQLite for the carts; a database router can say so.",
            id="netgiro.E010",
        )
    ]
