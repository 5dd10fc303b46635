"""What SECURITY.md and docs/reliability.md promise names its tests, and the tests are there."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The first column of each page's tables that promises something.
DOCUMENTS = {"SECURITY.md": 2, "docs/reliability.md": 0}
FOLDERS = ["crates", "fuzz", "tests", "tools"]
NOT_OURS = {"node_modules", "target", "__pycache__"}
# Proofs that are not a file of a name.
OTHERS = ("scenarios", "fuzzing")
PROOFS = json.loads((Path(__file__).parent / "proofs.json").read_text(encoding="utf-8"))


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def rows(document: str) -> list[list[str]]:
    """The rows of the document's tables, without their heads."""
    lines = [line for line in read(document).splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    separators = [at for at, row in enumerate(cells) if set("".join(row)) <= set("-: ")]
    heads = {at - 1 for at in separators} | set(separators)
    return [row for at, row in enumerate(cells) if at not in heads]


def claims(document: str) -> list[str]:
    """Each sentence outside of tables, and each row; in SECURITY.md each clause of a row."""
    first = DOCUMENTS[document]
    found = []
    for row in rows(document):
        promised = row[first:-1]
        if first:
            found += [clause for cell in promised for clause in cell.split("; ")]
        else:
            found.append(f"| {' | '.join(promised)} |")
    text = re.sub(r"^[|#].*$", "", read(document), flags=re.MULTILINE)
    for paragraph in re.split(r"\n\s*\n|\n(?=\* )", text):
        flat = " ".join(paragraph.removeprefix("* ").split())
        # What is bold at the beginning of a bullet is a sentence of its own.
        found += filter(None, re.split(r"(?<=[.!?])(?:\*\*)? +(?=[A-Z\"`\[0-9])", flat))
    return found


@cache
def files() -> dict[str, list[Path]]:
    """The files in which proofs lie, by their names without the extension."""
    found: dict[str, list[Path]] = {}
    for path in [ROOT / "Makefile", *_below(*(ROOT / folder for folder in FOLDERS))]:
        found.setdefault(stem(path.name), []).append(path)
    return found


def _below(*folders: Path) -> list[Path]:
    found = []
    for folder in folders:
        for path in folder.iterdir():
            if path.is_dir() and path.name not in NOT_OURS:
                found += _below(path)
            elif path.suffix in {".rs", ".py", ".json", ".mjs", ".mts", ".ts"}:
                found.append(path)
    return found


def stem(name: str) -> str:
    return name.split(".", maxsplit=1)[0]


@cache
def contents(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def missing(proof: str) -> str | None:
    """Why a proof is not there: the file, or the test in it, with the names that are nearest."""
    file, _, name = proof.partition(": ")
    paths = files().get(stem(file), [])
    if not paths:
        near = difflib.get_close_matches(stem(file), files())
        return f"{proof}: there is no such file; near: {near}"
    quoted = json.dumps(name, ensure_ascii=False)[1:-1]
    if any(text in contents(path) for path in paths for text in (name, quoted)):
        return None
    words = {word for path in paths for word in re.findall(r"\w+_\w+", contents(path))}
    return f"{proof}: no such test; near: {difflib.get_close_matches(name, words)}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_names_a_proof_that_is_there(document: str) -> None:
    found = rows(document)
    assert len(found) > 10
    for row in found:
        proof = row[-1]
        named = re.findall(r"`([\w/.-]+\.(?:rs|py|mjs|json))`", proof)
        assert named or any(word in proof for word in OTHERS), row
        for file in named:
            there = (ROOT / file).exists() if "/" in file else stem(file) in files()
            assert there, (file, row)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_sentence_has_its_tests(document: str) -> None:
    said = claims(document)
    entries = PROOFS[document]
    wrong = [
        f"no entry in proofs.json: {claim}"
        for claim in said
        if not any(entry["says"] in claim for entry in entries)
    ]
    for entry in entries:
        if sum(entry["says"] in claim for claim in said) != 1:
            wrong.append(f"is not in one sentence: {entry['says']}")
        proofs = entry.get("tests", [])
        assert bool(proofs) != bool(entry.get("untested")), entry
        wrong += filter(None, map(missing, proofs))
    assert not wrong, "\n".join(wrong)


def pages() -> list[Path]:
    examples = sorted((ROOT / "examples").glob("*/README.md"))
    return [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        # Rust's page links to what is generated.
        *sorted(set((ROOT / "docs").glob("*/*.md")) - {ROOT / "docs/site/rust.md"}),
        ROOT / "examples/README.md",
        *examples,
    ]


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get on GitHub."""
    headings = re.findall(r"^#+ (.*)$", contents(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", contents(page)):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
