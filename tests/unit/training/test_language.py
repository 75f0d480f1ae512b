"""A model of languages, from texts of our own to the chain."""

from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np

from labelled import mention
from listener.models.in_use import ModelsInUse, put_in_use
from listener.models.tasks import TASKS
from listener.training.examples import Examples
from listener.training.language import train_language
from stream.enrichment.pipeline import Enricher

AT = datetime(2026, 1, 1, tzinfo=UTC)
ENGLISH, GERMAN = (
    [" ".join(words) for words in product(*parts)]
    for parts in (
        (
            ("the train", "my phone", "this shop"),
            ("is late", "broke"),
            ("again", "and nobody helps", "today"),
        ),
        (
            ("der Zug", "mein Handy", "der Laden"),
            ("ist kaputt", "kommt nicht"),
            ("schon wieder", "heute", "ja"),
        ),
    )
)


def test_it_is_used_and_named(tmp_path: Path) -> None:
    texts = (*ENGLISH, *GERMAN)
    examples = Examples(
        task=TASKS["language"],
        labels=("de", "en"),
        texts=texts,
        truth=np.array([1] * len(ENGLISH) + [0] * len(GERMAN)),
        groups=np.arange(len(texts)),
        data={"sha256": "0" * 64},
    )
    trained = train_language(examples, tmp_path, AT, 1, lambda _: None)
    assert trained.worse is None
    put_in_use(trained.directory)
    models = ModelsInUse(tmp_path)
    model = models.models["language", "fast"]
    assert model.probabilities(["the shop is late again"])[0, 1] > 0.5
    enricher = Enricher(models=models)
    [found] = enricher.enrich([mention("the train is late again and nobody helps")])
    assert found.language.code == "en"
    assert found.versions["language"] == f"{enricher.versions['language']}+{trained.card.version}"
