"""What the models of one task say of a batch: the fast one of every text, the accurate one where that is unsure.

The accurate one is a hundred times slower. A text that the fast one is sure about would hardly be judged otherwise
by it; so it is asked about the others only, and no text waits for want of time. Which of the two judged a text
stands with the judgement.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.models.card import Card
from listener.models.decide import named
from listener.models.in_use import Models
from listener.models.text_model import TextModel, Texts

SURE = 0.85
"""Probability of the fast model's label from which the accurate one is not asked."""
Wanted = Callable[[Card, NDArray[np.float64]], Sequence[str]]
"""From card and probabilities to the labels whose evidence is wanted."""


class Judgement(NamedTuple):
    """What was said of one text, by whom, resting on which words."""

    card: Card
    probabilities: NDArray[np.float64]
    """Of each of `card.labels`."""
    evidence: Mapping[str, tuple[str, ...]]
    """Label to the words that speak for it, of those labels that were asked for."""


def judge(models: Models, task: str, texts: Sequence[str], wanted: Wanted) -> list[Judgement] | None:
    """One judgement for each text; None where no model of this task is in use.

    Args:
        texts: cleaned; a `Texts` where other tasks' models see them, too.
        wanted: for which labels words are to be named; they cost time, so not for those that say nothing.
    """
    fast, accurate = models.get((task, "fast")), models.get((task, "accurate"))
    first = fast or accurate
    if first is None or not len(texts):
        return None if first is None else []
    shares = first.probabilities(texts)
    judged = _judged(first, texts, shares, wanted)
    if fast is not None and accurate is not None:
        best = shares[np.arange(len(texts)), named(shares, fast.card)]
        unsure = [int(place) for place in np.flatnonzero(best < SURE)]
        if unsure:
            some = Texts([texts[place] for place in unsure])
            again = _judged(accurate, some, accurate.probabilities(some), wanted)
            for place, judgement in zip(unsure, again, strict=True):
                judged[place] = judgement
    return judged


def _judged(
    model: TextModel, texts: Sequence[str], shares: NDArray[np.float64], wanted: Wanted
) -> list[Judgement]:
    card = model.card
    asked = [wanted(card, row) for row in shares]
    evidence: list[dict[str, tuple[str, ...]]] = [{} for _ in texts]
    for turn in range(max(map(len, asked), default=0)):
        labels = [labels[turn] if turn < len(labels) else None for labels in asked]
        for found, label, words in zip(evidence, labels, model.evidence(texts, labels), strict=True):
            if label is not None:
                found[label] = words
    return [Judgement(card, row, found) for row, found in zip(shares, evidence, strict=True)]
