"""What was heard by hour, as ClickHouse counts it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import numpy as np
from clickhouse_driver import Client
from numpy.typing import NDArray

from listener.domain.contract import format_utc

Ints = NDArray[np.int64]
Kind = Literal["cause", "source"]

HISTORY_DAYS: Final = 42
"""What is usual is learned from so many days."""
SETTLE_MINUTES: Final = 10
"""An hour counts as heard so long after its end: sources are read every few minutes."""
HOUR: Final = timedelta(hours=1)
COUNTS: Final = ("said", "parties", "complaints", "live")


@dataclass(frozen=True)
class Hours:
    """One root cause or source, hour by hour without a gap; hours in which nothing was heard count 0.

    Attributes:
        kind, subject: what it is about.
        said: mentions; parties: distinct within the hour; complaints: mentions of at least even odds; live: heard
            as they happened, not imported.
    """

    kind: Kind
    subject: str
    said: Ints
    parties: Ints
    complaints: Ints
    live: Ints


@dataclass(frozen=True)
class Heard:
    """Everything that was heard.

    Attributes:
        since: the first hour; all series begin there.
        hours: how many there are.
        series: of every root cause and source.
    """

    since: datetime
    hours: int
    series: tuple[Hours, ...]

    def end_of(self, hour: int) -> datetime:
        """When an hour ends."""
        return self.since + (hour + 1) * HOUR


def read_heard(client: Client, now: datetime) -> Heard:
    """What was heard until the last hour that is over, from the view `heard_by_hour`.

    Raises:
        What the driver raises; see `listener.clickhouse.client.translated`.
    """
    until = (now - timedelta(minutes=SETTLE_MINUTES)).replace(minute=0, second=0, microsecond=0)
    rows, columns = client.execute(
        "SELECT * FROM heard_by_hour(since = %(since)s, until = %(until)s)",
        {"since": format_utc(until - timedelta(days=HISTORY_DAYS)), "until": format_utc(until)},
        with_column_types=True,
    )
    names = [name for name, _ in columns]
    return heard_of((dict(zip(names, row, strict=True)) for row in rows), until)


def heard_of(rows: Iterable[Mapping[str, Any]], until: datetime) -> Heard:
    """From rows of `heard_by_hour`; the history begins with the first hour in which anything was heard."""
    found: dict[tuple[Kind, str], list[tuple[datetime, Mapping[str, Any]]]] = defaultdict(list)
    for row in rows:
        hour = row["hour"]
        hour = hour if hour.tzinfo else hour.replace(tzinfo=UTC)
        found[row["kind"], row["subject"]].append((hour, row))
    since = min((hour for told in found.values() for hour, _ in told), default=until)
    hours = (until - since) // HOUR
    series = []
    for (kind, subject), told in sorted(found.items()):
        counts = {name: np.zeros(hours, dtype=np.int64) for name in COUNTS}
        for hour, row in told:
            for name in COUNTS:
                counts[name][(hour - since) // HOUR] = row[name]
        series.append(Hours(kind, subject, **counts))
    return Heard(since, hours, tuple(series))
