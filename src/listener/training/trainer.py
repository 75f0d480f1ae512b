"""What a way of training is, whatever it trains: `linear` makes the fast models, `encoder` the accurate ones."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from listener.models.card import Speed
from listener.training.examples import Examples, Truth

Scores = NDArray[np.float64]
Rows = NDArray[np.int64]
"""Places of examples."""
Advance = Callable[[float], None]
"""Told how far it is: the share done since it was told last."""


class Fitted(Protocol):
    """A trained model, not calibrated yet."""

    @property
    def settings(self) -> dict[str, Any]:
        """Hyperparameters chosen, and what the kind's `load` needs."""

    @property
    def held_out(self) -> tuple[Rows, Scores]:
        """Some or all of the rows it was given, with scores by a model that had not been trained on them.

        Calibration and the weights of labels are fitted on these: by cross-validation inside the rows where
        that is cheap, else a part that was held back.
        """

    def scores(self, rows: Rows) -> Scores:
        """Of the examples that the trainer knows: a logit for each label, for texts trained on or not."""

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What goes to the model's ``arrays.npz``."""

    def files(self) -> Mapping[str, bytes]:
        """What else the model's directory has."""


class Trainer(Protocol):
    """1. Made for examples: works out what all folds share, such as features. 2. `fit` for each fold's training
    rows, and at last for all. Choosing hyperparameters is part of `fit` and sees nothing but its rows.
    """

    kind: str
    speed: Speed

    def fit(self, rows: Rows, advance: Advance) -> Fitted:
        """Trains on these examples alone.

        Args:
            rows: which.
            advance: told the progress; the shares of one call sum to one.
        """


MakeTrainer = Callable[[Examples, int], Trainer]
"""From examples and a seed."""

__all__ = ["Advance", "Examples", "Fitted", "MakeTrainer", "Rows", "Scores", "Trainer", "Truth"]
