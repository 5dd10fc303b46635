"""The clock of the carts' database: the one that all machines of a shop have in common.

Due times, deadlines and leases are written and compared by it alone, so that it does not matter what the clocks
of web servers and pollers say.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

from django.db import connections

__all__ = ["now"]

# Seconds since 1970, whatever the time zones of the database and of Django are.
_NOW: Final = {
    "postgresql": "SELECT EXTRACT(EPOCH FROM CLOCK_TIMESTAMP())",
    "sqlite": "SELECT (JULIANDAY('now') - 2440587.5) * 86400.0",
    "mysql": "SELECT UNIX_TIMESTAMP(SYSDATE(6))",
}


def now(alias: str) -> datetime:
    """Return what the clock of a database says, aware; of one that is not known here, this machine's."""
    connection = connections[alias]
    question = _NOW.get(connection.vendor)
    if question is None:
        return datetime.now(timezone.utc)
    with connection.cursor() as cursor:
        cursor.execute(question)
        (seconds,) = cursor.fetchone()
    return datetime.fromtimestamp(float(seconds), timezone.utc)
