"""From probabilities to what is said: which label, and when none."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.models.card import Card
from listener.models.text_model import Probabilities


def named(probabilities: Probabilities, card: Card) -> NDArray[np.int64]:
    """For each text the place of the label that is named, abstention left out.

    Probabilities are weighed before the likeliest is taken, so that rare labels are not passed over: post-hoc
    logit adjustment (A. Menon et al., "Long-Tail Learning via Logit Adjustment", ICLR 2021). They themselves
    stay as they are, calibrated.
    """
    weighed = probabilities * np.asarray(card.weights) if card.weights else probabilities
    places: NDArray[np.int64] = weighed.argmax(axis=1)
    return places


def sure(probabilities: Probabilities, card: Card) -> NDArray[np.bool_]:
    """For each text whether the label that is named is likely enough to be named (`Card.least`)."""
    places = named(probabilities, card)
    enough: NDArray[np.bool_] = probabilities[np.arange(len(places)), places] >= card.least
    return enough


def several(probabilities: NDArray[Any], card: Card, most: int) -> list[int]:
    """The places of all labels that are named of one text, likeliest first; none where none is likely enough.

    Args:
        probabilities: of one text.
        most: how many at most.
    """
    first = int(named(probabilities[None, :], card)[0])
    if probabilities[first] < card.least:
        return []
    others = sorted(
        (place for place in np.flatnonzero(probabilities >= card.also) if place != first),
        key=lambda place: -probabilities[place],
    )
    return [first, *(int(place) for place in others)][:most]
