"""The stubs: checked against the module, against a strict consumer, and with docs in every place."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import netgiro
from netgiro import _netgiro

HERE = Path(__file__).parent
PACKAGE = Path(netgiro.__file__).parent
needs_mypy = pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not there")


def run(*command, cwd):
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_mypy
def test_a_strict_consumer(tmp_path):
    # Far from the source tree, so that mypy reads the installed package.
    consumer = tmp_path / "consumer.py"
    consumer.write_text((HERE / "consumer.py").read_text(encoding="utf-8"), encoding="utf-8")
    run("mypy", "--strict", "--python-version=3.10", consumer, cwd=tmp_path)


@needs_mypy
def test_the_package_itself_is_strict(tmp_path):
    # A framework's part is checked where the framework is, by its own suite.
    without = ["--exclude", "/netgiro/(django/|celery|fastapi|flask)"]
    configuration = tmp_path / "mypy.ini"
    configuration.write_text("[mypy-altair]\nignore_missing_imports = true\n", encoding="utf-8")
    strictly = ["mypy", "--config-file", configuration, "--strict", "--python-version=3.10"]
    run(*strictly, *without, "-p", "netgiro", cwd=tmp_path)


@needs_mypy
def test_stubs_say_what_the_module_has(tmp_path):
    run("mypy.stubtest", "netgiro._netgiro", cwd=tmp_path)


def test_the_package_is_marked_as_typed():
    assert (PACKAGE / "py.typed").exists()
    assert (PACKAGE / "_netgiro.pyi").exists()


def stub():
    return ast.parse((PACKAGE / "_netgiro.pyi").read_text(encoding="utf-8")).body


def described():
    for node in stub():
        if isinstance(node, ast.FunctionDef):
            yield pytest.param(node.name, node, id=node.name)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield pytest.param(node.name, node, id=node.name)
            for member in node.body:
                if isinstance(
                    member, ast.FunctionDef | ast.AsyncFunctionDef
                ) and not member.name.startswith("_"):
                    name = f"{node.name}.{member.name}"
                    yield pytest.param(name, member, id=name)


@pytest.mark.parametrize(("name", "node"), list(described()))
def test_docs_are_in_the_stub_and_in_help(name, node):
    said = ast.get_docstring(node)
    assert said, "the stub says nothing"
    there = _netgiro
    for part in name.split("."):
        there = getattr(there, part)
    shown = inspect.getdoc(there)
    assert shown, "help() says nothing"
    first = " ".join(said.split("\n\n")[0].split())
    assert " ".join(shown.split("\n\n")[0].split()) == first
    assert first.endswith((".", "`."))


@pytest.mark.parametrize("name", ["Client", "AsyncClient", "Simulator", "CartPoll", "CartItem"])
def test_help_shows_the_options(name):
    signature = inspect.signature(getattr(netgiro, name))
    (node,) = (each for each in stub() if isinstance(each, ast.ClassDef) and each.name == name)
    (new,) = (each for each in node.body if getattr(each, "name", "") in {"__new__", "__init__"})
    positional = [argument.arg for argument in new.args.args[1:]]
    keyword = [argument.arg for argument in new.args.kwonlyargs]
    assert list(signature.parameters) == positional + keyword
    defaults = [
        ast.literal_eval(each) for each in (*new.args.defaults, *new.args.kw_defaults) if each
    ]
    shown = [p.default for p in signature.parameters.values() if p.default is not p.empty]
    assert shown == defaults


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_methods_show_their_arguments(name):
    (node,) = (each for each in stub() if isinstance(each, ast.ClassDef) and each.name == name)
    for member in node.body:
        if getattr(member, "name", "_").startswith("_") or member.decorator_list:
            continue
        signature = inspect.signature(getattr(getattr(netgiro, name), member.name))
        args = member.args
        expected = [each.arg for each in (*args.args, *args.kwonlyargs)]
        assert list(signature.parameters) == expected, member.name


def test_both_clients_have_the_same_methods():
    def methods(kind):
        dunder = {"__enter__", "__exit__", "__aenter__", "__aexit__"}
        return {name: getattr(kind, name).__doc__ for name in dir(kind) if name not in dunder}

    ours, theirs = methods(netgiro.Client), methods(netgiro.AsyncClient)
    assert set(ours) == set(theirs)
    public = {name for name in ours if not name.startswith("_")}
    assert {name: ours[name] for name in public} == {name: theirs[name] for name in public}
