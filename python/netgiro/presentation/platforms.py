"""How it is shown that the compiled half cannot be loaded, and what is to be done."""

from __future__ import annotations

import sys
import sysconfig

PUBLISHED = (
    "CPython 3.10 and later, and its free-threaded build from 3.14, on Linux (glibc 2.17 or musl 1.2,"
    " and later), macOS and Windows, each on x86-64 and ARM64"
)


def explained(error: ImportError) -> ImportError:
    """Say which platforms there are; an error that the compiled half raised itself stays as it is."""
    if (error.name or "").rpartition(".")[2] != "_netgiro":
        return error
    here = f"{sys.implementation.name} {sys.version.split()[0]} on {sysconfig.get_platform()}"
    return ImportError(
        f"netgiro's compiled half cannot be loaded by {here}: {error}. Install netgiro with the Python"
        f" that runs the program, on its machine: {sys.executable} -m pip install --force-reinstall"
        f" --no-deps netgiro. Wheels are published for {PUBLISHED}. Elsewhere pip builds netgiro from"
        " its source, which needs Rust (https://rustup.rs) and a C compiler",
        name=error.name,
        path=error.path,
    )
