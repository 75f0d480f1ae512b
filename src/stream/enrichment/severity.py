"""Does a text tell of danger, threaten with the law, or come from somebody who needs special care?"""

from collections.abc import Iterable, Sequence

from listener.domain.enriched import Severity
from stream.enrichment.phrases import Hit
from stream.enrichment.taxonomy import Taxonomy
from stream.enrichment.words import short_hash, word_lists

_NEGATIONS = frozenset(word_lists("complaint").of("negation"))
_REACH = 3
"""Words before a phrase in which a negation takes it back: "this is not a safety issue"."""


class Severities:
    """Finds severity by a taxonomy's words; may be shared by threads.

    Attributes:
        phrases: what `find` is to be given the hits of.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.version = f"words-1+{short_hash(repr(sorted(taxonomy.severity.items())))}"
        self.phrases = dict[str, tuple[str, ...]](taxonomy.severity.items())
        self._order: tuple[Severity, ...] = ("safety", "legal_threat", "vulnerable")

    def find(self, words: Sequence[str], hits: Iterable[Hit]) -> tuple[Severity, ...]:
        """What a text in these lower-case words tells of, unless it is denied just before."""
        found = {
            label
            for label, _, start, _ in hits
            if _NEGATIONS.isdisjoint(words[max(start - _REACH, 0) : start])
        }
        return tuple(severity for severity in self._order if severity in found) if found else ()
