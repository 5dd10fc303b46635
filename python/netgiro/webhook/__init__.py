"""A callback route, whatever the framework: what it answers, and what happens after the 200.

The integrations are made of it; a framework that has none can be given a route the same way:

    webhook = Webhook(order=find_order, record=record)
    try:
        accepted = webhook.receive(client, url=CALLBACK_URL, headers=headers, body=body)
    except Refusal as refusal:
        return refusal.status
    return 200
"""

from __future__ import annotations

from netgiro.webhook.body import (
    MAX_BODY,
    TOO_LARGE,
    Refusal,
    read_body,
    read_chunks,
    too_large,
)
from netgiro.webhook.ledger import AsyncLedger, Ledger, MemoryLedger, SqliteLedger
from netgiro.webhook.route import Accepted, Expected, Order, Webhook

__all__ = [
    "MAX_BODY",
    "TOO_LARGE",
    "Accepted",
    "AsyncLedger",
    "Expected",
    "Ledger",
    "MemoryLedger",
    "Order",
    "Refusal",
    "SqliteLedger",
    "Webhook",
    "read_body",
    "read_chunks",
    "too_large",
]
