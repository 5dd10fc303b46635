from __future__ import annotations

import shop
from flask import Flask

from netgiro.flask import Netgiro

app = Flask(__name__)
netgiro = Netgiro(app, ledger=shop.ledger())

for rule, url in shop.ROUTES.items():
    netgiro.callback(
        rule,
        url=url,
        order=shop.find_order,
        record=shop.record,
        replay_guard=shop.guard_of(rule),
        endpoint=rule.replace("/", "_"),
    )(shop.settled)

netgiro.callback(
    "/netgiro/orders/<reference>",
    url=shop.REFERENCE_URL.format,
    order=shop.find_order,
    record=shop.record,
)(shop.settled)


@app.get("/")
def up():
    return "up"
