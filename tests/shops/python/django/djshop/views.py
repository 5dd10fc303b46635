"""Where customers pay, in views of both kinds."""

from __future__ import annotations

import os

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

import netgiro
from netgiro.django import checkout


def arguments(request: HttpRequest) -> dict:
    return {
        "order_reference": request.GET["order"],
        "amount": int(request.GET["amount"]),
        "customer_id": request.GET["customer"],
        "confirmation_type": request.GET.get("type", "automatic"),
        "timeout": float(request.GET["timeout"]) if "timeout" in request.GET else None,
    }


def answered(cart):
    return JsonResponse(
        {"id": str(cart.transaction_id), "status": cart.status, "process": os.getpid()}
    )


def refused(error):
    status = 409 if isinstance(error, checkout.OpenCheckoutError) else 502
    return JsonResponse({"error": type(error).__name__, "message": str(error)}, status=status)


@csrf_exempt
def buy(request):
    try:
        return answered(checkout.start(**arguments(request)))
    except (checkout.OpenCheckoutError, netgiro.NetgiroError) as error:
        return refused(error)


@csrf_exempt
async def abuy(request):
    try:
        return answered(await checkout.astart(**arguments(request)))
    except (checkout.OpenCheckoutError, netgiro.NetgiroError) as error:
        return refused(error)


@csrf_exempt
@transaction.non_atomic_requests
def durable_buy(request):
    return buy(request)
