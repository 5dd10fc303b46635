"""Whatever is given, a call ends in a result or in an exception that says what was wrong."""

from __future__ import annotations

import decimal
import fractions
import json
import uuid

import pytest

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import netgiro
from harness import APP_KEY, FULL, SECRET_KEY, SOME_ID

settings.register_profile(
    "shop",
    max_examples=1000 if FULL else 100,
    deadline=None,
    derandomize=not FULL,
    database=None,
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("shop")

# Nobody listens there: what is not refused before it is sent is a ConnectError.
CLIENT = netgiro.Client(APP_KEY, SECRET_KEY, base_url="http://127.0.0.1:1/v1/", timeout=0.5)
# What a caller can be told: of a wrong value, of a wrong type, or of a number that fits no integer.
TOLD = (netgiro.NetgiroError, TypeError, ValueError, OverflowError)
URL = "https://shop.is/callback"
BODY = (
    b'{"PaymentInfo":{"TransactionId":"%s","TotalAmount":4990},"ResultCode":10200}'
    % SOME_ID.encode()
)
NONCE = "638412345678901234"
HEADERS = {"netgiro_nonce": NONCE, "netgiro_signature": netgiro.sign(SECRET_KEY, NONCE, URL, BODY)}
TOKEN = netgiro.CartPoll(SOME_ID).answered("pending").to_json()


class Raises:
    """Raises whatever is done with it, in a way that is the caller's own."""

    def __index__(self):
        raise ZeroDivisionError

    __str__ = __repr__ = __iter__ = __len__ = __float__ = __hash__ = __index__


class Lies:
    """Says that it is something, and is something else."""

    def __index__(self):
        return "one"  # noqa: PLE0305 - that is the lie

    def __iter__(self):
        return 7

    def __str__(self):
        return 3  # noqa: PLE0307

    __repr__ = __str__

    def items(self):
        return 3


class Text(str):
    """A str that is not quite one."""

    __slots__ = ()

    def __str__(self):
        raise ZeroDivisionError


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=1, max_value=2**31),
    st.floats(),
    st.decimals(),
    st.fractions(),
    st.complex_numbers(),
    st.text(),
    st.text(st.characters(categories=["Cs", "Cc", "Nd"])),
    st.binary(),
    st.uuids(),
    st.datetimes(),
    st.builds(Raises),
    st.builds(Lies),
    st.builds(Text, st.just("8223281")),
    st.sampled_from([object(), int, len, ..., "822 3281", SOME_ID]),
)
anything = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner, inner),
        st.dictionaries(st.one_of(st.text(), st.binary(), st.integers()), inner, max_size=3),
    ),
    max_leaves=5,
)


def ends_well(call, *kinds):
    """Call; gives the outcome, or None when the caller was told that it could not be."""
    try:
        return call()
    except TOLD:
        return None
    except (ZeroDivisionError, AttributeError):
        return None  # what the given object itself raised


@given(anything, anything, anything)
@example(4990, "order-1", "8223281")
@example(1.0, "order-1", "8223281")
@example(2**200, "\ud800", "\x00")
@example(decimal.Decimal("NaN"), "order-1", fractions.Fraction(1, 3))
def test_insert_cart(amount, reference, customer_id):
    cart = {"amount": amount, "reference": reference, "customer_id": customer_id}
    assert ends_well(lambda: CLIENT.insert_cart(**cart)) is None


@given(anything, anything, anything, anything)
def test_the_rest_of_a_cart(items, confirmation_type, callback_url, description):
    order = {"amount": 4990, "reference": "order-1", "customer_id": "8223281"}
    more = {
        "items": items,
        "confirmation_type": confirmation_type,
        "callback_url": callback_url,
        "description": description,
    }
    assert ends_well(lambda: CLIENT.insert_cart(**order, **more)) is None


@given(anything, anything, anything)
def test_cart_items(name, unit_price, quantity):
    item = ends_well(lambda: netgiro.CartItem(name, unit_price, quantity))
    assert item is None or item.unit_price >= 1


@given(anything)
@example(uuid.UUID(int=0))
def test_carts(cart):
    for call in (CLIENT.check_cart, CLIENT.poll_step, lambda cart: CLIENT.confirm_cart(cart, cart)):
        assert ends_well(lambda call=call: call(cart)) is None
    poll = ends_well(lambda: netgiro.CartPoll(cart, timeout=cart))
    assert poll is None or netgiro.CartPoll.from_json(poll.to_json()) == poll
    results = ends_well(lambda: CLIENT.check_many(cart))
    assert results is None or all(result.error for result in results)


@given(anything, anything, anything)
def test_clients(app_key, secret_key, options):
    ends_well(lambda: netgiro.Client(app_key, secret_key, previous_secret_keys=options))
    ends_well(lambda: netgiro.Client(app_key, secret_key, proxy=options))
    ends_well(
        lambda: netgiro.AsyncClient(APP_KEY, SECRET_KEY, environment=options, timeout=secret_key)
    )


@given(anything, anything, anything, anything)
def test_callbacks_of_anything(url, headers, body, guard):
    parts = {"url": url, "headers": headers, "body": body, "replay_guard": guard}
    assert ends_well(lambda: CLIENT.verify_callback(**parts)) is None
    ends_well(lambda: netgiro.sign(url, headers, url, body))


@given(headers=st.lists(st.tuples(anything, anything), max_size=4))
def test_headers_of_anything(headers):
    parts = {"url": URL, "headers": headers, "body": BODY}
    assert ends_well(lambda: CLIENT.verify_callback(**parts)) is None


def mutated(original: bytes):
    """Bytes with some cut out, put in or changed."""
    place = st.integers(0, len(original))

    def change(cut, start, end, put):
        low, high = sorted((start, end))
        return original[:low] + put + (original[high:] if cut else original[low:])

    return st.builds(change, st.booleans(), place, place, st.binary(max_size=8))


@given(mutated(BODY))
def test_mutated_callbacks(body):
    told = ends_well(lambda: CLIENT.verify_callback(url=URL, headers=HEADERS, body=body))
    assert (told is not None) == (body == BODY)


@given(mutated(HEADERS["netgiro_signature"].encode()), mutated(NONCE.encode()))
def test_mutated_headers(signature, nonce):
    headers = {"netgiro_nonce": nonce, "netgiro_signature": signature}
    told = ends_well(lambda: CLIENT.verify_callback(url=URL, headers=headers, body=BODY))
    same = signature.strip().decode("latin-1").lower() == HEADERS["netgiro_signature"]
    assert told is None or (same and nonce.strip() == NONCE.encode())


@given(mutated(TOKEN.encode()))
def test_mutated_tokens(token):
    text = token.decode("utf-8", "replace")
    poll = ends_well(lambda: netgiro.CartPoll.from_json(text))
    if poll is not None:
        assert netgiro.CartPoll.from_json(poll.to_json()) == poll
        ends_well(lambda: poll.answered("pending"))
        ends_well(lambda: CLIENT.poll_step(text))
        repr(poll)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=4,
)


@given(st.data())
def test_tokens_with_other_members(data):
    token = json.loads(TOKEN)
    for name in data.draw(st.lists(st.sampled_from(sorted(token)), max_size=3)):
        token[name] = data.draw(json_values)
    poll = ends_well(lambda: netgiro.CartPoll.from_json(json.dumps(token)))
    if poll is not None:
        assert netgiro.CartPoll.from_json(poll.to_json()) == poll
        # Dates beyond Python's are told so, where they are asked for.
        ends_well(lambda: (poll.next_check_at, poll.deadline, repr(poll), poll.to_dict()))
        ends_well(lambda: poll.answered("confirmed"))


@given(anything, anything, anything, anything)
def test_answers_of_anything(seen, sent_at, now, jitter):
    poll = netgiro.CartPoll(SOME_ID)
    given_ = {"sent_at": sent_at, "now": now, "jitter": jitter}
    ends_well(lambda: poll.answered(seen, **given_))
    ends_well(lambda: poll.answered("pending", jitter=jitter))
    ends_well(lambda: netgiro.PollPolicy(seen, now, jitter))
