"""The app, as Django installs it."""

from __future__ import annotations

from django.apps import AppConfig


class NetgiroConfig(AppConfig):
    """Registers the system checks; makes no client and opens no connection."""

    name = "netgiro.django"
    label = "netgiro"
    verbose_name = "Netgíró"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks of the settings, and conceal the secrets in them."""
        from netgiro.django import checks, concealed  # noqa: F401, PLC0415 - models must be there first

        concealed.conceal_settings()
