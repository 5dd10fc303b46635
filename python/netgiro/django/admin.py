"""The carts in Django's admin: they can be viewed, checked and canceled, but not edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

import netgiro
from netgiro.django.models import Cart

__all__ = ["CartAdmin"]


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
    """Lists carts; its actions ask Netgíró and read the answers."""

    list_display = (
        *("reference", "amount", "status", "customer", "created_at", "settled_at", "problem"),
    )
    list_filter = ("status", NeedsPerson, "is_settling", "confirmation_type", "created_at")
    search_fields = ("order_reference", "reference", "transaction_id")
    date_hierarchy = "created_at"
    actions = ("check_now", "cancel")
    exclude = ("poll",)

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

    @admin.action(description="Cancel", permissions=["change"])
    def cancel(self, request: HttpRequest, carts: QuerySet[Cart]) -> None:
        """Cancel each, and record the answers: a customer may have paid first."""
        self._with_each(request, carts, Cart.cancel)

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
