"""A customer's basket: quantities by product, as a session keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netgiro import CartItem
from storefront.pages import PRODUCTS

MOST = 99


class Basket:
    def __init__(self, quantities: Mapping[str, int]) -> None:
        """Makes a basket from a session's quantities; the prices are always the shop's."""
        known = {product["sku"] for product in PRODUCTS}
        self.quantities = {sku: n for sku, n in quantities.items() if sku in known and n > 0}

    def add(self, sku: str) -> None:
        self.put(sku, self.quantities.get(sku, 0) + 1)

    def put(self, sku: str, quantity: int) -> None:
        self.__init__({**self.quantities, sku: min(quantity, MOST)})  # type: ignore[misc]

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [
            {**product, "quantity": quantity, "amount": quantity * product["price"]}
            for product in PRODUCTS
            if (quantity := self.quantities.get(product["sku"], 0))
        ]

    @property
    def count(self) -> int:
        return sum(self.quantities.values())

    @property
    def amount(self) -> int:
        return sum(line["amount"] for line in self.lines)

    def options(self, api: str) -> dict[str, Any]:
        """What a cart is inserted with: of V1 the lines, as Netgíró shows them; of V2 that the callback makes the payment."""
        if api == "v2":
            return {"confirmation_type": "server_callback"}
        return {
            "items": [
                CartItem(line["name"], line["price"], line["quantity"], product_no=line["sku"])
                for line in self.lines
            ]
        }
