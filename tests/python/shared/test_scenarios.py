"""Every scenario of `tests/vectors/scenarios`: a simulator that fails as told, and what is said meanwhile.

Scenarios do little but wait. The first test that asks for an outcome plays all of them, many at a time:
blocking ones in threads, the others as tasks of one loop.
"""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from functools import cache

import pytest

import netgiro
from harness import VECTORS

AT_A_TIME = 16
ENDPOINTS = ["InsertCart", "CheckCart", "CancelCart", "ConfirmCart"]
FILES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((VECTORS / "scenarios").glob("*.json"))
}
CASES = {
    f"{name}: {case['name']}": (document, case)
    for name, document in FILES.items()
    for case in document["cases"]
}


def seconds(given):
    """Members as Python has them: seconds, where they are milliseconds."""
    return {
        name.removesuffix("_ms"): value / 1000 if name.endswith("_ms") and value else value
        for name, value in given.items()
    }


class Scenario:
    """One scenario in flight. Calls are awaited, also those of a client that blocks."""

    def __init__(self, document, case, simulator, client):
        self.order = document["order"]
        self.policy = netgiro.PollPolicy(**seconds(case.get("policy", document["policy"])))
        self.case = case
        self.simulator = simulator
        self.client = client
        self.cart = self.poll = None

    async def play(self):
        for step in self.case["steps"]:
            self.simulator.clear_faults()
            for fault in step.get("faults", ()):
                self.simulator.add_fault(**seconds({"endpoint": "*", **fault}))
            if customer := step.get("customer"):
                getattr(self.simulator, customer)(self.simulator.carts()[0].transaction_id)
            await self.pause(step.get("pause_ms", 0) / 1000)
            try:
                outcome = await self.call(step)
            except netgiro.NetgiroError as error:
                outcome = {"error": error}
            self.is_true(outcome)
            self.compare(step["expect"], outcome)
        self.end()

    async def pause(self, duration):
        await asyncio.sleep(duration)

    async def ask(self, method, *args, **kwargs):
        return await getattr(self.client, method)(*args, **kwargs)

    def make(self, **options):
        return self.simulator.async_client(**options)

    async def call(self, step):
        if "client_timeout_ms" not in step:
            return await self.called(step)
        patient = self.client
        timeout = {"timeout_ms": step["client_timeout_ms"]}
        self.client = self.make(**seconds(self.case["client"] | timeout))
        try:
            return await self.called(step)
        finally:
            self.client = patient

    async def called(self, step):
        given = dict(step.get("arguments", {}))
        cart = given.pop("transaction_id", self.cart)
        policy = step.get("policy")
        options = {"policy": netgiro.PollPolicy(**seconds(policy)) if policy else self.policy}
        if "timeout_ms" in step:
            options["timeout"] = step["timeout_ms"] / 1000
        followed = self.poll if step.get("resumes") and self.poll else cart
        match step["call"]:
            case "insert":
                self.cart = await self.ask("insert_cart", **{**self.order, **given})
                return {"cart": self.cart}
            case "check" | "cancel" | "confirm" as verb:
                return {"state": await self.ask(f"{verb}_cart", cart)}
            case "wait":
                return {"state": await self.ask("wait_for_cart", followed, **options)}
            case "settle":
                return {"state": await self.ask("settle_cart", followed, **options)}
            case "poll_step":
                poll = self.poll or netgiro.CartPoll(cart, **options)
                poll = netgiro.CartPoll.from_json(poll.to_json())
                if step["at"] == "due":
                    left = poll.next_check_at - datetime.now(timezone.utc)
                    await self.pause(max(0.0, left.total_seconds()) + 0.001)
                self.poll = await self.ask("poll_step", poll)
                return {"poll": self.poll}
            case other:
                raise AssertionError(other)

    def is_true(self, outcome):
        """What is said to be decided is decided so at the server."""
        (said,) = outcome.values()
        said = said if isinstance(said, netgiro.CartState) else getattr(said, "state", None)
        held = said and said.is_final and self.simulator.cart(said)
        if held:
            assert (said.status, said.is_paid) == (held.status, held.is_paid)

    def compare(self, expect, outcome):
        error = outcome.get("error")
        self.poll = getattr(error, "poll", None) or self.poll
        assert set(outcome) == set(expect), repr(error)
        if "cart" in expect:
            cart = outcome["cart"]
            wanted = expect["cart"]
            assert (cart.amount, cart.reference) == (wanted["amount"], wanted["reference"])
        elif "state" in expect:
            state = outcome["state"]
            wanted = expect["state"]
            assert (state.status, state.is_paid) == (wanted["status"], wanted["is_paid"])
        elif "poll" in expect:
            poll = outcome["poll"]
            wanted = expect["poll"]
            assert (poll.state and poll.state.status, poll.is_done) == (
                wanted["status"],
                wanted["is_done"],
            )
        else:
            for name, wanted in seconds(expect["error"]).items():
                told = getattr(error, "__cause__" if name == "cause" else name, None)
                if name == "cause":
                    told = told and told.code
                if name == "state":
                    told = told and told.status
                assert told == wanted, (name, repr(error))

    def end(self):
        requests = self.simulator.requests()
        for endpoint in ENDPOINTS:
            seen = sum(request.endpoint == endpoint for request in requests)
            wanted = self.case["requests"][endpoint]
            low, high = wanted if isinstance(wanted, list) else (wanted, wanted)
            assert low <= seen <= high, (endpoint, seen, wanted)
            assert endpoint != "InsertCart" or seen <= 1
        assert all(request.signature_ok for request in requests)
        held = [
            {"status": str(cart.status), "is_paid": cart.is_paid} for cart in self.simulator.carts()
        ]
        assert held == self.case["held"]


class BlockingScenario(Scenario):
    """The same in a thread of its own: what is awaited has happened by then."""

    async def pause(self, duration):
        time.sleep(duration)  # noqa: ASYNC251 - nobody else is here

    async def ask(self, method, *args, **kwargs):
        return getattr(self.client, method)(*args, **kwargs)

    def make(self, **options):
        return self.simulator.client(**options)

    def run(self):
        with pytest.raises(StopIteration):
            self.play().send(None)


def simulated(case):
    return netgiro.Simulator(**seconds(case["simulator"]))


def play_blocking(name):
    document, case = CASES[name]
    with simulated(case) as simulator, simulator.client(**seconds(case["client"])) as client:
        try:
            BlockingScenario(document, case, simulator, client).run()
        except (Exception, pytest.fail.Exception) as failure:  # noqa: BLE001 - the test raises it
            return failure
        return None


async def play_awaited(name, turn):
    document, case = CASES[name]
    async with turn:
        with simulated(case) as simulator:
            async with simulator.async_client(**seconds(case["client"])) as client:
                try:
                    await Scenario(document, case, simulator, client).play()
                except Exception as failure:  # noqa: BLE001 - the test raises it
                    return failure
                return None


@cache
def outcomes(face):
    if face == "sync":
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            return dict(zip(CASES, pool.map(play_blocking, CASES), strict=True))

    async def main():
        turn = asyncio.Semaphore(AT_A_TIME)
        return await asyncio.gather(*(play_awaited(name, turn) for name in CASES))

    return dict(zip(CASES, asyncio.run(main()), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_scenario(name, face):
    failure = outcomes(face)[name]
    if failure is not None:
        raise failure


def test_every_file_is_played():
    assert set(FILES) == {
        "cancel_cart",
        "check_cart",
        "confirm_cart",
        "insert_cart",
        "settling",
        "waiting",
    }
    assert len(CASES) == sum(len(document["cases"]) for document in FILES.values())
