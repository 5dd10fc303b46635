"""The public API of the Python package, read from its sources and stubs by griffe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from packages import ROOT

# What a user may import. All else in the package is its own.
MODULES = (
    *("netgiro", "netgiro.enums", "netgiro.errors", "netgiro.replay", "netgiro.settlements"),
    *("netgiro.reconciliation", "netgiro.pytest_plugin", "netgiro.webhook"),
    *("netgiro.flask", "netgiro.fastapi", "netgiro.celery"),
    *("netgiro.django", "netgiro.django.checkout", "netgiro.django.models"),
    *("netgiro.django.signals", "netgiro.django.urls", "netgiro.django.views"),
)
# These special methods are part of a class; the others come with it.
SPECIAL = {"__new__", "__init__", "__getitem__", "__arrow_c_stream__"}


def report() -> str:
    import griffe  # noqa: PLC0415 - the environment of the lints has it

    package = griffe.load("netgiro", search_paths=[ROOT / "python"], allow_inspection=False)
    # A name that is public in two modules is described in the first of them.
    described: dict[str, str] = {}
    lines: list[str] = []
    for path in MODULES:
        module = package if path == "netgiro" else package[path.removeprefix("netgiro.")]
        lines += ["", f"# {path}", ""]
        for name in sorted(_names(module)):
            member = module.members[name]
            target = member.final_target if member.is_alias else member
            if target.path in described:
                lines.append(f"{name} = {described[target.path]}")
                continue
            described[target.path] = f"{path}.{name}"
            lines += _described(target, name)
    lines += ["", "# types that the signatures name", ""]
    for name, member in sorted(package["_netgiro"].members.items()):
        if member.is_alias:
            continue
        is_named = member.is_attribute and str(member.annotation) == "TypeAlias"
        if is_named or (member.is_class and name.startswith("_")):
            lines += _described(member, name)
    return "\n".join(lines).strip() + "\n"


def exported() -> list[str]:
    """What the package says that it exports, as `netgiro.NAME`."""
    import griffe  # noqa: PLC0415 - as above

    package = griffe.load("netgiro", search_paths=[ROOT / "python"], allow_inspection=False)
    return [f"netgiro.{name}" for name in _names(package) if not name.startswith("_")]


def _names(module: Any) -> list[str]:
    if module.exports is not None:
        return [str(name) for name in module.exports]
    return [
        name
        for name, member in module.members.items()
        if not name.startswith("_") and not member.is_alias and not member.is_module
    ]


def _described(member: Any, name: str) -> Iterator[str]:
    if member.is_class:
        bases = f"({', '.join(map(str, member.bases))})" if member.bases else ""
        yield f"class {name}{bases}"
        for of_it in sorted(member.members):
            if not of_it.startswith("_") or of_it in SPECIAL:
                known = member.members[of_it]
                for line in _described(known.final_target if known.is_alias else known, of_it):
                    yield f"    {line}"
    elif member.is_function:
        kinds = "".join(
            f"{kind} " for kind in ("async", "classmethod", "staticmethod") if kind in member.labels
        )
        overloads = (member.parent.overloads or {}).get(name) or [member]
        for each in overloads:
            yield f"{kinds}def {each.signature(name=name)}"
    else:
        annotation = f": {member.annotation}" if member.annotation is not None else ""
        is_shown = member.value is not None and "property" not in member.labels
        value = f" = {member.value}" if is_shown else ""
        yield f"{'property ' if 'property' in member.labels else ''}{name}{annotation}{value}"
