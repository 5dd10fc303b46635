"""Measures netgiro beside its peers: everything in turn, five rounds, medians and ratios.

    make bench                                       all of it, into docs/benchmarks
    python3 benches/run.py --only "python: 64"       the works whose names begin so
    python3 benches/run.py --rounds 9 --out FOLDER

Figures of two runs cannot be compared: the machine does other things as well. Within a run each is
compared with the best peer's and with the ceiling: what wrk, or where that cannot be had a loop over
bare sockets, gets from the same server. Nothing here fails a test.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tools"))

import packages  # noqa: E402 - beside this folder
import report  # noqa: E402
import services  # noqa: E402
from works import (  # noqa: E402
    CEILING,
    FEW_CALLS,
    OURS,
    SIZES,
    WORKS,
    Entry,
    Work,
)

Figures = dict[str, float]
STARTS = 15
# How long the ceiling is looked for, in seconds.
CEILING_TAKES = 2


class Bench:
    """The server, the packages and the peers, installed in environments of their own."""

    def __init__(self) -> None:
        packages.run("cargo", "build", "--release", "--locked", "-p", "netgiro-benches")
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
        self.programs = target / "release"
        services.install("wrk", "valgrind")
        requirements = (HERE / "python" / "requirements.txt").read_text().splitlines()
        self.wheel = packages.wheel()
        self.python = packages.environment("bench", *requirements)
        packages.pip(self.python, "--force-reinstall", "--no-deps", self.wheel)
        self.tarball = packages.tarball()
        self.node = packages.WORK / "projects" / "bench"
        shutil.copytree(HERE / "node", packages.emptied(self.node), dirs_exist_ok=True)
        packages.run("npm", "ci", "--no-fund", "--no-audit", "--silent", cwd=self.node)
        packages.run(
            *["npm", "install", "--no-save", "--no-fund", "--no-audit", "--silent", self.tarball],
            cwd=self.node,
        )

    @contextmanager
    def serving(self, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
        """The server for a work: its base URL, and what clients must know of it."""
        with tempfile.TemporaryDirectory() as folder:
            options = [*work.server, *(["--tls", folder] if work.tls else [])]
            server = subprocess.Popen(
                pinned(work, str(self.programs / "netgiro-bench-server"), *options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            with server:
                base_url = server.stdout.readline().strip() if server.stdout else ""
                ca = str(Path(folder) / "ca.pem")
                trusted = {"NETGIRO_BENCH_CA": ca, "NODE_EXTRA_CA_CERTS": ca} if work.tls else {}
                told = {
                    "NETGIRO_BENCH_POLLS": str(work.polls),
                    "NETGIRO_BENCH_FEW_CALLS": str(FEW_CALLS),
                }
                yield base_url, trusted | told

    def measure(self, work: Work, entry: Entry, base_url: str, env: dict[str, str]) -> Figures:
        """One entry, once, in a process of its own."""
        if entry.peer == CEILING:
            command = self.ceiling(work, base_url)
        elif work.function == "start":
            return self.start(work, entry)
        elif work.language == "core":
            command = [str(self.programs / work.function), base_url, str(entry.count)]
        else:
            program = {
                "python": [str(self.python), str(HERE / "python" / "measure.py")],
                "node": ["node", "--expose-gc", str(self.node / "measure.mjs")],
            }
            arguments = [work.function, entry.peer, base_url, str(entry.count)]
            command = [*program[work.language], *arguments]
        output = subprocess.run(
            pinned(work, *command),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | env,
        ).stdout
        return dict(json.loads(output.splitlines()[-1]))

    def ceiling(self, work: Work, base_url: str) -> list[str]:
        """What sends one request over and over, as fast as the server answers."""
        if shutil.which("wrk") is None:
            program = str(self.programs / "ceiling")
            return [program, base_url, str(work.ceiling), str(CEILING_TAKES)]
        options = ["-t1", f"-c{work.ceiling}", f"-d{CEILING_TAKES}s"]
        script = str(HERE / "wrk.lua")
        return ["wrk", *options, "-s", script, f"{base_url}Checkout/CheckCart"]

    def start(self, work: Work, entry: Entry) -> Figures:
        """How much longer a program takes that imports it, in milliseconds."""
        if work.language == "python":
            bare = [str(self.python), "-I", "-c", "pass"]
            loaded = [str(self.python), "-I", "-c", f"import {entry.peer}"]
        else:
            bare = ["node", "-e", "0"]
            loaded = ["node", "-e", f"require('{entry.peer}')"]
        took: dict[str, list[float]] = {"bare": [], "loaded": []}
        for _ in range(STARTS):
            for name, command in (("bare", bare), ("loaded", loaded)):
                started = time.perf_counter()
                subprocess.run(command, check=True, cwd=self.node)
                took[name].append(time.perf_counter() - started)
        return {"milliseconds": (median(took["loaded"]) - median(took["bare"])) * 1000}


def pinned(work: Work, *command: str) -> list[str]:
    """On one core, where client and server are to share it."""
    return ["taskset", "-c", "0", *command] if work.one_core else list(command)


def run(bench: Bench, work: Work, rounds: int) -> dict[str, Any]:
    """A work, by everybody in turn, round after round."""
    everybody = list(work.entries)
    if work.ceiling:
        everybody.append(Entry(CEILING, CEILING, 0))
    found: dict[str, list[Figures]] = {entry.name: [] for entry in everybody}
    print(f"\n{work.name}", flush=True)
    for _ in range(rounds):
        for entry in everybody:
            # A server of its own for each, or the carts of one would have been asked for by another.
            with bench.serving(work) as (base_url, env):
                found[entry.name].append(bench.measure(work, entry, base_url, env))
            print(".", end="", flush=True)
    print()
    result = result_of(work, found)
    print(report.table([result]), flush=True)
    return result


def result_of(work: Work, found: dict[str, list[Figures]]) -> dict[str, Any]:
    """A work's medians, and how each came about."""
    medians = {
        name: {figure: median(one[figure] for one in runs) for figure in runs[0]}
        for name, runs in found.items()
    }
    return {
        "work": work.name,
        "figures": list(work.figures),
        "medians": medians,
        "targets": [asdict(target) | {"at_least": target.at_least} for target in work.targets],
        "rounds": found,
    }


def operations() -> str:
    """What needs no network: how long it takes by criterion, and its instructions beside their baseline."""
    timed = ["cargo", "bench", "--quiet", "--locked", "-p", "netgiro-benches", "--bench", "micro"]
    commands = [
        [*timed, "--", "--output-format", "bencher"],
        [sys.executable, str(HERE / "instructions.py")],
    ]
    outputs = [
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True).stdout
        for command in commands
    ]
    return "\n".join(output.strip() for output in outputs)


def stolen() -> tuple[float, float]:
    """The processor's time that other machines of the same host took from this one, and all of it."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0, 1
    times = [float(time) for time in stat.read_text().splitlines()[0].split()[1:9]]
    return times[7], sum(times)


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": version("node", "--version"),
        "rust": version("rustc", "--version"),
        # More than a little before anything was measured: somebody else was at work.
        "load_before": round(os.getloadavg()[0], 2),
    }


def version(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def wrk() -> str | None:
    """wrk's version, where it is installed; it says so to those who use it wrongly."""
    if shutil.which("wrk") is None:
        return None
    said = subprocess.run(["wrk", "-v"], check=False, capture_output=True, text=True).stdout
    return " ".join(said.split()[:2])


def peers(bench: Bench) -> dict[str, str]:
    """The versions of those compared with."""
    listed = json.loads(version(str(bench.python), "-m", "pip", "list", "--format=json"))
    found = {
        one["name"]: one["version"] for one in listed if one["name"] not in {"pip", "setuptools"}
    }
    locked = json.loads((HERE / "node" / "package.json").read_text())["dependencies"]
    return found | locked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", action="append", help="the works whose names begin so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks")
    options = parser.parse_args()
    packages.check_tools()
    before = machine()
    bench = Bench()
    chosen = [
        work
        for work in WORKS
        if not options.only or any(work.name.startswith(name) for name in options.only)
    ]
    stolen_before, all_before = stolen()
    sizes = {
        name: [{"megabytes": file.stat().st_size / 1e6}]
        for name, file in (("wheel", bench.wheel), ("tarball", bench.tarball))
    }
    results = {
        "machine": before | {"shared": before["load_before"] > 0.5},
        "rounds": options.rounds,
        "ceiling": wrk() or "a loop over bare sockets",
        "versions": peers(bench),
        "works": [result_of(SIZES, sizes)],
        "operations": operations(),
    }
    for work in chosen:
        results["works"].append(run(bench, work, options.rounds))
        stolen_now, all_now = stolen()
        results["machine"]["stolen"] = (stolen_now - stolen_before) / (all_now - all_before)
        # After each, since a run takes an hour.
        report.write(results, options.out)
    print(report.targets(results["works"]))
    print(f"written to {options.out}: {OURS} and its peers, {options.rounds} rounds")


if __name__ == "__main__":
    main()
