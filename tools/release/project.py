"""What a release is made of, each read from the one place where it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from packages import ROOT, WORK

# Where a release is made; the tests have a folder of their own.
FOLDER = Path(os.environ.get("NETGIRO_RELEASE", WORK / "release"))
# In the order in which crates.io must get them.
CRATES = ("netgiro", "netgiro-simulator", "netgiro-reconcile")
# The wheels: one for CPython 3.10 and later, and one for the free-threaded build, which has no stable ABI.
ABI3 = "python3.10"
FREE_THREADED = "python3.14t"

GITHUB = re.compile(r"https://github\.com/([A-Za-z0-9-]+)/([A-Za-z0-9._-]+?)/?")


class Platform(NamedTuple):
    """A platform that both packages are published for."""

    target: str
    name: str
    wheel: str
    os: str
    cpu: str
    libc: str | None = None

    @property
    def npm(self) -> str:
        """The npm package that holds this platform's addon."""
        return f"netgiro-{self.name}"

    @property
    def zig(self) -> str:
        """The target as cargo-zigbuild takes it: with the oldest glibc that it is linked for."""
        return f"{self.target}.2.17" if self.libc == "glibc" else self.target


PLATFORMS = {
    platform.target: platform
    for platform in [
        Platform("x86_64-unknown-linux-gnu", "linux-x64-gnu", "manylinux_2_17_x86_64", "linux", "x64", "glibc"),
        Platform("aarch64-unknown-linux-gnu", "linux-arm64-gnu", "manylinux_2_17_aarch64", "linux", "arm64", "glibc"),
        Platform("x86_64-unknown-linux-musl", "linux-x64-musl", "musllinux_1_2_x86_64", "linux", "x64", "musl"),
        Platform("aarch64-unknown-linux-musl", "linux-arm64-musl", "musllinux_1_2_aarch64", "linux", "arm64", "musl"),
        Platform("x86_64-apple-darwin", "darwin-x64", "macosx_10_12_x86_64", "darwin", "x64"),
        Platform("aarch64-apple-darwin", "darwin-arm64", "macosx_11_0_arm64", "darwin", "arm64"),
        Platform("x86_64-pc-windows-msvc", "win32-x64-msvc", "win_amd64", "win32", "x64"),
        Platform("aarch64-pc-windows-msvc", "win32-arm64-msvc", "win_arm64", "win32", "arm64"),
    ]
}  # fmt: skip


class Address(NamedTuple):
    """Where the project is published from, and what people find there."""

    owner: str
    name: str

    @property
    def repository(self) -> str:
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def site(self) -> str:
        """GitHub Pages, where the release's workflow puts the documentation."""
        return f"https://{self.owner.lower()}.github.io/{self.name}/"

    @property
    def issues(self) -> str:
        return f"{self.repository}/issues"

    def file(self, path: str, tag: str, *, kind: str = "blob") -> str:
        """A file (`blob`), a folder (`tree`) or an image (`raw`), as a tag has it."""
        return f"{self.repository}/{kind}/{tag}/{path}"


@cache
def metadata(root: Path = ROOT) -> dict[str, Any]:
    """The workspace as cargo reads it, without its dependencies."""
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    return json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True).stdout)


def version(root: Path = ROOT) -> str:
    """The version of everything: the workspace's, of which all others are copies."""
    return next(
        crate["version"] for crate in metadata(root)["packages"] if crate["name"] == CRATES[0]
    )


def tag(root: Path = ROOT) -> str:
    return f"v{version(root)}"


def address() -> Address | None:
    """The repository's address in Cargo.toml, `[workspace.metadata.release]`; a test may name another."""
    text = os.environ.get("NETGIRO_REPOSITORY") or metadata()["metadata"]["release"]["repository"]
    if not text:
        return None
    match = GITHUB.fullmatch(text)
    if match is None:
        message = f"the repository's address is {text!r}: https://github.com/OWNER/NAME is expected"
        raise ValueError(message)
    return Address(*match.groups())


def files() -> list[str]:
    """The repository's files: those that are committed, and those that would be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = done.stdout.decode().rstrip("\0").split("\0")
    return [name for name in names if (ROOT / name).is_file()]
