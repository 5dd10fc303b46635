from __future__ import annotations

import sys

import pytest

import netgiro
from harness import FACES, Server, connect

# The suite is about the package as it is installed, not about the source tree.
assert "site-packages" in netgiro.__file__, netgiro.__file__
assert not any(path.endswith("/python") and "tests" not in path for path in sys.path)


@pytest.fixture
def simulator():
    with netgiro.Simulator(check_interval=0.02) as simulator:
        yield simulator


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(params=FACES)
def face(request):
    return request.param


@pytest.fixture
def shop(simulator, face):
    """A client for the simulator, of both kinds in turn."""
    shop = connect(face, simulator.url)
    yield shop
    shop.close()


@pytest.fixture
def for_server(server, face):
    """A client for the scripted server, of both kinds in turn; call it with options."""
    made = []

    def make(**options):
        made.append(connect(face, server.url, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()
