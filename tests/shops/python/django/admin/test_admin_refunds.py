"""Refunds in the admin: asked for on a cart's page, confirmed, and listed there."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connections
from django.test import Client
from djshop.harness.trials import PHONE, at_once, poll_once, told

from netgiro.django import checkout
from netgiro.django.models import Cart, Refund

URL = "/admin/netgiro/cart/"
REFUNDS = "/admin/netgiro/refund/"
ATOMIC = ("ATOMIC_REQUESTS", True)
NO = {"body": '{"Success": false, "Message": "Not today"}', "processed": False}


@pytest.fixture
def staff(shop):
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


@pytest.fixture
def paid(shop):
    cart = checkout.start("order-1", 4990, PHONE)
    shop.confirm(cart.transaction_id)
    return cart.check_now()


def text(answer):
    assert answer.status_code == 200
    return html.unescape(answer.content.decode()).replace("\u00a0", " ")


def fields(page):
    """The fields of the page's form, as a browser would send them."""
    form = re.search(r'<form method="post">.*</form>', page, re.DOTALL).group()
    inputs = [re.findall(r'(\w+)="([^"]*)"', tag) for tag in re.findall(r"<input[^>]*>", form)]
    pairs = (dict(each) for each in inputs)
    return {each["name"]: each.get("value", "") for each in pairs if "name" in each}


def pressed(staff, page, cart, **typed):
    return staff.post(f"{URL}{cart.pk}/refund/", {**fields(page), **typed}, follow=True)


def said(answer):
    return [str(message).replace("\u00a0", " ") for message in answer.context["messages"]]


def test_a_refund(staff, paid, shop):
    page = text(staff.get(f"{URL}{paid.pk}/change/"))
    assert f'href="{URL}{paid.pk}/refund/"' in page
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    assert "4.990 kr. may still be refunded" in form
    assert (fields(form)["amount"], fields(form)["key"]) == ("4990", "refund-1")
    confirmation = text(pressed(staff, form, paid, amount="1000", description="Skilað: bolur"))
    assert "Refund <strong>1.000 kr.</strong> to *****81? This cannot be undone." in confirmation
    # Nothing has happened yet.
    assert not Refund.objects.exists()
    done = pressed(staff, confirmation, paid)
    assert said(done) == ["1.000 kr. of order-1 (refund-1) are refunded."]
    (made,) = shop.cart(paid.transaction_id).refunds
    assert (made.amount, made.description) == (1000, "Skilað: bolur")
    # It is on the cart's page, beside the cart in the list, and in the history; nothing can be edited.
    page = text(done)
    assert "Skilað: bolur" in page
    assert "refund-1" in page
    assert not done.context["adminform"].form.fields
    assert ">\N{MINUS SIGN}1.000 kr.<" in text(staff.get(URL))
    (entry,) = LogEntry.objects.all()
    assert "1.000 kr. of order-1 (refund-1) are refunded." in entry.change_message.replace(
        "\u00a0", " "
    )
    # What is left is offered next, under the next name.
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    assert (fields(form)["amount"], fields(form)["key"]) == ("3990", "refund-2")


def test_who_presses_twice_refunds_once(staff, paid, shop):
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    confirmation = text(pressed(staff, form, paid, amount="1000"))
    for _ in range(2):
        assert said(pressed(staff, confirmation, paid)) == [
            "1.000 kr. of order-1 (refund-1) are refunded."
        ]
    assert [refund.amount for refund in shop.cart(paid.transaction_id).refunds] == [1000]


def test_two_admins_at_once(staff, paid, shop):
    other = Client()
    other.force_login(User.objects.create_superuser("bo"))
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    pages = [
        text(pressed(client, form, paid, amount=amount))
        for client, amount in [(staff, "3000"), (other, "2000")]
    ]
    # On threads only the pages are told apart, and not their contexts.
    answers = at_once(
        lambda: text(pressed(staff, pages[0], paid)), lambda: text(pressed(other, pages[1], paid))
    )
    shown = [re.findall(r'<li class="(success|error)">(.*?)</li>', page) for page in answers]
    assert sorted(kind for ((kind, _),) in shown) == ["error", "success"]
    assert any("needs a key of its own" in message for ((_, message),) in shown)
    assert len(shop.cart(paid.transaction_id).refunds) == 1


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"amount": "4991"}, "4.990 kr. may still be refunded."),
        ({"amount": "0"}, "greater than or equal to 1"),
        ({"amount": "ten"}, "Enter a whole number"),
        ({"key": ""}, "This field is required"),
        ({"key": "a" * 64}, "at most 63 characters"),
    ],
)
def test_what_cannot_be_refunded_is_not_confirmed(staff, paid, typed, why):
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    again = text(pressed(staff, form, paid, **typed))
    assert why in again
    assert "This cannot be undone" not in again
    # Nor where somebody skips the confirmation.
    pressed(staff, form, paid, **typed, post="yes")
    assert not Refund.objects.exists()


def test_a_refusal_and_an_unknown_outcome_are_shown(staff, paid, shop):
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    shop.add_fault("Refund", **NO)
    (refused,) = said(pressed(staff, form, paid, amount="1000", post="yes"))
    assert "Not today" in refused
    assert Refund.objects.get().status == "refused"
    shop.add_fault("Refund", drop="after", count=3)
    answer = pressed(staff, form, paid, amount="2000", key="line-2", post="yes")
    (unknown,) = said(answer)
    assert "netgiro_poll makes the same call again" in unknown
    page = text(answer)
    assert "may have been made" in page
    assert "4.990 kr." in page
    # It counts as refunded until that is known.
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    assert fields(form)["amount"] == "2990"


def test_the_list_of_refunds(staff, paid, shop):
    shop.add_fault("Refund", drop="after", count=3)
    form = text(staff.get(f"{URL}{paid.pk}/refund/"))
    pressed(staff, form, paid, amount="1000", post="yes")
    paid.refund(500, key="line-2")
    Refund.objects.filter(key="refund-1").update(due_at=None)
    listed = staff.get(REFUNDS)
    assert [refund.key for refund in listed.context["cl"].result_list] == ["refund-1", "line-2"]
    assert text(listed).count('class="netgiro-needs-person"') == 1
    found = staff.get(REFUNDS, {"person": "yes", "q": "order-1"}).context["cl"].result_list
    assert [refund.key for refund in found] == ["refund-1"]
    everything = list(Refund.objects.values_list("pk", flat=True))
    answer = staff.post(REFUNDS, {"action": "again", "_selected_action": everything}, follow=True)
    assert said(answer) == ["netgiro_poll makes 1 calls again."]
    poll_once()
    assert [refund.amount for refund in shop.cart(paid.transaction_id).refunds] == [1000, 500]
    assert Refund.objects.filter(status="made").count() == 2
    assert told() == ["confirmed", "refund made", "refund made"]
    row = Refund.objects.first()
    assert staff.get(f"{REFUNDS}add/").status_code == 403
    assert staff.post(f"{REFUNDS}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.post(f"{REFUNDS}{row.pk}/change/", {"amount": "1"}).status_code == 403
    assert not staff.get(f"{REFUNDS}{row.pk}/change/").context["adminform"].form.fields


def test_the_action_of_the_list_leads_to_one_cart(staff, paid):
    act = {"action": "refund", "_selected_action": [paid.pk]}
    assert staff.post(URL, act).url == f"{URL}{paid.pk}/refund/"
    other = checkout.start("order-2", 4990, PHONE)
    act = {"action": "refund", "_selected_action": [paid.pk, other.pk]}
    assert said(staff.post(URL, act, follow=True)) == ["Refund one cart at a time."]


def test_a_cart_that_is_not_paid(staff, shop):
    cart = checkout.start("order-1", 4990, PHONE)
    assert "Refund…" not in text(staff.get(f"{URL}{cart.pk}/change/"))
    form = text(staff.get(f"{URL}{cart.pk}/refund/"))
    assert "0 kr. may still be refunded" in text(pressed(staff, form, cart, amount="10"))
    (refused,) = said(pressed(staff, form, cart, amount="10", post="yes"))
    assert "only a paid one can be refunded" in refused
    assert not Refund.objects.exists()
    assert staff.get(f"{URL}12345/refund/").status_code == 404


def test_refunds_have_a_permission_of_their_own(paid, shop):
    user = User.objects.create_user("bo", is_staff=True)

    def client(*permissions):
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client = Client()
        client.force_login(User.objects.get(pk=user.pk))
        return client

    page = f"{URL}{paid.pk}/refund/"
    act = {"amount": "10", "key": "a", "post": "yes"}
    # Who may check and cancel may not refund.
    clerk = client("view_cart", "change_cart", "view_refund")
    assert "Refund…" not in text(clerk.get(f"{URL}{paid.pk}/change/"))
    assert clerk.get(page).status_code == clerk.post(page, act).status_code == 403
    assert '"refund"' not in text(clerk.get(URL))
    # Nor who may not see the cart.
    assert client("add_refund").post(page, act).status_code == 403
    assert Client().post(page, act).status_code == 302
    assert not Refund.objects.exists()
    manager = client("view_cart", "view_refund", "add_refund")
    assert "Refund…" in text(manager.get(f"{URL}{paid.pk}/change/"))
    assert manager.post(page, act).status_code == 302
    assert [refund.amount for refund in shop.cart(paid.transaction_id).refunds] == [10]
    assert Cart.objects.get().refunded == 10


def test_where_requests_are_atomic(staff, paid, shop, monkeypatch):
    monkeypatch.setitem(connections[paid._state.db].settings_dict, *ATOMIC)
    page = f"{URL}{paid.pk}/refund/"
    answer = staff.post(page, {"amount": "10", "key": "a", "post": "yes"}, follow=True)
    assert said(answer) == ["10 kr. of order-1 (a) are refunded."]
    assert [refund.amount for refund in shop.cart(paid.transaction_id).refunds] == [10]
