"""Builds both packages, plays the same five checkouts from Python and from Node, and compares."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import packages
from packages import ROOT, WORK

# What each checkout must come to, in both languages.
EXPECTED = {
    "accepted after two checks": "confirmed",
    "declined": "declined",
    "nobody answers": "canceled",
    "accepted during the cancel": "confirmed",
    "server callback": "confirmed",
}


def play(language: str, *command: str | Path, cwd: Path = ROOT) -> list[dict[str, object]]:
    print(f"\n{language}\n{'=' * len(language)}", flush=True)
    outcomes = WORK / f"demo-{language.lower()}.json"
    outcomes.unlink(missing_ok=True)
    subprocess.run([*command, outcomes], cwd=cwd, timeout=110, check=False)
    return json.loads(outcomes.read_text()) if outcomes.exists() else []


def main() -> int:
    packages.check_tools()
    print("Building the wheel and the tarball; the first time this takes some minutes.", flush=True)
    python = packages.environment("demo")
    packages.pip(python, "--force-reinstall", "--no-deps", packages.wheel())
    project = packages.node_project("demo", packages.tarball())
    script = project / "checkouts.mjs"
    script.write_bytes((ROOT / "demo" / "checkouts.mjs").read_bytes())

    played = {
        "Python": play("Python", python, ROOT / "demo" / "checkouts.py"),
        "Node": play("Node", "node", script, cwd=project),
    }

    print(f"\n{'':8}{'checkout':28}{'outcome':12}{'at Netgíró':12}")
    wrong = 0
    for language, outcomes in played.items():
        by_name = {outcome["checkout"]: outcome for outcome in outcomes}
        for name, expected in EXPECTED.items():
            outcome = by_name.get(name, {"status": "missing", "is_paid": None, "held_paid": None})
            is_right = outcome["status"] == expected and outcome["is_paid"] is outcome["held_paid"]
            wrong += not is_right
            held = {True: "paid", False: "not paid", None: "?"}[outcome["held_paid"]]
            verdict = "as it should be" if is_right else f"WRONG: {expected} was expected"
            print(f"{language:8}{name:28}{outcome['status']!s:12}{held:12}{verdict}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
