"""The two packages' public surfaces against each other, and their tables against the core's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import netgiro

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DIFFERENCES = json.loads((HERE / "differences.json").read_text(encoding="utf-8"))
VECTORS = ROOT / "tests" / "vectors"

# What every record of Python has for itself: Node's are plain objects.
OF_EVERY_RECORD = {"to_dict", "to_json"}


def camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def public(names: Any) -> set[str]:
    return {name for name in names if not name.startswith("_")}


@cache
def core() -> dict[str, Any]:
    command = ["cargo", "run", "--quiet", "--locked", "-p", "netgiro", "--example", "tables"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    return dict(json.loads(output))


@cache
def node() -> dict[str, Any]:
    project = Path(os.environ["NETGIRO_NODE_PROJECT"])
    shutil.copy(HERE / "surface.mjs", project)
    command = ["node", "surface.mjs"]
    output = subprocess.run(command, cwd=project, check=True, capture_output=True).stdout
    return dict(json.loads(output))


def errors() -> dict[str, type[netgiro.NetgiroError]]:
    """The error classes below NetgiroError, by their code."""
    values = [getattr(netgiro, name) for name in netgiro.__all__]
    found = [
        value
        for value in values
        if isinstance(value, type)
        and issubclass(value, netgiro.NetgiroError)
        and value is not netgiro.NetgiroError
    ]
    return {error("").code: error for error in found}


def compare(python: set[str], in_node: set[str], excused: set[str]) -> None:
    """Fails when a name is missing on one side without a reason, or a reason is out of date."""
    as_node = {camel(name): name for name in python}
    only_python = {as_node[name] for name in as_node.keys() - in_node}
    only_node = in_node - as_node.keys()
    assert only_python | only_node == excused


def test_the_packages_export_the_same_names() -> None:
    compare(public(netgiro.__all__), set(node()["exports"]), set(DIFFERENCES["exports"]))


@pytest.mark.parametrize("name", ["Client", "CartPoll", "Simulator"])
def test_the_classes_have_the_same_members(name: str) -> None:
    python = public(dir(getattr(netgiro, name)))
    surface = node()["classes"][name]
    excused = {
        member
        for owner, member in (key.split(".") for key in DIFFERENCES["members"])
        if owner == name
    }
    compare(python, set(surface["members"] + surface["statics"]), excused)


def test_the_python_clients_have_the_same_members() -> None:
    assert public(dir(netgiro.Client)) == public(dir(netgiro.AsyncClient))


@pytest.mark.parametrize(
    "name",
    [
        "Cart",
        "CartState",
        "PaymentInfo",
        "CheckResult",
        "Refund",
        "Transaction",
        "Callback",
        "Settlement",
        "SettlementItem",
        "SimulatedCart",
        "SimulatedRefund",
        "SimulatedRequest",
        "SimulatedCallback",
    ],
)
def test_the_records_have_the_same_fields(name: str) -> None:
    excused = {key.removeprefix(f"{name}.") for key in DIFFERENCES["members"]}
    python = public(dir(getattr(netgiro, name))) - OF_EVERY_RECORD - excused
    assert {camel(field) for field in python} == set(node()["fields"][name])
    # A method of the core's type is a property in the other languages.
    assert set(core()["fields"].get(name, [])) <= python


def test_errors_carry_the_same_attributes() -> None:
    of_the_builtin = public(dir(TimeoutError()))
    ours = public(dir(netgiro.WaitTimeoutError(""))) - of_the_builtin - OF_EVERY_RECORD
    python = {camel(name) for name in ours}
    in_node = set(node()["error_attributes"]) - {"name", "cause"}
    assert python == in_node


def test_the_error_table_is_the_cores() -> None:
    table = {row["code"]: row["class"] for row in core()["errors"]}
    assert {code: error.__name__ for code, error in errors().items()} == table
    assert {row["code"]: row["class"] for row in node()["errors"]} == table
    vectors = json.loads((VECTORS / "answers/errors.json").read_text(encoding="utf-8"))
    assert set(table) <= set(re.findall(r'"code": "(\w+)"', json.dumps(vectors)))


def test_the_words_are_the_cores() -> None:
    for name, table in [
        ("CartStatus", [row["status"] for row in core()["statuses"]]),
        ("TransactionStatus", core()["transaction_statuses"]),
        ("ConfirmationType", core()["confirmation_types"]),
        ("Environment", core()["environments"]),
        ("PaymentInfoPolicy", core()["payment_info_policies"]),
        ("ResponseVerification", core()["response_verifications"]),
    ]:
        assert [word.value for word in getattr(netgiro, name)] == table
        types = (ROOT / "node" / "values.ts").read_text(encoding="utf-8")
        (union,) = re.findall(rf"export type {name} =([^;]*);", types)
        assert re.findall(r"'(\w+)'", union) == table


def test_every_difference_has_a_reason() -> None:
    reasons = [*DIFFERENCES["exports"].values(), *DIFFERENCES["members"].values()]
    assert all(len(reason.split()) > 2 for reason in reasons)
