from cases.polling.poll import clocks, tokens
from reference import DEFAULT_POLICY, TRANSACTION_ID, Poll, Raised

ABOUT = (
    "Poll schedules: CartPoll(cart, timeout, policy, now), then answered(seen, sent_at, now, jitter) step by step. All times "
    "are milliseconds, instants since 1970. With `hint_ms` the cart is one inserted with that "
    "ProcessCartCheckIntervalMiliseconds; without it, only a transaction id. After a step, `expect` says where the poll "
    "stands, or which error is raised; a raised wait_timeout carries `poll`. `state` is the last status seen or null. "
    "What is `seen` is a status, an error, or a `state` with its result code and perhaps a payment; with `after_cancel` it "
    "answers a cancel. `tokens` are CartPolls as JSON that must be read, by earlier versions' as well."
    + clocks.ABOUT
)

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
TIMEOUT = 180_000
BARE = object()


class Script:
    """Writes a case down while the reference plays it."""

    def __init__(self, name, *, hint=BARE, timeout=TIMEOUT, policy=None, now=START):
        self.poll = Poll(now, timeout, None if hint is BARE else hint, policy)
        self.case = {"name": name}
        if hint is not BARE:
            self.case["hint_ms"] = hint
        self.case |= {"timeout_ms": timeout, "policy": policy, "now": now}
        self.case["expect"] = {"next_check_at": now, "deadline": now + timeout, "is_done": False, "state": None}
        self.case["steps"] = []

    def step(self, seen, *, jitter=0, latency=40, sent_at=None, now=None):
        if self.poll.is_done or (self.case["steps"] and "raises" in self.case["steps"][-1]["expect"]):
            raise ValueError(f"{self.case['name']}: a step after the end")
        sent_at = self.poll.next_check_at if sent_at is None else sent_at
        now = sent_at + latency if now is None else now
        if isinstance(seen, str):
            seen = {"status": seen}
        elif "code" in seen:
            seen = {"error": seen}
        try:
            self.poll.answered(seen, sent_at, now, jitter)
            expect = self.standing(self.poll)
        except Raised as raised:
            expect = {"raises": raised.code}
            if raised.poll is not None:
                expect["poll"] = self.standing(raised.poll)
        self.case["steps"].append({"seen": seen, "sent_at": sent_at, "now": now, "jitter": jitter, "expect": expect})
        return self

    def steps(self, *seen, **how):
        for one in seen:
            self.step(one, **how)
        return self

    @staticmethod
    def standing(poll):
        if poll.is_done:
            return {"is_done": True, "state": poll.state}
        return {"next_check_at": poll.next_check_at, "is_done": False, "state": poll.state}

    def until_raised(self, seen, **how):
        while "raises" not in (self.case["steps"][-1]["expect"] if self.case["steps"] else {}):
            self.step(seen, **how)
        return self


def error(code, http_status=None, retry_after=None):
    seen = {"code": code}
    if http_status is not None:
        seen["http_status"] = http_status
    if retry_after is not None:
        seen["retry_after_ms"] = retry_after
    return seen


def state(status, result_code, *, status_id=None, after_cancel=False):
    seen = {"status": status, "result_code": result_code}
    if status_id is not None:
        seen["payment"] = {"transaction_id": TRANSACTION_ID, "status_id": status_id}
    return {"state": seen} | ({"after_cancel": True} if after_cancel else {})


NO_SUCH_CART = state("canceled", 10201)
CANCELED_BY_US = state("canceled", 10201, after_cancel=True)
CONNECT, TIMED_OUT, SERVER = error("connect"), error("timeout"), error("server", 500)
BUSY, LIMITED = error("server", 503), error("rate_limited", 429)
QUICK = {"min_interval_ms": 50, "default_interval_ms": 100, "max_interval_ms": 400}
SLOW = {"min_interval_ms": 5000, "default_interval_ms": 20000, "max_interval_ms": 30000}


def doubts():
    """A cart that the server does not have yet looks as one that it does not have any more."""
    yield Script("canceled: done when seen twice, an interval apart").steps("canceled", "canceled")
    yield Script("10201: done when seen twice, an interval apart", hint=2000).steps(NO_SUCH_CART, NO_SUCH_CART)
    yield Script("10201 at first, then pending, then paid").steps(NO_SUCH_CART, "pending", "confirmed")
    yield Script("10201 at first, then paid").steps(NO_SUCH_CART, "confirmed")
    yield Script("10201 at first, then declined").steps(NO_SUCH_CART, "declined")
    yield Script("10201 after it was seen open is seen twice as well").steps("pending", NO_SUCH_CART, NO_SUCH_CART)
    yield Script("10201 once, and paid after all").steps("pending", NO_SUCH_CART, "confirmed")
    yield Script("10201 twice, with another state between").steps(
        NO_SUCH_CART, "pending", NO_SUCH_CART, "unknown", NO_SUCH_CART, NO_SUCH_CART
    )
    yield Script("10201 twice, with failures between").steps(NO_SUCH_CART, SERVER, LIMITED, NO_SUCH_CART)
    yield Script("10201 twice in one moment counts once").step(NO_SUCH_CART).step(
        NO_SUCH_CART, sent_at=START + 1, now=START + 41
    ).step(NO_SUCH_CART, sent_at=START + 2999, now=START + 3040).step(NO_SUCH_CART)
    yield Script("10201 twice, an interval apart to the millisecond").step(NO_SUCH_CART).step(
        NO_SUCH_CART, sent_at=START + 3000, now=START + 3040
    )
    yield Script("10201 twice, sent in another order than answered").step(
        NO_SUCH_CART, sent_at=START + 2000, now=START + 2040
    ).step(NO_SUCH_CART, sent_at=START + 500, now=START + 2050).step(NO_SUCH_CART)
    yield Script("10201 sent at 14.999 s: goes on").step("pending").step(
        NO_SUCH_CART, sent_at=START + 14_999, latency=5000
    ).step(NO_SUCH_CART)
    yield Script("10201 sent at 15 s: done").step("pending").step(NO_SUCH_CART, sent_at=START + 15_000)
    yield Script("10201 for the first time after 15 s of failures").step(CONNECT).step(
        NO_SUCH_CART, sent_at=START + 15_000
    )
    yield Script("10201 at a slow pace: an interval is the pace", policy=SLOW).steps(NO_SUCH_CART, NO_SUCH_CART)
    yield Script("10201 at a quick pace: an interval is the pace", policy=QUICK, timeout=5000).steps(
        NO_SUCH_CART, NO_SUCH_CART, latency=5
    )
    yield Script("10201 with PaymentInfo: done").steps(state("canceled", 10201, status_id=5))
    yield Script("10202: done").steps(state("canceled", 10202))
    yield Script("10201 after a cancel: done").steps(CANCELED_BY_US)
    yield Script("10201 after a cancel, and after 10201: done").step(NO_SUCH_CART).step(
        CANCELED_BY_US, sent_at=START + 100
    )
    yield Script("the deadline: 10201 once", timeout=0).steps(NO_SUCH_CART)
    yield Script("the deadline: 10201 twice, less than an interval apart", timeout=2000).steps(
        NO_SUCH_CART, NO_SUCH_CART
    )
    yield Script("the deadline: 10201 twice, an interval apart", timeout=3000).steps(NO_SUCH_CART, NO_SUCH_CART)
    yield Script("the deadline: a cancel answers 10201", timeout=0).steps(CANCELED_BY_US)
    for status in ("pending", "awaiting_callback"):
        late = Script(f"not_found after it was seen {status}: goes on", timeout=60_000).step(status)
        yield late.step("not_found", sent_at=START + 20_000).step("not_found").step("confirmed")
    yield Script("not_found after it was seen open: to the deadline", hint=20_000, timeout=50_000).step(
        "pending"
    ).until_raised("not_found")
    yield Script("not_found, open, not_found").step("not_found").step("pending").step(
        "not_found", sent_at=START + 16_000
    ).step("declined")
    yield Script("not_found is no sign of 10201").steps(NO_SUCH_CART, "not_found", NO_SUCH_CART, NO_SUCH_CART)
    yield Script("not_found after a cancel: done").steps(state("not_found", 10424, after_cancel=True))
    yield Script("not_found after a cancel, of a cart that was seen open: goes on").step("pending").step(
        state("not_found", 10424, after_cancel=True)
    ).step("confirmed")
    yield Script("open after a cancel: goes on").steps(state("pending", 10425, after_cancel=True), "confirmed")


def build():
    scripts = [
        Script("only an id: the default interval").steps("pending", "pending", "confirmed"),
        Script("hint 2 s", hint=2000).steps("pending", "pending", "confirmed"),
        Script("hint null", hint=None).steps("pending", "pending", "confirmed"),
        Script("hint 0", hint=0).steps("pending", "pending", "confirmed"),
        Script("hint negative", hint=-1).steps("pending", "pending", "confirmed"),
        Script("hint very negative", hint=-9_007_199_254_740_991).steps("pending", "confirmed"),
        Script("hint 1 ms: the minimum holds", hint=1).steps("pending", "pending", "confirmed"),
        Script("hint 999 ms: the minimum holds", hint=999).steps("pending", "confirmed"),
        Script("hint 1001 ms", hint=1001).steps("pending", "confirmed"),
        Script("hint of an hour: the maximum holds", hint=3_600_000).steps("pending", "pending", "confirmed"),
        Script("hint beyond 32 bits: the maximum holds", hint=9_007_199_254_740_991).steps("pending", "confirmed"),
        Script("jitter adds at most a tenth", hint=3000)
        .step("pending", jitter=0)
        .step("pending", jitter=0.2501)
        .step("pending", jitter=0.5)
        .step("pending", jitter=0.7)
        .step("pending", jitter=0.9999)
        .step("confirmed"),
        Script("an answer that takes long: the delay begins at the answer")
        .step("pending", latency=9000)
        .step("confirmed"),
        Script("a check sent late").step("pending").step("pending", sent_at=START + 60_000).step("confirmed"),
    ]
    for status in ("pending", "awaiting_callback", "unknown"):
        scripts.append(Script(f"{status}: goes on").steps(status, status, "declined"))
    for status in ("reserved", "needs_code", "confirmed", "declined"):
        scripts.append(Script(f"{status}: done").steps("pending", status))
        scripts.append(Script(f"{status} at once: done").steps(status))
    scripts += [
        Script("not_found in the first 15 s: goes on").steps("not_found", "not_found", "pending", "confirmed"),
        Script("not_found sent at 14.999 s: goes on")
        .step("not_found", sent_at=START + 14_999, latency=5000)
        .step("confirmed"),
        Script("not_found sent at 15 s: done").step("pending").step("not_found", sent_at=START + 15_000),
        Script("not_found through the first 15 s, then done").steps(*["not_found"] * 6),
        *doubts(),
        Script("each change is kept as the state").steps(
            "pending", "unknown", "awaiting_callback", "pending", "reserved"
        ),
    ]

    slow = Script("after 120 s the interval grows to 10 s", hint=3000, timeout=400_000)
    slow.step("pending", sent_at=START + 119_900, latency=99)
    slow.step("pending", sent_at=START + 119_960, latency=40)
    slow.steps(*["pending"] * 6)
    slow.step("pending", jitter=0.5).step("confirmed")
    scripts.append(slow)
    scripts += [
        Script("after 120 s: a hint above 10 s does not grow", hint=20_000, timeout=600_000)
        .step("pending", sent_at=START + 130_000)
        .steps("pending", "pending", "confirmed"),
        Script("after 120 s: the minimum hint", hint=1000, timeout=600_000)
        .step("pending", sent_at=START + 130_000)
        .steps(*["pending"] * 7, "confirmed"),
        Script("after 120 s: a failure does not undo the growth", hint=3000, timeout=600_000)
        .step("pending", sent_at=START + 130_000)
        .steps("pending", SERVER, "pending", "confirmed"),
        Script("after 120 s with jitter", hint=2500, timeout=600_000)
        .step("pending", sent_at=START + 130_000, jitter=0.3)
        .steps("pending", "pending", jitter=0.3)
        .step("pending", jitter=0.77)
        .step("confirmed"),
    ]

    for name, seen in (
        ("connect", CONNECT),
        ("timeout", TIMED_OUT),
        ("server", SERVER),
        ("a body that is not the API's", error("server", 200)),
        ("protocol", error("protocol", 200)),
        ("api", error("api", 200)),
        ("api 404", error("api", 404)),
        ("outcome unknown", error("outcome_unknown")),
    ):
        scripts.append(Script(f"failure: {name}").step(seen, jitter=0.5).step(seen, jitter=0.5).step("confirmed"))
    scripts += [
        Script("failures: no jitter keeps to the base").steps(*[CONNECT] * 5, "confirmed"),
        Script("failures: full jitter doubles up to 30 s", hint=1000, timeout=600_000)
        .steps(*[CONNECT] * 7, jitter=1)
        .step("confirmed"),
        Script("failures: jitter between", hint=3000, timeout=600_000)
        .step(SERVER, jitter=0.1)
        .step(SERVER, jitter=0.37)
        .step(TIMED_OUT, jitter=0.77)
        .step(CONNECT, jitter=0.9)
        .step("confirmed"),
        Script("failures: a good check begins anew", hint=1000)
        .steps(CONNECT, CONNECT, CONNECT, jitter=1)
        .step("pending")
        .step(CONNECT, jitter=1)
        .step("confirmed"),
        Script("failures: a base above 30 s does not grow", hint=60_000, timeout=600_000)
        .steps(SERVER, SERVER, jitter=1)
        .step("confirmed"),
        Script("failures keep the last state").steps("unknown", CONNECT, SERVER, TIMED_OUT, "pending", "confirmed"),
        Script("failures from the first check to the deadline", hint=3000, timeout=30_000).until_raised(
            CONNECT, jitter=0.5
        ),
        Script("failures never give up before the deadline", hint=3000).step("pending").until_raised(SERVER, jitter=1),
        Script("very many failures", hint=1000, timeout=7_200_000).steps(*[CONNECT] * 70, jitter=1).step("confirmed"),
    ]

    scripts += [
        Script("429 doubles the base, up to eightfold", hint=2000, timeout=3_600_000)
        .steps(*[LIMITED] * 5)
        .steps("pending", "confirmed"),
        Script("503 doubles the base, up to eightfold", hint=2000, timeout=3_600_000)
        .steps(*[BUSY] * 5)
        .steps("pending", "confirmed"),
        Script("other failures do not double", hint=2000).steps(
            SERVER, error("server", 502), error("server", 504), "pending", "confirmed"
        ),
        Script("five good checks halve it, and again", hint=1000, timeout=3_600_000)
        .steps(LIMITED, LIMITED)
        .steps(*["pending"] * 12)
        .step("confirmed"),
        Script("a failure begins the five anew", hint=1000, timeout=3_600_000)
        .steps(LIMITED)
        .steps(*["pending"] * 4)
        .step(SERVER)
        .steps(*["pending"] * 6)
        .step("confirmed"),
        Script("good checks before the 429 do not count", hint=1000, timeout=3_600_000)
        .steps(*["pending"] * 7)
        .step(LIMITED)
        .steps(*["pending"] * 6)
        .step("confirmed"),
        Script("doubling ends at the maximum", hint=40_000, timeout=3_600_000).steps(
            LIMITED, LIMITED, "pending", "confirmed"
        ),
        Script("429 and 503 together, with jitter", hint=1000, timeout=3_600_000)
        .step(LIMITED, jitter=0.5)
        .step(BUSY, jitter=0.5)
        .step("pending", jitter=0.5)
        .step("confirmed"),
        Script("Retry-After above the delay", hint=3000).step(error("rate_limited", 429, 20_000)).step("confirmed"),
        Script("Retry-After below the delay", hint=3000).step(error("rate_limited", 429, 1000)).step("confirmed"),
        Script("Retry-After 0", hint=3000).step(error("rate_limited", 429, 0)).step("confirmed"),
        Script("Retry-After above 120 s counts as 120 s", hint=3000, timeout=600_000)
        .step(error("rate_limited", 429, 3_600_000))
        .step("confirmed"),
        Script("Retry-After beyond the deadline: the last check keeps to the deadline", hint=3000, timeout=60_000)
        .step(error("rate_limited", 429, 100_000))
        .step("pending"),
        Script("Retry-After above the jittered delay", hint=3000)
        .step(error("rate_limited", 429, 7000), jitter=0.1)
        .step("confirmed"),
    ]

    mismatch = error("signature", 200)
    scripts += [
        Script("signature failures: the third in a row stops").steps(mismatch, mismatch, mismatch),
        Script("signature failures: a good check begins the count anew").steps(
            mismatch, mismatch, "pending", mismatch, mismatch, "confirmed"
        ),
        Script("signature failures: another failure begins the count anew").steps(
            mismatch, mismatch, SERVER, mismatch, mismatch, mismatch
        ),
        Script("signature failures wait as failures do", hint=1000)
        .steps(mismatch, mismatch, jitter=1)
        .step("confirmed"),
        Script("signature failures keep the last state").steps("unknown", mismatch, "confirmed"),
    ]
    for code in ("authentication", "configuration", "invalid_request", "mismatch"):
        scripts.append(Script(f"{code}: stops").steps(error(code)))
        scripts.append(Script(f"{code} after good checks: stops").steps("pending", error(code)))

    scripts += [
        Script("the deadline: nobody answers", hint=20_000, timeout=50_000).until_raised("pending"),
        Script("the deadline: nobody answers for three minutes", hint=3000).until_raised("pending", jitter=0.5),
        Script("the deadline: the last check sees it paid", hint=3000, timeout=5000).steps("pending", "confirmed"),
        Script("the deadline: the last check fails", hint=3000, timeout=5000).steps("pending", CONNECT),
        Script("the deadline: an error that stops comes first", hint=3000, timeout=3000).steps(
            "pending", error("authentication")
        ),
        Script("the deadline: a third signature failure comes first", hint=3000, timeout=9000).steps(
            mismatch, mismatch, mismatch
        ),
        Script("the deadline: a last check within one base is put there", hint=3000, timeout=9000).steps(
            "pending", "pending", "pending"
        ),
        Script("the deadline: exactly one base left over", hint=3000, timeout=6000)
        .step("pending", latency=0)
        .step("pending", latency=0),
        Script("the deadline: one millisecond more than a base", hint=3000, timeout=6001).steps(
            "pending", "pending", "pending", latency=0
        ),
        Script("the deadline: the answer comes after it", hint=3000, timeout=5000)
        .step("pending", latency=8000)
        .step("pending"),
        Script("the deadline: an answer after it can still be final", hint=3000, timeout=5000)
        .step("pending", latency=8000)
        .step("confirmed"),
        Script("the deadline: a check sent just before it is not the last", hint=3000, timeout=5000)
        .step("pending", sent_at=START + 4999)
        .step("pending"),
        Script("the deadline: a check sent exactly at it is the last", hint=3000, timeout=5000).step(
            "pending", sent_at=START + 5000
        ),
        Script("the deadline: a check sent long after it", hint=3000, timeout=5000).step(
            "pending", sent_at=START + 900_000
        ),
        Script("the deadline: not_found early in a short wait", hint=3000, timeout=4000).steps(
            "not_found", "not_found"
        ),
        Script("no time at all: one check", timeout=0).steps("pending"),
        Script("no time at all: one check that settles it", timeout=0).steps("confirmed"),
        Script("one millisecond", timeout=1).steps("pending", "pending", latency=0),
        Script("a doubled base reaches the deadline earlier", hint=10_000, timeout=60_000).steps(
            LIMITED, "pending", "pending"
        ),
    ]

    scripts += [
        Script("policy: quick", policy=QUICK, timeout=2000).steps("pending", "pending", latency=5).step("confirmed"),
        Script("policy: quick, hint above its maximum", hint=3000, policy=QUICK, timeout=5000)
        .steps("pending", latency=5)
        .step("confirmed"),
        Script("policy: quick, hint below its minimum", hint=20, policy=QUICK, timeout=5000)
        .steps("pending", latency=5)
        .step("confirmed"),
        Script("policy: quick, failures", policy=QUICK, timeout=20_000)
        .steps(*[SERVER] * 5, jitter=0.5, latency=5)
        .step("confirmed"),
        Script("policy: quick, 429 ends at its maximum", policy=QUICK, timeout=20_000)
        .steps(*[LIMITED] * 4, latency=5)
        .steps(*["pending"] * 2, latency=5)
        .step("confirmed"),
        Script("policy: slow, no hint", policy=SLOW).steps("pending", "pending").step("confirmed"),
        Script("policy: slow, small hint", hint=1000, policy=SLOW).steps("pending", "pending").step("confirmed"),
        Script("policy: slow, large hint", hint=60_000, policy=SLOW).steps("pending").step("confirmed"),
        Script("policy: the defaults, said", policy=dict(DEFAULT_POLICY)).steps("pending").step("confirmed"),
        Script("policy: all three equal", hint=3000, policy=dict.fromkeys(DEFAULT_POLICY, 1500), timeout=60_000)
        .steps("pending", LIMITED, SERVER, jitter=0.3)
        .step("confirmed"),
    ]

    scripts += [
        Script("the clock goes back: time stands still until it has caught up", hint=3000)
        .step("pending")
        .step("pending", sent_at=START - 3_600_000, now=START - 3_599_960)
        .step("pending", sent_at=START + 1000, now=START + 1040)
        .step("pending", sent_at=START + 7000, now=START + 7040)
        .step("confirmed"),
        Script("the clock goes back before the first answer", hint=3000)
        .step("pending", sent_at=START - 500, now=START - 460)
        .step("confirmed"),
        Script("the clock goes back between sending and answer", hint=3000)
        .step("pending")
        .step(CONNECT, sent_at=START + 3040, now=START + 100)
        .step("confirmed"),
        Script("the clock leaps forward past the deadline", hint=3000)
        .step("pending")
        .step("pending", sent_at=START + 86_400_000),
    ]

    token = Script("the token's round trip after everything at once", hint=2000, timeout=3_600_000)
    token.steps("pending", "pending", LIMITED, mismatch, SERVER, "unknown", jitter=0.5)
    token.step("pending", sent_at=START + 130_000, jitter=0.5).step(BUSY, jitter=0.5).steps(
        "pending", "pending", "confirmed"
    )
    token.case["round_trip"] = True
    scripts.append(token)
    bare = Script("the token's round trip before the first check").step("reserved")
    bare.case["round_trip"] = True
    scripts.append(bare)
    return {
        "transaction_id": TRANSACTION_ID,
        "default_policy": DEFAULT_POLICY,
        "tokens": [
            {"name": name, "text": text, "expect": {"is_done": is_done, "state": status}}
            for name, text, is_done, status in tokens.accepted()
        ],
        "cases": [script.case for script in scripts],
        **clocks.build(),
    }
