"""What each column of the reports, and of the views with parameters, means, as a page.

python -m listener.report_columns > docs/report-columns.md
"""

import importlib
from collections.abc import Iterable, Mapping, Sequence

from listener.clickhouse.parameter_views import PARAMETER_VIEWS, ParameterView
from listener.console.figures import Unit, meaning_of
from listener.console.questions import QUESTIONS, Question
from listener.reports.reports import REPORTS

_HEAD = """\
# What the columns mean

Every column of `listener report NAME`, and of the views with `since` and `until` that the reports rest on.
[All other views](analysts.md#what-to-select-from) have comments on their columns in ClickHouse. How figures are
reckoned stands in [what the numbers mean](statistics.md).

Made by `python -m listener.report_columns > docs/report-columns.md` from
`src/listener/console/figures.py` and `src/listener/clickhouse/parameter_views.py`; tests fail when the page is not
what these say, or when they lack a column.

## Reports

The heading is what the console calls a column; the meaning goes on from it. `share`, `_low`, `_high` on one line
are three columns, `share`, `share_low` and `share_high`: an estimate and the ends of its interval, of 95 % unless
said. What is not known is `null` in JSON, an empty field in CSV, and `-` in the table.

{units}
"""
_VIEWS = """\
## Views with parameters

They are asked like functions, with times in any form that ClickHouse reads:

```sql
SELECT * FROM vanished(since = '2026-01-01', until = '2026-02-01')
```

What counts happened at `since <= time < until`; which time that is, each says. Shares are between 0 and 1. A party
is a customer with all its accounts, or an account that nobody has recognised, by what is known today. Sums of
squares and products are there for intervals that take the party as the unit.
"""
UNITS: dict[Unit, str] = {
    "words": "text",
    "count": "a whole number",
    "share": "a part of all, 0 to 1: 0.25 is 25 %",
    "points": "one share less another, -1 to 1",
    "change": "by what part of itself it is more, or less: -0.08 is 8 % less",
    "ratio": "how many times as much; 1 is no difference",
    "hours": "hours",
    "number": "any number",
    "amount": "money, in the currency of the row",
    "moved": "places in a ranking, with its sign",
    "time": "a time, UTC",
}
"""Unit to what its numbers are."""
_MORE_SHAPES = {
    "outcomes": {
        "With `--incident`, on purchases of these days in [`sales_by_day`](#view-sales_by_day)": "INCIDENT_COLUMNS"
    }
}
"""Report to when it has other columns, and where these stand."""


def shapes(report: str) -> dict[str, tuple[str, ...]]:
    """The columns that a report can have: by when it has them, empty for always."""
    module = importlib.import_module(f"listener.reports.{report.replace('-', '_')}")
    names = {"": "COLUMNS"} | _MORE_SHAPES.get(report, {})
    return {when: tuple(getattr(module, name)) for when, name in names.items()}


def page() -> str:
    """The page, in Markdown."""
    reports = (_report(name, words, QUESTIONS[name]) for name, words in REPORTS.items())
    views = (_view(name, view) for name, view in sorted(PARAMETER_VIEWS.items()))
    units = _table(("unit", "its numbers are"), UNITS.items())
    return "\n".join([_HEAD.format(units=units), *reports, _VIEWS, *views])


def _report(name: str, words: str, question: Question) -> str:
    views = ", ".join(f"[`{view}`](#view-{view})" for view in question.views)
    bounds = f"`--since` and `--until` bound the time {question.bounds}."
    parts = [
        f"### Report `{name}`",
        f"{words[0].upper()}{words[1:]}. {bounds} To select from: {views}.",
    ]
    for when, columns in shapes(name).items():
        parts += [f"{when}:"] if when else []
        parts.append(_table(("column", "heading", "unit", "meaning"), _lines(name, columns)))
    return _section(parts)


def _lines(report: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """A line for each column; the ends of an interval stand beside their figure."""
    there = set(columns)
    folded = {name for name in columns if {f"{name}_low", f"{name}_high"} <= there}
    ends = {f"{name}{end}" for name in folded for end in ("_low", "_high")}
    lines: list[tuple[str, ...]] = []
    for name in columns:
        if name in ends:
            continue
        column = meaning_of(report, name)
        shown = f"`{name}`, `_low`, `_high`" if name in folded else f"`{name}`"
        lines.append((shown, column.heading, column.unit, column.meaning))
    return lines


def _view(name: str, view: ParameterView) -> str:
    given = ", ".join(view.parameters)
    rows = f"`{name}({given})` has one row for each {view.rows}."
    return _section(
        [
            f"### View `{name}`",
            f"{rows} `since` and `until` bound the time {view.bounds}.",
            _table(("column", "meaning"), _columns(view.columns)),
        ]
    )


def _columns(columns: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(f"`{name}`", meaning) for name, meaning in columns.items()]


def _section(parts: Sequence[str]) -> str:
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Writes the page to standard output."""
    print(page(), end="")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
