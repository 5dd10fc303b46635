"""What is measured: each work, who does it, how often, and which of the figures tells."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "netgiro"
CEILING = "wrk"
# Its pool degrades with 64 calls in flight: it is reported, and is nobody's measure.
NEVER_BEST = {"httpx"}
# How often each waiting cart is asked about.
POLLS = 5

Command = tuple[str, ...]
BY_HAND = "by hand"


@dataclass(frozen=True)
class Entry:
    """Somebody who does a work, so many times in a round."""

    name: str
    peer: str
    count: int


@dataclass(frozen=True)
class Work:
    """Something to measure. Of its figures the first is what it is about."""

    language: str
    title: str
    function: str
    entries: tuple[Entry, ...]
    figures: tuple[str, ...]
    server: Command = ("--signed",)
    ceiling: Command = ()
    one_core: bool = False
    tls: bool = False

    @property
    def name(self) -> str:
        return f"{self.language}: {self.title}"


def entries(count: int, *peers: str) -> tuple[Entry, ...]:
    # What is ten times slower is done less often, or it would be all the time there is.
    slow = {"requests", "httpx", "axios", "fetch"}
    return tuple(Entry(peer, peer, count // 10 if peer in slow else count) for peer in peers)


def growth(*counts: int) -> tuple[Entry, ...]:
    return tuple(Entry(f"{count:,} carts", OURS, count) for count in counts)


BLOCKING = (OURS, "pycurl", "primp", "pyreqwest", "urllib3", "requests", "httpx")
ASYNC = (OURS, "pyreqwest", "primp", "aiohttp", "httpx")
NODE = (OURS, "undici Pool", "undici request", "node:http", "axios", "fetch")
ALONE = ("-t1", "-c1")
MANY = ("-t1", "-c64")


def network(language: str, blocking: Command, many: Command, *, tls: bool) -> list[Work]:
    """The works that are calls: one after another, 64 at once, and in bulk."""
    over = " over TLS" if tls else ""
    return [
        Work(
            *(language, f"one call after another{over}", "serial"),
            *(entries(4000, *blocking), ("median_us", "cpu_us")),
            ceiling=ALONE,
            one_core=True,
            tls=tls,
        ),
        Work(
            *(language, f"64 in flight{over}", "in_flight"),
            *(entries(20_000, *many), ("per_second", "cpu_us")),
            ceiling=MANY,
            tls=tls,
        ),
        Work(
            *(language, f"20,000 in bulk{over}", "bulk"),
            *(entries(20_000, *many), ("per_second", "cpu_us")),
            ceiling=MANY,
            tls=tls,
        ),
    ]


def local(language: str, waiting: Command, imports: Command) -> list[Work]:
    """The works that tell how a client lives: waiting, growing, starting."""
    pending = ("--signed", "--pending", str(POLLS - 1))
    return [
        Work(
            *(language, "10,000 carts waiting", "waiting"),
            *(entries(10_000, OURS, *waiting), ("cpu_us", "bytes_a_cart")),
            server=pending,
        ),
        Work(
            *(language, "more carts waiting", "waiting"),
            *(growth(1000, 10_000, 100_000), ("cpu_us", "bytes_a_cart")),
            server=pending,
        ),
        Work(
            *(language, "more carts in bulk", "bulk"),
            *(growth(100, 1000, 10_000, 100_000), ("cpu_us", "per_second")),
        ),
        Work(
            *(language, "callbacks verified", "callbacks"),
            *(entries(50_000, OURS, BY_HAND), ("per_second", "cpu_us")),
        ),
        Work(language, "start-up", "start", entries(1, OURS, *imports), ("milliseconds",)),
    ]


WORKS = [
    *network("python", BLOCKING, ASYNC, tls=False),
    *local("python", ("aiohttp",), ("requests", "httpx", "aiohttp", "urllib3")),
    *network("node", NODE, NODE, tls=False),
    *local("node", ("undici Pool",), ("undici", "axios")),
    *network("python", BLOCKING, ASYNC, tls=True),
    *network("node", NODE, NODE, tls=True),
]
