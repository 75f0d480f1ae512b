"""Waits as ClickHouse counts them, in the form that the statistics take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from listener.reports.view import Row
from listener.statistics.answer_times import Waits
from listener.statistics.interval import Floats, Ints

CENSORED, HAPPENED, COMPETING, DELETED, ELSEWHERE = range(5)
"""How a wait ended, by the numbers of the view `channel_waits`."""


@dataclass(frozen=True)
class Binned:
    """Cases of one kind by how long they waited and how it ended; an entry each, in any order.

    Attributes:
        upper_hours: end of the bin.
        ended: one of the numbers above.
        cases: how many.
    """

    upper_hours: Floats
    ended: Ints
    cases: Ints

    def count(self, *ended: int) -> int:
        """Cases that ended in one of these ways."""
        return int(self.cases[np.isin(self.ended, ended)].sum())


def binned(row: Row, event: str) -> Binned:
    """The answer, or the resolution, of a row of the view `channel_waits`."""
    return Binned(
        np.array(row[f"{event}_hours"], dtype=np.float64),
        np.array(row[f"{event}_ended"], dtype=np.int64),
        np.array(row[f"{event}_cases"], dtype=np.int64),
    )


def binned_rows(rows: Sequence[Row]) -> Binned:
    """Rows of the view `waits_in_bins`."""
    ends = {CENSORED: "censored", HAPPENED: "happened", COMPETING: "competing"}
    return Binned(
        np.array([row["upper_hours"] for row in rows for _ in ends], dtype=np.float64),
        np.array([end for _ in rows for end in ends], dtype=np.int64),
        np.array([row[name] for row in rows for name in ends.values()], dtype=np.int64),
    )


def edges_of(parts: Sequence[Binned]) -> Floats:
    """The upper edges of all bins, rising, in hours."""
    return np.unique(np.concatenate([part.upper_hours for part in parts])) if parts else np.zeros(0)


def waits_of(parts: Sequence[Binned], edges: Floats) -> Waits:
    """All of these added up over these bins."""
    counts = np.zeros((3, len(edges)), dtype=np.int64)
    for part in parts:
        kind = np.select([np.isin(part.ended, (HAPPENED, ELSEWHERE)), part.ended == CENSORED], [0, 2], 1)
        np.add.at(counts, (kind, np.searchsorted(edges, part.upper_hours)), part.cases)
    return Waits(edges, *counts)
