"""Trains a model of languages by `listener.language.train`, and stores it as all models are."""

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from listener.language.train import ENGLISH, train
from listener.models.card import Card
from listener.models.characters import packed
from listener.models.in_use import model_in_use, slot_of
from listener.models.store import load_card, save_model
from listener.training.examples import Examples
from listener.training.train import unused
from listener.training.trainer import Advance
from stream.enrichment.clean import recognised
from stream.enrichment.language import LanguageDetector


class TrainedLanguage(NamedTuple):
    """What came of it.

    Attributes:
        worse: the version in use that accepts fewer English texts, or more others, without making up for it by
            the other; None where there is none, or it was checked on other texts.
    """

    directory: Path
    card: Card
    worse: str | None


def train_language(
    examples: Examples, out: Path, at: datetime, seed: int, advance: Advance
) -> TrainedLanguage:
    """Trains, checks and stores a model of languages; does not put it in use.

    Raises:
        UsageError: there is no English among the labels, or too little of one of them.
    """
    detector = LanguageDetector()
    accepted = [detector.detect(recognised(text, False).words).code == ENGLISH for text in examples.texts]
    labels = [examples.labels[place] for place in examples.truth]
    model, figures = train(examples.texts, labels, accepted, seed=seed, advance=advance)
    metrics: dict[str, Any] = figures.summary()
    card = Card(
        kind="characters",
        task="language",
        labels=model.labels,
        created_at=at,
        least=model.least,
        settings={"longest": model.longest},
        data=examples.data,
        metrics=metrics,
    )
    before = model_in_use(out, "language", "fast")
    directory = unused(slot_of(out, "language", "fast") / f"{at:%Y%m%dT%H%M%S}")
    card = save_model(directory, card, packed(model))
    return TrainedLanguage(directory, card, None if before is None else _worse(load_card(before), card))


def _worse(before: Card, card: Card) -> str | None:
    """Whether recall less false accepts has fallen, on the same file."""
    if before.data.get("sha256") != card.data.get("sha256"):
        return None
    old, new = (
        one.metrics["recall"]["mean"] - one.metrics["false_accepts"]["mean"] for one in (before, card)
    )
    return before.version if new < old else None
