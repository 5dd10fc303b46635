"""What a shop does about callbacks, on SQLite, with switches for what may go wrong in it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing

from netgiro.webhook import Order, SqliteLedger

DATABASE = os.environ["SHOP_DATABASE"]
URL = os.environ["SHOP_URL"]

ROUTES = {
    "/netgiro/callback": f"{URL}/netgiro/callback",
    "/netgiro/guarded": f"{URL}/netgiro/guarded",
}
REFERENCE_URL = f"{URL}/netgiro/orders/{{reference}}"


def execute(statement, *values):
    with closing(sqlite3.connect(DATABASE, timeout=30)) as connection, connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def take_switch(name):
    """Whether this is to go wrong now: a switch is set to how often."""
    return execute("UPDATE switches SET value = value - 1 WHERE name = ? AND value > 0", name) > 0


def find_order(callback):
    if take_switch("lookup_fails"):
        raise sqlite3.OperationalError("the database is down")
    found = execute("SELECT amount, reference FROM orders WHERE reference = ?", callback.reference)
    return Order(*found[0]) if found else None


def record(callback):
    if take_switch("record_fails"):
        raise sqlite3.OperationalError("the database is down")
    execute("UPDATE orders SET reported = reported + 1 WHERE reference = ?", callback.reference)


def settled(state, callback):
    execute("INSERT INTO entered VALUES (?)", callback.reference)
    while execute("SELECT 1 FROM switches WHERE name = 'function_waits' AND value > 0"):
        time.sleep(0.02)
    if take_switch("function_raises"):
        execute("INSERT INTO calls VALUES (?, 'raised', ?)", callback.reference, os.getpid())
        raise RuntimeError("the shop's function failed")
    values = callback.reference, str(state.status), os.getpid()
    execute("INSERT INTO calls VALUES (?, ?, ?)", *values)


class Guard:
    """A replay guard that the shop's processes share."""

    def is_first(self, nonce, signature):
        return execute("INSERT OR IGNORE INTO seen VALUES (?)", signature) > 0

    def forget(self, nonce, signature):
        execute("DELETE FROM seen WHERE signature = ?", signature)


def guard_of(rule):
    return Guard() if rule.endswith("guarded") else None


def ledger():
    return SqliteLedger(f"{DATABASE}-ledger")
