"""Where a report learns how often root causes and links are wrong."""

import json
from pathlib import Path

import pytest

from listener.domain.errors import UsageError
from listener.known_mistakes import known_mistakes
from listener.settings import Config, Settings


def settings(directory: Path, models: str | None) -> Settings:
    return Settings(Config(models=models), directory, directory / "listener.yaml", {}, {})


def test_the_model_in_use_tells_its_own_unless_a_file_does(tmp_path: Path) -> None:
    slot = tmp_path / "models" / "root-cause" / "fast"
    (slot / "m").mkdir(parents=True)
    (slot / "in_use").write_text("m\n")
    card = {
        "kind": "linear",
        "task": "root-cause",
        "labels": ["a", "unknown"],
        "version": "root-cause-linear+1",
        "created_at": "2026-01-01T00:00:00Z",
        "metrics": {"confusion": [[8, 2], [1, 9]]},
    }
    (slot / "m" / "card.json").write_text(json.dumps(card))
    found = known_mistakes(settings(tmp_path, "models"), None, None)
    assert found is not None
    assert found.confusion.counts.tolist() == [[8, 2], [1, 9]]
    assert "root-cause-linear+1 in cross-validation, links as right" in found.words

    labels, links = tmp_path / "labels.json", tmp_path / "links.json"
    labels.write_text(json.dumps({"found_labels": ["a"], "confusion": [[7]]}))
    links.write_text(
        json.dumps({"open": {"precision": {"hits": 9, "of": 10}, "recall": {"hits": 9, "of": 12}}})
    )
    found = known_mistakes(settings(tmp_path, "models"), labels, links)
    assert found is not None
    assert found.confusion.labels == ("a",)
    assert found.linkage is not None
    assert "labels.json" in found.words
    assert "links.json" in found.words


def test_without_any_nothing_is_known_and_links_alone_are_refused(tmp_path: Path) -> None:
    assert known_mistakes(settings(tmp_path, None), None, None) is None
    links = tmp_path / "links.json"
    links.write_text(
        json.dumps({"open": {"precision": {"hits": 9, "of": 10}, "recall": {"hits": 9, "of": 12}}})
    )
    with pytest.raises(UsageError, match="--label-quality"):
        known_mistakes(settings(tmp_path, None), None, links)
