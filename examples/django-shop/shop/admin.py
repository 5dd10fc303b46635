"""The orders in the admin, beside the carts of `netgiro.django`."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from shop.models import Order


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "placed_at", "amount", "phone", "status")
    list_filter = ("ended_as", "placed_at")
    search_fields = ("id",)

    # Orders are placed in the shop, and ended by the receivers.
    def has_change_permission(self, *_: Any) -> bool:
        return False

    def has_add_permission(self, *_: Any) -> bool:
        return False
