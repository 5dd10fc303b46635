"""Runs every suite against the packages as users install them, and counts."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

import packages
import services
from packages import ROOT, requirements

# What the closing lines of a test runner say: (passed, failed).
CARGO = (re.compile(r"^test result: .*? (\d+) passed; (\d+) failed", re.MULTILINE), None)
PYTEST = (re.compile(r"(\d+) passed"), re.compile(r"(\d+) (?:failed|errors?)\b"))
NODE = (
    re.compile(r"^(?:#|\u2139) pass (\d+)", re.MULTILINE),
    re.compile(r"^(?:#|\u2139) fail (\d+)", re.MULTILINE),
)

# How a test runner names a test that failed.
FAILURE = re.compile(
    r"^(?:FAILED|ERROR) \S+\.py\b.*|^ *(?:not ok|\u2716) .*|^test .* FAILED$", re.MULTILINE
)
# Of each suite; where none is named, so many of the output's last lines.
SHOWN_FAILURES = 10

# For pytest, where tests mostly wait: for processes, databases and the clocks of others.
SIDE_BY_SIDE = ["-n", "2"]


class Count(NamedTuple):
    passed: int
    failed: int


class Suites:
    """The suites that have run, and what they counted."""

    def __init__(self) -> None:
        self.counts: dict[str, Count] = {}
        self.failures: dict[str, list[str]] = {}
        self.made: dict[str, Path | None] = {}

    def prepare(self, name: str, make: Callable[[], Path]) -> Path | None:
        """Makes what suites need, for the first of them; a failure counts as one."""
        if name not in self.made:
            self.made[name] = self.make(name, make)
        return self.made[name]

    def make(self, name: str, make: Callable[[], Path]) -> Path | None:
        print(f"\n==> {name}", flush=True)
        started = time.monotonic()
        try:
            made = make()
        except (subprocess.CalledProcessError, ValueError) as error:
            print(error)
            self.record(name, Count(0, 1), str(error))
            return None
        print(f"    {made.name}, {time.monotonic() - started:.0f} s", flush=True)
        return made

    def check(self, name: str, *command: str | Path, cwd: Path = ROOT, **env: str) -> None:
        """Runs a command that is right when it exits with 0."""
        code, output = self.output(name, command, cwd, env)
        self.record(name, Count(int(code == 0), int(code != 0)), output)

    def count(
        self,
        name: str,
        runner: tuple[re.Pattern[str], re.Pattern[str] | None],
        *command: str | Path,
        cwd: Path = ROOT,
        **env: str,
    ) -> None:
        """Runs a test runner, and reads what it counted; one that counts nothing has failed."""
        code, output = self.output(name, command, cwd, env)
        plain = without_colours(output)
        passes, fails = runner
        if fails is None:
            pairs = [(int(passed), int(failed)) for passed, failed in passes.findall(plain)]
            passed, failed = sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
        else:
            passed = sum(map(int, passes.findall(plain)[-1:]))
            failed = sum(map(int, fails.findall(plain)[-1:]))
        if failed == 0 and (code != 0 or passed == 0):
            failed = 1
        self.record(name, Count(passed, failed), output)

    def record(self, name: str, count: Count, output: str) -> None:
        self.counts[name] = count
        if count.failed:
            plain = without_colours(output)
            named = list(dict.fromkeys(FAILURE.findall(plain)))
            self.failures[name] = named[:SHOWN_FAILURES] or plain.splitlines()[-SHOWN_FAILURES:]

    @staticmethod
    def output(
        name: str, command: tuple[str | Path, ...], cwd: Path, env: dict[str, str]
    ) -> tuple[int, str]:
        print(f"\n==> {name}", flush=True)
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        lines = []
        for line in process.stdout or ():
            print(f"    {line}", end="", flush=True)
            lines.append(line)
        return process.wait(), "".join(lines)

    def close(self) -> int:
        """Prints the closing table, what failed and the closing line; gives the exit code."""
        width = max(map(len, self.counts))
        print()
        for name, (passed, failed) in self.counts.items():
            print(f"{name:{width}}  {passed:5} passed  {failed:3} failed")
        print(f"\n{sizes()}")
        for name, lines in self.failures.items():
            print(f"\nfailed in {name}:")
            print(*lines, sep="\n")
        passed = sum(count.passed for count in self.counts.values())
        failed = sum(count.failed for count in self.counts.values())
        print(f"\n{passed} passed, {failed} failed", flush=True)
        return int(failed > 0)


def without_colours(output: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", output)


def sizes() -> str:
    """How large the bindings are beside the core, which they must not outgrow."""

    def lines(*patterns: str) -> int:
        files = [file for pattern in patterns for file in ROOT.glob(pattern)]
        return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)

    core = lines("crates/netgiro/src/**/*.rs")
    python_facade = ["python/netgiro/*.py", "python/netgiro/presentation/*.py"]
    python = lines("crates/netgiro-python/src/**/*.rs", *python_facade)
    node_facade = ["node/*.*ts", "node/in*/*.*ts", "node/webhook/*.ts", "node/simulator/*.ts"]
    node = lines("crates/netgiro-node/src/**/*.rs", *node_facade)
    return f"lines: core {core}, Python binding {python}, Node binding {node}"


def lints(suites: Suites) -> None:
    suites.check("rust: format", "cargo", "fmt", "--all", "--check")
    clippy = ["cargo", "clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]
    suites.check("rust: lints", *clippy)
    suites.check(
        "rust: documentation",
        *["cargo", "doc", "--workspace", "--no-deps", "--locked", "--quiet"],
        RUSTDOCFLAGS="-D warnings",
    )
    python = packages.environment("lint", *requirements("lint"))
    suites.check("python: format", python, "-m", "ruff", "format", "--check", ".")
    suites.check("python: lints", python, "-m", "ruff", "check", ".")
    suites.check("python and rust: public API", python, "tools/api.py", "--check")
    suites.check("vectors: as generated", python, "tests/vectors/generator/generate.py", "--check")
    packages.node_modules()
    suites.check("node: lints", "npm", "run", "lint", "--silent")


def rust(suites: Suites) -> None:
    suites.count("rust: tests", CARGO, "cargo", "test", "--workspace", "--locked", "--no-fail-fast")


def python(suites: Suites) -> None:
    interpreter = installed(suites, "python", "test")
    if interpreter is not None:
        panicking = suites.prepare("python: wheel that panics", packages.panicking_wheel)
        suites.count(
            *["python: tests", PYTEST, interpreter, "-m", "pytest", *SIDE_BY_SIDE, "tests/python"],
            NETGIRO_PANIC_WHEEL=str(panicking),
        )
        suites.count("python: readme", PYTEST, interpreter, "-m", "pytest", "tests/readme")
    from_sdist = suites.prepare("python: wheel from the sdist", packages.wheel_from_sdist)
    if from_sdist is not None:
        interpreter = packages.environment("sdist", "pytest>=9,<10")
        packages.pip(interpreter, "--force-reinstall", "--no-deps", from_sdist)
        suites.count(
            *["python: tests of that wheel", PYTEST],
            *[interpreter, "-m", "pytest", "tests/python/checkout/test_flows.py"],
        )


def node(suites: Suites) -> None:
    tarball = suites.prepare("node: tarball", packages.tarball)
    if tarball is None:
        return
    suites.count("node: tests", NODE, "npm", "test", "--silent", NETGIRO_TARBALL=str(tarball))
    suites.count(
        *["node: bundlers", NODE, "node", "tests/bundlers/run.mjs"], NETGIRO_TARBALL=str(tarball)
    )
    project = packages.node_project("readme", tarball, "express@^5")
    (project / "readme.test.mjs").write_bytes((ROOT / "tests/readme/readme.test.mjs").read_bytes())
    suites.count(
        *["node: readme", NODE, "node", "--test", "readme.test.mjs"],
        cwd=project,
        NETGIRO_README=str(ROOT / "README.md"),
    )


def parity(suites: Suites) -> None:
    interpreter = packages.environment("python", *requirements("test"))
    suites.count(
        *["parity", PYTEST, interpreter, "-m", "pytest", "tests/parity"],
        NETGIRO_NODE_PROJECT=str(packages.WORK / "projects" / "readme"),
    )


def command_line(suites: Suites) -> None:
    """One suite, for the command that each package installs."""
    interpreter = installed(suites, "python", "test")
    tarball = suites.prepare("node: tarball", packages.tarball)
    if interpreter is None or tarball is None:
        return
    project = packages.node_project("command", tarball)
    pytest = [interpreter, "-m", "pytest", *SIDE_BY_SIDE]
    suite = [*pytest, "-c", "tests/cli/pytest.ini", "tests/cli"]
    suites.count("command line: python", PYTEST, *suite)
    suites.count(
        *["command line: node", PYTEST, *suite],
        NETGIRO_CLI=str(project / "node_modules" / ".bin" / "netgiro"),
    )


def reconciliation(suites: Suites) -> None:
    """Every kind of frame and file; and the notebook, with Dask."""
    for name, needs in [("reconcile", "frames"), ("notebook", "notebook")]:
        interpreter = installed(suites, needs, needs)
        if interpreter is not None:
            suites.count(name, PYTEST, interpreter, "-m", "pytest", "-rfEs", f"tests/{name}")


def shops(suites: Suites) -> None:
    """The frameworks, databases, queues and browsers that shops are made of: the real ones."""
    interpreter = installed(suites, "shops", "shops")
    if interpreter is not None:
        for name in ["routes", "flask", "fastapi", "celery", "pytest_plugin", "django"]:
            suites.count(
                *[f"shops: {name}", PYTEST, interpreter, "-m", "pytest", "-rfEs"],
                *(SIDE_BY_SIDE if name == "django" else []),
                f"tests/shops/python/{name}",
            )
    newest_django(suites)
    hosts = installed(suites, "hosts", "hosts")
    if hosts is not None:
        suites.count(
            *["shops: hosts", PYTEST, hosts, "-m", "pytest", "-rfEs", "tests/shops/python/hosts"]
        )
    tarball = suites.prepare("node: tarball", packages.tarball)
    if tarball is None:
        return
    suites.count(
        *["shops: node", NODE, "node", "tests/shops/node/run.mjs"], NETGIRO_TARBALL=str(tarball)
    )
    if interpreter is not None:
        suites.count(
            *["shops: browser", NODE, "node", "tests/browser/run.mjs"],
            NETGIRO_TARBALL=str(tarball),
            NETGIRO_PYTHON=str(interpreter),
        )


def pages(suites: Suites) -> None:
    """The pages of the documentation: each is a small project, which is started as the page says."""
    interpreter = installed(suites, "shops", "shops")
    tarball = suites.prepare("node: tarball", packages.tarball)
    if interpreter is None or tarball is None:
        return
    project = packages.node_project("pages", tarball, *requirements("pages"))
    suites.count(
        *["pages", PYTEST, interpreter, "-m", "pytest"],
        *["-c", "tests/pages/pytest.ini", "-rfEs", "tests/pages"],
        NETGIRO_NODE_PROJECT=str(project),
    )


def docs(suites: Suites) -> None:
    """The site: its links and references, and its pages in a browser. Its code is run by `pages`."""
    suites.check("docs: site", sys.executable, "tools/docs.py", "--quick")
    suites.count("docs: browser", NODE, "node", "tests/browser/run.mjs", "site")


def releases(suites: Suites, **env: str) -> None:
    """What a release needs, without what takes a compiler: `make release-check` has all of it."""
    packages.node_modules()
    interpreter = packages.environment("release", *requirements("release"))
    suites.count(
        *["release", PYTEST, interpreter, "-m", "pytest", "-rfEs"],
        *["-c", "tests/release/pytest.ini", "tests/release"],
        NETGIRO_BASE_PYTHON=sys.executable,
        **env,
    )
    project = packages.emptied(packages.WORK / "projects" / "release")
    for name in ["package.json", "package-lock.json"]:
        (project / name).write_bytes((ROOT / "tests" / "release" / name).read_bytes())
    packages.run("npm", "ci", "--no-fund", "--no-audit", "--silent", cwd=project)
    out = Path(env.get("NETGIRO_RELEASE_OUT", packages.WORK / "release-test" / "out"))
    tarball = packages.only(out / "npm", "netgiro-[0-9]*.tgz")
    bins = project / "node_modules" / ".bin"
    suites.check("release: publint", bins / "publint", "--strict", tarball)
    suites.check(
        "release: types resolve", bins / "attw", "--format", "ascii", "--no-emoji", tarball
    )


def newest_django(suites: Suites) -> None:
    """Django's newest release as well, which an older Python cannot install; long runs are made with one release alone."""
    oldest = 12
    if sys.version_info >= (3, oldest):
        return
    base = packages.newer_python(oldest)
    if base is None:
        print(f"\n    skipped: the newest Django, which needs Python 3.{oldest}")
        return
    interpreter = installed(suites, "newest-django", "shops", base=base)
    if interpreter is not None:
        suites.count(
            *["shops: newest django", PYTEST, interpreter, "-m", "pytest", "-rfEs", *SIDE_BY_SIDE],
            *["tests/shops/python/django", "--ignore-glob", "*/test_checkouts.py"],
            *["--ignore-glob", "*/test_ledger.py"],
        )


def installed(
    suites: Suites, name: str, requirements_of: str, *, base: str = sys.executable
) -> Path | None:
    """An environment with the wheel in it, and what some tests need beside it; its interpreter."""
    wheel = suites.prepare("python: wheel", packages.wheel)
    if wheel is None:
        return None
    interpreter = packages.environment(name, *requirements(requirements_of), base=base)
    packages.pip(interpreter, "--force-reinstall", "--no-deps", wheel)
    return interpreter


SUITES = {
    "lint": lints,
    "rust": rust,
    "python": python,
    "node": node,
    "parity": parity,
    "command-line": command_line,
    "reconciliation": reconciliation,
    "shops": shops,
    "pages": pages,
    "docs": docs,
    "release": releases,
}
# Those that need more than the packages.
SERVED = {"reconciliation", "shops", "pages", "docs"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SUITES, action="append", help="these suites alone")
    chosen = parser.parse_args().only or list(SUITES)
    packages.check_tools()
    suites = Suites()
    with services.running() if SERVED & set(chosen) else nullcontext({}) as variables:
        os.environ.update(variables)
        for name in chosen:
            SUITES[name](suites)
    return suites.close()


if __name__ == "__main__":
    sys.exit(main())
