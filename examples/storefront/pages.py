"""What customers see: products, texts, templates and static files."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TEMPLATES = HERE / "templates"
STATIC = HERE / "static"


def _read(name: str) -> Any:
    return json.loads((HERE / "content" / name).read_text(encoding="utf-8"))


PRODUCTS: list[dict[str, Any]] = _read("products.json")
# By the order's status: the texts of its page, and whether the status can still change.
OUTCOMES: dict[str, dict[str, Any]] = _read("outcomes.json")

_ORDER_ID = re.compile(r"SK-[0-9A-HJKMNP-TV-Z]{12}")


def kronur(amount: int) -> str:
    """24900 as Icelanders write it: `24.900 kr.`."""
    return f"{amount:,}".replace(",", ".") + " kr."


def whole(text: str) -> int:
    """A number that a customer has typed; 0 if it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0


def masked(phone: str) -> str:
    """Enough of a number for its owner to recognise it."""
    digits = re.sub(r"\D", "", phone)
    return f"••• ••{digits[-2:]}"


def new_order_id() -> str:
    """The reference at Netgíró, and the address of the order's page: nobody can guess it."""
    return "SK-" + "".join(secrets.choice("0123456789ABCDEFGHJKMNPQRSTVWXYZ") for _ in range(12))


def is_order_id(text: str) -> bool:
    return _ORDER_ID.fullmatch(text) is not None
