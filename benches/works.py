"""What is measured: each work, who does it, how often, which of the figures tells, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "netgiro"
CEILING = "ceiling"
# Its pool degrades with 64 calls in flight: it is reported, and is nobody's measure.
NEVER_BEST = {"httpx"}
BEST_PEER = "the best peer"
BY_HAND = "by hand"
# Calls after which memory is looked at.
FEW_CALLS, MANY_CALLS = 20_000, 200_000

Command = tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """Somebody who does a work, so many times in a round."""

    name: str
    peer: str
    count: int


@dataclass(frozen=True)
class Target:
    """What one figure of a work is to come to: as a ratio to somebody else's, or by itself."""

    figure: str
    of: str | None
    limit: float
    stretch: float | None = None
    entry: str = OURS

    @property
    def at_least(self) -> bool:
        return self.figure in MORE_IS_BETTER


# Of these, more is better.
MORE_IS_BETTER = {"per_second"}


@dataclass(frozen=True)
class Work:
    """Something to measure. Of its figures the first is what it is about."""

    language: str
    title: str
    function: str
    entries: tuple[Entry, ...]
    figures: tuple[str, ...]
    targets: tuple[Target, ...] = ()
    server: Command = ("--signed",)
    # How many connections of bare sockets are the ceiling; none where a ceiling says nothing.
    ceiling: int = 0
    one_core: bool = False
    tls: bool = False
    # How often each waiting cart is asked about, until it is paid.
    polls: int = 1

    @property
    def name(self) -> str:
        return f"{self.language}: {self.title}"


def entries(count: int, *peers: str) -> tuple[Entry, ...]:
    # What is ten times slower is done less often, or it would be all the time there is.
    slow = {"requests", "httpx", "axios", "fetch"}
    return tuple(Entry(peer, peer, count // 20 if peer in slow else count) for peer in peers)


def growth(unit: str, *counts: int) -> tuple[Entry, ...]:
    return tuple(Entry(f"{count:,} {unit}", OURS, count) for count in counts)


def flat(unit: str, figure: str, few: int, many: int) -> Target:
    """Costs must not grow with how many there are; a machine's caches may have their say."""
    return Target(figure, f"{few:,} {unit}", 1.3, entry=f"{many:,} {unit}")


BLOCKING = (OURS, "pycurl", "primp", "pyreqwest", "urllib3", "requests", "httpx")
ASYNC = (OURS, "pyreqwest", "primp", "aiohttp", "httpx")
NODE = (OURS, "undici Pool", "undici request", "node:http", "axios", "fetch")

Targets = tuple[Target, ...]
PYTHON_SERIAL: Targets = (
    Target("median_us", BEST_PEER, 0.75, 0.62),
    Target("cpu_us", "requests", 0.12),
    Target("cpu_us", "httpx", 0.12),
)
PYTHON_IN_FLIGHT: Targets = (
    Target("per_second", "pyreqwest", 2.2, 3.0),
    Target("per_second", "aiohttp", 4.5, 6.0),
)
PYTHON_BULK: Targets = (Target("per_second", BEST_PEER, 2.8, 3.6),)
NODE_SERIAL: Targets = (
    Target("cpu_us", "undici Pool", 0.5),
    Target("median_us", "undici Pool", 1.2),
)
NODE_IN_FLIGHT: Targets = (Target("per_second", "undici Pool", 2.3, 3.3),)
NODE_BULK: Targets = (Target("per_second", "undici Pool", 2.8, 3.3),)


def network(
    language: str,
    blocking: Command,
    many: Command,
    targets: tuple[Targets, Targets, Targets],
    *,
    tls: bool,
) -> list[Work]:
    """The works that are calls: one after another, 64 at once, and in bulk."""
    over = " over TLS" if tls else ""
    serial, in_flight, bulk = targets
    return [
        Work(
            *(language, f"one call after another{over}", "serial"),
            *(entries(4000, *blocking), ("median_us", "cpu_us"), serial),
            ceiling=1,
            one_core=True,
            tls=tls,
        ),
        Work(
            *(language, f"64 in flight{over}", "in_flight"),
            *(entries(20_000, *many), ("per_second", "cpu_us"), in_flight),
            ceiling=64,
            tls=tls,
        ),
        Work(
            *(language, f"20,000 in bulk{over}", "bulk"),
            *(entries(20_000, *many), ("per_second", "cpu_us"), bulk),
            ceiling=64,
            tls=tls,
        ),
    ]


def local(
    language: str, waiting: Entry, waiting_cpu: float, imports: Command, start: Target
) -> list[Work]:
    """The works that tell how a client lives: waiting, growing, starting, verifying."""
    few_polls, polls = 2, 5
    return [
        Work(
            *(language, "10,000 carts waiting", "waiting"),
            *((Entry(OURS, OURS, 10_000), waiting), ("cpu_us", "bytes_a_cart")),
            (Target("cpu_us", waiting.name, waiting_cpu), Target("bytes_a_cart", None, 2000)),
            server=pending(polls),
            polls=polls,
        ),
        Work(
            *(language, "more carts waiting", "waiting"),
            *(growth("carts", 1000, 10_000, 100_000), ("cpu_us", "bytes_a_cart")),
            (
                flat("carts", "cpu_us", 1000, 100_000),
                Target("bytes_a_cart", None, 2000, entry="100,000 carts"),
            ),
            server=pending(few_polls),
            polls=few_polls,
        ),
        Work(
            *(language, "more carts in bulk", "bulk"),
            *(growth("carts", 100, 1000, 10_000, 100_000), ("cpu_us", "per_second")),
            (flat("carts", "cpu_us", 100, 100_000),),
        ),
        Work(
            *(language, "20,000 in bulk, answers not signed", "bulk"),
            *(entries(20_000, OURS), ("per_second", "cpu_us")),
            server=(),
            ceiling=64,
        ),
        Work(
            *(language, "callbacks verified", "callbacks"),
            *(entries(50_000, OURS, BY_HAND), ("per_second", "cpu_us")),
        ),
        Work(
            *(language, f"memory after {MANY_CALLS:,} calls", "memory"),
            *((Entry(OURS, OURS, MANY_CALLS),), ("growth", "megabytes")),
            (Target("growth", None, 1.1),),
        ),
        Work(
            language, "start-up", "start", entries(1, OURS, *imports), ("milliseconds",), (start,)
        ),
    ]


def pending(polls: int) -> Command:
    return ("--signed", "--pending", str(polls - 1))


def with_ceiling(targets: Targets, figure: str, limit: float, stretch: float) -> Targets:
    return (*targets, Target(figure, CEILING, limit, stretch))


CORE_WAITING = tuple(
    target
    for count in ("10,000 carts", "100,000 carts")
    for target in (
        Target("late_p99_ms", None, 10, entry=count),
        Target("bytes_a_cart", None, 300, entry=count),
    )
)
RECONCILED = growth("orders", 1000, 10_000, 100_000)

WORKS = [
    *network(
        *("python", BLOCKING, ASYNC),
        (
            with_ceiling(PYTHON_SERIAL, "median_us", 1.9, 1.6),
            with_ceiling(PYTHON_IN_FLIGHT, "per_second", 0.30, 0.40),
            with_ceiling(PYTHON_BULK, "per_second", 0.38, 0.5),
        ),
        tls=False,
    ),
    *network(
        *("node", NODE, NODE),
        (NODE_SERIAL, NODE_IN_FLIGHT, with_ceiling(NODE_BULK, "per_second", 0.35, 0.42)),
        tls=False,
    ),
    *network("python", BLOCKING, ASYNC, (PYTHON_SERIAL, PYTHON_IN_FLIGHT, PYTHON_BULK), tls=True),
    *network("node", NODE, NODE, (NODE_SERIAL, NODE_IN_FLIGHT, NODE_BULK), tls=True),
    Work(
        *("python", "orders reconciled", "reconcile"),
        *(RECONCILED, ("milliseconds", "cpu_us")),
    ),
    Work(
        *("core", "carts waiting", "waiting"),
        *(
            growth("carts", 1000, 10_000, 100_000),
            ("late_p99_ms", "late_p50_ms", "cpu_us", "bytes_a_cart"),
        ),
        (*CORE_WAITING, flat("carts", "cpu_us", 1000, 100_000)),
        server=pending(2),
        polls=2,
    ),
    *local(
        *("python", Entry("aiohttp", "aiohttp", 10_000), 0.3),
        *(("requests", "httpx", "aiohttp", "urllib3"), Target("milliseconds", None, 15)),
    ),
    *local(
        *("node", Entry("undici Pool", "undici Pool", 10_000), 0.5),
        *(("undici", "axios"), Target("milliseconds", None, 5)),
    ),
]

# Of what is built, not of what it does.
SIZES = Work(
    *("packages", "compressed", "size"),
    *((), ("megabytes",)),
    (
        Target("megabytes", None, 2.5, 2, entry="wheel"),
        Target("megabytes", None, 2.5, 2, entry="tarball"),
    ),
)
