"""Where the compiled half is missing or of another platform, the error says which platforms there are and what to do."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import netgiro


@pytest.fixture
def package(tmp_path):
    """The installed package without its compiled half."""
    folder = tmp_path / "netgiro"
    ignored = shutil.ignore_patterns("_netgiro.*", "__pycache__")
    shutil.copytree(Path(netgiro.__file__).parent, folder, ignore=ignored)
    return folder


def imported(package, statement="import netgiro"):
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, sys.argv[1]); {statement}",
    ]
    done = subprocess.run([*command, package.parent], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_missing(package):
    said = imported(package)
    assert said.startswith("ImportError: netgiro's compiled half cannot be loaded by cpython 3.")
    assert "No module named 'netgiro._netgiro'" in said
    assert "-m pip install --force-reinstall --no-deps netgiro" in said
    assert "Linux (glibc 2.17 or musl 1.2, and later), macOS and Windows" in said
    assert "needs Rust (https://rustup.rs)" in said


def test_missing_for_an_integration(package):
    assert "Wheels are published for CPython 3.10" in imported(package, "import netgiro.webhook")


def test_of_another_platform(package):
    # The beginning of a module for macOS.
    name = "_netgiro.pyd" if sys.platform == "win32" else "_netgiro.abi3.so"
    (package / name).write_bytes(b"\xcf\xfa\xed\xfe" + bytes(4096))
    said = imported(package)
    assert said.startswith("ImportError: netgiro's compiled half cannot be loaded by cpython 3.")
    assert "Wheels are published for CPython 3.10" in said


def test_its_own_refusals_stay(package):
    (package / "_netgiro.py").write_text("raise ImportError('one interpreter a process')\n")
    assert imported(package) == "ImportError: one interpreter a process"
