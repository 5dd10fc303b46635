"""The results as tables and as JSON: medians, and ratios to the best peer and the floor; targets, and what came of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import picture
from works import BEST_PEER, BY_HAND, FLOOR, MORE_IS_BETTER, NEVER_BEST, OURS, WRK

TITLES = {
    "median_us": "median µs",
    "cpu_us": "CPU µs",
    "per_second": "calls/s",
    "bytes_a_cart": "bytes a cart",
    "milliseconds": "ms",
    "late_p50_ms": "half late by ms",
    "late_p99_ms": "1 % late by ms",
    "growth": "growth",
    "megabytes": "MB",
}
NOT_MEASURED = "-"
# Beside a start that takes a hundredth, no other bar would be seen.
DRAWN = {"median_us", "cpu_us", "per_second"}

Medians = dict[str, dict[str, float]]
Row = list[str]


def best_peer(medians: Medians, figure: str) -> float | None:
    peers = [
        figures[figure]
        for name, figures in medians.items()
        if name not in {OURS, FLOOR, WRK, *NEVER_BEST} and figure in figures
    ]
    if OURS not in medians or not peers:
        return None
    return max(peers) if figure in MORE_IS_BETTER else min(peers)


def number(value: float | None) -> str:
    if value is None:
        return NOT_MEASURED
    return f"{value:,.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"


def ratio(value: float | None, of: float | None) -> str:
    return f"{value / of:.2f} x" if value is not None and of else NOT_MEASURED


def rows(result: dict[str, Any]) -> list[Row]:
    """A row for each who did the work; without the columns that say nothing of it."""
    medians, figures = result["medians"], result["figures"]
    compared = {figure: best_peer(medians, figure) for figure in figures}
    floor = medians.get(FLOOR, {})
    head = [result["work"]]
    for figure in figures:
        head += [TITLES[figure], *([f"to {BEST_PEER}"] if compared[figure] else [])]
        head += [f"to {FLOOR}"] if figure in floor else []
    made = [head]
    for name, found in medians.items():
        row = [name]
        for figure in figures:
            row.append(number(found.get(figure)))
            if compared[figure]:
                row.append(ratio(found.get(figure), compared[figure]))
            if figure in floor:
                row.append(ratio(found.get(figure), floor[figure]))
        made.append(row)
    return made


def columns(lines: list[Row]) -> str:
    """Lines of cells, the first of each to the left, with a rule below the head."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    text = []
    for at, (first, *others) in enumerate(lines):
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        text.append("  ".join(cells).rstrip())
        if at == 0:
            text.append("-" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join(text)


def table(results: list[dict[str, Any]]) -> str:
    """All works, as text to be read in a terminal or a browser."""
    return "\n\n".join(columns(rows(result)) for result in results) + "\n"


def met(result: dict[str, Any], target: dict[str, Any]) -> Row | None:
    """What is aimed at, and what came of it."""
    medians: Medians = result["medians"]
    figure, of = target["figure"], target["of"]
    value = medians.get(target["entry"], {}).get(figure)
    if of == BEST_PEER:
        measure = best_peer(medians, figure)
    else:
        measure = medians.get(of, {}).get(figure) if of else 1.0
    if value is None or not measure:
        return None
    is_ratio = of is not None
    sign = "≥" if target["at_least"] else "≤"

    def shown(amount: float | None) -> str:
        if amount is None:
            return ""
        return f"{amount:.2f} x" if is_ratio else number(amount)

    reached = value / measure
    limit, stretch = target["limit"], target["stretch"]

    def reaches(bound: float) -> bool:
        return reached >= bound if target["at_least"] else reached <= bound

    verdict = "met" if reaches(limit) else "not met"
    if stretch is not None and reaches(stretch):
        verdict = "stretch met"
    who = "" if target["entry"] == OURS else f", {target['entry']}"
    what = f"{TITLES[figure]}{who}{f' to {of}' if of else ''}"
    return [result["work"], what, shown(reached), f"{sign} {shown(limit)}", shown(stretch), verdict]


def targets(results: list[dict[str, Any]]) -> str:
    """What was aimed at, and what came of it."""
    found = [met(result, target) for result in results for target in result["targets"]]
    lines = [row for row in found if row is not None]
    if not lines:
        return ""
    # The second column is words as well.
    width = max(len(line[1]) for line in lines)
    head = ["what is aimed at", "", "is", "target", "stretch", ""]
    return columns([head, *([row[0], row[1].ljust(width), *row[2:]] for row in lines)]) + "\n"


def summary(results: dict[str, Any]) -> str:
    machine = results["machine"]
    shared = "shared with other work" if machine["shared"] else "otherwise idle"
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return "\n".join(
        [
            f"{machine['processor']}, {machine['cores']} cores, {shared}; {machine['system']}",
            f"load before {machine['load_before']}; other machines of the host took {machine['stolen']:.1%}",
            f"Python {machine['python']}, Node {machine['node']}, {machine['rust']}",
            f"{results['rounds']} rounds, each of everybody in turn; medians; answers signed, and verified",
            f"the floor: sign, one POST on a kept connection, verify, read, in Rust; {results['wrk']}",
            f"versions: {versions}",
            f"the same work differed from round to round by {unrest(results['works']):.0%} (median of all works)",
        ]
    )


def unrest(works: list[dict[str, Any]]) -> float:
    """How far the rounds of one work lie apart, over their median: what a ratio cannot be finer than."""
    apart = []
    for work in works:
        for name, rounds in work["rounds"].items():
            figure = work["figures"][0]
            values = [one[figure] for one in rounds if figure in one]
            middle = work["medians"][name].get(figure)
            if len(values) > 1 and middle and middle > 0:
                apart.append((max(values) - min(values)) / middle)
    apart.sort()
    return apart[len(apart) // 2] if apart else 0.0


def bars(works: list[dict[str, Any]]) -> list[picture.Bar]:
    """How many times better than the best peer's our figure is, and the floor's, work by work."""
    found = []
    for work in works:
        figure = work["figures"][0]
        if figure not in DRAWN:
            continue
        # What is done by hand, in the same language and without a network, is no peer's.
        medians = work["medians"]
        peers = {name: one for name, one in medians.items() if name != BY_HAND}
        best = best_peer(peers, figure)
        if not best or best < 0:
            continue

        ours = factor(medians, OURS, figure, best)
        if ours:
            floor = factor(medians, FLOOR, figure, best)
            found.append((f"{work['work']} ({TITLES[figure]})", ours, floor))
    return found


def factor(medians: Medians, name: str, figure: str, best: float) -> float | None:
    """How many times better than the best peer's a figure is."""
    value = medians.get(name, {}).get(figure)
    if not value or value < 0:
        return None
    return value / best if figure in MORE_IS_BETTER else best / value


def write(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    works = results["works"]
    parts = [summary(results), targets(works), table(works), results["operations"]]
    (folder / "results.txt").write_text(
        "\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8"
    )
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "results.svg").write_text(
        picture.drawn(bars(works), results["rounds"]), encoding="utf-8"
    )
