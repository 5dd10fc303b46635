"""Plays the installed wheel on the platform it is for: a checkout, asyncio, TLS, many carts at once, and the command.

Needs nothing but Python. Prints what came out; a wrong outcome is an error.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import subprocess
import sys
import sysconfig

import netgiro

CARTS = 2000
ORDER = {"amount": 4990, "customer_id": "811-1111"}
QUICK = netgiro.PollPolicy(min_interval=0.05, default_interval=0.05, max_interval=0.05)


def checkout() -> str:
    with netgiro.Simulator() as simulator, simulator.client() as client:
        cart = client.insert_cart(reference="order-1", **ORDER)
        state = client.settle_cart(cart, timeout=60, policy=QUICK)
        assert state.is_paid, state
        assert client.check_cart(cart).is_paid
        return state.status


async def asynchronous() -> str:
    async with netgiro.Simulator() as simulator, simulator.async_client() as client:
        orders = [client.insert_cart(reference=f"order-{n}", **ORDER) for n in range(20)]
        carts = await asyncio.gather(*orders)
        states = await asyncio.gather(
            *(client.settle_cart(cart, timeout=60, policy=QUICK) for cart in carts)
        )
        assert all(state.is_paid for state in states), states
        return states[0].status


def tls() -> str:
    with netgiro.Simulator(tls=True) as simulator, simulator.client() as client:
        assert client.base_url.startswith("https://"), client.base_url
        cart = client.insert_cart(reference="order-1", **ORDER)
        state = client.check_cart(cart)
        assert state.is_paid, state
        keys = [simulator.app_key, simulator.secret_key]
        with netgiro.Client(*keys, base_url=client.base_url) as stranger:
            try:
                stranger.check_cart(cart)
            except netgiro.ConnectError as error:
                assert "certificate" in str(error), error
            else:
                raise AssertionError("a certificate that nobody trusts was accepted")
        return state.status


def bulk() -> int:
    with netgiro.Simulator() as simulator, simulator.client() as client:
        cart = client.insert_cart(reference="order-1", **ORDER)
        results = client.check_many([cart.transaction_id] * CARTS)
        paid = sum(result.state.is_paid for result in results)
        assert paid == CARTS, paid
        return paid


def command() -> str:
    """The demonstration, by the command that the wheel installs."""
    runtime = os.environ.get("NETGIRO_RUNTIME", sys.executable).split("\n")
    done = subprocess.run(
        [*runtime, "-m", "netgiro", "--version"], check=True, capture_output=True, text=True
    )
    assert netgiro.__version__ in done.stdout, done.stdout
    return done.stdout.strip()


def main() -> None:
    played = {
        "version": netgiro.__version__,
        "python": f"{platform.python_version()}{getattr(sys, 'abiflags', '')}",
        "platform": f"{sysconfig.get_platform()} {' '.join(platform.libc_ver())}".strip(),
        "checkout": checkout(),
        "asyncio": asyncio.run(asynchronous()),
        "tls": tls(),
        "bulk": bulk(),
        "command": command(),
    }
    print(json.dumps(played))


if __name__ == "__main__":
    main()
