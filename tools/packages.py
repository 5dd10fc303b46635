"""Builds the wheel and the tarball, and installs them as a user would."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".work"
DIST = WORK / "dist"
# A debug build takes seconds where a release takes minutes; what users install is the release.
IS_DEBUG = os.environ.get("NETGIRO_BUILD") == "debug"


def run(*command: str | Path, cwd: Path = ROOT, **env: str) -> None:
    """Runs a command, its output passed on; fails as it fails."""
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, env=os.environ | env)


def check_tools() -> None:
    """Stops with one sentence when a tool is missing that this project cannot install itself."""
    if sys.version_info < (3, 10):
        sys.exit(f"Python 3.10 or later is needed; this is {sys.version.split()[0]}")
    for tool, what in [("cargo", "Rust"), ("npm", "Node 20 or later"), ("cc", "a C compiler")]:
        if shutil.which(tool) is None:
            sys.exit(f"{tool} was not found: install {what}, and try again")


def environment(name: str, *requirements: str, base: str = sys.executable) -> Path:
    """A virtual environment with exactly these requirements; gives its interpreter."""
    folder = WORK / "environments" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements"
    wanted = hashlib.sha256("\n".join([base, sys.version, *requirements]).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        run(base, "-m", "venv", folder)
        if requirements:
            pip(python, *requirements)
        stamp.write_text(wanted)
    return python


def requirements(name: str) -> list[str]:
    """The requirements in a file of `tests/requirements`, one a line."""
    text = (ROOT / "tests" / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def newer_python(minor: int) -> str | None:
    """A Python of at least 3.`minor` beside the one that runs this, where the machine has one."""
    named = [shutil.which(f"python3.{later}") for later in range(20, minor - 1, -1)]
    managed = Path.home().glob(".pyenv/versions/3.*/bin/python3")
    question = f"import sys; sys.exit(sys.version_info < (3, {minor}))"
    for python in filter(None, [*named, *map(str, managed)]):
        # A name on the path may be a version manager's, and lead nowhere.
        if (
            subprocess.run([python, "-c", question], check=False, capture_output=True).returncode
            == 0
        ):
            return python
    return None


def pip(python: Path, *arguments: str | Path) -> None:
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)


def maturin(*arguments: str | Path) -> None:
    run(environment("maturin", "maturin>=1.16,<2"), "-m", "maturin", *arguments)


def only(folder: Path, pattern: str) -> Path:
    """The one file in a folder that fits a pattern."""
    (found,) = folder.glob(pattern)
    return found


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def wheel() -> Path:
    folder = emptied(DIST / "wheel")
    release = [] if IS_DEBUG else ["--release", "--compression-level", "9"]
    maturin("build", *release, "--locked", "--out", folder)
    return only(folder, "*.whl")


def panicking_wheel() -> Path:
    """A wheel for tests alone, with functions that panic."""
    folder = emptied(DIST / "panics")
    maturin("build", "--locked", "--features", "panic-test", "--out", folder)
    return only(folder, "*.whl")


def wheel_from_sdist() -> Path:
    """Builds the sdist, and from nothing but the sdist a wheel."""
    folder = emptied(DIST / "sdist")
    maturin("sdist", "--out", folder)
    shutil.unpack_archive(only(folder, "*.tar.gz"), folder)
    source = only(folder, "*/pyproject.toml").parent
    # The archive's times are those of no change: cargo would take what it built of an earlier one for this one's.
    for file in source.rglob("*"):
        file.touch()
    python = environment("pip")
    # Whether the sdist is whole shows in a debug build as well; the crates it depends on have been compiled for others.
    run(
        *[python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"],
        *["--wheel-dir", folder, source],
        CARGO_TARGET_DIR=str(ROOT / "target"),
        MATURIN_PEP517_ARGS="--profile dev",
    )
    return only(folder, "*.whl")


def node_modules() -> None:
    run("npm", "ci", "--no-fund", "--no-audit")


def tarball() -> Path:
    folder = emptied(DIST / "npm")
    node_modules()
    run("npm", "run", "build:debug" if IS_DEBUG else "build", "--silent")
    run("npm", "pack", "--silent", "--pack-destination", folder)
    return only(folder, "*.tgz")


def node_project(name: str, *packages: str | Path) -> Path:
    """An empty Node project with these packages installed; gives its folder."""
    folder = emptied(WORK / "projects" / name)
    (folder / "package.json").write_text('{ "private": true, "type": "module" }\n')
    run("npm", "install", "--no-fund", "--no-audit", "--silent", *packages, cwd=folder)
    return folder
