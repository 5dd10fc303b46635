"""The fixtures, in sessions of their own."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

USES = """
    import pytest
    import netgiro

    kept = []

    def test_a_checkout(netgiro_simulator, netgiro_client):
        cart = netgiro_client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
        netgiro_simulator.confirm(cart)
        assert netgiro_client.check_cart(cart).is_paid
        kept.append((netgiro_simulator.url, netgiro_client))

    def test_another_has_a_simulator_of_its_own(netgiro_simulator, netgiro_client):
        assert netgiro_simulator.carts() == []
        (url, client), = kept
        assert netgiro_simulator.url != url
        with pytest.raises(netgiro.ConfigurationError, match="closed"):
            client.check_cart("0f0e0d0c-0b0a-4908-8706-050403020100")

    @pytest.mark.netgiro_simulator(check_interval=0.5)
    class TestOptions:
        def test_of_the_class(self, netgiro_client):
            assert insert(netgiro_client).check_interval == 0.5

        @pytest.mark.netgiro_simulator(check_interval=0.25, decimals=2)
        def test_of_the_test(self, netgiro_simulator, netgiro_client):
            cart = insert(netgiro_client)
            assert cart.check_interval == 0.25
            netgiro_simulator.confirm(cart)
            assert str(netgiro_client.check_cart(cart).payment.total_amount) == "4990.00"

    def insert(client):
        return client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
"""

ASYNC = """
    import pytest

    {mark}
    @pytest.mark.parametrize("number", [1, 2])
    async def test_a_checkout(netgiro_simulator, netgiro_async_client, number):
        client = netgiro_async_client
        cart = await client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
        netgiro_simulator.confirm(cart)
        assert (await client.check_cart(cart)).is_paid

    def test_the_sync_one_beside_it(netgiro_client, netgiro_async_client):
        assert netgiro_client.base_url == netgiro_async_client.base_url
    {more}
"""

STRICT = ["-Werror", "--strict-markers", "--strict-config"]


def test_a_simulator_for_each_test(pytester):
    pytester.makepyfile(USES)
    pytester.runpytest_subprocess("-pno:asyncio", *STRICT).assert_outcomes(passed=4)


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_pytest_asyncio(pytester, mode):
    pytest.importorskip("pytest_asyncio")
    pytester.makeini(
        f"[pytest]\nasyncio_mode = {mode}\nasyncio_default_fixture_loop_scope = function\n"
    )
    pytester.makepyfile(ASYNC.format(mark="@pytest.mark.asyncio", more=""))
    pytester.runpytest_subprocess(*STRICT).assert_outcomes(passed=3)


def test_anyio(pytester):
    pytest.importorskip("anyio")
    backend = """
    @pytest.fixture
    def anyio_backend():
        return "asyncio"
    """
    pytester.makepyfile(ASYNC.format(mark="@pytest.mark.anyio", more=backend))
    pytester.runpytest_subprocess("-pno:asyncio", *STRICT).assert_outcomes(passed=3)


def test_fixtures_are_listed_with_what_they_do(pytester):
    listed = pytester.runpytest_subprocess("--fixtures", "-pno:asyncio").stdout.str()
    for name in ("netgiro_simulator", "netgiro_client", "netgiro_async_client"):
        assert name in listed
    assert "and close it afterwards" in listed


def test_a_session_without_them_imports_nothing_for_them(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert "netgiro.pytest_plugin" in sys.modules
            for other in ("asyncio", "sqlite3", "flask", "fastapi", "celery", "django", "netgiro.webhook"):
                assert other not in sys.modules, other
        """
    )
    pytester.runpytest_subprocess("-pno:asyncio", "-pno:anyio", *STRICT).assert_outcomes(passed=1)


def test_it_can_be_left_out(pytester):
    pytester.makepyfile("def test_it(netgiro_simulator): pass")
    left_out = pytester.runpytest_subprocess("-pno:netgiro", "-pno:asyncio")
    left_out.assert_outcomes(errors=1)
