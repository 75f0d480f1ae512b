"""What other commands print of mistakes is what the reports take in."""

import json
from typing import Any

import pytest

from listener.domain.errors import UsageError
from listener.reports.mistakes import read_label_quality, read_match_quality
from listener.statistics.checked_parties import CheckedParties


def test_a_label_that_is_only_said_has_no_row() -> None:
    made = {"found_labels": ["a", "unknown", "b"], "confusion": [[8, 1, 1], [2, 7, 1]]}
    found, checked = read_label_quality(json.dumps(made), "q.json")
    assert checked is None
    assert found.labels == ("a", "unknown", "b")
    assert found.counts.tolist() == [[8, 1, 1], [2, 7, 1], [0, 0, 0]]


def test_people_who_were_checked_are_read() -> None:
    made: dict[str, Any] = {"found_labels": ["a"], "confusion": [[8]]}
    counts = {"both": 8, "missed": 1, "mistaken": 2, "neither": 3}
    _, checked = read_label_quality(json.dumps(made | {"checked_parties": {"a": counts}}), "q.json")
    assert checked == {"a": CheckedParties(8, 1, 2, 3)}
    del counts["missed"]
    with pytest.raises(UsageError, match=r"q\.json: checked_parties: .* 'missed'"):
        read_label_quality(json.dumps(made | {"checked_parties": {"a": counts}}), "q.json")


def test_links_are_counted_in_the_open_set() -> None:
    figures = {"precision": {"hits": 90, "of": 100}, "recall": {"hits": 90, "of": 120}}
    found = read_match_quality(json.dumps({"closed": {}, "open": figures}), "m.json")
    assert (found.right, found.wrong, found.missed) == (90, 10, 30)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"found_labels": ["a"], "confusion": [[1, 2]]}'])
def test_what_is_none_is_named(text: str) -> None:
    with pytest.raises(UsageError, match=r"q\.json"):
        read_label_quality(text, "q.json")
    with pytest.raises(UsageError, match=r"q\.json"):
        read_match_quality(text, "q.json")
