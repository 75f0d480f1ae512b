"""Where a ranking by people and a ranking by noise differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, rankdata

from listener.statistics.interval import Floats, Ints


@dataclass(frozen=True)
class Place:
    """A matter in both rankings; 1 is the first, equal ones share the better place.

    Attributes:
        moved: by_noise - by_parties: above 0 the noise hides it, below 0 the noise puffs it up.
    """

    name: str
    by_parties: int
    by_noise: int
    moved: int


@dataclass(frozen=True)
class Disagreement:
    """Two rankings beside each other.

    Attributes:
        places: in the order of parties.
        tau: Kendall's tau-b: 1 same order, 0 unrelated, -1 reversed, NaN with fewer than two matters or where
            one ranking knows no order. M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33
            (1945) 239-251.
        furthest: the matter whose places differ most; None where they never do.
        words: one sentence.
    """

    places: tuple[Place, ...]
    tau: float
    furthest: Place | None
    words: str


def disagreement(names: Sequence[str], parties: Ints, noise: Ints | Floats) -> Disagreement:
    """How far the ranking by distinct parties and that by noise disagree.

    Args:
        names: the matters.
        parties: distinct parties of each.
        noise: posts, copies or reach of each.
    """
    by_parties = rankdata(-np.asarray(parties), method="min").astype(int)
    by_noise = rankdata(-np.asarray(noise), method="min").astype(int)
    places = sorted(
        (
            Place(name, int(first), int(second), int(second - first))
            for name, first, second in zip(names, by_parties, by_noise, strict=True)
        ),
        key=lambda place: (place.by_parties, place.name),
    )
    tau = float(kendalltau(parties, noise).statistic) if len(places) > 1 else float("nan")
    furthest = max(places, key=lambda place: abs(place.moved), default=None)
    if furthest is None or furthest.moved == 0:
        return Disagreement(tuple(places), tau, None, "both rankings give the same order")
    words = (
        f"{furthest.name} is number {furthest.by_parties} by people and number {furthest.by_noise} by noise; "
        f"agreement of the two orders: {tau:.2f} of at most 1"
    )
    return Disagreement(tuple(places), tau, furthest, words)
