"""The commands of a release: `python -m release COMMAND`, with this folder's parent on PYTHONPATH."""

from __future__ import annotations

import argparse
import sys

from packages import emptied

from release import build, project, source, versions


def main() -> int:
    parser = argparse.ArgumentParser(prog="release", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    chosen = commands.add_parser("version", help="set the version of everything")
    chosen.add_argument("version", metavar="X.Y.Z")
    commands.add_parser(
        "tag", help="make the tag that releases this commit, or say what is missing"
    )
    commands.add_parser(
        "stage", help="copy the commit, with the address and the notices written in"
    )
    chosen = commands.add_parser("build", help="build what is published for these platforms")
    chosen.add_argument("targets", nargs="+", choices=project.PLATFORMS, metavar="TARGET")
    chosen.add_argument("--python", action="append", help="interpreters to build wheels for")
    commands.add_parser("sources", help="build what is the same on every platform")
    arguments = parser.parse_args()
    if arguments.command == "version":
        versions.bump(arguments.version)
    elif arguments.command == "tag":
        return versions.release()
    elif arguments.command == "stage":
        return stage()
    elif arguments.command == "build":
        for platform in map(project.PLATFORMS.__getitem__, arguments.targets):
            for python in arguments.python or [project.ABI3, project.FREE_THREADED]:
                build.wheel(platform, python)
            build.platform_package(platform)
    else:
        build.sdist()
        build.main_package()
        build.crates()
    return 0


def stage() -> int:
    address = project.address()
    if address is None:
        print("the repository's address is not set: Cargo.toml, [workspace.metadata.release]")
        return 1
    emptied(build.OUT)
    print(source.stage(address))
    return 0


if __name__ == "__main__":
    sys.exit(main())
