"""Writes the repository's address into manifests and READMEs, for packages that leave the repository."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from release.dependencies import NOTICES, SBOM
from release.project import CRATES, PLATFORMS, Address

# A link or an image of Markdown; what follows a space is its title.
LINK = re.compile(r"(!?)(\[(?:[^\[\]]|\[[^\]]*\])*\])\(([^)\s]+)((?:\s[^)]*)?)\)")
FENCE = re.compile(r"^\s*(```|~~~)")
IMAGES = (".png", ".svg", ".jpg", ".gif")


def write(root: Path, address: Address, tag: str) -> None:
    """Writes all of them, in a copy of the source."""
    for path in [root / "README.md", *(root / "crates" / name / "README.md" for name in CRATES)]:
        text = path.read_text(encoding="utf-8")
        base = path.parent.relative_to(root)
        path.write_text(absolute(text, address, tag, root, base), encoding="utf-8")
    edit(root / "pyproject.toml", lambda text: python(text, address, tag))
    edit(
        root / "package.json",
        lambda text: json.dumps(json.loads(text) | links(address), indent=2) + "\n",
    )
    for name in CRATES:
        edit(root / "crates" / name / "Cargo.toml", lambda text: crate(text, address))


def edit(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def absolute(text: str, address: Address, tag: str, root: Path, base: Path = Path()) -> str:
    """A README whose links lead to the repository, from wherever it is read."""

    def link(match: re.Match[str]) -> str:
        image, label, target, title = match.groups()
        return f"{image}{LINK.sub(link, label)}({resolved(target, image)}{title})"

    def resolved(target: str, image: str) -> str:
        if re.match(r"[a-z][a-z+.-]*:", target):
            return target
        name, _, anchor = target.partition("#")
        # A registry makes no anchors of headings, or others than GitHub.
        path = (base / name).as_posix() if name else (base / "README.md").as_posix()
        path = Path(*resolve(path)).as_posix()
        if not (root / path).exists():
            message = f"the README links to {target}, which is not there"
            raise ValueError(message)
        kind = "raw" if image else "tree" if (root / path).is_dir() else "blob"
        return address.file(path, tag, kind=kind) + (f"#{anchor}" if anchor else "")

    in_code = False
    lines = []
    for line in text.splitlines(keepends=True):
        if FENCE.match(line):
            in_code = not in_code
        lines.append(line if in_code else LINK.sub(link, line))
    return "".join(lines)


def resolve(path: str) -> list[str]:
    """The parts of a path without `..`."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return parts


def python(text: str, address: Address, tag: str) -> str:
    urls = {
        "Homepage": address.site,
        "Documentation": address.site,
        "Repository": address.repository,
        "Changelog": address.file("CHANGELOG.md", tag),
        "Issues": address.issues,
    }
    table = "".join(f'{name} = "{url}"\n' for name, url in urls.items())
    text = inserted(text, "[project.scripts]\n", f"[project.urls]\n{table}\n")
    text = replaced(text, '"LICENSE-APACHE"]', f'"LICENSE-APACHE", "{NOTICES}"]')
    # Into the wheel, and into the sdist from which pip makes one.
    sbom = f'sbom = {{ rust = false, include = ["{SBOM}"] }}'
    source = f'include = [{{ path = "{SBOM}", format = "sdist" }}]'
    return replaced(text, "sbom = { rust = false }", f"{sbom}\n{source}")


def crate(text: str, address: Address) -> str:
    lines = f'repository = "{address.repository}"\nhomepage = "{address.site}"\n'
    return inserted(text, "documentation = ", lines)


def npm(text: str) -> dict[str, Any]:
    """The manifest of the package that people install: each platform's addon is in a package of its own."""
    manifest = json.loads(text)
    manifest["files"].remove("node/*.node")
    manifest["optionalDependencies"] = {
        platform.npm: manifest["version"] for platform in PLATFORMS.values()
    }
    del manifest["devDependencies"], manifest["overrides"], manifest["scripts"], manifest["napi"]
    return manifest


def links(address: Address) -> dict[str, object]:
    """What a manifest of npm says of the repository."""
    return {
        "homepage": address.site,
        "repository": {"type": "git", "url": f"git+{address.repository}.git"},
        "bugs": {"url": address.issues},
    }


def inserted(text: str, before: str, lines: str) -> str:
    """A text with lines before the one place that begins so."""
    return replaced(text, before, lines + before)


def replaced(text: str, old: str, new: str) -> str:
    """A text with its one such place replaced."""
    if text.count(old) != 1:
        message = f"{old.strip()!r} was expected once in a manifest"
        raise ValueError(message)
    return text.replace(old, new)
