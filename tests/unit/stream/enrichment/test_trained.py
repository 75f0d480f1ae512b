"""The chain with trained models, which say of every text the same; what they are worth is measured elsewhere."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from labelled import mention
from listener.domain.errors import UsageError
from listener.models.card import Card
from listener.models.in_use import Models, ModelsInUse
from listener.models.text_model import Probabilities, TextModel
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import read_taxonomy

AT = datetime(2026, 1, 1, tzinfo=UTC)
TAXONOMY = read_taxonomy(
    """
nodes:
  - {id: delivery, name: Delivery late, owner: logistics, keywords: [parcel]}
  - {id: refund, name: Refunds, owner: finance, keywords: [refund]}
  - {id: app, name: The app, owner: it, keywords: [app]}
""",
    "taxonomy.yaml",
)


class Says:
    """Gives each text the same probabilities, and its first word as evidence."""

    def __init__(self, task: str, shares: dict[str, float], **fields: Any) -> None:
        self.card = Card(
            kind="linear", task=task, labels=tuple(shares), version=f"{task}-says", created_at=AT, **fields
        )
        self._row = list(shares.values())

    def probabilities(self, texts: Sequence[str]) -> Probabilities:
        return np.tile(np.array(self._row), (len(texts), 1))

    def evidence(self, texts: Sequence[str], labels: Sequence[str | None]) -> list[tuple[str, ...]]:
        return [
            () if label is None else (label, text.split()[0])
            for text, label in zip(texts, labels, strict=True)
        ]


COMPLAINT = Says("complaint", {"other": 0.1, "complaint": 0.9})
SENTIMENT = Says("sentiment", {"negative": 0.7, "neutral": 0.2, "positive": 0.1})
CAUSES = Says("root-cause", {"Delivery late": 0.6, "refund": 0.35, "unknown": 0.05}, least=0.5, also=0.3)


class InUse(ModelsInUse):
    """Without files."""

    def __init__(self, *models: TextModel) -> None:
        self.models: Models = {(model.card.task, "fast"): model for model in models}

    def require(self, check: Any) -> None:
        for model in self.models.values():
            check(model.card)


def test_models_judge_english_words_of_customers_and_nothing_else() -> None:
    enricher = Enricher(TAXONOMY, InUse(COMPLAINT, SENTIMENT))
    english, german, ours = enricher.enrich(
        [
            mention("What a lovely day in the park, thank you all"),
            mention("Das ist die schlimmste Bestellung, die ich je gemacht habe"),
            mention("What a lovely day in the park, thank you all", direction="outbound"),
        ]
    )
    assert (english.complaint.probability, english.complaint.evidence) == (0.9, ("complaint", "What"))
    assert english.sentiment is not None
    assert english.sentiment.label == "negative"
    assert english.sentiment.compound > 0
    assert english.versions["complaint"] == "complaint-says"
    assert (english.versions["sentiment"], english.versions["compound"]) == ("sentiment-says", "vader-3.3")
    assert german.complaint.probability == 0.5
    assert german.versions == ours.versions == enricher.versions
    assert ours.complaint.probability == 0


def test_stars_count_beside_a_model() -> None:
    doubtful = Says("complaint", {"other": 0.5, "complaint": 0.5})
    poor, good = Enricher(TAXONOMY, InUse(doubtful)).enrich(
        [mention("I have ordered it in the shop", rating=rating) for rating in (0.0, 1.0)]
    )
    assert poor.complaint.probability > 0.9
    assert poor.complaint.evidence[0] == "rated 0 of 1"
    assert good.complaint.probability < 0.1


def test_several_causes_each_with_its_owner_and_words() -> None:
    [found] = Enricher(TAXONOMY, InUse(CAUSES)).enrich(
        [mention("Your app says that the parcel is on its way")]
    )
    assert [(cause.node, cause.owner) for cause in found.root_causes] == [
        ("app", "it"),
        ("delivery", "logistics"),
        ("refund", "finance"),
    ]
    by_node = {cause.node: cause.evidence for cause in found.root_causes}
    assert by_node["delivery"] == ("Delivery late", "Your")
    assert by_node["app"] == ("app",)
    assert found.versions["root_causes"] == "root-cause-says"
    assert found.versions["taxonomy"] == TAXONOMY.version


def test_no_cause_where_the_model_is_not_sure_or_says_none() -> None:
    unsure = Says("root-cause", {"delivery": 0.45, "refund": 0.3, "unknown": 0.25}, least=0.5)
    none = Says("root-cause", {"delivery": 0.1, "refund": 0.1, "unknown": 0.8}, least=0.5)
    for model in (unsure, none):
        [found] = Enricher(TAXONOMY, InUse(model)).enrich([mention("The parcel and the refund are late")])
        assert found.root_causes == ()


def test_a_cause_without_owner_is_refused() -> None:
    strange = Says("root-cause", {"delivery": 0.5, "Weather": 0.5})
    with pytest.raises(UsageError, match="no root cause with the id or name 'Weather'"):
        Enricher(TAXONOMY, InUse(strange))


def test_a_batch_is_judged_by_what_is_in_use_when_it_begins() -> None:
    in_use = InUse(COMPLAINT)
    enricher = Enricher(TAXONOMY, in_use)
    before = enricher.enrich([mention("I have ordered it in the shop")])
    in_use.models = {}
    after = enricher.enrich([mention("I have ordered it in the shop")])
    assert before[0].versions["complaint"] == "complaint-says"
    assert after[0].versions == enricher.versions
