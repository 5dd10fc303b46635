"""The orders of the Flask and the FastAPI shop, in SQLite.

An order is written down before Netgíró is asked, and ends once: what it ended as, it stays. Money that
comes for an order which has ended otherwise is for a person to look at.

    asking ──► waiting ──► paid · declined · canceled · review
      │  ╲       ▲
      │   ►  unknown         the request may have arrived: never asked again, never called failed
      ▼
    refused                  Netgíró said no, or was never reached
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netgiro import Callback, Cart, CartPoll, CartState
from storefront.basket import Basket
from storefront.pages import masked
from storefront.told import LIFETIME, Told

# How long an order may be `asking`, in seconds: longer than any call lasts. Who was asking then is gone, and
# nobody knows whether the request arrived.
PATIENCE = 60
# How long to leave Netgíró alone after it could not tell, in seconds.
PAUSE = 5

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'asking',
    phone TEXT NOT NULL,
    amount INTEGER NOT NULL,
    lines TEXT NOT NULL,
    transaction_id TEXT UNIQUE,
    poll TEXT,
    reported TEXT,
    invoice_number INTEGER
)
"""
OPEN = "('asking', 'waiting', 'unknown')"


@dataclass(frozen=True)
class Order(Told):
    id: str
    created: str
    status: str
    phone: str
    amount: int
    lines: list[dict[str, Any]]
    transaction_id: str | None
    poll: str | None
    reported: str | None
    invoice_number: int | None

    @property
    def reference(self) -> str:
        """What the order is called at Netgíró."""
        return self.id

    @property
    def placed(self) -> str:
        return f"{datetime.datetime.fromisoformat(self.created):%d.%m.%Y %H:%M}"

    @property
    def age(self) -> float:
        return (_now() - datetime.datetime.fromisoformat(self.created)).total_seconds()

    @property
    def cart(self) -> Cart:
        """The cart to ask about; with the amount and the reference, so that no other will do."""
        if self.transaction_id is None:
            raise LookupError(f"order {self.id} has no cart yet")
        return Cart(self.transaction_id, reference=self.reference, amount=self.amount)


class Orders:
    def __init__(self, path: Path | str) -> None:
        self.path = path
        with self._database() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(SCHEMA)

    def place(self, order_id: str, phone: str, basket: Basket) -> bool:
        """Writes the intent down; False if the order is there already, so that nobody is asked twice."""
        lines = json.dumps(basket.lines)
        values = (order_id, _now().isoformat(), masked(phone), basket.amount, lines)
        return self._change(
            "INSERT INTO orders (id, created, phone, amount, lines) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            *values,
        )

    def asked(self, order_id: str, cart: Cart) -> None:
        """Netgíró has the cart, and the customer the request."""
        poll = CartPoll(cart, timeout=LIFETIME).to_json()
        self._change(
            "UPDATE orders SET status = 'waiting', transaction_id = ?, poll = ?"
            " WHERE id = ? AND status = 'asking'",
            *(str(cart.transaction_id), poll, order_id),
        )

    def postponed(self, order: Order) -> None:
        """Asks about an order again in a while, and cancels it when its time is over."""
        soon = _now() + datetime.timedelta(seconds=PAUSE)
        timeout = max(6 * PAUSE, order.seconds_left)
        self.kept(order.id, CartPoll(order.cart, timeout=timeout, now=soon))

    def kept(self, order_id: str, poll: CartPoll) -> None:
        """Keeps a poll for its next step."""
        self._change("UPDATE orders SET poll = ? WHERE id = ?", poll.to_json(), order_id)

    def reported(self, callback: Callback) -> None:
        """Records that Netgíró called back, which also tells the cart of an order that had none."""
        order = self.of(callback)
        if order is None:
            raise LookupError(f"no order is {callback.reference}")
        cart = Cart(callback.transaction_id, reference=order.reference, amount=order.amount)
        poll = CartPoll(cart, timeout=LIFETIME).to_json()
        self._change(
            "UPDATE orders SET reported = ?, transaction_id = COALESCE(transaction_id, ?),"
            f" poll = COALESCE(poll, ?), status = IIF(status IN {OPEN}, 'waiting', status) WHERE id = ?",
            *(_now().isoformat(), str(cart.transaction_id), poll, order.id),
        )

    def settled(self, order_id: str, state: CartState) -> None:
        """Takes Netgíró's verified word for how it ended. An order that has ended stays as it is."""
        if not state.is_final:
            return
        invoice = state.payment.invoice_number if state.payment else None
        if state.is_paid:
            self._change(
                f"UPDATE orders SET status = IIF(status IN {OPEN}, 'paid', 'review'), invoice_number = ?"
                " WHERE id = ? AND status NOT IN ('paid', 'review')",
                *(invoice, order_id),
            )
        else:
            self.ended(order_id, "declined" if state.status == "declined" else "canceled")

    def ended(self, order_id: str, status: str) -> None:
        """Ends an order without money: it is as it has ended, if it has."""
        self._change(
            f"UPDATE orders SET status = ? WHERE id = ? AND status IN {OPEN}", status, order_id
        )

    def doubted(self, order_id: str) -> None:
        """The request may have arrived, or not."""
        self._change(
            "UPDATE orders SET status = 'unknown' WHERE id = ? AND status = 'asking'", order_id
        )

    def get(self, order_id: str) -> Order | None:
        return next(self._select("WHERE id = ?", order_id), None)

    def of(self, callback: Callback) -> Order | None:
        """The order that a callback is about."""
        order = self.get(callback.reference or "")
        if order and order.transaction_id in {None, str(callback.transaction_id)}:
            return order
        return None

    def waiting(self) -> list[Order]:
        """The orders that Netgíró is to be asked about."""
        return list(self._select("WHERE status = 'waiting'"))

    def _select(self, where: str, *values: object) -> Iterator[Order]:
        with self._database() as database:
            rows = database.execute(f"SELECT * FROM orders {where}", values).fetchall()
        for row in rows:
            order = Order(**{**row, "lines": json.loads(row["lines"])})
            is_lost = order.status == "asking" and order.age > PATIENCE
            yield replace(order, status="unknown") if is_lost else order

    def _change(self, statement: str, *values: object) -> bool:
        with self._database() as database:
            return database.execute(statement, values).rowcount > 0

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        database.row_factory = sqlite3.Row
        try:
            yield database
        finally:
            database.close()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)
