"""Nothing that can be printed, logged, kept or sent on holds the secret key or a customer's number."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
from pathlib import Path

import pytest

import netgiro
from harness import APP_KEY, FACES, KENNITALA, PHONE, QUICK, SOME_ID

SECRET = "aVerySecretKey+/WithNoSpaces=="
PREVIOUS = "anOlderSecretKey=="
PASSWORD = "hunter2"
# Also as they may be spelled.
FORBIDDEN = [
    SECRET,
    PREVIOUS,
    PASSWORD,
    PHONE,
    f"{PHONE[:3]}-{PHONE[3:]}",
    f"{PHONE[:3]} {PHONE[3:]}",
    KENNITALA,
    f"{KENNITALA[:6]}-{KENNITALA[6:]}",
    f"{PHONE[:3]}\\u00a0{PHONE[3:]}",
    f"{PHONE[:3]}\u00a0{PHONE[3:]}",
    # Enough of a key to know it by.
    SECRET[:12],
    SECRET[-12:],
]


class Told:
    """Everything that was said, in one text."""

    def __init__(self):
        self.parts = []

    def add(self, *values):
        for value in values:
            self.parts.append(f"{value} {value!r} {value:}" if value is not None else "")
            for read in ("to_dict", "to_json"):
                if hasattr(value, read):
                    self.parts.append(repr(getattr(value, read)()))
            try:
                pickled = pickle.dumps(value)
            except (TypeError, pickle.PicklingError):
                continue
            self.parts.append(pickled.decode("latin-1"))
            self.parts.append(repr(pickle.loads(pickled)))
            self.parts.append(repr(copy.deepcopy(value)))

    def add_error(self, error):
        """An exception as a debugger's page shows it: with the locals of every frame."""
        lines = traceback.TracebackException.from_exception(error, capture_locals=True)
        self.parts.extend(lines.format(chain=True))
        self.add(error, error.__cause__, error.__context__)
        self.parts.append(repr(vars(error)))

    def holds_no_secret(self):
        text = "\n".join(self.parts)
        assert len(text) > 100
        for forbidden in FORBIDDEN:
            at = text.find(forbidden)
            assert at < 0, f"{forbidden!r} in: …{text[max(0, at - 300) : at + 100]}…"


@pytest.fixture
def told():
    told = Told()
    stream = io.StringIO()
    told.logged = stream.getvalue
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    # All that a record has, as a JSON formatter would write it.
    handler.addFilter(lambda record: stream.write(repr(vars(record))) or True)
    root = logging.getLogger()
    logger = logging.getLogger("netgiro")
    root.addHandler(handler)
    logger.setLevel(1)
    yield told
    root.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
    told.parts.append(stream.getvalue())
    told.holds_no_secret()


@pytest.fixture
def simulator():
    with netgiro.Simulator(secret_key=SECRET, check_interval=0.02) as simulator:
        yield simulator


@pytest.fixture
def shop(simulator, face):
    kind, wrapper = FACES[face]
    shop = wrapper(
        kind(simulator.app_key, SECRET, base_url=simulator.url, previous_secret_keys=[PREVIOUS])
    )
    yield shop
    shop.close()


def order_of(customer):
    return {"amount": 4990, "reference": "order-1", "customer_id": customer}


def ask(told, call, *args, **kwargs):
    """Call; keeps what it brought or raised. The arguments are no locals of a frame of ours."""
    try:
        brought = call(*args, **kwargs)
    except Exception as error:  # noqa: BLE001 - that is what is looked at
        error.__traceback__ = without_ours(error.__traceback__)
        told.add_error(error)
        return None
    told.add(brought)
    return brought


def without_ours(trace):
    """The frames below those of the tests, whose locals are what the tests gave."""
    ours = str(Path(__file__).parents[1])
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(ours):
        trace = trace.tb_next
    return trace


@pytest.mark.parametrize("customer", [PHONE, KENNITALA])
def test_a_checkout(told, shop, simulator, customer):
    told.add(shop.client)
    cart = ask(told, shop.insert_cart, **order_of(customer))
    poll = netgiro.CartPoll(cart, policy=QUICK)
    told.add(poll, ask(told, shop.poll_step, poll))
    if customer == PHONE:
        simulator.confirm(cart)
    ask(told, shop.wait_for_cart, cart, policy=QUICK)
    ask(told, shop.cancel_cart, cart)
    for result in shop.check_many([cart, SOME_ID]):
        told.add(result)
    # Of what the simulator saw, the bodies hold the customer; nothing shows them unasked.
    assert "InsertCart" in told.logged()
    told.parts.extend(map(repr, (simulator, *simulator.carts(), *simulator.requests())))


FAULTS = [{"status": status} for status in (400, 401, 403, 404, 408, 429, 500, 503, 302)] + [
    {"drop": "unread"},
    {"drop": "before"},
    {"drop": "after"},
    {"drop": "within"},
    {"signature": "corrupt"},
    *[{"body_as": form} for form in ("empty", "html", "truncated", "doubled", "deep", "quoted")],
    # A server that repeats what it was sent.
    {"body": f'{{"Success":false,"ResultCode":400,"Message":"unknown customer {PHONE}"}}'},
    {"body": f'{{"Success":false,"ResultCode":10306,"Message":"no {KENNITALA} here"}}'},
    {"status": 400, "body": f"CustomerId {PHONE} is wrong"},
    {"status": 500, "body": f"<html>{KENNITALA}</html>"},
    {"status": 400, "body": f'{{"Message":"{PHONE[:3]}\\u00a0{PHONE[3:]}, {PHONE}/{KENNITALA}"}}'},
    {"body": f'{{"Success":true,"TransactionId":"{PHONE}"}}'},
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_failures(told, shop, simulator, fault):
    for endpoint in ("InsertCart", "CheckCart"):
        simulator.add_fault(endpoint, count=3, **fault)
    ask(told, shop.insert_cart, **order_of(PHONE))
    simulator.clear_faults()
    simulator.add_fault("CheckCart", count=50, **fault)
    ask(told, shop.check_cart, SOME_ID)
    ask(told, shop.wait_for_cart, SOME_ID, timeout=0.05, policy=QUICK)


def test_refusals(told, shop, monkeypatch):
    shop.check_cart(SOME_ID)  # something for the log
    for customer in (
        PHONE + "0",
        f"+354{PHONE}0",
        KENNITALA[:-1] + "1",
        KENNITALA + "0",
        f"x{PHONE}",
    ):
        ask(told, shop.insert_cart, **order_of(customer))
    for amount in (0, -1, 1.5, None):
        ask(told, shop.insert_cart, **{**order_of(PHONE), "amount": amount})
    for secret in (f"{SECRET} ", f" {SECRET}", f"{SECRET}\n"):
        ask(told, netgiro.Client, "no guid", secret)
        ask(told, netgiro.Client, APP_KEY, secret)
        ask(told, netgiro.Client, APP_KEY, "fine", previous_secret_keys=[secret])
        ask(told, netgiro.Client, SECRET, "keys changed places")
    for proxy in (
        f"http://me:{PASSWORD}@",
        f"me:{PASSWORD}@proxy.example",
        f"ftp://me:{PASSWORD}@p",
    ):
        ask(told, netgiro.Client, SOME_ID, SECRET, proxy=proxy)
    for wrong in (SECRET, PASSWORD, f"https://me:{PASSWORD}@shop.is/", f"http://shop.is/?{SECRET}"):
        for option in ("environment", "base_url", "response_verification", "ca_file", "proxy"):
            ask(told, netgiro.Client, SOME_ID, SECRET, **{option: wrong})
        monkeypatch.setenv("NETGIRO_APP_KEY", SOME_ID)
        monkeypatch.setenv("NETGIRO_SECRET_KEY", SECRET)
        for name in ("NETGIRO_ENVIRONMENT", "NETGIRO_BASE_URL"):
            monkeypatch.setenv(name, wrong)
            ask(told, netgiro.Client.from_env)
            monkeypatch.delenv(name)
    ask(told, shop.check_cart, PHONE)
    for number in (f"x{PHONE}", {"customer_id": KENNITALA}, [f"{PHONE[:3]}-{PHONE[3:]}"]):
        ask(told, shop.check_cart, number)
        ask(told, shop.insert_cart, **{**order_of(PHONE), "amount": number})
        ask(told, shop.insert_cart, **{**order_of(PHONE), "confirmation_type": number})


def test_a_proxy_that_is_not_there(told, simulator):
    options = {"proxy": f"http://me:{PASSWORD}@127.0.0.1:1", "timeout": 0.3}
    shop = netgiro.Client(simulator.app_key, SECRET, base_url=simulator.url, **options)
    told.add(shop)
    ask(told, shop.check_cart, SOME_ID)


def test_callbacks(told, shop):
    shop.check_cart(SOME_ID)
    url, nonce = "https://shop.is/callback", "638412345678901234"
    message = f"customer {PHONE} said yes, {KENNITALA} did"
    body = (
        f'{{"Message":"{message}","PaymentInfo":{{"TransactionId":"{SOME_ID}"}},"ResultCode":10200}}'
    ).encode()
    for secret in (SECRET, PREVIOUS, "another"):
        signature = netgiro.sign(secret, nonce, url, body)
        for given in (signature, signature[::-1]):
            headers = {"netgiro_nonce": nonce, "netgiro_signature": given}
            ask(told, shop.verify_callback, url=url, headers=headers, body=body)
    # What would have been the right signature is a secret as well.
    right = netgiro.sign(SECRET, nonce, url, body)
    headers = {"netgiro_nonce": nonce, "netgiro_signature": "0" * 64}
    with pytest.raises(netgiro.SignatureError) as raised:
        shop.verify_callback(url=url, headers=headers, body=body)
    assert right not in str(raised.value)
    assert right not in repr(vars(raised.value))


def test_a_reference_is_shown_as_the_shop_gave_it(shop, simulator):
    """SECURITY.md says so: the shop should put no customer's number there."""
    reference = f"order-{PHONE}"
    cart = shop.insert_cart(amount=4990, reference=reference, customer_id="7654321")
    assert reference in repr(cart)
    assert cart.to_dict()["reference"] == reference
