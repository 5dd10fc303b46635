"""The clock of the carts' database, which all machines of a shop share.

Due times, deadlines and leases are written and compared by it alone, so the clocks of web servers and workers do
not matter.
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
    """Return the time of a database's clock, aware; this machine's for a database that is not listed here."""
    connection = connections[alias]
    question = _NOW.get(connection.vendor)
    if question is None:
        return datetime.now(timezone.utc)
    with connection.cursor() as cursor:
        cursor.execute(question)
        (seconds,) = cursor.fetchone()
    return datetime.fromtimestamp(float(seconds), timezone.utc)
