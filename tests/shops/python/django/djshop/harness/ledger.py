"""A shop as a state machine: hypothesis chooses what happens next, and before which statement a process dies.

Everything is the product's own code on a real database, and Netgíró is the simulator with its clock. After each event
the invariants must hold; in the end everything is driven to its end.
"""

from __future__ import annotations

import datetime
import itertools
import logging
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

from django.conf import settings
from django.db import OperationalError
from django.test import RequestFactory, override_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import netgiro
from djshop import receivers
from djshop.harness import invariants
from djshop.harness.callbacks import Arrival, Listener
from djshop.harness.stepping import ShopProcess, stepping
from djshop.harness.trials import PHONE, eventually
from djshop.models import Told
from interleaving import Fate, ending_at_the_first
from netgiro.django import checkout, conf, views, worker
from netgiro.django.calls import execution
from netgiro.django.models import LET_GO, Cart, Refund, RefundStatus, SeenCallback, Status
from netgiro.django.storage import clock, followup, refunds, store

# The API's calls: of V1, and of V2.
CALLS = {
    "insert": ("InsertCart", "Payment"),
    "check": ("CheckCart", "Status"),
    "cancel": ("CancelCart", "Cancel"),
    "refund": ("Refund", "Refund"),
}
TROUBLES: list[dict[str, Any]] = [
    {"drop": "before"},
    {"drop": "after"},
    {"status": 400},
    {"status": 429, "retry_after": 20},
    {"body": "[]", "processed": True},
]
# The client tries some calls again at once: so many failures are one call's.
ATTEMPTS = 3
# What an operation may end with that is not an error of the package's.
EXPECTED = (netgiro.NetgiroError, checkout.OpenCheckoutError, OperationalError)

FATES = st.one_of(
    st.none(),
    *(
        st.builds(Fate, steps, st.sampled_from(["is killed", "stands still"]))
        for steps in (st.integers(0, 20), st.sampled_from(["a call", "its answer"]))
    ),
)
FATES_AT_CALL = st.sampled_from(
    [None, Fate("a call", "stands still"), Fate("its answer", "is killed")]
)
TROUBLE = st.none() | st.sampled_from(TROUBLES)
SECONDS = st.sampled_from([0, 4, 4, 40, 200])
KINDS = st.sampled_from(["automatic", "server_callback", "manual"])
RACERS = st.sampled_from(["netgiro_poll", "follow-up", "refund"])
"""Processes that lease the rows that they call about."""
PLACES = st.integers(0, 7)
"""Which one of those that there are, counted round and round."""


class Ledger(RuleBasedStateMachine):
    """One shop, from its first order until nothing is left to do."""

    def __init__(self, listener: Listener, first: Callable[[Ledger], object]) -> None:
        super().__init__()
        self.listener = listener
        self.first = first
        """What happens to each shop before hypothesis chooses: where it would seldom come to what is looked for."""
        self.standing: list[ShopProcess] = []
        self.answering: dict[ShopProcess, Arrival] = {}
        self.about: dict[ShopProcess, Arrival] = {}
        self.taken: list[Arrival] = []
        self.accepted: set[str] = set()
        self.refunding: dict[ShopProcess, str] = {}
        self.lost: set[str] = set()
        """The keys of refunds whose call was sent by a process that died before it recorded how that ended."""
        self.began: dict[ShopProcess, datetime.timedelta] = {}
        self.broken: list[str] = []
        self.carts: list[int] = []
        self.offset = datetime.timedelta(0)
        self.receiver_fails = 0
        self._is_checked = self._is_sound = True
        self._cleaning = ExitStack()

    @initialize(
        api=st.sampled_from(["v1", "v1", "v2"]),
        kind=KINDS,
        is_guarded=st.booleans(),
        is_paid=st.booleans(),
        trouble=TROUBLE,
        fate=FATES,
    )
    def open(
        self,
        *,
        api: str,
        kind: str,
        is_guarded: bool,
        is_paid: bool,
        trouble: dict[str, Any] | None,
        fate: Fate | None,
    ) -> None:
        enter = self._cleaning.enter_context
        self.api = api
        self.simulator = enter(
            netgiro.Simulator(callback_timeout=600, callback_retry_delay=30, history=1_000)
        )
        options = {
            **settings.NETGIRO,
            "API": api,
            "BASE_URL": self.simulator.url,
            "CALLBACK_BASE_URL": self.listener.url,
            "CHECK_AFTER_CALLBACK": False,  # it is an operation here
            "POLL_POLICY": None,
            "REPLAY_GUARD": is_guarded,
        }
        enter(override_settings(NETGIRO=options))
        enter(stepping())
        enter(_clocks(lambda: self.offset))
        enter(mock.patch.object(worker, "ThreadPoolExecutor", _AtOnce))
        receivers.also.append(self._fail)
        self._cleaning.callback(receivers.also.clear)
        logging.disable(logging.CRITICAL)
        self._cleaning.callback(logging.disable, logging.NOTSET)
        if not is_paid:
            self.start(1, 4990, kind, trouble, fate)
        else:
            self.start(1, 4990, kind)
            self.callback(0)
            self.check(0)
            self.confirm(0)
        self.first(self)

    # --- The shop

    @rule(
        order=st.integers(1, 2),
        amount=st.sampled_from([4990, 1000]),
        kind=KINDS,
        trouble=TROUBLE,
        fate=FATES,
    )
    def start(
        self,
        order: int,
        amount: int,
        kind: str,
        trouble: dict[str, Any] | None = None,
        fate: Fate | None = None,
    ) -> None:
        if self.api == "v2" and kind == "manual":
            kind = "automatic"  # a callback that is not answered undoes a payment that was captured
        self._trouble("insert", trouble)
        start = partial(checkout.start, f"order-{order}", amount, PHONE, confirmation_type=kind)
        self._begin(f"start of order-{order}", start, fate)

    @rule(place=PLACES, fate=FATES)
    def check(self, place: int, fate: Fate | None = None) -> None:
        self._on_cart("check", place, Cart.check_now, fate)

    @rule(place=PLACES, trouble=TROUBLE, fate=FATES)
    def cancel(self, place: int, trouble: dict[str, Any] | None, fate: Fate | None) -> None:
        self._trouble("cancel", trouble)
        self._on_cart("cancel", place, Cart.cancel, fate)

    @rule(place=PLACES, fate=FATES)
    def confirm(self, place: int, fate: Fate | None = None) -> None:
        if self.api == "v1":
            self._on_cart("confirm", place, Cart.confirm, fate)

    @rule(
        place=PLACES,
        amount=st.sampled_from([1000, 3000]),
        key=st.sampled_from(["line-1", "line-2"]),
        trouble=TROUBLE,
        fate=FATES,
    )
    def refund(
        self, place: int, amount: int, key: str, trouble: dict[str, Any] | None, fate: Fate | None
    ) -> None:
        def operation(cart: Cart) -> None:
            made = cart.refund(amount, key=key)
            assert (made.is_made, made.amount) == (True, amount), (
                f"a refund is of the amount that was asked for: {made}"
            )

        self._trouble("refund", trouble)
        self._on_cart("refund", place, operation, fate)

    @rule(seconds=SECONDS, call=st.sampled_from(list(CALLS)), trouble=TROUBLE, fate=FATES)
    def work(
        self,
        seconds: int = 0,
        call: str = "check",
        trouble: dict[str, Any] | None = None,
        fate: Fate | None = None,
    ) -> None:
        self.wait(seconds)
        self._trouble(call, trouble)
        self._begin("netgiro_poll", _work, fate)

    @rule(place=PLACES, fate=FATES)
    def follow_up(self, place: int, fate: Fate | None) -> None:
        def operation(cart: Cart) -> None:
            worker._is_followed_up(cart.pk)

        self._on_cart("follow-up", place, operation, fate)

    @rule()
    def fail_as_receiver(self) -> None:
        self.receiver_fails += 1

    # --- Netgíró

    @rule(place=PLACES, decision=st.sampled_from(["confirm", "decline", "expire"]))
    def decide(self, place: int, decision: str) -> None:
        carts = self.simulator.carts()
        if carts:
            try:
                getattr(self.simulator, decision)(carts[place % len(carts)].transaction_id)
            except netgiro.InvalidRequestError:
                return  # it has ended
            self._is_checked = False
            self._await_arrivals()

    @rule()
    def decide_while_it_is_canceled(self) -> None:
        self.simulator.add_fault(self._endpoint("cancel"), confirm_during=True)

    @rule(place=PLACES, fate=FATES)
    def callback(self, place: int, fate: Fate | None = None) -> None:
        if not self.listener.waiting:
            self.decide(place, "confirm")
        waiting = self.listener.waiting
        if waiting:
            arrival = waiting.pop(place % len(waiting))
            self.taken.append(arrival)
            self._begin("callback", partial(_view, arrival), fate, arrival, is_new=True)

    @rule(place=PLACES, fate=FATES)
    def callback_again(self, place: int, fate: Fate | None) -> None:
        if self.taken:
            arrival = self.taken[place % len(self.taken)]
            self._begin("callback, again", partial(_view, arrival), fate, arrival)

    def _endpoint(self, call: str) -> str:
        return CALLS[call][self.api == "v2"]

    def _trouble(self, call: str, trouble: dict[str, Any] | None) -> None:
        if trouble is not None:
            self.simulator.add_fault(self._endpoint(call), count=ATTEMPTS, **trouble)

    # --- Time, and processes

    def wait(self, seconds: int) -> None:
        if seconds:
            self.offset += datetime.timedelta(seconds=seconds)
            self.simulator.advance(seconds)
            self._is_checked = False
            self._await_arrivals()

    @rule(
        first=st.tuples(RACERS, FATES_AT_CALL, TROUBLE),
        second=st.tuples(RACERS, FATES, TROUBLE),
        place=PLACES,
        seconds=SECONDS,
    )
    def race(
        self,
        *,
        first: tuple[str, Fate | None, dict[str, Any] | None],
        second: tuple[str, Fate | None, dict[str, Any] | None],
        place: int,
        seconds: int,
    ) -> None:
        """Have another process meet a row about which one calls Netgíró, or had called when it died, or in vain."""
        for name, fate, trouble in (first, second):
            self.wait(seconds)
            if name == "refund":
                self.refund(place, 1000, "line-1", trouble, fate)
            elif name == "netgiro_poll":
                self.work(0, "refund", trouble, fate)
            else:
                self.follow_up(place, fate)

    @rule(place=PLACES, seconds=SECONDS, fate=FATES)
    def resume(self, place: int, seconds: int, fate: Fate | None) -> None:
        self.wait(seconds)
        if self.standing:
            self._go_on(self.standing[place % len(self.standing)], fate)
        else:
            self.work(fate=fate)

    # --- A person, who acts when no process stands still

    @rule(fate=FATES)
    def look(self, fate: Fate | None = None) -> None:
        if not self.standing:
            self._begin("a person", self._see_to_what_needs_a_person, fate)

    # --- What must hold

    @invariant()
    def holds(self) -> None:
        if not self._is_checked:
            invariants.check(self.simulator)
            self._is_checked = self._is_sound = True

    def teardown(self) -> None:
        with ending_at_the_first(), self._cleaning:
            try:
                if self._is_sound:  # else what broke before is what is told
                    self._come_to_the_end()
            finally:
                for process in self.standing:
                    process.go_on(Fate(0, "is killed"))
                for arrival in (*self.listener.waiting, *self.answering.values()):
                    arrival.answer(None)
                self.listener.waiting.clear()
                for model in (Told, Refund, Cart, SeenCallback):
                    model.objects.all().delete()

    def _come_to_the_end(self) -> None:
        """Let everything end that is open, without further faults."""
        self.simulator.clear_faults()
        self.receiver_fails = 0
        while self.standing:
            self._go_on(self.standing[0])
        for _ in range(60):
            self._await_arrivals()
            while self.listener.waiting:
                self.callback(0)
            self.look()
            self.work()
            self.holds()
            due = invariants.next_due()
            if due is None:
                break
            self.wait(max(60, due))
        invariants.check_end(self.simulator)

    # --- How an operation is carried out

    def _on_cart(
        self, name: str, place: int, operation: Callable[[Cart], Any], fate: Fate | None
    ) -> None:
        carts = list(Cart.objects.order_by("pk"))
        if carts:
            cart = carts[place % len(carts)]
            self._begin(f"{name} of {cart.reference}", partial(operation, cart), fate)

    def _begin(
        self,
        name: str,
        operation: Callable[[], Any],
        fate: Fate | None,
        arrival: Arrival | None = None,
        *,
        is_new: bool = False,
    ) -> None:
        process = ShopProcess(name, operation, self._judge_call)
        self.began[process] = self.offset
        if arrival is not None:
            self.about[process] = arrival
        if arrival is not None and is_new:
            self.answering[process] = arrival
        self.standing.append(process)
        self._go_on(process, fate)

    def _go_on(self, process: ShopProcess, fate: Fate | None = None) -> None:
        self._is_checked = self._is_sound = False
        process.go_on(fate)
        assert not self.broken, self.broken
        if not process.is_over:
            return
        self.standing.remove(process)
        error = process.error
        if (arrival := self.answering.pop(process, None)) is not None:
            done = sum(callback.is_done for callback in self.simulator.callbacks())
            arrival.answer(getattr(process.result, "status_code", None))
            eventually(
                lambda: sum(callback.is_done for callback in self.simulator.callbacks()) > done, 10
            )
        if error is not None and not process.is_killed and not isinstance(error, EXPECTED):
            raise error
        self._note_refund(process)
        if error is None and process in self.about:
            self._judge_answer(self.about[process], process.result.status_code)

    def _note_refund(self, process: ShopProcess) -> None:
        """Note whether a process has died between the call of a refund and its record."""
        key = self.refunding.pop(process, None)
        if key is not None and process.is_killed:
            in_flight = Refund.objects.open().filter(idempotency_key=key, lease__isnull=False)
            self.lost |= set(in_flight.values_list("idempotency_key", flat=True))
        if self.lost:
            still = Refund.objects.open().filter(idempotency_key__in=self.lost)
            self.lost = set(still.values_list("idempotency_key", flat=True))

    def _judge_answer(self, arrival: Arrival, status: int) -> None:
        """Judge what a callback was answered against what was recorded."""
        row = Cart.objects.get(transaction_id=arrival.transaction_id)
        assert status in {200, 409, 503}, f"a callback of Netgíró's verifies: {status}"
        if status == 503:
            return  # another process stands still, and has locked the row
        assert row.reported_at is not None, f"what is acknowledged is recorded: {row}"
        if status == 200:
            is_asked = row.due_at is not None or row.is_final or row.status == Status.MISMATCH
            assert is_asked, f"what is reported is asked about: {row}"
            is_checked = row.checked_at is not None and row.checked_at >= row.reported_at
            if not self.standing and not is_checked and not row.is_final:
                soon = clock.now("") + datetime.timedelta(seconds=1)
                assert row.due_at <= soon, f"what is reported is asked about soon: {row}"
            if conf.options().replay_guard and self.api == "v1":  # V2's are not told apart
                is_first = arrival.signature not in self.accepted
                assert is_first, f"a callback is accepted once: {row}"
            self.accepted.add(arrival.signature)

    def _judge_call(self, process: ShopProcess, name: str) -> None:
        """Judge whether a process may call Netgíró: what it is about to do is stored, and nobody else is about to."""
        if name == "cancel_cart":
            row = Cart.objects.get(transaction_id=process.about)
            if not (row.is_settling or row.status in LET_GO):
                self.broken.append(f"a cancel is stored before it is sent: {row}")
        elif name == "refund_cart":
            self._judge_refund(process, Refund.objects.filter(idempotency_key=process.about))
        if not _is_leased(process):
            return
        lease = datetime.timedelta(seconds=3 * conf.options().timeout + 5.0)
        self.broken += [
            f"a leased row is one process's: {process.about} is {other}'s, and {process} calls"
            for other in self.standing
            if other is not process
            and other.about == process.about
            and _is_leased(other)
            and self.offset < self.began[other] + lease
        ]

    def _judge_refund(self, process: ShopProcess, found: Any) -> None:
        row = found.first()
        if row is None:
            self.broken.append(f"a refund is stored before it is sent: {process.about}")
            return
        self.refunding[process] = row.idempotency_key
        if row.status == RefundStatus.ASKED and row.lease is None:
            self.broken.append(f"a refund is leased before it is sent: {row}")
        if row.status == RefundStatus.ASKED and row.idempotency_key in self.lost:
            self.broken.append(f"a refund whose answer is lost may have been made: {row}")

    def _await_arrivals(self) -> None:
        """Wait until the callbacks that are on their way have arrived."""

        def have_arrived() -> bool:
            sent = sum(not callback.is_done for callback in self.simulator.callbacks())
            return len(self.listener.waiting) + len(self.answering) >= sent

        eventually(have_arrived, 10)

    def _fail(self, _: Cart) -> None:
        if self.receiver_fails:
            self.receiver_fails -= 1
            raise ValueError("the shop's receiver fails")

    def _see_to_what_needs_a_person(self) -> None:
        at_netgiro = {cart.reference: cart for cart in self.simulator.carts()}
        for cart in Cart.objects.filter(status="outcome_unknown"):
            there = at_netgiro.get(cart.reference)
            if there is None:
                store.abandon(cart)
            else:
                store.adopt(cart, there.transaction_id)
        for cart in Cart.objects.filter(status__in=["reserved", "needs_code"]):
            cart.cancel()
        for refund in Refund.objects.open().filter(due_at=None):
            there = self.simulator.cart(refund.cart.transaction_id)
            keys = {made.idempotency_key for made in there.refunds}
            refunds.decide(refund, is_made=refund.idempotency_key in keys)


def _is_leased(process: ShopProcess) -> bool:
    """Whether a process leases the rows that it calls about; what a person does by hand waits for nobody."""
    return process.name.startswith(("netgiro_poll", "follow-up", "refund"))


def _work() -> None:
    worker.Worker(concurrency=2, interval=0.001).run(once=True)


def _view(arrival: Arrival) -> Any:
    environ = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in arrival.headers.items()
    }
    request = RequestFactory().post(
        "/netgiro/callback/", arrival.body, content_type="application/json", **environ
    )
    return views.callback(request)


class _AtOnce(worker.ThreadPoolExecutor):
    """Calls at once, on the caller's thread: nothing happens at a time of its own."""

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Any = worker.Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


def _clocks(offset: Callable[[], datetime.timedelta]) -> ExitStack:
    """Have time pass with the simulator's alone, a millisecond a look: however busy the machine is, a run is the same."""
    began = datetime.datetime.now(datetime.timezone.utc)
    looks = itertools.count()

    def now() -> datetime.datetime:
        return began + offset() + datetime.timedelta(milliseconds=next(looks))

    class Moved(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
            return now().astimezone(tz)

    server_now = execution._Blocking.server_now

    def moved_server_now(blocking: Any) -> datetime.datetime | None:
        return None if server_now(blocking) is None else now()

    patches = ExitStack()
    for module, name, value in [
        (clock, "now", lambda _: now()),
        (checkout, "datetime", Moved),
        (checkout, "time", SimpleNamespace(monotonic=lambda: now().timestamp())),
        (followup, "datetime", Moved),
        # The simulator's answers bear the date of the real clock.
        (execution._Blocking, "server_now", moved_server_now),
    ]:
        patches.enter_context(mock.patch.object(module, name, value))
    return patches
