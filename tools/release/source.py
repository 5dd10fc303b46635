"""The source that packages are built from: what is committed, with the address and the notices written in."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from packages import ROOT, WORK, emptied

from release import dependencies, manifests, project
from release.project import CRATES, Address

STAGED = WORK / "release" / "source"
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")


def stage(address: Address, folder: Path = STAGED) -> Path:
    """Copies the commit into a folder and makes it the source of a release."""
    unpack("HEAD", folder)
    tag = project.tag(folder)
    manifests.write(folder, address, tag)
    for name in CRATES:
        for licence in LICENCES:
            shutil.copy(folder / licence, folder / "crates" / name / licence)
    dependencies.write(folder, committed_at("%cI"))
    return folder


def unpack(commit: str, folder: Path) -> None:
    """Copies what is committed, and nothing else, into an empty folder."""
    archive = subprocess.run(
        ["git", "archive", "--format=tar", commit], cwd=ROOT, check=True, capture_output=True
    )
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(emptied(folder), filter="data")


def committed_at(style: str = "%ct") -> str:
    """When the commit was made: the time of everything that is packed. Two builds of one commit are equal."""
    command = ["git", "log", "-1", f"--format={style}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()
