"""How right a way of training is: each part of the examples is judged by a model that never saw it."""

from typing import Any, NamedTuple

import numpy as np

from listener.training.decision import fit_decision
from listener.training.examples import Examples
from listener.training.folds import folds
from listener.training.metrics import (
    Places,
    Shares,
    confusion_of,
    drawn_again,
    figures,
    interval,
    macro_f1,
    told,
)
from listener.training.trainer import Advance, Trainer

OUTER_FOLDS = 5


class CrossValidated(NamedTuple):
    """What was found of each example by models that had not seen it."""

    shares: Shares
    found: Places
    sure: "np.ndarray[Any, np.dtype[np.bool_]]"
    """Whether the label was likely enough to be named."""
    fold_macro_f1: tuple[float, ...]
    settings: tuple[dict[str, Any], ...]
    """Chosen in each fold."""


def cross_validate(
    examples: Examples, trainer: Trainer, seed: int, sure: float, advance: Advance
) -> CrossValidated:
    """Hyperparameters, calibration and the weights of labels are chosen anew inside each fold's training rows.

    Args:
        sure: see `decision.fit_decision`.
        advance: told the progress, together one.

    Raises:
        UsageError: a label has too few texts.
    """
    rows = np.arange(len(examples.texts))
    labels = len(examples.labels)
    shares = np.zeros((len(rows), labels))
    found = np.zeros(len(rows), np.int64)
    named = np.zeros(len(rows), np.bool_)
    each: list[float] = []
    settings: list[dict[str, Any]] = []
    for train, held in folds(examples, rows, OUTER_FOLDS, seed):
        fitted = trainer.fit(train, lambda share: advance(share / OUTER_FOLDS))
        inner, scores = fitted.held_out
        decision = fit_decision(scores, examples.truth[inner], sure)
        shares[held] = decision.shares(fitted.scores(held))
        found[held] = decision.found(shares[held])
        named[held] = shares[held, found[held]] >= decision.least
        each.append(float(macro_f1(confusion_of(examples.truth[held], found[held], labels))))
        settings.append(fitted.settings)
    return CrossValidated(shares, found, named, tuple(each), tuple(settings))


def cross_validated_figures(examples: Examples, judged: CrossValidated) -> dict[str, Any]:
    """All figures of a cross-validation, also by the columns that tell of the texts."""
    truth, found, shares = examples.truth, judged.found, judged.shares
    made = figures(truth, found, shares, examples.labels, examples.task.positive)
    each = np.array(judged.fold_macro_f1)
    made["folds"] = {
        "macro_f1": [round(float(one), 4) for one in each],
        "mean": round(float(each.mean()), 4),
        "standard_error": round(float(each.std(ddof=1) / len(each) ** 0.5), 4),
        "settings": list(judged.settings),
    }
    right = found == truth
    made["named"] = {
        "share": round(float(judged.sure.mean()), 4),
        "accuracy": round(float(right[judged.sure].mean()), 4) if judged.sure.any() else None,
    }
    made["by"] = {
        column: by_group(truth, found, len(examples.labels), values)
        for column, values in examples.about.items()
    }
    return made


MOST_GROUPS = 30
"""Told of one column, those with the most texts."""


def by_group(truth: Places, found: Places, labels: int, values: tuple[str, ...]) -> dict[str, Any]:
    """Macro-F1, with interval, and accuracy of each group's texts, over the labels that it has."""
    names, places, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    made: dict[str, Any] = {}
    for place in np.argsort(-counts, kind="stable")[:MOST_GROUPS]:
        inside = places == place
        confusion = confusion_of(truth[inside], found[inside], labels)
        there = np.flatnonzero(confusion.sum(axis=0) + confusion.sum(axis=1))
        confusion = confusion[np.ix_(there, there)]
        made[str(names[place])] = {
            "texts": int(counts[place]),
            "macro_f1": told(macro_f1(confusion), interval(macro_f1(drawn_again(confusion)))),
            "accuracy": round(float((truth == found)[inside].mean()), 4),
        }
    return made
