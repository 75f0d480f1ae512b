"""The fast and the accurate model together."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from listener.models.card import Card, Speed
from listener.models.judge import judge
from listener.models.text_model import Probabilities


class Fixed:
    """Says of each text what it was told to; keeps which it was asked."""

    def __init__(self, speed: Speed, shares: dict[str, float]) -> None:
        self.card = Card(
            kind="linear",
            task="complaint",
            speed=speed,
            labels=("other", "complaint"),
            version=speed,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        self._shares = shares
        self.asked: list[str] = []

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        self.asked += texts
        return np.array([[1 - self._shares[text], self._shares[text]] for text in texts])

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        return [() if label is None else (text,) for text, label in zip(texts, labels, strict=True)]


def complaints(card: Card, shares: Probabilities) -> Sequence[str]:
    return card.labels[1:] if shares[1] >= 0.5 else ()


def test_the_accurate_one_is_asked_where_the_fast_one_is_unsure() -> None:
    fast = Fixed("fast", {"sure": 0.95, "not": 0.02, "unsure": 0.6})
    accurate = Fixed("accurate", {"unsure": 0.1})
    judged = judge(
        {("complaint", "fast"): fast, ("complaint", "accurate"): accurate},
        "complaint",
        ["sure", "unsure", "not"],
        complaints,
    )
    assert judged is not None
    assert [one.card.version for one in judged] == ["fast", "accurate", "fast"]
    assert [float(one.probabilities[1]) for one in judged] == [0.95, 0.1, 0.02]
    assert [dict(one.evidence) for one in judged] == [{"complaint": ("sure",)}, {}, {}]
    assert accurate.asked == ["unsure"]


def test_one_alone_judges_all() -> None:
    accurate = Fixed("accurate", {"a": 0.6, "b": 0.1})
    judged = judge({("complaint", "accurate"): accurate}, "complaint", ["a", "b"], complaints)
    assert judged is not None
    assert [one.card.version for one in judged] == ["accurate", "accurate"]


def test_without_a_model_nothing_is_said() -> None:
    assert judge({}, "complaint", ["a"], complaints) is None
    assert judge({("complaint", "fast"): Fixed("fast", {})}, "complaint", [], complaints) == []
