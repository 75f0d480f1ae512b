"""Two groups of people compared within strata: like with like, as an association and not as a cause."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval


@dataclass(frozen=True)
class Sums:
    """One group in every stratum, as ClickHouse sums it up; one entry a stratum.

    Attributes:
        people: distinct parties.
        total: sum of the figure over them, such as 1 for each that was answered in time, or a CSAT of 1..5.
        squares: sum of its squares; of a 0/1 figure the same as `total`.
    """

    people: Ints
    total: Floats
    squares: Floats

    @classmethod
    def of_shares(cls, people: Ints, with_it: Ints) -> "Sums":
        """Of a figure that is 1 or 0."""
        return cls(people, with_it.astype(np.float64), with_it.astype(np.float64))


@dataclass(frozen=True)
class Comparison:
    """What the groups differ by.

    Attributes:
        difference: mean of the first less that of the second, in the unit of the figure.
        people: of both groups in strata that have both.
        left_out: people in strata that have only one: there is nobody to compare them with.
        words: one sentence; always calls it an association.
    """

    difference: Interval
    people: int
    left_out: int
    words: str


def matched_difference(
    first: Sums, second: Sums, level: float = LEVEL, *, figure: str = "the figure"
) -> Comparison:
    """The difference between two groups where their strata are alike.

    The mean of the differences within strata, weighted by n1·n2/(n1+n2): Mantel and Haenszel's weights
    (N. Mantel, W. Haenszel, Journal of the National Cancer Institute 22 (1959) 719-748), which are also the
    overlap weights of the propensity "share of the stratum in the first group" (F. Li, K. L. Morgan, A. M.
    Zaslavsky, Balancing covariates via propensity score weighting, Journal of the American Statistical
    Association 113 (2018) 390-400). The variance is that of two independent samples in each stratum, with a
    pooled variance where a group has a single person. It is at least that of shares that are shrunk by half a
    person (A. Agresti, B. Caffo, The American Statistician 54 (2000) 280-288), so that strata in which all are
    alike are not taken as certain; alone that would be too small where most strata have one or two people.

    Args:
        first, second: on the same strata, in the same order.
        figure: what is compared, for the words.

    Returns:
        A difference of NaN where no stratum has both.
    """
    if not first.people.shape == second.people.shape:
        raise ValueError("both groups are summed up over the same strata")
    both = (first.people > 0) & (second.people > 0)
    left_out = int((first.people + second.people)[~both].sum())
    if not both.any():
        nothing = "no stratum has people of both groups"
        return Comparison(Interval(np.nan, -np.inf, np.inf, nothing), 0, left_out, nothing)
    n1, n2 = first.people[both].astype(np.float64), second.people[both].astype(np.float64)
    mean1, mean2 = first.total[both] / n1, second.total[both] / n2
    weights = n1 * n2 / (n1 + n2)
    weights = weights / weights.sum()
    estimate = float(weights @ (mean1 - mean2))
    own = weights**2 @ (
        _variance(n1, first.total[both], first.squares[both])
        + _variance(n2, second.total[both], second.squares[both])
    )
    shrunk = weights**2 @ (
        _shrunk_variance(n1, first.total[both], first.squares[both])
        + _shrunk_variance(n2, second.total[both], second.squares[both])
    )
    half = float(norm.ppf(0.5 + level / 2) * np.sqrt(max(own, shrunk)))
    found = interval(
        estimate, estimate - half, estimate + half, "{estimate:+.3g}, between {low:+.3g} and {high:+.3g}"
    )
    shown = "no association shown" if found.covers(0) else "an association, not a proven cause"
    people = int((n1 + n2).sum())
    return Comparison(
        found, people, left_out, f"{figure}: {found.words} among {people} alike people: {shown}"
    )


def _variance(people: Floats, total: Floats, squares: Floats) -> Floats:
    """Of a mean, right on average however few people a stratum has: one of a single person has the pooled one."""
    spread = np.maximum(squares - total**2 / people, 0)
    own = spread / np.maximum(people - 1, 1)
    return np.where(people > 1, own, _pooled(people, total, squares)) / people


def _shrunk_variance(people: Floats, total: Floats, squares: Floats) -> Floats:
    """Of a mean, above 0 where all are alike: half a person at the lowest and half at the highest value seen."""
    zero_or_one = np.isclose(total, squares) & (total <= people)
    share = (total + 0.5) / (people + 1)
    return np.where(
        zero_or_one, share * (1 - share) / (people + 1), 0.1 * _pooled(people, total, squares) / people
    )


def _pooled(people: Floats, total: Floats, squares: Floats) -> float:
    spread = np.maximum(squares - total**2 / people, 0)
    return float(spread.sum()) / max(float((people - 1).sum()), 1.0)
