"""The carts and their refunds in Django's admin: they can be viewed, checked, canceled and refunded, but not edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import model_ngettext
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

import netgiro
from netgiro.django.models import FINAL, Cart, Refund
from netgiro.django.storage import refunds as storage
from netgiro.presentation.formatting import kronur

__all__ = ["CartAdmin", "RefundAdmin"]

# What fits on one line of the list; the rest is shown when one points at it, and on the cart's own page.
_PROBLEM = 60


class NeedsPerson(admin.SimpleListFilter):
    """Carts or refunds that a person must look at."""

    title = "needs a person"
    parameter_name = "person"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        """Offer one choice."""
        return [("yes", "Yes")]

    def queryset(self, _request: HttpRequest, queryset: Any) -> Any:
        """Select them."""
        return queryset.for_a_person() if self.value() == "yes" else queryset


def _state(row: Any, mark: str) -> str:
    """Show a status, marked if the row needs a person, and the beginning of the problem below it."""
    title, kind = "", "nowrap"
    if getattr(row, "needs_person", False):
        title, kind = mark, "netgiro-needs-person"
    shown = format_html(
        '<span class="{}" title="{}">{}</span>', kind, title, row.get_status_display()
    )
    if not row.problem:
        return shown
    return format_html(
        '{}<span class="netgiro-problem" title="{}">{}</span>',
        *(shown, row.problem, Truncator(row.problem).chars(_PROBLEM)),
    )


def _sum(amount: int) -> str:
    return format_html('<span class="nowrap netgiro-amount">{}</span>', kronur(amount))


def _instant(at: datetime) -> str:
    at = timezone.localtime(at) if settings.USE_TZ else at
    day_and_time = '<span class="nowrap">{}</span> <span class="nowrap">{}</span>'
    return format_html(day_and_time, f"{at.day}.{at.month}.{at.year}", f"{at:%H:%M}")


class _ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only the package writes: those first that need a person."""

    class Media:
        """What keeps a row on one line, and marks those that need a person."""

        css = {"all": ["netgiro/admin.css"]}  # noqa: RUF012 - as Django has it

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the rows, each with whether it needs a person."""
        queryset: Any = super().get_queryset(request)
        return queryset.with_needs()

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Allow no new rows: carts come from checkouts, and refunds from their carts' pages."""
        return False

    def has_change_permission(self, request: HttpRequest, row: Any = None) -> bool:
        """Allow actions but no editing: saving a page would write old values."""
        return row is None and super().has_change_permission(request)

    def has_delete_permission(self, _request: HttpRequest, _row: Any = None) -> bool:
        """Keep the rows: they record what was paid, and given back."""
        return False


def _may_refund(request: HttpRequest) -> bool:
    """Return whether somebody may refund: who may add a Refund."""
    return bool(request.user.has_perm("netgiro.add_refund"))


class RefundForm(forms.Form):
    """What is to be refunded of a cart."""

    amount = forms.IntegerField(label="amount (kr.)", min_value=1)
    key = forms.CharField(
        label="what",
        max_length=Refund._meta.get_field("key").max_length,  # noqa: SLF001 - Django's own way
        help_text="The shop's name of what is refunded, such as line-2. The same name is one refund.",
    )
    description = forms.CharField(
        required=False, max_length=200, help_text="Shown in Netgíró's merchant portal."
    )

    def __init__(self, cart: Cart, data: Any = None) -> None:
        """Offer what is left of a cart, under the next number: who presses twice refunds once."""
        number = cart.refunds.count() + 1
        initial = {"amount": cart.refundable, "key": f"refund-{number}"}
        super().__init__(data, initial=initial)


class RefundsOfCart(admin.TabularInline):  # type: ignore[type-arg]
    """The refunds on their cart's page."""

    model = Refund
    fields = ("key", "kronur", "state", "description", "asked", "ended")
    readonly_fields = fields
    extra = 0
    show_change_link = True
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _cart: Any = None) -> bool:
        """Allow no new rows here: the page's button refunds."""
        return False

    def has_change_permission(self, _request: HttpRequest, _refund: Any = None) -> bool:
        """Allow no editing."""
        return False

    @admin.display(description="amount")
    def kronur(self, refund: Refund) -> str:
        """Show the amount."""
        return _sum(refund.amount)

    @admin.display(description="status")
    def state(self, refund: Refund) -> str:
        """Show the status, and the beginning of the problem."""
        return _state(refund, "")

    @admin.display(description="asked")
    def asked(self, refund: Refund) -> str:
        """Show when it was asked for."""
        return _instant(refund.asked_at)

    @admin.display(description="ended")
    def ended(self, refund: Refund) -> str:
        """Show when its outcome was known."""
        return _instant(refund.ended_at) if refund.ended_at else "-"


@admin.register(Cart)
class CartAdmin(_ReadOnlyAdmin):
    """Lists carts, those first that need a person; its actions ask Netgíró and read the answers."""

    list_display = ("reference", "state", "kronur", "asked", "began")
    list_filter = (NeedsPerson, "status", "is_settling", "confirmation_type", "created_at")
    search_fields = ("order_reference", "reference", "transaction_id")
    date_hierarchy = "created_at"
    actions = ("check_now", "cancel", "refund")
    exclude = ("poll",)
    inlines = (RefundsOfCart,)

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Order by who needs a person, then from the newest to the oldest."""
        return [F("needs_person").desc(), "-created_at", "-pk"]

    @admin.display(description="status", ordering="status")
    def state(self, cart: Any) -> str:
        """Show the status, marked if the cart needs a person, and the beginning of the problem below it."""
        return _state(cart, "Needs a person: see netgiro_check")

    @admin.display(description="amount", ordering="amount")
    def kronur(self, cart: Cart) -> str:
        """Show the amount, and below it what its refunds take of it."""
        if not cart.refunded:
            return _sum(cart.amount)
        return format_html(
            '{}<span class="netgiro-refunded" title="refunded">\N{MINUS SIGN}{}</span>',
            *(_sum(cart.amount), kronur(cart.refunded)),
        )

    @admin.display(description="customer", ordering="customer")
    def asked(self, cart: Cart) -> str:
        """Show who was asked, masked."""
        return format_html('<span class="nowrap">{}</span>', cart.customer)

    @admin.display(description="created", ordering="created_at")
    def began(self, cart: Cart) -> str:
        """Show when the customer was asked."""
        return _instant(cart.created_at)

    @admin.action(description="Check now", permissions=["change"])
    def check_now(self, request: HttpRequest, carts: QuerySet[Cart]) -> None:
        """Check each at Netgíró, and record the answers."""
        self._with_each(request, carts, Cart.check_now)

    @admin.action(description="Cancel…", permissions=["change"])
    def cancel(self, request: HttpRequest, carts: QuerySet[Cart]) -> HttpResponse | None:
        """Ask first; then cancel each, and record the answers: a customer may have paid first."""
        if request.POST.get("post") == "yes":
            self._with_each(request, carts, Cart.cancel)
            return None
        return self._ask(request, list(carts))

    @admin.action(description="Refund…", permissions=["refund"])
    def refund(self, request: HttpRequest, carts: QuerySet[Cart]) -> HttpResponse | None:
        """Lead to the page where one cart is refunded."""
        chosen = list(carts[:2])
        if len(chosen) != 1:
            self.message_user(request, "Refund one cart at a time.", messages.ERROR)
            return None
        return HttpResponseRedirect(self._url("refund", chosen[0]))

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Allow refunds to whoever may add them."""
        return _may_refund(request)

    def get_urls(self) -> list[Any]:
        """Add the page where a cart is refunded."""
        view: Any = self.admin_site.admin_view(self.refund_view)
        for alias in connections:
            # Its calls commit by themselves, also where ATOMIC_REQUESTS is set.
            view = transaction.non_atomic_requests(alias)(view)
        return [
            path("<path:cart_pk>/refund/", view, name="netgiro_cart_refund"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a cart, with a button if something of it may be refunded."""
        cart = self.get_object(request, object_id)
        may_refund = cart is not None and cart.refundable > 0 and _may_refund(request)
        context = {**(extra_context or {}), "may_refund": may_refund}
        return super().change_view(request, object_id, form_url, context)

    def refund_view(self, request: HttpRequest, cart_pk: str) -> HttpResponse:
        """Ask how much is to be refunded, ask again, and refund."""
        cart: Any = self.get_object(request, cart_pk)
        if cart is None:
            raise Http404
        if not (_may_refund(request) and self.has_view_permission(request, cart)):
            raise PermissionDenied
        form = RefundForm(cart, request.POST if request.method == "POST" else None)
        is_sound = form.is_bound and form.is_valid()
        if is_sound and request.POST.get("post") == "yes":
            self._refund(request, cart, **form.cleaned_data)
            return HttpResponseRedirect(self._url("change", cart))
        if is_sound and form.cleaned_data["amount"] > cart.refundable:
            form.add_error("amount", f"{kronur(cart.refundable)} may still be refunded.")
            is_sound = False
        context = {
            **self.admin_site.each_context(request),
            "title": "Refund",
            "cart": cart,
            "paid": kronur(cart.amount),
            "left": kronur(cart.refundable),
            "form": form,
            "amount": kronur(form.cleaned_data["amount"]) if is_sound else None,
            "opts": self.model._meta,  # noqa: SLF001 - as Django's own admin does
            "media": self.media,
        }
        return TemplateResponse(request, "admin/netgiro/cart/refund.html", context)

    def _refund(
        self, request: HttpRequest, cart: Cart, *, amount: int, key: str, description: str
    ) -> None:
        what = f"{kronur(amount)} of {cart.reference} ({key})"
        try:
            cart.refund(amount, key=key, description=description or None)
        except netgiro.NetgiroError as error:
            said, level = f"{what}: {error}", messages.ERROR
            row = cart.refunds.filter(key=key, amount=amount).first()
            if row is not None and not row.is_final:
                said = (
                    f"{said}. Do not refund it otherwise: netgiro_poll makes the same call again."
                )
                level = messages.WARNING
        else:
            said, level = f"{what} are refunded.", messages.SUCCESS
        self.log_change(request, cart, said)
        self.message_user(request, said, level)

    def _url(self, name: str, cart: Cart) -> str:
        return reverse(
            f"admin:netgiro_cart_{name}", args=[cart.pk], current_app=self.admin_site.name
        )

    def _ask(self, request: HttpRequest, carts: Sequence[Cart]) -> HttpResponse:
        opts = self.model._meta  # noqa: SLF001 - as Django's own admin does
        is_open = [cart.status not in {*FINAL, Cart.Status.MISMATCH} for cart in carts]
        context = {
            **self.admin_site.each_context(request),
            "title": "Cancel carts?",
            "carts": [
                (cart, kronur(cart.amount)) for cart, it in zip(carts, is_open, strict=True) if it
            ],
            "ended": [
                (cart, kronur(cart.amount))
                for cart, it in zip(carts, is_open, strict=True)
                if not it
            ],
            "objects_name": model_ngettext(opts, len(carts)),
            "opts": opts,
            "media": self.media,
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/netgiro/cart/cancel_confirmation.html", context)

    def _with_each(
        self, request: HttpRequest, carts: QuerySet[Cart], act: Callable[[Cart], Cart]
    ) -> None:
        for cart in carts:
            try:
                now = act(cart)
            except netgiro.NetgiroError as error:
                self.message_user(request, f"{cart.reference}: {error}", messages.ERROR)
                continue
            level = messages.SUCCESS if now.is_final else messages.INFO
            if now.status == Cart.Status.MISMATCH:
                level = messages.ERROR
            self.message_user(request, str(now), level)


@admin.register(Refund)
class RefundAdmin(_ReadOnlyAdmin):
    """Lists refunds, those first that need a person."""

    list_display = ("idempotency_key", "order", "state", "kronur", "asked")
    list_filter = (NeedsPerson, "status", "asked_at")
    list_select_related = ("cart",)
    search_fields = ("idempotency_key", "cart__reference", "cart__order_reference")
    date_hierarchy = "asked_at"
    actions = ("again",)

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Order by who needs a person, then from the newest to the oldest."""
        return [F("needs_person").desc(), "-asked_at", "-pk"]

    @admin.display(description="cart", ordering="cart__reference")
    def order(self, refund: Refund) -> str:
        """Show which cart is refunded."""
        return refund.cart.reference

    @admin.display(description="status", ordering="status")
    def state(self, refund: Any) -> str:
        """Show the status, marked if the refund needs a person, and the beginning of the problem below it."""
        return _state(refund, "Needs a person: look in Netgíró's merchant portal")

    @admin.display(description="amount", ordering="amount")
    def kronur(self, refund: Refund) -> str:
        """Show the amount."""
        return _sum(refund.amount)

    @admin.display(description="asked", ordering="asked_at")
    def asked(self, refund: Refund) -> str:
        """Show when it was asked for."""
        return _instant(refund.asked_at)

    @admin.action(description="Make the same call again", permissions=["refund"])
    def again(self, request: HttpRequest, refunds: QuerySet[Refund]) -> None:
        """Have netgiro_poll make the calls again of those that are not known."""
        count = storage.make_due([refund.pk for refund in refunds])
        self.message_user(request, f"netgiro_poll makes {count} calls again.", messages.INFO)

    def has_refund_permission(self, request: HttpRequest) -> bool:
        """Allow refunds to whoever may add them."""
        return _may_refund(request)
