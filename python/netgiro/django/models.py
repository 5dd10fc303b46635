"""The tables: carts, their refunds, and the callbacks that were accepted."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, SupportsIndex

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone

import netgiro
from netgiro.django.conf import options
from netgiro.django.storage import clock
from netgiro.presentation.formatting import kronur

__all__ = [
    "CLOSED",
    "FINAL",
    "LET_GO",
    "NOT_SENT",
    "SIGNALED",
    "UNREADABLE_POLL",
    "WITHOUT_ID",
    "Cart",
    "Refund",
    "RefundStatus",
    "SeenCallback",
    "Status",
]


class Status(models.TextChoices):
    """The status of a cart: Netgíró's own words, and those that only the shop can know."""

    INSERTING = "inserting", "being sent"
    OUTCOME_UNKNOWN = "outcome_unknown", "may have been sent"
    HOSTED = "hosted", "at Netgíró's page"
    FAILED = "failed", "not accepted"
    PENDING = "pending", "waiting for the customer"
    NEEDS_CODE = "needs_code", "needs the customer's code"
    RESERVED = "reserved", "reserved, to be confirmed"
    AWAITING_CALLBACK = "awaiting_callback", "waiting for the callback"
    UNKNOWN = "unknown", "a code not known here"
    CONFIRMED = "confirmed", "paid"
    CANCELED = "canceled", "canceled"
    DECLINED = "declined", "declined"
    NOT_FOUND = "not_found", "not known to Netgíró"
    ABANDONED = "abandoned", "given up"
    MISMATCH = "mismatch", "paid, but a person must look"


SIGNALED = (
    Status.CONFIRMED,
    Status.CANCELED,
    Status.DECLINED,
    Status.NOT_FOUND,
    Status.ABANDONED,
)
"""Final statuses that the shop is told about."""

FINAL = (*SIGNALED, Status.FAILED)
"""Statuses that no answer of Netgíró's changes any more."""

CLOSED = (
    *(Status.CANCELED, Status.DECLINED, Status.NOT_FOUND),
    *(Status.ABANDONED, Status.FAILED),
)
"""Final statuses after which the order may get another cart."""

LET_GO = (Status.ABANDONED, Status.FAILED)
"""Final statuses that the shop decided, and not Netgíró."""

NOT_SENT = (Status.INSERTING, Status.OUTCOME_UNKNOWN)
"""Statuses in which it is not known whether Netgíró has the cart."""

WITHOUT_ID = (*NOT_SENT, Status.HOSTED)
"""Statuses in which Netgíró's id of the cart is not known."""

UNREADABLE_POLL = "its poll cannot be read"
"""The beginning of `problem` for a cart that is not checked because its `poll` is damaged."""


def _now(alias: str) -> datetime:
    """Return the time of a database's clock, as Django writes it."""
    now = clock.now(alias)
    return now if settings.USE_TZ else timezone.make_naive(now, timezone.get_default_timezone())


class CartQuerySet(models.QuerySet["Cart"]):
    """Carts, selected by what is to be done about them."""

    def open(self) -> CartQuerySet:
        """Carts that have not ended."""
        return self.exclude(status__in=[*FINAL, Status.MISMATCH])

    def for_a_person(self) -> CartQuerySet:
        """Carts that do not end without a person."""
        return self.filter(self._needs_person())

    def with_needs(self) -> CartQuerySet:
        """Carts, each with `needs_person`: whether it does not end without a person."""
        needs = Case(When(self._needs_person(), then=Value(value=True)), default=Value(value=False))
        return self.annotate(needs_person=needs)

    def _needs_person(self) -> Q:
        now = _now(self.db)
        stale = now - timedelta(seconds=options().insert_is_stale_after)
        return (
            Q(status__in=[Status.OUTCOME_UNKNOWN, Status.MISMATCH])
            | Q(status=Status.INSERTING, created_at__lt=stale)
            | Q(is_settling=True, deadline__lt=now - timedelta(minutes=10))
            & ~Q(status__in=[*FINAL, Status.MISMATCH])
            | Q(signal_failures__gt=0, signaled_at=None)
            | Q(problem__startswith=UNREADABLE_POLL)
        )


class Cart(models.Model):
    """One attempt to have an order paid, from before it is sent to Netgíró until its end.

    Only this package writes the rows: read them, connect to the signals, and call their methods.
    """

    Status = Status

    attempt_id: models.UUIDField[str | uuid.UUID, uuid.UUID] = models.UUIDField(
        default=uuid.uuid4, unique=True, editable=False
    )
    """This attempt's own id, known before anything is sent."""
    order_reference: models.CharField[str, str] = models.CharField(max_length=200, db_index=True)
    """The shop's order id."""
    attempt: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)
    """Which attempt for the order this is, from 1."""
    reference: models.CharField[str, str] = models.CharField(max_length=255, unique=True)
    """What Netgíró knows it by: the order's reference, from the second attempt with its number."""
    transaction_id: models.UUIDField[str | uuid.UUID | None, uuid.UUID | None] = models.UUIDField(
        null=True, blank=True, unique=True
    )
    """Netgíró's id of the cart; none before its answer."""
    amount: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        "amount (kr.)"
    )
    """The amount in whole krónur."""
    refunded: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        "refunded (kr.)", default=0, db_default=0
    )
    """What its refunds take of the amount: those that are made, may have been, or are still to be."""
    customer: models.CharField[str, str] = models.CharField("customer (masked)", max_length=40)
    """Who was asked to pay, but for the last two characters hidden."""
    checkout_url: models.TextField[str, str] = models.TextField(
        blank=True, default="", db_default=""
    )
    """Where the customer of a hosted checkout pays; empty for any other cart."""
    confirmation_type: models.CharField[str, str] = models.CharField(
        max_length=20, default="automatic"
    )
    status: models.CharField[str, str] = models.CharField(
        max_length=20, choices=Status, default=Status.INSERTING
    )
    is_settling: models.BooleanField[bool, bool] = models.BooleanField(
        "to be canceled", default=False
    )
    """Whether it is to be canceled, unless the customer was first."""
    holds_order: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    """Whether the order may be given no other cart."""
    problem: models.TextField[str, str] = models.TextField(blank=True, default="")
    """What went wrong last, or what a person must look at."""
    last_answer: models.JSONField[Any, Any] = models.JSONField(
        null=True, blank=True, encoder=DjangoJSONEncoder
    )
    """Netgíró's last answer about it, by the names of `netgiro.CartState`."""
    poll: models.TextField[str, str] = models.TextField(blank=True, default="")
    """The token of the `netgiro.CartPoll`; where a cart that Netgíró has holds none, a new one is begun."""
    deadline: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When it is canceled, if nobody has decided."""
    due_at: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When something is to be done about it; none when there is nothing left to do."""
    lease: models.UUIDField[str | uuid.UUID | None, uuid.UUID | None] = models.UUIDField(
        null=True, blank=True, editable=False
    )
    lease_until: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True, editable=False)
    )
    created_at: models.DateTimeField[str | datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )
    inserted_at: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True)
    )
    reported_at: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True)
    )
    """When the last callback about it came."""
    checked_at: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When Netgíró was last asked."""
    settled_at: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When it came to its end."""
    signaled_at: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True)
    )
    """When the shop was told of its end."""
    signal_failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    updated_at: models.DateTimeField[str | datetime, datetime] = models.DateTimeField(auto_now=True)

    objects = CartQuerySet.as_manager()

    class Meta:
        """Constraints that the database enforces."""

        ordering: ClassVar[Any] = ["-created_at", "-pk"]
        verbose_name = "cart"
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["due_at"], name="netgiro_cart_due", condition=Q(due_at__isnull=False)
            )
        ]
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["order_reference"],
                condition=Q(holds_order=True),
                name="netgiro_one_cart_for_an_order",
            ),
            models.UniqueConstraint(
                fields=["order_reference", "attempt"], name="netgiro_attempts_are_numbered"
            ),
            # An order is released only when its cart has ended without payment.
            models.CheckConstraint(
                condition=Q(holds_order=True) | Q(status__in=[*CLOSED, Status.MISMATCH]),
                name="netgiro_open_carts_hold_their_order",
            ),
            models.CheckConstraint(
                condition=Q(transaction_id__isnull=False)
                | Q(status__in=[*WITHOUT_ID, Status.FAILED, Status.ABANDONED]),
                name="netgiro_carts_have_an_id",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="netgiro_amount_above_0"),
            models.CheckConstraint(condition=Q(attempt__gt=0), name="netgiro_attempt_above_0"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {kronur(self.amount, space=' ')}, {self.status}"

    @property
    def is_paid(self) -> bool:
        """Whether it is paid: a verified answer of Netgíró's said so, for this cart, amount and reference."""
        return self.status == Status.CONFIRMED

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL

    @property
    def awaits_signal(self) -> bool:
        """Whether it has ended, and the shop was not told yet."""
        return self.status in SIGNALED and self.signaled_at is None

    @property
    def refundable(self) -> int:
        """How many krónur may still be refunded."""
        return max(0, self.amount - self.refunded) if self.is_paid else 0

    def as_sent(self) -> netgiro.Cart:
        """Return it as the client takes it, so that amount and reference are compared.

        Raises InvalidRequestError while Netgíró's id of it is not known.
        """
        if self.status == Status.HOSTED:
            raise netgiro.InvalidRequestError(
                f"the customer of {self.reference!r} has not come back from Netgíró's page, which alone ends it before "
                "its deadline: send the customer to checkout_url again"
            )
        if self.transaction_id is None:
            raise netgiro.InvalidRequestError(
                f"Netgíró's id of the cart {self.reference!r} is not known: look for the reference at Netgíró, "
                "and give it to netgiro_check --adopt, or --abandon the cart"
            )
        return netgiro.Cart(self.transaction_id, reference=self.reference, amount=self.amount)

    def check_now(self) -> Cart:
        """Check it at Netgíró, and record the answer; returns the cart as it is now.

        Raises the NetgiroError when there is no answer.
        """
        from netgiro.django import checkout  # noqa: PLC0415 - checkout imports this module

        return checkout.check(self)

    async def acheck_now(self) -> Cart:
        """Do what `check_now` does, awaited."""
        from netgiro.django import checkout  # noqa: PLC0415

        return await checkout.acheck(self)

    def cancel(self) -> Cart:
        """Cancel it, and read the answer; returns the cart: it `is_paid` if the customer was faster.

        Raises the NetgiroError when the outcome is not known; netgiro_poll then goes on canceling.
        """
        from netgiro.django import checkout  # noqa: PLC0415

        return checkout.cancel(self)

    async def acancel(self) -> Cart:
        """Do what `cancel` does, awaited."""
        from netgiro.django import checkout  # noqa: PLC0415

        return await checkout.acancel(self)

    def confirm(self, code: str | None = None) -> Cart:
        """Confirm a reserved cart, or send the customer's SMS code; returns the cart.

        Raises ApiError when Netgíró says no; the cart is then as it was.
        """
        from netgiro.django import checkout, concealed  # noqa: PLC0415

        sms_code = concealed.sms_code(code)
        del code
        return checkout.confirm(self, sms_code)

    async def aconfirm(self, code: str | None = None) -> Cart:
        """Do what `confirm` does, awaited."""
        from netgiro.django import checkout, concealed  # noqa: PLC0415

        sms_code = concealed.sms_code(code)
        del code
        return await checkout.aconfirm(self, sms_code)

    def refund(
        self,
        amount: SupportsIndex | Decimal | Fraction | str,
        *,
        key: str,
        description: str | None = None,
    ) -> Refund:
        """Give the customer `amount` krónur back; returns the Refund, which is made.

        `key` is the shop's name of what is refunded, unique for this cart: the line or the return, "line-2". The
        same key is one refund, however often and by how many processes it is called. `description` is shown in
        Netgíró's merchant portal. The intent is committed before anything is sent, so this must be called outside
        of a transaction, and raises TransactionManagementError within one.

        Raises InvalidRequestError when the cart is not paid or less is left, MismatchError when the key belongs to
        another amount, and ApiError when Netgíró says no: then nothing is refunded, and the sum is free again.
        After any other NetgiroError netgiro_poll makes the same call again: OutcomeUnknownError when the
        refund may have been made.
        """
        from netgiro.django.calls import refunds  # noqa: PLC0415

        return refunds.refund(self, amount, key=key, description=description)

    async def arefund(
        self,
        amount: SupportsIndex | Decimal | Fraction | str,
        *,
        key: str,
        description: str | None = None,
    ) -> Refund:
        """Do what `refund` does, awaited. A caller that is canceled does not stop it half-way."""
        from netgiro.django.calls import refunds  # noqa: PLC0415

        return await refunds.arefund(self, amount, key=key, description=description)


class RefundStatus(models.TextChoices):
    """The status of a refund."""

    ASKED = "asked", "to be made"
    OUTCOME_UNKNOWN = "outcome_unknown", "may have been made"
    MADE = "made", "refunded"
    REFUSED = "refused", "refused"


class RefundQuerySet(models.QuerySet["Refund"]):
    """Refunds, selected by what is to be done about them."""

    def open(self) -> RefundQuerySet:
        """Refunds that may still be made, or may have been."""
        return self.filter(status__in=[RefundStatus.ASKED, RefundStatus.OUTCOME_UNKNOWN])

    def for_a_person(self) -> RefundQuerySet:
        """Refunds that a person must look at."""
        return self.filter(self._needs_person())

    def with_needs(self) -> RefundQuerySet:
        """Refunds, each with `needs_person`: whether a person must look at it."""
        needs = Case(When(self._needs_person(), then=Value(value=True)), default=Value(value=False))
        return self.annotate(needs_person=needs)

    def _needs_person(self) -> Q:
        is_open = Q(status__in=[RefundStatus.ASKED, RefundStatus.OUTCOME_UNKNOWN])
        late = _now(self.db) - timedelta(minutes=10)
        return is_open & (Q(due_at=None) | Q(asked_at__lt=late)) | Q(
            signal_failures__gt=0, signaled_at=None
        )


class Refund(models.Model):
    """What is given back of a cart's payment, from before it is sent to Netgíró until its end.

    Only this package writes the rows: read them, and connect to the signals.
    """

    Status = RefundStatus

    cart: models.ForeignKey[Cart, Cart] = models.ForeignKey(
        Cart, on_delete=models.PROTECT, related_name="refunds"
    )
    key: models.CharField[str, str] = models.CharField(max_length=63)
    """The shop's name of what is refunded, unique for the cart."""
    idempotency_key: models.CharField[str, str] = models.CharField(max_length=100, unique=True)
    """What Netgíró knows it by: the cart's transaction id and `key`."""
    amount: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        "amount (kr.)"
    )
    """What the customer gets back, in whole krónur."""
    description: models.TextField[str, str] = models.TextField(blank=True, default="")
    """What is shown in Netgíró's merchant portal."""
    status: models.CharField[str, str] = models.CharField(
        max_length=20, choices=RefundStatus, default=RefundStatus.ASKED
    )
    problem: models.TextField[str, str] = models.TextField(blank=True, default="")
    """What went wrong last, or what a person must look at."""
    failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    """How many of its calls in a row have failed."""
    due_at: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When its call is to be made again, or the shop to be told of its end; none when neither is to be done."""
    lease: models.UUIDField[str | uuid.UUID | None, uuid.UUID | None] = models.UUIDField(
        null=True, blank=True, editable=False
    )
    """Whose call is in flight. One that is over without a record may have refunded."""
    lease_until: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True, editable=False)
    )
    asked_at: models.DateTimeField[str | datetime, datetime] = models.DateTimeField()
    """When the shop asked for it."""
    ended_at: models.DateTimeField[str | datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    """When its outcome was known."""
    signaled_at: models.DateTimeField[str | datetime | None, datetime | None] = (
        models.DateTimeField(null=True, blank=True)
    )
    """When the shop was told of its end."""
    signal_failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    updated_at: models.DateTimeField[str | datetime, datetime] = models.DateTimeField(auto_now=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        """Constraints that the database enforces."""

        ordering: ClassVar[Any] = ["-asked_at", "-pk"]
        verbose_name = "refund"
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["due_at"], name="netgiro_refund_due", condition=Q(due_at__isnull=False)
            )
        ]
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["cart", "key"], name="netgiro_one_refund_for_a_key"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="netgiro_refund_above_0"),
        ]

    def __str__(self) -> str:
        return f"{self.idempotency_key}: {kronur(self.amount, space=' ')}, {self.status}"

    @property
    def is_made(self) -> bool:
        """Whether Netgíró has made it."""
        return self.status == RefundStatus.MADE

    @property
    def is_final(self) -> bool:
        """Whether its outcome is known."""
        return self.status in {RefundStatus.MADE, RefundStatus.REFUSED}

    @property
    def awaits_signal(self) -> bool:
        """Whether its outcome is known, and the shop was not told yet."""
        return self.is_final and self.signaled_at is None


class SeenCallback(models.Model):
    """A callback that the replay guard accepted."""

    signature = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.signature
