"""What SECURITY.md and docs/reliability.md promise names its proof, and the proof is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = [
    "crates/netgiro/tests",
    "crates/netgiro/src",
    "crates/netgiro-reconcile",
    "tests/python",
    "tests/node",
    "tests/parity",
    "tests/cli",
    "tests/reconcile",
    "tests/shops",
    "tests/vectors",
]
DOCUMENTS = ["SECURITY.md", "docs/reliability.md"]
# Proofs that are no file of a name.
OTHERS = ("scenarios", "fuzzing")


def rows(document: str) -> list[list[str]]:
    """The rows of the document's tables, without their heads."""
    text = (ROOT / document).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    separators = [at for at, row in enumerate(cells) if set("".join(row)) <= set("-: ")]
    heads = {at - 1 for at in separators} | set(separators)
    return [row for at, row in enumerate(cells) if at not in heads]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_names_a_proof_that_is_there(document: str) -> None:
    found = rows(document)
    assert len(found) > 10
    for row in found:
        proof = row[-1]
        files = re.findall(r"`([\w/.]+\.(?:rs|py|mjs|json))`", proof)
        assert files or any(word in proof for word in OTHERS), row
        for file in files:
            there = (ROOT / file).exists() or any(
                next((ROOT / folder).rglob(Path(file).name), None) for folder in FOLDERS
            )
            assert there, (file, row)
