"""Reading dead letters from Kafka: all of them, or those named."""

from collections.abc import Collection, Iterator
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from listener.dead_letters.letter import Letter, Resolutions, letter_id, read_letter
from listener.domain.dead_letter import DeadLetterResolution
from listener.domain.errors import ServiceError
from listener.domain.topics import DEAD, DEAD_RESOLUTIONS
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole, reader

STALLED_POLLS = 30
POLL_SECONDS = 1.0


def read_resolutions(connection: KafkaConnection) -> Resolutions:
    """What was done about letters; the last word on each.

    Raises:
        ServiceError: as for `read_whole`.
    """
    found: dict[str, DeadLetterResolution] = {}
    for record in read_whole(connection, DEAD_RESOLUTIONS.name):
        if record.value is not None:
            resolution = DeadLetterResolution.read(record.value)
            found[resolution.letter] = resolution
    return found


def read_letters(connection: KafkaConnection) -> Iterator[Letter]:
    """All letters that stood there at the start, those of a partition in order; one at a time in memory.

    Raises:
        ServiceError: as for `read_whole`.
    """
    resolutions = read_resolutions(connection)
    for record in read_whole(connection, DEAD.name):
        yield read_letter(record, resolutions)


def read_named(connection: KafkaConnection, ids: Collection[tuple[int, int]]) -> Iterator[Letter]:
    """The letters with these partitions and offsets, those of a partition in order.

    Reads each partition only from the first offset wanted to the last.

    Raises:
        NotReady: no broker answers at that address.
        ServiceError: a letter is not there (never was, or its retention has ended), or Kafka fails. Letters
            before it may have been yielded.
    """
    resolutions = read_resolutions(connection)
    wanted: dict[int, set[int]] = {}
    for partition, offset in ids:
        wanted.setdefault(partition, set()).add(offset)
    consumer = reader(connection, "listener-dead")
    try:
        known = consumer.partitions_for_topic(DEAD.name) or set()
        for partition, offsets in sorted(wanted.items()):
            if partition not in known:
                raise _missing(partition, min(offsets))
            for record in _at_offsets(consumer, partition, offsets):
                yield read_letter(record, resolutions)
    except KafkaError as error:
        raise ServiceError(f"Kafka failed while {DEAD.name} was read: {error}") from error
    finally:
        consumer.close()


def _at_offsets(consumer: Any, partition: int, offsets: set[int]) -> Iterator[Any]:
    here = TopicPartition(DEAD.name, partition)
    consumer.assign([here])
    missing = set(offsets)
    first, end = consumer.beginning_offsets([here])[here], consumer.end_offsets([here])[here]
    if min(offsets) < first or max(offsets) >= end:
        raise _missing(partition, min(offsets) if min(offsets) < first else max(offsets))
    consumer.seek(here, min(offsets))
    stalled = 0
    while missing:
        records = consumer.poll(timeout_ms=int(POLL_SECONDS * 1000)).get(here, [])
        for record in records:
            if record.offset in missing:
                missing.discard(record.offset)
                yield record
        stalled = 0 if records else stalled + 1
        if missing and consumer.position(here) > max(offsets):
            raise _missing(partition, min(missing))
        if stalled >= STALLED_POLLS:
            raise ServiceError(
                f"Kafka gave nothing of {DEAD.name} for {STALLED_POLLS * POLL_SECONDS:.0f} seconds"
            )


def _missing(partition: int, offset: int) -> ServiceError:
    return ServiceError(
        f"there is no dead letter {letter_id(partition, offset)}: it never was, or its retention has ended; "
        "`listener dead list --all` shows those that are there"
    )
