"""Trains the fast models: linear ones over TF-IDF of words and pieces of words, and manners of writing.

Documented ways and sums of them, of which the examples choose inside the folds: logistic regression on the
features as they are, and on each times its log-count ratio between a label and the others (S. Wang and C. Manning,
"Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012); for many labels a support
vector machine (T. Joachims, "Text Categorization with Support Vector Machines", ECML 1998). Each way the result is
a weight for each feature and label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from listener.models.card import Speed
from listener.models.grams import BITS, BLOCKS, VERSION, Block
from listener.models.linear import Weights, column_count, in_manner, packed, reader
from listener.training.decision import fit_decision
from listener.training.examples import Examples, Truth
from listener.training.folds import folds
from listener.training.metrics import confusion_of, macro_f1
from listener.training.trainer import Advance, Rows, Scores

RARE = 2
"""Texts that a feature occurs in at least; of what occurs once nothing can be learnt."""
INNER_FOLDS = 3
SMOOTH = 0.1
"""Added to the counts that log-count ratios are of."""
NEVER = -20.0
"""Score of a label that there was no example of."""
Matrix = Any
"""A sparse matrix of scipy, which publishes no types."""


class Way(NamedTuple):
    """Hyperparameters.

    Attributes:
        plain: strength (scikit-learn's C) of a fit to the features as they are; None for none.
        ratio: of a fit to the features times their log-count ratios.
        margin: of a support vector machine. The scores of all fits are added up.
        scales: of the blocks and the manners of writing: what is scaled up is regularised less, and a block of
            zero is left out.
    """

    plain: float | None = None
    ratio: float | None = None
    margin: float | None = None
    scales: tuple[float, float, float, float] = (1.0, 1.0, 0.0, 0.3)


WAYS = (Way(plain=3.0), Way(ratio=1.0), Way(plain=3.0, ratio=0.3), Way(plain=3.0, ratio=1.0))
WAYS_OF_MANY = (
    Way(margin=0.3),
    Way(margin=0.3, scales=(1.0, 1.0, 1.0, 0.3)),
    Way(margin=1.0, scales=(1.0, 1.0, 1.0, 0.3)),
)
"""For so many labels that few texts are left for each."""
MANY = 20


class LinearTrainer:
    """See `trainer.Trainer`; features are worked out once.

    Args:
        seed: of the inner folds.
        ways: what is tried.
    """

    kind = "linear"
    speed: Speed = "fast"

    def __init__(self, examples: Examples, seed: int, ways: Sequence[Way] = WAYS) -> None:
        self._examples, self._seed, self._ways = examples, seed, ways
        grams = reader().read(examples.texts)
        self._blocks = [_counted(grams.block(name), grams.count) for name in BLOCKS]
        self.manner = grams.manner

    def fit(self, rows: Rows, advance: Advance) -> "FittedLinear":
        """See `trainer.Trainer`."""
        with threadpool_limits(
            1
        ):  # products of sparse matrices gain nothing by threads, which wait by spinning
            return self._choose(rows, advance)

    def _choose(self, rows: Rows, advance: Advance) -> "FittedLinear":
        truth = self._examples.truth
        parts = list(folds(self._examples, rows, INNER_FOLDS, self._seed))
        steps = len(self._ways) * len(parts) + 1
        held = np.concatenate([part for _, part in parts])
        best: tuple[float, Way, Scores] | None = None
        for way in self._ways:
            together = np.concatenate(
                [self._held(train, part, way, advance, 1 / steps) for train, part in parts]
            )
            decision = fit_decision(together, truth[held], 0.0)
            found = decision.found(decision.shares(together))
            reached = float(macro_f1(confusion_of(truth[held], found, together.shape[1])))
            if best is None or reached > best[0]:
                best = (reached, way, together)
        if best is None:
            raise ValueError("there is no way to try")
        fitted = self._fit(rows, best[1])
        advance(1 / steps)
        return fitted.with_held_out(held, best[2])

    def _held(self, train: Rows, held: Rows, way: Way, advance: Advance, share: float) -> Scores:
        scores = self._fit(train, way).scores(held)
        advance(share)
        return scores

    def _fit(self, rows: Rows, way: Way) -> "FittedLinear":
        truth = self._examples.truth[rows]
        blocks = [
            _Columns.of(block, rows) if scale else _Columns.none(block)
            for block, scale in zip(self._blocks, way.scales, strict=False)
        ]
        mean = self.manner[rows].mean(axis=0)
        deviation = np.maximum(self.manner[rows].std(axis=0), 1e-3)
        manner = in_manner(self.manner, mean, deviation)
        scaled = [block.values(rows) * scale for block, scale in zip(blocks, way.scales, strict=False)]
        design = sparse.hstack([*scaled, sparse.csr_matrix(manner[rows] * way.scales[-1])], format="csr")
        labels = len(self._examples.labels)
        fits = ((_as_they_are, way.plain), (_by_ratio, way.ratio), (_by_margin, way.margin))
        made = [fit(design, truth, labels, strength) for fit, strength in fits if strength is not None]
        weights, bias = (np.add.reduce(part) for part in zip(*made, strict=True))
        edges = np.cumsum([0, *(len(block.ids) for block in blocks), manner.shape[1]])
        cut = [
            weights[start:end] * scale
            for start, end, scale in zip(edges[:-1], edges[1:], way.scales, strict=True)
        ]
        return FittedLinear(self, way, blocks, (mean, deviation), cut, bias)


@dataclass(frozen=True)
class FittedLinear:
    """See `trainer.Fitted`."""

    trainer: LinearTrainer
    way: Way
    blocks: "list[_Columns]"
    spread: tuple[NDArray[np.float32], NDArray[np.float32]]
    weights: list[NDArray[np.float32]]
    """Of the blocks and of the manners of writing."""
    bias: NDArray[np.float32]
    held_out: tuple[Rows, Scores] = (np.empty(0, np.int64), np.empty((0, 0)))

    def with_held_out(self, rows: Rows, scores: Scores) -> "FittedLinear":
        """With the scores that the choice of hyperparameters rested on."""
        return FittedLinear(
            self.trainer, self.way, self.blocks, self.spread, self.weights, self.bias, (rows, scores)
        )

    @property
    def settings(self) -> dict[str, Any]:
        """See `trainer.Fitted`."""
        return {"features": VERSION} | self.way._asdict()

    def scores(self, rows: Rows) -> Scores:
        """See `trainer.Fitted`."""
        total = in_manner(self.trainer.manner[rows], *self.spread) @ self.weights[-1] + self.bias
        for block, weights in zip(self.blocks, self.weights[:-1], strict=True):
            total = total + block.values(rows) @ weights
        scores = np.asarray(total, np.float64)
        return np.concatenate([np.zeros_like(scores), scores], axis=1) if scores.shape[1] == 1 else scores

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """See `trainer.Fitted`."""
        return packed(self._block_weights(), (*self.spread, self.weights[-1]), self.bias)

    def _block_weights(self) -> list[Weights]:
        return [
            Weights(block.ids, block.idf, columns)
            for block, columns in zip(self.blocks, self.weights[:-1], strict=True)
        ]

    def files(self) -> Mapping[str, bytes]:
        """See `trainer.Fitted`."""
        return {}


@dataclass(frozen=True)
class _Columns:
    """The columns of a block that some rows teach something about."""

    counted: Matrix
    ids: NDArray[np.int32]
    idf: NDArray[np.float32]

    @classmethod
    def of(cls, counted: Matrix, rows: Rows) -> "_Columns":
        texts = np.bincount(counted[rows].indices, minlength=counted.shape[1])
        ids = np.flatnonzero(texts >= RARE).astype(np.int32)
        idf = np.log((1 + len(rows)) / (1 + texts[ids])) + 1
        return cls(counted[:, ids], ids, idf.astype(np.float32))

    @classmethod
    def none(cls, counted: Matrix) -> "_Columns":
        """Of a block that is left out."""
        return cls(counted[:, :0], np.empty(0, np.int32), np.empty(0, np.float32))

    def values(self, rows: Rows) -> Matrix:
        """TF-IDF of length one."""
        values = self.counted[rows].multiply(self.idf).tocsr()
        lengths = np.sqrt(np.asarray(values.multiply(values).sum(axis=1)).ravel())
        lengths[lengths == 0] = 1
        return sparse.diags(1 / lengths, dtype=np.float32) @ values


def _counted(block: Block, texts: int) -> Matrix:
    values = (1 + np.log(block.counts)).astype(np.float32)
    return sparse.csr_matrix((values, (block.rows, block.ids)), shape=(texts, 1 << BITS))


def _as_they_are(
    design: Matrix, truth: Truth, labels: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (a row a feature, a column a label) and bias of one multinomial regression."""
    fitted = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(design, truth)
    return _spread_out(fitted, labels)


def _spread_out(fitted: Any, labels: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and bias with a column for each label, also for those of which there was no example."""
    weights, bias = fitted.coef_.T, fitted.intercept_
    if column_count(labels) == 1:
        return weights.astype(np.float32), bias.astype(np.float32)
    whole, whole_bias = np.zeros((len(weights), labels)), np.full(labels, NEVER)
    whole[:, fitted.classes_], whole_bias[fitted.classes_] = weights, bias
    return whole.astype(np.float32), whole_bias.astype(np.float32)


def _by_margin(
    design: Matrix, truth: Truth, labels: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same of a support vector machine for each label against the others."""
    fitted = LinearSVC(C=strength, tol=1e-2).fit(design, truth)
    return _spread_out(fitted, labels)


def _by_ratio(
    design: Matrix, truth: Truth, labels: int, strength: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The same of a regression for each label against the others, over features times log-count ratios."""
    columns = column_count(labels)
    weights, bias = np.zeros((design.shape[1], columns), np.float32), np.full(columns, NEVER, np.float32)
    positive_part = abs(design)
    for column in range(columns):
        is_label = truth == (1 if columns == 1 else column)
        if not is_label.any():
            continue
        there, elsewhere = (
            np.asarray(positive_part[chosen].sum(axis=0)).ravel() + SMOOTH for chosen in (is_label, ~is_label)
        )
        ratio = np.log((there / there.sum()) / (elsewhere / elsewhere.sum()))
        fitted = LogisticRegression(C=strength, max_iter=200, tol=1e-3).fit(
            design.multiply(ratio).tocsr(), is_label
        )
        weights[:, column] = fitted.coef_[0] * ratio
        bias[column] = fitted.intercept_[0]
    return weights, bias


def make(examples: Examples, seed: int) -> LinearTrainer:
    """See `trainer.MakeTrainer`."""
    return LinearTrainer(examples, seed, WAYS_OF_MANY if len(examples.labels) > MANY else WAYS)
