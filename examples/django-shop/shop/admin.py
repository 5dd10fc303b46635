"""The orders in the admin, beside the carts of `netgiro.django`."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from shop.models import Order


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "placed_at", "amount", "phone", "status")
    list_filter = ("ended_as", "placed_at")
    search_fields = ("id",)

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
