"""The README's first commands, in a shell, word for word: a simulator in the background, and a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from page import Page
from shop import LONGEST

README = Page("README.md")


def runs(commands: str, folder: Path, shell: str = "sh") -> str:
    environment = {name: value for name, value in os.environ.items() if "NETGIRO_" not in name}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    # The simulators of whoever runs the tests are none of theirs.
    environment["XDG_STATE_HOME"] = str(folder / "state")
    done = subprocess.run(
        [shell, "-ec", commands],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands(starting: str) -> str:
    (block,) = (block.text for block in README.of("sh") if block.text.startswith(starting))
    install, _, rest = block.partition("\n")
    assert install.startswith(starting)
    return rest


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_python(shell: str, tmp_path: Path) -> None:
    README.write(tmp_path)
    try:
        said = runs(commands("pip install netgiro"), tmp_path, shell)
        assert said.endswith("order-1001 is paid: ship it\n"), said
    finally:
        runs("netgiro simulator --stop", tmp_path)


def test_node(node_folder: Path) -> None:
    README.write(node_folder)
    try:
        said = runs(commands("npm install netgiro"), node_folder)
        assert said.endswith("order-1002 is paid: ship it\n"), said
    finally:
        runs("npx netgiro simulator --stop", node_folder)


def test_it_begins_with_them() -> None:
    first, second, *_ = README.of("sh")
    assert [block.text.splitlines()[0].split("  ")[0] for block in (first, second)] == [
        "pip install netgiro",
        "npm install netgiro",
    ]
