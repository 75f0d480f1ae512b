"""Waits as ClickHouse counts them, in the form that the statistics take."""

from collections.abc import Sequence

import numpy as np

from listener.reports.view import Row
from listener.statistics.answer_times import Waits
from listener.statistics.interval import Floats


def edges_of(rows: Sequence[Row]) -> Floats:
    """The upper edges of all bins, rising, in hours."""
    return np.unique(np.array([row["upper_hours"] for row in rows], dtype=np.float64))


def waits_of(rows: Sequence[Row], edges: Floats) -> Waits:
    """The rows of `waits_in_bins` added up over these bins."""
    place = np.searchsorted(edges, np.array([row["upper_hours"] for row in rows], dtype=np.float64))
    counts = [
        np.bincount(
            place, weights=np.array([row[name] for row in rows], dtype=np.float64), minlength=len(edges)
        )
        for name in ("happened", "competing", "censored")
    ]
    return Waits(edges, *(count.astype(np.int64) for count in counts))
