"""The packages that the pages name, and a simulator in place of Netgíró."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from netgiro import Simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    # It asks for a check each second, so that a page's poll is quick.
    # Its ids are new ones, since a Redis may have those of an earlier run.
    seed = secrets.randbits(53)
    with Simulator(seed, check_interval=1, callback_retry_delay=1) as simulator:
        yield simulator


@pytest.fixture
def node_folder() -> Iterator[Path]:
    """An empty folder below the packages that the pages' `npm install` lines name."""
    with tempfile.TemporaryDirectory(dir=os.environ["NETGIRO_NODE_PROJECT"]) as folder:
        yield Path(folder)
