"""The admin: what staff see of carts, and what they can do."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from djshop.harness.trials import KENNITALA, PHONE, told

import netgiro
from netgiro.django import checkout
from netgiro.django.models import Cart
from netgiro.django.storage import store

URL = "/admin/netgiro/cart/"


@pytest.fixture
def staff(shop):
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


@pytest.fixture
def carts(shop):
    return [checkout.start(f"order-{number}", 4990, PHONE) for number in range(3)]


def said(client, action, carts, **more):
    data = {"action": action, "_selected_action": [cart.pk for cart in carts], **more}
    answer = client.post(URL, data, follow=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


def test_the_list(staff, carts, shop):
    shop.confirm(carts[0].transaction_id)
    carts[0].check_now()
    page = staff.get(URL).content.decode()
    assert all(cart.reference in page for cart in carts)
    assert "*****81" in page
    found = staff.get(URL, {"status__exact": "confirmed"}).context["cl"].queryset
    assert list(found) == carts[:1]
    for words in ("order-1", str(carts[1].transaction_id)):
        assert list(staff.get(URL, {"q": words}).context["cl"].queryset) == [carts[1]]
    assert not staff.get(URL, {"person": "yes"}).context["cl"].queryset.exists()


def test_the_page_of_a_cart(staff, carts):
    page = staff.get(f"{URL}{carts[0].pk}/change/")
    text = page.content.decode()
    assert str(carts[0].transaction_id) in text
    # Nothing can be edited, and no token is shown.
    assert not page.context["adminform"].form.fields
    assert "next_check_at" not in text
    before = Cart.objects.values().get(pk=carts[0].pk)
    posted = staff.post(f"{URL}{carts[0].pk}/change/", {"amount": "1", "status": "confirmed"})
    assert posted.status_code == 403
    assert Cart.objects.values().get(pk=carts[0].pk) == before


def test_what_staff_cannot_do(staff, carts):
    assert staff.get(f"{URL}add/").status_code == 403
    assert staff.post(f"{URL}{carts[0].pk}/delete/", {"post": "yes"}).status_code == 403
    said(staff, "delete_selected", carts)
    assert Cart.objects.count() == 3


def test_checking(staff, carts, shop):
    shop.confirm(carts[0].transaction_id)
    shop.decline(carts[1].transaction_id)
    assert sorted(said(staff, "check_now", carts)) == [
        "order-0: 4.990 kr., confirmed",
        "order-1: 4.990 kr., declined",
        "order-2: 4.990 kr., pending",
    ]
    assert sorted(told()) == ["confirmed", "declined"]


def test_canceling_reads_the_answers(staff, carts, shop):
    shop.add_fault("CancelCart", confirm_during=True)
    results = said(staff, "cancel", carts, post="yes")
    assert sum("confirmed" in result for result in results) == 1
    for cart in carts:
        cart.refresh_from_db()
        assert cart.status == shop.cart(cart.transaction_id).status
    assert sorted(told()) == ["canceled", "canceled", "confirmed"]


def test_errors_are_shown(staff, carts, shop):
    store.begin("order-9", 1, "*****81", "automatic")
    shop.add_fault("CheckCart", count=3, status=500)
    results = said(staff, "check_now", Cart.objects.all())
    assert any("--adopt" in result for result in results)
    assert any("500" in result for result in results)
    assert len(results) == 4


def test_staff_with_view_permission_cannot_act(carts):
    user = User.objects.create_user("bo", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_cart"))
    client = Client()
    client.force_login(user)
    assert client.get(URL).status_code == 200
    said(client, "cancel", carts, post="yes")
    assert set(Cart.objects.values_list("status", flat=True)) == {"pending"}


def test_carts_that_need_a_person(staff, carts, shop):
    shop.add_fault("InsertCart", drop="after")
    with pytest.raises(netgiro.OutcomeUnknownError):
        checkout.start("order-9", 4990, KENNITALA)
    page = staff.get(URL, {"person": "yes"})
    assert [cart.reference for cart in page.context["cl"].queryset] == ["order-9"]
    assert "may have been sent" in page.content.decode()
    assert KENNITALA not in page.content.decode()
