"""What the stream says of labelled texts: the whole chain, with its rules or with the models in use."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np

from listener.domain.enriched import Enrichment
from listener.domain.mention import Mention
from listener.models.calibration import calibration_error
from listener.models.tasks import COMPLAINT, OTHER
from listener.statistics.checked_parties import checked_parties
from listener.training.examples import Examples
from listener.training.metrics import Places, by_group, figures, told

BATCH = 1000
UNSURE = "unsure"
"""Stands for: no label was named, because the language is another one or nothing was sure enough."""
_SOME_TIME = datetime(2000, 1, 1, tzinfo=UTC)


class Enricher(Protocol):
    """See `stream.enrichment.pipeline.Enricher`."""

    def enrich(self, mentions: Sequence[Mention]) -> list[Enrichment]:
        """Same length, same order."""


def evaluate(examples: Examples, enricher: Enricher, parties: Sequence[str] | None = None) -> dict[str, Any]:
    """How right the chain is on labelled texts: see `metrics.figures`; "unsure" is a column of its own.

    Args:
        enricher: with the taxonomy and the models that are to be measured.
        parties: whose each text is, to tell how right it is about people as well.

    Raises:
        ValueError: the chain does not say anything of this task.
    """
    mentions = list(as_mentions(examples.texts))
    parts = [mentions[start : start + BATCH] for start in range(0, len(mentions), BATCH)]
    found = [one for part in parts for one in enricher.enrich(part)]
    task = examples.task.name
    said = [_said(task, one) for one in found]
    labels = tuple(dict.fromkeys((*examples.labels, *said)))
    place = {label: number for number, label in enumerate(labels)}
    judged: Places = np.array([place[label] for label in said], np.int64)
    made = figures(examples.truth, judged, None, labels, None)
    if task == "complaint":
        shares = np.array([one.complaint.probability for one in found])
        truth = (examples.truth == examples.labels.index(COMPLAINT)).astype(np.int64)
        made["calibration_error"] = told(calibration_error(np.stack([1 - shares, shares], axis=1), truth))
    values = {"language": tuple(one.language.code for one in found)} | examples.about
    made["by"] = {
        column: by_group(examples.truth, judged, len(labels), each) for column, each in values.items()
    }
    step = task.replace("-", "_").replace("root_cause", "root_causes")
    made["versions"] = sorted({one.versions[step] for one in found})
    made["found_labels"] = list(labels)
    if parties is not None:
        true = [examples.labels[place] for place in examples.truth]
        made["checked_parties"] = {
            label: asdict(counts) for label, counts in checked_parties(parties, true, said, labels).items()
        }
    return made


def as_mentions(texts: Sequence[str]) -> Iterator[Mention]:
    """Each text as a customer's mention that says nothing but that."""
    for number, text in enumerate(texts):
        yield Mention(
            mention_id=f"text:{number}",
            source="text",
            source_kind="text",
            native_id=str(number),
            author=f"text:{number}",
            channel="social",
            visibility="public",
            text=text,
            occurred_at=_SOME_TIME,
            received_at=_SOME_TIME,
        )


def _said(task: str, found: Enrichment) -> str:
    match task:
        case "complaint":
            share = found.complaint.probability
            return UNSURE if found.sentiment is None else COMPLAINT if share >= 0.5 else OTHER
        case "sentiment":
            return UNSURE if found.sentiment is None else found.sentiment.label
        case "root-cause":
            return found.root_causes[0].node if found.root_causes else "unknown"
        case "language":
            return found.language.code
        case _:
            raise ValueError(f"nothing is said of {task}")
