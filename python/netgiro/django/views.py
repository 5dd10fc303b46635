"""The callback view: verify, match, commit, answer 200; what is left happens afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

import netgiro
from netgiro import _netgiro
from netgiro.django import conf, worker
from netgiro.django.storage import store
from netgiro.django.storage.rows import after_commit
from netgiro.webhook import Refusal, Webhook, read_body
from netgiro.webhook.servers import headers_of_scope

__all__ = ["callback"]

logger = logging.getLogger("netgiro.django")


def _committing(view: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Keep ATOMIC_REQUESTS out: what is answered with 200 must have been committed before."""
    for alias in settings.DATABASES:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


@_committing
@csrf_exempt
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    """Take a callback of Netgíró's; 200 says that it was recorded, and nothing was changed by any other.

    405 for another method, 413 for a body over 64 KiB, 400 for what does not verify, 409 for what is about no
    cart of the shop's, another amount or a replay, 503 when it could not be recorded.
    """
    try:
        body = read_body(_reader(request), request.META.get("CONTENT_LENGTH"))
        cart = _recorded(request, body)
    except Refusal as refusal:
        return HttpResponse(status=refusal.status)
    except DatabaseError:
        logger.exception("answered 503: the database could not be asked")
        return HttpResponse(status=503)
    if conf.options().check_after_callback:
        after_commit(worker.soon, cart.pk)
    return HttpResponse()


def _recorded(request: HttpRequest, body: bytes) -> Any:
    url = conf.callback_url()
    if url is None:
        raise Refusal(503, "the setting NETGIRO has no CALLBACK_BASE_URL to verify against")
    cart: Any = None

    def record(callback: netgiro.Callback) -> None:
        # That it was let through is recorded in the same transaction.
        nonlocal cart
        key = _netgiro.replay_key(callback) if conf.options().replay_guard else None
        cart = store.report(callback, signature=key and key[1])

    webhook = Webhook(order=store.expected, record=record)
    webhook.receive(conf.client(), url=url, headers=_headers(request), body=body)
    return cart


def _reader(request: HttpRequest) -> Callable[[int], bytes]:
    """Return what reads the body, also one that came in chunks, which Django's WSGI handler takes for empty."""
    environ = request.META
    if not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated"):
        read: Callable[[int], bytes] = environ["wsgi.input"].read
        return read
    return request.read


def _headers(request: HttpRequest) -> Any:
    # Django's ASGI handler keeps headers with an underscore to itself.
    scope = getattr(request, "scope", None)
    return request.META if scope is None else headers_of_scope(scope)
