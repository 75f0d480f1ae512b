"""Publishing originals to the topics that they came from, once what was wrong is mended.

The pipeline does a thing once however often it is told, so a replay after a fix has the effect that the original
would have had, and a replay too many has none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from listener.dead_letters.letter import Letter
from listener.dead_letters.trace import audit_entry
from listener.domain.dead_letter import ATTEMPT_HEADER, SOURCE_HEADER, DeadLetterResolution
from listener.domain.topics import AUDIT, BY_NAME, DEAD, DEAD_RESOLUTIONS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import RECORD_OVERHEAD_BYTES, Outlet

BATCH_LETTERS = 500
BATCH_BYTES = 16 * 1024 * 1024
HEADER_BYTES = 1024
REPLAYABLE_TO = tuple(name for name in BY_NAME if name not in (DEAD.name, DEAD_RESOLUTIONS.name))


@dataclass(frozen=True, slots=True)
class Planned:
    """What a replay would do with one letter.

    Attributes:
        topic: where the original goes; None if nowhere.
        attempt: which attempt at the original it would be.
        obstacle: why it cannot be replayed, in words; None if it can.
    """

    partition: int
    offset: int
    origin: str
    topic: str | None
    attempt: int
    obstacle: str | None


def plan_replay(connection: KafkaConnection, letters: Iterable[Letter], to: str | None) -> list[Planned]:
    """What a replay of these letters would do. Publishes nothing; keeps no originals in memory.

    Args:
        to: publish to this topic rather than to where each original came from.

    Raises:
        ServiceError: a compacted topic cannot be read.
    """
    planned: list[Planned] = []
    compacted: dict[str, dict[int, tuple[bytes | None, bytes | None]]] = {}
    for letter in letters:
        topic = to or letter.why.topic
        obstacle = find_obstacle(letter, topic)
        if topic and not obstacle and BY_NAME[topic].cleanup_policy == "compact":
            compacted.setdefault(topic, {})[len(planned)] = (letter.key, fingerprint(letter.original))
        planned.append(
            Planned(
                letter.partition,
                letter.offset,
                letter.why.origin,
                None if obstacle else topic,
                letter.why.attempt + 1,
                obstacle,
            )
        )
    for topic, asked in compacted.items():
        newest = newest_values(connection, topic, {key for key, _ in asked.values()})
        for index, (key, value) in asked.items():
            if newest.get(key) != value:
                before = planned[index]
                obstacle = (
                    f"it is no longer the newest value of its key in {topic}: "
                    "replayed, it would undo what came after it"
                )
                planned[index] = Planned(
                    before.partition, before.offset, before.origin, None, before.attempt, obstacle
                )
    return planned


def find_obstacle(letter: Letter, topic: str | None) -> str | None:
    """Why a letter cannot be published to a topic, in words that say what to do; None if it can.

    For a compacted topic there is one condition more, see `plan_replay`.
    """
    why = letter.why
    if why.topic is None and why.stage == "import":
        return f"it did not come from a topic but from {why.origin}: mend it there and import that again"
    if why.topic is None:
        return (
            f"it did not come from a topic but from {why.origin}: once that, or the source's configuration, is "
            "mended, its connector takes it again if the source still has it"
        )
    if why.topic == DEAD.name:
        return f"it came from {DEAD.name} itself"
    if topic not in REPLAYABLE_TO:
        return f"Listener has no topic {topic} (any more): --to names another"
    if not letter.whole:
        return (
            f"only its first {len(letter.original or b'')} of {why.size} bytes were kept; "
            f"the whole is at {why.origin}"
        )
    if why.original_key is not None:
        return f"its key was too long to be kept ({why.original_key}); the whole is at {why.origin}"
    size = len(letter.key or b"") + len(letter.original or b"") + RECORD_OVERHEAD_BYTES + HEADER_BYTES
    if size > BY_NAME[topic].max_bytes:
        return f"it is too large for {topic}: {size} bytes, {BY_NAME[topic].max_bytes} are taken"
    return None


def newest_values(
    connection: KafkaConnection, topic: str, keys: set[bytes | None]
) -> dict[bytes | None, bytes | None]:
    """Of a compacted topic: the `fingerprint` of the newest value of each of these keys that has a record.

    Raises:
        ServiceError: as for `read_whole`.
    """
    found: dict[bytes | None, bytes | None] = {}
    for record in read_whole(connection, topic):
        if record.key in keys:
            found[record.key] = fingerprint(record.value)
    return found


def fingerprint(value: bytes | None) -> bytes | None:
    """Tells values apart without keeping them; a tombstone has none."""
    return None if value is None else sha256(value).digest()


def replay(
    letters: Iterable[Letter],
    outlet: Outlet,
    *,
    to: str | None,
    by: str,
    now: Callable[[], datetime],
) -> int:
    """Publishes the originals of letters that have no obstacle, with their keys and the number of the attempt.

    For each batch, each step acknowledged by the broker before the next:

    1. The audit says that this person replays these letters.
    2. The originals are published.
    3. The letters are marked as replayed.

    Killed between 2 and 3, letters stay open although they were replayed; replayed again, they have no effect.

    Args:
        letters: those of the same key in the order in which they came.
        to: as for `plan_replay`.
        by: who does it.

    Returns:
        How many were replayed.

    Raises:
        ServiceError: something was not acknowledged. What is not marked stays open: do the same again.
    """
    count = 0
    for batch in _batches(letters):
        at = now()
        targets = {letter.id: _target(letter, to) for letter in batch}
        for letter in batch:
            detail = {"topic": targets[letter.id], "attempt": str(letter.why.attempt + 1)}
            outlet.publish(AUDIT.name, by, audit_entry(letter, "dead.replay", by, at, detail).to_json())
        outlet.flush()
        for letter in batch:
            outlet.publish(targets[letter.id], letter.key, letter.original, _headers(letter))
        outlet.flush()
        for letter in batch:
            resolution = DeadLetterResolution(
                letter=letter.id,
                produced_at=letter.produced_at,
                resolution="replayed",
                by=by,
                at=at,
                topic=targets[letter.id],
                attempt=letter.why.attempt + 1,
            )
            outlet.publish(DEAD_RESOLUTIONS.name, letter.id, resolution.to_json())
        outlet.flush()
        count += len(batch)
    return count


def _headers(letter: Letter) -> list[tuple[str, bytes]]:
    headers = [(ATTEMPT_HEADER, str(letter.why.attempt + 1).encode())]
    return headers if letter.why.source is None else [*headers, (SOURCE_HEADER, letter.why.source.encode())]


def _target(letter: Letter, to: str | None) -> str:
    topic = to or letter.why.topic
    if topic is None:
        raise ValueError(f"{letter.id} came from no topic")  # the plan leaves such letters out
    return topic


def _batches(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    batch: list[Letter] = []
    size = 0
    for letter in letters:
        batch.append(letter)
        size += len(letter.original or b"")
        if len(batch) >= BATCH_LETTERS or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
