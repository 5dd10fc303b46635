"""Checkouts with what forms, models and translations give: decimals, lazy texts, safe texts, subclasses of str."""

from __future__ import annotations

from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django import forms
from django.utils.functional import SimpleLazyObject, lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from djshop.harness.trials import PHONE, told

import netgiro
from netgiro.django import checkout
from netgiro.django.models import Cart


class Text(str):
    __slots__ = ()


def sent(simulator):
    return [request.body for request in simulator.requests() if request.endpoint == "InsertCart"]


@pytest.fixture(params=["start", "astart"])
def start(request):
    return checkout.start if request.param == "start" else async_to_sync(checkout.astart)


@pytest.mark.parametrize(
    "amount",
    [Decimal("4990.00"), Decimal(4990), "4990", "4990.00", Text("4990"), mark_safe("4990")],
    ids=repr,
)
def test_amounts_as_models_and_forms_have_them(shop, start, amount):
    cart = start("order-1", amount, PHONE)
    assert (cart.amount, type(cart.amount)) == (4990, int)
    assert '"Amount":4990,' in sent(shop)[0]
    shop.confirm(cart.transaction_id)
    assert cart.check_now().is_paid
    assert told() == ["confirmed"]


@pytest.mark.parametrize("amount", [Decimal("4990.50"), 4990.0, "4990,50", None], ids=repr)
def test_amounts_that_are_not_whole_kronur(shop, start, amount):
    with pytest.raises((netgiro.InvalidRequestError, TypeError)):
        start("order-1", amount, PHONE)
    assert sent(shop) == []
    assert not Cart.objects.exists()


class Form(forms.Form):
    phone = forms.CharField()
    amount = forms.DecimalField(max_digits=10, decimal_places=2)


def test_a_real_form(shop, start):
    form = Form({"phone": " 822-3281 ", "amount": "4990.00"})
    assert form.is_valid()
    cart = start("order-1", form.cleaned_data["amount"], form.cleaned_data["phone"])
    assert cart.amount == 4990
    assert '"CustomerId":"8223281"' in sent(shop)[0]


TEXTS = {
    "a safe text": mark_safe,
    "a subclass": Text,
    "a lazy text": lazystr,
    "a translation": gettext_lazy,
    "a lazy object": lambda text: SimpleLazyObject(lambda: text),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_texts_of_every_kind(shop, start, kind):
    text = TEXTS[kind]
    cart = start(
        text("order-1"),
        4990,
        text(PHONE),
        description=text("Kaffi"),
        location_id=text("2"),
        register_id=text("7"),
        confirmation_type=text("manual"),
        items=[{"name": text("Coffee"), "unit_price": 4990, "quantity": 1}],
    )
    assert type(cart.reference) is str
    cart.refresh_from_db()
    assert (cart.reference, cart.order_reference) == ("order-1", "order-1")
    assert cart.customer == "*****81"
    (body,) = sent(shop)
    for fact in (
        '"Description":"Kaffi"',
        '"LocationId":"2"',
        '"RegisterId":"7"',
        '"Name":"Coffee"',
    ):
        assert fact in body
    shop.confirm(cart.transaction_id)
    assert cart.check_now().status == "reserved"
    assert cart.confirm(text("1234")).is_paid


@pytest.mark.parametrize("reference", [1001, None, b"order-1", ["order-1"]], ids=repr)
def test_a_reference_that_is_no_text_is_refused_by_name(shop, start, reference):
    with pytest.raises(netgiro.InvalidRequestError, match="order_reference must be a str"):
        start(reference, 4990, PHONE)
    assert sent(shop) == []
