"""The commands of a release: `python -m release COMMAND`, with this folder's parent on PYTHONPATH."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from packages import emptied

from release import build, check, profile, project, registries, source, versions
from release.plays import play


def main() -> int:
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    chosen = commands.add_parser("version", help="set the version of everything")
    chosen.add_argument("version", metavar="X.Y.Z")
    commands.add_parser(
        "tag", help="make the tag that releases this commit, or say what is missing"
    )
    chosen = commands.add_parser("ready", help="fail if a pushed tag may not be published")
    chosen.add_argument("tag")
    commands.add_parser(
        "stage", help="copy the commit, with the address and the notices written in"
    )
    chosen = commands.add_parser("build", help="build what is published for a platform")
    chosen.add_argument("target", choices=project.PLATFORMS)
    chosen.add_argument("--python", action="append", help="build wheels with these instead")
    commands.add_parser("sources", help="build what is the same on every platform")
    chosen = commands.add_parser("play", help="install and play what was built, on its platform")
    chosen.add_argument("folder", type=Path)
    chosen.add_argument("--runtime", default="node", help="the command that runs JavaScript")
    chosen = commands.add_parser("publish", help="publish what a registry does not have yet")
    chosen.add_argument("registry", choices=["npm", "crates"])
    commands.add_parser("check", help="all of it, as far as this machine goes")
    arguments = vars(parser.parse_args())
    return COMMANDS[arguments.pop("command")](**arguments) or 0


def stage() -> int:
    address = project.address()
    if address is None:
        print("the repository's address is not set: Cargo.toml, [workspace.metadata.release]")
        return 1
    emptied(build.OUT)
    emptied(profile.FOLDER)
    print(source.stage(address))
    return 0


def built(target: str, python: list[str] | None) -> None:
    platform = project.PLATFORMS[target]
    for interpreter in python or build.interpreters(platform):
        profile.wheel(platform, interpreter)
    profile.platform_package(platform)


def sources() -> None:
    build.sdist()
    build.main_package()
    build.crates()


def played(folder: Path, runtime: str) -> None:
    if (folder / "pypi").exists():
        print(play.python(folder))
    if (folder / "npm").exists():
        print(play.node(folder, *runtime.split()))


def published(registry: str) -> None:
    if registry == "npm":
        registries.publish_npm(build.OUT / "npm")
    else:
        registries.publish_crates(source.STAGED)


COMMANDS = {
    "version": versions.bump,
    "tag": versions.release,
    "ready": versions.ready,
    "stage": stage,
    "build": built,
    "sources": sources,
    "play": played,
    "publish": published,
    "check": check.main,
}


if __name__ == "__main__":
    sys.exit(main())
