"""From labelled texts to a model in use, on texts of our own writing."""

from datetime import UTC, datetime

import numpy as np
import pytest

from labelled import complaints
from listener.domain.errors import UsageError
from listener.models.in_use import ModelsInUse, put_in_use
from listener.models.linear import LinearModel, reader
from listener.models.store import load_model
from listener.training.cross_validate import cross_validate
from listener.training.folds import folds
from listener.training.linear import LinearTrainer, Way, make
from listener.training.train import Trained, train

AT = datetime(2026, 1, 1, tzinfo=UTC)
EXAMPLES = complaints()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    done: list[float] = []
    made = train(EXAMPLES, make, tmp_path_factory.mktemp("models"), AT, 0.0, 1, 2, done.append)
    assert sum(done) == pytest.approx(1)
    return made


def test_it_learns(trained: Trained) -> None:
    metrics = trained.card.metrics
    assert metrics["macro_f1"]["value"] > 0.95
    assert set(metrics["by"]["channel"]) == {"social", "email"}
    model = load_model(trained.directory)
    texts = ["Your lamp never arrived", "The lamp is lovely"]
    assert model.probabilities(texts)[:, 1].round().tolist() == [1, 0]
    [words, none] = model.evidence(texts, ["complaint", None])
    assert "never" in " ".join(words)
    assert none == ()


def test_what_runs_scores_as_what_was_trained(trained: Trained) -> None:
    fitted = LinearTrainer(EXAMPLES, 1).fit(np.arange(len(EXAMPLES.texts)), lambda _: None)
    model = load_model(trained.directory)
    assert isinstance(model, LinearModel)
    scores = model.scores(reader().read(EXAMPLES.texts))
    assert np.allclose(scores, fitted.scores(np.arange(len(EXAMPLES.texts))), atol=1e-4)


def test_card_and_picture_tell_no_text(trained: Trained) -> None:
    files = {path.name: path.read_bytes() for path in trained.directory.iterdir()}
    assert sorted(files) == ["arrays.npz", "card.json", "card.md", "confusion.svg"]
    page = files["card.md"].decode()
    assert trained.card.version in page
    assert "| macro-F1 |" in page
    assert not any(text.encode() in content for text in EXAMPLES.texts for content in files.values())


def test_a_worse_one_says_so(trained: Trained) -> None:
    put_in_use(trained.directory)
    noisy = complaints()
    noisy = type(noisy)(**(noisy.__dict__ | {"truth": np.roll(noisy.truth, 1) ^ (np.arange(200) % 3 == 0)}))
    noisy.data["sha256"] = "1" * 64
    worse = train(noisy, make, trained.directory.parents[2], AT, 0.0, 1, 1, lambda _: None)
    assert worse.beside is not None
    assert worse.beside.version == trained.card.version
    in_use = ModelsInUse(trained.directory.parents[2])
    assert in_use.models["complaint", "fast"].card.version == trained.card.version


def test_equal_texts_stay_together() -> None:
    for train_rows, held in folds(EXAMPLES, np.arange(200), 3, 0):
        assert not set(EXAMPLES.groups[train_rows]) & set(EXAMPLES.groups[held])


def test_a_label_with_too_few_texts_is_named() -> None:
    few = complaints(200)
    rows = np.flatnonzero(few.truth == 0)
    with pytest.raises(UsageError, match="'complaint' has 1 different texts"):
        list(folds(few, np.append(rows, np.flatnonzero(few.truth == 1)[:1]), 3, 0))


@pytest.mark.parametrize("way", [Way(plain=1.0), Way(ratio=0.3), Way(margin=0.3), Way(plain=1.0, ratio=0.3)])
def test_three_labels_are_learnt_either_way(way: Way) -> None:
    three = complaints(150)
    truth = np.where(["The app" in text for text in three.texts], 2, three.truth)
    three = type(three)(**(three.__dict__ | {"truth": truth, "labels": ("other", "complaint", "app")}))
    part = next(folds(three, np.arange(150), 3, 0))
    judged = cross_validate(three, LinearTrainer(three, 1, [way]), 1, 0.5, lambda _: None, [part])
    assert (judged.found == truth[judged.rows]).mean() > 0.9
    assert np.allclose(judged.shares.sum(axis=1), 1)
