"""Which dead letters are meant."""

from dataclasses import dataclass
from datetime import datetime

from listener.dead_letters.letter import Letter


@dataclass(frozen=True)
class Selection:
    """Conditions that all hold; an empty one holds for every letter.

    Attributes:
        reasons, stages, sources, topics: any of these words; `topics` are those that the originals came from.
        since: given up at this time or later.
        until: given up before this time.
        resolved: also those that were replayed or dropped.
    """

    reasons: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    topics: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    resolved: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it says more than open or not."""
        return bool(self.reasons or self.stages or self.sources or self.topics or self.since or self.until)

    def holds(self, letter: Letter) -> bool:
        """Whether the letter is meant."""
        why = letter.why
        return (
            (self.resolved or letter.resolution is None)
            and _any_of(self.reasons, why.reason)
            and _any_of(self.stages, why.stage)
            and _any_of(self.sources, why.source)
            and _any_of(self.topics, why.topic)
            and (self.since is None or why.at >= self.since)
            and (self.until is None or why.at < self.until)
        )


def _any_of(wanted: frozenset[str], actual: str | None) -> bool:
    return not wanted or actual in wanted
