"""Which app's runserver starts the development server, and which it would be without this app."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.core.management import find_commands

__all__ = ["next_runserver", "shadowing_app"]

_OWN = "netgiro.django"


def _apps_with_a_runserver() -> list[AppConfig]:
    """Return the apps that bring one, the first of which Django uses."""
    return [
        app
        for app in apps.get_app_configs()
        if "runserver" in find_commands(str(Path(app.path) / "management"))
    ]


def _runserver_of(name: str) -> Any:
    return import_module(f"{name}.management.commands.runserver").Command


def next_runserver() -> Any:
    """Return the command that would be next, by the order of INSTALLED_APPS, if this app had none."""
    names = [app.name for app in _apps_with_a_runserver()]
    # WhiteNoise, above this app, does the same: an app above must not be asked for its own next one.
    later = names[names.index(_OWN) + 1 :] if _OWN in names else []
    return _runserver_of(later[0] if later else "django.core")


def shadowing_app() -> str | None:
    """Return the app whose runserver is used and is not made of this app's; None if there is none."""
    first = next(iter(_apps_with_a_runserver()), None)
    if (
        first is None
        or first.name == _OWN
        or issubclass(_runserver_of(first.name), _runserver_of(_OWN))
    ):
        return None
    return first.name
