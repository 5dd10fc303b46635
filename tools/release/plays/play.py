"""Installs what will be published, by name, into empty folders, and plays it. Needs no package that is not built here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from packages import ROOT, emptied, run

from release import registries
from release.project import FOLDER

PLAYS = ROOT / "tests" / "release"
NPM = "npm.cmd" if os.name == "nt" else "npm"


def python(out: Path, interpreter: str = sys.executable) -> dict[str, object]:
    """Installs the wheel that pip chooses, and plays it."""
    folder = emptied(FOLDER / "play" / "python")
    run(interpreter, "-m", "venv", folder)
    own = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    run(own, *pip, "--no-index", "--find-links", out / "pypi", "--only-binary", ":all:", "netgiro")
    return played([own], "-I", PLAYS / "play.py", cwd=folder)


def node(out: Path, *runtime: str | Path, npm: Sequence[str | Path] = (NPM,)) -> dict[str, object]:
    """Installs the package from a registry on this machine, and plays it with Node, Bun or Deno."""
    program = installed(out, FOLDER / "play" / "node", PLAYS / "play.mjs", npm)
    return played(runtime, program, cwd=program.parent)


def installed(out: Path, folder: Path, program: Path, npm: Sequence[str | Path] = (NPM,)) -> Path:
    """A copy of a program beside the package that it uses."""
    install(out, folder, npm)
    return Path(shutil.copy(program, folder))


def install(out: Path, folder: Path, npm: Sequence[str | Path] = (NPM,)) -> Path:
    """Installs the package from a registry on this machine into an empty folder; gives its `node_modules`."""
    emptied(folder)
    (folder / "package.json").write_text('{ "private": true, "type": "module" }\n')
    quietly = ["--silent", "--no-audit", "--no-fund", "--cache", folder / "cache"]
    with registries.serving(out / "npm") as url:
        run(*npm, "install", *quietly, "--registry", url, "netgiro", cwd=folder)
    return folder / "node_modules"


def played(runtime: Sequence[str | Path], *arguments: str | Path, cwd: Path) -> dict[str, object]:
    """What a play printed; it fails as the play fails. What it starts itself is run by the same runtime."""
    own = [str(part) for part in runtime]
    done = subprocess.run(
        [*own, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"NETGIRO_RUNTIME": "\n".join(own)},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])
