"""Rows as a table for people, as CSV or as JSON."""

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

FORMATS = ("table", "csv", "json")


def format_rows(columns: Sequence[str], rows: Sequence[Sequence[Any]], form: str) -> str:
    """The rows as text that ends with a line end.

    Args:
        form: ``table`` aligns columns and rounds to three digits; ``csv`` and ``json`` keep values as they are.
    """
    match form:
        case "csv":
            return _csv(columns, rows)
        case "json":
            objects = [dict(zip(columns, row, strict=True)) for row in rows]
            return json.dumps(objects, ensure_ascii=False, indent=2, default=str) + "\n"
        case "table":
            return _table(columns, rows)
        case _:
            raise ValueError(f"{form}: one of {', '.join(FORMATS)}")


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    cells = [list(columns), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    numeric = [
        bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        for index in range(len(columns))
    ]
    lines = []
    for line in cells:
        aligned = (
            text.rjust(width) if number else text.ljust(width)
            for text, width, number in zip(line, widths, numeric, strict=True)
        )
        lines.append("  ".join(aligned).rstrip())
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else " ".join(str(value).split())
