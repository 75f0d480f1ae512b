"""What is known of a model's mistakes, from texts that it had not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from listener.statistics.interval import Floats, Ints


@dataclass(frozen=True)
class Confusion:
    """How often the model said what, by what was true, on held-out mentions.

    Attributes:
        labels: every label, "none of these" included.
        counts: mentions; row = the true label, column = what the model said.
    """

    labels: tuple[str, ...]
    counts: Ints

    def __post_init__(self) -> None:
        size = len(self.labels)
        if self.counts.shape != (size, size) or len(set(self.labels)) != size:
            raise ValueError(f"{size} distinct labels need {size} rows and columns, not {self.counts.shape}")
        if (self.counts < 0).any():
            raise ValueError("a confusion matrix counts mentions: none is below 0")

    @classmethod
    def of(cls, counts: Mapping[tuple[str, str], int], labels: Sequence[str] = ()) -> "Confusion":
        """From counts by (true label, said label).

        Args:
            labels: those that shall be there even if no count names them, in this order first.
        """
        named = [*labels, *sorted({label for pair in counts for label in pair} - set(labels))]
        matrix = np.zeros((len(named), len(named)), dtype=np.int64)
        for (true, said), number in counts.items():
            matrix[named.index(true), named.index(said)] += number
        return cls(tuple(named), matrix)

    def rates(self) -> Floats:
        """P(said | true); a row without a mention is taken as never mistaken: nothing is known of it."""
        return rates_of(self.counts.astype(np.float64))

    def resampled(self, generator: np.random.Generator, size: int) -> Floats:
        """`size` matrices of rates that are as likely given the counts, for an interval that takes in how few
        mentions were held out: each row from the Dirichlet posterior with Jeffreys' prior.

        J. M. Bernardo, A. F. M. Smith, Bayesian Theory (1994), section 5.4.
        """
        drawn = generator.standard_gamma(self.counts + 1 / len(self.labels), size=(size, *self.counts.shape))
        empty = self.counts.sum(axis=1) == 0
        drawn[:, empty, :] = np.eye(len(self.labels))[empty]
        return np.asarray(drawn / drawn.sum(axis=2, keepdims=True))


def rates_of(counts: Floats) -> Floats:
    """Rows that add up to one; a row of zeros becomes that of the unit matrix."""
    sums = counts.sum(axis=1, keepdims=True)
    return np.where(sums > 0, counts / np.maximum(sums, 1), np.eye(counts.shape[0]))
