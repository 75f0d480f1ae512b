"""How often a model is right about whole parties, from parties of whom every contact was checked by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from listener.statistics.interval import Floats

DRAWS = 4000
"""Of the two rates, from which as many shares as are wanted are taken by weight."""


@dataclass(frozen=True)
class CheckedParties:
    """Checked parties, for one cause.

    Attributes:
        both: it was true of a contact, and the model said it of a contact, be it another one.
        missed: it was true, and the model never said it.
        mistaken: the model said it, and it was never true.
        neither: the others.
    """

    both: int
    missed: int
    mistaken: int
    neither: int

    def __post_init__(self) -> None:
        if min(self.both, self.missed, self.mistaken, self.neither) < 0:
            raise ValueError("both, missed, mistaken and neither are counts of parties")

    def true_shares(
        self, with_cause: int, parties: int, generator: np.random.Generator, size: int
    ) -> tuple[Floats, float]:
        """Shares of parties of whom the cause is true, as likely as they are given both counts.

        With p the share that is true, s the part of those whom the model finds and f the part of the others of
        whom it says the same, it finds the share q = p s + (1 - p) f (Rogan and Gladen 1978, see `shares`). Drawn
        are s and f as likely as the checked parties make them (Jeffreys' prior), q between the two, and each pair
        weighs as much as it makes the count likely, p being taken as anything before (L. Joseph, T. W. Gyorkos,
        L. Coupal, Bayesian estimation of disease prevalence and the parameters of diagnostic tests, American
        Journal of Epidemiology 141 (1995) 263-272; A. Gelman, B. Carpenter, Bayesian analysis of tests with
        unknown specificity and sensitivity, Applied Statistics 69 (2020) 1269-1283).

        Args:
            with_cause: parties of whom the model says the cause, of all `parties`.

        Returns:
            `size` shares, and how likely it is that the model says it no oftener where it is true.
        """
        found = generator.beta(self.both + 0.5, self.missed + 0.5, DRAWS)
        mistaken = generator.beta(self.mistaken + 0.5, self.neither + 0.5, DRAWS)
        seen = beta(with_cause + 1, parties - with_cause + 1)
        low, high = np.minimum(found, mistaken), np.maximum(found, mistaken)
        below, above = seen.cdf(low), seen.cdf(high)
        weights = (above - below) / np.maximum(high - low, 1e-12)
        if not weights.sum():  # what is found lies far outside of what the checked parties let expect
            weights = np.ones(DRAWS)
        places = generator.choice(DRAWS, size, p=weights / weights.sum())
        q = seen.ppf(below[places] + generator.random(size) * (above - below)[places])
        q = np.clip(q, low[places], high[places])
        differ = found - mistaken
        shares = (q - mistaken[places]) / np.where(differ == 0, 1e-12, differ)[places]
        return np.clip(shares, 0, 1), float((differ <= 0).mean())


def checked_parties(
    parties: Sequence[str], true: Sequence[str], said: Sequence[str], labels: Sequence[str]
) -> dict[str, CheckedParties]:
    """For each label, of contacts that were checked.

    Args:
        parties, true, said: for each contact whose it is, what is true of it and what the model said.
    """
    truly, found = _by_party(parties, true), _by_party(parties, said)
    made = {}
    for label in labels:
        real = {party for party, names in truly.items() if label in names}
        told = {party for party, names in found.items() if label in names}
        made[label] = CheckedParties(
            len(real & told), len(real - told), len(told - real), len(truly) - len(real | told)
        )
    return made


def _by_party(parties: Sequence[str], labels: Sequence[str]) -> Mapping[str, set[str]]:
    found: dict[str, set[str]] = {}
    for party, label in zip(parties, labels, strict=True):
        found.setdefault(party, set()).add(label)
    return found
