"""Models of languages in the directory of models: `listener.language.characters`, with a card."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.language.characters import BITS, LanguageModel
from listener.models.card import Card
from listener.models.store import load_arrays
from listener.models.text_model import Probabilities


class CharactersModel:
    """See `TextModel`; a part of the language step, which asks it about what else is taken for English.

    Attributes:
        language: what tells.
    """

    def __init__(self, card: Card, language: LanguageModel) -> None:
        self.card, self.language = card, language

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """See `TextModel`."""
        return self.language.probabilities(texts)

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        """None: a language shows in letters all over a text, not in words."""
        return [()] * len(texts)


def packed(model: LanguageModel) -> dict[str, NDArray[Any]]:
    """As `load` reads it; rows that are zero are left out."""
    used = np.flatnonzero(np.abs(model.weights).max(axis=1) > 0)
    return {"used": used.astype(np.uint32), "weights": model.weights[used], "bias": model.bias}


def load(directory: Path, card: Card) -> CharactersModel:
    """Reads one.

    Raises:
        KeyError, ValueError, OSError: arrays are missing or do not fit.
    """
    arrays = load_arrays(directory)
    weights = np.zeros((1 << BITS, len(card.labels)), np.float32)
    weights[arrays["used"]] = arrays["weights"]
    longest = int(card.settings["longest"])
    bias = np.asarray(arrays["bias"], np.float64)
    return CharactersModel(card, LanguageModel(card.labels, weights, bias, longest, card.least, card.data))
