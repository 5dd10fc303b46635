"""Rows of hosted checkouts, while Netgíró's id of them is not known: the callback and the redirect tell it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction

import netgiro
from netgiro.django.models import Cart, Status
from netgiro.django.storage import store
from netgiro.django.storage.delivery import deliver
from netgiro.django.storage.followup import RESERVED_INTERVAL, finish
from netgiro.django.storage.rows import after_commit, database, database_now, locked
from netgiro.webhook import Refusal

__all__ = ["come_back", "not_opened", "opened", "see_to"]


def opened(cart: Cart, checkout_url: str) -> Cart:
    """Record where the customer pays."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        row.checkout_url = checkout_url
        row.save()
    return row


def not_opened(cart: Cart, why: str) -> Cart:
    """Record that nobody was given a page: the order is free."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        if row.status == Status.HOSTED:
            finish(row, Status.FAILED, database_now())
            row.problem = why
            row.due_at = row.lease = row.lease_until = None
            row.save()
    return row


def come_back(redirect: netgiro.Redirect) -> Cart:
    """Record that a customer came back: the cart has this transaction id, and is due to be checked."""
    carts = Cart.objects.using(database()).exclude(checkout_url="")
    found = carts.filter(reference=redirect.reference).first()
    if found is None or found.amount != redirect.amount:
        raise netgiro.MismatchError(
            f"the redirect is about {redirect.reference!r} and {redirect.amount} kr., which is none of the shop's hosted "
            "checkouts"
        )
    transaction_id = redirect.transaction_id
    if not isinstance(transaction_id, uuid.UUID):
        raise netgiro.MismatchError(f"the transaction id {transaction_id!r} is not a GUID")
    try:
        with transaction.atomic(using=database()):
            return store.reported(found, transaction_id)
    except Refusal as refusal:
        raise netgiro.MismatchError(str(refusal)) from None


def see_to(cart: Cart) -> Cart:
    """End a leased checkout whose customer has neither paid nor come back in time; see to it again before that."""
    with transaction.atomic(using=database()):
        row = locked(cart.pk)
        now = database_now()
        deadline = row.deadline or now
        if row.status == Status.HOSTED and deadline <= now:
            finish(row, Status.ABANDONED, now)
            row.problem = "the customer did not come back from Netgíró's page in time"
            after_commit(deliver, row.pk)
        elif row.status == Status.HOSTED:
            row.due_at = min(deadline, now + timedelta(seconds=RESERVED_INTERVAL))
        if row.lease == cart.lease:
            row.lease = row.lease_until = None
        row.save()
    return row
