"""A poll's token, version 1: one that is sound, and what nobody who polls can have written."""

import json

from reference import DEFAULT_POLICY, OTHER_TRANSACTION_ID, TRANSACTION_ID

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
PAYMENT = {"transaction_id": TRANSACTION_ID, "reference_number": "order-1", "status_id": 2, "total_amount": "1000.00"}
KEPT = object()


def state(status, result_code, payment_successful=False, payment=None, transaction_id=TRANSACTION_ID):
    return {
        "transaction_id": transaction_id,
        "status": status,
        "result_code": result_code,
        "payment_successful": payment_successful,
        "message": None,
        "payment": payment,
        "reference_id": None,
        "checked_at": "2026-01-01T00:00:03Z",
    }


def paid(result_code=10200, payment_successful=True, payment=KEPT, **changes):
    payment = PAYMENT | changes if payment is KEPT else payment
    return state("confirmed", result_code, payment_successful, payment)


def token(seen, is_done, *, amount=1000, reference="order-1", times=(), **members):
    """A token as the first versions wrote it, with `members` that later ones added; `times` are of its schedule."""
    schedule = {"policy": DEFAULT_POLICY, "hint_ms": 2000, "started_at": START, "deadline": START + 180_000}
    schedule |= {"next_check_at": START + 5000, "latest": START + 3040, "failures": 0, "signature_failures": 0}
    schedule |= {"good_checks": 1, "multiplier": 1, "slow_checks": 0} | dict(times)
    poll = {"version": 1, "transaction_id": TRANSACTION_ID, "amount": amount, "reference": reference}
    poll |= {"schedule": schedule, "is_done": is_done, "state": seen} | members
    return json.dumps(poll, separators=(",", ":"))


CODES = {
    "pending": (10425,),
    "needs_code": (10428,),
    "reserved": (10426,),
    "awaiting_callback": (10429,),
    "confirmed": (10200, 10203),
    "canceled": (10201, 10202),
    "declined": (10302, 10307, 10422, 10423),
    "not_found": (10424, 10304),
}
WAITING = ("pending", "awaiting_callback", "unknown")


def accepted():
    """Name, token, whether the poll is done, and the status it saw."""
    yield "before the first check", token(None, False), False, None
    yield "before the first check, only an id", token(None, False, amount=None, reference=None), False, None
    for status in ("pending", "awaiting_callback"):
        yield status, token(state(status, CODES[status][0]), False), False, status
        yield f"{status}, a status alone", token(state(status, None, None), False), False, status
    yield "an unknown code", token(state("unknown", 10999), False), False, "unknown"
    yield "a code that was not known then", token(state("unknown", 10426), False), False, "unknown"
    for status in ("needs_code", "reserved"):
        yield status, token(state(status, CODES[status][0]), True), True, status
        yield f"{status}, to be canceled", token(state(status, CODES[status][0]), False), False, status
    yield "paid", token(paid(), True), True, "confirmed"
    yield "paid, without PaymentInfo", token(paid(payment=None), True), True, "confirmed"
    yield "paid, by 10203 of CheckCart", token(paid(10203), True), True, "confirmed"
    other = paid(total_amount="7", reference_number="order-2")
    yield "paid, whose amount and reference are not known", token(other, True, amount=None, reference=None), True, "confirmed"
    yield "canceled", token(state("canceled", 10201), True), True, "canceled"
    yield "canceled by CancelCart", token(state("canceled", 10202, None), True), True, "canceled"
    yield "canceled, or not there yet", token(state("canceled", 10201), False), False, "canceled"
    yield "declined", token(state("declined", 10423), True), True, "declined"
    yield "not found", token(state("not_found", 10424), True), True, "not_found"
    yield "not found yet", token(state("not_found", 10424), False), False, "not_found"
    yield "not found any more", token(state("not_found", 10424), False, was_open=True), False, "not_found"
    for least, most in ((1, 1), (1, 2**32 - 1), (5000, 5000)):
        policy = {"min_interval_ms": least, "default_interval_ms": 1, "max_interval_ms": most}
        yield f"asking every {least} to {most} ms", token(None, False, times={"policy": policy}), False, None
    yield "asked eight times as seldom", token(None, False, times={"multiplier": 8}), False, None


def refused():
    """Name, and token."""
    for name in ("min_interval_ms", "default_interval_ms", "max_interval_ms"):
        yield f"{name} of 0", token(None, False, times={"policy": DEFAULT_POLICY | {name: 0}})
    crossed = DEFAULT_POLICY | {"min_interval_ms": 3001, "max_interval_ms": 3000}
    yield "max_interval_ms below min_interval_ms", token(None, False, times={"policy": crossed})
    for multiplier in (0, 9):
        yield f"asked {multiplier} times as seldom", token(None, False, times={"multiplier": multiplier})
    for name in ("started_at", "deadline", "next_check_at", "latest", "doubted_since"):
        for words, at in (("before", -(10**15)), ("after", 10**15)):
            yield f"{name} {words} all dates", token(None, False, times={name: at})
    for status in (*CODES, "unknown"):
        is_done = status not in WAITING
        for other, codes in CODES.items():
            if status not in (other, "unknown"):
                for code in codes:
                    seen = paid(code) if status == "confirmed" else state(status, code)
                    yield f"{status} with {code}", token(seen, is_done)
        if status == "unknown":
            yield "done with unknown", token(state(status, 10999), True)
            for code in CODES["confirmed"]:
                yield f"unknown with {code}", token(state(status, code, True), False)
        elif status in WAITING:
            yield f"done with {status}", token(state(status, CODES[status][0]), True)
        elif status != "confirmed":
            paid_after_all = state(status, CODES[status][0], True)
            yield f"{status} with PaymentSuccessful true", token(paid_after_all, True)
        if status in ("canceled", "declined", "not_found"):
            yield f"{status} without a code", token(state(status, None), True)
            seen = state(status, CODES[status][0], False, PAYMENT)
            yield f"{status} with a payment that is confirmed", token(seen, True)
    for code in (200, 400, 500, 10305, 10999):
        yield f"confirmed with {code}", token(paid(code), True)
    yield "confirmed without a code", token(paid(None), True)
    yield "confirmed, a status alone", token(state("confirmed", None, None), True)
    yield "confirmed with PaymentSuccessful false", token(paid(payment_successful=False), True)
    yield "confirmed without PaymentSuccessful, as CancelCart says it", token(paid(payment_successful=None), True)
    for status_id in (1, 5):
        yield f"confirmed with a payment of StatusId {status_id}", token(paid(status_id=status_id), True)
    yield "confirmed, and not done", token(paid(), False)
    yield "declined, and not done", token(state("declined", 10423), False)
    yield "done without a state", token(None, True)
    yield "confirmed: another cart's payment", token(paid(transaction_id=OTHER_TRANSACTION_ID), True)
    yield "confirmed: another cart's state", token(paid() | {"transaction_id": OTHER_TRANSACTION_ID}, True)
    yield "confirmed: another amount", token(paid(total_amount="999"), True)
    yield "confirmed: an amount beside it", token(paid(total_amount="1000.01"), True)
    yield "confirmed: another reference", token(paid(reference_number="order-2"), True)
    yield "canceled: another cart's payment", token(
        state("canceled", 10201, False, PAYMENT | {"transaction_id": OTHER_TRANSACTION_ID, "status_id": 5}), True
    )
    yield "pending: another cart's state", token(state("pending", 10425, transaction_id=OTHER_TRANSACTION_ID), False)
    yield "pending with PaymentSuccessful true, a status alone", token(state("pending", None, True), False)
    yield "not found, of a cart that was seen open", token(state("not_found", 10424), True, was_open=True)
    yield "a reference with a line break", token(None, False, reference="order-1\n")
    yield "a deadline before the year 1", token(None, False).replace(f'"deadline":{START + 180_000}', '"deadline":-62135596800001')
