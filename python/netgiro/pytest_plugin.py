"""Fixtures for a shop's tests: a simulator for each, and clients for it.

    def test_checkout(netgiro_simulator, netgiro_client):
        cart = netgiro_client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
        netgiro_simulator.confirm(cart.transaction_id)
        assert netgiro_client.check_cart(cart).is_paid

pytest loads this by itself where netgiro is installed; nothing else is imported before a fixture is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from netgiro import AsyncClient, Client, Simulator


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers",
        "netgiro_simulator(**options): options of netgiro.Simulator for the fixture netgiro_simulator",
    )


@pytest.fixture
def netgiro_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """Start a `netgiro.Simulator` for this test, and close it afterwards.

    `@pytest.mark.netgiro_simulator(check_interval=0.02)` gives it options; those of the test come
    before those of its class and module.
    """
    from netgiro import Simulator  # noqa: PLC0415 - most sessions need none

    options: dict[str, object] = {}
    for marker in request.node.iter_markers("netgiro_simulator"):
        options = {**marker.kwargs, **options}
    with Simulator(**options) as simulator:  # type: ignore[arg-type]
        yield simulator


@pytest.fixture
def netgiro_client(netgiro_simulator: Simulator) -> Iterator[Client]:
    """Make a `netgiro.Client` for this test's simulator, and close it afterwards."""
    with netgiro_simulator.client() as client:
        yield client


@pytest.fixture
def netgiro_async_client(netgiro_simulator: Simulator) -> Iterator[AsyncClient]:
    """Make a `netgiro.AsyncClient` for this test's simulator, and close it afterwards.

    Works with pytest-asyncio and with anyio's plugin on asyncio, whatever their mode: it is not bound to
    a loop.
    """
    import asyncio  # noqa: PLC0415 - most sessions need none

    client = netgiro_simulator.async_client()
    yield client
    # The test's loop may be closed by now; this one is nobody else's.
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(client.close())
    finally:
        loop.close()
