"""From labelled texts to a model in its directory, beside the one that is in use."""

from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from listener.models.card import Card
from listener.models.in_use import model_in_use, slot_of
from listener.models.store import load_model, save_model
from listener.training.card_page import CONFUSION, PAGE, card_page
from listener.training.compare import Comparison, compare
from listener.training.cross_validate import OUTER_FOLDS, cross_validate, cross_validated_figures
from listener.training.decision import fit_decision
from listener.training.examples import Examples
from listener.training.folds import folds
from listener.training.picture import confusion_svg
from listener.training.trainer import Advance, MakeTrainer

ALSO = 0.3
"""Calibrated probability from which a second root cause is named beside the likeliest."""


class Trained(NamedTuple):
    """What came of it."""

    directory: Path
    card: Card
    beside: Comparison | None
    """How it does beside the model in use; None where there is none."""


def train(
    examples: Examples,
    make: MakeTrainer,
    out: Path,
    at: datetime,
    sure: float,
    seed: int,
    parts: int,
    advance: Advance,
) -> Trained:
    """Trains, checks and stores a model; does not put it in use.

    Args:
        out: directory of models.
        at: now.
        sure: how many of the labels that it names are to be right, as a share; 0 names always one.
        parts: how many of the `OUTER_FOLDS` parts of the examples are held back in turn and judged.
        advance: told the progress, together one.

    Raises:
        UsageError: a label has too few texts; the model in use cannot be read.
    """
    trainer = make(examples, seed)
    share = 1 / (parts + 1)
    held = list(islice(folds(examples, np.arange(len(examples.texts)), OUTER_FOLDS, seed), parts))
    judged = cross_validate(examples, trainer, seed, sure, lambda done: advance(done * (1 - share)), held)
    fitted = trainer.fit(np.arange(len(examples.texts)), lambda done: advance(done * share))
    rows, scores = fitted.held_out
    decision = fit_decision(scores, examples.truth[rows], sure)
    metrics = cross_validated_figures(examples, judged)
    task = examples.task
    card = Card(
        kind=trainer.kind,
        task=task.name,
        speed=trainer.speed,
        labels=examples.labels,
        created_at=at,
        calibration=decision.calibration,
        weights=decision.weights,
        least=decision.least,
        also=ALSO if task.none is not None else 1.0,
        settings=dict(fitted.settings),
        data=examples.data,
        metrics=metrics,
    )
    slot = slot_of(out, task.name, trainer.speed)
    before = model_in_use(out, task.name, trainer.speed)
    beside = None if before is None else compare(examples, judged, load_model(before))
    directory = unused(slot / f"{at:%Y%m%dT%H%M%S}")
    title = f"{task.name}, {len(judged.rows)} texts"
    files = {
        CONFUSION: confusion_svg(metrics["confusion"], examples.labels, title).encode(),
        PAGE: b"",
        **fitted.files(),
    }
    card = save_model(directory, card, fitted.arrays(), files)
    (directory / PAGE).write_text(card_page(card), encoding="utf-8")
    return Trained(directory, card, beside)


def summary(trained: Trained) -> dict[str, Any]:
    """What is told of it as JSON."""
    made: dict[str, Any] = {
        "version": trained.card.version,
        "directory": str(trained.directory),
        "metrics": trained.card.metrics,
    }
    if trained.beside is not None:
        made["beside"] = trained.beside._asdict()
    return made


def unused(directory: Path) -> Path:
    """This directory, or one with a number behind where it is there already."""
    number, free = 1, directory
    while free.exists():
        number += 1
        free = directory.with_name(f"{directory.name}-{number}")
    return free
