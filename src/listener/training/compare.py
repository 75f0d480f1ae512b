"""A new model beside the one in use, on the same texts."""

from typing import NamedTuple

import numpy as np

from listener.models.decide import named
from listener.models.text_model import TextModel
from listener.training.cross_validate import CrossValidated
from listener.training.examples import Examples
from listener.training.metrics import Interval, Places, Shares, confusion_of, interval, macro_f1

DRAWN = 200
"""Bootstrap samples of texts."""


class Comparison(NamedTuple):
    """Macro-F1 on the examples.

    Attributes:
        version: of the model in use.
        new: of the new one, cross-validated.
        in_use: of the one in use: as its card says where it was trained on this very file, else on these
            examples, some of which it may have been trained on, so that it may look better than it is.
        fair: whether both are on texts that neither had seen.
        difference: 95 % interval of new minus in use; None where only the card's figure is there.
    """

    version: str
    new: float
    in_use: float
    fair: bool
    difference: Interval | None

    @property
    def worse(self) -> bool:
        """Whether the new one does worse."""
        return self.new < self.in_use


def compare(examples: Examples, judged: CrossValidated, in_use: TextModel) -> Comparison:
    """Compares.

    Args:
        judged: the new model's, cross-validated.
    """
    card = in_use.card
    labels = tuple(dict.fromkeys((*examples.labels, *card.labels)))
    truth = examples.truth[judged.rows]
    new = float(macro_f1(confusion_of(truth, judged.found, len(examples.labels))))
    if card.data.get("sha256") == examples.data.get("sha256") and card.labels == examples.labels:
        stated = float(card.metrics["macro_f1"]["value"])
        return Comparison(card.version, round(new, 4), stated, True, None)
    place = np.array([labels.index(label) for label in card.labels], np.int64)
    found = place[named(in_use.probabilities([examples.texts[row] for row in judged.rows]), card)]
    once = np.ones(len(found))
    old = _macro_f1(truth, found, len(labels), once)
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(len(found), once / len(found), DRAWN).astype(np.float64)
    differences = [
        _macro_f1(truth, judged.found, len(labels), draw) - _macro_f1(truth, found, len(labels), draw)
        for draw in drawn
    ]
    low, high = interval(np.array(differences))
    return Comparison(card.version, round(new, 4), round(old, 4), False, (round(low, 4), round(high, 4)))


def _macro_f1(truth: Places, found: Places, labels: int, times: Shares) -> float:
    """With each text counted so often.

    Args:
        labels: how many there are, those that only the model in use has at the end.
    """
    return float(
        macro_f1(np.bincount(truth * labels + found, times, labels * labels).reshape(labels, labels))
    )
