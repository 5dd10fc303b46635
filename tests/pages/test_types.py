"""Everything that the pages and the README show in Python or JavaScript is right to strict type checkers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from page import PAGES, ROOT, Page

# Django's `startproject` writes settings without types; a page appends to them.
SETTINGS = """
SECRET_KEY = "of this test"
INSTALLED_APPS = ["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes"]
"""


# What frames, clusters and Celery are made of has no types, or is not installed here.
UNTYPED = [
    "dask",
    "distributed",
    "duckdb",
    "kombu",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "ray",
]


def written(folder: Path, languages: dict[str, str]) -> list[str]:
    """Writes each page's files into a folder of its own; gives the folders.

    What names no file is one program from the page's beginning to its end, but in the README one
    each; these are in one folder, since they import nothing of each other.
    """
    programs = folder / "programs"
    programs.mkdir()
    projects = [programs.name]
    for path in PAGES:
        page = Page(path)
        name = Path(path).stem.replace("-", "_")
        blocks = page.of(*languages)
        for number, block in enumerate(blocks, 1):
            if block.file is None:
                part = f"_{number}" if path == "README.md" else ""
                with (programs / f"page_{name}{part}.{languages[block.language]}").open(
                    "a"
                ) as output:
                    output.write(block.text)
        if not any(block.file for block in blocks):
            continue
        project = folder / name
        project.mkdir()
        page.write(project)
        for settings in project.glob("shop/settings.py"):
            settings.write_text(SETTINGS + settings.read_text(encoding="utf-8"), encoding="utf-8")
        if name == "distributed":
            shutil.copy(ROOT / "examples/reconciliation/on_dask.py", project)
        projects.append(name)
    return projects


def run(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=folder, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="django-stubs wants a newer Python")
@pytest.mark.skipif(not find_spec("mypy_django_plugin"), reason="django-stubs is not there")
def test_mypy(tmp_path: Path) -> None:
    def check(project: str) -> str:
        folder = tmp_path / project
        files = [file.relative_to(folder) for file in folder.rglob("*.py")]
        lines = ["[mypy]", "strict = true", "explicit_package_bases = true"]
        if has_plugin(project):
            lines += ["plugins = mypy_django_plugin.main", "[mypy.plugins.django-stubs]"]
            lines += ['django_settings_module = "shop.settings"']
        else:
            lines.append("cache_dir = ../cache")
        for name in UNTYPED:
            lines += [f"[mypy-{name}.*]", "ignore_missing_imports = true"]
        (folder / "mypy.ini").write_text("\n".join(lines))
        return run([sys.executable, "-m", "mypy", *files], folder)

    def has_plugin(project: str) -> bool:
        return (tmp_path / project / "shop").is_dir()

    def in_turn(projects: list[str]) -> str:
        return "".join(map(check, projects))

    projects = written(tmp_path, {"python": "py"})
    # One cache serves several projects, but not at once. A plugin has a cache of its own.
    groups = [[project] for project in projects if has_plugin(project)]
    groups.append([project for project in projects if not has_plugin(project)])
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        wrong = "".join(threads.map(in_turn, groups))
    assert not wrong, wrong


def test_pyright(tmp_path: Path) -> None:
    projects = written(tmp_path, {"python": "py"})
    unknown = ["ArgumentType", "LambdaType", "MemberType", "ParameterType", "VariableType"]
    untyped = {
        "reportMissingImports": False,
        "reportMissingTypeStubs": False,
        **{f"reportUnknown{name}": False for name in unknown},
    }
    relaxed = {"bulk": untyped, "distributed": untyped}
    configuration = {
        "typeCheckingMode": "strict",
        "executionEnvironments": [
            {"root": project, **relaxed.get(project, {})} for project in projects
        ],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(configuration))
    pyright = Path(os.environ["NETGIRO_NODE_PROJECT"]) / "node_modules" / ".bin" / "pyright"
    wrong = run([pyright, "--pythonpath", sys.executable], tmp_path)
    assert not wrong, wrong


def test_tsc(node_folder: Path) -> None:
    languages = {"js": "mjs"}
    projects = written(node_folder, languages)
    configuration = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "allowJs": True,
            "checkJs": True,
            "skipLibCheck": True,
            "target": "ES2023",
            "module": "NodeNext",
            "types": ["node"],
        },
        "include": projects,
        # Configurations of bundlers that are not installed here: tests/bundlers runs them.
        "exclude": ["bundlers", "programs/page_bundlers.mjs"],
    }
    (node_folder / "tsconfig.json").write_text(json.dumps(configuration))
    tsc = node_folder.parent / "node_modules" / ".bin" / "tsc"
    wrong = run([tsc, "-p", node_folder], node_folder)
    assert not wrong, wrong
