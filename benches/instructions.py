"""Counts the instructions of each operation with callgrind, and compares them with the baseline.

    make instructions                          fails when an operation takes 5 % more than it did
    python3 benches/instructions.py --write    makes what is counted now the baseline

Instructions do not depend on what else the machine is doing. They do depend on the compiler, so a
baseline of another compiler's is shown, and not failed on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benches" / "instructions.json"
TOLERANCE = 0.05
FEW, MANY = 200, 1200
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def output(*command: str | Path) -> str:
    run = [str(part) for part in command]
    return subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def build() -> Path:
    output("cargo", "build", "--quiet", "--release", "--locked", "-p", "netgiro-benches")
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return folder / "release" / "instructions"


def total(program: Path, operation: str, times: int) -> int:
    valgrind = subprocess.run(
        [*CALLGRIND, str(program), operation, str(times)],
        check=True,
        capture_output=True,
        text=True,
        # What is in the environment moves the stack, and with it some counts.
        env={"PATH": os.environ["PATH"]},
    )
    (found,) = re.findall(r"Collected : (\d+)", valgrind.stderr)
    return int(found)


def count(program: Path, operation: str) -> int:
    """Instructions each time: what starting takes is in both runs, and falls out."""
    few, many = total(program, operation, FEW), total(program, operation, MANY)
    return round((many - few) / (MANY - FEW))


def main() -> int:
    if shutil.which("valgrind") is None:
        print("skipped: instructions are counted by valgrind; install Debian's package valgrind")
        return 0
    program = build()
    compiler = output("rustc", "--version").strip()
    names = output(program).splitlines()
    counts = {name: count(program, name) for name in names}
    if "--write" in sys.argv[1:]:
        baseline = {"compiler": compiler, "instructions": counts}
        BASELINE.write_text(json.dumps(baseline, indent=2) + "\n", encoding="utf-8")
    kept = json.loads(BASELINE.read_text(encoding="utf-8"))
    slower = []
    for name, now in counts.items():
        before = kept["instructions"].get(name)
        ratio = now / before if before else float("nan")
        print(f"{name:28}{now:8} instructions, x {ratio:.3f} of the baseline")
        # An operation without a baseline has not been looked at.
        if not ratio <= 1 + TOLERANCE:
            slower.append(name)
    if kept["compiler"] != compiler:
        print(f"the baseline is of {kept['compiler']}, this is {compiler}: not compared")
        return 0
    print(f"{len(counts) - len(slower)} passed, {len(slower)} failed")
    return int(bool(slower))


if __name__ == "__main__":
    sys.exit(main())
