"""An independent reference: signing and the poll schedule, in plain Python.

Nothing here is shared with the Rust core. The vectors are worth something only because the two were written apart:
where they disagree, one of them has misread the protocol.
"""

import hashlib
import math
from fractions import Fraction

APP_KEY = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
SECRET_KEY = (
    "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGe"
    "Of/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="
)
TRANSACTION_ID = "0f0e0d0c-0b0a-4908-8706-050403020100"
OTHER_TRANSACTION_ID = "7d1b4b1e-3c5f-4b0a-9a51-2a1d6c0f9e11"


def sign(secret_key, nonce, url, body):
    """Lowercase hex SHA-256 over the four parts joined without a separator; `body` is text or bytes."""
    if isinstance(body, str):
        body = body.encode("utf-8")
    return hashlib.sha256(secret_key.encode("utf-8") + nonce.encode("utf-8") + url.encode("utf-8") + body).hexdigest()


def redirect_signature(secret_key, members):
    """What a redirect of the hosted checkout is signed with."""
    order = ("ReferenceNumber", "TransactionId", "InvoiceNumber", "TotalAmount", "Status")
    return hashlib.sha256((secret_key + "".join(members[member] for member in order)).encode("utf-8")).hexdigest()


DEFAULT_POLICY = {"min_interval_ms": 1000, "default_interval_ms": 3000, "max_interval_ms": 60000}

GO_ON = {"pending", "awaiting_callback", "unknown"}
OPEN = {"pending", "reserved", "needs_code", "awaiting_callback"}
STOPPING_ERRORS = {"authentication", "configuration", "invalid_request", "mismatch"}
NOT_FOUND_GRACE_MS = 15_000
FULL_SPEED_MS = 120_000
RETRY_AFTER_CAP_MS = 120_000
CLOCKS_AGREE_MS = 2000


def backoff(first, failures, longest):
    """The delay after so many failures in a row, in exact integers."""
    # 2^64 times a millisecond is longer than anything.
    return 0 if failures == 0 else min(longest, first * 2 ** min(failures - 1, 64))


class Raised(Exception):
    """What `answered` raises: an error code, and the poll inside it for a `wait_timeout`."""

    def __init__(self, code, poll=None):
        super().__init__(code)
        self.code = code
        self.poll = poll


def floor_exactly(floating, exact):
    """The floor of a float, refusing cases where rounding noise would decide it: no vector may rest on that."""
    if math.floor(floating) != math.floor(exact):
        raise ValueError(f"this case rests on rounding noise: {floating!r} against {exact}")
    return math.floor(floating)


class Poll:
    """The polling machine in integer milliseconds of wall-clock time."""

    def __init__(self, now, timeout, hint=None, policy=None):
        self.policy = dict(policy or DEFAULT_POLICY)
        self.hint = hint
        self.started_at = now
        self.deadline = now + timeout
        self.next_check_at = now
        self.seen_now = now
        self.multiplier = 1
        self.good = 0
        self.errors = 0
        self.signature_errors = 0
        self.slow_checks = 0
        self.state = None
        self.is_done = False
        self.was_open = False
        self.first_doubt = None

    def on_clock(self, now, server_started_at, server_now):
        """Moves every instant to the clock that says `now`; only whole-second clocks further apart than that differ."""
        if server_started_at is not None and server_now is not None:
            earliest = latest = max(self.seen_now, self.started_at + server_now - server_started_at)
        else:
            earliest, latest = self.seen_now, max(self.seen_now, self.next_check_at)
        if earliest - CLOCKS_AGREE_MS <= now <= latest + CLOCKS_AGREE_MS:
            return
        shift = now - min(max(now, earliest), latest)
        self.started_at += shift
        self.deadline += shift
        self.next_check_at += shift
        self.seen_now += shift

    def delay(self, now):
        return max(0, self.next_check_at - max(now, self.seen_now))

    def base(self):
        wanted = self.hint if self.hint is not None and self.hint > 0 else self.policy["default_interval_ms"]
        least, most = self.policy["min_interval_ms"], self.policy["max_interval_ms"]
        base0 = min(max(wanted, least), most)
        return min(base0 * self.multiplier, max(most, base0))

    def answered(self, seen, sent_at, now, jitter):
        now = self.seen_now = max(now, self.seen_now)
        if "error" not in seen:
            # A status alone is what CheckCart says with it: 10201 for canceled, without PaymentInfo.
            state = seen["state"] if "state" in seen else {"status": seen["status"], "result_code": 10201}
            delay = self.after_state(state, sent_at, now, jitter, seen.get("after_cancel", False))
            if self.is_done:
                return
        else:
            delay = self.after_error(seen["error"], jitter)
        if sent_at >= self.deadline:
            self.next_check_at = now + delay
            raise Raised("wait_timeout", self)
        remaining = self.deadline - now
        if remaining - delay <= self.base():
            delay = max(0, remaining)
        self.next_check_at = now + delay

    def is_the_end(self, state, sent_at, after_cancel):
        """Whether a state ends the poll; "no such cart" may mean that the cart is not there yet."""
        status, early = state["status"], sent_at - self.started_at < NOT_FOUND_GRACE_MS
        if status == "not_found":
            return not self.was_open and (after_cancel or not early)
        if status != "canceled" or state["result_code"] != 10201 or state.get("payment"):
            self.first_doubt = None
            return status not in GO_ON
        seen_before = self.first_doubt is not None and sent_at - self.first_doubt >= self.base()
        self.first_doubt = sent_at if self.first_doubt is None else min(sent_at, self.first_doubt)
        return after_cancel or not early or seen_before

    def after_state(self, state, sent_at, now, jitter, after_cancel):
        self.state = state["status"]
        if self.is_the_end(state, sent_at, after_cancel):
            self.is_done = True
            return 0
        if self.state == "not_found":
            self.first_doubt = None
        self.was_open = self.was_open or self.state in OPEN
        self.errors = self.signature_errors = 0
        self.good += 1
        if self.multiplier > 1 and self.good == 5:
            self.multiplier //= 2
            self.good = 0
        base = interval = self.base()
        if now - self.started_at >= FULL_SPEED_MS:
            self.slow_checks += 1
            interval = min(base * 1.5**self.slow_checks, max(10_000, base))
        exact = Fraction(interval) * (1 + Fraction(1, 10) * Fraction(str(jitter)))
        return floor_exactly(interval * (1 + 0.1 * jitter), exact)

    def after_error(self, error, jitter):
        code = error["code"]
        if code in STOPPING_ERRORS:
            raise Raised(code)
        self.errors += 1
        self.good = 0
        if code == "signature":
            self.signature_errors += 1
            if self.signature_errors == 3:
                raise Raised(code)
        else:
            self.signature_errors = 0
        if code == "rate_limited" or error.get("http_status") == 503:
            self.multiplier = min(8, 2 * self.multiplier)
        base = self.base()
        spread = max(base, min(30_000, base * 2**self.errors)) - base
        delay = floor_exactly(base + jitter * spread, base + Fraction(str(jitter)) * spread)
        if error.get("retry_after_ms") is not None:
            delay = max(delay, min(error["retry_after_ms"], RETRY_AFTER_CAP_MS))
        return delay
