from reference import TRANSACTION_ID

ABOUT = (
    "What a callback's route answers, and what follows the 200. A case of `routes` is a route, with or without a replay guard, and "
    "its `requests` one after another: each step names the `action` that the driver is told, and the `outcome` that it reports; "
    "after the last, `answer` is what is answered. A case of `follow_ups` is a cart that is followed by `plan` from `now` on: each "
    "step names the action, with `delay_ms` where it is to wait and with the state's `status` where the shop's function is called; "
    "the outcome is reported at `now_ms` (since the start), by either clock. A `checked` outcome is the poll after an answer with this status, with "
    "jitter 0; a `failed` one has the code of the error, or null where it is none of this library's. The last action is `end`."
)

MAX_BODY = 64 * 1024
OTHER_ID = "00000000-0000-4000-8000-000000000001"
SIGNATURE = "5d" * 32
START = 1_767_225_600_000

TEXTS = {
    200: "",
    400: "refused",
    404: "refused",
    405: "POST only",
    409: "not accepted",
    413: "too large",
    500: "this route fails: see the log of the shop",
    503: "not recorded, send it again",
}
HEADERS = {405: ["Allow", "POST"], 413: ["Connection", "close"]}

CALLBACK = {"cart": TRANSACTION_ID, "amount": "4990", "reference": "order-1", "signature": SIGNATURE}
ORDER = {"cart": None, "amount": 4990, "reference": "order-1"}

READ = ("read_body", {"body": 400})
VERIFIED = ("verify", {"verified": CALLBACK})
FOUND = ("find_order", {"order": ORDER})
FIRST = ("ask_guard", {"first": True})
SEEN = ("ask_guard", {"first": False})
RECORDED = ("record", "done")
NOT_RECORDED = ("record", {"failed": "the database is down"})
FORGOTTEN = ("forget", "done")
NOT_FORGOTTEN = ("forget", {"failed": "the guard is down"})


def request(*steps, status, reason="", method="POST"):
    answer = {"status": status, "text": TEXTS[status], "header": HEADERS.get(status), "reason_contains": reason}
    return {
        "method": method,
        "steps": [{"action": action, "outcome": outcome} for action, outcome in steps],
        "answer": answer,
    }


def told(**members):
    return "verify", {"verified": {**CALLBACK, **members}}


def order(**members):
    return "find_order", {"order": {**ORDER, **members}}


def refused(action, status=409):
    return action, {"refused": [status, "by hand"]}


def routes():
    def case(name, *requests, guard=False):
        return {"name": name, "has_guard": guard, "requests": list(requests)}

    known = (READ, VERIFIED, FOUND)
    yield case("recorded", request(*known, RECORDED, status=200))
    yield case("recorded, asked for by a guard", request(*known, FIRST, RECORDED, status=200), guard=True)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "post"):
        yield case(f"{method}", request(method=method, status=405, reason=method))

    large = ("read_body", {"body": MAX_BODY + 1})
    yield case("a body that is too large", request(large, status=413, reason="larger than 65536 bytes"))
    largest = ("read_body", {"body": MAX_BODY})
    yield case("the largest body", request(largest, VERIFIED, FOUND, RECORDED, status=200))
    yield case("a body that broke off", request(refused("read_body", 400), status=400, reason="by hand"))
    yield case("a body that is lost", request(("read_body", {"failed": "parsed"}), status=500, reason="parsed"))

    rejected = ("verify", {"rejected": "its signature is another"})
    yield case("not signed so", request(READ, rejected, status=400, reason="its signature is another"), guard=True)
    closed = ("verify", {"failed": "the client is closed"})
    yield case("it cannot be verified", request(READ, closed, status=500, reason="the client is closed"))

    match = [
        ("no order", ("find_order", {"order": None}), f"no order for the cart {TRANSACTION_ID}"),
        ("another amount", order(amount=4991), 'says "order-1" for 4990, the order is "order-1" for 4991'),
        ("another reference", order(reference="order-2"), 'the order is "order-2"'),
        ("a reference in other letters", order(reference="ORDER-1"), '"ORDER-1"'),
        ("a reference with a blank", order(reference="order-1 "), '"order-1 "'),
        ("another cart", order(cart=OTHER_ID), OTHER_ID),
        ("an amount of another currency", ("find_order", {"not_kronur": "49.90"}), "no amount in whole krónur"),
        ("the shop refuses it", refused("find_order"), "by hand"),
    ]
    for name, step, reason in match:
        yield case(name, request(READ, VERIFIED, step, status=409, reason=reason), guard=True)
    yield case("no such page", request(READ, VERIFIED, refused("find_order", 404), status=404, reason="by hand"))
    for name, members in [
        ("a decimal more than the order", {"amount": "4990.5"}),
        ("no amount", {"amount": None}),
        ("no reference", {"reference": None}),
    ]:
        yield case(f"a callback with {name}", request(READ, told(**members), FOUND, status=409, reason="callback says"))
    yield case("the order's cart", request(READ, VERIFIED, order(cart=TRANSACTION_ID), RECORDED, status=200))
    yield case("an amount with decimals", request(READ, told(amount="4990.00"), FOUND, RECORDED, status=200))

    down = ("find_order", {"failed": "the database is down"})
    yield case("the order cannot be looked up", request(READ, VERIFIED, down, status=503, reason="the database is down"))
    unusable = ("find_order", {"unusable": "amount must be whole krónur"})
    yield case("the order cannot be read", request(READ, VERIFIED, unusable, status=500, reason="whole krónur"))
    left = ("find_order", "canceled")
    yield case("canceled while it is looked up", request(READ, VERIFIED, left, status=503, reason="canceled"))

    replay = request(*known, SEEN, status=409, reason="a replay")
    yield case("a replay", request(*known, FIRST, RECORDED, status=200), replay, guard=True)
    down = ("ask_guard", {"failed": "Redis is down"})
    yield case("the guard fails", request(*known, down, status=503, reason="Redis is down"), replay, guard=True)
    unusable = ("ask_guard", {"unusable": "it gave a promise"})
    yield case("the guard says nothing", request(*known, unusable, status=500, reason="a promise"), guard=True)
    yield case("the guard refuses", request(*known, refused("ask_guard"), status=409, reason="by hand"), guard=True)

    lost = request(*known, NOT_RECORDED, status=503, reason="the database is down")
    yield case("not recorded", lost, request(*known, RECORDED, status=200))
    yield case("refused when it is recorded", request(*known, refused("record"), status=409, reason="by hand"))
    forgotten = request(*known, FIRST, NOT_RECORDED, FORGOTTEN, status=503, reason="the database is down")
    yield case("not recorded, and forgotten", forgotten, request(*known, FIRST, RECORDED, status=200), guard=True)
    kept = request(*known, FIRST, NOT_RECORDED, NOT_FORGOTTEN, status=503, reason="the database is down")
    again = request(*known, NOT_RECORDED, NOT_FORGOTTEN, status=503, reason="the database is down")
    through = request(*known, RECORDED, status=200)
    yield case("not recorded, and not forgotten: let through once more", kept, again, through, replay, guard=True)
    other = request(READ, told(signature="6e" * 32), FOUND, SEEN, status=409, reason="a replay")
    yield case("another callback is not let through for it", kept, other, through, guard=True)
    by_hand = request(*known, FIRST, refused("record"), NOT_FORGOTTEN, status=409, reason="by hand")
    yield case("refused when it is recorded: let through once more", by_hand, through, replay, guard=True)
    left = request(*known, FIRST, ("record", "canceled"), status=503, reason="canceled")
    yield case("canceled while it is recorded: let through once more", left, through, replay, guard=True)
    wrong = request(READ, VERIFIED, ("find_order", "done"), status=500, reason="find_order")
    yield case("what does not come of an action is not accepted", wrong)


class FollowUp:
    """A script of actions and outcomes, on both clocks at once."""

    def __init__(self, name, plan="after_callback", failures=0):
        self.case = {"name": name, "plan": plan, "failures": failures, "now": START, "steps": []}
        self.at = 0

    def step(self, action, outcome, **facts):
        self.case["steps"].append({"action": action, **facts, "outcome": outcome, "now_ms": self.at})
        return self

    def claim(self, claimed=True):
        return self.step("claim", {"claimed": claimed})

    def check(self, status):
        return self.step("check", {"checked": status})

    def fail(self, action, code=None, **facts):
        return self.step(action, {"failed": code}, **facts)

    def wait(self, delay_ms):
        self.at += delay_ms
        return self.step("wait", "done", delay_ms=delay_ms)

    def call(self, status):
        return self.step("call", "done", status=status)

    def done(self):
        return self.step("done", "done")

    def release(self):
        return self.step("release", "done")


def backoff(failures, longest):
    return min(1000 * 2 ** (failures - 1), longest)


def follow_ups():
    for status in ("confirmed", "declined"):
        yield FollowUp(f"{status} at once").claim().check(status).call(status).done()
    yield FollowUp("another holder's").claim(claimed=False)

    pending = FollowUp("pending for a while: the claim is renewed before each check")
    for _ in range(3):
        pending.claim().check("pending").wait(1000)
    yield pending.claim().check("confirmed").call("confirmed").done()
    lost = FollowUp("the claim is lost while it waits").claim().check("pending").wait(1000)
    yield lost.claim(claimed=False)
    late = FollowUp("canceled after its first seconds").claim().check("pending")
    late.wait(1000)
    late.at = 20_000
    yield late.claim().check("canceled").call("canceled").done()

    for status in ("reserved", "needs_code"):
        yield FollowUp(f"{status}: the shop's move").claim().check(status).release()
    for code in ("mismatch", "wait_timeout"):
        yield FollowUp(f"{code}: a person should look").claim().fail("check", code).release()

    for action, before in {
        "claim": (),
        "check": ("claim",),
        "call": ("claim", "check"),
        "done": ("claim", "check", "call"),
    }.items():
        script = FollowUp(f"{action} fails: tried again after 1, 2, 4 … 60 s, and never given up")
        known = False
        for failures in range(1, 10):
            for each in before:
                if each == "claim":
                    script.claim()
                elif each == "check" and not known:
                    script.check("confirmed")
                    known = True
                elif each == "call" and failures == 1:
                    script.call("confirmed")
            if action == "call":
                script.fail("call", status="confirmed")
            else:
                script.fail(action, "server" if action == "check" else None)
            script.wait(backoff(failures, 60_000))
        yield script

    row = FollowUp("failures count in a row").claim().fail("check", "server").wait(1000)
    row.claim().fail("check", "connect").wait(2000)
    row.claim().check("pending").wait(1000)
    yield row.claim().fail("check", "server").wait(1000)
    own = FollowUp("a mismatch that the shop's function raises is no mismatch of the cart")
    own.claim().check("confirmed").fail("call", "mismatch", status="confirmed").wait(1000)
    yield own.claim().call("confirmed").done()
    freed = FollowUp("the claim cannot be given back").claim().check("reserved").fail("release").wait(1000)
    yield freed.claim().release()

    for code in ("authentication", None):
        patient = FollowUp(f"patient for an hour: {code or 'an error of somebody else'}").claim()
        patient.at = 3_599_999
        patient.fail("check", code).wait(1000)
        yield patient.claim().fail("check", code).release()
    down = FollowUp("a ledger may be down for longer")
    down.at = 7_200_000
    down.fail("claim").wait(1000)
    yield down.claim().check("confirmed").call("confirmed").done()

    resting = FollowUp("stopped while it waits: others may claim the cart").claim().check("pending")
    yield resting.step("wait", "stopped", delay_ms=1000).release()
    asking = FollowUp("stopped while it asks").claim()
    yield asking.step("check", "stopped").release()
    broken = FollowUp("stopped, and the claim cannot be given back").claim().check("pending")
    yield broken.step("wait", "stopped", delay_ms=1000).fail("release")
    for name in ("stopped once the function was called: that is noted", "stopped, and the call cannot be noted: the claim stays"):
        noted = FollowUp(name).claim().check("confirmed").call("confirmed").fail("done")
        noted.step("wait", "stopped", delay_ms=1000)
        yield noted.fail("done") if "cannot" in name else noted.done()

    def messages(name, failures=0):
        return FollowUp(f"messages: {name}", "in_messages", failures)

    yield messages("confirmed at once").check("confirmed").call("confirmed")
    yield messages("pending for a while").check("pending").wait(3000).check("confirmed").call("confirmed")
    for status in ("reserved", "needs_code"):
        yield messages(f"{status}: the shop's move is told").check(status).call(status)
    yield messages("a mismatch ends it").fail("check", "mismatch")
    expired = messages("canceled at the deadline").fail("check", "wait_timeout")
    expired.at = 180_000
    yield expired.step("settle", {"checked": "canceled"}).call("canceled")
    doubt = messages("the cancel has no answer").fail("check", "wait_timeout")
    yield doubt.fail("settle", "unresolved").wait(1000)
    script = messages("failures go on from those of the message", failures=3)
    yield script.fail("check", "server").wait(8000).fail("check", "server").wait(16_000).fail("check", None).wait(30_000)
    script = messages("a good check ends the row", failures=7).check("pending").wait(3000)
    yield script.fail("check", "server").wait(1000)
    yield messages("no end of failures", failures=2**32 - 1).fail("check", "server").wait(30_000)
    script = messages("the shop's function fails").check("confirmed").fail("call", status="confirmed").wait(1000)
    yield script.call("confirmed")


def build():
    return {
        "transaction_id": TRANSACTION_ID,
        "routes": list(routes()),
        "follow_ups": [script.case for script in follow_ups()],
    }
