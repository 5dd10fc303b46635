"""Libraries that freeze the clock in tests: nothing of theirs is left once time goes on."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

PROGRAM = """
    import datetime, sys
    {frozen}
    import netgiro, netgiro.settlements
    from netgiro import enums

    SOME_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


    def members():
        state = netgiro.CartState(SOME_ID, "pending")
        poll = netgiro.CartPoll(SOME_ID)
        with netgiro.Simulator() as simulator, simulator.client() as shop:
            cart = shop.insert_cart(amount=1, reference="r", customer_id="8223281")
            simulator.confirm(cart)
            checked = shop.check_cart(cart)
            yield from (simulator.now(), simulator.carts()[0].created, simulator.requests()[0].at)
            yield from (checked.checked_at, checked.payment.created)
            today = datetime.datetime.now(datetime.timezone.utc)
            shop.settlements(today, today)
            shop.settlements(datetime.date(2026, 1, 1), "2026-01-02")
        yield from (state.checked_at, poll.deadline, poll.next_check_at)
        now = datetime.datetime.now(datetime.timezone.utc)
        yield netgiro.CartPoll(SOME_ID, now=now).deadline
        yield netgiro.CartState(SOME_ID, "pending", checked_at=now).checked_at
        yield netgiro.PaymentInfo(created=now).to_dict()["created"]
        yield poll.answered("pending", now=now).next_check_at


    real = type(datetime.datetime.min) if not {is_frozen_first} else None
    {begin}
    during = list(members())
    {end}
    after = list(members())
    for value in during + after:
        assert type(value).__module__ == "datetime", type(value)
        assert type(value) is datetime.datetime, type(value)
    print("ok")
"""
FREEZEGUN = {
    "begin": "freezer = freezegun.freeze_time('2026-03-01 12:00:00'); freezer.start()",
    "end": "freezer.stop()",
}


@pytest.mark.parametrize("when", ["before the import", "after the import"])
def test_freezegun_leaves_nothing_behind(when):
    pytest.importorskip("freezegun")
    if when == "before the import":
        parts = {
            "frozen": f"import freezegun; {FREEZEGUN['begin']}",
            "begin": "",
            "end": FREEZEGUN["end"],
        }
    else:
        parts = {"frozen": "import freezegun", **FREEZEGUN}
    run(parts, is_frozen_first=when == "before the import")


@pytest.mark.skipif(sys.platform == "win32", reason="time-machine has no Windows")
def test_time_machine_leaves_nothing_behind():
    parts = {
        "frozen": "import time_machine",
        "begin": "travel = time_machine.travel('2026-03-01 12:00:00'); travel.start()",
        "end": "travel.stop()",
    }
    run(parts, is_frozen_first=False)


def run(parts: dict[str, str], *, is_frozen_first: bool) -> None:
    program = textwrap.dedent(PROGRAM).format(**parts, is_frozen_first=is_frozen_first)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.stdout.strip() == "ok", ended.stderr
