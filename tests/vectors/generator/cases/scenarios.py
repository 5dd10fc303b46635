"""What a client says when calls fail, and what is true meanwhile: made from one table of faults.

Nothing here looks into the core. What a fault means is said once, in the table, and what follows from it for each call is
worked out below.
"""

ABOUT = (
    "Start a simulator with `simulator`, make a client for it with `client`, and take the `steps` one after another. Before "
    "each step forget the faults left over, add its `faults`, let the `customer` act, pause for `pause_ms`; then make the "
    "`call`, by a second client where the step has a `client_timeout_ms` of its own, and compare. At the end compare the `requests` that the simulator has seen and the carts it `held`. Whatever the "
    "client says to be paid, canceled or declined must be so at the server when it says it."
)

ORDER = {"amount": 1000, "reference": "order-1", "customer_id": "8223281"}
POLICY = {"min_interval_ms": 10, "default_interval_ms": 20, "max_interval_ms": 100}
# Nothing is due again while a test runs, however busy the machine is.
SELDOM = {"min_interval_ms": 600_000, "default_interval_ms": 600_000, "max_interval_ms": 600_000}
NOBODYS_CART = "0f0e0d0c-0b0a-4908-8706-050403020100"
MADE = f'{{"Success":true,"ResultCode":200,"Message":null,"TransactionId":"{NOBODYS_CART}"}}'
PAID = '{"PaymentInfo":null,"Success":false,"Message":null,"ResultCode":10200}'
CANCELED = '{"PaymentInfo":null,"Success":true,"Message":null,"ResultCode":10201}'

# No call that is answered takes this long, on the busiest machine; one that is to run out of time takes no longer than SHORT.
LONG, SHORT = 60_000, 500
# Settling is patient for twenty intervals: long enough on the busiest machine.
PATIENT = {"min_interval_ms": 500, "default_interval_ms": 500, "max_interval_ms": 500}
ENDPOINTS = {"InsertCart": "insert", "CheckCart": "check", "CancelCart": "cancel", "ConfirmCart": "confirm"}
REPEATABLE = ("CheckCart", "CancelCart", "ConfirmCart")
ATTEMPTS = 3


class Row:
    """One way to fail: the fault, and what a client can know of it."""

    def __init__(self, name, fault, code, *, sent="yes", http_status=None, repeated=False, **more):
        self.name = name
        self.fault = fault
        self.code = code  # None: nothing is wrong with the answer
        self.sent = sent
        self.http_status = http_status
        self.repeated = repeated
        self.is_seen = more.pop("is_seen", True)
        self.processed = more.pop("processed", True)
        self.runs_out = more.pop("runs_out", False)
        self.verification = more.pop("verification", None)
        self.after_an_answer = more.pop("after_an_answer", False)
        self.error = more  # members of the error beside those
        # The call that is struck runs out of time; those before and after it have all they need.
        self.patience = {"client_timeout_ms": SHORT} if self.runs_out else {}


def drops():
    for at in ("unread", "before", "after"):
        told = {"unread": "before the request is read", "before": "before processing", "after": "after processing"}[at]
        common = {"is_seen": at != "unread", "processed": at == "after", "sent": "maybe"}
        yield Row(f"closed {told}", {"drop": at}, "server", repeated=True, **common)
        yield Row(f"reset {told}", {"drop": at, "drop_by": "reset"}, "server", repeated=True, **common)
        yield Row(f"silence {told}", {"drop": at, "drop_by": "silence"}, "timeout", runs_out=True, **common)
    for by, told in (("close", "closed"), ("reset", "reset")):
        torn = {"drop": "within", "drop_by": by}
        name = f"{told} in the middle of the answer"
        yield Row(name, torn, "server", http_status=200, repeated=True)
        yield Row(f"{told} after the answer", {"drop": "answered", "drop_by": by}, None)
    stalls = {"drop": "within", "drop_by": "silence"}
    yield Row("silence in the middle of the answer", stalls, "timeout", sent="maybe", runs_out=True)
    drips = {"drip_ms": 40}
    yield Row("a body that drips", drips, "timeout", sent="maybe", runs_out=True)
    slow = {"delay_ms": 20}
    yield Row("an answer that takes its time", slow, None)


def statuses():
    for status, code in ((400, "api"), (401, "authentication"), (403, "authentication"), (404, "api")):
        yield Row(f"HTTP {status}", {"status": status}, code, http_status=status, processed=False)
    yield Row("HTTP 408", {"status": 408}, "timeout", http_status=408, processed=False)
    for name, header, expected in (
        ("without Retry-After", None, None),
        ("Retry-After in seconds", "7", 7000),
        ("Retry-After as a date gone by", "Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Retry-After of a thousand years", "31536000000", 31536000000000),
        ("Retry-After that is too large", "99999999999999999999", None),
        ("Retry-After that is no time", "soon", None),
        ("negative Retry-After", "-5", None),
    ):
        fault = {"status": 429} | ({"retry_after": header} if header is not None else {})
        more = {"http_status": 429, "processed": False, "retry_after_ms": expected}
        yield Row(f"HTTP 429, {name}", fault, "rate_limited", **more)
    far = {"status": 429, "retry_after": "Tue, 31 Dec 2199 23:59:59 GMT"}
    yield Row("HTTP 429, Retry-After as a date far away", far, "rate_limited", http_status=429, processed=False)
    for status in (500, 502, 503, 504):
        more = {"http_status": status, "repeated": True}
        yield Row(f"HTTP {status}", {"status": status}, "server", processed=False, **more)
        yield Row(f"HTTP {status} after processing", {"status": status, "processed": True}, "server", **more)
    page = {"status": 502, "body_as": "html"}
    yield Row("HTTP 502 with a page", page, "server", http_status=502, processed=False, repeated=True)
    for status, where in ((301, "https://example.com/"), (302, "/v1/Checkout/InsertCart"), (307, "/"), (308, "/v1/")):
        fault = {"status": status, "headers": {"location": where}}
        yield Row(f"HTTP {status} to {where}", fault, "server", http_status=status, processed=False)


def bodies():
    for form, name, code in (
        ("html", "a page instead of JSON", "server"),
        ("empty", "an empty body", "server"),
        ("truncated", "truncated JSON", "server"),
        ("doubled", "two JSON values", "server"),
        ("gzip", "a compressed body", "server"),
        ("bom", "a byte order mark", "server"),
        ("invalid_utf8", "invalid UTF-8", "server"),
        ("duplicate_keys", "duplicate keys", "protocol"),
        ("deep", "deep nesting in an unknown member", None),
        ("overflow", "numbers that overflow", "protocol"),
        ("quoted", "texts where numbers belong", "protocol"),
    ):
        yield Row(name, {"body_as": form}, code, http_status=None if code is None else 200)
    hundred = 100 * 1024 * 1024
    large = {"padding": hundred}
    yield Row("a body of 100 MB", large, "server", http_status=200)
    chunked = large | {"headers": {"transfer-encoding": "chunked"}}
    yield Row("a body of 100 MB, unannounced", chunked, "server", http_status=200)
    bomb = {"header_bytes": 1024 * 1024}
    yield Row("a header bomb", bomb, "server", sent="maybe", repeated=True)
    typed = {"headers": {"content-type": "text/plain"}}
    yield Row("a wrong content type", typed, None)


def signatures():
    wrong = {"signature": "corrupt"}
    yield Row("a wrong signature", wrong, "signature", http_status=200)
    yield Row("a wrong signature, required", wrong, "signature", http_status=200, verification="required")
    yield Row("a wrong signature nobody looks at", wrong, None, verification="off")
    missing = {"signature": "omit"}
    yield Row("a missing signature", missing, None)
    yield Row("a missing signature, required", missing, "signature", http_status=200, verification="required")
    replayed = {"signature": "replay"}
    yield Row("a replayed signature", replayed, "signature", http_status=200, after_an_answer=True)


def table():
    return [*drops(), *statuses(), *bodies(), *signatures()]


REFUSED = {"refuse_ms": 600_000}
REFUSED_AT_FIRST = {"refuse_ms": 30}
CONNECT = {"code": "connect", "request_sent": "no", "retryable": True, "http_status": None}


def retryable(code):
    return code in ("connect", "timeout", "server", "rate_limited", "protocol", "signature")


def error(code, sent, http_status, may_be_repeated, **more):
    return {"code": code, "request_sent": sent, "retryable": may_be_repeated, "http_status": http_status} | more


def step(call, expect, faults=(), **more):
    given = {"faults": list(faults)} if faults else {}
    return given | more | {"call": call, "expect": expect}


def pause_after(faults):
    """A connection that the server is closing is closed when the next call is made."""
    return {"pause_ms": 30} if any(fault.get("drop") == "answered" for fault in faults) else {}


def state(status):
    return {"state": {"status": status, "is_paid": status == "confirmed"}}


INSERT = step("insert", {"cart": ORDER})
MANUAL = step("insert", {"cart": ORDER}, arguments={"confirmation_type": "manual"})


def seen(insert=0, check=0, cancel=0, confirm=0):
    return {"InsertCart": insert, "CheckCart": check, "CancelCart": cancel, "ConfirmCart": confirm}


def held(status):
    return {"status": status, "is_paid": status == "confirmed"}


def scenario(name, steps, requests, carts, *, verification=None, policy=None):
    client = {"timeout_ms": LONG} | ({"response_verification": verification} if verification else {})
    simulator = {"check_interval_ms": 20}
    made = {"name": name, "simulator": simulator, "client": client, "steps": steps}
    made |= {"policy": policy} if policy else {}
    return made | {"requests": requests, "held": carts}


# ---- InsertCart --------------------------------------------------------------------------------


def insert_error(row):
    """What InsertCart raises: unless the server clearly said no, the cart may be there."""
    if row.code in ("api", "authentication", "rate_limited"):
        return error(row.code, row.sent, row.http_status, row.code == "rate_limited", **row.error)
    more = {"reference": ORDER["reference"], "cause": row.code}
    return error("outcome_unknown", row.sent, row.http_status, False, **more)


def inserting(row):
    before = []
    if row.after_an_answer:
        before = [step("check", state("canceled"), arguments={"transaction_id": NOBODYS_CART})]
    expect = {"cart": ORDER} if row.code is None else {"error": insert_error(row)}
    steps = [*before, step("insert", expect, [{"endpoint": "InsertCart"} | row.fault], **row.patience)]
    return scenario(
        f"InsertCart: {row.name}",
        steps,
        seen(insert=int(row.is_seen), check=len(before)),
        [held("pending")] if row.processed else [],
        verification=row.verification,
    )


def insert_cart():
    refused = step("insert", {"error": CONNECT}, [REFUSED])
    yield scenario("InsertCart: connection refused", [refused], seen(), [])
    # Not one byte has left: this is the one case in which it may be sent again.
    later = step("insert", {"cart": ORDER}, [REFUSED_AT_FIRST])
    yield scenario("InsertCart: connection refused at first", [later], seen(insert=1), [held("pending")])
    for row in table():
        yield inserting(row)
    # A status that says no does not free the order where the body says that the cart was made.
    for status in (400, 409, 422, 429, 403):
        made = {"status": status, "processed": True, "body": MADE}
        row = Row(f"HTTP {status} with a body that says yes", made, "protocol", http_status=status)
        yield inserting(row)
        yield inserting(Row(f"{row.name}, not signed", made | {"signature": "omit"}, "protocol", http_status=status))
    for status in (460, 499):
        row = Row(f"HTTP {status}", {"status": status, "processed": True}, "timeout", http_status=status)
        yield inserting(row)
    failed = {"body": '{"Success":false,"ResultCode":500,"Message":null,"TransactionId":null}', "processed": True}
    yield inserting(Row("the code 500", failed, "server", http_status=200))
    unheard = {"body": MADE.replace("true", "false").replace("200", "10999"), "processed": True}
    yield inserting(Row("an unknown code beside a TransactionId", unheard, "protocol", http_status=200))
    for code in (400, 10305, 10306, 10427):
        no = {"body": MADE.replace("true", "false").replace("200", str(code)), "processed": False}
        row = Row(f"refused with {code} beside a TransactionId", no, "api", http_status=200, processed=False)
        yield inserting(row)
    # A connection that the server has closed may not be used for what cannot be repeated.
    for by in ("close", "reset"):
        for pause in (0, 30):
            steps = [
                step(
                    "check",
                    state("canceled"),
                    [{"endpoint": "CheckCart", "drop": "answered", "drop_by": by}],
                    arguments={"transaction_id": NOBODYS_CART},
                ),
                step("insert", {"cart": ORDER}, **({"pause_ms": pause} if pause else {})),
            ]
            name = f"InsertCart: beside a kept connection, {by} by the server {pause} ms before"
            yield scenario(name, steps, seen(insert=1, check=1), [held("pending")])


# ---- the calls that may be repeated --------------------------------------------------------------


class Call:
    """A call made when it would go well: how to get there, and what is true before and after it."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.call = ENDPOINTS[endpoint]
        self.insert = MANUAL if endpoint == "ConfirmCart" else INSERT
        self.customer = {} if endpoint == "CancelCart" else {"customer": "confirm"}
        self.before = {"CheckCart": "confirmed", "CancelCart": "pending", "ConfirmCart": "reserved"}[endpoint]
        self.after = {"CheckCart": "confirmed", "CancelCart": "canceled", "ConfirmCart": "confirmed"}[endpoint]

    def requests(self, made, checks=0):
        """`made` requests of this kind, and one CheckCart afterwards."""
        counts = seen(insert=1, check=1 + checks)
        counts[self.endpoint] += made
        return counts

    def scenario(self, name, expect, faults, made, truth, checks=0, patience=None, **options):
        steps = [
            self.insert,
            step(self.call, expect, faults, **self.customer, **(patience or {})),
            # However it went: the truth is to be had as soon as calls come through.
            step("check", state(truth), **pause_after(faults)),
        ]
        counts = self.requests(made, checks)
        return scenario(f"{self.endpoint}: {name}", steps, counts, [held(truth)], **options)

    def struck(self, row):
        """The fault strikes one request."""
        fault = {"endpoint": self.endpoint} | row.fault
        again = row.code is not None and row.repeated
        made = int(row.is_seen) + int(again)
        # Sent twice and processed twice: "already confirmed" is believed after a CheckCart.
        twice = self.endpoint == "ConfirmCart" and again and row.processed
        if row.code is None or again:
            expect, truth = state(self.after), self.after
        else:
            raised = error(row.code, row.sent, row.http_status, retryable(row.code), **row.error)
            expect = {"error": raised}
            truth = self.after if row.processed else self.before
        options = {"patience": row.patience, "verification": row.verification}
        return self.scenario(row.name, expect, [fault], made, truth, checks=int(twice), **options)

    def struck_throughout(self, row):
        """The fault strikes each attempt."""
        fault = {"endpoint": self.endpoint, "count": ATTEMPTS} | row.fault
        raised = error(row.code, row.sent, row.http_status, retryable(row.code), **row.error)
        truth = self.after if row.processed else self.before
        made = ATTEMPTS if row.is_seen else 0
        return self.scenario(f"{row.name}, each time", {"error": raised}, [fault], made, truth)

    def all(self):
        yield self.scenario("connection refused", {"error": CONNECT}, [REFUSED], 0, self.before)
        yield self.scenario("connection refused at first", state(self.after), [REFUSED_AT_FIRST], 1, self.after)
        rows = table()
        for row in rows:
            yield self.struck(row)
        stubborn = {"reset before the request is read", "closed after processing", "HTTP 500 after processing"}
        for row in rows:
            if row.name in stubborn:
                yield self.struck_throughout(row)


def check_cart():
    return Call("CheckCart").all()


def confirm_cart():
    return Call("ConfirmCart").all()


def cancel_cart():
    yield from Call("CancelCart").all()
    # The customer confirms just before the cancel is processed.
    for row in table():
        if not row.processed or not row.is_seen:
            continue
        fault = {"endpoint": "CancelCart", "confirm_during": True} | row.fault
        again = row.code is not None and row.repeated
        expect = state("confirmed")
        if row.code is not None and not again:
            expect = {"error": error(row.code, row.sent, row.http_status, retryable(row.code), **row.error)}
        steps = [INSERT, step("cancel", expect, [fault], **row.patience)]
        steps += [step("check", state("confirmed"), **pause_after([fault]))]
        # That it is paid is believed of CheckCart alone.
        counts = seen(insert=1, check=1 + int("state" in expect), cancel=1 + int(again))
        options = {"verification": row.verification}
        name = f"CancelCart: the customer is first, {row.name}"
        yield scenario(name, steps, counts, [held("confirmed")], **options)


    # CheckCart alone says "paid".
    for code in (10200, 10203):
        lie = {"endpoint": "CancelCart", "body": PAID.replace("10200", str(code)), "processed": False}
        steps = [INSERT, step("cancel", state("pending"), [lie]), step("check", state("pending"))]
        name = f"CancelCart: says {code} of a cart that is open"
        yield scenario(name, steps, seen(insert=1, check=2, cancel=1), [held("pending")])
        contradicts = {"error": error("protocol", "yes", 200, True)}
        steps = [INSERT, step("cancel", contradicts, [lie | {"processed": True}]), step("cancel", state("canceled"))]
        name = f"CancelCart: says {code} of a cart that it cancels"
        yield scenario(name, steps, seen(insert=1, check=1, cancel=2), [held("canceled")])
    lost = {"endpoint": "CheckCart", "status": 500, "count": ATTEMPTS}
    down = {"error": error("server", "yes", 500, True)}
    steps = [INSERT, step("cancel", down, [{"endpoint": "CancelCart", "confirm_during": True}, lost])]
    steps += [step("cancel", state("confirmed"))]
    name = "CancelCart: the customer is first, and CheckCart fails"
    yield scenario(name, steps, seen(insert=1, check=ATTEMPTS + 1, cancel=2), [held("confirmed")])


# ---- following a cart ----------------------------------------------------------------------------

CONFIRMS = {"endpoint": "CheckCart", "confirm_during": True}


def follow(call, expect, faults=(), timeout=LONG, **more):
    return step(call, expect, faults, timeout_ms=timeout, **more)


def or_more(count, row):
    """On a busy machine a sound answer can come too late as well, for a client with little time."""
    return [count, count + 20] if row.runs_out else count


def stops_a_wait(row):
    return row.code == "authentication"


def asks_for_patience(row):
    """The schedule keeps to a Retry-After, up to two minutes, which a scenario has no time for."""
    return row.fault.get("retry_after") in ("7", "31536000000", "Tue, 31 Dec 2199 23:59:59 GMT")


def waiting():
    for row in table():
        if row.after_an_answer or asks_for_patience(row):
            continue
        fault = {"endpoint": "CheckCart"} | row.fault
        options = {"verification": row.verification}
        if stops_a_wait(row):
            raised = error(row.code, row.sent, row.http_status, False)
            steps = [INSERT, follow("wait", {"error": raised}, [fault])]
            yield scenario(f"wait: {row.name} stops it", steps, seen(1, check=1), [held("pending")], **options)
            continue
        times = 1 if row.runs_out else 2
        faults = [fault | {"count": times}, CONFIRMS]
        checks = 1 + (times if row.is_seen else 0)
        steps = [INSERT, follow("wait", state("confirmed"), faults, **row.patience)]
        yield scenario(f"wait: {row.name}", steps, seen(1, check=or_more(checks, row)), [held("confirmed")], **options)
    steps = [INSERT, follow("wait", state("confirmed"), [REFUSED_AT_FIRST, CONFIRMS])]
    yield scenario("wait: connection refused at first", steps, seen(1, check=1), [held("confirmed")])
    wrong = {"endpoint": "CheckCart", "signature": "corrupt", "count": ATTEMPTS}
    raised = error("signature", "yes", 200, True)
    steps = [INSERT, follow("wait", {"error": raised}, [wrong, CONFIRMS])]
    yield scenario("wait: three wrong signatures stop it", steps, seen(1, check=3), [held("pending")])
    for row in filter(asks_for_patience, table()):
        busy = {"endpoint": "CheckCart"} | row.fault
        steps = [INSERT, follow("wait", state("confirmed"), [busy, CONFIRMS], timeout=2_000)]
        name = f"wait: {row.name}, beyond the deadline, leaves the last check"
        yield scenario(name, steps, seen(1, check=2), [held("confirmed")])
    manual = [MANUAL, follow("wait", state("reserved"), [CONFIRMS])]
    yield scenario("wait: the merchant's move", manual, seen(1, check=1), [held("reserved")])
    late = {"code": "wait_timeout", "retryable": True, "state": "pending"}
    steps = [
        INSERT,
        follow("wait", {"error": late}, timeout=60),
        follow("wait", state("confirmed"), resumes=True, customer="confirm"),
    ]
    name = "wait: the deadline, and a wait that goes on from it"
    yield scenario(name, steps, seen(1, check=[2, 12]), [held("confirmed")])
    down = {"endpoint": "CheckCart", "status": 500, "count": 1000}
    late = {"code": "wait_timeout", "retryable": True, "state": None, "cause": "server"}
    steps = [INSERT, follow("wait", {"error": late}, [down], timeout=60), step("check", state("pending"))]
    yield scenario("wait: nothing but failures", steps, seen(1, check=[2, 12]), [held("pending")])
    yield from stepping()


def stepping():
    """One check at a time, as job queues do it."""
    open_poll = {"poll": {"is_done": False, "status": "pending"}}
    for times, fault in (
        (1, {"status": 500}),
        (1, {"drop": "after", "drop_by": "reset"}),
        (1, {"body_as": "truncated"}),
        (2, {"signature": "corrupt"}),
    ):
        name = ", ".join(f"{key} {value}" for key, value in fault.items())
        done = {"poll": {"is_done": True, "status": "confirmed"}}
        struck = {"endpoint": "CheckCart"} | fault
        steps = [
            INSERT,
            follow("poll_step", open_poll, at="due"),
            *[step("poll_step", open_poll, [struck], at="due") for _ in range(times)],
            step("poll_step", done, [CONFIRMS], at="due"),
            step("poll_step", done, at="now"),
        ]
        yield scenario(f"poll_step: {name}", steps, seen(1, check=2 + times), [held("confirmed")])
    steps = [INSERT, follow("poll_step", open_poll, timeout=3_600_000, at="due"), step("poll_step", open_poll, at="now")]
    name = "poll_step: before the next check is due nothing is sent"
    yield scenario(name, steps, seen(1, check=1), [held("pending")], policy=SELDOM)
    late = {"code": "wait_timeout", "retryable": True, "state": "pending"}
    steps = [INSERT, follow("poll_step", {"error": late}, timeout=0, at="due")]
    yield scenario("poll_step: the deadline", steps, seen(1, check=1), [held("pending")])


def settling():
    nobody = [INSERT, follow("settle", state("canceled"), timeout=50)]
    counts = seen(1, check=[1, 8], cancel=1)
    yield scenario("settle: nobody answers", nobody, counts, [held("canceled")], policy=PATIENT)
    for row in table():
        if row.after_an_answer or asks_for_patience(row):
            continue
        fault = {"endpoint": "CancelCart"} | row.fault
        options = {"verification": row.verification, "policy": PATIENT}
        truth = "canceled"
        # Canceled or not: without a clear answer CheckCart says which, and the next cancel does it.
        cancels = int(row.is_seen) + int(row.code is not None and not row.processed)
        counts = seen(1, check=[1, 32], cancel=or_more(cancels, row))
        steps = [INSERT, follow("settle", state(truth), [fault], timeout=40, **row.patience)]
        yield scenario(f"settle: {row.name}", steps, counts, [held(truth)], **options)
        if not row.is_seen:
            continue
        truth = "confirmed"
        counts = seen(1, check=[1, 32], cancel=or_more(1, row))
        struck = fault | {"confirm_during": True}
        steps = [INSERT, follow("settle", state(truth), [struck], timeout=40, **row.patience)]
        name = f"settle: the customer is first, {row.name}"
        yield scenario(name, steps, counts, [held(truth)], **options)
    # CancelCart's "paid" is believed of CheckCart alone, and CheckCart's "canceled" not against it.
    lie = {"endpoint": "CancelCart", "body": PAID}
    for processed, told in ((False, "open"), (True, "canceled")):
        steps = [INSERT, follow("settle", state("canceled"), [lie | {"processed": processed}], timeout=40)]
        name = f"settle: the cancel says paid of a cart that is {told}"
        yield scenario(name, steps, seen(1, check=[2, 12], cancel=2), [held("canceled")], policy=PATIENT)
        unresolved = {"code": "unresolved", "retryable": True}
        faults = [lie | {"processed": processed, "count": 1000}]
        steps = [INSERT, follow("settle", {"error": unresolved}, faults, timeout=40)]
        counts = seen(1, check=[1, 60], cancel=[1, 60])
        yield scenario(f"{name}, each time", steps, counts, [held("canceled" if processed else "pending")])
    # Nor is CancelCart's own "canceled", after it has said "paid".
    recants = {"endpoint": "CancelCart", "body": CANCELED, "processed": False, "confirm_during": True}
    steps = [INSERT, follow("settle", state("confirmed"), [lie | {"processed": False}, recants], timeout=40)]
    name = "settle: the cancel says paid, then canceled, of a cart that is confirmed meanwhile"
    yield scenario(name, steps, seen(1, check=[2, 12], cancel=2), [held("confirmed")], policy=PATIENT)
    for race, held_as, resume in ((True, "confirmed", "wait"), (False, "pending", "settle")):
        down = {"endpoint": "*", "status": 503, "count": 100_000}
        first = [{"endpoint": "CancelCart", "status": 503, "confirm_during": True}] if race else []
        truth = "confirmed" if race else "canceled"
        unresolved = {"code": "unresolved", "retryable": True, "state": None, "cause": "server", "http_status": 503}
        steps = [
            INSERT,
            follow("settle", {"error": unresolved}, [*first, down], timeout=30),
            follow(resume, state(truth), timeout=30, resumes=True, policy=PATIENT),
        ]
        counts = seen(1, check=[2, 60], cancel=[1, 60])
        name = f"settle: nothing comes through while it is {held_as}, and then it does"
        yield scenario(name, steps, counts, [held(truth)])


PARTS = {
    "insert_cart": insert_cart,
    "check_cart": check_cart,
    "cancel_cart": cancel_cart,
    "confirm_cart": confirm_cart,
    "waiting": waiting,
    "settling": settling,
}


def build(part):
    return {"order": ORDER, "policy": POLICY, "cases": list(PARTS[part]())}
