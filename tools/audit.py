"""Holds the dependencies to their rules, and to the advisories where their databases can be reached."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import packages
from packages import ROOT, WORK

# What the tools print when it is the database that failed, not a dependency.
OUT_OF_REACH = (
    "failed to fetch advisory database",
    "audit endpoint returned an error",
    "could not be audited",
)


def audit(name: str, *command: str | Path) -> bool:
    """Runs one audit; gives whether it found nothing wrong, which out of reach also is."""
    done = subprocess.run(
        [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    output = done.stdout + done.stderr
    if any(words in output for words in OUT_OF_REACH):
        print(f"{name}: not audited, its database cannot be reached from here")
        return True
    print(f"{name}: {'nothing found' if done.returncode == 0 else output}")
    return done.returncode == 0


def main() -> int:
    packages.check_tools()
    tools = WORK / "cargo"
    packages.run("cargo", "install", "--quiet", "--locked", "--root", tools, "cargo-deny")
    deny = tools / "bin" / "cargo-deny"
    python = packages.environment("audit", "pip-audit>=2,<3")
    project = ["--local", "--skip-editable", "--progress-spinner", "off"]
    passed = [
        audit("crates: licences, bans, sources", deny, "check", "licenses", "bans", "sources"),
        audit("crates: advisories", deny, "check", "advisories"),
        audit("npm: advisories", "npm", "audit"),
        audit("PyPI: advisories", python, "-m", "pip_audit", *project),
    ]
    return int(not all(passed))


if __name__ == "__main__":
    sys.exit(main())
