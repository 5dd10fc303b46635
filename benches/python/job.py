"""The job that every peer does: sign, and read what came back, as a careful shop would by hand."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple

APP_KEY = "881E674F-7891-4C20-AFD8-56FE2624C4B5"
SECRET_KEY = "YCFd6hiA8lUjZejVcIf/LhRXO4wTDxY0JhOXvQZwnMSiNynSxmNIMjMf1HHwdV6cMN48NX3ZipA9q9hLPb9C1ZIzMH5dvELPAHceiu7LbZzmIAGeOf/OUaDrk2Zq2dbGacIAzU6yyk4KmOXRaSLi8KW8t3krdQSX7Ecm8Qunc/A="

_nonces = itertools.count(time.time_ns() // 10)


class State(NamedTuple):
    """What a check brings, as values and not as text."""

    transaction_id: uuid.UUID
    result_code: int
    is_paid: bool
    total_amount: Decimal | None
    created: datetime | None


class Job:
    """Requests to CheckCart, and their answers."""

    def __init__(self, base_url: str) -> None:
        self.url = base_url + "Checkout/CheckCart"

    def request(self, transaction_id: str) -> tuple[dict[str, str], bytes]:
        body = json.dumps({"TransactionId": transaction_id}, separators=(",", ":"))
        nonce = str(next(_nonces))
        signature = hashlib.sha256((SECRET_KEY + nonce + self.url + body).encode()).hexdigest()
        headers = {
            "content-type": "application/json; charset=utf-8",
            "netgiro_appkey": APP_KEY,
            "netgiro_nonce": nonce,
            "netgiro_signature": signature,
        }
        return headers, body.encode()

    def read(self, headers: Mapping[str, Any], body: bytes) -> State:
        signature = headers.get("netgiro_signature")
        if signature is not None:
            text = SECRET_KEY + headers["netgiro_nonce"] + self.url
            expected = hashlib.sha256(text.encode() + body).hexdigest()
            if not hmac.compare_digest(expected, signature):
                raise ValueError("the signature does not match")
        answer = json.loads(body, parse_float=Decimal)
        payment = answer["PaymentInfo"]
        if payment is None:
            return State(uuid.UUID(int=0), answer["ResultCode"], False, None, None)
        created = datetime.fromisoformat(payment["Created"]).replace(tzinfo=timezone.utc)
        is_paid = answer["PaymentSuccessful"] and answer["ResultCode"] == 10200
        return State(
            uuid.UUID(payment["TransactionId"]),
            answer["ResultCode"],
            is_paid,
            payment["TotalAmount"],
            created,
        )
