"""One bullhorn or many customers: how unequally posts are spread over parties."""

from dataclasses import dataclass

import numpy as np

from listener.statistics.interval import Floats, Interval, Ints, percentile_interval


@dataclass(frozen=True)
class Concentration:
    """How much of the noise comes from few.

    Attributes:
        parties: who said anything.
        posts: what they said.
        loudest: share of the posts of whoever said most.
        gini: 0 where all said equally much, towards 1 where one said it all; C. Gini, Variabilità e mutabilità
            (1912), as in A. Sen, On Economic Inequality (1973): the mean difference over twice the mean.
        herfindahl: sum of squared shares; O. C. Herfindahl (1950), A. O. Hirschman, The paternity of an index,
            American Economic Review 54 (1964) 761.
        effective_parties: 1 / herfindahl: as many equally loud parties would be as concentrated; M. O. Hill,
            Diversity and evenness, Ecology 54 (1973) 427-432, order 2.
        words: one sentence.
    """

    parties: int
    posts: int
    loudest: float
    gini: float
    herfindahl: float
    effective_parties: float
    words: str


def concentration(posts: Ints) -> Concentration:
    """How concentrated a matter is.

    Args:
        posts: number of posts of each party; copies are posts, parties without a post are left out.
    """
    said = np.sort(posts[posts > 0]).astype(np.float64)
    if said.size == 0:
        return Concentration(0, 0, 0.0, 0.0, 0.0, 0.0, "nobody said anything")
    total = float(said.sum())
    loudest, herfindahl = float(said[-1] / total), float(((said / total) ** 2).sum())
    effective = 1 / herfindahl
    words = (
        f"{said.size} parties with {total:.0f} posts, {loudest:.0%} of them by the loudest: "
        f"as concentrated as {effective:.1f} equally loud ones"
    )
    return Concentration(said.size, int(total), loudest, _gini(said), herfindahl, effective, words)


def gini_interval(
    posts: Ints, parties: Ints | None = None, *, seed: int = 0, replicates: int = 500
) -> Interval:
    """The Gini coefficient with its interval from a bootstrap over parties.

    Args:
        posts: number of posts of each party, or each number that occurs.
        parties: how many parties have each of them; one each by default.
    """
    some = posts > 0
    counts = np.ones(len(posts), dtype=np.int64) if parties is None else parties
    values, where = np.unique(posts[some], return_inverse=True)
    if values.size == 0:
        return Interval(0.0, 0.0, 0.0, "nobody said anything")
    counted = np.bincount(where, weights=counts[some]).astype(np.int64)
    total = int(counted.sum())
    drawn = np.random.default_rng(seed).multinomial(total, counted / total, replicates)
    found = _gini_of_counts(values.astype(np.float64), np.concatenate([counted[None], drawn]))
    return percentile_interval(
        float(found[0]), found[1:], "inequality {estimate:.2f}, between {low:.2f} and {high:.2f}"
    )


def _gini_of_counts(values: Floats, counts: Ints) -> Floats:
    """Of each row: so many parties (a column for each value, rising) said so much."""
    total = counts.sum(axis=1, keepdims=True)
    weighted = (values * counts * (2.0 * np.cumsum(counts, axis=1) - counts - total)).sum(axis=1)
    return np.asarray(weighted / (total[:, 0] * (values * counts).sum(axis=1)))


def _gini(ascending: Floats) -> float:
    ranks = np.arange(1, ascending.size + 1)
    return float(((2 * ranks - ascending.size - 1) * ascending).sum() / (ascending.size * ascending.sum()))
