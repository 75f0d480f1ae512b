"""A model of languages learns from few texts, and is a directory without pickle that says the same when read."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.domain.errors import UsageError
from listener.language.characters import ARRAYS, CARD, LanguageModel, runs
from listener.language.train import Figures, train
from stream.enrichment.clean import clean
from stream.enrichment.language import LanguageDetector

WORDS = {
    "en": "where is my bag the desk does not answer and I have been waiting for hours at gate with them",
    "de": "wo ist mein Koffer der Schalter antwortet nicht und ich warte seit Stunden am Tor mit ihnen",
    "hi": "mera bag kahan hai counter wale jawab nahi dete aur main ghanto se gate par wait kar raha hoon",
}


def examples() -> tuple[list[str], list[str]]:
    chance = np.random.default_rng(1)
    texts, labels = [], []
    for label, words in WORDS.items():
        for _ in range(40):
            texts.append(" ".join(chance.permutation(words.split())[:7].tolist()))
            labels.append(label)
    return texts, labels


@pytest.fixture(scope="module")
def trained() -> tuple[LanguageModel, Figures]:
    return train(*examples())


def test_it_learns(trained: tuple[LanguageModel, Figures]) -> None:
    model, figures = trained
    assert np.mean(figures.recall) > 0.9
    assert np.mean(figures.false_accepts) < 0.05
    shares = model.probabilities(["der Koffer ist nicht am Schalter", "mera counter kahan hai"])
    assert [model.labels[place] for place in shares.argmax(axis=1)] == ["de", "hi"]
    assert model.probabilities([]).shape == (0, 3)


def test_it_is_the_same_when_read_again(trained: tuple[LanguageModel, Figures], tmp_path: Path) -> None:
    model, _ = trained
    model.save(tmp_path)
    again = LanguageModel.load(tmp_path)
    texts = examples()[0]
    assert (again.probabilities(texts) == model.probabilities(texts)).all()
    assert (again.version, again.least, again.data) == (
        model.version,
        model.least,
        json.loads(json.dumps(model.data)),
    )


@pytest.mark.parametrize("damage", ["card", "format", "arrays", "numbers"])
def test_a_damaged_model_is_refused(
    trained: tuple[LanguageModel, Figures], tmp_path: Path, damage: str
) -> None:
    trained[0].save(tmp_path)
    card = tmp_path / CARD
    match damage:
        case "card":
            card.unlink()
        case "format":
            card.write_text(card.read_text().replace('"format": 1', '"format": 9'))
        case "arrays":
            (tmp_path / ARRAYS).write_bytes(b"no zip")
        case "numbers":
            card.write_text(card.read_text().replace('"longest": ', '"longest": 1'))
    with pytest.raises(UsageError, match=str(tmp_path)):
        LanguageModel.load(tmp_path)


@pytest.mark.parametrize("labels", [["de"] * 40 + ["fr"] * 40, ["en"] * 80, ["en"] * 79 + ["de"]])
def test_too_little_is_refused(labels: list[str]) -> None:
    with pytest.raises(UsageError, match=r"en|de"):
        train([f"text {number}" for number in range(80)], labels)


@settings(deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=5))
def test_runs_alone_or_together(texts: list[str]) -> None:
    together = runs(texts, 3)
    for place, text in enumerate(texts):
        alone = runs([text], 3).ids
        assert (together.ids[together.starts[place] : together.starts[place + 1]] == alone).all()
        assert (together.of(np.array([place])).ids == alone).all()


def test_what_ships_and_the_model_have_to_agree_on_english(trained: tuple[LanguageModel, Figures]) -> None:
    mixed = "where is mera bag the desk jawab nahi and I"
    texts = [
        clean(text) for text in ("Where is my bag? The desk does not answer", mixed, "Wo ist mein Koffer")
    ]
    detector = LanguageDetector(trained[0])
    assert [language.code for language in detector.detect_each(texts)] == ["en", "und", "de"]
    assert detector.version.endswith(trained[0].version)
