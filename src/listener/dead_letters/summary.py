"""How many dead letters there are, by what they have in common."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from listener.dead_letters.letter import Letter


@dataclass(frozen=True, slots=True)
class Group:
    """Letters with the same stage, source and reason; times are those of giving up, sizes those of originals."""

    stage: str
    source: str | None
    reason: str
    letters: int
    bytes: int
    oldest: datetime
    newest: datetime


def summarise(letters: Iterable[Letter]) -> list[Group]:
    """Groups of letters, the largest first."""
    groups: dict[tuple[str, str | None, str], Group] = {}
    for letter in letters:
        why = letter.why
        key = (why.stage, why.source, why.reason)
        before = groups.get(key) or Group(*key, letters=0, bytes=0, oldest=why.at, newest=why.at)
        groups[key] = Group(
            *key,
            letters=before.letters + 1,
            bytes=before.bytes + why.size,
            oldest=min(before.oldest, why.at),
            newest=max(before.newest, why.at),
        )
    return sorted(
        groups.values(), key=lambda group: (-group.letters, group.stage, group.reason, group.source or "")
    )
