"""Trains accurate models: an encoder that ships in a package, tuned to the examples, beside a fast model.

Up to `MANY` examples the encoder itself is tuned. Of more it stays as it is, and a logistic regression reads it:
tuning would take hours. Either way its logits and those of a fast model, trained on the same rows, are added up,
one as they weigh: each makes other mistakes. What is scored is the graph of integers that will run.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from listener.models.card import Speed
from listener.models.encoder import (
    GRAPH,
    MOST_CHARACTERS,
    TOKENIZER,
    Network,
    bounded_tokenizer,
    scores_of,
)
from listener.models.encoder_text import VERSION, as_read
from listener.training import linear
from listener.training.encoder_graph import integer_graph
from listener.training.encoder_tuning import Settings, Tuned, tune
from listener.training.encoder_weights import Encoder, find_encoder, read_encoder
from listener.training.examples import Examples
from listener.training.trainer import Advance, Rows, Scores

MANY = 5_000
"""Examples from which the encoder is not tuned."""
HELD_BACK = 8
"""One in so many groups of equal texts is held back from tuning; calibration is fitted on these."""
STRENGTH = 10.0
"""Of the regression that reads an encoder that is not tuned (scikit-learn's C)."""
_SHARE_OF_LINEAR = 0.05
"""Of the time of training."""


class FittedEncoder:
    """See `trainer.Fitted`."""

    def __init__(
        self,
        examples: Examples,
        network: tuple[bytes, str],
        fast: linear.FittedLinear,
        settings: dict[str, Any],
        held_back: Rows,
    ) -> None:
        self._examples, self._fast = examples, fast
        self._graph, self._tokenizer = network
        self._network = Network(*network)
        self.settings = fast.settings | settings | {"reads": VERSION}
        rows, scores = fast.held_out
        order = np.argsort(rows)
        beside = scores[order[np.searchsorted(rows, held_back, sorter=order)]]
        self.held_out = (held_back, self._read(held_back) + beside)

    def scores(self, rows: Rows) -> Scores:
        """See `trainer.Fitted`."""
        return self._read(rows) + self._fast.scores(rows)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Those of the fast model."""
        return self._fast.arrays()

    def files(self) -> Mapping[str, bytes]:
        """See `trainer.Fitted`."""
        return {GRAPH: self._graph, TOKENIZER: self._tokenizer.encode()}

    def _read(self, rows: Rows) -> Scores:
        return scores_of(self._network.read([self._examples.texts[row] for row in rows]))


class EncoderTrainer:
    """Trains anew for each set of rows; see `trainer.Trainer`.

    Args:
        seed: of what is held back, of the order of the examples, and of dropout.
        encoder: None for the installed package's.
        settings: of tuning; None leaves the encoder as it is.

    Raises:
        UsageError: there is no encoder.
    """

    kind = "encoder"
    speed: Speed = "accurate"

    def __init__(
        self, examples: Examples, seed: int, settings: Settings | None, encoder: Encoder | None = None
    ) -> None:
        self._examples, self._seed, self._settings = examples, seed, settings
        self._encoder = encoder or read_encoder(find_encoder())
        self._fast = linear.make(examples, seed)

    def fit(self, rows: Rows, advance: Advance) -> FittedEncoder:
        """See `trainer.Trainer`."""
        fast = self._fast.fit(rows, lambda done: advance(done * _SHARE_OF_LINEAR))
        back = held_back(self._examples.groups[rows], self._seed)
        learnt = rows[~back]
        settings: dict[str, Any] = {"encoder": self._encoder.name}
        if self._settings is None:
            tuned = self._headed(learnt)
            settings["strength_of_head"] = STRENGTH
            advance(1 - _SHARE_OF_LINEAR)
        else:
            tuned = tune(
                self._encoder,
                [self._tokens[row] for row in learnt],
                self._examples.truth[learnt],
                len(self._examples.labels),
                self._settings,
                self._seed,
                lambda done: advance(done * (1 - _SHARE_OF_LINEAR)),
            )
            settings |= self._settings.as_dict()
        graph = integer_graph(tuned.encoder, tuned.head, tuned.head_bias)
        network = (graph, self._encoder.tokenizer)
        return FittedEncoder(self._examples, network, fast, settings, rows[back])

    @cached_property
    def _tokens(self) -> list[NDArray[np.int64]]:
        tokenizer = bounded_tokenizer(self._encoder.tokenizer)
        texts = (as_read(text[:MOST_CHARACTERS]) for text in self._examples.texts)
        return [np.array(tokenizer.encode(text).ids, np.int64) for text in texts]

    @cached_property
    def _vectors(self) -> NDArray[np.float64]:
        """What the encoder as it is makes of each text."""
        size = self._encoder.words.shape[1]
        graph = integer_graph(self._encoder, np.eye(size, dtype=np.float32), np.zeros(size, np.float32))
        network = Network(graph, self._encoder.tokenizer)
        return np.concatenate([scores_of(network.read([text])) for text in self._examples.texts])

    def _headed(self, rows: Rows) -> Tuned:
        """The encoder as it is, and the regression that reads it."""
        vectors = self._vectors[rows]
        length = float(np.linalg.norm(vectors, axis=1).mean())
        fitted = LogisticRegression(C=STRENGTH, max_iter=300).fit(
            vectors / length, self._examples.truth[rows]
        )
        labels = len(self._examples.labels)
        head, bias = (
            np.zeros((vectors.shape[1], labels), np.float32),
            np.full(labels, linear.NEVER, np.float32),
        )
        coefficients, intercepts = fitted.coef_, fitted.intercept_
        if len(fitted.classes_) == 2:  # one row that tells the second from the first
            coefficients, intercepts = (
                np.concatenate([np.zeros_like(found), found]) for found in (coefficients, intercepts)
            )
        head[:, fitted.classes_], bias[fitted.classes_] = coefficients.T / length, intercepts
        return Tuned(self._encoder, head, bias)


def make(examples: Examples, seed: int) -> EncoderTrainer:
    """See `trainer.MakeTrainer`."""
    return EncoderTrainer(examples, seed, Settings() if len(examples.texts) < MANY else None)


def held_back(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which rows are not learnt from: all of one in `HELD_BACK` groups."""
    names = np.unique(groups)
    drawn = np.random.default_rng(seed).permutation(names)[: max(1, len(names) // HELD_BACK)]
    back: NDArray[np.bool_] = np.isin(groups, drawn)
    return back
