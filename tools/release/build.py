"""Builds what is published from the staged source: wheels, the packages of npm, the sdist and the crates."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import packages
from packages import IS_DEBUG, ROOT, emptied, environment, only, requirements, run

from release import manifests, project, source
from release.dependencies import NOTICES, SBOM
from release.project import ABI3, CRATES, FOLDER, FREE_THREADED, Platform
from release.source import LICENCES, STAGED

# What is published, and nothing else: wheels and sdist, tarballs, crates.
OUT = FOLDER / "out"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", FOLDER / "target"))
PROFILE = "debug" if IS_DEBUG else "release"
# What a linker makes of the addon's crate, by operating system.
LIBRARIES = {
    "linux": "libnetgiro_node.so",
    "darwin": "libnetgiro_node.dylib",
    "win32": "netgiro_node.dll",
}


class Variant(NamedTuple):
    """What sets one build of a source apart from others: its folders, and what the compiler is told besides."""

    target: Path = TARGET
    out: Path = OUT
    flags: tuple[str, ...] = ()
    # Linked for the oldest systems that it is published for, and not just for this machine.
    is_portable: bool = True


PLAIN = Variant()

# What cargo-zigbuild sets, so that cargo tells the host from the target. Cargo names crates after it, and a profile names
# functions after their crates: without it, a profile of a build without zig is of no use to one with zig.
AS_ZIGBUILD = {
    "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS": "nightly",
    "CARGO_UNSTABLE_TARGET_APPLIES_TO_HOST": "true",
    "CARGO_TARGET_APPLIES_TO_HOST": "false",
}


def settings(platform: Platform, root: Path, variant: Variant) -> dict[str, str]:
    """The environment of a build: no folder of this machine gets into it, and the time is the commit's."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    flags = [f"--remap-path-prefix={root}=/netgiro", f"--remap-path-prefix={home}=/cargo"]
    flags += variant.flags
    if platform.libc == "musl":
        # A module that is loaded shares the C library of the program that loads it.
        flags += ["-C", "target-feature=-crt-static"]
    if platform.os == "win32":
        # Needs no Visual C++ runtime beside it.
        flags += ["-C", "target-feature=+crt-static"]
    prefixes = f"-ffile-prefix-map={root}=/netgiro -ffile-prefix-map={home}=/cargo"
    return {
        "CARGO_ENCODED_RUSTFLAGS": "\x1f".join(flags),
        "CARGO_TARGET_DIR": str(variant.target),
        "SOURCE_DATE_EPOCH": source.committed_at(),
        **({} if platform.os == "win32" else {"CFLAGS": prefixes}),
        **(AS_ZIGBUILD if platform.os == "linux" and not uses_zig(platform, variant) else {}),
    }


def uses_zig(platform: Platform, variant: Variant) -> bool:
    """Whether zig links it: all of Linux, so that its C library's version is ours to name, and what this machine is not."""
    return variant.is_portable and (platform.os == "linux" or platform.os != sys.platform)


def is_here(platform: Platform) -> bool:
    """Whether this machine runs what is built for a platform."""
    host = subprocess.run(
        ["rustc", "--print", "host-tuple"], check=True, capture_output=True, text=True
    )
    return host.stdout.strip() == platform.target


def interpreters(platform: Platform) -> list[str]:
    """What wheels are built for: the stable ABI, and the free-threaded build that has none."""
    if not is_here(platform):
        # maturin knows the settings of both for each platform that it can cross-compile to.
        return [ABI3, FREE_THREADED]
    free_threaded = shutil.which(os.environ.get("NETGIRO_FREE_THREADED") or FREE_THREADED)
    if free_threaded is None:
        print(f"not here: the wheel for {FREE_THREADED}, which is not on the path")
    return [sys.executable, *([free_threaded] if free_threaded else [])]


def tools() -> Path:
    """The folder with maturin, cargo-zigbuild and zig."""
    return environment("release-build", *requirements("release-build")).parent


def wheel(
    platform: Platform,
    python: str = ABI3,
    root: Path = STAGED,
    variant: Variant = PLAIN,
) -> Path:
    """A wheel; it is the stable ABI's unless the interpreter has none."""
    out = variant.out / "pypi"
    before = set(out.glob("*.whl"))
    run(
        *[tools() / "maturin", "build", "--locked", "--target", platform.target],
        *["--interpreter", python, "--out", out],
        *["--compatibility", compatibility(platform, variant)],
        *([] if IS_DEBUG else ["--release", "--compression-level", "9"]),
        *(["--zig"] if uses_zig(platform, variant) else []),
        cwd=root,
        **settings(platform, root, variant) | on_path(),
    )
    return max(
        set(out.glob("*.whl")) - before or out.glob("*.whl"), key=lambda path: path.stat().st_mtime
    )


def compatibility(platform: Platform, variant: Variant) -> str:
    """What maturin calls the oldest system that a wheel is for; only Linux has several."""
    if platform.os == "linux" and not variant.is_portable:
        return "linux"
    name = re.fullmatch(r"((?:many|musl)linux_\d+_\d+)_.*", platform.wheel)
    return name.group(1) if name else "pypi"


def on_path() -> dict[str, str]:
    return {"PATH": f"{tools()}{os.pathsep}{os.environ['PATH']}"}


def addon(platform: Platform, root: Path = STAGED, variant: Variant = PLAIN) -> Path:
    """Node's addon, as the file that its package holds."""
    run(
        *[
            "cargo",
            "zigbuild" if uses_zig(platform, variant) else "build",
            "--locked",
            "--package",
            "netgiro-node",
        ],
        *["--target", platform.zig if uses_zig(platform, variant) else platform.target],
        *([] if IS_DEBUG else ["--release"]),
        cwd=root,
        **settings(platform, root, variant) | on_path(),
    )
    return variant.target / platform.target / PROFILE / LIBRARIES[platform.os]


def platform_package(platform: Platform, root: Path = STAGED, variant: Variant = PLAIN) -> Path:
    """The package of npm that holds one platform's addon."""
    folder = emptied(FOLDER / "npm" / platform.name)
    binary = f"netgiro.{platform.name}.node"
    shutil.copy(addon(platform, root, variant), folder / binary)
    main = json.loads((root / "package.json").read_text(encoding="utf-8"))
    manifest = {
        "name": platform.npm,
        "version": main["version"],
        "description": f"The compiled half of netgiro for {platform.name}. Install netgiro, which brings it.",
        **{
            key: main[key]
            for key in ["license", "homepage", "repository", "bugs", "engines"]
            if key in main
        },
        "main": binary,
        "files": [binary, SBOM, NOTICES, *LICENCES],
        "os": [platform.os],
        "cpu": [platform.cpu],
        **({"libc": [platform.libc]} if platform.libc else {}),
    }
    write_json(folder / "package.json", manifest)
    (folder / "README.md").write_text(
        f"# {platform.npm}\n\n{manifest['description']}\n", encoding="utf-8"
    )
    return packed(folder, root, variant.out)


def main_package(root: Path = STAGED, variant: Variant = PLAIN) -> Path:
    """The package of npm that people install: the JavaScript, with each platform's package as an optional dependency."""
    if not (root / "node_modules").exists():
        if not (ROOT / "node_modules").exists():
            packages.node_modules()
        (root / "node_modules").symlink_to(ROOT / "node_modules", target_is_directory=True)
    run("npm", "run", "build:js", "--silent", cwd=root)
    folder = emptied(FOLDER / "npm" / "main")
    shutil.copytree(root / "node" / "dist", folder / "node" / "dist")
    shutil.copy(root / "README.md", folder / "README.md")
    manifest = manifests.npm((root / "package.json").read_text(encoding="utf-8"))
    write_json(folder / "package.json", manifest | {"files": [*manifest["files"], SBOM, NOTICES]})
    return packed(folder, root, variant.out)


def packed(folder: Path, root: Path, published: Path) -> Path:
    """A folder of npm's as a tarball, with the licences."""
    for name in LICENCES:
        shutil.copy(root / name, folder / name)
    for name in [SBOM, NOTICES]:
        shutil.copy(root / "node" / name, folder / name)
    out = published / "npm"
    out.mkdir(parents=True, exist_ok=True)
    run("npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", out, cwd=folder)
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    return out / f"{manifest['name']}-{manifest['version']}.tgz"


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sdist(root: Path = STAGED) -> Path:
    """The source from which pip builds a wheel where there is none."""
    run(
        *[tools() / "maturin", "sdist", "--out", OUT / "pypi"],
        cwd=root,
        SOURCE_DATE_EPOCH=source.committed_at(),
    )
    return only(OUT / "pypi", "*.tar.gz")


def crates(root: Path = STAGED) -> list[Path]:
    """The crates, each built from nothing but what is in it and in those before it."""
    chosen = [part for name in CRATES for part in ("--package", name)]
    # The staged folder is no repository of its own: cargo would look at the one around it.
    run(
        *["cargo", "package", "--locked", "--allow-dirty", "--no-verify", *chosen],
        cwd=root,
        CARGO_TARGET_DIR=str(TARGET),
    )
    out = OUT / "crates"
    out.mkdir(parents=True, exist_ok=True)
    number = project.version(root)
    return [
        Path(shutil.copy(TARGET / "package" / f"{name}-{number}.crate", out)) for name in CRATES
    ]
