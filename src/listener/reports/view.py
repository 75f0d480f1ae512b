"""Reading a view with parameters."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any

from clickhouse_driver import Client

from listener.domain.contract import format_utc
from listener.reports.answer import Answer, Window
from listener.statistics.interval import Interval

Row = dict[str, Any]


def read(client: Client, view: str, window: Window, **more: int) -> list[Row]:
    """The rows of a view for a window, by name of the column, in the view's order.

    Args:
        view: name of a view with the parameters since and until; never a user's words.
        more: further parameters that it has, by name.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    given = {"since": format_utc(window.since), "until": format_utc(window.until), **more}
    rows, kept = client.execute(
        f"SELECT * FROM {view}({', '.join(f'{name} = %({name})s' for name in given)})",  # noqa: S608 - names of ours
        given,
        with_column_types=True,
    )
    names = [name for name, _ in kept]
    return [dict(zip(names, row, strict=True)) for row in rows]


def answer(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], words: Iterable[str] = ()) -> Answer:
    """An answer of these columns; a figure that is not finite is None: it is not known."""
    return Answer(
        tuple(columns), tuple(tuple(_known(row[name]) for name in columns) for row in rows), tuple(words)
    )


def spread(name: str, found: Interval) -> Row:
    """An interval as three columns: name, name_low, name_high."""
    return {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}


def three(name: str) -> tuple[str, str, str]:
    """The names of these columns."""
    return name, f"{name}_low", f"{name}_high"


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not isfinite(value) else value
