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


def gini_interval(posts: Ints, *, seed: int = 0, replicates: int = 500) -> Interval:
    """The Gini coefficient with its interval from a bootstrap over parties."""
    said = np.sort(posts[posts > 0]).astype(np.float64)
    if said.size == 0:
        return Interval(0.0, 0.0, 0.0, "nobody said anything")
    generator = np.random.default_rng(seed)
    drawn = np.sort(said[generator.integers(0, said.size, (replicates, said.size))], axis=1)
    return percentile_interval(
        _gini(said),
        np.array([_gini(one) for one in drawn]),
        "inequality {estimate:.2f}, between {low:.2f} and {high:.2f}",
    )


def _gini(ascending: Floats) -> float:
    ranks = np.arange(1, ascending.size + 1)
    return float(((2 * ranks - ascending.size - 1) * ascending).sum() / (ascending.size * ascending.sum()))
