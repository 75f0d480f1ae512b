"""Precision, recall and B-cubed, against figures worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.evaluation.retrieval import Found, b_cubed


def test_precision_and_recall() -> None:
    found = Found.of({"a", "b", "c", "d"}, {"c", "d", "e"})
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == 0.5
    assert found.figures() == {"true": 4, "found": 3, "right": 2, "precision": 0.6667, "recall": 0.5}


def test_nothing_found_has_no_precision_and_nothing_true_no_recall() -> None:
    assert Found.of({"a"}, set()).precision is None
    assert Found.of(set(), {"a"}).recall is None


def test_a_group_torn_apart_costs_recall_and_two_thrown_together_cost_precision() -> None:
    true = {"a": 1, "b": 1, "c": 2, "d": 2}
    assert b_cubed(true, {"a": "x", "b": "y", "c": "z", "d": "z"}) == (1.0, 0.75)
    assert b_cubed(true, dict.fromkeys(true, "x")) == (0.5, 1.0)


@given(st.dictionaries(st.integers(0, 20), st.integers(0, 5), min_size=1))
def test_a_grouping_under_other_names_is_right(groups: dict[int, int]) -> None:
    assert b_cubed(groups, {thing: f"case {group}" for thing, group in groups.items()}) == (1.0, 1.0)
