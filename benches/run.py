"""Measures netgiro beside its peers: everything in turn, five rounds, medians and ratios.

    make bench                                       all of it, into docs/benchmarks
    python3 benches/run.py --only "python: 64"       the works whose names begin so
    python3 benches/run.py --rounds 9 --out FOLDER

Figures of two runs cannot be compared: the machine does other things as well. Within a run each is
compared with the best peer's and with the floor: the same work in Rust, as barely as it can be done.
Where wrk is installed, it shows what the server can do. Nothing here fails a test.
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
from release import build, check, profile, project, source  # noqa: E402
from release.plays import play  # noqa: E402
from release.project import Platform  # noqa: E402
from works import (  # noqa: E402
    EMPTY,
    FEW_CALLS,
    FLOOR,
    OURS,
    SIZES,
    WORKS,
    WRK,
    Entry,
    Work,
)

Figures = dict[str, float]
STARTS = 15
# How long wrk sends, in seconds.
WRK_TAKES = 2


class Bench:
    """The programs in Rust, the packages as they are published, and the peers, installed in environments of their own."""

    def __init__(self) -> None:
        services.install("wrk", "valgrind")
        self.programs = programs()
        requirements = (HERE / "python" / "requirements.txt").read_text().splitlines()
        self.python = packages.environment("bench", *requirements)
        self.node = packages.WORK / "projects" / "bench"
        shutil.copytree(HERE / "node", packages.emptied(self.node), dirs_exist_ok=True)
        quietly = ["--no-fund", "--no-audit", "--silent"]
        packages.run("npm", "ci", *quietly, cwd=self.node)

        # What is measured is what is published.
        out = packages.emptied(build.OUT)
        platform = here()
        source.stage(project.address() or check.EXAMPLE)
        self.wheel = profile.wheel(platform, build.interpreters(platform)[0])
        packages.pip(self.python, "--force-reinstall", "--no-deps", self.wheel)
        self.tarball = profile.platform_package(platform)
        build.main_package()
        # Apart from the peers, which the registry on this machine does not have.
        modules = play.install(out, packages.WORK / "projects" / "bench-package")
        shutil.copytree(modules, self.node / "node_modules", dirs_exist_ok=True)
        shutil.move(self.node / EMPTY, self.node / "node_modules" / EMPTY)

    def measure(self, work: Work, entry: Entry, base_url: str, env: dict[str, str]) -> Figures:
        """One entry, once, in a process of its own."""
        arguments = [work.function, entry.peer, base_url, str(entry.count)]
        if entry.peer == WRK:
            options = [
                "-t1",
                f"-c{work.connections}",
                f"-d{WRK_TAKES}s",
                "-s",
                str(HERE / "wrk.lua"),
            ]
            command = ["wrk", *options, f"{base_url}Checkout/CheckCart"]
        elif work.function == "start":
            return self.start(work, entry)
        elif work.function == "waiting" and work.language == "core":
            command = [str(self.programs / "waiting"), base_url, str(entry.count)]
        elif entry.peer == "floor" or work.language == "core":
            command = [str(self.programs / "calls"), *arguments]
        else:
            program = {
                "python": [str(self.python), str(HERE / "python" / "measure.py")],
                "node": ["node", "--expose-gc", str(self.node / "measure.mjs")],
            }
            command = [*program[work.language], *arguments]
        output = subprocess.run(
            pinned(work, *command),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | env,
        ).stdout
        return dict(json.loads(output.splitlines()[-1]))

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


@contextmanager
def served(programs: Path, work: Work) -> Iterator[tuple[str, dict[str, str]]]:
    """The server for a work: its base URL, and what clients must know of it."""
    with tempfile.TemporaryDirectory() as folder:
        options = [*work.server, *(["--tls", folder] if work.tls else [])]
        server = subprocess.Popen(
            pinned(work, str(programs / "netgiro-bench-server"), *options),
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


def here() -> Platform:
    """This machine's platform."""
    return next(filter(build.is_here, project.PLATFORMS.values()))


def programs() -> Path:
    """The folder of the programs in Rust, which are trained by what they are measured at, as the packages are by more."""
    target = packages.WORK / "bench-target"
    chosen = ["--release", "--locked", "--target", here().target, "-p", "netgiro-benches"]
    merged = target / "calls.profdata"
    if not merged.exists():
        counts = packages.emptied(target / "counts")
        flags = {"RUSTFLAGS": f"-Cprofile-generate={counts}"}
        instrumented = target / "instrumented"
        packages.run("cargo", "build", *chosen, CARGO_TARGET_DIR=str(instrumented), **flags)
        train(instrumented / here().target / "release")
        profile.merge(counts, merged)
    packages.run(
        *["cargo", "build", *chosen],
        CARGO_TARGET_DIR=str(target),
        RUSTFLAGS=f"-Cprofile-use={merged}",
    )
    return target / here().target / "release"


def train(programs: Path) -> None:
    for work in WORKS:
        if work.language == "core" and work.connections:
            with served(programs, work) as (base_url, env):
                for who in (OURS, "floor"):
                    command = [programs / "calls", work.function, who, base_url, "2000"]
                    packages.run(*command, **env)


def pinned(work: Work, *command: str) -> list[str]:
    """On one core, where client and server are to share it."""
    return ["taskset", "-c", "0", *command] if work.one_core else list(command)


def run(bench: Bench, work: Work, rounds: int) -> dict[str, Any]:
    """A work, by everybody in turn, round after round."""
    everybody = list(work.entries)
    if work.connections:
        everybody.append(Entry(FLOOR, "floor", work.entries[0].count))
        if shutil.which("wrk") and work.function != "callbacks":
            everybody.append(Entry(WRK, WRK, 0))
    found: dict[str, list[Figures]] = {entry.name: [] for entry in everybody}
    print(f"\n{work.name}", flush=True)
    for _ in range(rounds):
        for entry in everybody:
            # A server of its own for each, or the carts of one would have been asked for by another.
            with served(bench.programs, work) as (base_url, env):
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


def wrk() -> str:
    """wrk's version, where it is installed; it says so to those who use it wrongly."""
    if shutil.which("wrk") is None:
        return "without wrk"
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
    # The profile is the last release's or benchmark's where there is one: remove it to train anew.
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
        "wrk": wrk(),
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
