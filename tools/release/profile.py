"""Profile-guided builds: an instrumented build is trained, and the compiler optimises the published one for what that counted."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from packages import IS_DEBUG, ROOT, emptied, environment, run

from release import build, project
from release.build import PLAIN, Variant
from release.plays import play
from release.project import Platform

# How much is inlined. The limit of 4 MB allows no more: LLVM's own thresholds are 225, 45, 325 and 3000, and with a profile it
# inlines hot calls beyond them, by what it thinks that saves: another 0.4 MB.
NO_COST_BENEFIT = "-Cllvm-args=-inline-enable-cost-benefit-analysis=false"
# A wheel has the command's reconciliation and tables as well, and less room than an addon.
WHEEL = (
    "-Cllvm-args=-inline-threshold=30",
    "-Cllvm-args=-inlinecold-threshold=0",
    "-Cllvm-args=-inlinehint-threshold=40",
    "-Cllvm-args=-hot-callsite-threshold=200",
    NO_COST_BENEFIT,
)
ADDON = ("-Cllvm-args=-inline-threshold=100", NO_COST_BENEFIT)
# Without a profile no call is known to be hot, and one threshold is enough.
UNGUIDED = Variant(flags=("-Cllvm-args=-inline-threshold=60",))
# Where a release keeps its profiles.
FOLDER = project.FOLDER / "profile"
TRAINING = ROOT / "benches" / "training"


def guided(platform: Platform, inlining: tuple[str, ...]) -> Variant:
    """How a platform's wheel or addon is built: by its profile where this machine runs it, without one elsewhere.

    Functions are named after their target, so a profile is of no use to another one: neither musl's builds on a
    machine with glibc nor cross-compiled ones have a profile. Windows has none either: nobody has tried it. A build for
    debuggers is not optimised at all.
    """
    if IS_DEBUG:
        return PLAIN
    if platform.os == "win32" or not build.is_here(platform):
        return UNGUIDED
    return Variant(flags=(f"-Cprofile-use={profile(platform)}", *inlining))


def wheel(platform: Platform, python: str) -> Path:
    """A platform's wheel, guided by a profile that fits where it has one."""
    variant = guided(platform, WHEEL)
    built = build.wheel(platform, python, variant=variant)
    check_use(platform, variant)
    return built


def platform_package(platform: Platform) -> Path:
    """A platform's package for npm, whose addon is guided in the same way."""
    variant = guided(platform, ADDON)
    package = build.platform_package(platform, variant=variant)
    check_use(platform, variant)
    return package


def profile(platform: Platform) -> Path:
    """The merged counts of a training run. They are never the same twice: made once, they are part of what is built from."""
    merged = FOLDER / f"{platform.target}.profdata"
    if not merged.exists():
        merged.parent.mkdir(parents=True, exist_ok=True)
        train(platform, merged)
    return merged


def train(platform: Platform, merged: Path) -> None:
    """Builds both packages instrumented, runs both programs of the training, and merges what was counted."""
    folder = emptied(project.FOLDER / "training")
    counts = folder / "counts"
    instrumented = Variant(
        target=project.FOLDER / "target-instrumented",
        out=folder / "out",
        flags=(f"-Cprofile-generate={counts}",),
        # Only this machine runs it; and zig does not take what keeps the counting runtime in a library.
        is_portable=False,
    )
    wheel = build.wheel(platform, build.interpreters(platform)[0], variant=instrumented)
    python = environment("training")
    run(python, "-m", "pip", "install", "--quiet", "--force-reinstall", "--no-deps", wheel)
    run(python, "-I", TRAINING / "train.py")

    build.platform_package(platform, variant=instrumented)
    build.main_package(variant=instrumented)
    program = play.installed(instrumented.out, folder / "node", TRAINING / "train.mjs")
    run("node", program, cwd=program.parent)
    merge(counts, merged)


def merge(counts: Path, merged: Path) -> None:
    """Merges counts with the compiler's own tool."""
    run(profdata(), "merge", "--output", merged, counts)


def profdata() -> Path:
    """The compiler's own tool for profiles, which rustup has in the component llvm-tools."""
    run("rustup", "component", "add", "llvm-tools")
    command = ["rustc", "--print", "target-libdir"]
    libraries = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return Path(libraries).parent / "bin" / "llvm-profdata"


# What the compiler calls the functions of the crate netgiro.
FUNCTION = re.compile(rb"_ZN7netgiro[\w.$]+E")


def check_use(platform: Platform, variant: Variant) -> None:
    """Fails where the profile is of other functions than what was built last: the compiler says nothing of that.

    A function is named after its crate, and cargo names crates after much of how they are built.
    """
    if variant in (PLAIN, UNGUIDED):
        return
    command = [profdata(), "show", "--all-functions", profile(platform)]
    counted = set(FUNCTION.findall(subprocess.run(command, check=True, capture_output=True).stdout))
    libraries = (variant.target / platform.target / build.PROFILE / "deps").glob(
        "libnetgiro-*.rlib"
    )
    built = max(libraries, key=lambda library: library.stat().st_mtime)
    functions = set(FUNCTION.findall(built.read_bytes()))
    # Many are inlined, and counted where they went.
    if not functions & counted:
        message = f"the profile has none of the {len(functions)} functions of {built.name}"
        raise ValueError(message)
