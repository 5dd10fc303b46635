"""Polls whose steps are taken on machines with other clocks, and the backoff."""

from reference import Poll, backoff

ABOUT = (
    "`clocks`: a CartPoll made at `now` has `seen` statuses (jitter 0), and then its next step is taken by a machine whose "
    "clock says `clock.now`. `started_at_server` is what the server's clock said when the poll started, put into the token "
    "as schedule.started_at_server (ISO 8601); `clock.server_now` is what it says now; null where that is not known. "
    "`expect` is the poll on that clock: when it is to be asked about, its deadline, how long to wait, and whether an open "
    "answer to a check sent at `clock.now` ends it with wait_timeout. `backoffs`: the delay after so many failures in a row. "
    "All times are milliseconds, instants since 1970."
)

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
TEN_MINUTES = 600_000
HINT = 3000
UNKNOWN = object()


def clock(name, now, *, seen=(), dated=UNKNOWN, server=UNKNOWN, timeout=180_000):
    """One case; `dated` and `server` are what the server's clock says, as an offset from START."""
    poll = Poll(START, timeout, HINT)
    steps = []
    for at in seen:
        steps.append({"status": "pending", "sent_at": at, "now": at})
        poll.answered({"status": "pending"}, at, at, 0)
    started = None if dated is UNKNOWN else START + dated
    server_now = None if server is UNKNOWN else START + server
    poll.on_clock(now, started, server_now)
    return {
        "name": name,
        "hint_ms": HINT,
        "timeout_ms": timeout,
        "now": START,
        "seen": steps,
        "started_at_server": started,
        "clock": {"now": now, "server_now": server_now},
        "expect": {
            "next_check_at": poll.next_check_at,
            "deadline": poll.deadline,
            "delay_ms": poll.delay(now),
            "is_over": now >= poll.deadline,
        },
    }


def build():
    checked = {"seen": [START]}
    late = {"seen": [START, START + 3000, START + 6000]}
    cases = [
        clock("made ten minutes ahead: due at once", START - TEN_MINUTES),
        clock("made ten minutes behind: due, and its time is not up", START + TEN_MINUTES),
        clock("made ten minutes behind, little time: its time is not up", START + TEN_MINUTES, timeout=5000),
        clock("made ten minutes behind, no time at all: its one check is the last", START + TEN_MINUTES, timeout=0),
        clock("made a year ahead", START - 365 * 86_400_000),
        clock("made a year behind", START + 365 * 86_400_000),
        clock("one clock: nothing is moved", START + 1000, **checked),
        clock("one clock, on time: nothing is moved", START + 3000, **checked),
        clock("clocks two seconds apart are one: ahead", START + 5000, **checked),
        clock("clocks two seconds apart are one: behind", START - 2000, **checked),
        clock("clocks two seconds and a millisecond apart: ahead", START + 5001, **checked),
        clock("clocks two seconds and a millisecond apart: behind", START - 2001, **checked),
        clock("set back ten minutes after a check: what was left of the interval", START - TEN_MINUTES, **checked),
        clock("set forward ten minutes after a check: due, its interval has passed", START + TEN_MINUTES, **checked),
        clock("set forward ten minutes after three checks", START + TEN_MINUTES, **late),
        clock("set back ten minutes after three checks", START - TEN_MINUTES, **late),
        # With the server's clock, whatever it is set to.
        clock("dated, ten minutes late indeed: its time is up", START + TEN_MINUTES, dated=0, server=TEN_MINUTES, **checked),
        clock(
            "dated by a server an hour ahead, ten minutes late indeed",
            START + TEN_MINUTES,
            dated=3_600_000,
            server=3_600_000 + TEN_MINUTES,
            **checked,
        ),
        clock("dated, set forward: a second has passed", START + TEN_MINUTES, dated=0, server=1000, **checked),
        clock("dated, set forward: its interval has passed", START + TEN_MINUTES, dated=0, server=3000, **checked),
        clock("dated, set back: a second has passed", START - TEN_MINUTES, dated=0, server=1000, **checked),
        clock("dated, set back, ten minutes late indeed", START - TEN_MINUTES, dated=0, server=TEN_MINUTES, **checked),
        clock("dated, set back as far as it was late", START + 1000, dated=0, server=TEN_MINUTES, **checked),
        clock("dated, within two seconds: nothing is moved", START + 4000, dated=0, server=2001, **checked),
        clock("dated, the server's clock set back: no less than no time", START + 3000, dated=0, server=-TEN_MINUTES, **checked),
        clock("dated, but what it says now is not known: set forward", START + TEN_MINUTES, dated=0, **checked),
        clock("dated, but what it says now is not known: set back", START - TEN_MINUTES, dated=0, **checked),
        clock("not dated, what it says now is known: set forward", START + TEN_MINUTES, server=TEN_MINUTES, **checked),
    ]
    most = 2**32 - 1
    counts = [0, 1, 2, 3, 5, 6, 7, 31, 32, 33, 53, 54, 63, 64, 65, 1024, 1025, 1026, 5000, most]
    backoffs = [
        {"first_ms": first, "failures": failures, "longest_ms": longest, "delay_ms": backoff(first, failures, longest)}
        for first, longest in [(1000, 30_000), (1000, 60_000), (2000, 600_000), (100, 5000), (60_000, 1000)]
        for failures in counts
    ]
    return {"clocks": cases, "backoffs": backoffs}
