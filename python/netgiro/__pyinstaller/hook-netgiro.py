"""What PyInstaller does not find by itself: modules that the compiled half imports, and data."""

from __future__ import annotations

from netgiro.__pyinstaller import data_files, modules

# What the compiled half imports by name, when it first needs it.
_STANDARD_LIBRARY = [
    *("asyncio", "collections.abc", "contextvars", "datetime", "decimal", "functools"),
    *("inspect", "json", "logging", "types", "uuid"),
]
# An integration is found where a program imports it: it would bring its framework.
_INTEGRATIONS = (
    "__main__",
    "celery",
    "django",
    "fastapi",
    "flask",
    "pytest_plugin",
    "reconciliation",
)

hiddenimports = [*_STANDARD_LIBRARY, *modules("netgiro", without=_INTEGRATIONS)]
datas = data_files()
