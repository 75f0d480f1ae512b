"""What a report gives: columns by name, rows, and what they say in words."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2299, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
"""All times that ClickHouse's DateTime64 holds."""


@dataclass(frozen=True)
class Window:
    """What happened at ``since <= time < until``; which time it is, each report says."""

    since: datetime = EARLIEST
    until: datetime = LATEST


@dataclass(frozen=True)
class Answer:
    """The rows that answer a question.

    Attributes:
        columns: names, in order.
        rows: plain values: text, integers, times, and floats, of which shares are between 0 and 1; None where
            nothing can be said.
        words: sentences for a person, such as what was compared and what follows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    words: tuple[str, ...] = ()
