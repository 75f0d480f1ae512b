"""Waits as ClickHouse counts them, in the form that the statistics take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from listener.reports.view import Row
from listener.statistics.answer_times import Waits
from listener.statistics.interval import Floats, Ints

ENDS = 5
CENSORED, HAPPENED, COMPETING, DELETED, ELSEWHERE = range(ENDS)
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

    @property
    def of_end(self) -> Ints:
        """Cases by how they ended: an entry for each of the numbers above."""
        return _summed(self.ended, self.cases, ENDS)


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


def together(parts: Sequence[Binned]) -> Binned:
    """All of these in one, none of them added up."""
    if not parts:
        return Binned(np.zeros(0), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    return Binned(
        np.concatenate([part.upper_hours for part in parts]),
        np.concatenate([part.ended for part in parts]),
        np.concatenate([part.cases for part in parts]),
    )


def waits_of(part: Binned, edges: Floats) -> Waits:
    """These added up over these bins.

    Raises:
        ValueError: a wait ends beyond the last edge.
    """
    bins = np.searchsorted(edges, part.upper_hours)
    if (bins == len(edges)).any():
        raise ValueError("the bins must reach as far as the waits")
    places = part.ended * len(edges) + bins
    of_end = _summed(places, part.cases, ENDS * len(edges)).reshape(ENDS, len(edges))
    answered, competing = of_end[HAPPENED] + of_end[ELSEWHERE], of_end[COMPETING] + of_end[DELETED]
    return Waits(edges, answered, competing, of_end[CENSORED])


def _summed(places: Ints, cases: Ints, length: int) -> Ints:
    # bincount adds up as float64, which holds whole numbers up to 2**53
    return np.bincount(places, weights=cases, minlength=length).astype(np.int64)
