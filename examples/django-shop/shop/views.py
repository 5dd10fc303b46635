"""The pages. Only `_pay`, `pay_at_netgiro` and `cancel` ask Netgíró; netgiro_poll and the callbacks do the rest."""

from __future__ import annotations

import logging
import os
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe
from jinja2 import Environment

from netgiro import MismatchError, NetgiroError, OutcomeUnknownError, SignatureError
from netgiro.django import checkout as netgiro
from netgiro.django.checkout import OpenCheckoutError
from shop.models import Order
from storefront.basket import Basket
from storefront.pages import PRODUCTS, is_order_id, kronur, masked, new_order_id, whole

log = logging.getLogger(__name__)
API: str = settings.NETGIRO["API"]


@sensitive_post_parameters("phone")
def checkout(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _pay(request)
    return _checkout(request) if _basket(request).count else redirect("/basket")


@sensitive_variables("phone")
def _pay(request: HttpRequest) -> HttpResponse:
    order_id, phone = request.POST.get("order_id", ""), request.POST.get("phone", "")
    if not is_order_id(order_id):
        return HttpResponseBadRequest()
    basket = _basket(request)
    # A form that is sent twice is one order: the second request finds the order, and goes to its page.
    if basket.count and _place(order_id, phone, basket):
        try:
            # The cart is committed before anything is sent, so a crash in between is noticed, and nobody is asked twice.
            netgiro.start(order_id, basket.amount, phone, **basket.options(API))
        except OpenCheckoutError:
            pass
        except OutcomeUnknownError:
            # The customer may have been asked, so the order has not failed: its page says so.
            pass
        except NetgiroError as error:
            log.warning("order %s: %s", order_id, error)
            return _checkout(request, 422, phone=phone, error=error.customer_message("en"))
        request.session["basket"] = {}
    return redirect(f"/orders/{get_object_or_404(Order, pk=order_id).id}/payment")


@require_POST
def pay_at_netgiro(request: HttpRequest) -> HttpResponse:
    """Sends the customer to a page of Netgíró's, of V2 alone."""
    order_id, basket = request.POST.get("order_id", ""), _basket(request)
    if not is_order_id(order_id):
        return HttpResponseBadRequest()
    if basket.count and _place(order_id, None, basket):
        back = f"{settings.PUBLIC_URL}/orders/{order_id}/return"
        try:
            cart = netgiro.start_hosted(order_id, basket.amount, success_url=back, cancel_url=back)
        except NetgiroError as error:
            # Also where the outcome is unknown: nobody can pay at a page whose address nobody has.
            log.warning("order %s: %s", order_id, error)
            return _checkout(request, 422, error=error.customer_message("en"))
        request.session["basket"] = {}
        return redirect(cart.checkout_url)
    return redirect(f"/orders/{get_object_or_404(Order, pk=order_id).id}/payment")


@require_safe
def come_back(request: HttpRequest, order_id: str) -> HttpResponse:
    """The customer comes back from Netgíró's page. The URL says how it ended, and is not believed: a check decides."""
    try:
        netgiro.record_redirect(request.get_full_path())
    except (SignatureError, MismatchError) as error:
        log.warning("order %s: %s", order_id, error)
    return redirect(f"/orders/{get_object_or_404(Order, pk=order_id).id}/payment")


@sensitive_variables("phone")
def _place(order_id: str, phone: str | None, basket: Basket) -> bool:
    """Stores the order; one without a phone is paid at Netgíró's page."""
    shown = "" if phone is None else masked(phone)
    try:
        Order.objects.create(id=order_id, phone=shown, amount=basket.amount, lines=basket.lines)
    except IntegrityError:
        return False
    return True


@require_safe
def payment(request: HttpRequest, order_id: str) -> HttpResponse:
    """The page that the customer sees while waiting."""
    return _page(request, "waiting.html", order=get_object_or_404(Order, pk=order_id))


@require_safe
def status(_request: HttpRequest, order_id: str) -> HttpResponse:
    """That page asks for this each second."""
    return JsonResponse(get_object_or_404(Order, pk=order_id).status_view())


@require_POST
def cancel(_request: HttpRequest, order_id: str) -> HttpResponse:
    order = get_object_or_404(Order, pk=order_id)
    if order.cart and order.status in {"waiting", "canceling"}:
        order.cancel_requested = True
        order.save(update_fields=["cancel_requested"])
        try:
            # The answer is read: a customer who accepted a moment before has paid.
            order.cart.cancel()
        except NetgiroError as error:
            log.warning("order %s is not canceled yet: %s", order_id, error)
    return redirect(f"/orders/{order_id}/payment")


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return _page(request, "index.html", products=PRODUCTS)


@require_safe
def basket(request: HttpRequest) -> HttpResponse:
    return _page(request, "basket.html")


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    basket = _basket(request)
    basket.add(request.POST.get("sku", ""))
    return _keep(request, basket)


@require_POST
def put(request: HttpRequest) -> HttpResponse:
    basket = _basket(request)
    basket.put(request.POST.get("sku", ""), whole(request.POST.get("quantity", "")))
    return _keep(request, basket)


@require_safe
def order(request: HttpRequest, order_id: str) -> HttpResponse:
    return _page(request, "order.html", order=get_object_or_404(Order, pk=order_id))


@require_POST
def again(request: HttpRequest, order_id: str) -> HttpResponse:
    """Puts the things of an order that was not paid back into the basket."""
    order = get_object_or_404(Order, pk=order_id)
    if not order.is_unpaid:
        return HttpResponse(status=409)
    return _keep(request, Basket({line["sku"]: line["quantity"] for line in order.lines}))


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django names it
    return _page(request, "missing.html", 404)


def _basket(request: HttpRequest) -> Basket:
    return Basket(request.session.get("basket", {}))


def _keep(request: HttpRequest, basket: Basket) -> HttpResponse:
    request.session["basket"] = basket.quantities
    return redirect("/basket")


def _checkout(request: HttpRequest, status_code: int = 200, **given: Any) -> HttpResponse:
    given |= {"order_id": new_order_id(), "is_v2": API == "v2"}
    return _page(request, "checkout.html", status_code, **given)


def _page(
    request: HttpRequest, template: str, status_code: int = 200, **context: Any
) -> HttpResponse:
    context |= {"basket": _basket(request), "phone_page": os.environ.get("PHONE_PAGE")}
    return render(request, template, context, status=status_code, using="jinja2")


def environment(**options: Any) -> Environment:
    """The templates' environment, as the setting TEMPLATES names it."""
    made = Environment(**options)  # noqa: S701 - Django has turned it on
    made.filters["kronur"] = kronur
    return made
