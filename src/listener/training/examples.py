"""Labelled texts as they are learnt from."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.models.tasks import Task

Truth = NDArray[np.int64]


@dataclass(frozen=True)
class Examples:
    """Labelled texts.

    Attributes:
        task: what the labels are of.
        labels: all that occur, in the task's order or sorted.
        texts: cleaned as in the stream.
        truth: for each text the place of its label in `labels`.
        groups: for each text a number; equal texts have the same and stay in the same fold.
        about: column to its value for each text (language, channel, source), for figures by group.
        data: what the model card says of the file.
    """

    task: Task
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    truth: Truth
    groups: NDArray[np.int64]
    about: dict[str, tuple[str, ...]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
