"""The fast models: a weight for each word, pair of words, piece of a word and manner of writing, added up.

Each block of features is weighed by inverse document frequency and brought to length one, as in a TF-IDF
classifier; whatever way the weights were learnt (see `listener.training.linear`), applying them is this.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.models.calibration import Scores, calibrated
from listener.models.card import Card
from listener.models.grams import BITS, BLOCKS, MANNER, VERSION, Block, GramReader, Grams
from listener.models.phrases import phrases
from listener.models.store import load_arrays
from listener.models.text_model import Probabilities

FEW = 4
"""Columns up to which they are added up one by one."""
BOUND = 4.0
"""Standard deviations from which a manner of writing is no more extreme."""
_READER: list[GramReader] = []


class Weights(NamedTuple):
    """Of one block."""

    ids: NDArray[np.int32]
    """Ascending; what is not among them counts nothing."""
    idf: NDArray[np.float32]
    columns: NDArray[np.float32]
    """A row for each id, a column for each label; of two labels one column, for the second."""


class LinearModel:
    """A fast model.

    Args:
        blocks: one for each of `grams.BLOCKS`; one without ids is not worked out.
        manner: mean, standard deviation and columns of the manners of writing.
        bias: of each column.

    Raises:
        ValueError: the arrays do not fit together.
    """

    def __init__(
        self,
        card: Card,
        blocks: Sequence[Weights],
        manner: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
        bias: NDArray[np.float32],
    ) -> None:
        columns = column_count(len(card.labels))
        fits = all(
            len(w.ids) == len(w.idf) == len(w.columns) and w.columns.shape[1:] == (columns,) for w in blocks
        )
        if not fits or len(blocks) != len(BLOCKS) or manner[2].shape != (len(MANNER), columns):
            raise ValueError("the arrays do not fit the labels")
        self.card = card
        self._blocks = [
            (name, w, table_of(w.ids)) for name, w in zip(BLOCKS, blocks, strict=True) if len(w.ids)
        ]
        self._mean, self._deviation, self._manner = manner
        self._bias = bias

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        """See `TextModel`."""
        return calibrated(self.scores(reader().read(texts)), self.card.calibration)

    def scores(self, grams: Grams) -> Scores:
        """A logit for each label, not calibrated."""
        total = in_manner(grams.manner, self._mean, self._deviation) @ self._manner + self._bias
        for name, weights, table in self._blocks:
            rows, columns, values, _ = weighed(grams.block(name), table, weights.idf, grams.count)
            total += _summed(rows, weights.columns[columns], values, grams.count)
        if total.shape[1] == 1:
            total = np.concatenate([np.zeros_like(total), total], axis=1)
        return total.astype(np.float64)

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        """See `TextModel`."""
        if all(label is None for label in labels):
            return [()] * len(texts)
        grams = reader().read(texts)
        number = {label: place for place, label in enumerate(self.card.labels)}
        places = np.array([0 if label is None else number[label] for label in labels], np.int64)
        bearing = np.zeros(len(grams.tokens))
        for name, weights, table in self._blocks:
            block = grams.block(name)
            _, _, _, norms = weighed(block, table, weights.idf, grams.count)
            columns = table[block.occurring]
            tokens, columns = block.at_tokens[columns >= 0], columns[columns >= 0]
            rows = grams.token_rows[tokens]
            value = self._for_label(weights.columns[columns], places[rows])
            value = value * weights.idf[columns] / norms[rows]
            bearing += np.bincount(tokens, value, len(grams.tokens))
        ends = np.searchsorted(grams.token_rows, np.arange(grams.count + 1))
        return [
            () if label is None else phrases(grams.tokens[start:end], bearing[start:end])
            for label, (start, end) in zip(labels, pairwise(ends), strict=True)
        ]

    def _for_label(self, columns: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """What each feature says for a label, against the mean of all."""
        if columns.shape[1] == 1:
            return np.where(places == 1, columns[:, 0], -columns[:, 0])
        own: NDArray[np.float32] = columns[np.arange(len(places)), places] - columns.mean(axis=1)
        return own


def column_count(labels: int) -> int:
    """How many columns of weights there are for so many labels."""
    return 1 if labels == 2 else labels


def reader() -> GramReader:
    """The one of this process, so that all models share what it remembers of words."""
    if not _READER:
        _READER.append(GramReader())
    return _READER[0]


def table_of(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Id to its row among these; -1 for the others."""
    table = np.full(1 << BITS, -1, np.int32)
    table[ids] = np.arange(len(ids), dtype=np.int32)
    return table


def weighed(
    block: Block, table: NDArray[np.int32], idf: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """A block's known features as TF-IDF of length one.

    Returns:
        Text, row of weights and value of each, and each text's length before it was made one.
    """
    columns = table[block.ids]
    known = columns >= 0
    rows, columns = block.rows[known], columns[known]
    values = (1 + np.log(block.counts[known])) * idf[columns]
    norms = np.sqrt(np.bincount(rows, values * values, count)).astype(np.float32)
    norms[norms == 0] = 1
    return rows, columns, values / norms[rows], norms


def in_manner(
    manner: NDArray[np.float32], mean: NDArray[np.float32], deviation: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Manners of writing in standard deviations, bounded."""
    bounded: NDArray[np.float32] = np.clip((manner - mean) / deviation, -BOUND, BOUND)
    return bounded


def _summed(
    rows: NDArray[np.int64], columns: NDArray[np.float32], values: NDArray[np.float32], count: int
) -> NDArray[np.float64]:
    width = columns.shape[1]
    if width <= FEW:
        each = [np.bincount(rows, columns[:, place] * values, count) for place in range(width)]
        return np.stack(each, axis=1)
    total = np.zeros((count, width))
    if len(rows):
        starts = np.flatnonzero(np.concatenate([[True], rows[1:] != rows[:-1]]))
        total[rows[starts]] = np.add.reduceat(columns * values[:, None], starts, axis=0)
    return total


def packed(
    blocks: Sequence[Weights],
    manner: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
    bias: NDArray[np.float32],
) -> dict[str, NDArray[Any]]:
    """As `load` reads them."""
    arrays: dict[str, NDArray[Any]] = {"bias": bias}
    for name, weights in zip(BLOCKS, blocks, strict=True):
        arrays |= {f"{name}.{field}": value for field, value in weights._asdict().items()}
    arrays |= dict(zip(("manner.mean", "manner.deviation", "manner.columns"), manner, strict=True))
    return arrays


def load(directory: Path, card: Card) -> LinearModel:
    """Reads one.

    Raises:
        ValueError: it was trained with other features than this program's; the arrays do not fit together.
        KeyError, OSError: arrays are missing.
    """
    if card.settings.get("features") != VERSION:
        raise ValueError(
            f"trained with the features {card.settings.get('features')}, not {VERSION}: train it anew"
        )
    arrays = load_arrays(directory)
    blocks = [Weights(*(arrays[f"{name}.{field}"] for field in Weights._fields)) for name in BLOCKS]
    manner = (arrays["manner.mean"], arrays["manner.deviation"], arrays["manner.columns"])
    return LinearModel(card, blocks, manner, arrays["bias"])
