"""The carts in Django's admin: they can be viewed, checked and canceled, but not edited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import model_ngettext
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import Truncator

import netgiro
from netgiro.django.models import FINAL, Cart
from netgiro.presentation.formatting import kronur

__all__ = ["CartAdmin"]

# What fits on one line of the list; the rest is shown when one points at it, and on the cart's own page.
_PROBLEM = 60


class NeedsPerson(admin.SimpleListFilter):
    """Carts that do not end without a person."""

    title = "needs a person"
    parameter_name = "person"

    def lookups(self, _request: HttpRequest, _admin: Any) -> list[tuple[str, str]]:
        """Offer one choice."""
        return [("yes", "Yes")]

    def queryset(self, _request: HttpRequest, queryset: Any) -> Any:
        """Select the carts."""
        return queryset.for_a_person() if self.value() == "yes" else queryset


@admin.register(Cart)
class CartAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Lists carts, those first that need a person; its actions ask Netgíró and read the answers."""

    list_display = ("reference", "state", "kronur", "asked", "began")
    list_filter = (NeedsPerson, "status", "is_settling", "confirmation_type", "created_at")
    search_fields = ("order_reference", "reference", "transaction_id")
    date_hierarchy = "created_at"
    actions = ("check_now", "cancel")
    exclude = ("poll",)

    class Media:
        """What keeps a cart on one line, and marks those that need a person."""

        css = {"all": ["netgiro/admin.css"]}  # noqa: RUF012 - as Django has it

    def get_queryset(self, request: HttpRequest) -> Any:
        """Return the carts, each with whether it needs a person."""
        queryset: Any = super().get_queryset(request)
        return queryset.with_needs()

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Order by who needs a person, then from the newest to the oldest."""
        return [F("needs_person").desc(), "-created_at", "-pk"]

    @admin.display(description="status", ordering="status")
    def state(self, cart: Any) -> str:
        """Show the status, marked if the cart needs a person, and the beginning of the problem below it."""
        title, kind = "", "nowrap"
        if getattr(cart, "needs_person", False):
            title, kind = "Needs a person: see netgiro_check", "netgiro-needs-person"
        shown = format_html(
            '<span class="{}" title="{}">{}</span>', kind, title, cart.get_status_display()
        )
        if not cart.problem:
            return shown
        return format_html(
            '{}<span class="netgiro-problem" title="{}">{}</span>',
            *(shown, cart.problem, Truncator(cart.problem).chars(_PROBLEM)),
        )

    @admin.display(description="amount", ordering="amount")
    def kronur(self, cart: Cart) -> str:
        """Show the amount."""
        return format_html('<span class="nowrap netgiro-amount">{}</span>', kronur(cart.amount))

    @admin.display(description="customer", ordering="customer")
    def asked(self, cart: Cart) -> str:
        """Show who was asked, masked."""
        return format_html('<span class="nowrap">{}</span>', cart.customer)

    @admin.display(description="created", ordering="created_at")
    def began(self, cart: Cart) -> str:
        """Show when the customer was asked."""
        at = timezone.localtime(cart.created_at) if settings.USE_TZ else cart.created_at
        day_and_time = '<span class="nowrap">{}</span> <span class="nowrap">{}</span>'
        return format_html(day_and_time, f"{at.day}.{at.month}.{at.year}", f"{at:%H:%M}")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Allow no new carts: they come from checkouts."""
        return False

    def has_change_permission(self, request: HttpRequest, cart: Any = None) -> bool:
        """Allow actions but no editing: saving a page would write old values."""
        return cart is None and super().has_change_permission(request)

    def has_delete_permission(self, _request: HttpRequest, _cart: Any = None) -> bool:
        """Keep the carts: they record what was paid."""
        return False

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
