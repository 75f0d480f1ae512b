"""Accurate models: what they say of a text hangs on that text alone, and on which words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from listener.domain.errors import UsageError
from listener.models import Card, Texts, load_model, save_model
from listener.models.encoder import GRAPH, MOST_TOKENS, TOKENIZER, EncoderModel, Network
from listener.models.encoder_text import VERSION
from listener.models.grams import BLOCKS, MANNER
from listener.models.grams import VERSION as GRAMS
from listener.models.linear import LinearModel, Weights, packed
from listener.training.encoder_graph import integer_graph
from tiny_encoder import SIZE, tiny_encoder, tokenizer

TEXTS = ("my parcel never came", "thanks", "", "@acme lovely day 😡 again and again", "broken " * 400)
CARD = Card(
    kind="encoder",
    task="complaint",
    speed="accurate",
    labels=("other", "complaint"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    settings={"reads": VERSION, "features": GRAMS},
)
NOTHING = Weights(np.empty(0, np.int32), np.empty(0, np.float32), np.empty((0, 1), np.float32))
MANNERS = (
    np.zeros(len(MANNER), np.float32),
    np.ones(len(MANNER), np.float32),
    np.zeros((len(MANNER), 1), np.float32),
)


def beside(bias: float = 0.0) -> LinearModel:
    """A fast model that says the same of every text."""
    return LinearModel(CARD, [NOTHING] * len(BLOCKS), MANNERS, np.array([bias], np.float32))


def silent() -> dict[str, NDArray[Any]]:
    """The arrays of such a model."""
    return packed([NOTHING] * len(BLOCKS), MANNERS, np.zeros(1, np.float32))


def graph(labels: int = 2) -> bytes:
    head = np.random.default_rng(1).normal(size=(SIZE, labels)).astype(np.float32)
    return integer_graph(tiny_encoder(), head, np.zeros(labels, np.float32))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(graph(), tokenizer())


def test_a_text_is_judged_the_same_alone_and_among_others(network: Network) -> None:
    model = EncoderModel(CARD, network, beside())
    together = model.probabilities(TEXTS)
    assert np.allclose(together.sum(axis=1), 1)
    assert np.array_equal(together, np.concatenate([model.probabilities([text]) for text in TEXTS]))
    assert model.probabilities([]).shape == (0, 2)


def test_a_long_text_is_read_as_far_as_its_bound(network: Network) -> None:
    assert network.read([TEXTS[-1]])[0].logits.shape == (MOST_TOKENS, 2)


def test_words_named_are_those_that_add_most(network: Network) -> None:
    model = EncoderModel(CARD, network, beside())
    texts = Texts(["My order, never came!"])
    for label in CARD.labels:
        words = {word for phrase in model.evidence(texts, [label])[0] for word in phrase.split()}
        assert words <= {"My", "order", "never", "came"}
    assert set(model.evidence(texts, ["other"])[0]) != set(model.evidence(texts, ["complaint"])[0])


def test_the_fast_model_beside_it_has_its_say(network: Network) -> None:
    plain, warned = (
        EncoderModel(CARD, network, beside(bias)).probabilities(TEXTS)[:, 1] for bias in (0.0, 1.0)
    )
    assert np.allclose(np.log(warned / (1 - warned)) - np.log(plain / (1 - plain)), 1)


def test_a_stored_model_says_the_same(network: Network, tmp_path: Path) -> None:
    files = {GRAPH: graph(), TOKENIZER: tokenizer().encode()}
    card = save_model(tmp_path / "model", CARD, silent(), files)
    loaded = load_model(tmp_path / "model")
    assert loaded.card == card
    assert np.array_equal(
        loaded.probabilities(TEXTS), EncoderModel(CARD, network, beside()).probabilities(TEXTS)
    )


@pytest.mark.parametrize(
    ("card", "files", "message"),
    [
        (CARD, {GRAPH: b"no graph"}, "cannot be read"),
        (CARD, {GRAPH: graph(3)}, "3 labels"),
        (CARD, {TOKENIZER: b"{}"}, "cannot be read"),
        (CARD.model_copy(update={"settings": {"reads": "words-0", "features": GRAMS}}), {}, "train anew"),
    ],
)
def test_a_broken_model_is_refused_in_words(
    tmp_path: Path, card: Card, files: dict[str, bytes], message: str
) -> None:
    whole = {GRAPH: graph(), TOKENIZER: tokenizer().encode()}
    save_model(tmp_path / "model", card, silent(), whole | files)
    with pytest.raises(UsageError, match=message):
        load_model(tmp_path / "model")
