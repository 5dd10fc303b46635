"""The Rust of the pages: compiled against the crates of the workspace and run by rustdoc, against a simulator."""

from __future__ import annotations

import json
import os
import subprocess
from functools import cache
from pathlib import Path

import pytest
from page import PAGES, ROOT, Page
from shop import LONGEST

from netgiro import Simulator

# What a page's program may name; they stand in the crate's own [dependencies] and [dev-dependencies].
CRATES = {"netgiro", "netgiro_simulator", "opentelemetry", "tokio", "tracing_subscriber"}


@cache
def libraries() -> tuple[str, ...]:
    """What rustc compiled of these crates, as arguments."""
    command = ["cargo", "test", "-p", "netgiro", "--test", "layers", "--no-run", "--locked"]
    done = subprocess.run(
        [*command, "--message-format=json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=True,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    made = [each for each in messages if each["reason"] == "compiler-artifact"]
    files = {each["target"]["name"]: each["filenames"] for each in made}
    externs = [
        ("--extern", f"{name}={file}")
        for name in sorted(CRATES)
        for file in files[name]
        if file.endswith(".rlib")
    ]
    (first, *_) = files["netgiro"]
    return ("-L", f"dependency={Path(first).parent}", *(part for pair in externs for part in pair))


def is_in_rust(path: str) -> bool:
    return bool(Page(path).of("rust"))


@pytest.mark.parametrize("path", list(filter(is_in_rust, PAGES)))
def test_rust(path: str, tmp_path: Path, simulator: Simulator) -> None:
    blocks = Page(path).of("rust")
    page = tmp_path / Path(path).name
    page.write_text("\n".join(f"```\n{block.text}```\n" for block in blocks), encoding="utf-8")
    done = subprocess.run(
        ["rustdoc", "--test", "--edition=2024", *libraries(), page],
        cwd=tmp_path,
        env={
            **os.environ,
            "NETGIRO_APP_KEY": simulator.app_key,
            "NETGIRO_SECRET_KEY": simulator.secret_key,
            "NETGIRO_BASE_URL": simulator.url,
        },
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
    )
    assert f"{len(blocks)} passed" in done.stdout, done.stdout + done.stderr
