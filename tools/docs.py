"""Builds the site into .work/site/html, and checks it: python3 tools/docs.py [--quick]

The guides are the pages of `docs`, which are also read as files on a code host; what only a site can do is added here: tabs
where one program stands in several languages, and the references of Python, Node and Rust. `--quick` leaves Rust's out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from packages import ROOT, WORK, emptied, environment, node_modules, requirements, run

SITE = WORK / "site"
SOURCE = SITE / "source"
HTML = SITE / "html"
# The pages that are not in `docs`, by the names that they have in the site.
PAGES = {
    "README.md": "overview.md",
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "contributing.md",
    "RELEASING.md": "releasing.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples/index.md",
}
LANGUAGES = {"python": "Python", "js": "Node", "rust": "Rust"}
CRATES = ["netgiro", "netgiro-reconcile", "netgiro-simulator"]
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_GROUP = re.compile(r"(?:^```(?:python|js|rust)\n(?:(?!^```).*\n)*^```\n\n?)+", re.MULTILINE)
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(\]\(|(?:href|src)=\")(?!\w+:|#)([^)\s\"]+)")
# What a browser fetches by itself; a link that a reader follows may lead anywhere.
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*?\ssrc=[\"']?(?:https?:)?//[^\"'>\s]+"
    r"|<link\b(?=[^>]*rel=[\"']?(?:stylesheet|preconnect|preload|icon))[^>]*href=[\"']?(?:https?:)?//[^\"'>\s]+"
)
_FETCHED_BY_STYLE = re.compile(r"(?:@import\s+|url\()[\"']?(?:https?:)?//[^\"')\s]+")


def page_of(path: str) -> str | None:
    """The site's name of a page of the repository, or of a folder that one describes."""
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/site/"):
        return path.removeprefix("docs/site/") if path.endswith(".md") else None
    if path.startswith("docs/") and path.endswith(".md"):
        return path.removeprefix("docs/")
    example = re.fullmatch(r"examples/([\w-]+)(?:/README\.md)?", path)
    if example and (ROOT / "examples" / example[1] / "README.md").exists():
        return f"examples/{example[1]}.md"
    return None


def pages() -> dict[str, str]:
    """Every page of the repository that is in the site, and its name there."""
    files = [ROOT / name for name in PAGES]
    for pattern in ("docs/**/*.md", "examples/*/README.md"):
        files += sorted(ROOT.glob(pattern))
    found = [file.relative_to(ROOT).as_posix() for file in files]
    return {path: name for path in found if (name := page_of(path))}


def placed(path: str) -> str:
    """Where the site has a file of the repository: a page of its own, or a copy."""
    name = page_of(path)
    if name is not None:
        return name
    name = path.removeprefix("docs/") if path.startswith("docs/") else f"files/{path}"
    if not (SOURCE / name).exists():
        (SOURCE / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, SOURCE / name)
    return name


def relinked(text: str, path: str, name: str) -> str:
    """A page's text with its links as they are from its place in the site."""

    def link(match: re.Match[str]) -> str:
        target, hash_, anchor = match[2].partition("#")
        file = os.path.normpath(PurePosixPath(path).parent / target)
        # What is generated is linked by its place in the site.
        if not (ROOT / file).exists():
            return match[0]
        there = os.path.relpath(placed(file), PurePosixPath(name).parent)
        return f"{match[1]}{there}{hash_}{anchor}"

    return outside_code(text, lambda prose: _LINK.sub(link, prose))


def outside_code(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for block in _BLOCK.finditer(text):
        parts += [change(text[end : block.start()]), block[0]]
        end = block.end()
    return "".join([*parts, change(text[end:])])


def tabbed(text: str) -> str:
    """A page in which blocks of several languages, one after another, are tabs."""

    def group(match: re.Match[str]) -> str:
        blocks = _FENCE.findall(match[0])
        languages = [language for language, _ in blocks]
        if len(blocks) < 2 or len(set(languages)) < len(languages):
            return match[0]
        return "".join(tab(language, code) for language, code in blocks) + "\n"

    def tab(language: str, code: str) -> str:
        lines = [f"```{language}", *code.splitlines(), "```"]
        inner = "\n".join(f"    {line}".rstrip() for line in lines)
        return f'=== "{LANGUAGES[language]}"\n\n{inner}\n\n'

    return _GROUP.sub(group, text)


def write_pages() -> None:
    for path, name in pages().items():
        text = (ROOT / path).read_text(encoding="utf-8")
        file = SOURCE / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(tabbed(relinked(text, path, name)), encoding="utf-8")
    for file in (ROOT / "docs/site").iterdir():
        if file.suffix in {".css", ".svg", ".js"}:
            placed(file.relative_to(ROOT).as_posix())


def write_node_reference() -> str:
    """Node's reference, made by TypeDoc; gives its part of the navigation."""
    navigation = SITE / "node.json"
    typedoc = ["npx", "--no-install", "typedoc"]
    options: list[str | Path] = ["--options", ROOT / "docs/site/typedoc.mjs"]
    options += ["--navigationJson", navigation, "--out", SOURCE / "node"]
    run(*typedoc, *options)
    entries = json.loads(navigation.read_text(encoding="utf-8"))
    return "\n".join(nav(entries, 10))


def nav(entries: list[dict[str, Any]], depth: int) -> Iterator[str]:
    for entry in entries:
        title = json.dumps(entry["title"], ensure_ascii=False)
        children = entry.get("children")
        path = f" node/{entry['path']}" if entry.get("path") else ""
        if not children:
            yield f"{' ' * depth}- {title}:{path}"
            continue
        yield f"{' ' * depth}- {title}:"
        if path:
            yield f"{' ' * (depth + 4)}-{path}"
        yield from nav(children, depth + 4)


def write_rust_reference() -> None:
    """Rust's reference, made by rustdoc, which warns of links that lead nowhere."""
    made = ROOT / "target" / "doc"
    # Other crates may have been documented there.
    shutil.rmtree(made, ignore_errors=True)
    crates = [part for crate in CRATES for part in ("-p", crate)]
    run("cargo", "doc", "--no-deps", "--locked", "--quiet", *crates, RUSTDOCFLAGS="-D warnings")
    shutil.copytree(made, HTML / "rust", ignore=shutil.ignore_patterns(".lock"))


def write_configuration(node: str) -> None:
    text = (ROOT / "docs/site/mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"[\w./-]+\.md", text))
    unlisted = sorted(name for name in pages().values() if name not in listed)
    if unlisted:
        sys.exit(f"no place in the navigation of docs/site/mkdocs.yml: {', '.join(unlisted)}")
    text = text.replace("PACKAGE", str(ROOT / "python"))
    text = re.sub(r"^ +- NODE$", lambda _: node, text, flags=re.MULTILINE)
    (SITE / "mkdocs.yml").write_text(text, encoding="utf-8")


def check_reference() -> None:
    """Each public name of the Python package is in its reference."""
    import api_python  # noqa: PLC0415 - it is read by griffe, which this environment has

    text = "".join(page.read_text(encoding="utf-8") for page in SOURCE.glob("python/*.md"))
    missing = [name for name in api_python.exported() if f"::: {name}\n" not in text]
    if missing:
        sys.exit(f"not in docs/site/python: {', '.join(missing)}")


def check_links(*, has_rust: bool) -> None:
    """Every link, in the site and between the files as a code host shows them."""
    lychee = Path(sys.executable).parent / "lychee"
    options = ["--offline", "--include-fragments=full", "--no-progress", f"--root-dir={HTML}"]
    skipped = [] if has_rust else ["--exclude", r"/rust/[\w-]+/index\.html"]
    # rustdoc has checked its own; the sitemap has no address to name.
    options += ["--exclude-path", "sitemap.xml", "--exclude-path", f"{HTML / 'rust'}"]
    run(lychee, *options, *skipped, HTML)
    run(lychee, *options, *(ROOT / path for path in pages() if "docs/site/" not in path))


def check_requests() -> None:
    """Nothing that a page fetches is at another host."""
    found = []
    for file in HTML.rglob("*"):
        pattern = {".html": _FETCHED, ".css": _FETCHED_BY_STYLE}.get(file.suffix)
        if pattern is not None:
            fetched = pattern.findall(file.read_text(encoding="utf-8"))
            found += [f"{file.relative_to(HTML)}: {match}" for match in fetched]
    if found:
        sys.exit("\n".join(["fetched from another host:", *found]))


def timed(what: str, step: Callable[[], object]) -> None:
    started = time.monotonic()
    step()
    print(f"    {what}, {time.monotonic() - started:.0f} s", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without Rust's reference")
    arguments = parser.parse_args()
    if importlib.util.find_spec("zensical") is None:
        python = environment("docs", *requirements("docs"))
        return subprocess.run([python, *sys.argv], check=False).returncode
    if not (ROOT / "node_modules" / "typedoc").exists():
        node_modules()
    os.environ["NO_COLOR"] = "1"
    try:
        build(has_rust=not arguments.quick)
    except subprocess.CalledProcessError as error:
        return error.returncode
    return 0


def build(*, has_rust: bool) -> None:
    emptied(SOURCE)
    shutil.rmtree(HTML, ignore_errors=True)
    write_pages()
    check_reference()
    timed("Node's reference", lambda: write_configuration(write_node_reference()))
    zensical = Path(sys.executable).parent / "zensical"
    timed("pages", lambda: run(zensical, "build", "--clean", "--strict", cwd=SITE))
    if has_rust:
        timed("Rust's reference", write_rust_reference)
    timed("links", lambda: check_links(has_rust=has_rust))
    check_requests()
    print(f"    {HTML.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    sys.exit(main())
