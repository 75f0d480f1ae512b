"""What every model of texts is, whatever it is made of."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from listener.models.card import Card

D = TypeVar("D")
Probabilities = NDArray[np.float64]
"""A row for each text, a column for each label; each row sums to one."""


class TextModel(Protocol):
    """Tells how likely each label is of a text. May be shared by threads; does no I/O once it is loaded.

    Texts are cleaned (`stream.enrichment.clean`), in training as in use. Both functions take batches, since a
    single text costs nearly as much as twenty; a `Texts` spares models of one kind the same work twice.
    """

    @property
    def card(self) -> Card:
        """What it is: task, labels, version, calibration, thresholds, metrics."""

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """How likely each of `card.labels` is, calibrated; no texts give no rows."""

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        """The words of each text that speak most for its label, the weightiest first; at most `MOST_EVIDENCE`.

        Args:
            labels: one for each text, one of `card.labels`; None where no words are asked for, which gives none.
        """


MOST_EVIDENCE = 6


class Texts(Sequence[str]):
    """A batch that several models look at: what one of them worked out of it, the next ones find."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._derived: dict[str, Any] = {}

    def derived(self, name: str, derive: Callable[[Sequence[str]], D]) -> D:
        """What `derive` makes of the texts, made once under this name."""
        if name not in self._derived:
            self._derived[name] = derive(self._texts)
        found: D = self._derived[name]
        return found

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...
    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        return self._texts[place]
