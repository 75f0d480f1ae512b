"""Which labels are named."""

from datetime import UTC, datetime

import numpy as np

from listener.models.card import Card
from listener.models.decide import named, several, sure

CARD = Card(
    kind="linear",
    task="root-cause",
    labels=("late", "lost", "rude"),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    weights=(0.5, 1.0, 1.0),
    least=0.4,
    also=0.3,
)


def test_rare_labels_weigh_more() -> None:
    assert named(np.array([[0.55, 0.35, 0.1], [0.8, 0.1, 0.1]]), CARD).tolist() == [1, 0]


def test_none_is_named_where_none_is_likely_enough() -> None:
    shares = np.array([[0.4, 0.35, 0.25], [0.1, 0.6, 0.3]])
    assert sure(shares, CARD).tolist() == [False, True]
    assert several(shares[0], CARD, 3) == []


def test_several_are_named_likeliest_first() -> None:
    assert several(np.array([0.05, 0.5, 0.45]), CARD, 3) == [1, 2]
    assert several(np.array([0.05, 0.5, 0.45]), CARD, 1) == [1]
