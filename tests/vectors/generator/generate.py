#!/usr/bin/env python3
"""Writes the vectors above it; with --check, verifies that the committed files are what it would write.

Plain standard library, deterministic. Each file is also validated against schema.json.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))

import schema  # noqa: E402

FILES = [
    *(f"requests/{name}" for name in ("signatures", "requests", "refusals", "customers")),
    *(f"answers/{name}" for name in ("responses", "lookups", "codes", "errors", "customer_messages")),
    *(f"callbacks/{name}" for name in ("callbacks", "webhook")),
    *(f"polling/{name}" for name in ("poll", "wait_many")),
    *(f"v2/{name}" for name in ("v2", "v2_carts")),
    "reconciliation",
]
SCENARIOS = ["insert_cart", "check_cart", "cancel_cart", "confirm_cart", "waiting", "settling"]


def documents():
    """Each file's name, and what is in it."""
    for name in FILES:
        module = importlib.import_module("cases." + name.replace("/", "."))
        yield name, document(name, name.rpartition("/")[2], module.ABOUT, module.build())
    scenarios = importlib.import_module("cases.scenarios")
    for part in SCENARIOS:
        name = f"scenarios/{part}"
        yield name, document(name, "scenarios", scenarios.ABOUT, scenarios.build(part))


def document(name, definition, about, made):
    up = "../" * name.count("/")
    return {"$schema": f"{up}schema.json#/$defs/{definition}", "about": about, **made}


def written(made):
    """The text of a file: one case a line, so that a change of one shows as one."""

    def compact(value):
        return json.dumps(value, ensure_ascii=False)

    def member(value):
        if not isinstance(value, list):
            return compact(value)
        return "[\n" + ",\n".join(f"    {compact(case)}" for case in value) + "\n  ]"

    members = ",\n".join(f"  {compact(name)}: {member(value)}" for name, value in made.items())
    return f"{{\n{members}\n}}\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a committed file differs")
    check = parser.parse_args().check
    rules = json.loads((VECTORS / "schema.json").read_text(encoding="utf-8"))
    stale = []
    for name, made in documents():
        lists = [made.get(part, []) for part in ("cases", "routes", "follow_ups", "redirects", "callbacks")]
        names = [case["name"] for cases in lists for case in cases]
        if len(names) != len(set(names)):
            raise SystemExit(f"{name}: a case's name is used twice: {sorted(n for n in names if names.count(n) > 1)}")
        text = written(made)
        schema.validate(json.loads(text), rules, made["$schema"].partition("schema.json")[2])
        path = VECTORS / f"{name}.json"
        if not check:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.exists() or path.read_bytes() != text.encode("utf-8"):
            stale.append(f"{name}.json")
        count = sum(len(value) for value in made.values() if isinstance(value, list))
        print(f"{name}.json: {count}")
    if stale:
        raise SystemExit(f"not what generate.py writes: {', '.join(stale)}")


if __name__ == "__main__":
    main()
