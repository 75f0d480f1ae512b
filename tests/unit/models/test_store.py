"""A model's directory."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from listener.domain.errors import UsageError
from listener.models import Card, load_model, save_model
from listener.models.store import ARRAYS, CARD, load_arrays

AT = datetime(2026, 1, 1, tzinfo=UTC)
OURS = Card(kind="linear", task="complaint", labels=("other", "complaint"), created_at=AT)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    arrays = {"a": np.arange(3, dtype=np.int32), "b": np.array([[0.5]], np.float32)}
    card = save_model(tmp_path / "one", OURS, arrays, {"graph.bin": b"\0\1"})
    assert card.version.startswith("complaint-linear+")
    read = load_arrays(tmp_path / "one")
    assert {name: array.tolist() for name, array in read.items()} == {"a": [0, 1, 2], "b": [[0.5]]}
    assert (tmp_path / "one/graph.bin").read_bytes() == b"\0\1"
    assert list(tmp_path.iterdir()) == [tmp_path / "one"]


def test_the_version_changes_with_the_content_and_with_nothing_else(tmp_path: Path) -> None:
    later = OURS.model_copy(update={"created_at": AT.replace(year=2027)})
    arrays = {"a": np.zeros(2)}
    versions = [
        save_model(tmp_path / str(number), card, given).version
        for number, (card, given) in enumerate([(OURS, arrays), (later, arrays), (OURS, {"a": np.ones(2)})])
    ]
    assert versions[0] == versions[1] != versions[2]


def test_objects_are_not_written_and_pickle_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        save_model(tmp_path / "one", OURS, {"a": np.array([object()])})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "two").mkdir()
    np.savez(tmp_path / "two" / ARRAYS, a=np.array([{}]))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_arrays(tmp_path / "two")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "magic"}, "'magic' is not one of"),
        ({"format": 99}, "newer than this program"),
        ({"labels": ["one", "one"]}, "a label stands twice"),
        ({}, "cannot be read as a model"),
    ],
)
def test_what_is_wrong_with_a_model_is_told(tmp_path: Path, change: dict[str, object], told: str) -> None:
    save_model(tmp_path / "one", OURS, {"a": np.zeros(1)})
    path = tmp_path / "one" / CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError, match=told):
        load_model(tmp_path / "one")


def test_there_may_be_no_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"card\.json: cannot be read"):
        load_model(tmp_path)
