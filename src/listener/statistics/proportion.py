"""Shares of parties, where what was counted is right."""

from math import nan, sqrt

import numpy as np
from scipy.stats import norm

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval

WORDS = "{estimate:.1%}, between {low:.1%} and {high:.1%}"


def wilson(successes: int, total: int, level: float = LEVEL) -> Interval:
    """A share and its Wilson score interval.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, Journal of the American
    Statistical Association 22 (1927) 209-212. With z the normal quantile, n the total and p the share:
    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). The view `root_causes` computes the same.

    Args:
        successes: parties of whom it is true; 0..total.
        total: distinct parties.

    Returns:
        Shares between 0 and 1; the estimate is NaN and the interval 0..1 where total is 0.

    Raises:
        ValueError: not 0 <= successes <= total.
    """
    if not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total} is not a share")
    if total == 0:
        return Interval(nan, 0.0, 1.0, "nobody was counted")
    low, high = wilson_bounds(np.array([successes]), np.array([total]), level)
    return interval(successes / total, float(low[0]), float(high[0]), WORDS)


def wilson_bounds(
    successes: Ints | Floats, totals: Ints | Floats, level: float = LEVEL
) -> tuple[Floats, Floats]:
    """Lower and upper bounds of many Wilson intervals at once; 0 and 1 where a total is 0."""
    z = float(norm.ppf(0.5 + level / 2))
    n = np.maximum(totals, 1).astype(np.float64)
    share = successes / n
    middle = share + z * z / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = np.where(successes == 0, 0.0, (middle - half) / scale)
    high = np.where(successes == totals, 1.0, (middle + half) / scale)
    return np.where(totals == 0, 0.0, low), np.where(totals == 0, 1.0, high)


def share_difference(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> Interval:
    """The first share less the second, of independent groups, with Newcombe's hybrid score interval.

    R. G. Newcombe, Interval estimation for the difference between independent proportions: comparison of eleven
    methods, Statistics in Medicine 17 (1998) 873-890, method 10.

    Args:
        first, second: (successes, total) of each.
    """
    if not first[1] or not second[1]:
        return Interval(nan, -1.0, 1.0, "one of the two groups is empty")
    return difference_of(wilson(*first, level), wilson(*second, level))


def difference_of(one: Interval, other: Interval) -> Interval:
    """The first share less the second, from the intervals of both: see `share_difference`."""
    difference = one.estimate - other.estimate
    below = sqrt((one.estimate - one.low) ** 2 + (other.high - other.estimate) ** 2)
    above = sqrt((one.high - one.estimate) ** 2 + (other.estimate - other.low) ** 2)
    return interval(
        difference,
        difference - below,
        difference + above,
        "{estimate:+.1%} of all, between {low:+.1%} and {high:+.1%}",
    )
