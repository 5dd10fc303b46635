"""Writes the seed corpus of the fuzz targets from the shared vectors: fuzz/corpus/<target>/<number>."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
VECTORS = HERE.parent / "tests" / "vectors"
ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


def cases(name: str) -> list[dict]:
    return json.loads((VECTORS / f"{name}.json").read_text())["cases"]


def body(case: dict) -> bytes:
    if case.get("body_base64"):
        return base64.b64decode(case["body_base64"])
    return (case.get("body") or "").encode()


def responses() -> Iterator[bytes]:
    calls = {"CheckCart": b"K", "CancelCart": b"C", "ConfirmCart": b"F"}
    for case in cases("answers/responses"):
        if case["endpoint"] in calls:
            yield calls[case["endpoint"]] + body(case)


def callbacks() -> Iterator[bytes]:
    for case in cases("callbacks/callbacks"):
        yield b"0" + body(case)
        yield b"1" + body(case)
        headers = case["headers"]
        pairs = headers.items() if isinstance(headers, dict) else headers
        nonce = next((value for name, value in pairs if "nonce" in name.lower()), "")
        yield b"2" + f"{nonce}\n{case['url']}\n".encode() + body(case)


def tokens() -> Iterator[bytes]:
    schedule = {
        "policy": {"min_interval_ms": 1000, "default_interval_ms": 3000, "max_interval_ms": 60000},
        "hint_ms": 2000,
        "started_at": 1700000000000,
        "deadline": 1700000180000,
        "next_check_at": 1700000003000,
        "latest": 1700000000100,
        "failures": 1,
        "signature_failures": 0,
        "good_checks": 0,
        "multiplier": 2,
        "slow_checks": 0,
    }
    for status, code, done in [
        (None, None, False),
        ("pending", 10425, False),
        ("canceled", 10201, False),
        ("confirmed", 10200, True),
        ("not_found", 10424, True),
        ("confirmed", 10425, True),
    ]:
        state = status and {
            "transaction_id": ID,
            "status": status,
            "result_code": code,
            "payment_successful": status == "confirmed",
            "message": None,
            "payment": {"total_amount": "1000.00"},
            "reference_id": None,
            "checked_at": "2023-11-14T22:13:20Z",
        }
        token = {
            "version": 1,
            "transaction_id": ID,
            "amount": 1000,
            "reference": "order-1",
            "schedule": schedule,
            "is_done": done,
            "state": state,
        }
        yield json.dumps(token, separators=(",", ":")).encode()


def headers() -> Iterator[bytes]:
    for case in cases("callbacks/callbacks"):
        given = case["headers"]
        pairs = given.items() if isinstance(given, dict) else given
        yield b"\0" + b"".join(f"{name}:{value}\n".encode() for name, value in pairs)


def polls() -> Iterator[bytes]:
    for case in cases("polling/poll"):
        policy = case.get("policy") or {}
        seed = struct.pack(
            "<4I",
            policy.get("min_interval_ms", 1000),
            policy.get("default_interval_ms", 3000),
            policy.get("max_interval_ms", 60000),
            min(case.get("timeout_ms", 180000), 2**32 - 1),
        )
        for at, step in enumerate(case["steps"]):
            jitter = int(min(1, max(0, step.get("jitter") or 0)) * 252)
            seed += struct.pack("<4B2I", at % 24, jitter, 1, 0, 0, 50)
        yield seed


def v2_responses() -> Iterator[bytes]:
    calls = [
        "insert_cart",
        "check_cart",
        "capture_cart",
        "cancel_cart",
        "refund_cart",
        "get_transaction",
    ]
    statuses = [200, 201, 400, 401, 404, 409, 422, 429]
    for case in cases("v2/v2_carts") + cases("v2/v2"):
        if case["call"] not in calls:
            continue
        for answer in case["answers"]:
            if answer.get("http_status") in statuses:
                how = statuses.index(answer["http_status"]) * len(calls) + calls.index(case["call"])
                yield bytes([how]) + answer["body"].encode()


def v2_callbacks() -> Iterator[bytes]:
    for case in json.loads((VECTORS / "v2/v2_carts.json").read_text())["callbacks"]:
        for amount in ("4990", "4990.00"):
            yield f"{ID}\n{amount}\n{case['body']}".encode()


def redirects() -> Iterator[bytes]:
    for case in json.loads((VECTORS / "v2/v2.json").read_text())["redirects"]:
        yield b"!" + case["url"].encode()
    for status in "125":
        yield f"order-1\n{ID}\n123456\n4990\n{status}\n&x=1".encode()


for target, seeds in {
    "v2_response": v2_responses,
    "v2_callback": v2_callbacks,
    "redirect": redirects,
    "response": responses,
    "callback": callbacks,
    "token": tokens,
    "headers": headers,
    "poll": polls,
}.items():
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    written = sorted(set(seeds()))
    for at, seed in enumerate(written):
        (folder / f"seed-{at:03}").write_bytes(seed)
    print(f"{target}: {len(written)} seeds")
