"""A few threads for what happens after the 200, in servers that have none of their own."""

from __future__ import annotations

import atexit
import heapq
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable

__all__ = ["Background"]

logger = logging.getLogger("netgiro.webhook")

Job = Callable[[], "float | None"]
"""Does something, and gives the seconds until it wants to be called again, or None."""


class _Entry:
    """A job, and its place in the heap; None while it has none."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.place: int | None = None


class _Threads:
    """The threads of one process. They end when there is nothing to do."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._changed = threading.Condition(threading.RLock())
        self._heap: list[tuple[float, int, _Entry]] = []
        self._places = itertools.count()
        self._threads = 0
        self._running = 0
        self._is_closing = False
        self._process = os.getpid()

    def put(self, entry: _Entry, delay: float) -> None:
        with self._changed:
            if self._is_closing:
                return
            # A place that it had before is stale from now on.
            entry.place = next(self._places)
            heapq.heappush(self._heap, (time.monotonic() + delay, entry.place, entry))
            if self._threads < self._at_most:
                if not self._threads:
                    # Else the end of the process would cut off a job that is running.
                    atexit.unregister(self.close)
                    atexit.register(self.close)
                self._threads += 1
                threading.Thread(target=self._work, name="netgiro", daemon=True).start()
            self._changed.notify()

    def hurry(self, entry: _Entry) -> None:
        with self._changed:
            if entry.place is not None:
                self.put(entry, 0.0)

    def wait(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: not self._heap and not self._running, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Let jobs end that are running or due, and forget the others."""
        if self._process != os.getpid():
            return  # its threads are the parent's
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._threads == 0, timeout)

    def _work(self) -> None:
        while entry := self._next():
            try:
                delay = entry.job()
            except Exception:
                logger.exception("a job was given up")
                delay = None
            with self._changed:
                self._running -= 1
                if delay is not None:
                    self.put(entry, delay)
                self._changed.notify_all()

    def _next(self) -> _Entry | None:
        with self._changed:
            while self._heap:
                due, place, entry = self._heap[0]
                wait = due - time.monotonic()
                if entry.place != place:
                    heapq.heappop(self._heap)
                elif wait <= 0:
                    heapq.heappop(self._heap)
                    entry.place = None
                    self._running += 1
                    return entry
                elif self._is_closing:
                    break
                else:
                    self._changed.wait(wait)
            self._threads -= 1
            self._changed.notify_all()
            return None


class Background:
    """Runs jobs on threads of its own, started when there is something to do, in whatever process it is."""

    def __init__(self, *, threads: int = 4) -> None:
        """Use so many threads at most."""
        self._at_most = threads
        self._by_process: dict[int, _Threads] = {}

    def put(self, job: Job, *, delay: float = 0.0) -> Callable[[], None]:
        """Call a job after so many seconds, or earlier: when what this returns is called."""
        threads = self._threads()
        entry = _Entry(job)
        threads.put(entry, delay)
        return lambda: threads.hurry(entry)

    def wait(self, timeout: float) -> bool:
        """Wait until nothing is left to do; returns whether that is so after `timeout` seconds."""
        return self._threads().wait(timeout)

    def _threads(self) -> _Threads:
        # After a fork the parent's threads are not there, and its jobs are its own.
        process = os.getpid()
        threads = self._by_process.get(process)
        return threads or self._by_process.setdefault(process, _Threads(self._at_most))
