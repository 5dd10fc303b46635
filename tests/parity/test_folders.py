"""Whoever opens a folder sees at once where a thing lives."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
MOST = 12
# Tools look there for what belongs to all of it.
EXCEPTIONS = {"."}


def test_no_folder_holds_more_files_than_one_sees_at_once() -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = {name for name in listed.split("\0") if name and (ROOT / name).exists()}
    counts = Counter(str(PurePosixPath(name).parent) for name in paths)
    full = {folder: count for folder, count in counts.items() if count > MOST}
    assert set(full) <= EXCEPTIONS, f"give what belongs together a folder of its own: {full}"
