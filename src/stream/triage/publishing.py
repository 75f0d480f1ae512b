"""How often a case is published: at once where it matters to people, else not more often than the policy says.

Said at once are the first snapshot, what moves with an author, and every change of what somebody acts on: state,
queue, level, owner, priority, due time, severity, clocks, black holes. Further contacts in the same state, edits
and links may wait for a moment; so a customer who writes ten times a minute, or a bot, does not bring up a desk
ten times.
What is held back is never lost: the party's state says that something is, and a timer brings it up.
"""

from hashlib import blake2b

import orjson
from pydantic import Field

from listener.domain.case import Case
from listener.domain.document import Document
from stream.moments import to_ms


class Publishing(Document):
    """Limits of what goes out about one case."""

    min_seconds_between: float = Field(default=2.0, ge=0, le=3600)
    """Between two snapshots of a case whose difference changes nothing that somebody acts on."""

    @property
    def min_ms(self) -> int:
        """The same in milliseconds."""
        return round(self.min_seconds_between * 1000)


def what_matters(case: Case, epoch: int) -> str:
    """16 digits that change whenever a person has to know at once.

    Args:
        epoch: of the anchor's author; what moves is said anew.
    """
    parts = (
        epoch,
        case.party,
        case.state,
        case.supersedes,
        case.queue,
        case.level,
        case.owner,
        case.priority,
        case.severity,
        case.historical,
        case.needs_response,
        None if case.due_at is None else to_ms(case.due_at),
        [(clock.kind, clock.anchor, clock.state, clock.warned, to_ms(clock.due_at)) for clock in case.clocks],
        [(hole.contact, hole.ended_at is None) for hole in case.black_holes],
    )
    return blake2b(orjson.dumps(parts), digest_size=8).hexdigest()
