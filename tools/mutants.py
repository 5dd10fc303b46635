"""Changes the core's decisions one at a time, and counts how many of the changes its tests notice.

The changes are cargo-mutants'; the files are listed in `.cargo/mutants.toml`. A sample is drawn by a seed, so that it can be
run again. What was found out is kept in `.work/mutants` and holds for as long as the core and its tests stay as they are: a
run that was stopped goes on where it was, and a larger sample runs what is new. The figure is that of a whole run: with
--missed it says only whether the tests that were added since notice what the last run missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import packages
from packages import ROOT, WORK

TARGET = 0.95
RESULTS = WORK / "mutants"
RELIABILITY = ROOT / "docs" / "reliability.md"
# What a result depends on.
SOURCES = [
    "crates/netgiro",
    "crates/netgiro-reconcile",
    "crates/netgiro-simulator",
    "tests/vectors",
    ".cargo/mutants.toml",
    "Cargo.lock",
]
# Each mutant meets the tests of its own crate. Most of the core's are noticed by the first of them, which take a second;
# only what passes those meets the next. The examples in the documentation prove nothing that the tests do not.
FIRST = ["vectors", "callbacks", "webhook"]
# These play whole checkouts, and notice most of what is left.
SECOND = ["polls"]
TESTS = ROOT / "crates/netgiro/tests"
PROGRAMS = [file.stem for file in TESTS.glob("*.rs")]
PROGRAMS += [file.parent.name for file in TESTS.glob("*/main.rs")]
OTHERS = sorted(set(PROGRAMS) - set(FIRST) - set(SECOND))
STAGES = {
    "netgiro": {
        "first": ["--lib", *(f"--test={name}" for name in FIRST)],
        "second": [f"--test={name}" for name in SECOND],
        "others": [f"--test={name}" for name in OTHERS],
    },
    "netgiro-reconcile": {"first": ["--lib", "--tests"]},
}
# What cargo-mutants says of a mutant, and what it is called here.
OUTCOMES = {
    "CaughtMutant": "caught",
    "MissedMutant": "missed",
    "Timeout": "timeout",
    "Unviable": "unviable",
}
# `file.rs`, `change in function`, at `line`: reason
EXCEPTION = re.compile(
    r"^\* `(?P<file>[\w/-]+\.rs)`, `(?P<change>[^`]+)`, at `(?P<line>[^`]+)`:", re.MULTILINE
)


class Mutant(NamedTuple):
    """One change to the source."""

    name: str
    file: str
    line: str

    @property
    def crate(self) -> str:
        """The package whose tests it meets."""
        return self.file.split("/")[1]

    @property
    def change(self) -> str:
        """What is changed, without where: numbers of lines do not last."""
        return self.name.split(": ", 1)[1]

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it is, in words that last when lines are added."""
        return (self.file.removeprefix("crates/"), self.change, self.line)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument(
        "--count", type=int, default=300, help="how many mutants; 0 for all there are"
    )
    parser.add_argument(
        "--files", nargs="*", default=[], help="only these, such as poll.rs or netgiro-reconcile/"
    )
    parser.add_argument(
        "--missed", action="store_true", help="only those that the last run missed, of its files"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    arguments = parser.parse_args()
    check_tools()
    mutants = listed(arguments.files)
    if arguments.missed:
        survivors = {tuple(place) for place in json.loads((RESULTS / "missed.json").read_text())}
        mutants = [mutant for mutant in mutants if mutant.place in survivors]
    count = min(arguments.count or len(mutants), len(mutants))
    # Drawing mutants is no cryptography.
    sample = random.Random(arguments.seed).sample(mutants, count)  # noqa: S311
    print(f"{count} of {len(mutants)} mutants, seed {arguments.seed}", flush=True)
    results = run(sample, arguments.jobs)
    sys.exit(report(sample, results, arguments.seed))


def check_tools() -> None:
    packages.check_tools()
    if shutil.which("cargo-mutants") is None:
        packages.run("cargo", "install", "--quiet", "--locked", "cargo-mutants@27.1.0")


def listed(files: list[str]) -> list[Mutant]:
    """All mutants there are, in the order of the source."""
    command = ["cargo", "mutants", "--list", "--json"]
    for crate in STAGES:
        command += ["--package", crate]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    mutants = []
    for given in json.loads(output):
        source = (ROOT / given["file"]).read_text(encoding="utf-8").splitlines()
        line = source[given["span"]["start"]["line"] - 1].strip()
        mutants.append(Mutant(given["name"], given["file"], line))
    return [
        mutant
        for mutant in mutants
        if not files or any(f"/{file}" in mutant.file for file in files)
    ]


def run(sample: list[Mutant], jobs: int) -> dict[str, str]:
    """What became of each mutant, by its name; what is known already does not run again."""
    kept = fingerprint()
    results: dict[str, str] = {}
    for crate, stages in STAGES.items():
        of_it = [mutant for mutant in sample if mutant.crate == crate]
        for stage in stages:
            left = [mutant for mutant in of_it if results.get(mutant.name, "missed") == "missed"]
            folder = RESULTS / crate / stage
            known = collect(folder, kept)
            missing = [mutant for mutant in left if mutant.name not in known]
            if missing:
                print(f"\n==> {crate}, {stage}: {len(missing)} mutants", flush=True)
                (folder / "running").write_text(kept)
                mutate(crate, stage, missing, jobs)
                known = collect(folder, kept)
                if any(mutant.name not in known for mutant in missing):
                    sys.exit(
                        "cargo-mutants ended before all had run: the same command goes on from here"
                    )
            results |= {mutant.name: known[mutant.name] for mutant in left}
    return results


def mutate(crate: str, stage: str, mutants: list[Mutant], jobs: int) -> None:
    """Runs cargo-mutants over these mutants alone."""
    folder = RESULTS / crate / stage
    started = time.monotonic()
    names = "|".join(re.escape(mutant.name) for mutant in mutants)
    # Of members left out of a struct it takes all, whatever is asked for: a few that nobody drew.
    command = ["cargo", "mutants", "--package", crate, "--colors", "never"]
    command += ["--output", str(folder), "--jobs", str(jobs), "--re", f"^(?:{names})$"]
    # For its builds too, which otherwise link every test.
    command += [f"--cargo-arg={test}" for test in STAGES[crate][stage]]
    if shutil.which("cargo-nextest") and stage != "first":
        # Tests of all files at the same time: many of them wait.
        command += ["--test-tool", "nextest"]
    # It fails where a mutant is missed, which the report says better.
    subprocess.run(
        command, cwd=ROOT, check=False, env=os.environ | {"CARGO_PROFILE_DEV_DEBUG": "0"}
    )
    print(f"    {(time.monotonic() - started) / 60:.0f} minutes", flush=True)


def fingerprint() -> str:
    """The core and its tests as they are now."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def collect(folder: Path, kept: str) -> dict[str, str]:
    """What is kept of a stage for these sources, with what the last run has added."""
    folder.mkdir(parents=True, exist_ok=True)
    file, running, outcomes = (
        folder / f"{kept}.json",
        folder / "running",
        folder / "mutants.out" / "outcomes.json",
    )
    results: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    if running.exists() and outcomes.exists() and running.read_text() == kept:
        for outcome in json.loads(outcomes.read_text())["outcomes"]:
            if outcome["scenario"] != "Baseline" and outcome["summary"] in OUTCOMES:
                results[outcome["scenario"]["Mutant"]["name"]] = OUTCOMES[outcome["summary"]]
        # In one step, since a run may be stopped at any moment.
        whole = file.with_suffix(".new")
        whole.write_text(json.dumps(results, indent=1))
        whole.replace(file)
    return results


def report(sample: list[Mutant], results: dict[str, str], seed: int) -> int:
    """Prints the figure and every survivor; gives the exit code."""
    exceptions = {
        (found["file"], found["change"], found["line"])
        for found in EXCEPTION.finditer(RELIABILITY.read_text(encoding="utf-8"))
    }
    counts = Counter(results[mutant.name] for mutant in sample)
    missed = [mutant for mutant in sample if results[mutant.name] == "missed"]
    excused = [mutant for mutant in missed if mutant.place in exceptions]
    survivors = sorted(set(missed) - set(excused))
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "missed.json").write_text(json.dumps([mutant.place for mutant in survivors]))
    for title, mutants in (("listed in docs/reliability.md", excused), ("survived", survivors)):
        if mutants:
            print(f"\n{title}:")
        for mutant in sorted(mutants):
            print(f"  {mutant.name}\n      {mutant.line}")
    # A mutant that makes a test hang was noticed.
    caught = counts["caught"] + counts["timeout"]
    viable = caught + len(survivors)
    share = caught / viable if viable else 1.0
    print(
        f"\nseed {seed}: {counts['caught']} caught, {counts['timeout']} timed out, {len(survivors)} missed, "
        f"{len(excused)} listed, {counts['unviable']} unviable: {share:.1%} caught, {TARGET:.0%} wanted"
    )
    return int(share < TARGET)


if __name__ == "__main__":
    main()
