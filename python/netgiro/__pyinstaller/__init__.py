"""Tells PyInstaller, by the entry point `pyinstaller40`, what a frozen program needs of this package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

__all__ = ["data_files", "get_hook_dirs", "modules"]

_ROOT = Path(__file__).parents[1]


def get_hook_dirs() -> list[str]:
    """Return the folder of the hooks."""
    return [str(Path(__file__).parent)]


def modules(package: str, *, without: tuple[str, ...] = ()) -> list[str]:
    """Return the names of a package's modules but for some, without importing any: Django's need settings."""
    return sorted(set(_modules(package, without)))


def data_files() -> list[tuple[str, str]]:
    """Return the templates of reports and of Django's admin, and their style sheets, each with its folder."""
    return [
        (str(file), str(file.parent.relative_to(_ROOT.parent)))
        for file in _ROOT.rglob("*")
        if file.suffix in {".css", ".html"}
    ]


def _modules(package: str, without: tuple[str, ...]) -> Iterator[str]:
    folder = _ROOT.parent.joinpath(*package.split("."))
    for file in folder.rglob("*.py"):
        parts = file.relative_to(folder).with_suffix("").parts
        if parts[0] not in {*without, "__pyinstaller"}:
            yield ".".join((package, *(part for part in parts if part != "__init__")))
