"""A month of a made-up shop: its two exports, and a simulator that holds Netgíró's side of it.

    month = Month(seed=2030)          # a few seconds, and the same for each seed
    month.orders, month.carts         # the paths of orders.csv and carts.csv
    month.client                      # asks the simulator, as it would ask Netgíró
    month.planted                     # what is wrong, by reference, for whoever wants to look it up

There are 5,000 orders with 60 problems among them. Everything else is ordinary: payments that took ten
seconds or two minutes, customers who declined, who let the time run out, or who paid at the second attempt.
"""

from __future__ import annotations

import csv
import datetime as dt
import heapq
import itertools
import random
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import netgiro

CLASSES = (
    "amount_mismatch",
    "paid_not_recorded",
    "recorded_not_paid",
    "duplicate_payment",
    "duplicate_order",
    "still_open",
    "not_found",
    "unverified",
)
PRICES = (990, 1990, 2490, 3450, 4990, 7900, 12_990, 24_900, 49_900, 129_990)
# What an order is called that is paid, not decided, or over.
PAID = ("Greidd", "Afgreidd", "Pakkað")
OPEN = "Opin"
OVER = ("Hætt við", "Hafnað", "Útrunnin")
# How long a customer may take to decide, in seconds.
LIFETIME = 3600.0
SECOND = dt.timedelta(seconds=1)


@dataclass
class Order:
    """An order as the shop wrote it down."""

    reference: str
    created: dt.datetime
    amount: int
    store: str
    status: str = PAID[0]
    transaction_id: str = ""
    fault: str | None = None
    copies: int = 1


@dataclass(order=True)
class Event:
    """Something that happens at an instant; of two at once, what was planned first."""

    at: dt.datetime
    turn: int
    happen: Callable[[], None] = field(compare=False)


class Month:
    """The month, made when it is asked for; close it when it is over, or let the notebook end."""

    def __init__(
        self, folder: str | Path = ".", *, seed: int = 2030, orders: int = 5000, problems: int = 60
    ) -> None:
        self._dice = random.Random(seed)
        self._turns = itertools.count()
        self._events: list[Event] = []
        self._attempts: list[tuple[str, str, dt.datetime]] = []
        self.simulator = netgiro.Simulator(seed, lifetime=LIFETIME, history=4 * orders)
        self.client = self.simulator.client()
        # The simulator's clock can only be put forward, so the month is one that is still to come.
        year = max(2030, self.simulator.now().year + 1)
        self.first = dt.datetime(year, 5, 1, tzinfo=dt.timezone.utc)
        self.now = dt.datetime(year, 6, 1, 0, 10, tzinfo=dt.timezone.utc)
        self.planted: dict[str, str] = {}
        made = self._plan(orders, problems)
        self._live()
        self.orders = Path(folder) / "orders.csv"
        self.carts = Path(folder) / "carts.csv"
        self._write(made)

    def close(self) -> None:
        """Stop the simulator."""
        self.simulator.close()

    def start_maintenance(self) -> None:
        """Let Netgíró answer every check with a page that says 503, until `end_maintenance`."""
        self.simulator.add_fault(
            "CheckCart", count=10_000, status=503, body="<h1>Viðhald stendur yfir</h1>"
        )

    def end_maintenance(self) -> None:
        """Let Netgíró answer again."""
        self.simulator.clear_faults()

    # The plan: who orders what, and what goes wrong with it.

    def _plan(self, orders: int, problems: int) -> list[Order]:
        dice = self._dice
        faults: list[str | None] = [*(CLASSES * problems)[:problems]]
        faults += [None] * (orders - problems)
        dice.shuffle(faults)
        seconds = sorted(dice.sample(range(31 * 86_400 - 900), orders))
        made = []
        for number, (second, fault) in enumerate(zip(seconds, faults, strict=True)):
            order = Order(
                reference=str(203_001 + number),
                created=self.first + dt.timedelta(seconds=second),
                amount=dice.choice(PRICES) * dice.choice((1, 1, 1, 2)),
                store=dice.choice(("Vefur", "Vefur", "Vefur", "App")),
                status=dice.choice(PAID),
                fault=fault,
            )
            if fault is None:
                self._ordinary(order)
            else:
                self.planted[order.reference] = fault
                getattr(self, f"_{fault}")(order)
            made.append(order)
        # Two customers are looking at their phones as the month ends.
        waiting = [order for order in made if order.fault == "still_open"][-2:]
        for order, minutes in zip(waiting, (4, 11), strict=False):
            order.created = self.now - dt.timedelta(minutes=10 + minutes)
            self._at(order.created, self._insert(order))
        return made

    def _ordinary(self, order: Order) -> None:
        kind = self._dice.random()
        if kind < 0.8:
            self._paid(order)
        elif kind < 0.84:
            # Declined by mistake, and paid at the second attempt.
            self._at(order.created, self._insert(order, declined_after=self._delay()))
            later = order.created + dt.timedelta(seconds=self._dice.randint(200, 900))
            self._at(later, self._insert(order, paid_after=self._delay()))
        else:
            order.status = self._dice.choice(OVER)
            ends = {OVER[0]: "canceled_after", OVER[1]: "declined_after", OVER[2]: ""}[order.status]
            after = {ends: self._delay()} if ends else {}
            self._at(order.created, self._insert(order, **after))

    def _amount_mismatch(self, order: Order) -> None:
        asked = order.amount + self._dice.choice((-500, -100, 100, 1000))
        self._at(order.created, self._insert(order, amount=max(asked, 490), paid_after=self._delay()))

    def _paid_not_recorded(self, order: Order) -> None:
        order.status = self._dice.choice((OPEN, *OVER))
        self._paid(order)

    def _recorded_not_paid(self, order: Order) -> None:
        ends = self._dice.choice(("declined_after", "canceled_after"))
        self._at(order.created, self._insert(order, **{ends: self._delay()}))

    def _duplicate_payment(self, order: Order) -> None:
        self._paid(order)
        again = order.created + dt.timedelta(seconds=self._dice.randint(60, 600))
        self._at(again, self._insert(order, paid_after=self._delay()))

    def _duplicate_order(self, order: Order) -> None:
        order.copies = 2
        self._paid(order)

    def _still_open(self, order: Order) -> None:
        order.status = OPEN
        if sum(fault == "still_open" for fault in self.planted.values()) <= 2:
            # Accepted, and waiting for the shop to take the money: for weeks, when nobody looks.
            self._at(order.created, self._insert(order, manual=True, paid_after=self._delay()))
        elif self._open_left() > 2:
            # The time ran out, and the shop never closed the order.
            self._at(order.created, self._insert(order))

    def _open_left(self) -> int:
        """How many of the open orders are still to be planned, this one among them."""
        return self._still_to_come

    def _not_found(self, order: Order) -> None:
        # Taken in the test environment, and shipped.
        order.transaction_id = str(uuid.UUID(int=self._dice.getrandbits(128), version=4))
        self._attempts.append((order.transaction_id, order.reference, order.created))

    def _unverified(self, order: Order) -> None:
        # Sold over the counter: its cart is not in the web shop's export.
        order.store = "Verslun"
        self._paid(order)
