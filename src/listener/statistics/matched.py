"""Two groups of people compared within strata: like with like, as an association and not as a cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval

MODERATING: Final = 4.0
"""Degrees of freedom that the variance of a whole is worth beside that of a part, which may rest on few people."""


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
    Association 113 (2018) 390-400). The variance is that of two independent samples in each stratum. Few people
    tell little of it: that of a stratum is moderated by that of its group, and that of a group by that of both (G.
    K. Smyth, Statistical Applications in Genetics and Molecular Biology 3 (2004) article 3; here with `MODERATING`
    degrees of freedom), and the interval has Student's quantile for the degrees on which it rests (F. E.
    Satterthwaite, Biometrics Bulletin 2 (1946) 110-114). So people who are each alone in a stratum are taken to
    differ as those of the other group do. The variance is at least that of shares that are shrunk by half a person
    (A. Agresti, B. Caffo, The American Statistician 54 (2000) 280-288), so that strata in which all are alike are
    not taken as certain; alone that would be too small where most strata have one or two people.

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
    one, other = _Group.of(first, both), _Group.of(second, both)
    weights = one.people * other.people / (one.people + other.people)
    weights = weights / weights.sum()
    estimate = float(weights @ (one.mean - other.mean))
    usual = (one.spread.sum() + other.spread.sum()) / max(one.degrees + other.degrees, 1.0)
    parts = [float(weights**2 @ group.variance(usual)) for group in (one, other)]
    shrunk = sum(float(weights**2 @ group.shrunk_variance()) for group in (one, other))
    degrees = _degrees(parts, [group.degrees + MODERATING for group in (one, other)])
    half = float(student.ppf(0.5 + level / 2, degrees) * np.sqrt(max(sum(parts), shrunk)))
    found = interval(
        estimate, estimate - half, estimate + half, "{estimate:+.3g}, between {low:+.3g} and {high:+.3g}"
    )
    shown = "no association shown" if found.covers(0) else "an association, not a proven cause"
    people = int(one.people.sum() + other.people.sum())
    return Comparison(
        found, people, left_out, f"{figure}: {found.words} among {people} alike people: {shown}"
    )


@dataclass(frozen=True)
class _Group:
    """A group in the strata that have both.

    Attributes:
        people, mean, total, squares: of each stratum; spread: sum of squares about its mean.
    """

    people: Floats
    mean: Floats
    total: Floats
    squares: Floats
    spread: Floats

    @classmethod
    def of(cls, sums: Sums, those: NDArray[np.bool_]) -> "_Group":
        people, total, squares = sums.people[those].astype(np.float64), sums.total[those], sums.squares[those]
        mean = total / people
        return cls(people, mean, total, squares, np.maximum(squares - total * mean, 0))

    @property
    def degrees(self) -> float:
        """Degrees of freedom on which its variance rests."""
        return float((self.people - 1).sum())

    @property
    def pooled(self) -> float:
        """Of a person, within strata."""
        return float(self.spread.sum()) / max(self.degrees, 1.0)

    def variance(self, usual: float) -> Floats:
        """Of each mean; `usual` is that of a person of either group."""
        own = (float(self.spread.sum()) + MODERATING * usual) / (self.degrees + MODERATING)
        return (self.spread + MODERATING * own) / (self.people - 1 + MODERATING) / self.people

    def shrunk_variance(self) -> Floats:
        """Of each mean, above 0 where all are alike: half a person at the lowest and half at the highest value
        seen."""
        zero_or_one = np.isclose(self.total, self.squares) & (self.total <= self.people)
        share = (self.total + 0.5) / (self.people + 1)
        return np.where(zero_or_one, share * (1 - share) / (self.people + 1), 0.1 * self.pooled / self.people)


def _degrees(variances: Sequence[float], degrees: Sequence[float]) -> float:
    """Of a sum of variances that are known by so many each."""
    squares = sum(one * one / of for one, of in zip(variances, degrees, strict=True))
    return sum(variances) ** 2 / squares if squares else sum(degrees)
