"""Models in use, and what replaces them."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from listener.domain.errors import UsageError
from listener.models.card import Card
from listener.models.grams import BLOCKS, MANNER, VERSION
from listener.models.in_use import POINTER, ModelsInUse, model_in_use, put_in_use, slot_of
from listener.models.linear import Weights, packed
from listener.models.store import save_model


def model(directory: Path, name: str, bias: float, labels: tuple[str, ...] = ("other", "complaint")) -> Path:
    """One that says the same of every text."""
    card = Card(
        kind="linear",
        task="complaint",
        labels=labels,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        settings={"features": VERSION},
    )
    none = Weights(np.empty(0, np.int32), np.empty(0, np.float32), np.empty((0, 1), np.float32))
    manner = (np.zeros(len(MANNER), np.float32), np.ones(len(MANNER), np.float32))
    arrays = packed([none] * len(BLOCKS), (*manner, np.zeros((len(MANNER), 1), np.float32)), np.array([bias]))
    path = slot_of(directory, "complaint", "fast") / name
    save_model(path, card, arrays)
    return path


def said(models: ModelsInUse) -> float:
    return float(models.models["complaint", "fast"].probabilities(["a text"])[0, 1])


def test_another_model_is_taken_while_it_runs(tmp_path: Path) -> None:
    put_in_use(model(tmp_path, "one", -2.0))
    models = ModelsInUse(tmp_path)
    batch = models.models
    put_in_use(model(tmp_path, "two", 2.0))
    [change] = models.look()
    assert change.startswith("complaint fast: complaint-linear+")
    assert said(models) > 0.5
    assert float(batch["complaint", "fast"].probabilities(["a text"])[0, 1]) < 0.5
    assert models.look() == []
    put_in_use(tmp_path / "complaint/fast/one")
    models.look()
    assert said(models) < 0.5
    (tmp_path / "complaint/fast" / POINTER).unlink()
    assert models.look() == ["complaint fast: none"]
    assert models.models == {}


def test_one_that_cannot_be_read_is_told_once_and_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put_in_use(model(tmp_path, "one", 2.0))
    models = ModelsInUse(tmp_path)
    (tmp_path / "complaint/fast" / POINTER).write_text("nowhere\n")
    with caplog.at_level(logging.ERROR):
        assert [models.look(), models.look()] == [[], []]
    assert len(caplog.records) == 1
    assert said(models) > 0.5


def test_a_model_that_does_not_fit_here_is_not_taken(tmp_path: Path) -> None:
    def refuse(_: Card) -> None:
        raise UsageError("not here")

    models = ModelsInUse(tmp_path)
    models.require(refuse)
    put_in_use(model(tmp_path, "one", 2.0))
    assert models.look() == []
    with pytest.raises(UsageError, match="not here"):
        ModelsInUse(tmp_path).require(refuse)


def test_the_directory_is_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory of models"):
        ModelsInUse(tmp_path / "models")
    slot_of(tmp_path, "complaint", "fast").mkdir(parents=True)
    assert model_in_use(tmp_path, "complaint", "accurate") is None
    (slot_of(tmp_path, "complaint", "fast") / POINTER).write_text("../elsewhere\n")
    with pytest.raises(UsageError, match="not the name of a directory beside it"):
        ModelsInUse(tmp_path)
