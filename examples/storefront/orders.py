"""The orders of the Flask and the FastAPI shop, in SQLite.

An order is stored before Netgíró is asked. It ends once, and nothing changes it afterwards. If money comes
for an order that has ended without it, a person has to look at it.

    asking ──► waiting ──► paid · declined · timed_out · not_paid · review
      │  ╲       ▲  ╲
      │   ►  unknown ►  canceling ──► canceled, or paid if the customer was faster
      ▼
    refused                  Netgíró said no, or could not be reached

    asking ──► hosted ──► confirming ──► paid · not_paid · review
                  ╲
                   ► timed_out           the customer closed Netgíró's page

In `unknown` the request may have arrived: it is not sent again, and not called failed. In `hosted` the customer is at
Netgíró's page, and only the callback or the customer's return names the transaction to check.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from netgiro import Callback, Cart, CartPoll, CartState, Redirect
from storefront.basket import Basket
from storefront.order_status import LIFETIME, OrderStatus
from storefront.pages import masked

# How long an order may be `asking`, in seconds: longer than any call takes. After that the process that asked
# is gone, and nobody knows whether the request arrived.
ASKING_TIMEOUT = 60
# How long to wait after a failed call before the next one, in seconds.
RETRY_DELAY = 5

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'asking',
    phone TEXT NOT NULL,
    amount INTEGER NOT NULL,
    lines TEXT NOT NULL,
    checkout_url TEXT,
    transaction_id TEXT UNIQUE,
    poll TEXT,
    called_back TEXT,
    invoice_number INTEGER
)
"""
OPEN = "('asking', 'waiting', 'hosted', 'confirming', 'canceling', 'unknown')"


@dataclass(frozen=True)
class Order(OrderStatus):
    id: str
    created: str
    status: str
    phone: str
    amount: int
    lines: list[dict[str, Any]]
    checkout_url: str | None
    transaction_id: str | None
    poll: str | None
    called_back: str | None
    invoice_number: int | None

    @property
    def reference(self) -> str:
        """The order's name at Netgíró."""
        return self.id

    @property
    def placed(self) -> str:
        return f"{datetime.datetime.fromisoformat(self.created):%d.%m.%Y %H:%M}"

    @property
    def age(self) -> float:
        return (_now() - datetime.datetime.fromisoformat(self.created)).total_seconds()

    @property
    def cart(self) -> Cart:
        """The cart to check; amount and reference are compared, so that another cart is refused."""
        if self.transaction_id is None:
            raise LookupError(f"order {self.id} has no cart yet")
        return Cart(self.transaction_id, reference=self.reference, amount=self.amount)


class Orders:
    def __init__(self, path: Path | str) -> None:
        self.path = path
        with self._database() as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(SCHEMA)

    def place(self, order_id: str, basket: Basket, *, phone: str | None) -> bool:
        """Stores the order before Netgíró is asked; False if it is stored already, so nobody is asked twice.

        One without a phone is to be paid at Netgíró's page.
        """
        lines = json.dumps(basket.lines)
        shown, page = ("", "") if phone is None else (masked(phone), None)
        values = (order_id, _now().isoformat(), shown, basket.amount, lines, page)
        return self._change(
            "INSERT INTO orders (id, created, phone, amount, lines, checkout_url)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            *values,
        )

    def store_checkout(self, order_id: str, checkout_url: str) -> None:
        """Netgíró has a page for the order. No transaction can be checked before the customer has paid or come back."""
        self._change(
            "UPDATE orders SET status = 'hosted', checkout_url = ? WHERE id = ? AND status = 'asking'",
            *(checkout_url, order_id),
        )

    def store_cart(self, order_id: str, cart: Cart) -> None:
        """Netgíró has the cart, and the customer has the request."""
        poll = CartPoll(cart, timeout=LIFETIME).to_json()
        self._change(
            "UPDATE orders SET status = 'waiting', transaction_id = ?, poll = ?"
            " WHERE id = ? AND status = 'asking'",
            *(str(cart.transaction_id), poll, order_id),
        )

    def postpone(self, order: Order) -> None:
        """Has the order checked again after a pause, and canceled when its time is over."""
        soon = _now() + datetime.timedelta(seconds=RETRY_DELAY)
        timeout = max(6 * RETRY_DELAY, order.seconds_left)
        self.store_poll(order.id, CartPoll(order.cart, timeout=timeout, now=soon))

    def store_poll(self, order_id: str, poll: CartPoll) -> None:
        """Stores a poll for its next step."""
        self._change("UPDATE orders SET poll = ? WHERE id = ?", poll.to_json(), order_id)

    def record_callback(self, callback: Callback) -> None:
        """Records that Netgíró called back; a callback also names the cart of an order that had none."""
        order = self.find(callback)
        if order is None:
            raise LookupError(f"there is no order {callback.reference}")
        self._change("UPDATE orders SET called_back = ? WHERE id = ?", _now().isoformat(), order.id)
        self._store_transaction(order, callback.transaction_id)

    def record_redirect(self, order: Order, redirect: Redirect) -> None:
        """Records that the customer came back from Netgíró's page, which names the transaction; a check says how it ended."""
        self._store_transaction(order, redirect.transaction_id)

    def _store_transaction(self, order: Order, transaction_id: uuid.UUID | str) -> None:
        cart = Cart(transaction_id, reference=order.reference, amount=order.amount)
        poll = CartPoll(cart, timeout=LIFETIME).to_json()
        self._change(
            "UPDATE orders SET transaction_id = ?, poll = ?, status = CASE status"
            " WHEN 'hosted' THEN 'confirming' WHEN 'asking' THEN 'waiting' WHEN 'unknown' THEN 'waiting'"
            " ELSE status END WHERE id = ? AND transaction_id IS NULL",
            *(str(cart.transaction_id), poll, order.id),
        )

    def record_state(self, order_id: str, state: CartState) -> None:
        """Records how the cart ended, as a verified answer says. An order that has ended stays as it is."""
        if not state.is_final:
            return
        invoice = state.payment.invoice_number if state.payment else None
        if state.is_paid:
            self._change(
                f"UPDATE orders SET status = IIF(status IN {OPEN}, 'paid', 'review'), invoice_number = ?"
                " WHERE id = ? AND status NOT IN ('paid', 'review')",
                *(invoice, order_id),
            )
        elif state.status == "declined":
            self.end(order_id, "declined")
        else:
            # Only the shop itself cancels for the customer: without that, the time has run out. V2 says the same where
            # the customer has declined.
            ended = "timed_out" if state.api == "v1" else "not_paid"
            self._change(
                "UPDATE orders SET status = IIF(status = 'canceling', 'canceled', ?)"
                f" WHERE id = ? AND status IN {OPEN}",
                *(ended, order_id),
            )
            # A cancel of V2 undoes a payment: it may have been on its way when another process saw the order paid.
            self._change(
                "UPDATE orders SET status = 'review' WHERE id = ? AND status = 'paid'", order_id
            )

    def mark_canceling(self, order_id: str) -> None:
        """The customer wants to cancel; Netgíró's answer says whether that came in time."""
        self._change(
            "UPDATE orders SET status = 'canceling' WHERE id = ? AND status = 'waiting'", order_id
        )

    def end(self, order_id: str, status: str) -> None:
        """Ends an open order without money; an order that has ended stays as it is."""
        self._change(
            f"UPDATE orders SET status = ? WHERE id = ? AND status IN {OPEN}", status, order_id
        )

    def end_left(self, order: Order) -> bool:
        """Ends an order whose customer did not come back from Netgíró's page in time; False for any other."""
        is_over = order.status == "hosted" and not order.seconds_left
        return is_over and self._change(
            "UPDATE orders SET status = 'timed_out' WHERE id = ? AND status = 'hosted'", order.id
        )

    def mark_unknown(self, order_id: str) -> None:
        """Nobody knows whether the request arrived."""
        self._change(
            "UPDATE orders SET status = 'unknown' WHERE id = ? AND status = 'asking'", order_id
        )

    def get(self, order_id: str) -> Order | None:
        return next(self._select("WHERE id = ?", order_id), None)

    def find(self, callback: Callback) -> Order | None:
        """The order that a callback is about."""
        order = self.get(callback.reference or "")
        if order and order.transaction_id in {None, str(callback.transaction_id)}:
            return order
        return None

    def waiting(self) -> list[Order]:
        """The orders that are to come to an end."""
        return list(
            self._select("WHERE status IN ('waiting', 'hosted', 'confirming', 'canceling')")
        )

    def _select(self, where: str, *values: object) -> Iterator[Order]:
        with self._database() as database:
            rows = database.execute(f"SELECT * FROM orders {where}", values).fetchall()
        for row in rows:
            order = Order(**{**row, "lines": json.loads(row["lines"])})
            is_lost = order.status == "asking" and order.age > ASKING_TIMEOUT
            # Nobody can have paid at a page whose address nobody has.
            lost_as = "refused" if order.is_hosted else "unknown"
            yield replace(order, status=lost_as) if is_lost else order

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
