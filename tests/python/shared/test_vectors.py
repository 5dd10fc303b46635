"""Every shared vector, through the public API."""

from __future__ import annotations

import base64
import builtins
import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

import netgiro
from harness import (
    APP_KEY,
    FACES,
    SECRET_KEY,
    SOME_ID,
    VECTORS,
    Answer,
    Server,
    connect,
    vectors,
)
from netgiro import _netgiro


def cases(name, member="cases"):
    return [
        pytest.param(case, id=case.get("name", str(at)))
        for at, case in enumerate(vectors(name, member))
        if "python" in case.get("languages", ["python"])
    ]


def milliseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)


def instant(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=at)


def test_every_file_is_run():
    # Those of reconciliation and of wait_many are run by the crates that decide them.
    in_rust = {"reconciliation", "wait_many"}
    found = [*VECTORS.glob("*.json"), *VECTORS.glob("*/*.json")]
    files = {path.stem for path in found if path.parent.name != "scenarios"} - {"schema"} - in_rust
    run = "callbacks codes customer_messages customers errors lookups poll refusals requests responses signatures v2"
    run += " v2_carts webhook"
    assert files == set(run.split())


# --- signatures


@pytest.mark.parametrize("case", cases("requests/signatures"))
def test_signatures(case):
    parts = case["secret_key"], case["nonce"], case["url"]
    assert netgiro.sign(*parts, case["body"]) == case["signature"]
    assert netgiro.sign(*parts, case["body"].encode()) == case["signature"]


# --- requests

METHODS = {
    "InsertCart": "insert_cart",
    "CheckCart": "check_cart",
    "CancelCart": "cancel_cart",
    "ConfirmCart": "confirm_cart",
}


@pytest.mark.parametrize("case", cases("requests/requests"))
def test_requests(case, server, for_server):
    client = for_server()
    with pytest.raises(netgiro.NetgiroError):
        getattr(client, METHODS[case["endpoint"]])(**meant(case["arguments"]))
    request = server.requests[0]
    assert request.path == f"/v1/Checkout/{case['endpoint']}"
    assert request.body.decode() == case["body"]
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["netgiro_appkey"] == APP_KEY
    signed = SECRET_KEY, request.headers["netgiro_nonce"], server.url_of(request), request.body
    assert request.headers["netgiro_signature"] == netgiro.sign(*signed)


# --- refusals

KINDS = {
    "integer": int,
    "float": float,
    "whole_float": float,
    "decimal": Decimal,
    "boolean": lambda text: text == "true",
    "string": str,
    "null": lambda _: None,
}


def meant(value):
    """The value a case stands for."""
    if isinstance(value, dict) and set(value) == {"kind", "text"}:
        return KINDS[value["kind"]](value["text"])
    if isinstance(value, dict):
        return {name: meant(member) for name, member in value.items()}
    if isinstance(value, list):
        return [meant(member) for member in value]
    return value


def in_seconds(arguments):
    given = {}
    for name, value in arguments.items():
        if name.endswith("_ms"):
            given[name.removesuffix("_ms")] = value / 1000
        elif name == "policy":
            given[name] = netgiro.PollPolicy(**in_seconds(value))
        else:
            given[name] = value
    return given


def plain(text):
    return text.lower().replace(" ", "").replace("_", "")


@pytest.mark.parametrize("case", cases("requests/refusals"))
def test_refusals(case, server, for_server, face):
    client = for_server()
    kind = netgiro.Client if face == "sync" else netgiro.AsyncClient
    calls = {
        "client": lambda arguments: kind(**arguments),
        "check_many": lambda given: client.check_many(given.pop("transaction_ids"), **given),
        "wait_many": lambda given: list(client.wait_many(given.pop("transaction_ids"), **given)),
        "wait_for_cart": lambda given: client.wait_for_cart(given["transaction_id"]),
        "settle_cart": lambda given: client.settle_cart(given["transaction_id"]),
        "cart_poll": lambda given: netgiro.CartPoll(given.pop("transaction_id"), **given),
        "poll_from_json": lambda given: netgiro.CartPoll.from_json(given["text"]),
        "poll_step": lambda given: client.poll_step(given["text"]),
    }
    call = calls.get(case["call"]) or (lambda given: getattr(client, case["call"])(**given))
    with pytest.raises(netgiro.NetgiroError) as raised:
        call(in_seconds(meant(case["arguments"])))
    error = raised.value
    assert error.code == case["code"]
    assert isinstance(error, ValueError)
    assert error.request_sent == "no"
    for part in case["message_contains"]:
        assert plain(part) in plain(error.message)
    for part in case.get("message_lacks", ()):
        assert plain(part) not in plain(error.message)
        assert plain(part) not in plain(repr(error))
    assert server.requests == []


# --- responses


def compare(actual, expected):
    for name, value in expected.items():
        assert_member(getattr(actual, name.removesuffix("_ms")), name, value)


def assert_member(actual, name, expected):
    if expected is None:
        assert actual is None, name
    elif name.endswith("_ms"):
        assert actual == pytest.approx(expected / 1000), name
    elif isinstance(expected, dict):
        compare(actual, expected)
    elif isinstance(actual, UUID | Decimal):
        assert str(actual) == expected, name
    elif isinstance(actual, datetime):
        wanted = datetime.fromisoformat(expected.replace("Z", "+00:00"))
        assert milliseconds(actual) == milliseconds(wanted), name
        assert actual.utcoffset() == timedelta(0)
    else:
        assert type(actual) is type(expected) or isinstance(actual, str), name
        assert actual == expected, name


def play(case, face):
    """Have a server answer as the case says; what came of the call, and what was sent."""
    file = json.loads((VECTORS / "answers/responses.json").read_text(encoding="utf-8"))
    nonce = file["response_nonce"]

    def answer(request):
        if "then" in case and request.endpoint == "CheckCart":
            return Answer(200, case["then"].encode())
        body = (
            base64.b64decode(case["body_base64"])
            if "body_base64" in case
            else case["body"].encode()
        )
        signature = netgiro.sign(file["secret_key"], nonce, server.url_of(request), body)
        headers = {
            "absent": {},
            "valid": {"netgiro_nonce": nonce, "netgiro_signature": signature},
            "wrong": {"netgiro_nonce": nonce, "netgiro_signature": "0" * 64},
            "no_nonce": {"netgiro_signature": signature},
        }[case.get("response_signature", "absent")]
        headers |= case.get("headers", {})
        return Answer(case["http_status"], body, tuple(headers.items()))

    server = Server(answer)
    verification = case.get("response_verification", "if_present")
    policy = case.get("payment_info", "if_present")
    client = connect(face, server.url, response_verification=verification, payment_info=policy)
    arguments = dict(case["arguments"])
    if "cart" in case:
        arguments["transaction_id"] = netgiro.Cart(
            arguments["transaction_id"],
            reference=case["cart"]["reference"],
            amount=case["cart"]["amount"],
        )
    try:
        outcome = getattr(client, METHODS[case["endpoint"]])(**arguments)
    except netgiro.NetgiroError as error:
        outcome = error
    finally:
        client.close()
        server.close()
    for request in server.requests:
        signed = request.headers["netgiro_nonce"], server.url_of(request), request.body
        assert request.headers["netgiro_signature"] == netgiro.sign(SECRET_KEY, *signed)
    return outcome, server.requests


def played_at_once(cases, play):
    """All cases, played at the same time: most of it is waiting between attempts."""
    with ThreadPoolExecutor(16) as threads:
        return {
            (case["name"], face): threads.submit(play, case, face)
            for case in cases
            for face in FACES
        }


@pytest.fixture(scope="module")
def played():
    return played_at_once(vectors("answers/responses"), play)


def check_error(outcome, expected):
    assert isinstance(outcome, netgiro.NetgiroError), outcome
    facts = dict(expected)
    if "cause" in facts:
        cause = facts.pop("cause")
        assert (outcome.__cause__ and outcome.__cause__.code) == cause
    for part in facts.pop("message_contains", ()):
        assert plain(part) in plain(str(outcome))
    compare(outcome, facts)


@pytest.mark.parametrize("case", cases("answers/responses"))
def test_responses(case, face, played):
    outcome, requests = played[case["name"], face].result()
    expected = case["expect"]
    if "error" in expected:
        check_error(outcome, expected["error"])
    else:
        assert not isinstance(outcome, netgiro.NetgiroError), outcome
        compare(outcome, expected.get("cart") or expected["state"])
    assert len(requests) == case["requests"]
    nonces = [request.headers["netgiro_nonce"] for request in requests]
    assert len(set(nonces)) == len(nonces)


# --- the API's V2

V2 = vectors("v2/v2")


def play_v2(case, face):
    """Have a server answer as the case says; what came of the call, and what was sent."""
    earlier = case.get("after", [])
    answers = [{"http_status": 200, "body": '{"Success":true,"Message":null}'}] * len(earlier)
    answers += case["answers"]

    def answer(_request):
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if told.get("close"):
            return None
        headers = tuple(told.get("headers", {}).items())
        return Answer(told["http_status"], told["body"].encode(), headers)

    server = Server(answer)
    client = connect(face, server.url, timeout=60)

    def call(name, transaction_id=None, amount=None, *, cart=None, **given):
        if name == "create_checkout":
            return client.create_checkout(amount=amount, **given)
        known = cart and netgiro.Cart(transaction_id, reference="order-1", amount=cart["amount"])
        amounts = () if amount is None else (amount,)
        return getattr(client, name)(known or transaction_id, *amounts, **given)

    try:
        for arguments in earlier:
            call("refund_cart", **arguments)
        outcome = call(case["call"], **case["arguments"], cart=case.get("cart"))
    except netgiro.NetgiroError as error:
        outcome = error
    finally:
        client.close()
        server.close()
    return outcome, server.requests[len(earlier) :]


@pytest.fixture(scope="module")
def played_v2():
    return played_at_once(V2, play_v2)


@pytest.mark.parametrize("case", V2, ids=lambda case: case["name"])
def test_v2(case, face, played_v2):
    outcome, requests = played_v2[case["name"], face].result()
    expected = case["expect"]
    if "error" in expected:
        facts = dict(expected["error"])
        if "customer_message" in facts:
            assert outcome.customer_message("en") == facts.pop("customer_message")
        check_error(outcome, facts)
    else:
        ((kind, facts),) = expected.items()
        assert type(outcome) is getattr(netgiro, kind.capitalize()), outcome
        compare(outcome, facts)
    assert len(requests) == case["requests"]
    for request in requests:
        assert request.method == case["request"]["method"]
        assert request.path == case["request"]["path"]
        assert request.body.decode() == case["request"].get("body", "")
        assert request.headers["x-netgiro-api-key"] == APP_KEY
        assert not {"netgiro_appkey", "netgiro_nonce", "netgiro_signature"} & set(request.headers)


# --- carts looked up by their reference


def play_lookup(case, face):
    """Have a server answer as the case says; what came of the look-up, and what was sent."""
    answers = list(case["answers"])

    def answer(_request):
        told = answers.pop(0) if len(answers) > 1 else answers[0]
        if told.get("close"):
            return None
        headers = tuple(told.get("headers", {}).items())
        return Answer(told["http_status"], told["body"].encode(), headers)

    server = Server(answer)
    client = connect(face, server.url, timeout=60)
    try:
        outcome = client.find_by_reference(case["reference"], amount=case["amount"])
    except netgiro.NetgiroError as error:
        outcome = error
    finally:
        client.close()
        server.close()
    return outcome, server.requests, server.url


@pytest.fixture(scope="module")
def played_lookups():
    return played_at_once(vectors("answers/lookups"), play_lookup)


@pytest.mark.parametrize("case", cases("answers/lookups"))
def test_lookups(case, face, played_lookups):
    outcome, requests, base_url = played_lookups[case["name"], face].result()
    expected = case["expect"]
    if "error" in expected:
        facts = dict(expected["error"])
        if "customer_message" in facts:
            assert outcome.customer_message("en") == facts.pop("customer_message")
        check_error(outcome, facts)
    elif "none" in expected:
        assert outcome is None
    else:
        assert isinstance(outcome, netgiro.Cart), outcome
        compare(outcome, expected["cart"])
    assert len(requests) == case["requests"]
    for request in requests:
        assert (request.method, request.path, request.body) == ("GET", case["path"], b"")
        url = base_url.replace("/v1/", case["path"])
        nonce = request.headers["netgiro_nonce"]
        assert request.headers["netgiro_signature"] == netgiro.sign(SECRET_KEY, nonce, url, b"")
        assert "x-netgiro-api-key" not in request.headers


@pytest.mark.parametrize("case", cases("v2/v2", "redirects"))
def test_redirects(case, face):
    file = json.loads((VECTORS / "v2/v2.json").read_text(encoding="utf-8"))
    kind, _ = FACES[face]
    client = kind(APP_KEY, file["secret_key"])
    order = {name: case[name] for name in ("amount", "reference") if name in case}
    expected = case["expect"]
    if "error" in expected:
        with pytest.raises(netgiro.NetgiroError) as raised:
            client.verify_redirect(case["url"], **order)
        check_error(raised.value, expected["error"])
        return
    redirect = client.verify_redirect(case["url"], **order)
    assert type(redirect) is netgiro.Redirect
    assert type(redirect.amount) is Decimal
    compare(redirect, expected["redirect"])


# --- codes and statuses


def test_statuses_are_the_enum():
    statuses = vectors("answers/codes", "statuses")
    assert [status["status"] for status in statuses] == [str(s) for s in netgiro.CartStatus]
    for status in statuses:
        state = netgiro.CartState(SOME_ID, status["status"])
        assert state.is_final is status["is_final"]
        assert state.is_paid is status["is_paid"]
        poll = netgiro.CartPoll(SOME_ID, timeout=1000, now=instant(0))
        later = {"sent_at": instant(60_000), "now": instant(60_000)}
        assert poll.answered(state.status, **later).is_done is status["stops_waiting"]


@pytest.mark.parametrize("case", cases("answers/codes", "codes"))
def test_codes(case, server, for_server):
    told = {
        "PaymentSuccessful": case["is_paid"],
        "PaymentInfo": None,
        "Success": True,
        "Message": None,
        "ResultCode": case["code"],
    }
    server.answer = lambda _: Answer(200, json.dumps(told).encode())
    client = for_server()
    state = client.check_cart(SOME_ID)
    assert state.status == case["status"]
    assert state.result_code == case["code"]
    assert (state.is_final, state.is_paid) == (case["is_final"], case["is_paid"])


# --- the error table


def test_the_error_table_is_complete():
    table = vectors("answers/errors", "errors")
    classes = {
        name
        for name in netgiro.__all__
        if isinstance(getattr(netgiro, name), type)
        and issubclass(getattr(netgiro, name), netgiro.NetgiroError)
    }
    assert classes == {row["class"] for row in table} | {"NetgiroError"}


@pytest.mark.parametrize("row", cases("answers/errors", "errors"))
def test_error_classes(row):
    kind = getattr(netgiro, row["class"])
    assert issubclass(kind, netgiro.NetgiroError)
    assert kind.code == row["code"]
    if row["python_base"] is not None:
        assert issubclass(kind, getattr(builtins, row["python_base"]))
    error = kind("why")
    assert error.retryable is row["retryable"]
    for name in vectors("answers/errors", "attributes") + row["extra"]:
        assert hasattr(error, name)
    extras = {"reference", "idempotency_key", "retry_after", "state", "poll"} - set(row["extra"])
    assert not any(hasattr(error, name) for name in extras)


# --- customers


@pytest.mark.parametrize("case", cases("requests/customers", "accepted"))
def test_accepted_customers(case, server, for_server):
    client = for_server()
    with pytest.raises(netgiro.NetgiroError):
        client.insert_cart(amount=1, reference="r", customer_id=case["text"])
    assert json.loads(server.requests[0].body)["CustomerId"] == case["normalised"]


@pytest.mark.parametrize("case", cases("requests/customers", "refused"))
def test_refused_customers(case, server, for_server):
    client = for_server()
    with pytest.raises(netgiro.InvalidRequestError) as caught:
        client.insert_cart(amount=1, reference="r", customer_id=case["text"])
    assert caught.value.message.endswith(case["reason"])
    assert server.requests == []


# --- callbacks


@pytest.mark.parametrize("case", cases("callbacks/callbacks"))
def test_callbacks(case, face):
    secret = json.loads((VECTORS / "callbacks/callbacks.json").read_text(encoding="utf-8"))[
        "secret_key"
    ]
    kind = netgiro.Client if face == "sync" else netgiro.AsyncClient
    client = kind(APP_KEY, secret)
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"].encode()
    headers = case["headers"]
    if isinstance(headers, list):
        headers = [tuple(pair) for pair in headers]
    given = {"url": case["url"], "headers": headers, "body": body}
    if "error" in case["expect"]:
        with pytest.raises(netgiro.NetgiroError) as raised:
            client.verify_callback(**given)
        facts = dict(case["expect"]["error"])
        for part in facts.pop("message_contains", ()):
            assert plain(part) in plain(raised.value.message)
        compare(raised.value, facts)
        return
    callback = client.verify_callback(**given)
    expected = dict(case["expect"]["callback"])
    for match in expected.pop("matches", ()):
        assert callback.matches(match["amount"], match["reference"]) is match["matches"]
    compare(callback, expected)


# --- poll


def check_poll(poll, expected):
    for name, value in expected.items():
        if name in {"next_check_at", "deadline"}:
            assert milliseconds(getattr(poll, name)) == value, name
        elif name == "state":
            assert (poll.state and poll.state.status) == value
        else:
            assert getattr(poll, name) == value, name


def seen_of(told):
    if "status" in told:
        return told["status"]
    if "state" in told:
        state = dict(told["state"], payment_successful=False)
        if "payment" in state:
            state["payment"] = netgiro.PaymentInfo(**state["payment"])
        return netgiro.CartState(vectors("polling/poll", "transaction_id"), **state)
    error = told["error"]
    kind = next(
        row["class"] for row in vectors("answers/errors", "errors") if row["code"] == error["code"]
    )
    facts = {}
    if "http_status" in error:
        facts["http_status"] = error["http_status"]
    if "retry_after_ms" in error:
        facts["retry_after"] = error["retry_after_ms"] / 1000
    return getattr(netgiro, kind)("told so", **facts)


@pytest.mark.parametrize("case", cases("polling/poll", "tokens"))
def test_tokens(case):
    poll = netgiro.CartPoll.from_json(case["text"])
    check_poll(poll, case["expect"])
    assert netgiro.CartPoll.from_json(poll.to_json()) == poll
    assert pickle.loads(pickle.dumps(poll)) == poll


@pytest.mark.parametrize("case", cases("polling/poll"))
def test_poll(case):
    file = json.loads((VECTORS / "polling/poll.json").read_text(encoding="utf-8"))
    cart = file["transaction_id"]
    if "hint_ms" in case:
        hint = case["hint_ms"]
        cart = netgiro.Cart(
            cart,
            reference="order-1",
            amount=1000,
            check_interval=None if hint is None or hint <= 0 else hint / 1000,
        )
    policy = case["policy"] and netgiro.PollPolicy(**in_seconds(case["policy"]))
    poll = netgiro.CartPoll(
        cart, timeout=case["timeout_ms"] / 1000, policy=policy, now=instant(case["now"])
    )
    check_poll(poll, case["expect"])
    for step in case["steps"]:
        assert netgiro.CartPoll.from_json(poll.to_json()) == poll
        given = {
            "sent_at": instant(step["sent_at"]),
            "now": instant(step["now"]),
            "jitter": step["jitter"],
            "after_cancel": step["seen"].get("after_cancel", False),
        }
        expected = step.get("expect", {})
        raises = step.get("raises") or expected.get("raises")
        if raises:
            with pytest.raises(netgiro.NetgiroError) as raised:
                poll.answered(seen_of(step["seen"]), **given)
            error = raised.value
            assert error.code == (raises if isinstance(raises, str) else raises["code"])
            if error.code == "wait_timeout" and "poll" in expected:
                check_poll(error.poll, expected["poll"])
                assert error.state == error.poll.state
            break
        poll = poll.answered(seen_of(step["seen"]), **given)
        check_poll(poll, expected)


@pytest.mark.parametrize("case", vectors("polling/poll", "clocks"), ids=lambda case: case["name"])
def test_clocks(case):
    file = json.loads((VECTORS / "polling/poll.json").read_text(encoding="utf-8"))
    hint = {"reference": "order-1", "amount": 1000, "check_interval": case["hint_ms"] / 1000}
    cart = netgiro.Cart(file["transaction_id"], **hint)
    poll = netgiro.CartPoll(cart, timeout=case["timeout_ms"] / 1000, now=instant(case["now"]))
    for step in case["seen"]:
        times = {"sent_at": instant(step["sent_at"]), "now": instant(step["now"])}
        poll = poll.answered(step["status"], jitter=0, **times)
    if case["started_at_server"] is not None:
        token = json.loads(poll.to_json())
        token["schedule"]["started_at_server"] = instant(case["started_at_server"]).isoformat()
        poll = netgiro.CartPoll.from_json(json.dumps(token))
    now, server_now = case["clock"]["now"], case["clock"]["server_now"]
    moved = _netgiro.poll_on_clock(
        poll, instant(now), None if server_now is None else instant(server_now)
    )
    expected = dict(case["expect"])
    delay, is_over = expected.pop("delay_ms"), expected.pop("is_over")
    check_poll(moved, expected)
    assert _netgiro.poll_delay(moved, instant(now)) == delay / 1000
    late = pytest.raises(netgiro.WaitTimeoutError) if is_over else nullcontext()
    with late:
        moved.answered("pending", sent_at=instant(now), now=instant(now), jitter=0)


@pytest.mark.parametrize(
    "case", vectors("polling/poll", "backoffs"), ids=lambda case: str(case["failures"])
)
def test_backoffs(case):
    first, longest = case["first_ms"] / 1000, case["longest_ms"] / 1000
    assert _netgiro.backoff(first, case["failures"], longest) == case["delay_ms"] / 1000
