"""An estimate that says how sure it is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEVEL: Final = 0.95
"""Of all intervals unless their docstring says another."""


@dataclass(frozen=True)
class Interval:
    """An estimate and the range that holds the truth in 95 of 100 repetitions.

    Attributes:
        estimate: NaN where nothing can be said; then `low` and `high` are NaN or the widest that is possible.
        low, high: both in the unit of the estimate.
        words: one sentence for a person, with the unit.
    """

    estimate: float
    low: float
    high: float
    words: str

    def covers(self, truth: float) -> bool:
        """Whether the truth lies in it."""
        return self.low <= truth <= self.high


def percentile_interval(estimate: float, replicates: Floats, words: str, level: float = LEVEL) -> Interval:
    """The percentile interval of a bootstrap: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap
    (1993), chapter 13.

    Args:
        replicates: the estimate on each resample; those that are not finite do not count.
        words: `Interval.words`, in which ``{estimate}``, ``{low}`` and ``{high}`` are replaced.
    """
    finite = replicates[np.isfinite(replicates)]
    if finite.size == 0:
        return interval(estimate, float("nan"), float("nan"), words)
    tail = (1 - level) / 2
    low, high = np.quantile(finite, (tail, 1 - tail))
    return interval(estimate, float(low), float(high), words)


def interval(estimate: float, low: float, high: float, words: str) -> Interval:
    """An interval whose words are filled in.

    Args:
        words: a format with the fields ``estimate``, ``low`` and ``high``, such as ``{estimate:.1%}``.
    """
    return Interval(estimate, low, high, words.format(estimate=estimate, low=low, high=high))
