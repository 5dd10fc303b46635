"""A panic inside is an exception that `except Exception` catches, and the next call works.

The module that panics is a build of its own, with the feature `panic-test`. It is made when
NETGIRO_STORM=full, or named by NETGIRO_PANIC_WHEEL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from harness import APP_KEY, FULL, SECRET_KEY, Answer, Server

ROOT = Path(__file__).parents[3]
PENDING = b'{"PaymentSuccessful":false,"PaymentInfo":null,"Success":true,"ResultCode":10425}'

SCRIPT = """
import asyncio, sys
import netgiro
from netgiro import _netgiro as inside

shop, later = netgiro.Client.from_env(), netgiro.AsyncClient.from_env()
id = "0f0e0d0c-0b0a-4908-8706-050403020100"

def panics(call):
    try:
        call()
    except Exception as error:
        assert type(error) is RuntimeError, repr(error)
        assert "netgiro has a bug" in str(error)
        assert "deliberately" not in str(error), "what panics say may hold anything"
    else:
        raise AssertionError("no panic")

async def of(awaitable):
    return await awaitable

async def next_of(stream):
    return await stream.__anext__()

async def all_at_once():
    calls = [of(inside.panic_in_a_call(later)) for _ in range(50)]
    calls += [of(later.check_cart(id)) for _ in range(50)]
    return await asyncio.gather(*calls, return_exceptions=True)

for _ in range(20):
    panics(inside.panic_at_once)
    panics(lambda: inside.panic_in_a_call(shop))
    assert shop.check_cart(id).status == "pending"
    panics(lambda: next(inside.panic_in_an_iterator(shop)))
    panics(lambda: asyncio.run(of(inside.panic_in_a_call(later))))
    panics(lambda: asyncio.run(next_of(inside.panic_in_an_iterator(later))))
    assert asyncio.run(of(later.check_cart(id))).status == "pending"
    brought = asyncio.run(all_at_once())
    assert [type(each) for each in brought[:50]] == [RuntimeError] * 50
    assert {str(each.status) for each in brought[50:]} == {"pending"}
assert len(shop.check_many([id] * 10)) == 10
assert netgiro.sign("a", "1", "b", b"")
print("well")
"""


@pytest.fixture(scope="module")
def panicking(tmp_path_factory):
    """A folder with the package whose module panics."""
    given = os.environ.get("NETGIRO_PANIC_WHEEL")
    folder = tmp_path_factory.mktemp("panicking")
    if given is None:
        if not FULL:
            pytest.skip("takes a build of its own: NETGIRO_STORM=full")
        if not find_spec("maturin"):
            pytest.skip("maturin is not there")
        target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "panic-test"
        subprocess.run(
            [sys.executable, "-m", "maturin", "build", "--quiet", "--profile", "dev", "--locked",
             "--features", "panic-test", "--out", folder],
            cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, check=True,
        )  # fmt: skip
        (given,) = folder.glob("*.whl")
    with zipfile.ZipFile(given) as wheel:
        wheel.extractall(folder)
    return folder


def test_no_panic_gets_out(panicking):
    server = Server(lambda _: Answer(200, PENDING))
    env = {
        **os.environ,
        "NETGIRO_APP_KEY": APP_KEY,
        "NETGIRO_SECRET_KEY": SECRET_KEY,
        "NETGIRO_BASE_URL": server.url,
        "PYTHONPATH": str(panicking),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    server.close()
    assert done.stdout == "well\n", done.stderr[-4000:]
    assert done.returncode == 0
    assert "deliberately" in done.stderr, "whoever looks for the bug finds it here"


def test_a_release_has_nothing_that_panics():
    from netgiro import _netgiro  # noqa: PLC0415

    assert not [name for name in dir(_netgiro) if "panic" in name]
