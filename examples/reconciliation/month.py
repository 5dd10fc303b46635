"""A month of an invented shop: its two exports, and a simulator with Netgíró's side of it.

    month = Month("may")              # a few seconds; the same seed gives the same month
    month.orders, month.carts         # the paths of orders.csv and carts.csv
    month.client                      # asks the simulator, as it would ask Netgíró
    month.planted                     # what is wrong, by reference

There are 5,000 orders with 60 problems. All other orders are ordinary: the customers took ten seconds or two
minutes, declined, let the time run out, or paid at the second attempt.
"""

from __future__ import annotations

import csv
import datetime as dt
import heapq
import itertools
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import netgiro

CLASSES = (
    "amount_mismatch",
    "paid_not_recorded",
    "recorded_not_paid",
    "duplicate_payment",
    "duplicate_order",
    "not_found",
    "unverified",
    "still_open",
)
PRICES = (990, 1990, 2490, 3450, 4990, 7900, 12_990, 24_900, 49_900, 129_990)
# The shop's words for an order that is paid, open, or (OVER) over.
PAID = ("Greidd", "Afgreidd", "Pakkað")
OPEN = "Opin"
# How a cart ends: by the customer, by the shop, or by itself when its time is over.
CONFIRM, DECLINE, CANCEL, NOTHING = "confirm", "decline", "cancel", ""
OVER = {"Hætt við": CANCEL, "Hafnað": DECLINE, "Útrunnin": NOTHING}
# How long a cart waits for its customer, in seconds.
LIFETIME = 3600.0


@dataclass
class Order:
    """An order as the shop recorded it."""

    reference: str
    created: dt.datetime
    amount: int
    status: str
    store: str
    transaction_id: str = ""


class Month:
    """The month. The constructor makes it; `close` stops the simulator."""

    def __init__(
        self, folder: str | Path, *, seed: int = 2030, orders: int = 5000, problems: int = 60
    ) -> None:
        # With 10201 for unknown carts, nobody could tell them from canceled carts.
        self.simulator = netgiro.Simulator(seed, lifetime=LIFETIME, unknown_cart_code=10424)
        self.client = self.simulator.client()
        # The simulator's clock only goes forward, so this is a future month.
        year = max(2030, self.simulator.now().year + 1)
        self.first = dt.datetime(year, 5, 1, tzinfo=dt.timezone.utc)
        self.last = dt.datetime(year, 5, 31, tzinfo=dt.timezone.utc)
        self.now = dt.datetime(year, 6, 1, 0, 10, tzinfo=dt.timezone.utc)
        self.planted: dict[str, str] = {}
        # The one order whose payment never reaches the bank.
        self.withheld = ""
        self._dice = random.Random(seed)
        self._turn = itertools.count()
        self._events: list[tuple[dt.datetime, int, Callable[[], object]]] = []
        # The web shop's own list of carts, with the order and the time of each.
        self._asked: list[tuple[str, str, dt.datetime]] = []
        self._orders: list[Order] = []

        self._plan(orders, problems)
        self._live()
        self.orders = Path(folder) / "orders.csv"
        self.carts = Path(folder) / "carts.csv"
        self._export()

    def close(self) -> None:
        """Stop the simulator."""
        self.simulator.close()

    def start_maintenance(self) -> None:
        """Let Netgíró answer each check with HTTP 503, until `end_maintenance`."""
        self.simulator.add_fault("CheckCart", count=10_000, status=503, body="Viðhald stendur yfir")

    def end_maintenance(self) -> None:
        """Let Netgíró answer again."""
        self.simulator.clear_faults()

    def _plan(self, orders: int, problems: int) -> None:
        """Decide who orders what, and what goes wrong."""
        dice = self._dice
        faults = [CLASSES[at % len(CLASSES)] for at in range(problems)]
        left_open = [at for at, fault in enumerate(faults) if fault == "still_open"]
        # Two customers are still looking at their phones when the month is over.
        waiting = [faults.pop(at) for at in reversed(left_open[-2:])]
        kinds = [*faults, *[""] * (orders - problems)]
        dice.shuffle(kinds)
        kinds += waiting
        evening = 31 * 86_400 - 3600
        times = [*sorted(dice.sample(range(evening), orders - 2)), evening + 2940, evening + 3360]
        opened = 0
        for number, (second, fault) in enumerate(zip(times, kinds, strict=True), start=203_001):
            order = Order(
                reference=str(number),
                created=self.first + dt.timedelta(seconds=second),
                amount=dice.choice(PRICES),
                status=dice.choice(PAID),
                store=dice.choice(("Vefur", "Vefur", "App")),
            )
            self._orders.append(order)
            if not fault:
                self._ordinary(order)
                continue
            self.planted[order.reference] = fault
            if fault == "still_open":
                opened += 1
                self._leave_open(order, is_accepted=opened <= 2)
            else:
                self._break(order, fault)

    def _ordinary(self, order: Order) -> None:
        luck = self._dice.random()
        if luck < 0.8:
            self._cart(order, CONFIRM)
            if not self.withheld and order.created.day == 16:
                self.withheld = order.reference
                paid = order.created + dt.timedelta(seconds=200)
                self._at(paid, lambda: self.simulator.withhold(order.transaction_id))
        elif luck < 0.84:
            self._cart(order, DECLINE)
            self._cart(order, CONFIRM, later=self._dice.randint(200, 900))
        else:
            order.status = self._dice.choice(list(OVER))
            self._cart(order, OVER[order.status])

    def _break(self, order: Order, fault: str) -> None:
        dice = self._dice
        if fault == "amount_mismatch":
            # The order was changed after Netgíró had been asked.
            asked = order.amount
            order.amount += dice.choice((-500, -100, 100, 1000))
            self._cart(order, CONFIRM, amount=asked)
        elif fault == "paid_not_recorded":
            order.status = dice.choice((OPEN, *OVER))
            self._cart(order, CONFIRM)
        elif fault == "recorded_not_paid":
            self._cart(order, dice.choice((DECLINE, CANCEL, NOTHING)))
        elif fault == "duplicate_payment":
            self._cart(order, CONFIRM)
            self._cart(order, CONFIRM, later=dice.randint(60, 600), is_kept=False)
        elif fault == "duplicate_order":
            self._cart(order, CONFIRM)
            self._orders.append(order)
        elif fault == "not_found":
            # The cart was made in the test environment, and the order was shipped.
            order.transaction_id = str(uuid.UUID(int=dice.getrandbits(128), version=4))
            self._asked.append((order.transaction_id, order.reference, order.created))
        elif fault == "unverified":
            # Sold over the counter. Nothing is wrong with it, but the check will fail.
            order.store = "Búð"
            self._cart(order, CONFIRM, is_listed=False)

    def _leave_open(self, order: Order, *, is_accepted: bool) -> None:
        order.status = OPEN
        if is_accepted:
            # The customer accepted, and the shop never took the money.
            self._cart(order, CONFIRM, confirmation_type="manual")
        else:
            self._cart(order, NOTHING)

    def _cart(
        self,
        order: Order,
        end: str,
        *,
        later: int = 0,
        amount: int | None = None,
        is_kept: bool = True,
        is_listed: bool = True,
        confirmation_type: netgiro.ConfirmationType | str = "automatic",
    ) -> None:
        """Plan a cart for an order, and how it ends.

        It is inserted so many seconds `later`. `is_kept` writes it into the order, and `is_listed`
        into the shop's list of carts.
        """
        begun = order.created + dt.timedelta(seconds=later)
        decided = begun + dt.timedelta(seconds=min(self._dice.lognormvariate(3.5, 0.8), 175))
        asked = order.amount if amount is None else amount

        def insert() -> None:
            cart = self.client.insert_cart(
                amount=asked,
                reference=order.reference,
                customer_id="6912345",
                confirmation_type=confirmation_type,
            )
            if is_kept:
                order.transaction_id = str(cart.transaction_id)
            if is_listed:
                self._asked.append((str(cart.transaction_id), order.reference, begun))
            ends = {
                CONFIRM: self.simulator.confirm,
                DECLINE: self.simulator.decline,
                CANCEL: self.client.cancel_cart,
            }
            if end:
                self._at(decided, lambda: ends[end](cart.transaction_id))

        self._at(begun, insert)

    def _at(self, when: dt.datetime, happens: Callable[[], object]) -> None:
        heapq.heappush(self._events, (when, next(self._turn), happens))

    def _live(self) -> None:
        """Run all events in their order, on the simulator's clock."""
        while self._events:
            when, _, happens = heapq.heappop(self._events)
            self._wait_until(when)
            happens()
        self._wait_until(self.now)

    def _wait_until(self, when: dt.datetime) -> None:
        left = (when - self.simulator.now()).total_seconds()
        if left > 0:
            self.simulator.advance(left)

    def _export(self) -> None:
        """Write the shop's records, as Icelandic spreadsheets do."""
        self.orders.parent.mkdir(parents=True, exist_ok=True)
        with self.orders.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(
                ["Pöntunarnúmer", "Færslunúmer", "Upphæð", "Staða", "Dagsetning", "Sölustaður"]
            )
            for order in self._orders:
                amount = f"{order.amount:,}".replace(",", ".") + " kr."
                created = f"{order.created:%d.%m.%Y %H:%M:%S}"
                writer.writerow(
                    [
                        *[order.reference, order.transaction_id, amount],
                        *[order.status, created, order.store],
                    ]
                )
        with self.carts.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["transaction_id", "reference", "created"])
            writer.writerows(
                (cart, reference, created.isoformat())
                for cart, reference, created in sorted(self._asked, key=lambda asked: asked[2])
            )
