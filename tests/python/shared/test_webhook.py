"""What a callback's route answers, and what follows the 200: the shared vectors, by the package's own drivers."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from types import SimpleNamespace
from uuid import UUID

import pytest

import netgiro
from harness import vectors
from netgiro import _netgiro
from netgiro.webhook import Order, Refusal, Webhook
from netgiro.webhook.followup import FollowUp
from netgiro.webhook.route import Accepted
from netgiro.webhook.sync_or_async import run

CART = vectors("callbacks/webhook", "transaction_id")
NAMES = {"read_body", "verify"}


def named(part):
    return [pytest.param(case, id=case["name"]) for case in vectors("callbacks/webhook", part)]


def cart_of(order):
    return netgiro.Cart(order["cart"] or CART, amount=order["amount"], reference=order["reference"])


# --- the decisions themselves


def tell(request, outcome):
    """Report what came of an action, as a driver does."""
    if isinstance(outcome, str):
        return getattr(request, outcome)()
    ((name, given),) = outcome.items()
    if name == "verified":
        given = (given["cart"], *(given[each] for each in ("amount", "reference", "signature")))
        return request.verified(given[0], given[1] and Decimal(given[1]), *given[2:])
    if name == "order":
        given = given and cart_of(given)
    return getattr(request, name)(*given if name == "refused" else [given])


@pytest.mark.parametrize("case", named("routes"))
def test_routes(case):
    route = _netgiro.CallbackRoute(has_guard=case["has_guard"])
    for script in case["requests"]:
        request = route.request(script["method"])
        for step in script["steps"]:
            assert request.action == step["action"]
            assert request.status == 0
            assert tell(request, step["outcome"]) == request.action
        expected = script["answer"]
        assert (request.action, request.status) == ("answer", expected["status"])
        assert expected["reason_contains"] in request.reason
        text, header = _netgiro.callback_answer(expected["status"])
        assert [text, header and list(header)] == [expected["text"], expected["header"]]


def error_of(code):
    classes = [getattr(netgiro, name) for name in netgiro.__all__ if name.endswith("Error")]
    return next((each(code) for each in classes if each.code == code), RuntimeError("no code"))


@pytest.mark.parametrize("case", named("follow_ups"))
def test_follow_ups(case):
    start = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=case["now"])
    if case["plan"] == "after_callback":
        follow_up = _netgiro.FollowUp(CART, now=start)
    else:
        poll = netgiro.CartPoll(CART, now=start)
        follow_up = _netgiro.FollowUp.in_messages(poll, case["failures"])
    for step in case["steps"]:
        assert follow_up.action == step["action"]
        delay = follow_up.delay
        assert delay == (step["delay_ms"] / 1000 if "delay_ms" in step else None)
        if step["action"] == "call":
            assert follow_up.poll.state.status == step["status"]
        now = start + timedelta(milliseconds=step["now_ms"])
        outcome = step["outcome"]
        if isinstance(outcome, str):
            getattr(follow_up, outcome)()
        elif "claimed" in outcome:
            follow_up.claimed(outcome["claimed"])
        elif "checked" in outcome:
            seen = partial(follow_up.poll.answered, outcome["checked"])
            follow_up.checked(seen(sent_at=now, now=now, jitter=0), now=now)
        else:
            follow_up.failed(error_of(outcome["failed"]), elapsed=step["now_ms"] / 1000)
    goes_on = case["steps"][-1]["action"] == "wait"
    assert (follow_up.action == "end") is not goes_on


# --- the drivers


class Shop:
    """A shop's functions, a guard and a client, which do what a script says, and are called in its order."""

    def __init__(self, steps):
        self.steps = iter(steps)

    def next(self, action):
        step = next(self.steps)
        assert step["action"] == action
        outcome = step["outcome"]
        if outcome == "canceled":
            raise asyncio.CancelledError
        if isinstance(outcome, str):
            return None
        ((name, given),) = outcome.items()
        if name == "refused":
            raise Refusal(*given)
        if name in {"failed", "unusable"}:
            raise RuntimeError(given)
        if name == "not_kronur":
            return {"cart": None, "amount": "49.90", "reference": "order-1"}
        return given

    def order(self, callback):
        assert str(callback.transaction_id) == CART
        order = self.next("find_order")
        return order and Order(order["amount"], order["reference"], order["cart"])

    def record(self, _callback):
        self.next("record")

    def is_first(self, nonce, signature):
        assert (nonce, len(signature)) == ("1", 64)
        return self.next("ask_guard")

    def forget(self, nonce, signature):
        assert (nonce, len(signature)) == ("1", 64)
        self.next("forget")


SECRET = "a-secret"
URL = "https://shop.example/netgiro/callback"
# What a shop's functions cannot bring about, or what is a fault of its client.
NOT_BY_A_SHOP = {"what does not come of an action is not accepted", "it cannot be verified"}


def signed(told):
    amount = "null" if told["amount"] is None else told["amount"]
    reference = "null" if told["reference"] is None else f'"{told["reference"]}"'
    info = f'"TransactionId":"{told["cart"]}","ReferenceNumber":{reference},"TotalAmount":{amount}'
    # Another signature is another callback.
    message = told["signature"]
    body = f'{{"Success":true,"ResultCode":10200,"Message":"{message}","PaymentInfo":{{{info}}}}}'
    signature = netgiro.sign(SECRET, "1", URL, body)
    return {"netgiro_nonce": "1", "netgiro_signature": signature}, body.encode()


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("case", named("routes"))
def test_a_webhook_does_what_is_decided(case, kind):
    requests = case["requests"]
    if case["name"] in NOT_BY_A_SHOP or {each["method"] for each in requests} != {"POST"}:
        return
    client = netgiro.Client("881E674F-7891-4C20-AFD8-56FE2624C4B5", SECRET)
    shop = Shop([])
    webhook = Webhook(
        order=shop.order,
        record=shop.record,
        replay_guard=shop if case["has_guard"] else None,
    )
    for script in requests:
        actions = {step["action"]: step["outcome"] for step in script["steps"]}
        size = actions["read_body"].get("body")
        if size is None:
            return  # its framework reads the body
        told = actions.get("verify", {}).get("verified")
        headers, body = signed(told) if told else ({}, b"{}")
        body = body if size < 50_000 else body.ljust(size)
        if size == 64 * 1024:
            return  # what is signed is shorter
        shop.steps = iter(step for step in script["steps"] if step["action"] not in NAMES)
        expected = script["answer"]
        statuses = {expected["status"], 503 if expected["status"] == 500 else expected["status"]}
        try:
            if kind == "sync":
                webhook.receive(client, url=URL, headers=headers, body=body)
            else:
                asyncio.run(webhook.receive_async(client, url=URL, headers=headers, body=body))
            status, reason = 200, ""
        except Refusal as refusal:
            status, reason = refusal.status, refusal.reason
        except asyncio.CancelledError:
            status, reason = 503, "the request was canceled"
        assert status in statuses
        if told and status != 500:
            assert expected["reason_contains"] in reason
        assert next(shop.steps, None) is None
    client.close()


@pytest.mark.parametrize("case", named("follow_ups"))
def test_a_follow_up_does_what_is_decided(case, monkeypatch):
    if case["plan"] != "after_callback" or "stopped" in str(case["steps"]):
        return  # Celery's, or JavaScript's alone
    steps = iter(case["steps"])
    start = datetime.now(timezone.utc)
    clock = SimpleNamespace(monotonic=lambda: 0.0)
    monkeypatch.setattr("netgiro.webhook.followup.time", clock)

    def do(action, *arguments):
        step = next(steps)
        assert step["action"] == action
        clock.monotonic = lambda: step["now_ms"] / 1000
        outcome = step["outcome"]
        if isinstance(outcome, str):
            assert outcome == "done"
            return None
        if "failed" in outcome:
            raise error_of(outcome["failed"])
        if "claimed" in outcome:
            return outcome["claimed"]
        (poll,) = arguments
        now = max(poll.next_check_at, start + timedelta(milliseconds=step["now_ms"]))
        return poll.answered(outcome["checked"], sent_at=now, now=now, jitter=0)

    class Ledger:
        claim = partial(do, "claim")
        release = partial(do, "release")
        done = partial(do, "done")

    def settled(state, callback):
        assert callback is accepted.callback
        assert state.is_final
        do("call")

    accepted = Accepted(object(), netgiro.Cart(UUID(CART), reference="order-1", amount=4990))
    follow_up = FollowUp(accepted, settled, Ledger, partial(do, "check"))
    delay = run(follow_up.attempt())
    for step in steps:
        assert (step["action"], step["outcome"]) == ("wait", "done")
        # What has passed meanwhile is not waited for.
        assert 0 <= delay <= step["delay_ms"] / 1000
        delay = run(follow_up.attempt()) if step is not case["steps"][-1] else None
    assert delay is None
