"""What is known of the mistakes of a model and of the match, for the reports that take them in."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from listener.domain.errors import UsageError
from listener.statistics.checked_parties import CheckedParties
from listener.statistics.confusion import Confusion
from listener.statistics.linkage import LinkageQuality


@dataclass(frozen=True)
class Mistakes:
    """How often root causes are wrong, and how often links are.

    Attributes:
        confusion: by true and said root cause, on texts that the model was not trained on.
        linkage: links right, wrong and missed; None takes them as right.
        words: where both come from.
        checked: by root cause, parties of whom every contact was checked; counts before `confusion` where known.
    """

    confusion: Confusion
    linkage: LinkageQuality | None
    words: str
    checked: Mapping[str, CheckedParties] | None = None


def confusion_of(labels: Sequence[str], rows: Sequence[Sequence[int]], name: str) -> Confusion:
    """A held-out confusion matrix of counts, row = true, column = said.

    Args:
        labels: of the columns, and of as many first rows as there are; a label without a row is never true.
        name: of the file, for messages.

    Raises:
        UsageError: it is none.
    """
    size = len(labels)
    try:
        counts = np.zeros((size, size), dtype=np.int64)
        counts[: len(rows)] = np.array(rows, dtype=np.int64).reshape(len(rows), size)
        return Confusion(tuple(labels), counts)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{name}: the confusion matrix does not fit its labels: {error}") from None


def read_label_quality(text: str, name: str) -> tuple[Confusion, Mapping[str, CheckedParties] | None]:
    """What `listener evaluate root-cause` printed as JSON; of parties where it was given ``--party``.

    Raises:
        UsageError: it is something else.
    """
    made = _object(text, name)
    labels, rows = made.get("found_labels"), made.get("confusion")
    if not isinstance(labels, list) or not isinstance(rows, list) or not labels:
        raise UsageError(
            f"{name}: `listener evaluate root-cause` prints found_labels and confusion: one is missing"
        )
    return confusion_of([str(label) for label in labels], rows, name), _checked(made, name)


def _checked(made: Mapping[str, Any], name: str) -> Mapping[str, CheckedParties] | None:
    counts = made.get("checked_parties")
    if counts is None:
        return None
    try:
        return {
            str(label): CheckedParties(*(int(of[field.name]) for field in fields(CheckedParties)))
            for label, of in counts.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{name}: checked_parties: for each label both, missed, mistaken and neither are expected: {error}"
        ) from None


def read_match_quality(text: str, name: str) -> LinkageQuality:
    """What `listener evaluate match` printed as JSON, of records with known owners: its open set.

    Raises:
        UsageError: it is something else.
    """
    made = _object(text, name)
    try:
        found = made["open"]
        right, made_links, real = (
            int(found[part][count])
            for part, count in (("precision", "hits"), ("precision", "of"), ("recall", "of"))
        )
        return LinkageQuality(right, made_links - right, real - right)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{name}: `listener evaluate match` prints open, with precision and recall: {error}"
        ) from None


def _object(text: str, name: str) -> Mapping[str, Any]:
    try:
        made = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name}: is no JSON: {error}") from None
    if not isinstance(made, dict):
        raise UsageError(f"{name}: a JSON object is expected")
    return made
