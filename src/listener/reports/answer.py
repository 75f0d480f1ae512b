"""What a report gives: columns by name, and rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2299, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)
"""All times that ClickHouse's DateTime64 holds."""


@dataclass(frozen=True)
class Window:
    """Contacts with ``since <= occurred_at < until``."""

    since: datetime = EARLIEST
    until: datetime = LATEST


@dataclass(frozen=True)
class Answer:
    """The rows that answer a question.

    Attributes:
        columns: names, in order.
        rows: plain values: text, integers, and floats, of which shares are between 0 and 1.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
