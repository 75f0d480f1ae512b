"""Shares and waits of cases where some parties have several: the unit of chance is the party, not the case."""

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from listener.statistics.interval import LEVEL, Interval, interval
from listener.statistics.proportion import WORDS, difference_of, wilson_bounds


@dataclass(frozen=True)
class PartySums:
    """Sums over parties, as ClickHouse makes them; n cases of a party, k of them with the figure.

    Attributes:
        parties: distinct ones with a case.
        n, k: sums over them.
        nn, kk, nk: sums of the squares and of the product.
    """

    parties: int
    n: float
    k: float
    nn: float
    kk: float
    nk: float

    def variance(self) -> float:
        """Of the ratio k / n where parties are drawn anew; infinite for a single party.

        What a bootstrap over parties gives in the limit of many draws and parties: the mean square of each
        party's ``k - ratio * n``, over the square of the mean n.
        """
        if self.parties < 2 or not self.n:
            return float("inf")
        ratio = self.k / self.n
        squares = max(self.kk - 2 * ratio * self.nk + ratio * ratio * self.nn, 0.0)
        return squares * self.parties / (self.parties - 1) / self.n**2


def clustered_share(sums: PartySums, level: float = LEVEL) -> Interval:
    """The share k / n of cases, with an interval over parties.

    Wilson's interval of so many independent cases as would tell as much (E. L. Korn, B. I. Graubard, Confidence
    intervals for proportions with small expected number of positive counts estimated from survey data, Survey
    Methodology 24 (1998) 193-201): n over the design effect, never more than there are cases,
    and as many as parties where all cases or none have it.

    Args:
        sums: of which 0 <= k <= n.
    """
    if not 0 <= sums.k <= sums.n:
        raise ValueError(f"{sums.k:g} of {sums.n:g} is not a share")
    if not sums.n:
        return Interval(nan, 0.0, 1.0, "nobody was counted")
    share = sums.k / sums.n
    cases = sums.n / design_effect(sums.variance(), share * (1 - share) / sums.n, sums)
    low, high = wilson_bounds(np.array([share * cases]), np.array([cases]), level)
    return interval(
        share, float(low[0]) if sums.k else 0.0, float(high[0]) if sums.k < sums.n else 1.0, WORDS
    )


def clustered_difference(first: PartySums, second: PartySums, level: float = LEVEL) -> Interval:
    """The first share less the second, from the intervals of both as `share_difference` does it."""
    return difference_of(clustered_share(first, level), clustered_share(second, level))


def design_effect(variance: float, independent: float, sums: PartySums) -> float:
    """How many times the variance is what it would be with one case a party; at least 1.

    Where nothing can be told (all alike, or a single party) the cases of a party count as one.

    Args:
        variance: over parties; independent: of as many independent cases.
    """
    if not isfinite(variance) or not variance or not independent:
        return max(sums.n / max(sums.parties, 1), 1.0)
    return max(variance / independent, 1.0)
