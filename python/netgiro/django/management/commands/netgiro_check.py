"""`manage.py netgiro_check`: checks open carts, and records what only a person can find out of carts and refunds."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import netgiro
from netgiro.django import checkout, conf
from netgiro.django.calls.execution import blocking
from netgiro.django.models import Cart, Refund
from netgiro.django.storage import delivery, followup, refunds, store
from netgiro.django.storage.rows import database
from netgiro.webhook.sync_or_async import run


class Command(BaseCommand):
    """Checks carts, and records what a person found out."""

    help = (
        "Checks all open carts, or those that are named, at Netgíró, records the answers, sends signals that are "
        "still due, and lists the carts and refunds that need a person. Exits with 0 when all is well, 1 when one "
        "needs a person, 2 when Netgíró could not be asked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the carts and the options."""
        parser.add_argument(
            "references", nargs="*", metavar="REFERENCE", help="an order's or a cart's reference"
        )
        parser.add_argument(
            "--list", action="store_true", dest="only_list", help="ask and change nothing"
        )
        parser.add_argument(
            "--adopt",
            nargs=2,
            metavar=("REFERENCE", "TRANSACTION_ID"),
            help="Netgíró has this cart under this id: follow it",
        )
        parser.add_argument(
            "--abandon",
            metavar="REFERENCE",
            help="a person looked, and nothing is owed: free the order, and tell the shop that it was canceled",
        )
        parser.add_argument(
            "--refund-made",
            metavar="IDEMPOTENCY_KEY",
            help="a person looked in the merchant portal, and this refund was made",
        )
        parser.add_argument(
            "--refund-refused",
            metavar="IDEMPOTENCY_KEY",
            help="a person looked in the merchant portal, and this refund was not made: free its sum",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Check."""
        conf.options()
        self._record_persons_word(**options)
        carts = _carts()
        named = options["references"]
        chosen = carts.open() if not named else _named(named)
        failures = 0 if options["only_list"] else self._check(list(chosen))
        needy: list[Cart | Refund] = [
            cart for cart in carts.for_a_person() if not named or cart in chosen.all()
        ]
        needing = _refunds().for_a_person()
        needy += needing.filter(cart__in=chosen.all()) if named else needing
        for row in needy:
            self.stdout.write(
                self.style.WARNING(
                    f"needs a person: {row}, since {row.updated_at:%Y-%m-%d %H:%M:%S}"
                )
            )
            if row.problem:
                self.stdout.write(f"    {row.problem}")
        if needy:
            raise CommandError(_counted(needy), returncode=1)
        if failures:
            raise CommandError(f"{failures} carts could not be asked about", returncode=2)

    def _record_persons_word(
        self,
        *,
        adopt: list[str] | None,
        abandon: str | None,
        refund_made: str | None,
        refund_refused: str | None,
        **_: Any,
    ) -> None:
        try:
            if adopt:
                self.stdout.write(str(store.adopt(_one(adopt[0]), uuid.UUID(adopt[1]))))
            if abandon:
                self.stdout.write(str(store.abandon(_one(abandon))))
            if refund_made:
                self.stdout.write(str(refunds.decide(_refund(refund_made), is_made=True)))
            if refund_refused:
                self.stdout.write(str(refunds.decide(_refund(refund_refused), is_made=False)))
        except ValueError as error:
            raise CommandError(str(error)) from error

    def _check(self, carts: list[Cart]) -> int:
        asked = [cart for cart in carts if cart.transaction_id is not None]
        with ThreadPoolExecutor(16, thread_name_prefix="netgiro") as threads:
            answers = [threads.submit(run, checkout.ask(blocking, cart)) for cart in asked]
            failures = 0
            for cart, answer in zip(asked, answers, strict=True):
                try:
                    observation = answer.result()
                    now = followup.record(cart.pk, observation)
                except Exception as error:  # noqa: BLE001 - one cart must not stop the others
                    failures += 1
                    self.stdout.write(f"{cart}\n    {type(error).__name__}: {error}")
                    continue
                arrow = "" if now.status == cart.status else f", was {cart.status}"
                self.stdout.write(f"{now}{arrow}")
                if isinstance(observation.answer, netgiro.NetgiroError):
                    failures += not isinstance(observation.answer, netgiro.MismatchError)
                    self.stdout.write(f"    {observation.answer}")
        for rows in (_carts(), _refunds()):
            for row in rows.filter(signaled_at=None, due_at__isnull=False):
                if row.awaits_signal:
                    delivery.deliver(row.pk, kind=type(row))
        return failures


def _carts() -> Any:
    return Cart.objects.using(database())


def _refunds() -> Any:
    return Refund.objects.using(database())


def _counted(needy: list[Cart | Refund]) -> str:
    """Say how many carts and refunds need a person."""
    of_refunds = sum(isinstance(row, Refund) for row in needy)
    of_carts = len(needy) - of_refunds
    counts = [f"{of_carts} carts"] * bool(of_carts) + [f"{of_refunds} refunds"] * bool(of_refunds)
    return f"{' and '.join(counts)} need a person"


def _named(references: list[str]) -> Any:
    found = _carts().filter(reference__in=references) | _carts().filter(
        order_reference__in=references
    )
    known = {name for cart in found for name in (cart.reference, cart.order_reference)}
    for reference in references:
        if reference not in known:
            raise CommandError(f"there is no cart for {reference!r}")
    return found


def _one(reference: str) -> Cart:
    cart: Cart | None = _carts().filter(reference=reference).first()
    if cart is None:
        raise CommandError(f"there is no cart {reference!r}")
    return cart


def _refund(idempotency_key: str) -> Refund:
    refund: Refund | None = _refunds().filter(idempotency_key=idempotency_key).first()
    if refund is None:
        raise CommandError(f"there is no refund {idempotency_key!r}")
    return refund
