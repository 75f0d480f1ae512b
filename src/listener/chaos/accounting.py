"""Where every input has gone: exactly one of the fates, or lost. Pure, so that it can be tested to see."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from listener.domain.errors import Rejected
from listener.domain.mention import MentionDeleted, read_raw
from listener.domain.response import Response
from listener.domain.topics import BY_NAME, RESPONSES

Fate = Literal["current", "superseded", "repeat", "deletion", "dead letter", "refused"]
Place = tuple[str, int, int]
"""Topic, partition, offset: what names an input."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A record as it stands in Kafka."""

    place: Place
    timestamp_ms: int
    value: bytes | None

    @property
    def origin(self) -> str:
        """As dead letters name it."""
        topic, partition, offset = self.place
        return f"{topic}[{partition}]@{offset}"


@dataclass(frozen=True)
class Stored:
    """What an installation holds in the end.

    Attributes:
        mentions: id to the revisions of its current rows, of which there should be one.
        tombstones: ids known to be deleted.
        responses: id to how many current rows it has.
        letters: origin to how many current rows it has.
        unstorable: ids of mentions that were understood, but that the store refused.
    """

    mentions: Mapping[str, Sequence[int]]
    tombstones: Set[str]
    responses: Mapping[str, int]
    letters: Mapping[str, int]
    unstorable: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, and when the input that it concerns was acknowledged, if it concerns one."""

    text: str
    timestamp_ms: int | None = None


@dataclass
class Account:
    """The result: how many inputs had which fate, what was lost, what is there more than once."""

    fates: Counter[Fate] = field(default_factory=Counter)
    lost: list[Finding] = field(default_factory=list)
    doubled: list[Finding] = field(default_factory=list)


def account(
    acknowledged: Set[Place], log: Sequence[Logged], stored: Stored, refused: Sequence[tuple[str, int]] = ()
) -> Account:
    """Gives every record of the input topics its fate.

    Args:
        acknowledged: what the broker said that it has.
        log: all records of the input topics. Some may not be in `acknowledged`: the publisher was killed
            before it could note them. They are inputs like the others.
        stored: what became of them.
        refused: topic and size in bytes of what the broker said is too large, and did not take.
    """
    result = Account()
    present = {record.place for record in log}
    result.lost.extend(
        Finding(f"{topic}[{partition}]@{offset}: acknowledged by the broker and not there any more")
        for topic, partition, offset in sorted(acknowledged - present)
    )
    explained: set[str] = set()
    answers: set[str] = set()
    seen: set[tuple[str, int]] = set()
    for record in log:
        if record.origin in stored.letters:
            result.fates["dead letter"] += 1
            continue
        fate, why = _fate(record, stored, seen, explained, answers)
        if fate is None:
            result.lost.append(Finding(f"{record.origin}: {why}", record.timestamp_ms))
        else:
            result.fates[fate] += 1
    for topic, size in refused:
        if size > BY_NAME[topic].max_bytes:
            result.fates["refused"] += 1
        else:
            result.lost.append(Finding(f"{topic}: a record of {size} bytes was refused as too large"))
    result.doubled.extend(_doubled(stored, present, explained, answers))
    return result


def _fate(
    record: Logged, stored: Stored, seen: set[tuple[str, int]], explained: set[str], answers: set[str]
) -> tuple[Fate | None, str]:
    try:
        value = (
            Response.read(record.value or b"")
            if record.place[0] == RESPONSES.name
            else read_raw(record.value or b"")
        )
    except Rejected as error:
        return None, f"cannot be processed ({error.reason}) and is no dead letter"
    if isinstance(value, Response):
        name = value.response_id
        answers.add(name)
        if not stored.responses.get(name):
            return None, f"the answer {name} is not stored"
        return _first_or_repeat((name, -1), seen), ""
    if isinstance(value, MentionDeleted):
        found = value.mention_id in stored.tombstones
        return ("deletion", "") if found else (None, f"the deletion of {value.mention_id} is not stored")
    name = value.mention_id
    explained.add(name)
    if value.direction == "outbound":
        answers.add(name)
    if name in stored.unstorable:
        return "dead letter", ""
    newest = max(stored.mentions.get(name, ()), default=None)
    if newest is None:
        return None, f"the mention {name} is not stored"
    if newest < value.revision:
        return None, f"revision {value.revision} of {name} is not stored, {newest} is"
    if newest > value.revision:
        return "superseded", ""
    return _first_or_repeat((name, value.revision), seen), ""


def _first_or_repeat(what: tuple[str, int], seen: set[tuple[str, int]]) -> Fate:
    if what in seen:
        return "repeat"
    seen.add(what)
    return "current"


def _doubled(
    stored: Stored, present: Set[Place], explained: Set[str], answers: Set[str]
) -> Iterable[Finding]:
    for name, revisions in stored.mentions.items():
        if len(revisions) != 1:
            yield Finding(f"the mention {name} has {len(revisions)} current rows")
        if name not in explained:
            yield Finding(f"the mention {name} is stored and was never published")
    for name, count in stored.responses.items():
        if count != 1:
            yield Finding(f"the answer {name} has {count} current rows")
        if name not in answers:
            yield Finding(f"the answer {name} is stored and was never published")
    origins = {f"{topic}[{partition}]@{offset}" for topic, partition, offset in present}
    for origin, count in stored.letters.items():
        if count != 1:
            yield Finding(f"{origin} is a dead letter {count} times")
        if origin not in origins:
            yield Finding(f"{origin} is a dead letter and was never published")
