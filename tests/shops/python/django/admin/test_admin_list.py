"""How the admin shows carts: those first that need a person, one line each; and that it asks before it cancels."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from djshop.harness.trials import PHONE, told

from netgiro.django import checkout
from netgiro.django.models import UNREADABLE_POLL, Cart

URL = "/admin/netgiro/cart/"


@pytest.fixture
def staff(shop):
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


@pytest.fixture
def carts(shop):
    return [checkout.start(f"order-{number}", 1_234_567, PHONE) for number in range(4)]


def listed(client, **query):
    return [cart.reference for cart in client.get(URL, query).context["cl"].result_list]


def marked(client):
    page = client.get(URL).content.decode()
    rows = re.findall(r"<tr>(?:(?!</tr>).)*order-\d(?:(?!</tr>).)*</tr>", page, re.DOTALL)
    return [re.search(r"order-\d", row).group() for row in rows if "netgiro-needs-person" in row]


def test_those_that_need_a_person_come_first_and_are_marked(staff, carts):
    assert listed(staff) == ["order-3", "order-2", "order-1", "order-0"]
    assert marked(staff) == []
    Cart.objects.filter(pk=carts[1].pk).update(status="mismatch", problem="paid, but 100 kr.")
    Cart.objects.filter(pk=carts[0].pk).update(problem=f"{UNREADABLE_POLL}: no JSON")
    assert listed(staff) == ["order-1", "order-0", "order-3", "order-2"]
    assert marked(staff) == ["order-1", "order-0"]
    assert listed(staff, person="yes") == ["order-1", "order-0"]
    # Who sorts by a column gets that order.
    assert listed(staff, o="1") == ["order-0", "order-1", "order-2", "order-3"]
    assert listed(staff, q="order-2") == ["order-2"]


def test_amounts_are_formatted(staff, carts):
    page = staff.get(URL).content.decode().replace("\u00a0", " ")
    assert page.count(">1.234.567 kr.<") == 4
    assert str(carts[0]) == "order-0: 1.234.567 kr., pending"


def test_a_long_problem_is_one_line_of_the_list(staff, carts):
    problem = '<b>"It"</b> ' + "could not be canceled: the server failed, " * 20
    Cart.objects.filter(pk=carts[0].pk).update(problem=problem)
    page = staff.get(URL).content.decode()
    (shown,) = re.findall(r'class="netgiro-problem" title="[^"]*">([^<]*)<', page)
    assert len(shown) < 90
    assert shown.endswith("…")
    assert "<b>" not in page
    # The whole of it is on the page of the cart.
    assert "the server failed, " * 20 not in shown
    assert page.count("could not be canceled") >= 20
    assert "netgiro/admin.css" in page


def test_the_style_sheet_is_where_staticfiles_finds_it():
    apps = ["django.contrib.staticfiles", "netgiro.django"]
    with override_settings(INSTALLED_APPS=apps, STATIC_URL="static/"):
        finders.get_finder.cache_clear()
        assert finders.find("netgiro/admin.css")
    finders.get_finder.cache_clear()


def act(client, carts, **more):
    return client.post(
        URL, {"action": "cancel", "_selected_action": [cart.pk for cart in carts], **more}
    )


def test_canceling_asks_first(staff, carts, shop):
    shop.confirm(carts[0].transaction_id)
    carts[0].check_now()
    page = act(staff, carts[:2])
    text = page.content.decode().replace("\u00a0", " ")
    assert page.status_code == 200
    assert "order-1: 1.234.567 kr., *****81" in text
    assert "These have ended, and stay as they are" in text
    assert "order-0: 1.234.567 kr., paid" in text
    # Nothing has happened yet.
    assert shop.cart(carts[1].transaction_id).status == "pending"
    assert {cart.status for cart in Cart.objects.all()} == {"confirmed", "pending"}
    # The form of that page cancels what it names, and nothing else.
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    assert [value for name, value in fields if name == "_selected_action"] == [str(carts[1].pk)]
    data = {}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    assert data["post"] == ["yes"]
    answer = staff.post(URL, data, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "order-1: 1.234.567 kr., canceled"
    ]
    assert sorted(told()) == ["canceled", "confirmed"]
    assert shop.cart(carts[2].transaction_id).status == "pending"


def test_nothing_to_cancel_offers_no_button(staff, carts):
    carts[0].cancel()
    text = act(staff, carts[:1]).content.decode()
    assert "All of these have ended" in text
    assert 'type="submit" value="Yes' not in text


def test_all_pages_at_once(staff, carts):
    text = act(staff, carts[:1], select_across="1").content.decode()
    assert text.count('name="_selected_action"') == 4
    assert "Yes, cancel all 4" in text
