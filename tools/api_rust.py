"""The public API of the Rust crates, read from rustdoc's JSON.

That output is unstable, so rustdoc alone runs with RUSTC_BOOTSTRAP=1: for cargo it would be a reason to compile every
dependency anew.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

from packages import ROOT, WORK

CRATES = ("netgiro", "netgiro-reconcile")
# The format that is read here. Of another toolchain the report is left as it is.
FORMAT = 57

Json = Any


def report() -> str:
    wrapper = WORK / "rustdoc"
    WORK.mkdir(exist_ok=True)
    wrapper.write_text('#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    lines: list[str] = []
    for crate in CRATES:
        command = ["cargo", "rustdoc", "--quiet", "--locked", "--lib", "--package", crate]
        options = ["-Z", "unstable-options", "--output-format", "json"]
        environment = {**os.environ, "RUSTDOC": str(wrapper), "RUSTDOCFLAGS": ""}
        subprocess.run([*command, "--", *options], cwd=ROOT, check=True, env=environment)
        metadata = subprocess.run(
            ["cargo", "metadata", "--format-version=1", "--no-deps", "--offline", "--locked"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        doc = ROOT / json.loads(metadata.stdout)["target_directory"] / "doc"
        content = json.loads((doc / f"{crate.replace('-', '_')}.json").read_text(encoding="utf-8"))
        if content["format_version"] != FORMAT:
            print(f"not checked: rustdoc's format is {content['format_version']}, not {FORMAT}")
            return (ROOT / "tests" / "api" / "rust.txt").read_text(encoding="utf-8")
        lines += Crate(content).lines()
    return "\n".join(lines).strip() + "\n"


class Crate:
    """The items of one crate, by their ids."""

    def __init__(self, content: Json) -> None:
        self.index = content["index"]
        self.root = content["root"]

    def lines(self) -> Iterator[str]:
        root = self.item(self.root)
        yield from self.module(root, root["name"])

    def item(self, place: int) -> Json:
        return self.index.get(str(place))

    def module(self, module: Json, path: str) -> Iterator[str]:
        yield from ("", f"# {path}", "")
        modules = []
        found = []
        for place in module["inner"]["module"]["items"]:
            item = self.item(place)
            name = item["name"]
            if "use" in item["inner"]:
                used = item["inner"]["use"]
                name, target = used["name"], self.item(used["id"])
                if target is None:
                    found.append((name, [f"use {used['source']}"]))
                    continue
                item = target
            if "module" in item["inner"]:
                modules.append((item, f"{path}::{name}"))
            else:
                found.append((name, list(self.described(item, name))))
        for _, lines in sorted(found):
            yield from lines
        for item, name in sorted(modules, key=lambda pair: pair[1]):
            yield from self.module(item, name)

    def described(self, item: Json, name: str) -> Iterator[str]:
        ((kind, inner),) = item["inner"].items()
        exhaustive = "non-exhaustive " if "non_exhaustive" in str(item["attrs"]) else ""
        if kind == "function":
            yield function(inner, name)
        elif kind in {"struct", "enum"}:
            yield f"{exhaustive}{kind} {name}{parameters(inner['generics'])}"
            if kind == "struct":
                yield from self.fields(inner["kind"])
            else:
                for place in inner["variants"]:
                    variant = self.item(place)
                    yield f"    {variant['name']}"
                    fields = self.fields(variant["inner"]["variant"]["kind"])
                    yield from (f"    {field}" for field in fields)
            yield from self.impls(inner["impls"])
        elif kind == "trait":
            yield f"trait {name}{parameters(inner['generics'])}{bounds(inner['bounds'], ': ')}"
            for place in inner["items"]:
                member = self.item(place)
                yield from (f"    {line}" for line in self.described(member, member["name"]))
        elif kind == "type_alias":
            yield f"type {name}{parameters(inner['generics'])} = {type_of(inner['type'])}"
        elif kind in {"constant", "assoc_const"}:
            yield f"const {name}: {type_of(inner['type'])}"
        else:
            yield f"{kind} {name}"

    def fields(self, kind: Json) -> Iterator[str]:
        if isinstance(kind, str):
            return
        ((form, given),) = kind.items()
        for at, place in enumerate(given if form == "tuple" else given["fields"]):
            field = None if place is None else self.item(place)
            if field is not None:
                name = at if form == "tuple" else field["name"]
                yield f"    {name}: {type_of(field['inner']['struct_field'])}"

    def impls(self, places: list[int]) -> Iterator[str]:
        traits = set()
        members = []
        for place in places:
            item = self.item(place)
            inner = item["inner"]["impl"] if item else None
            if inner is None or inner["is_synthetic"] or inner["blanket_impl"] is not None:
                continue
            if inner["trait"] is not None:
                traits.add(path_of(inner["trait"]))
                continue
            for member in map(self.item, inner["items"]):
                # What serde derives for a remote type is public, and nobody's to call.
                is_derived = member is not None and "'__" in str(member["inner"])
                if member is not None and member["visibility"] == "public" and not is_derived:
                    lines = [f"    {line}" for line in self.described(member, member["name"])]
                    members.append((member["name"], lines))
        for _, lines in sorted(members):
            yield from lines
        if traits - {"StructuralPartialEq"}:
            yield f"    impl {' + '.join(sorted(traits - {'StructuralPartialEq'}))}"


def function(inner: Json, name: str) -> str:
    header, signature = inner["header"], inner["sig"]
    words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
    inputs = ", ".join(
        receiver(given) if argument == "self" else f"{argument}: {type_of(given)}"
        for argument, given in signature["inputs"]
    )
    output = f" -> {type_of(signature['output'])}" if signature["output"] else ""
    called = f"{name}{parameters(inner['generics'])}({inputs}){output}"
    return " ".join([*words, "fn", called]) + where(inner["generics"])


def receiver(given: Json) -> str:
    shown = type_of(given)
    return {"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(shown, f"self: {shown}")


def parameters(generics: Json) -> str:
    shown = []
    for parameter in generics["params"]:
        ((kind, given),) = parameter["kind"].items()
        if kind == "type" and not given["is_synthetic"]:
            shown.append(parameter["name"] + bounds(given["bounds"], ": "))
        elif kind != "type":
            shown.append(parameter["name"])
    return f"<{', '.join(shown)}>" if shown else ""


def where(generics: Json) -> str:
    shown = [
        f"{type_of(given['type'])}{bounds(given['bounds'], ': ')}"
        for predicate in generics["where_predicates"]
        for kind, given in predicate.items()
        if kind == "bound_predicate"
    ]
    return f" where {', '.join(shown)}" if shown else ""


def bounds(given: list[Json], before: str) -> str:
    shown = []
    for bound in given:
        ((kind, inner),) = bound.items()
        if kind == "trait_bound":
            mark = "?" if inner["modifier"] == "maybe" else ""
            shown.append(mark + path_of(inner["trait"]))
        elif kind == "outlives":
            shown.append(inner)
    return before + " + ".join(shown) if shown else ""


def path_of(path: Json) -> str:
    return path["path"].rpartition("::")[2] + arguments_of(path["args"])


def arguments_of(args: Json) -> str:
    if not args or not isinstance(args, dict):
        return ""
    ((form, given),) = args.items()
    if form == "parenthesized":
        output = f" -> {type_of(given['output'])}" if given["output"] else ""
        return f"({', '.join(map(type_of, given['inputs']))}){output}"
    shown = [
        inner if kind == "lifetime" else type_of(inner) if kind == "type" else str(inner)
        for argument in given["args"]
        for kind, inner in argument.items()
    ]
    for constraint in given["constraints"]:
        ((_, bound),) = constraint["binding"].items()
        equal = type_of(bound["type"]) if isinstance(bound, dict) else bounds(bound, "")
        shown.append(f"{constraint['name']} = {equal}")
    return f"<{', '.join(shown)}>" if shown else ""


def type_of(given: Json) -> str:  # noqa: C901, PLR0911 - as many as there are kinds of types
    if given is None or isinstance(given, str):
        return given or "()"
    ((kind, inner),) = given.items()
    match kind:
        case "resolved_path":
            return path_of(inner)
        case "generic" | "primitive":
            return str(inner)
        case "tuple":
            return f"({', '.join(map(type_of, inner))})"
        case "slice":
            return f"[{type_of(inner)}]"
        case "array":
            return f"[{type_of(inner['type'])}; {inner['len']}]"
        case "impl_trait":
            return bounds(inner, "impl ")
        case "dyn_trait":
            traits = [path_of(each["trait"]) for each in inner["traits"]]
            return f"dyn {' + '.join(traits + ([inner['lifetime']] if inner['lifetime'] else []))}"
        case "borrowed_ref":
            lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
            return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{type_of(inner['type'])}"
        case "qualified_path":
            return f"{type_of(inner['self_type'])}::{inner['name']}"
        case "function_pointer":
            inputs = ", ".join(type_of(each) for _, each in inner["sig"]["inputs"])
            return f"fn({inputs}) -> {type_of(inner['sig']['output'])}"
    return kind
