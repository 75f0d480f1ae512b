"""Which root causes of the taxonomy a text is about: by a trained model, else by the words that point to them."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from listener.domain.enriched import NO_CAUSE, RootCause
from listener.domain.errors import UsageError
from listener.models import Card
from listener.models.decide import several
from listener.models.judge import Judgement
from stream.enrichment.phrases import Hit
from stream.enrichment.taxonomy import Taxonomy

MAX_CAUSES = 3
MAX_EVIDENCE = 6
KEYWORD, LONG_KEYWORD, HINT = 1.0, 1.5, 0.4
"""What a keyword, one of several words, and a hint weigh."""
ENOUGH = 0.8
"""Weight from which a cause is named: one keyword, or two hints."""


class RootCauses:
    """Finds root causes; compiled once from a taxonomy, may be shared by threads.

    Args:
        taxonomy: the company's.

    Attributes:
        phrases: what `find` is to be given the hits of.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.version = taxonomy.version
        self._nodes = taxonomy.nodes
        self.phrases: dict[str, tuple[str, ...]] = {}
        self._of_label: dict[str, tuple[int, bool]] = {}
        self._trained: dict[str, dict[str, int]] = {}
        self._numbers = {node.id.casefold(): number for number, node in enumerate(taxonomy.nodes)}
        for number, node in enumerate(taxonomy.nodes):
            self._numbers.setdefault(node.name.casefold(), number)
        for number, node in enumerate(taxonomy.nodes):
            for sort, texts in (("keyword", node.keywords), ("hint", node.hints)):
                label = f"{number} {sort}"
                self.phrases[label] = texts
                self._of_label[label] = (number, sort == "hint")

    def find(self, hits: Iterable[Hit]) -> tuple[RootCause, ...]:
        """The causes that enough words point to, most likely first; the score grows with the words.

        Args:
            hits: of `phrases` in a text's words in lower case, by place.
        """
        weights: dict[int, dict[str, float]] = {}
        reached: dict[int, int] = {}
        for label, text, start, end in hits:
            node, hint = self._of_label[label]
            if end <= reached.get(node, 0):
                continue  # inside a longer phrase of the same cause
            reached[node] = end
            weight = HINT if hint else KEYWORD if end - start == 1 else LONG_KEYWORD
            told = weights.setdefault(node, {})
            told[text] = max(weight, told.get(text, 0.0))
        scored = [(sum(told.values()), -node) for node, told in weights.items()]
        best = sorted([score for score in scored if score[0] >= ENOUGH], reverse=True)[:MAX_CAUSES]
        return tuple(self._cause(-place, weight, weights[-place]) for weight, place in best)

    def find_by_model(self, judged: Judgement, hits: Iterable[Hit]) -> tuple[RootCause, ...]:
        """The causes that a model is sure enough of, and by their words those that it was never taught.

        Args:
            hits: as for `find`.
        """
        known = self.nodes_of(judged.card)
        causes = [
            self._told(known[label], float(judged.probabilities[place]), judged.evidence.get(label, ()))
            for place in several(judged.probabilities, judged.card, MAX_CAUSES)
            if (label := judged.card.labels[place]) in known
        ]
        taught = {self._nodes[number].id for number in known.values()}
        causes += [cause for cause in self.find(hits) if cause.node not in taught]
        return tuple(sorted(causes, key=lambda cause: -cause.score)[:MAX_CAUSES])

    def nodes_of(self, card: Card) -> dict[str, int]:
        """Each label of a model, apart from that for none, to the number of the node with that id or name.

        Raises:
            UsageError: the taxonomy has no such node, so that nobody would own the cause.
        """
        if (known := self._trained.get(card.version)) is not None:
            return known
        known = self.check_labels(card.labels, card.version)
        self._trained[card.version] = known
        return known

    def check_labels(self, labels: Iterable[str], where: str) -> dict[str, int]:
        """Each label apart from that for none to the number of its node.

        Args:
            where: they are from, for the message.

        Raises:
            UsageError: as `nodes_of`.
        """
        causes = [label for label in labels if label != NO_CAUSE]
        if missing := [label for label in causes if label.casefold() not in self._numbers]:
            raise UsageError(
                f"{where}: the taxonomy has no root cause with the id or name "
                f"{', '.join(map(repr, missing))}: add it, or train with --rename"
            )
        return {label: self._numbers[label.casefold()] for label in causes}

    def _told(self, number: int, score: float, evidence: tuple[str, ...]) -> RootCause:
        node = self._nodes[number]
        return RootCause(node=node.id, owner=node.owner, score=round(score, 3), evidence=evidence)

    def _cause(self, number: int, weight: float, told: dict[str, float]) -> RootCause:
        evidence = sorted(told, key=lambda text: -told[text])[:MAX_EVIDENCE]
        return self._told(number, 1 - math.exp(-weight), tuple(evidence))


def cause_words(card: Card, shares: NDArray[np.float64]) -> Sequence[str]:
    """The labels whose words are shown: those of the causes that are named."""
    labels = [card.labels[place] for place in several(shares, card, MAX_CAUSES)]
    return [label for label in labels if label != NO_CAUSE]
