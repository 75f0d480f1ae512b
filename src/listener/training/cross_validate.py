"""How right a way of training is: each part of the examples is judged by a model that never saw it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from listener.training.decision import fit_decision
from listener.training.examples import Examples
from listener.training.folds import folds
from listener.training.metrics import Places, Shares, by_group, confusion_of, figures, macro_f1
from listener.training.trainer import Advance, Rows, Trainer

OUTER_FOLDS = 5


class CrossValidated(NamedTuple):
    """What was found of examples by models that had not seen them."""

    rows: Rows
    """Those that were judged; the other fields are of these."""
    shares: Shares
    found: Places
    sure: NDArray[np.bool_]
    """Whether the label was likely enough to be named."""
    fold_macro_f1: tuple[float, ...]
    settings: tuple[dict[str, Any], ...]
    """Chosen in each fold."""


def cross_validate(
    examples: Examples,
    trainer: Trainer,
    seed: int,
    sure: float,
    advance: Advance,
    parts: Sequence[tuple[Rows, Rows]] | None = None,
) -> CrossValidated:
    """Hyperparameters, calibration and the weights of labels are chosen anew inside each fold's training rows.

    Args:
        sure: see `decision.fit_decision`.
        advance: told the progress, together one.
        parts: rows to train on and rows held back, where they are not to be drawn at random; what is held back in
            none of them is not judged.

    Raises:
        UsageError: a label has too few texts.
    """
    if parts is None:
        parts = list(folds(examples, np.arange(len(examples.texts)), OUTER_FOLDS, seed))
    judged: list[tuple[Shares, Places, NDArray[np.bool_]]] = []
    each: list[float] = []
    settings: list[dict[str, Any]] = []
    for train, held in parts:
        fitted = trainer.fit(train, lambda share: advance(share / len(parts)))
        inner, scores = fitted.held_out
        decision = fit_decision(scores, examples.truth[inner], sure)
        shares = decision.shares(fitted.scores(held))
        found = decision.found(shares)
        judged.append((shares, found, shares[np.arange(len(held)), found] >= decision.least))
        each.append(float(macro_f1(confusion_of(examples.truth[held], found, len(examples.labels)))))
        settings.append(fitted.settings)
    shares, found, named = (np.concatenate(part) for part in zip(*judged, strict=True))
    rows = np.concatenate([held for _, held in parts])
    return CrossValidated(rows, shares, found, named, tuple(each), tuple(settings))


def cross_validated_figures(examples: Examples, judged: CrossValidated) -> dict[str, Any]:
    """All figures of a cross-validation, also by the columns that tell of the texts."""
    truth, found, shares = examples.truth[judged.rows], judged.found, judged.shares
    made = figures(truth, found, shares, examples.labels, examples.task.positive)
    each = np.array(judged.fold_macro_f1)
    made["folds"] = {
        "macro_f1": [round(float(one), 4) for one in each],
        "mean": round(float(each.mean()), 4),
        "standard_error": round(float(each.std(ddof=1) / len(each) ** 0.5), 4) if len(each) > 1 else None,
        "settings": list(judged.settings),
    }
    right = found == truth
    made["named"] = {
        "share": round(float(judged.sure.mean()), 4),
        "accuracy": round(float(right[judged.sure].mean()), 4) if judged.sure.any() else None,
    }
    made["by"] = {
        column: by_group(truth, found, len(examples.labels), [values[row] for row in judged.rows])
        for column, values in examples.about.items()
    }
    return made
