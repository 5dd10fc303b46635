"""The results as a picture: bars of factors, on a logarithmic scale."""

from __future__ import annotations

import math

# What is done, and how many times better than by the best peer: by us, and by the floor, where it was measured.
Bar = tuple[str, float, float | None]

LEFT, RIGHT, ROW, TOP = 390, 840, 26, 62
STYLE = (
    "text{fill:#1f2937}.note{fill:#6b7280}.better{fill:#0f766e}.worse{fill:#b45309}.axis{stroke:#9ca3af}.floor{stroke:#1f2937;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#e5e7eb}.note{fill:#9ca3af}.better{fill:#2dd4bf}.worse{fill:#fbbf24}.floor{stroke:#e5e7eb}}"
)


def drawn(bars: list[Bar], rounds: int) -> str:
    """An SVG that reads on a light page and on a dark one."""
    ends = [math.log2(factor) for _, *factors in bars for factor in factors if factor] + [0.0]
    scale = (RIGHT - 60 - LEFT) / ((max(ends) - min(ends)) or 1)
    axis = LEFT - min(ends) * scale
    bottom = TOP + 12 + len(bars) * ROW
    note = f"medians of {rounds} rounds, on a logarithmic scale; right of the line netgiro is ahead; | is the floor"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {RIGHT + 20} {bottom}" role="img" font-size="13"',
        ' font-family="system-ui, sans-serif" aria-label="netgiro beside the best peer">',
        f"<style>{STYLE}</style>",
        '<text x="16" y="24" font-weight="600">How many times better than the best peer</text>',
        f'<text class="note" x="16" y="44">{note}</text>',
    ]
    for at, (name, factor, floor) in enumerate(bars):
        top = TOP + at * ROW
        length = math.log2(factor) * scale
        kind = "better" if factor >= 1 else "worse"
        begin, width = axis + min(length, 0), max(abs(length), 1)
        parts += [
            f'<text x="{LEFT - 12}" y="{top + 14}" text-anchor="end">{name}</text>',
            f'<rect class="{kind}" x="{begin:.1f}" y="{top}" width="{width:.1f}" height="18" rx="3"/>',
            f'<text x="{axis + max(length, 0) + 8:.1f}" y="{top + 14}">{factor:.1f} x</text>',
        ]
        if floor:
            at_floor = axis + math.log2(floor) * scale
            parts.append(
                f'<line class="floor" x1="{at_floor:.1f}" x2="{at_floor:.1f}" y1="{top - 2}" y2="{top + 20}"/>'
            )
    parts += [
        f'<line class="axis" x1="{axis:.1f}" x2="{axis:.1f}" y1="56" y2="{bottom - 12}"/>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
