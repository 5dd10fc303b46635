from fractions import Fraction
from math import ceil

ABOUT = (
    "What wait_many chooses for many carts, which the core alone can be asked. `first_checks`: so many carts are due at "
    "once, the most frequent of them each `interval_ms`; their first checks are `pause_us` apart. `concurrency`: so many "
    "carts are each checked every `interval_ms`, and an answer takes `round_trip_us`; `limit` checks may be in flight."
)

LONGEST_PAUSE_US = 10_000
FEWEST, MOST = 32, 256


def first_checks(due, interval_ms):
    pause_us = min(LONGEST_PAUSE_US, Fraction(interval_ms * 1000, due))
    if pause_us.denominator != 1:
        raise ValueError(f"{due} carts in {interval_ms} ms: choose a case that comes out even")
    return {"due": due, "interval_ms": interval_ms, "pause_us": pause_us.numerator}


def concurrency(carts, interval_ms, round_trip_us):
    """Twice as many as are in flight on average, which Little's law says, within bounds."""
    on_average = Fraction(carts * round_trip_us, interval_ms * 1000)
    limit = min(MOST, max(FEWEST, ceil(2 * on_average)))
    return {"carts": carts, "interval_ms": interval_ms, "round_trip_us": round_trip_us, "limit": limit}


def build():
    return {
        "first_checks": [
            first_checks(due, interval_ms)
            for due, interval_ms in [
                *[(1, 3000), (2, 3000), (300, 3000), (600, 3000), (3000, 3000)],
                *[(100, 1000), (200, 1000), (1000, 1000), (1_000_000, 1000)],
                *[(100_000, 10_000), (2000, 60_000), (4, 20), (5, 0)],
            ]
        ],
        "concurrency": [
            concurrency(carts, interval_ms, round_trip_us)
            for carts, interval_ms, round_trip_us in [
                *[(1, 3000, 100_000), (480, 3000, 100_000), (481, 3000, 100_000), (960, 3000, 100_000)],
                *[(3840, 3000, 100_000), (3825, 3000, 100_000), (3826, 3000, 100_000), (100_000, 10_000, 500)],
                *[(100_000, 10_000, 2000), (100_000, 10_000, 100_000), (1000, 1, 1_000_000), (0, 3000, 100_000)],
            ]
        ],
    }
