"""What the packages are built of: a bill of materials and the licences of others, made from Cargo.lock."""

from __future__ import annotations

import json
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

from packages import ROOT

from release.project import CRATES, PLATFORMS, version

SBOM = "netgiro.cdx.json"
NOTICES = "THIRD-PARTY-NOTICES.txt"
# The crate that a package is built from, and the type that registries call the package by.
BUILT_FROM = {"pypi": "netgiro-python", "npm": "netgiro-node"}
LICENCE = re.compile(r"(?i)(licen[cs]e|copying|copyright|notice|unlicense)")
HEAD = """\
This package contains the software of others, each under the licence that follows its name. Where several licences are
joined by OR, any one of them may be taken. The Rust standard library (https://github.com/rust-lang/rust, MIT OR
Apache-2.0) is part of it too.
"""


class Dependencies:
    """Every crate that is linked into one of the workspace's, on any platform."""

    def __init__(self, root: Path) -> None:
        platforms = [f"--filter-platform={target}" for target in PLATFORMS]
        command = ["cargo", "metadata", "--locked", "--format-version", "1", *platforms]
        done = subprocess.run(command, cwd=root, check=True, capture_output=True)
        graph = json.loads(done.stdout)
        self.crates: dict[str, dict[str, Any]] = {crate["id"]: crate for crate in graph["packages"]}
        self.linked = {node["id"]: linked(node) for node in graph["resolve"]["nodes"]}
        self.checksums = checksums((root / "Cargo.lock").read_text(encoding="utf-8"))

    def of(self, name: str) -> list[str]:
        """The ids of a workspace's crate and of all that is linked into it, the crate's own first."""
        own = next(
            key
            for key, crate in self.crates.items()
            if crate["name"] == name and not crate["source"]
        )
        found = [own]
        for each in found:
            found += [key for key in self.linked[each] if key not in found]
        return found

    def sbom(self, kind: str, name: str, date: str) -> dict[str, Any]:
        """A bill of materials in CycloneDX. It names no folder, and is the same wherever it is made."""
        ids = self.of(BUILT_FROM.get(kind, name))
        own = self.component(ids[0]) | {"name": name, "purl": f"pkg:{kind}/{name}@{version()}"}
        names = {key: purl(self.crates[key]) for key in ids} | {ids[0]: own["purl"]}
        own["bom-ref"] = own["purl"]
        others = sorted((self.component(key) for key in ids[1:]), key=lambda each: each["purl"])
        depends = [
            {"ref": names[key], "dependsOn": sorted(names[each] for each in self.linked[key])}
            for key in sorted(ids, key=names.__getitem__)
        ]
        identity = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([own, others, depends, date]))
        return {
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{identity}",
            "version": 1,
            "metadata": {"timestamp": date, "component": own},
            "components": others,
            "dependencies": depends,
        }

    def notices(self, name: str) -> str:
        """The licences of others that come with a package, each text once."""
        users: dict[str, list[str]] = {}
        for key in self.of(name):
            crate = self.crates[key]
            if crate["source"]:
                for text in licences(crate):
                    named = f"{crate['name']} {crate['version']} ({crate['license']})"
                    users.setdefault(text, []).append(named)
        parts = [HEAD]
        for text, crates in sorted(users.items(), key=lambda each: sorted(each[1])):
            listed = "\n".join(f"- {each}" for each in sorted(crates))
            parts.append(f"{'=' * 80}\n{listed}\n\n{text}\n")
        return "\n".join(parts)

    def component(self, key: str) -> dict[str, Any]:
        crate = self.crates[key]
        made: dict[str, Any] = {
            "type": "library",
            "bom-ref": purl(crate),
            "name": crate["name"],
            "version": crate["version"],
            "licenses": [{"expression": crate["license"].replace("/", " OR ")}],
            "purl": purl(crate),
        }
        if checksum := self.checksums.get((crate["name"], crate["version"])):
            made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return made


def linked(node: dict[str, Any]) -> list[str]:
    """The ids that a crate links, without what only builds or tests it."""
    return [
        each["pkg"]
        for each in node["deps"]
        if any(kind["kind"] is None for kind in each["dep_kinds"])
    ]


def purl(crate: dict[str, Any]) -> str:
    return f"pkg:cargo/{crate['name']}@{crate['version']}"


def checksums(lock: str) -> dict[tuple[str, str], str]:
    """The checksums in Cargo.lock, by name and version."""
    pattern = r'name = "(.+)"\nversion = "(.+)"\nsource = .+\nchecksum = "(.+)"'
    return {(name, number): checksum for name, number, checksum in re.findall(pattern, lock)}


def licences(crate: dict[str, Any]) -> list[str]:
    """The texts that a crate is licensed under, as it brings them; some bring none, and only name theirs."""
    folder = Path(crate["manifest_path"]).parent
    files = sorted(path for path in folder.iterdir() if LICENCE.match(path.name) and path.is_file())
    if files:
        return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]
    if "Apache-2.0" in crate["license"]:
        return [(ROOT / "LICENSE-APACHE").read_text(encoding="utf-8").strip()]
    if "MIT" in crate["license"]:
        terms = (ROOT / "LICENSE-MIT").read_text(encoding="utf-8").partition("\n\n")[2]
        terms = terms.partition("\n\n")[2]
        return [
            f"MIT License\n\nCopyright (c) {', '.join(crate['authors']) or crate['name']}\n\n{terms}".strip()
        ]
    message = f"{crate['name']} {crate['version']} brings no licence: {crate['license']}"
    raise ValueError(message)


def write(root: Path, date: str) -> None:
    """Writes the bills and the notices into a copy of the source, beside each package's manifest."""
    found = Dependencies(root)
    for kind, name, folder in packages():
        path = root / folder
        bill = found.sbom(kind, name, date)
        (path / SBOM).write_text(
            json.dumps(bill, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        (path / NOTICES).write_text(found.notices(BUILT_FROM.get(kind, name)), encoding="utf-8")


def packages() -> list[tuple[str, str, str]]:
    """Each package that is published: its registry's type, its name, and the folder of its manifest or build."""
    crates = [("cargo", name, f"crates/{name}") for name in CRATES]
    return [("pypi", "netgiro", "."), ("npm", "netgiro", "node"), *crates]
