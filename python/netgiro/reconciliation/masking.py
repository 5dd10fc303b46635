"""Customers' numbers in a report: each that is found is masked, and a column of them is masked as a whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from netgiro._netgiro import mask_customer_ids
from netgiro.reconciliation.reading.cells import fold

# A column with such a header holds customers' numbers, also invalid ones.
_NAMES = re.compile(
    r"\b(phone|mobile|gsm|msisdn|tel|telephone|simi|simanumer|farsimi|kennitala|kt|ssn|national id|"
    r"customer|customer id|customerid|vidskiptavinur|vidskiptamadur|netfang|email|e mail)\b"
)
_SERIAL = 100
_PHONE, _KENNITALA = 7, 10


def masked_column(header: str, values: Sequence[str | None]) -> list[str | None]:
    """Return a further column with the customers' numbers in it masked."""
    if _NAMES.search(fold(header)):
        return [None if value is None else _hidden(value) for value in values]
    return [None if value is None else mask_customer_ids(value) for value in values]


def are_customer_ids(references: Sequence[str | None]) -> bool:
    """Return whether a shop uses customers' numbers as its references.

    Order numbers of seven or ten digits look like phone numbers and kennitölur. But they are a series: most are
    close to the next, which customers' numbers are not.
    """
    given = {reference for reference in references if reference is not None}
    if not given or any(mask_customer_ids(reference) == reference for reference in given):
        return False
    lengths = {len(reference) if reference.isdecimal() else 0 for reference in given}
    if len(lengths) > 1 or not lengths <= {_PHONE, _KENNITALA}:
        return True
    numbers = sorted(map(int, given))
    gaps = [after - before for before, after in pairwise(numbers)]
    return median(gaps) >= _SERIAL if gaps else lengths == {_KENNITALA}


def _hidden(text: str) -> str:
    return "*" * (len(text) - 2) + text[-2:] if len(text) > 2 else "*" * len(text)  # noqa: PLR2004
