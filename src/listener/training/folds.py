"""Parts of the examples that are held back in turn; equal texts are never on both sides."""

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from listener.domain.errors import UsageError
from listener.training.examples import Examples
from listener.training.trainer import Rows


def folds(examples: Examples, rows: Rows, count: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Rows to train on and rows held back, `count` times; each row is held back once, labels spread evenly.

    Raises:
        UsageError: a label has fewer different texts than there are to be parts.
    """
    truth, groups = examples.truth[rows], examples.groups[rows]
    for place, label in enumerate(examples.labels):
        different = len(np.unique(groups[truth == place]))
        if 0 < different < count:
            raise UsageError(
                f"the label {label!r} has {different} different texts, and {count} are needed to check the model: "
                "add texts, or leave the label out"
            )
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for train, held in splitter.split(rows, truth, groups):
        yield rows[train], rows[held]
