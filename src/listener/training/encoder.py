"""Trains accurate models: an encoder that ships in a package, tuned to the examples, made into integers.

What is scored is the graph of integers that will run, not the network that was tuned.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from listener.models.encoder import GRAPH, MOST_CHARACTERS, TOKENIZER, Network, bounded_tokenizer, scores_of
from listener.models.encoder_text import VERSION, as_read
from listener.training.encoder_graph import integer_graph
from listener.training.encoder_tuning import Settings, tune
from listener.training.encoder_weights import Encoder, find_encoder, read_encoder
from listener.training.examples import Examples
from listener.training.trainer import Advance, Rows, Scores

HELD_BACK = 8
"""One in so many groups of equal texts is held back from tuning; calibration is fitted on these."""


class FittedEncoder:
    """A tuned encoder; see `trainer.Fitted`."""

    def __init__(
        self, examples: Examples, graph: bytes, encoder: Encoder, settings: dict[str, Any], held_back: Rows
    ) -> None:
        self._examples, self._graph, self._tokenizer = examples, graph, encoder.tokenizer
        self._network = Network(graph, encoder.tokenizer)
        self.settings = settings | {"reads": VERSION, "encoder": encoder.name}
        self.held_out = (held_back, self.scores(held_back))

    def scores(self, rows: Rows) -> Scores:
        return self.scores_of([self._examples.texts[row] for row in rows])

    def scores_of(self, texts: Sequence[str]) -> Scores:
        return scores_of(self._network.read(texts))

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        return {}

    def files(self) -> Mapping[str, bytes]:
        return {GRAPH: self._graph, TOKENIZER: self._tokenizer.encode()}


class EncoderTrainer:
    """Tunes the encoder anew for each set of rows; see `trainer.Trainer`."""

    kind = "encoder"
    speed: Literal["accurate"] = "accurate"

    def __init__(
        self, examples: Examples, seed: int, encoder: Encoder | None = None, settings: Settings | None = None
    ) -> None:
        self._examples, self._seed = examples, seed
        self._encoder = encoder or read_encoder(find_encoder())
        self._settings = settings or settings_for(len(examples.texts))
        tokenizer = bounded_tokenizer(self._encoder.tokenizer)
        self._tokens = [
            np.array(tokenizer.encode(as_read(text[:MOST_CHARACTERS])).ids, np.int64)
            for text in examples.texts
        ]

    def fit(self, rows: Rows, advance: Advance) -> FittedEncoder:
        back = held_back(self._examples.groups[rows], self._seed)
        learnt = rows[~back]
        tuned = tune(
            self._encoder,
            [self._tokens[row] for row in learnt],
            self._examples.truth[learnt],
            len(self._examples.labels),
            self._settings,
            self._seed,
            advance,
        )
        graph = integer_graph(tuned.encoder, tuned.head, tuned.head_bias)
        return FittedEncoder(self._examples, graph, self._encoder, self._settings.as_dict(), rows[back])


def make(examples: Examples, seed: int) -> EncoderTrainer:
    """A `trainer.MakeTrainer`."""
    return EncoderTrainer(examples, seed)


def settings_for(texts: int) -> Settings:
    """How an encoder is tuned to so many texts: the more there are, the fewer times each is seen."""
    return Settings(epochs=4 if texts < 5_000 else 3)


def held_back(groups: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """Which rows are not learnt from: all of one in `HELD_BACK` groups."""
    names = np.unique(groups)
    drawn = np.random.default_rng(seed).permutation(names)[: max(1, len(names) // HELD_BACK)]
    back: NDArray[np.bool_] = np.isin(groups, drawn)
    return back
