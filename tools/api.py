"""Writes the public API of the Python package and of the Rust crates as text, or checks what is committed.

A change of the API shows in review as a change of `tests/api`, and fails the lints until it is written anew.
"""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import subprocess
import sys
from collections.abc import Callable

import api_python
import api_rust
from packages import ROOT, environment
from test import requirements

REPORTS: dict[str, Callable[[], str]] = {"python": api_python.report, "rust": api_rust.report}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a report is out of date")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help=f"{', '.join(REPORTS)}")
    arguments = parser.parse_args()
    if importlib.util.find_spec("griffe") is None:
        python = environment("lint", *requirements("lint"))
        return subprocess.run([python, *sys.argv], check=False).returncode
    is_current = True
    for language in arguments.languages or REPORTS:
        path = ROOT / "tests" / "api" / f"{language}.txt"
        made = REPORTS[language]()
        if not arguments.check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made, encoding="utf-8")
            continue
        committed = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = difflib.unified_diff(
            *(committed.splitlines(), made.splitlines()),
            *(f"tests/api/{path.name}", "now"),
            lineterm="",
            n=0,
        )
        for line in lines:
            print(line)
        if committed != made:
            is_current = False
            print(f"the public API of {language} has changed: run `make api`, and commit tests/api")
    return int(not is_current)


if __name__ == "__main__":
    sys.exit(main())
