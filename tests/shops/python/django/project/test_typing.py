"""The types: the app's own, and those of a shop that uses it, strictly, with django-stubs."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest
from djshop.harness.serving import HERE

CONFIGURATION = """
[mypy]
strict = true
plugins = mypy_django_plugin.main
[mypy.plugins.django-stubs]
django_settings_module = "djshop.settings"
"""

SHOP = """
from django.http import HttpRequest, HttpResponse

from netgiro.django import cart_confirmed, checkout, refund_made
from netgiro.django.models import Cart, Refund


def pay(request: HttpRequest) -> HttpResponse:
    try:
        cart = checkout.start("order-1", 4990, request.POST["customer"], items=[{"name": "x", "unit_price": 1}])
    except checkout.OpenCheckoutError as error:
        cart = error.cart
    paid: bool = cart.check_now().is_paid
    reference: str = cart.order_reference
    return HttpResponse(f"{reference} {paid}")


async def apay(request: HttpRequest) -> HttpResponse:
    cart: Cart = await checkout.astart("order-1", 4990, "8223281", timeout=60)
    cart = await cart.acancel()
    return HttpResponse(str(await cart.aconfirm("1234")))


async def give_back(cart: Cart) -> int:
    refund: Refund = cart.refund("10", key="line-1", description="a shirt")
    refund = await cart.arefund(refund.cart.refundable, key="line-2")
    return refund.amount + sum(each.amount for each in cart.refunds.all().open())


def thank(sender: type[Refund], cart: Cart, refund: Refund, **_: object) -> None:
    print(cart.refunded, refund.is_made)


refund_made.connect(thank)


def ship(sender: type[Cart], cart: Cart, **_: object) -> None:
    for other in Cart.objects.open().for_a_person():
        print(other.amount + cart.amount)


cart_confirmed.connect(ship)
"""


@pytest.mark.skipif(
    not (find_spec("mypy") and find_spec("mypy_django_plugin")), reason="django-stubs is not there"
)
@pytest.mark.skipif(sys.version_info < (3, 11), reason="django-stubs wants a newer Python")
def test_types(tmp_path):
    (tmp_path / "mypy.ini").write_text(CONFIGURATION)
    (tmp_path / "ashop.py").write_text(SHOP)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "-p", "netgiro.django", "-m", "ashop"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HERE), "MYPYPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
