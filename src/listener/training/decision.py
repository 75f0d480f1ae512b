"""What is fitted on held-out scores: calibration, weights of labels, and from when on a label is named."""

from typing import NamedTuple

import numpy as np

from listener.models.calibration import Scores, calibrated, fit_platt, fit_temperature
from listener.models.card import Calibration
from listener.training.metrics import Places, Shares, confusion_of, macro_f1

EXPONENTS = tuple(step / 10 for step in range(13))
"""How much rarity counts: a label's weight is its share among the examples to the power of minus this."""


class Decision(NamedTuple):
    """How scores become labels; for the fields see `listener.models.card.Card`."""

    calibration: Calibration
    weights: tuple[float, ...]
    least: float

    def shares(self, scores: Scores) -> Shares:
        """Probabilities."""
        return calibrated(scores, self.calibration)

    def found(self, shares: Shares) -> Places:
        """The labels' places, abstention left out."""
        places: Places = (shares * np.asarray(self.weights)).argmax(axis=1)
        return places


def fit_decision(scores: Scores, truth: Places, sure: float) -> Decision:
    """Fits on scores of texts that the model had not seen.

    Args:
        truth: the true label's place of each.
        sure: how many in a hundred named labels are to be right, as a share; 0 names every one.
    """
    labels = scores.shape[1]
    calibration = (fit_platt if labels == 2 else fit_temperature)(scores, truth)
    shares = calibrated(scores, calibration)
    priors = np.maximum(np.bincount(truth, minlength=labels), 1) / len(truth)
    best = max(EXPONENTS, key=lambda exponent: (_macro_f1(shares, truth, priors**-exponent), -exponent))
    weights = priors**-best
    decision = Decision(calibration, tuple((weights / weights.max()).tolist()), 0.0)
    return decision._replace(least=_least(shares, decision.found(shares), truth, sure))


def _macro_f1(shares: Shares, truth: Places, weights: Shares) -> float:
    found = (shares * weights).argmax(axis=1)
    return float(macro_f1(confusion_of(truth, found, shares.shape[1])))


def _least(shares: Shares, found: Places, truth: Places, sure: float) -> float:
    """The lowest probability such that of the labels named with at least that the wished share is right."""
    confidence = shares[np.arange(len(found)), found]
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(found[order] == truth[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right >= sure)
    if not len(enough):
        return 1.0
    last = int(enough[-1])
    return 0.0 if last == len(order) - 1 else float(confidence[order[last]])
