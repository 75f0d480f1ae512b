"""Parties behind accounts, where the match of accounts to customers errs."""

from dataclasses import dataclass

import numpy as np

from listener.statistics.interval import Floats


@dataclass(frozen=True)
class LinkageQuality:
    """How often the match is right, on accounts whose owners are known.

    Attributes:
        right: links that were made and are right.
        wrong: links that were made and are wrong.
        missed: links that should have been made and were not.
    """

    right: int
    wrong: int
    missed: int

    def __post_init__(self) -> None:
        if min(self.right, self.wrong, self.missed) < 0:
            raise ValueError("right, wrong and missed are counts of links")

    def factor(self) -> float:
        """True links for each link that was made: precision / recall."""
        made, real = self.right + self.wrong, self.right + self.missed
        return real / made if made and self.right else 1.0

    def resampled(self, generator: np.random.Generator, size: int) -> Floats:
        """`size` factors that are as likely given the counts (Jeffreys' prior on precision and recall)."""
        precision = generator.beta(self.right + 0.5, self.wrong + 0.5, size)
        recall = generator.beta(self.right + 0.5, self.missed + 0.5, size)
        return np.asarray(precision / recall)


def true_parties(accounts: Floats, parties: Floats, factor: Floats) -> Floats:
    """Distinct parties as they would be counted with a perfect match.

    An account that is linked to a party which has another one already takes one off the number of parties:
    ``links = accounts - parties``. Of the links made, the share `precision` is real, and of the real ones
    the share `recall` was made; so the real ones are ``links * precision / recall``: the definitions of the two
    (P. Christen, Data Matching (2012), section 7.2), solved for the number of real links.

    Args:
        accounts: distinct authors.
        parties: distinct parties, as counted.
        factor: `LinkageQuality.factor`.

    Returns:
        At least 1 where there is an account.
    """
    real = (accounts - parties) * factor
    return np.asarray(np.clip(accounts - real, np.minimum(accounts, 1), accounts))
