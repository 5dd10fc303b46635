"""The results as a table, as JSON and as a picture: medians, and ratios to the best peer and the ceiling."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from works import CEILING, NEVER_BEST, OURS

# Of these, more is better.
MORE_IS_BETTER = {"per_second"}
TITLES = {
    "median_us": "median µs",
    "cpu_us": "CPU µs",
    "per_second": "calls/s",
    "bytes_a_cart": "bytes a cart",
    "milliseconds": "ms above bare",
}
NOT_MEASURED = "-"


def best_peer(medians: dict[str, dict[str, float]], figure: str) -> float | None:
    peers = [
        figures[figure]
        for name, figures in medians.items()
        if name not in {OURS, CEILING, *NEVER_BEST} and figure in figures
    ]
    if OURS not in medians or not peers:
        return None
    return max(peers) if figure in MORE_IS_BETTER else min(peers)


def ratio(value: float | None, of: float | None) -> str:
    return f"{value / of:.2f} x" if value is not None and of else NOT_MEASURED


def rows(result: dict[str, Any]) -> list[list[str]]:
    """A row for each who did the work."""
    medians, figures = result["medians"], result["figures"]
    made = []
    for name, found in medians.items():
        row = [name]
        for figure in figures:
            value = found.get(figure)
            row.append(NOT_MEASURED if value is None else f"{value:,.{0 if value > 100 else 1}f}")
            row.append(ratio(value, best_peer(medians, figure)))
        of_the_first = medians.get(CEILING, {}).get(figures[0])
        made.append([*row, ratio(found.get(figures[0]), of_the_first)])
    return made


def table(results: list[dict[str, Any]]) -> str:
    """All works, as text to be read in a terminal or a browser."""
    text = []
    for result in results:
        head = [result["work"]]
        for figure in result["figures"]:
            head += [TITLES[figure], "to the best peer"]
        lines = [[*head, f"to {CEILING}"], *rows(result)]
        widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
        for number, line in enumerate(lines):
            first, *others = line
            cells = [first.ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
            text.append("  ".join(cells).rstrip())
            if number == 0:
                text.append("-" * (sum(widths) + 2 * len(widths) - 2))
        text.append("")
    return "\n".join(text)


def summary(results: dict[str, Any]) -> str:
    machine, sizes = results["machine"], results["sizes"]
    shared = "shared with other work" if machine["shared"] else "otherwise idle"
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return "\n".join(
        [
            f"{machine['processor']}, {machine['cores']} cores, {shared}; {machine['system']}",
            f"Python {machine['python']}, Node {machine['node']}, {machine['rust']}",
            f"{results['rounds']} rounds, each of everybody in turn; medians; answers signed",
            f"wheel {sizes['wheel'] / 1e6:.2f} MB, tarball {sizes['tarball'] / 1e6:.2f} MB",
            f"versions: {versions}",
        ]
    )


def picture(results: dict[str, Any]) -> str:
    """Each work that has peers: how many times the best peer's figure is ours, on a logarithmic scale."""
    bars = []
    for result in results["works"]:
        figure = result["figures"][0]
        best = best_peer(result["medians"], figure)
        ours = result["medians"].get(OURS, {}).get(figure)
        if best and ours and best > 0 and ours > 0:
            factor = ours / best if figure in MORE_IS_BETTER else best / ours
            bars.append((result["work"], factor))
    left, width, height = 300, 380, 26
    largest = max((abs(math.log2(factor)) for _, factor in bars), default=1) or 1
    middle = left + width * 0.15
    drawn = []
    for number, (name, factor) in enumerate(bars):
        top = 48 + number * height
        length = math.log2(factor) / largest * width * 0.85
        begin, extent = (middle, length) if length >= 0 else (middle + length, -length)
        kind = "better" if factor >= 1 else "worse"
        drawn += [
            f'<text x="{left - 12}" y="{top + 14}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{begin:.1f}" y="{top}" width="{max(extent, 1):.1f}" height="18" rx="3"/>',
            f'<text x="{middle + max(length, 0) + 8:.1f}" y="{top + 14}">{factor:.1f} x</text>',
        ]
    bottom = 60 + len(bars) * height
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {bottom}" role="img" font-size="13"',
            ' font-family="system-ui, sans-serif" aria-label="netgiro beside the best peer">',
            "<style>text{fill:#1f2937}.better{fill:#0f766e}.worse{fill:#b45309}.axis{stroke:#9ca3af}",
            "@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.better{fill:#2dd4bf}.worse{fill:#fbbf24}}</style>",
            '<text x="16" y="24" font-weight="600">How many times better than the best peer</text>',
            *drawn,
            f'<line class="axis" x1="{middle}" x2="{middle}" y1="40" y2="{bottom - 12}"/>',
            "</svg>",
            "",
        ]
    )


def write(results: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    text = f"{summary(results)}\n\n{table(results['works'])}"
    (folder / "results.txt").write_text(text, encoding="utf-8")
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (folder / "results.svg").write_text(picture(results), encoding="utf-8")
