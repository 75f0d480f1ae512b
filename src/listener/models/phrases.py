"""The words that a judgement rests on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from listener.models.text_model import MOST_EVIDENCE

BEARING = 0.3
"""Share of the weightiest word's weight from which a word counts as evidence."""


def phrases(tokens: Sequence[str], bearing: NDArray[np.float64]) -> tuple[str, ...]:
    """The weightiest words; those that stand side by side as one phrase."""
    worth = np.where([any(map(str.isalnum, token)) for token in tokens], bearing, 0.0) if tokens else bearing
    if not tokens or worth.max() <= 0:
        return ()
    chosen = np.flatnonzero(worth >= BEARING * worth.max())
    chosen = np.sort(chosen[np.argsort(-worth[chosen], kind="stable")[:MOST_EVIDENCE]])
    found: dict[str, float] = {}
    start = 0
    for place in range(1, len(chosen) + 1):
        if place < len(chosen) and chosen[place] == chosen[place - 1] + 1:
            continue
        run = chosen[start:place]
        phrase = " ".join(tokens[index] for index in run)
        found[phrase] = max(found.get(phrase, 0.0), float(worth[run].sum()))
        start = place
    return tuple(sorted(found, key=lambda phrase: -found[phrase]))
