"""Tells PyInstaller, by the entry point `pyinstaller40`, what a frozen program needs of this package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["get_hook_dirs", "modules"]


def get_hook_dirs() -> list[str]:
    """Return the folder of the hooks."""
    return [str(Path(__file__).parent)]


def modules(package: str, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return the names of a package's modules but for some, without importing any: Django's need settings."""
    return sorted(set(_modules(package, without)))


def _modules(package: str, without: tuple[str, ...]) -> Iterator[str]:
    root = Path(__file__).parents[2]
    folder = root.joinpath(*package.split("."))
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).with_suffix("").parts
        if parts[0] not in {*without, "__pyinstaller"}:
            yield ".".join((package, *(part for part in parts if part != "__init__")))
