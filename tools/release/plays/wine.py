"""Runs the core's tests as programs of Windows, with wine as this machine's Debian has it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from packages import run

from release import build
from release.plays import foreign
from release.source import STAGED

FOLDER = foreign.FOLDER / "wine"
TARGET = "x86_64-pc-windows-gnu"
PACKAGES = ("wine64", "libz-mingw-w64")
TESTS = ("vectors", "v2", "v2_carts", "callbacks", "webhook", "calls", "polls")
# Rust's library takes random numbers from a library of Windows that Debian 12's wine lacks.
RANDOM_NUMBERS = """
__declspec(dllimport) unsigned char SystemFunction036(void *, unsigned long);
__declspec(dllexport) int ProcessPrng(unsigned char *bytes, unsigned long long length) {
  return SystemFunction036(bytes, (unsigned long)length);
}
"""
RUNNER = """#!/bin/sh
export WINEPREFIX='{prefix}' WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml,winemenubuilder.exe='
export LD_LIBRARY_PATH='{libraries}'
exec '{program}' "$@"
"""


def core(root: Path = STAGED) -> str:
    """Runs the tests that need no more than the core and the simulator; says which."""
    if foreign.cpu() != "x64":
        raise foreign.NotHereError("Debian's wine is for x86-64")
    chosen = [part for name in TESTS for part in ("--test", name)]
    run(
        *[build.tools() / "cargo-zigbuild", "test", "--locked", "--package", "netgiro", *chosen],
        *["--target", TARGET],
        cwd=root,
        CARGO_TARGET_DIR=str(build.TARGET),
        CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=str(runner()),
        # One after another: all of wine's programs wait for one server, and scenarios have half a second to connect.
        RUST_TEST_THREADS="1",
        **build.on_path(),
    )
    return f"the core's tests for {TARGET}, under wine: {', '.join(TESTS)}"


def runner() -> Path:
    """The program that runs one of Windows."""
    script, root, prefix = FOLDER / "run", FOLDER / "root", FOLDER / "prefix"
    if script.exists():
        return script
    shutil.rmtree(FOLDER, ignore_errors=True)
    foreign.unpacked(PACKAGES, FOLDER, root)
    programs, libraries = root / "usr/lib/wine", root / "usr/lib/x86_64-linux-gnu"
    # Debian's own is a script, for a wine that is installed.
    (programs / "wineserver").unlink()
    (programs / "wineserver").symlink_to("wineserver64")
    made = FOLDER / "made"
    made.write_text(
        RUNNER.format(prefix=prefix, libraries=libraries, program=programs / "wine64"),
        encoding="utf-8",
    )
    made.chmod(0o755)
    # wine's own libraries need this one before it can make a prefix.
    zlib = root / "usr/x86_64-w64-mingw32/lib/zlib1.dll"
    link = libraries / "wine/x86_64-windows/zlib1.dll"
    link.unlink(missing_ok=True)
    shutil.copy(zlib, link)
    # Makes the prefix, and then fails: its programs find the library in the prefix alone.
    subprocess.run([made, "wineboot", "--init"], check=False, capture_output=True)
    system = prefix / "drive_c/windows/system32"
    shutil.copy(zlib, system)
    source = FOLDER / "random_numbers.c"
    source.write_text(RANDOM_NUMBERS, encoding="utf-8")
    zig = [build.tools() / "python-zig", "cc", "-target", "x86_64-windows-gnu", "-shared"]
    run(*zig, "-o", system / "bcryptprimitives.dll", source, "-ladvapi32")
    return made.rename(script)
