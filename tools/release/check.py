"""Everything that the release's workflow does, as far as this machine goes; what it cannot do is printed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path

import test
from packages import check_tools, emptied, run

from release import build, profile, project, source
from release.plays import foreign, wine
from release.project import ABI3, FREE_THREADED, PLATFORMS, Address, Platform

# Used where the repository's address is not known yet: what is built with it is never published.
EXAMPLE = Address("example", "netgiro")

# From the most that can be said of a part of a platform to the least.
PLAYED, BUILT, CHECKED, NOT_HERE, FAILED = "played", "built", "checked only", "not here", "FAILED"
PARTS = (ABI3, FREE_THREADED, "node")
CORE = "core"


class Report:
    """What was done for each platform, and why no more."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[str, str]] = {}

    def note(self, platform: Platform, part: str, verdict: str, why: object = "") -> None:
        line = str(why).strip().splitlines()[-1:] or [""]
        self.rows[platform.target, part] = verdict, line[0][:160]
        print(f"\n--> {platform.target}, {part}: {verdict} {line[0]}", flush=True)

    def attempt(
        self, platform: Platform, part: str, verdict: str, do: Callable[[], object]
    ) -> bool:
        """Does something, which must work here."""
        try:
            self.note(platform, part, verdict, do() or "")
        except foreign.NotHereError as error:
            self.note(
                platform,
                part,
                self.rows.get((platform.target, part), (NOT_HERE,))[0],
                f"not played: {error}",
            )
        except Exception as error:  # noqa: BLE001 - the other platforms are wanted all the same
            traceback.print_exc()
            self.note(platform, part, FAILED, error)
            return False
        return True

    def printed(self) -> int:
        """Prints the table; gives how many have failed."""
        print(f"\n{'platform':28}{'part':14}{'':14}")
        for platform in PLATFORMS.values():
            own = [CORE] if (platform.target, CORE) in self.rows else []
            for part in [*PARTS, *own]:
                verdict, why = self.rows.get((platform.target, part), (NOT_HERE, ""))
                print(f"{platform.target:28}{part:14}{verdict:14}{why}")
        print(
            "\nnot here, ever: other operating systems than this one's; attestations and trusted publishing; GitHub's runners"
        )
        return sum(verdict == FAILED for verdict, _ in self.rows.values())


def main() -> int:
    check_tools()
    emptied(build.OUT)
    emptied(profile.FOLDER)
    address = project.address()
    if address is None:
        print(f"The repository's address is not set: {EXAMPLE.repository} stands in for it.")
    os.environ["NETGIRO_REPOSITORY"] = (address or EXAMPLE).repository
    source.stage(address or EXAMPLE)
    build.sdist()
    build.main_package()
    build.crates()
    report = Report()
    wanted = os.environ.get("NETGIRO_RELEASE_TARGETS", " ".join(PLATFORMS)).split()
    for target in wanted:
        platform = PLATFORMS[target]
        if platform.os == "linux":
            linux(report, platform)
        else:
            elsewhere(report, platform)
    suites = test.Suites()
    suites.check(
        "crates: built from what is in them",
        *verified_crates(),
        cwd=source.STAGED,
        CARGO_TARGET_DIR=str(build.TARGET),
    )
    test.releases(suites, NETGIRO_RELEASE_OUT=str(build.OUT))
    suites.prepare("two builds of one commit are equal", lambda: repeated(PLATFORMS[wanted[0]]))
    failed = report.printed()
    return int(suites.close() + failed > 0)


def linux(report: Report, platform: Platform) -> None:
    """Builds both packages with zig, and plays them where this machine can run them."""
    interpreter = build.interpreters(platform)[0]
    parts: dict[str, Callable[[], object]] = {
        ABI3: lambda: profile.wheel(platform, interpreter).name,
        "node": lambda: profile.platform_package(platform).name,
    }
    for part, make in parts.items():
        report.attempt(platform, part, BUILT, make)
    free_threaded(report, platform)
    plays = {ABI3: foreign.python, "node": foreign.node}
    for part, how in plays.items():
        if report.rows[platform.target, part][0] == BUILT:
            report.attempt(platform, part, PLAYED, lambda how=how: how(platform, build.OUT))


def free_threaded(report: Report, platform: Platform) -> None:
    pythons = build.interpreters(platform)[1:]
    if pythons:
        report.attempt(
            platform,
            FREE_THREADED,
            BUILT,
            lambda: profile.wheel(platform, pythons[0]).name,
        )
    else:
        report.note(
            platform, FREE_THREADED, NOT_HERE, f"there is no {FREE_THREADED} on this machine"
        )


def elsewhere(report: Report, platform: Platform) -> None:
    """Compiles for an operating system whose libraries cannot be linked here."""
    stand_in = {
        "x86_64-pc-windows-msvc": "x86_64-pc-windows-gnu",
        "aarch64-pc-windows-msvc": "aarch64-pc-windows-gnullvm",
    }
    target = stand_in.get(platform.target, platform.target)
    for part, crate in [(ABI3, "netgiro-python"), ("node", "netgiro-node")]:
        report.attempt(
            platform, part, CHECKED, lambda crate=crate: compiled(platform, target, crate)
        )
    report.note(platform, FREE_THREADED, NOT_HERE, "needs its own system")
    if target == wine.TARGET:
        report.attempt(platform, CORE, PLAYED, wine.core)


def compiled(platform: Platform, target: str, crate: str) -> str:
    """Compiles a crate, without linking it."""
    installed = subprocess.run(
        ["rustup", "target", "add", target], check=False, capture_output=True, text=True
    )
    if installed.returncode != 0:
        raise foreign.NotHereError(f"rustup has no {target} here")
    # The addon's build looks for the library of Node that it would be linked with.
    unlinked = emptied(project.FOLDER / "unlinked")
    (unlinked / "libnode.dll").touch()
    run(
        *[
            build.tools() / "cargo-zigbuild",
            "check",
            "--locked",
            "--package",
            crate,
            "--target",
            target,
        ],
        cwd=source.STAGED,
        **build.settings(platform, source.STAGED, build.PLAIN)
        | build.on_path()
        | {"PYO3_CROSS_PYTHON_VERSION": "3.10", "LIBNODE_PATH": str(unlinked)},
    )
    return f"compiled for {target}, not linked"


def verified_crates() -> list[str]:
    chosen = [part for name in project.CRATES for part in ("--package", name)]
    return ["cargo", "package", "--locked", "--allow-dirty", *chosen]


def repeated(platform: Platform) -> Path:
    """Builds the wheel and the addon again, in other folders, and compares."""
    before = digests(platform)
    again = project.FOLDER / "again"
    address = project.address() or EXAMPLE
    root = source.stage(address, again / "source")
    # The profile is one of the things that it is built from.
    target = again / "target"
    wheel, addon = profile.guided(platform, profile.WHEEL), profile.guided(platform, profile.ADDON)
    build.wheel(platform, build.interpreters(platform)[0], root, wheel._replace(target=target))
    build.platform_package(platform, root, addon._replace(target=target))
    after = digests(platform)
    differ = [name for name, digest in before.items() if after[name] != digest]
    if differ:
        message = f"two builds of one commit differ: {', '.join(differ)}"
        raise ValueError(message)
    print("\n".join(f"{digest}  {name}" for name, digest in after.items()))
    return build.OUT


def digests(platform: Platform) -> dict[str, str]:
    """The hashes of what was built for a platform."""
    tarball = build.OUT / "npm" / f"{platform.npm}-{project.version()}.tgz"
    paths = [*(build.OUT / "pypi").glob(f"*abi3*{platform.wheel}*.whl"), tarball]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
