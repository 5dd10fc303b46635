"""The source that packages are built from: the repository's files, with the address and the notices written in."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from packages import ROOT

from release import dependencies, manifests, project
from release.project import CRATES, FOLDER, Address

STAGED = FOLDER / "source"
# What builds leave beside the source, and take up again.
KEPT = {"node_modules", "target"}
LICENCES = ("LICENSE-MIT", "LICENSE-APACHE")


def stage(address: Address, folder: Path = STAGED) -> Path:
    """Copies the repository's files into a folder, and makes them the source of a release."""
    wanted = set(project.files())
    for old in filter(Path.is_file, folder.rglob("*")):
        if (
            not KEPT & set(old.relative_to(folder).parts[:1])
            and str(old.relative_to(folder)) not in wanted
        ):
            old.unlink()
    for name in wanted:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    manifests.write(folder, address, project.tag(folder))
    for name in CRATES:
        for licence in LICENCES:
            shutil.copy(folder / licence, folder / "crates" / name / licence)
    dependencies.write(folder, committed_at("%cI"))
    return folder


def committed_at(style: str = "%ct") -> str:
    """When the commit was made: the time of everything that is packed, so that two builds of it are equal."""
    command = ["git", "log", "-1", f"--format={style}"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()
