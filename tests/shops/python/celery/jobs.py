"""A shop's tasks, as its workers load them."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from contextlib import closing

from celery import Celery

import netgiro.celery

DATABASE = os.environ["SHOP_DATABASE"]

app = Celery("jobs", broker=os.environ["SHOP_BROKER"])
app.conf.broker_transport_options = json.loads(os.environ["SHOP_TRANSPORT"])
app.conf.worker_prefetch_multiplier = 1

carts = netgiro.celery.Netgiro(app)


@carts.settled
def settled(state, reference):
    with closing(sqlite3.connect(DATABASE, timeout=30)) as connection:
        with connection:
            connection.execute("INSERT INTO calls VALUES (?, ?)", (reference, os.getpid()))
            select = "SELECT goes_wrong FROM orders WHERE reference = ?"
            ((goes_wrong,),) = connection.execute(select, (reference,)).fetchall()
            connection.execute(
                "UPDATE orders SET goes_wrong = NULL WHERE reference = ?", (reference,)
            )
        if goes_wrong == "raises":
            raise RuntimeError("the shop's function failed")
        if goes_wrong == "hangs":
            time.sleep(60)
        if goes_wrong == "is killed":
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)
        with connection:
            # Called at least once; recorded once, by the database.
            connection.execute(
                "UPDATE orders SET status = ?, recorded = recorded + 1 "
                "WHERE reference = ? AND status IS NULL",
                (str(state.status), reference),
            )


@carts.merchants_move
def merchants_move(state, reference):
    carts.client.confirm_cart(state.transaction_id)
    carts.follow(state.transaction_id, timeout=5, reference=reference)
