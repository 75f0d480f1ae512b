"""How right judgements are: figures from labels found beside true ones, with intervals.

Intervals are of 95 %, by the bootstrap over texts (B. Efron and R. Tibshirani, "An Introduction to the Bootstrap",
1993). Resampling texts changes nothing but how often each pair of true and found label occurs, so that cells of
the confusion matrix are drawn instead, all at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from listener.models.calibration import calibration_error

Places = NDArray[np.int64]
Shares = NDArray[np.float64]
COVERAGE = 0.7
"""Share of the texts, the surest ones, whose accuracy is told beside that of all."""
PRECISION = 0.85
"""At which the recall of the label that matters most is told."""
DRAWS = 1000
MOST_GROUPS = 30
"""Told of one column, those with the most texts."""
Interval = tuple[float, float]


def confusion_of(truth: Places, found: Places, labels: int) -> Places:
    """How often each label (row) was taken for which (column)."""
    counts: Places = np.bincount(truth * labels + found, minlength=labels * labels).reshape(labels, labels)
    return counts


def macro_f1(confusion: NDArray[Any]) -> Shares:
    """The mean of 2TP / (2TP + FP + FN) over the labels that truly occur; of a stack of matrices one for each.

    What never is true, such as "unsure", has no part in the mean; where it was found, the true label was missed.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    true = confusion.sum(axis=-1)
    sums = true + confusion.sum(axis=-2)
    each: Shares = np.divide(2.0 * right, sums, out=np.zeros(right.shape), where=sums > 0)
    occurring = true > 0
    mean: Shares = (each * occurring).sum(axis=-1) / np.maximum(occurring.sum(axis=-1), 1)
    return mean


def accuracy(confusion: NDArray[Any]) -> Shares:
    """The share that is right."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1).sum(axis=-1)
    share: Shares = right / np.maximum(confusion.sum(axis=(-2, -1)), 1)
    return share


def drawn_again(confusion: Places, seed: int = 0) -> Places:
    """Confusion matrices of `DRAWS` bootstrap samples."""
    total = int(confusion.sum())
    cells = np.random.default_rng(seed).multinomial(total, confusion.ravel() / total, DRAWS)
    return cells.reshape(DRAWS, *confusion.shape)


def interval(values: Shares) -> Interval:
    """From the 2.5th to the 97.5th percentile."""
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def recall_at_precision(scores: Shares, positive: NDArray[np.bool_], precision: float = PRECISION) -> float:
    """The highest share of the positive texts above a threshold that at least this share above it belongs to.

    Equal scores are above a threshold together.
    """
    if not positive.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    last_of_equals = np.concatenate([scores[order][1:] != scores[order][:-1], [True]])
    good = (hits / np.arange(1, len(hits) + 1) >= precision) & last_of_equals
    return float(hits[good].max() / positive.sum()) if good.any() else 0.0


def accuracy_at_coverage(confidence: Shares, right: NDArray[np.bool_], coverage: float = COVERAGE) -> float:
    """The accuracy of this share of the texts, those with the highest confidence."""
    order = np.argsort(-confidence, kind="stable")
    kept = order[: max(1, round(coverage * len(order)))]
    return float(right[kept].mean())


def told(value: Any, bounds: Interval | None = None) -> dict[str, Any]:
    """A figure as it stands in JSON."""
    figure: dict[str, Any] = {"value": round(float(value), 4)}
    if bounds is not None:
        figure["interval"] = [round(bound, 4) for bound in bounds]
    return figure


def figures(
    truth: Places, found: Places, shares: Shares | None, labels: tuple[str, ...], positive: str | None
) -> dict[str, Any]:
    """Everything about one set of judgements.

    Args:
        truth, found: places of labels.
        shares: probabilities; None where there are none, as of rules.
        positive: the label whose recall at `PRECISION` is told.
    """
    confusion = confusion_of(truth, found, len(labels))
    again = drawn_again(confusion)
    all_of, found_of, right = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    made: dict[str, Any] = {
        "texts": len(truth),
        "macro_f1": told(macro_f1(confusion), interval(macro_f1(again))),
        "accuracy": told(accuracy(confusion), interval(accuracy(again))),
        "labels": {
            label: {
                "texts": int(all_of[place]),
                "precision": round(float(right[place] / max(found_of[place], 1)), 4),
                "recall": round(float(right[place] / max(all_of[place], 1)), 4),
            }
            for place, label in enumerate(labels)
        },
        "confusion": confusion.tolist(),
    }
    if shares is not None:
        confidence = shares[np.arange(len(found)), found]
        made["calibration_error"] = told(calibration_error(shares, truth))
        made["accuracy_at_coverage"] = told(accuracy_at_coverage(confidence, found == truth)) | {
            "coverage": COVERAGE
        }
        if positive is not None:
            place = labels.index(positive)
            made["recall_at_precision"] = told(recall_at_precision(shares[:, place], truth == place)) | {
                "precision": PRECISION,
                "label": positive,
            }
    return made


def by_group(truth: Places, found: Places, labels: int, values: Sequence[str]) -> dict[str, Any]:
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
