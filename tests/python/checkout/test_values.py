"""The values: made, compared, copied, pickled, printed."""

from __future__ import annotations

import copy
import enum
import pickle
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

import netgiro
from harness import APP_KEY, PHONE, SECRET_KEY, SOME_ID
from netgiro import enums

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=timezone.utc)
PAYMENT = netgiro.PaymentInfo(
    transaction_id=SOME_ID,
    invoice_number=7,
    reference_number="order-1",
    status_id=2,
    created=AT,
    total_amount=Decimal("1000.00"),
    account_number=12,
    client_identity_confirmed=True,
)
STATE = netgiro.CartState(
    SOME_ID,
    "confirmed",
    result_code=10200,
    payment_successful=True,
    payment=PAYMENT,
    reference_id="ref",
    checked_at=AT,
)
CART = netgiro.Cart(SOME_ID, reference="order-1", amount=1000, check_interval=2.5, message="m")
POLL = netgiro.CartPoll(CART, timeout=60, policy=netgiro.PollPolicy(1, 2, 3), now=AT)
VALUES = [
    CART,
    PAYMENT,
    STATE,
    netgiro.CartItem("Garn", 800, Decimal("0.5"), product_no="7"),
    netgiro.CheckResult(SOME_ID, state=STATE),
    netgiro.CheckResult(SOME_ID, error=netgiro.ApiError("no", http_status=200, result_code=400)),
    netgiro.Callback(
        SOME_ID, state=STATE, reference="order-1", amount=Decimal("1000.0"), reference_id="r"
    ),
    netgiro.Refund(SOME_ID, amount=1000, idempotency_key="order-1-line-2", message="Success"),
    netgiro.Transaction(
        SOME_ID, "paid", total_amount=Decimal("1000.00"), is_refundable=True, created=AT
    ),
    netgiro.Checkout("https://netgiro.example/1", reference="order-1", amount=1000),
    netgiro.Redirect(
        SOME_ID,
        reference="order-1",
        amount=Decimal("1000.0"),
        invoice_number="7",
        status="canceled",
    ),
    netgiro.Redirect("abc-123", reference="order-1", amount=1000, status="confirmed"),
    netgiro.PollPolicy(0.5, 1.5, 20),
    POLL,
    POLL.answered("pending", now=AT, jitter=0),
]
each = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


@each
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickled_and_back(value, protocol):
    again = pickle.loads(pickle.dumps(value, protocol))
    assert again == value
    assert hash(again) == hash(value)
    assert repr(again) == repr(value)


@each
def test_copied(value):
    assert copy.copy(value) is value
    assert copy.deepcopy(value) is value
    assert copy.deepcopy([value]) == [value]


@each
def test_equal_only_to_the_same(value):
    others = [other for other in VALUES if other is not value]
    assert value not in others
    assert value != "something"
    assert len({value, value, *VALUES}) == len(VALUES)


@each
def test_immutable(value):
    name = next(name for name in dir(value) if not name.startswith("_"))
    with pytest.raises(AttributeError):
        setattr(value, name, 1)
    with pytest.raises(AttributeError):
        value.something_new = 1
    with pytest.raises(TypeError):
        type("Own", (type(value),), {})


@each
def test_to_dict_is_plain(value):
    def plain(member):
        if isinstance(member, dict):
            return all(isinstance(name, str) and plain(inner) for name, inner in member.items())
        basic = str | int | float | bool | UUID | Decimal | datetime | enum.Enum | None
        return isinstance(member, basic)

    members = value.to_dict()
    assert isinstance(members, dict)
    assert plain(members)
    assert set(members) <= set(dir(value))


@each
def test_repr_names_the_class_and_what_is_there(value):
    text = repr(value)
    assert text.startswith(f"{type(value).__name__}(")
    assert "None" not in text
    without_id = (netgiro.CartItem, netgiro.PollPolicy, netgiro.Checkout)
    assert SOME_ID in text or "abc-123" in text or isinstance(value, without_id)


def test_repr_reads_well():
    assert repr(CART) == (
        f"Cart(transaction_id=UUID('{SOME_ID}'), reference='order-1', amount=1000, check_interval=2.5, "
        "message='m')"
    )
    assert repr(netgiro.PollPolicy()) == (
        "PollPolicy(min_interval=1.0, default_interval=3.0, max_interval=60.0)"
    )
    assert "status=CartStatus.CONFIRMED" in repr(STATE)
    assert "checked_at=datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=" in repr(STATE)
    assert "total_amount=Decimal('1000.00')" in repr(STATE)


def test_members_have_pythons_own_types():
    assert isinstance(STATE.transaction_id, UUID)
    assert STATE.checked_at == AT
    assert STATE.checked_at.tzinfo is timezone.utc
    assert isinstance(STATE.status, netgiro.CartStatus)
    assert isinstance(STATE.status, str)
    assert type(PAYMENT.total_amount) is Decimal
    assert str(PAYMENT.total_amount) == "1000.00"
    assert PAYMENT.discount_amount is None
    assert STATE.to_dict()["payment"]["created"] == AT
    assert STATE.to_dict()["is_paid"] is True
    assert type(CART.amount) is int
    assert type(CART.check_interval) is float


def test_states_can_be_told_apart():
    def what(state):
        match state:
            case netgiro.CartState(status="confirmed"):
                return "paid"
            case netgiro.CartState(status=netgiro.CartStatus.PENDING):
                return "wait"

    assert what(STATE) == "paid"
    assert what(netgiro.CartState(SOME_ID, "pending")) == "wait"


def test_times_of_any_zone_are_instants():
    there = AT.astimezone(timezone(timedelta(hours=-5)))
    assert netgiro.CartState(SOME_ID, "pending", checked_at=there).checked_at == AT
    old = datetime(1969, 12, 31, 23, 59, 59, 5, tzinfo=timezone.utc)
    assert netgiro.PaymentInfo(created=old).created == old
    with pytest.raises(ValueError, match="time zone"):
        netgiro.PaymentInfo(created=datetime(2026, 1, 1))  # noqa: DTZ001


class Index:
    """A number of another library's, such as numpy's."""

    def __init__(self, value):
        self.value = value

    def __index__(self):
        return self.value


class NoIndex:
    """As numpy's booleans and arrays, which have the method and refuse."""

    def __index__(self):
        raise TypeError("only integer scalar arrays can be converted to a scalar index")

    def __repr__(self):
        return "array([10])"


class Text(str):
    __slots__ = ()


def test_amounts_of_other_libraries():
    assert netgiro.Cart(SOME_ID, reference="r", amount=Index(7)).amount == 7
    with pytest.raises(netgiro.InvalidRequestError, match="got -1"):
        netgiro.Cart(SOME_ID, reference="r", amount=Index(-1))


@pytest.mark.parametrize(
    "given",
    [
        *(4990, "4990", "4990.00", "0004990", Text("4990"), Index(4990)),
        *(
            Fraction(4990),
            Decimal(4990),
            Decimal("4990.00"),
            Decimal("4.99E+3"),
            Decimal("4990." + "0" * 60),
        ),
    ],
)
def test_what_is_an_amount(shop, simulator, given):
    made = netgiro.Cart(SOME_ID, reference="r", amount=given)
    assert made.amount == 4990
    assert type(made.amount) is int
    assert netgiro.CartItem("x", given, amount=given).unit_price == 4990
    callback = netgiro.Callback(SOME_ID, state=STATE, reference="r", amount=Decimal("4990.00"))
    assert callback.matches(given, "r")
    assert not callback.matches(given, "s")
    cart = shop.insert_cart(amount=given, reference="r", customer_id=PHONE)
    assert cart.amount == simulator.cart(cart).amount == 4990


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (True, r"True \(bool\)"),
        (10.0, r"10.0 \(float\)"),
        (10.5, r"10.5 \(float\)"),
        (Fraction(21, 2), r"Fraction\(21, 2\) \(Fraction\)"),
        (Fraction(-10), "-10"),
        (Decimal("10.5"), "10.5"),
        (Decimal("10." + "0" * 60 + "1"), "10.0+1"),
        (Decimal("NaN"), "NaN"),
        (Decimal("sNaN"), "sNaN"),
        (Decimal("Infinity"), "Infinity"),
        (Decimal(-10), "-10"),
        (Decimal("1E+999999"), r"1E\+999999"),
        ("10.5", '"10.5"'),
        ("10,00", '"10,00"'),
        ("1e1", '"1e1"'),
        ("ten", '"ten"'),
        ("", '""'),
        ("٤٩٩٠", '"٤٩٩٠"'),
        ("\ud800", '"'),
        (b"10", r"b'10' \(bytes\)"),
        (NoIndex(), r"array\(\[10\]\) \(NoIndex\)"),
        (None, r"None \(NoneType\)"),
        (10**400, "an object of type int"),
    ],
)
def test_what_is_no_amount(given, shown):
    with pytest.raises(
        netgiro.InvalidRequestError, match=f"integer from 1 to 2147483647; got {shown}"
    ):
        netgiro.CartItem("x", given)
    callback = netgiro.Callback(SOME_ID, state=STATE, reference="r", amount=Decimal(10))
    for call in (
        lambda: netgiro.Cart(SOME_ID, reference="r", amount=given),
        lambda: callback.matches(given, "r"),
    ):
        with pytest.raises(netgiro.InvalidRequestError, match="amount"):
            call()


@pytest.mark.parametrize("given", [1001, None, b"order-1", UUID(int=1), ["order-1"]])
def test_what_is_no_reference(shop, simulator, given):
    callback = netgiro.Callback(SOME_ID, state=STATE, reference="r", amount=Decimal(10))
    for call in (
        lambda: netgiro.Cart(SOME_ID, reference=given, amount=10),
        lambda: callback.matches(10, given),
        lambda: shop.insert_cart(amount=10, reference=given, customer_id=PHONE),
    ):
        with pytest.raises(netgiro.InvalidRequestError, match="reference must be a str; got"):
            call()
    assert simulator.requests() == []


def test_an_amount_that_raises_is_heard():
    class Broken:
        def __index__(self):
            raise KeyError("of the shop's")

    with pytest.raises(KeyError):
        netgiro.Cart(SOME_ID, reference="r", amount=Broken())


def test_quantities():
    assert netgiro.CartItem("x", 100).quantity == 1
    assert netgiro.CartItem("x", 100, 3).amount == 300
    assert netgiro.CartItem("x", 100, "1.25").amount == 125
    assert netgiro.CartItem("x", 100, Decimal("1E+1")).quantity == 10
    assert netgiro.CartItem("x", 333, "0.333", amount=111).amount == 111
    for refused in (0, -1, "0.0001", "lots", 1.5, True, Decimal("NaN"), None.__class__):
        with pytest.raises(netgiro.InvalidRequestError, match="quantity"):
            netgiro.CartItem("x", 100, refused)


def test_check_results_have_one_side():
    with pytest.raises(TypeError):
        netgiro.CheckResult(SOME_ID)
    with pytest.raises(TypeError):
        netgiro.CheckResult(SOME_ID, state=STATE, error=netgiro.ApiError("no"))
    with pytest.raises(TypeError):
        netgiro.CheckResult(SOME_ID, error=ValueError("no"))


# --- words


def test_words_are_strings():
    status = netgiro.CartStatus.NEEDS_CODE
    assert status == "needs_code"
    assert str(status) == f"{status}" == "needs_code"
    assert f"{status:>12}" == "  needs_code"
    assert {status: 1}["needs_code"] == 1
    assert netgiro.CartStatus("needs_code") is status
    assert pickle.loads(pickle.dumps(status)) is status
    assert STATE.status is netgiro.CartStatus.CONFIRMED


@pytest.mark.parametrize(
    "digits",
    ["4990." + "0" * 30 + "1", "4990." + "0" * 30 + "1E+0", "4989." + "9" * 30, "1E+40", "1E-40"],
)
def test_an_amount_keeps_every_digit_or_is_refused(digits):
    amount = Decimal(digits)
    for member in ("total_amount", "discount_amount", "shipping_amount", "handling_amount"):
        with pytest.raises(netgiro.InvalidRequestError, match="exactly"):
            netgiro.PaymentInfo(**{member: amount})
    with pytest.raises(netgiro.InvalidRequestError, match="exactly"):
        netgiro.Callback(SOME_ID, state=STATE, amount=amount)
    for quantity in (amount, digits):
        with pytest.raises(netgiro.InvalidRequestError, match="quantity"):
            netgiro.CartItem("x", 1, quantity)


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\0", "\x7f", "\x85", "\u2028", "\u2029"])
def test_a_reference_has_no_control_characters(character):
    with pytest.raises(netgiro.InvalidRequestError, match="reference"):
        netgiro.Cart(SOME_ID, reference=f"order{character}1", amount=4990)
    # What is only shown to people may have lines.
    item = netgiro.CartItem(f"Garn{character}", 1, description=f"rautt{character}og hvítt")
    assert character in item.name


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (enums.Environment, "environment"),
        (enums.ResponseVerification, "response_verification"),
        (enums.PaymentInfoPolicy, "payment_info"),
    ],
)
def test_option_words_are_the_cores(kind, name):
    for word in kind:
        for given in (word, str(word), str(word).upper(), str(word).replace("_", "-")):
            netgiro.Client(APP_KEY, SECRET_KEY, **{name: given})
    with pytest.raises(netgiro.ConfigurationError) as raised:
        netgiro.Client(APP_KEY, SECRET_KEY, **{name: "nonsense"})
    for word in kind:
        assert f'"{word}"' in raised.value.message
    assert raised.value.message.count('"') == 2 * len(kind), "what may be a secret is not shown"


def test_confirmation_words_are_the_cores(simulator):
    with simulator.client() as shop, pytest.raises(netgiro.InvalidRequestError) as raised:
        shop.insert_cart(amount=1, reference="r", customer_id=PHONE, confirmation_type="nonsense")
    for word in enums.ConfirmationType:
        assert f'"{word}"' in raised.value.message
    assert raised.value.message.count('"') == 2 * len(enums.ConfirmationType)


def test_everything_public_is_there():
    for name in netgiro.__all__:
        assert getattr(netgiro, name) is not None
        assert name in dir(netgiro)
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        netgiro.Nonsense  # noqa: B018
    assert netgiro.__version__


# --- errors


def test_errors_survive_pickling():
    error = netgiro.WaitTimeoutError(
        "too late", state=STATE, poll=POLL, http_status=500, request_sent="yes", retryable=True
    )
    error.__cause__ = netgiro.ServerError(
        "broken", http_status=500, reference_id="r", text="broken!"
    )
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is netgiro.WaitTimeoutError
    assert again.to_dict() == error.to_dict()
    assert again.poll == POLL
    assert again.__cause__.to_dict() == error.__cause__.to_dict()
    assert str(again.__cause__) == "broken!"
    assert copy.copy(error).to_dict() == error.to_dict()


@pytest.mark.parametrize(
    "error",
    [
        netgiro.ApiError("no", http_status=200, result_code=400, reference_id="r"),
        netgiro.RateLimitedError("slowly", http_status=429, retry_after=1.5, request_sent="yes"),
        netgiro.OutcomeUnknownError("who knows", reference="order-1", request_sent="maybe"),
        netgiro.UnresolvedError("who knows", state=STATE, poll=POLL, retryable=False),
    ],
    ids=lambda error: error.code,
)
def test_errors_survive_a_check_result(error):
    error.__cause__ = netgiro.ServerError("broken", request_sent="maybe")
    result = netgiro.CheckResult(SOME_ID, error=error)
    again = pickle.loads(pickle.dumps(result)).error
    assert type(again) is type(error)
    assert again.to_dict() == error.to_dict()
    assert again.__cause__.to_dict() == error.__cause__.to_dict()


def test_errors_can_be_made_for_tests():
    error = netgiro.OutcomeUnknownError("who knows", reference="order-1")
    assert error.reference == "order-1"
    assert (error.request_sent, error.retryable, error.http_status) == ("no", False, None)
    assert str(error) == error.message == "who knows"
    assert netgiro.RateLimitedError("x", retry_after=2).retry_after == 2
    assert netgiro.ConnectError("x").retryable
    assert error.to_dict()["reference"] == "order-1"


# --- secrets


def test_the_secret_is_nowhere(simulator):
    secret = simulator.secret_key
    shop = simulator.client()
    cart = shop.insert_cart(amount=1, reference="r", customer_id=PHONE)
    simulator.confirm(cart)
    shown = [
        repr(shop),
        str(shop),
        repr(simulator),
        repr(simulator.async_client()),
        repr(simulator.carts()),
        repr(simulator.requests()),
        repr(shop.check_cart(cart)),
        repr(shop.poll_step(netgiro.CartPoll(cart))),
        str(vars(type(shop))),
    ]
    simulator.add_fault("*", status=401, count=9)
    for call in (shop.check_cart, shop.cancel_cart):
        with pytest.raises(netgiro.AuthenticationError) as raised:
            call(cart)
        shown += [str(raised.value), repr(raised.value), str(raised.value.to_dict())]
    with pytest.raises(netgiro.ConfigurationError) as refused:
        netgiro.Client("no guid", secret)
    shown.append(str(refused.value))
    for text in shown:
        assert secret not in text
        assert secret[:12] not in text
        assert PHONE not in text
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(shop)
    assert not hasattr(shop, "secret_key")
    shop.close()
