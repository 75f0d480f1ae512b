"""Figures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from listener.training.metrics import (
    accuracy_at_coverage,
    confusion_of,
    drawn_again,
    figures,
    interval,
    macro_f1,
    recall_at_precision,
)

PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=30)


@given(PAIRS)
def test_macro_f1_is_scikit_learns_over_labels_that_are_true(pairs: list[tuple[int, int]]) -> None:
    truth, found = (np.array(column) for column in zip(*pairs, strict=True))
    own = macro_f1(confusion_of(truth, found, 3))
    theirs = f1_score(truth, found, labels=np.unique(truth), average="macro", zero_division=0.0)
    assert float(own) == pytest.approx(theirs)


def test_the_interval_holds_the_figure_and_narrows_with_texts() -> None:
    small = np.array([[40, 10], [10, 40]])
    widths = []
    for confusion in (small, small * 100):
        low, high = interval(macro_f1(drawn_again(confusion)))
        assert low < float(macro_f1(confusion)) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 5


def test_recall_at_precision_takes_equal_scores_together() -> None:
    scores = np.array([0.9, 0.8, 0.8, 0.1])
    assert recall_at_precision(scores, np.array([True, True, False, True]), 0.9) == pytest.approx(1 / 3)
    assert recall_at_precision(scores, np.array([True, True, True, False]), 0.9) == 1


def test_accuracy_at_coverage_is_of_the_surest() -> None:
    assert accuracy_at_coverage(np.array([0.9, 0.8, 0.1]), np.array([True, True, False]), 2 / 3) == 1


def test_unsure_counts_as_missed() -> None:
    made = figures(np.array([0, 1]), np.array([2, 1]), None, ("other", "complaint", "unsure"), None)
    assert made["macro_f1"]["value"] == 0.5
    assert made["labels"]["unsure"]["texts"] == 0
