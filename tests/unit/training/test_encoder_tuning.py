"""Tuning an encoder: what was learnt is what the graph of integers says."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tiny_encoder import tiny_encoder

pytest.importorskip("jax", reason="needs the extra train-accurate")
pytest.importorskip("optax", reason="needs the extra train-accurate")

from listener.models import load_model
from listener.models.tasks import TASKS
from listener.training.encoder import EncoderTrainer, held_back
from listener.training.encoder_tuning import Settings
from listener.training.examples import Examples
from listener.training.train import train


def examples() -> Examples:
    texts = tuple(
        f"{start} {middle} {end}"
        for start in ("my", "user", "again", "day")
        for middle in ("order", "parcel", "came", "late")
        for end in ("thanks", "broken")
    )
    told = dict.fromkeys(("file", "text", "label"), "made up")
    data = told | dict.fromkeys(("rows", "different_texts"), len(texts)) | {"left_out": 0}
    truth = np.array([text.endswith("broken") for text in texts], np.int64)
    return Examples(TASKS["complaint"], ("other", "complaint"), texts, truth, np.arange(len(texts)), {}, data)


def test_it_learns_and_says_how_far_it_is() -> None:
    shares: list[float] = []
    trainer = EncoderTrainer(
        examples(), 0, Settings(epochs=20, batch=8, rate=5e-3, head_rate=1e-2), tiny_encoder()
    )
    fitted = trainer.fit(np.arange(32), shares.append)
    rows, scores = fitted.held_out
    assert len(rows) == 4
    assert (scores.argmax(axis=1) == examples().truth[rows]).all()
    assert sum(shares) == pytest.approx(1)
    again = trainer.fit(np.arange(32), shares.append)
    assert fitted.files() == again.files()


def test_an_encoder_left_as_it_is_is_read_by_a_regression() -> None:
    fitted = EncoderTrainer(examples(), 0, None, tiny_encoder()).fit(np.arange(32), lambda _: None)
    rows = np.arange(32)
    assert (fitted.scores(rows).argmax(axis=1) == examples().truth[rows]).mean() > 0.9
    assert fitted.settings["encoder"] == "tiny"


def test_what_is_stored_says_what_was_trained(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    trained = train(
        examples(),
        lambda some, seed: EncoderTrainer(some, seed, None, tiny_encoder()),
        tmp_path,
        now,
        0.0,
        0,
        3,
        lambda _: None,
    )
    model = load_model(trained.directory)
    assert trained.card.kind == "encoder"
    assert trained.card.speed == "accurate"
    right = model.probabilities(examples().texts).argmax(axis=1) == examples().truth
    assert right.mean() > 0.9


def test_equal_texts_are_held_back_together() -> None:
    groups = np.array([0, 0, 1, 2, 3, 4, 5, 6, 7, 0])
    back = held_back(groups, 0)
    assert 1 <= back.sum() <= 3
    assert not set(groups[back]) & set(groups[~back])
