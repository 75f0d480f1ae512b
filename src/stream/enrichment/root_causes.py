"""Which root causes of the taxonomy a text is about, by the words that point to them."""

import math
from collections.abc import Iterable

from listener.domain.enriched import RootCause
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

    def _cause(self, number: int, weight: float, told: dict[str, float]) -> RootCause:
        node = self._nodes[number]
        evidence = sorted(told, key=lambda text: -told[text])[:MAX_EVIDENCE]
        score = round(1 - math.exp(-weight), 3)
        return RootCause(node=node.id, owner=node.owner, score=score, evidence=tuple(evidence))
