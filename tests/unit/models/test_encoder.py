"""Accurate models: what they say of a text hangs on that text alone, and on which words."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from listener.domain.errors import UsageError
from listener.models import Card, Texts, load_model, save_model
from listener.models.encoder import GRAPH, MOST_TOKENS, TOKENIZER, EncoderModel, Network
from listener.models.encoder_text import VERSION
from listener.training.encoder_graph import integer_graph
from tiny_encoder import SIZE, tiny_encoder, tokenizer

TEXTS = ("my parcel never came", "thanks", "", "@acme lovely day 😡 again and again", "broken " * 400)
CARD = Card(
    kind="encoder",
    task="complaint",
    speed="accurate",
    labels=("other", "complaint"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    settings={"reads": VERSION},
)


def graph(labels: int = 2) -> bytes:
    head = np.random.default_rng(1).normal(size=(SIZE, labels)).astype(np.float32)
    return integer_graph(tiny_encoder(), head, np.zeros(labels, np.float32))


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(graph(), tokenizer())


def test_a_text_is_judged_the_same_alone_and_among_others(network: Network) -> None:
    model = EncoderModel(CARD, network)
    together = model.probabilities(TEXTS)
    assert np.allclose(together.sum(axis=1), 1)
    assert np.array_equal(together, np.concatenate([model.probabilities([text]) for text in TEXTS]))
    assert model.probabilities([]).shape == (0, 2)


def test_a_long_text_is_read_as_far_as_its_bound(network: Network) -> None:
    assert network.read([TEXTS[-1]])[0].logits.shape == (MOST_TOKENS, 2)


def test_words_named_are_those_that_add_most(network: Network) -> None:
    model = EncoderModel(CARD, network)
    texts = Texts(["My order, never came!"])
    for label in CARD.labels:
        words = {word for phrase in model.evidence(texts, [label])[0] for word in phrase.split()}
        assert words <= {"My", "order", "never", "came"}
    assert set(model.evidence(texts, ["other"])[0]) != set(model.evidence(texts, ["complaint"])[0])


def test_models_in_a_batch_share_what_one_of_them_read(network: Network) -> None:
    texts = Texts(TEXTS)
    model = EncoderModel(CARD, network)
    first = model.probabilities(texts)
    del network
    assert np.array_equal(first, model.probabilities(texts))


def test_a_stored_model_says_the_same(network: Network, tmp_path: Path) -> None:
    files = {GRAPH: graph(), TOKENIZER: tokenizer().encode()}
    card = save_model(tmp_path / "model", CARD, files=files)
    loaded = load_model(tmp_path / "model")
    assert loaded.card == card
    assert np.array_equal(loaded.probabilities(TEXTS), EncoderModel(CARD, network).probabilities(TEXTS))


@pytest.mark.parametrize(
    ("card", "files", "message"),
    [
        (CARD, {GRAPH: b"no graph"}, "cannot be read"),
        (CARD, {GRAPH: graph(3)}, "3 labels"),
        (CARD, {TOKENIZER: b"{}"}, "cannot be read"),
        (CARD.model_copy(update={"settings": {"reads": "words-0"}}), {}, "train anew"),
    ],
)
def test_a_broken_model_is_refused_in_words(
    tmp_path: Path, card: Card, files: dict[str, bytes], message: str
) -> None:
    whole = {GRAPH: graph(), TOKENIZER: tokenizer().encode()}
    save_model(tmp_path / "model", card, files=whole | files)
    with pytest.raises(UsageError, match=message):
        load_model(tmp_path / "model")
