"""What customers read of errors and carts: the sentences of the vectors, and of what calls really end with."""

import pickle
import re
import socket

import pytest

import netgiro
from harness import Answer, connect, vectors

FILE = "answers/customer_messages"
ID = "0f0e0d0c-0b0a-4908-8706-050403020100"


def said(case):
    return {"is": case["is"], "en": case["en"]}


def of(error):
    return {lang: error.customer_message(lang=lang) for lang in ("is", "en")}


@pytest.mark.parametrize("case", vectors(FILE, "errors"), ids=lambda case: case["name"])
def test_errors(case):
    row = next(row for row in vectors("answers/errors", "errors") if row["code"] == case["code"])
    error = getattr(netgiro, row["class"])(case["message"], result_code=case["result_code"])
    assert of(error) == said(case)
    assert error.customer_message() == case["is"]
    assert netgiro.customer_message(error) == case["is"]
    assert netgiro.customer_message(error, "en") == case["en"]


@pytest.mark.parametrize("case", vectors(FILE, "calls"), ids=lambda case: case["name"])
def test_calls(case, server, face):
    server.answer = lambda _: Answer(case["http_status"], case["body"].encode())
    url = server.url
    if case["http_status"] is None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/"
    client = connect(face, url)
    try:
        with pytest.raises(netgiro.NetgiroError) as caught:
            if case["endpoint"] == "InsertCart":
                client.insert_cart(amount=4990, reference="order-1", customer_id="8223281")
            elif case["endpoint"] == "HostedPayment":
                page = "https://shop.example/"
                order = {"amount": 4990, "reference": "order-1"}
                client.create_checkout(**order, success_url=page, cancel_url=page)
            elif case["endpoint"] == "ConfirmCart":
                client.confirm_cart(ID, "1234")
            else:
                client.check_cart(ID)
    finally:
        client.close()
    assert caught.value.code == case["code"]
    assert of(caught.value) == said(case)
    # An error that a worker sends to another process says the same.
    assert of(pickle.loads(pickle.dumps(caught.value))) == said(case)


@pytest.mark.parametrize(
    "case", vectors(FILE, "statuses"), ids=lambda case: f"{case['status']} {case['timed_out']}"
)
def test_statuses(case):
    state = netgiro.CartState(ID, case["status"])
    for lang in ("is", "en"):
        given = {"lang": lang, "timed_out": case["timed_out"]}
        assert state.customer_message(**given) == case[lang]
        for of_it in (state, state.status, case["status"]):
            assert netgiro.customer_message(of_it, **given) == case[lang]
    if not case["timed_out"]:
        assert state.customer_message() == netgiro.customer_message(state) == case["is"]


@pytest.mark.parametrize("case", vectors(FILE, "languages"), ids=lambda case: repr(case["tag"]))
def test_languages(case):
    error = netgiro.UnresolvedError("it could not be settled")
    assert error.customer_message(case["tag"]) == of(error)[case["language"]]


@pytest.mark.parametrize("lang", [None, 1, b"is"])
def test_a_language_is_text(lang):
    with pytest.raises(netgiro.InvalidRequestError, match="lang must be text"):
        netgiro.ConnectError("no connection").customer_message(lang)


@pytest.mark.parametrize("thing", [None, 1, "paid", ValueError("why")])
def test_what_is_no_cart_and_no_error_has_no_message(thing):
    with pytest.raises(netgiro.InvalidRequestError):
        netgiro.customer_message(thing)


def test_every_kind_of_error_has_one_and_none_says_a_developers_word():
    classes = [
        netgiro.NetgiroError,
        *(getattr(netgiro, row["class"]) for row in vectors("answers/errors", "errors")),
    ]
    developers = re.compile(r"\d|_|cart|HTTP|API|null|None|error|exception|villa", re.IGNORECASE)
    for kind in classes:
        for text in of(kind("customer 8223281: HTTP 500")).values():
            assert len(text) > 30
            assert not developers.search(text), text


def test_the_simulators_refusals(simulator, shop):
    simulator.add_fault("InsertCart", result_code=10306)
    with pytest.raises(netgiro.ApiError) as caught:
        shop.insert_cart(amount=4990, reference="order-1", customer_id="6999999")
    assert "Enginn viðskiptavinur" in caught.value.customer_message()
    for number in ("822328", "Jón", ""):
        with pytest.raises(netgiro.InvalidRequestError) as caught:
            shop.insert_cart(amount=4990, reference="order-1", customer_id=number)
        assert "farsímanúmer" in caught.value.customer_message()
