"""Whole checkouts against the simulator, with both clients."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

import pytest

import netgiro
from harness import KENNITALA, PHONE, QUICK, SOME_ID, Answer, Server, connect, eventually


def insert(shop, **arguments):
    return shop.insert_cart(
        **{"amount": 4990, "reference": "order-1", "customer_id": PHONE, **arguments}
    )


def test_phone_accepted_after_a_check(shop, simulator):
    cart = insert(shop)
    assert cart.reference == "order-1"
    assert cart.amount == 4990
    assert cart.check_interval == 0.02
    assert isinstance(cart.transaction_id, UUID)
    state = shop.check_cart(cart)
    assert (state.status, state.result_code) == ("pending", 10425)
    assert not state.is_final
    simulator.confirm(cart)
    state = shop.check_cart(cart)
    assert state.is_paid
    assert state.payment.total_amount == Decimal(4990)
    assert state.payment.reference_number == "order-1"
    assert state.payment.transaction_id == cart.transaction_id
    assert all(request.signature_ok for request in simulator.requests())


def test_an_insert_whose_answer_was_lost_is_found(shop, simulator):
    assert shop.find_by_reference("order-1", amount=4990) is None
    simulator.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError) as raised:
        insert(shop)
    cart = shop.find_by_reference(raised.value.reference, amount=4990)
    assert cart == netgiro.Cart(
        simulator.carts()[0].transaction_id,
        reference="order-1",
        amount=4990,
        reference_id=cart.reference_id,
    )
    assert cart.reference_id
    assert shop.check_cart(cart).status == "pending"
    simulator.confirm(cart)
    assert shop.settle_cart(cart).is_paid
    assert len(simulator.carts()) == 1
    with pytest.raises(netgiro.MismatchError):
        shop.find_by_reference("order-1", amount=4991)


@pytest.mark.parametrize(("lookup", "error"), [("payments", None), ("off", netgiro.ApiError)])
def test_a_look_up_may_see_less_or_be_gone(lookup, error):
    with netgiro.Simulator(reference_lookup=lookup) as simulator, simulator.client() as shop:
        insert(shop)
        if error is None:
            assert shop.find_by_reference("order-1", amount=4990) is None
        else:
            with pytest.raises(error) as raised:
                shop.find_by_reference("order-1", amount=4990)
            assert raised.value.http_status == 404


def test_everything_a_cart_can_have_arrives(shop, simulator):
    items = [
        netgiro.CartItem("Lopapeysa", 20_000, 2, product_no="P1", description="Ull"),
        {"name": "Garn", "unit_price": 800, "quantity": "0.5"},
    ]
    insert(
        shop,
        amount=40_400,
        customer_id="+354 822-3281",
        confirmation_type=netgiro.ConfirmationType.MANUAL,
        callback_url="https://shop.is/cb?a=1",
        callback_cancel_url="https://shop.is/cancel",
        description="Ullarvörur",
        items=items,
        location_id="Laugavegur",
        register_id="2",
    )
    (request,) = simulator.requests()
    assert json.loads(request.body) == {
        "Amount": 40_400,
        "Reference": "order-1",
        "CustomerId": "8223281",
        "ConfirmationType": 2,
        "CallbackUrl": "https://shop.is/cb?a=1",
        "CallbackCancelUrl": "https://shop.is/cancel",
        "Description": "Ullarvörur",
        "CartItemRequests": [
            {
                "ProductNo": "P1",
                "Name": "Lopapeysa",
                "Description": "Ull",
                "UnitPrice": 20_000,
                "Quantity": 2000,
                "Amount": 40_000,
            },
            {"Name": "Garn", "UnitPrice": 800, "Quantity": 500, "Amount": 400},
        ],
        "LocationId": "Laugavegur",
        "RegisterId": "2",
    }


@pytest.mark.parametrize("given", [2, "2", "manual", "Manual", netgiro.ConfirmationType.MANUAL])
def test_confirmation_types_by_word_number_or_member(shop, simulator, given):
    cart = insert(shop, confirmation_type=given)
    assert simulator.cart(cart).confirmation_type is netgiro.ConfirmationType.MANUAL


def test_manual_confirmation(shop, simulator):
    cart = insert(shop, confirmation_type="manual")
    simulator.confirm(cart)
    assert shop.wait_for_cart(cart, policy=QUICK).status == "reserved"
    assert shop.confirm_cart(cart).is_paid
    assert shop.confirm_cart(cart).is_paid, "already confirmed counts as done"


def test_kennitala_with_its_code(shop, simulator):
    cart = insert(shop, customer_id="111111-1119")
    assert shop.wait_for_cart(cart, policy=QUICK).status == "needs_code"
    with pytest.raises(netgiro.ApiError) as refused:
        shop.confirm_cart(cart, identifier="nope")
    assert refused.value.result_code == 400
    code = simulator.cart(cart).sms_code
    assert shop.confirm_cart(cart, identifier=code).is_paid


def test_kennitala_with_manual_confirmation(shop, simulator):
    cart = insert(shop, customer_id=KENNITALA, confirmation_type="manual")
    code = simulator.cart(cart).sms_code
    assert shop.confirm_cart(cart, code).status == "reserved"
    assert shop.confirm_cart(cart).is_paid


def test_app_code_is_paid_at_once(shop):
    assert shop.check_cart(insert(shop, customer_id="500004ab12")).is_paid


def test_customers_who_decide_by_themselves(shop):
    assert shop.wait_for_cart(insert(shop, customer_id="8111111"), policy=QUICK).is_paid
    declined = shop.wait_for_cart(insert(shop, customer_id="8222222"), policy=QUICK)
    assert declined.status is netgiro.CartStatus.DECLINED


def test_expiry_on_the_simulators_clock(shop, simulator):
    cart = insert(shop)
    simulator.advance(181)
    state = shop.check_cart(cart)
    assert (state.status, state.result_code) == ("canceled", 10201)


def test_cancel_in_time_and_too_late(shop, simulator):
    cart = insert(shop)
    state = shop.cancel_cart(cart)
    assert state.status == "canceled"
    assert state.payment_successful is None
    assert shop.cancel_cart(cart).status == "canceled", "already canceled counts as done"
    cart = insert(shop)
    simulator.confirm(cart)
    late = shop.cancel_cart(cart)
    assert late.is_paid
    assert late.result_code == 10200


def test_a_refusal_of_the_server(shop, simulator):
    simulator.add_fault("InsertCart", result_code=10306)
    with pytest.raises(netgiro.ApiError) as raised:
        insert(shop)
    error = raised.value
    assert (error.result_code, error.http_status, error.request_sent) == (10306, 200, "yes")
    assert not error.retryable
    assert error.reference_id
    assert error.reference_id in str(error)


def test_cart_arguments(shop, simulator):
    cart = insert(shop)
    state = shop.check_cart(cart)
    given = [
        cart,
        state,
        netgiro.CartPoll(cart),
        cart.transaction_id,
        str(cart.transaction_id),
        str(cart.transaction_id).upper(),
        f"{{{cart.transaction_id}}}",
    ]
    for argument in given:
        assert shop.check_cart(argument).transaction_id == cart.transaction_id
    assert simulator.cart(cart).checks == 1 + len(given)


@pytest.mark.parametrize("given", [None, 7, b"0f0e0d0c-0b0a-4908-8706-050403020100", object()])
def test_what_is_no_cart(shop, given):
    with pytest.raises(netgiro.InvalidRequestError, match="transaction_id must be a cart's GUID"):
        shop.check_cart(given)


def test_a_payment_for_another_order_is_no_payment(shop, simulator):
    cart = insert(shop)
    simulator.confirm(cart)
    other = netgiro.Cart(cart.transaction_id, reference="order-2", amount=4990)
    with pytest.raises(netgiro.MismatchError):
        shop.check_cart(other)
    other = netgiro.Cart(cart.transaction_id, reference="order-1", amount=4991)
    with pytest.raises(netgiro.MismatchError):
        shop.wait_for_cart(other, policy=QUICK)


def test_decimals_keep_their_digits(face):
    with netgiro.Simulator(decimals=2) as simulator:
        shop = connect(face, simulator.url)
        cart = insert(shop, customer_id="8111111")
        assert str(shop.check_cart(cart).payment.total_amount) == "4990.00"
        shop.close()


def test_an_unknown_cart(face):
    for code, status in ((10201, "canceled"), (10424, "not_found")):
        with netgiro.Simulator(unknown_cart_code=code) as simulator:
            shop = connect(face, simulator.url)
            state = shop.check_cart(SOME_ID)
            assert (state.status, state.result_code) == (status, code)
            shop.close()


def test_server_callback_verified_and_acknowledged(shop, simulator, face):
    seen = []

    def handle(request):
        url = f"http://127.0.0.1:{receiver.url.split(':')[2].split('/')[0]}{request.path}"
        callback = shop.verify_callback(url=url, headers=request.headers, body=request.body)
        seen.append((callback, simulator.cart(callback.transaction_id).status))
        return Answer(200)

    receiver = Server(handle)
    cart = insert(
        shop, confirmation_type="server_callback", callback_url=receiver.url + "paid?order=1&x=%20"
    )
    simulator.confirm(cart)
    assert shop.wait_for_cart(cart, policy=QUICK).is_paid
    ((callback, status),) = seen
    assert callback.transaction_id == cart.transaction_id
    assert callback.matches(4990, "order-1")
    assert not callback.matches(4991, "order-1")
    assert status == "awaiting_callback", "the answer creates the payment"
    (sent,) = eventually(lambda: [c for c in simulator.callbacks() if c.is_done])
    assert (sent.status, sent.attempt) == (200, 1)
    with pytest.raises(netgiro.SignatureError):
        shop.verify_callback(url=sent.url + "1", headers=sent.headers, body=sent.body)
    receiver.close()


def test_callback_headers_as_frameworks_spell_them(shop, simulator):
    receiver = Server()
    url = receiver.url + "paid"
    cart = insert(shop, callback_url=url)
    simulator.confirm(cart)
    (sent,) = eventually(lambda: [c for c in simulator.callbacks() if c.is_done])
    receiver.close()
    headers = sent.headers
    signing = {name: value for name, value in headers.items() if name.startswith("netgiro")}
    environ = {f"HTTP_{n.upper().replace('-', '_')}": v for n, v in signing.items()}
    spellings = [
        headers,
        {name.replace("_", "-").title(): value for name, value in headers.items()},
        list(headers.items()),
        [(name.encode(), value.encode()) for name, value in headers.items()],
        {name: [value] for name, value in headers.items()},
        {**environ, "wsgi.input": object(), "wsgi.version": (1, 0)},
    ]
    for spelling in spellings:
        for body in (sent.body, sent.body.encode(), bytearray(sent.body.encode())):
            callback = shop.verify_callback(url=url, headers=spelling, body=body)
            assert callback.transaction_id == cart.transaction_id
    with pytest.raises(netgiro.SignatureError):
        shop.verify_callback(url=url, headers={}, body=sent.body)
    for body in (None, 7, 1.5, {"a": 1}):
        with pytest.raises(TypeError):
            shop.verify_callback(url=url, headers=headers, body=body)


def test_the_same_seed_gives_the_same_ids(face):
    ids = []
    for _ in range(2):
        with netgiro.Simulator(seed=7) as simulator:
            shop = connect(face, simulator.url)
            ids.append([insert(shop).transaction_id for _ in range(3)])
            shop.close()
    assert ids[0] == ids[1]


def test_simulator_refuses_what_cannot_happen(simulator):
    with pytest.raises(netgiro.InvalidRequestError, match="no cart"):
        simulator.confirm(SOME_ID)
    assert simulator.cart(SOME_ID) is None
    with pytest.raises(netgiro.InvalidRequestError, match="decimals"):
        netgiro.Simulator(decimals=3)
    with pytest.raises(netgiro.InvalidRequestError):
        simulator.add_fault("Checkout", status=500)
    with pytest.raises(netgiro.InvalidRequestError):
        simulator.add_fault("*", drop="sometimes")
    with pytest.raises(OSError, match="cannot be started"):
        netgiro.Simulator(port=int(simulator.url.split(":")[2].split("/")[0]))


def test_simulator_stays_readable_when_closed():
    simulator = netgiro.Simulator()
    with simulator, simulator.client() as shop:
        insert(shop)
    assert len(simulator.carts()) == 1
    assert [request.endpoint for request in simulator.requests()] == ["InsertCart"]
    simulator.close()


def test_simulator_without_sleeping_for_a_hint(face):
    for hint, expected in ((None, None), (0, None), (-5, None), (7.5, 7.5)):
        with netgiro.Simulator(check_interval=hint) as simulator:
            shop = connect(face, simulator.url)
            assert insert(shop).check_interval == expected
            shop.close()


def test_required_response_signatures(face):
    with netgiro.Simulator(response_signatures="omit") as simulator:
        shop = connect(face, simulator.url)
        cart = insert(shop)
        strict = connect(face, simulator.url, response_verification="required")
        with pytest.raises(netgiro.SignatureError):
            strict.check_cart(cart)
        shop.close()
        strict.close()


def test_a_closed_client_says_so(shop):
    closing = shop.client.close()
    if closing is not None:
        shop.loop.run_until_complete(closing)
    with pytest.raises(netgiro.ConfigurationError, match="closed"):
        insert(shop)


def test_from_env(monkeypatch, simulator, face):
    kind = netgiro.Client if face == "sync" else netgiro.AsyncClient
    for name in ("APP_KEY", "SECRET_KEY", "ENVIRONMENT", "BASE_URL", "PAYMENT_INFO"):
        monkeypatch.delenv(f"NETGIRO_{name}", raising=False)
    with pytest.raises(netgiro.ConfigurationError, match="NETGIRO_APP_KEY"):
        kind.from_env()
    monkeypatch.setenv("NETGIRO_APP_KEY", simulator.app_key)
    monkeypatch.setenv("NETGIRO_SECRET_KEY", simulator.secret_key)
    assert kind.from_env().base_url == "https://api.test.netgiro.is/v1/"
    monkeypatch.setenv("NETGIRO_ENVIRONMENT", "production")
    assert kind.from_env().base_url == "https://api.netgiro.is/v1/"
    monkeypatch.setenv("NETGIRO_BASE_URL", simulator.url)
    assert kind.from_env().base_url == simulator.url
    monkeypatch.setenv("NETGIRO_PAYMENT_INFO", "required")
    assert kind.from_env().base_url == simulator.url
    monkeypatch.setenv("NETGIRO_PAYMENT_INFO", "sometimes")
    with pytest.raises(netgiro.ConfigurationError, match=r"payment_info.*sometimes"):
        kind.from_env()
    monkeypatch.setenv("NETGIRO_ENVIRONMENT", "staging")
    with pytest.raises(netgiro.ConfigurationError, match="staging"):
        kind.from_env()


def test_ca_file_must_be_one(tmp_path, face):
    with pytest.raises(netgiro.ConfigurationError):
        connect(face, "https://127.0.0.1:1/v1/", ca_file=tmp_path / "missing.pem")
