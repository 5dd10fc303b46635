"""What is published, built here as far as it needs no compiler; and the wheels and addons that `make release-check` has built."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from packages import ROOT, WORK

FOLDER = WORK / "release-test"
ADDRESS = os.environ.get("NETGIRO_REPOSITORY") or "https://github.com/example/netgiro"
# The tools of this environment, wherever the tests are started.
BIN = Path(sys.executable).parent


def release(*arguments, root=ROOT, check=True, **env):
    """Runs a command of the release; a test's address unless it gives another."""
    own = {"NETGIRO_REPOSITORY": ADDRESS, "PYTHONPATH": str(root / "tools")}
    own |= {"NETGIRO_RELEASE": str(FOLDER)} if root == ROOT else {}
    return subprocess.run(
        [sys.executable, "-m", "release", *arguments],
        cwd=root,
        env=os.environ | own | env,
        check=check,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="session")
def out():
    """The folder of what is published. `make release-check` has built it; else the sources are built for these tests."""
    folder = os.environ.get("NETGIRO_RELEASE_OUT")
    if folder:
        return Path(folder)
    release("stage")
    release("sources")
    return FOLDER / "out"


def archives(out):
    """What is published, by file name."""
    return {path.name: path for path in sorted(out.glob("*/*"))}


def contents(path):
    """The files in a wheel, an sdist, a tarball or a crate, by name, without the folder that holds them all."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as files:
            return {name: files.read(name) for name in files.namelist()}
    found = {}
    with tarfile.open(path) as files:
        for member in files:
            if member.isfile():
                found[member.name.partition("/")[2]] = files.extractfile(member).read()
    return found


@pytest.fixture(scope="session")
def published(out):
    """The files in each archive, by the archive's name."""
    return {name: contents(path) for name, path in archives(out).items()}
