"""What is measured: each work, who does it, how often, which of the figures tells, and what is aimed at."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "netgiro"
# The same work in Rust, as barely as it can be done: sign, one POST on a kept connection, verify, read into the same state.
FLOOR = "the floor"
# Sends one prepared request over and over, and reads no answer: what the server can do.
WRK = "wrk"
# A package of Node's with exports and nothing in them: what Node takes to find one.
EMPTY = "empty-package"
# The pool of the one degrades with 64 calls in flight, the other does nothing: they are reported, and are nobody's measure.
NEVER_BEST = {"httpx", EMPTY}
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
    # How many connections the floor and wrk have; none where neither says anything.
    connections: int = 0
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


@dataclass(frozen=True)
class Aims:
    """What the calls of one language are to come to: one after another, 64 in flight, and in bulk."""

    serial: Targets
    in_flight: Targets
    bulk: Targets


CORE = Aims(
    serial=(Target("median_us", FLOOR, 2.2, 1.8),),
    in_flight=(Target("cpu_us", FLOOR, 2.3, 2.0),),
    bulk=(),
)
PYTHON = Aims(
    serial=(Target("median_us", FLOOR, 3.0, 2.5), Target("median_us", BEST_PEER, 0.45, 0.35)),
    in_flight=(Target("per_second", BEST_PEER, 6, 7),),
    bulk=(Target("per_second", BEST_PEER, 6.5, 8),),
)
NODE_AIMS = Aims(
    serial=(
        Target("cpu_us", "undici Pool", 0.5, 0.4),
        Target("median_us", "undici Pool", 0.85, 0.75),
    ),
    in_flight=(Target("per_second", "undici Pool", 3.0, 3.6),),
    bulk=(Target("per_second", "undici Pool", 3.0, 4.0),),
)


def network(
    language: str,
    blocking: Command,
    many: Command,
    aims: Aims,
    *,
    tls: bool,
) -> list[Work]:
    """The works that are calls: one after another, 64 at once, and in bulk."""
    over = " over TLS" if tls else ""
    return [
        Work(
            *(language, f"one call after another{over}", "serial"),
            *(entries(4000, *blocking), ("median_us", "cpu_us"), aims.serial),
            connections=1,
            one_core=True,
            tls=tls,
        ),
        Work(
            *(language, f"64 in flight{over}", "in_flight"),
            *(entries(20_000, *many), ("per_second", "cpu_us"), aims.in_flight),
            connections=64,
            tls=tls,
        ),
        Work(
            *(language, f"20,000 in bulk{over}", "bulk"),
            *(entries(20_000, *many), ("per_second", "cpu_us"), aims.bulk),
            connections=64,
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
            connections=64,
        ),
        Work(
            *(language, "callbacks verified", "callbacks"),
            *(entries(50_000, OURS, BY_HAND), ("per_second", "cpu_us")),
            (Target("per_second", FLOOR, 0.5), Target("per_second", BY_HAND, 1 / 1.5)),
            connections=1,
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


CORE_WAITING = (
    Target("late_p99_ms", None, 10, 3, entry="10,000 carts"),
    Target("late_p99_ms", None, 10, 3, entry="100,000 carts"),
    Target("bytes_a_cart", None, 300, entry="100,000 carts"),
)
RECONCILED = growth("orders", 1000, 10_000, 100_000)

WORKS = [
    work
    for tls in (False, True)
    for work in (
        *network("core", (OURS,), (OURS,), CORE, tls=tls),
        *network("python", BLOCKING, ASYNC, PYTHON, tls=tls),
        *network("node", NODE, NODE, NODE_AIMS, tls=tls),
    )
] + [
    Work(
        *("python", "orders reconciled", "reconcile"),
        *(RECONCILED, ("milliseconds", "cpu_us")),
        (Target("milliseconds", None, 1000, 600, entry="100,000 orders"),),
        one_core=True,
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
        *(("requests", "httpx", "aiohttp", "urllib3"), Target("milliseconds", None, 3.5)),
    ),
    *local(
        *("node", Entry("undici Pool", "undici Pool", 10_000), 0.5),
        *(("undici", "axios", EMPTY), Target("milliseconds", None, 2)),
    ),
]

# Of what is built, not of what it does.
SIZES = Work(
    *("packages", "compressed", "size"),
    *((), ("megabytes",)),
    (
        Target("megabytes", None, 4, entry="wheel"),
        Target("megabytes", None, 4, entry="tarball"),
    ),
)
