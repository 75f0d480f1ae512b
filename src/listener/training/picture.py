"""The confusion of labels as a picture: how often each was taken for which."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

MOST_LABELS = 40
"""Beyond this many, those with the fewest texts are shown together as one."""
_REST = "(the others)"
_CELL, _LETTER, _MARGIN = 34, 7, 16


def confusion_svg(confusion: Sequence[Sequence[int]], labels: Sequence[str], title: str) -> str:
    """An SVG: a row for each true label, a column for each found one, darker where there are more of the row.

    Args:
        confusion: counts.
    """
    counts, names = _together([list(row) for row in confusion], list(labels))
    left = _MARGIN + _LETTER * max(len(name) for name in names)
    top = left + 40
    size = _CELL * len(names)
    box = f"0 0 {left + size + _MARGIN} {top + size + _MARGIN}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_MARGIN / 2}" y="20" font-size="14">{escape(title)}</text>',
        f'<text x="{_MARGIN / 2}" y="{top - 8}" fill="#555">true, and above: found</text>',
    ]
    for number, (name, row) in enumerate(zip(names, counts, strict=True)):
        y = top + number * _CELL
        x = left + number * _CELL + _CELL / 2
        parts.append(
            f'<text x="{left - 6}" y="{y + _CELL / 2 + 4}" text-anchor="end">{escape(name)}</text>'
            f'<text transform="translate({x + 4},{top - 8}) rotate(-90)">{escape(name)}</text>'
        )
        total = max(sum(row), 1)
        for place, count in enumerate(row):
            share = count / total
            parts.append(_cell(left + place * _CELL, y, count, share))
    return "\n".join([*parts, "</svg>", ""])


def _cell(x: int, y: int, count: int, share: float) -> str:
    dark = "#fff" if share > 0.5 else "#222"
    shown = (
        f'<text x="{x + _CELL / 2}" y="{y + _CELL / 2 + 4}" text-anchor="middle" font-size="11" fill="{dark}">'
        f"{count}</text>"
        if count
        else ""
    )
    return (
        f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="#1f4e79" fill-opacity="{share:.2f}" '
        f'stroke="#ddd"/>{shown}'
    )


def _together(counts: list[list[int]], names: list[str]) -> tuple[list[list[int]], list[str]]:
    if len(names) <= MOST_LABELS:
        return counts, names
    by_size = sorted(range(len(names)), key=lambda place: -sum(counts[place]))
    kept = sorted(by_size[: MOST_LABELS - 1])
    into = {place: number for number, place in enumerate(kept)}
    merged = [[0] * MOST_LABELS for _ in range(MOST_LABELS)]
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            merged[into.get(row, MOST_LABELS - 1)][into.get(column, MOST_LABELS - 1)] += count
    return merged, [*(names[place] for place in kept), _REST]
