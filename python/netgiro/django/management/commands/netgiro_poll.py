"""`manage.py netgiro_poll`: follows every open cart, and every refund, to its end."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from netgiro.django import conf
from netgiro.django.worker import Worker


class Command(BaseCommand):
    """Runs a Worker until SIGTERM."""

    help = (
        "Follows every open cart to its end: checks it as often as Netgíró allows, cancels it when the customer "
        "took too long, makes refunds whose outcome is not known, and tells the shop. With PostgreSQL, several may "
        "run at once, on several machines. May be killed at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the options."""
        parser.add_argument(
            "--once",
            action="store_true",
            help="handle what is due now, and end: for cron, each minute",
        )
        parser.add_argument(
            "--concurrency", type=int, default=32, help="how many calls to make at a time (32)"
        )
        parser.add_argument(
            "--interval",
            type=float,
            default=0.5,
            help="how often to look for what is due, in seconds (0.5)",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        """Poll."""
        conf.options()
        worker = Worker(
            concurrency=max(1, options["concurrency"]), interval=max(0.01, options["interval"])
        )
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: worker.stop())
        worker.run(once=options["once"])
