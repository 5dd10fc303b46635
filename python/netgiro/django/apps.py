"""The app, as Django installs it."""

from __future__ import annotations

from django.apps import AppConfig


class NetgiroConfig(AppConfig):
    """Registers the system checks; makes no client and opens nothing."""

    name = "netgiro.django"
    label = "netgiro"
    verbose_name = "Netgíró"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the settings checked whenever Django checks the project, and what is secret in them concealed."""
        from netgiro.django import checks, concealed  # noqa: F401, PLC0415 - models must be there first

        concealed.conceal_settings()
