from __future__ import annotations

import asyncio

import shop
from fastapi import FastAPI

from netgiro.fastapi import Netgiro

netgiro = Netgiro(ledger=shop.ledger())


# The two kinds of functions, one of each.
async def find_order(callback):
    return await asyncio.to_thread(shop.find_order, callback)


async def settled(state, callback):
    await asyncio.to_thread(shop.settled, state, callback)


for rule, url in shop.ROUTES.items():
    netgiro.callback(
        rule,
        url=url,
        order=find_order,
        record=shop.record,
        replay_guard=shop.guard_of(rule),
        name=rule,
    )(shop.settled)

netgiro.callback(
    "/netgiro/orders/{reference}",
    url=shop.REFERENCE_URL.format,
    order=find_order,
    record=shop.record,
)(settled)

app = FastAPI(lifespan=netgiro.lifespan)
app.include_router(netgiro.router)


@app.get("/")
def up():
    return "up"
