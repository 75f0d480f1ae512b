"""The stream's own idempotent producer: what is sent is awaited, and a failure is never only a line in a log.

Records go to aiokafka as whole batches, one a partition: a future, a task and a search for the partition's
leader for each record are what its way for single records spends most of its time on.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import partial
from itertools import count, zip_longest
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.codec import lz4_encode
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from listener.domain.errors import LostFooting, ServiceError
from listener.domain.topics import MAX_DEAD_BYTES
from listener.kafka.connection import KafkaConnection
from stream.murmur2 import murmur2_of_each
from stream.reliability import Footing

LZ4_LEVEL = 1
"""aiokafka's own 9 takes seven times as long for a sixth less, and has no setting for it."""
BATCH_BYTES = 1 << 20
"""Before compression, below the smallest limit of a topic. A larger record is a batch by itself."""
_KEYS = 1 << 16
"""Whose partitions are remembered."""

vars(sys.modules[DefaultRecordBatchBuilder.__module__])["lz4_encode"] = partial(lz4_encode, level=LZ4_LEVEL)


class Record(NamedTuple):
    """A record on its way out; `partition` only where the key does not decide it."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Sequence[tuple[str, bytes]] = ()


class Sender:
    """Sends records and awaits the broker's acknowledgement of all of them; in order within a partition.

    Args:
        connection: the cluster.
        footing: checked before anything is sent.
        delivery_timeout_seconds: what is not acknowledged by then has failed. Below the session timeout, so
            that a worker that was paused does not deliver what a successor may have overtaken.
    """

    def __init__(
        self, connection: KafkaConnection, footing: Footing, delivery_timeout_seconds: float
    ) -> None:
        self._connection = connection
        self._footing = footing
        self._timeout_ms = int(delivery_timeout_seconds * 1000)
        self._producer: AIOKafkaProducer | None = None
        self._turn = count()
        self._numbers: dict[bytes, int] = {}
        """What decides about the partitions of keys, as in every client of ours."""

    async def start(self) -> None:
        """Connects.

        Raises:
            ServiceError: the cluster cannot be reached.
        """
        producer = AIOKafkaProducer(
            client_id="listener-stream",
            acks="all",
            enable_idempotence=True,
            compression_type="lz4",
            max_batch_size=BATCH_BYTES,
            max_request_size=MAX_DEAD_BYTES,
            request_timeout_ms=self._timeout_ms,
            **self._connection.aiokafka(),
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise ServiceError(f"Kafka at {self._connection.bootstrap_servers}: {error}") from error
        self._producer = producer

    async def stop(self) -> None:
        """Closes the connection; everything sent has been awaited before."""
        if self._producer is not None:
            await self._producer.stop()

    async def send(self, records: Iterable[Record]) -> list[int]:
        """Sends and awaits all.

        Returns:
            The offset of each record, in order.

        Raises:
            LostFooting: this worker may have lost its partitions; nothing was sent.
            ServiceError: a record was not acknowledged; others may have been.
        """
        producer = self._producer
        if producer is None:
            raise LostFooting("the producer is not running")
        self._footing.check()
        records = list(records)
        offsets = [0] * len(records)
        try:
            destinations = await self._destinations(producer, records)
            queues = [
                [(topic, partition, *batch) for batch in _batches(producer, records, places)]
                for (topic, partition), places in destinations.items()
            ]
            sent: list[tuple[list[int], Any]] = []
            # A second batch to a partition waits for the first one: so first all the first ones.
            for turn in zip_longest(*queues):
                for topic, partition, batch, places in filter(None, turn):
                    sent.append((places, await producer.send_batch(batch, topic, partition=partition)))
            delivered = await asyncio.gather(*(delivery for _, delivery in sent))
        except KafkaError as error:
            raise ServiceError(f"a record was not acknowledged: {error!r}") from error
        for (places, _), metadata in zip(sent, delivered, strict=True):
            for offset, place in enumerate(places, metadata.offset):
                offsets[place] = offset
        return offsets

    async def _destinations(
        self, producer: AIOKafkaProducer, records: Sequence[Record]
    ) -> dict[tuple[str, int], list[int]]:
        """By topic and partition, which of the records go there."""
        partitions: dict[str, int] = {}
        found: dict[tuple[str, int], list[int]] = {}
        numbers = self._numbers_of(
            {record.key for record in records if record.partition is None and record.key is not None}
        )
        for place, record in enumerate(records):
            topic, partition = record.topic, record.partition
            if partition is None:
                if topic not in partitions:
                    partitions[topic] = len(await producer.partitions_for(topic))
                number = next(self._turn) if record.key is None else numbers[record.key]
                partition = number % partitions[topic]
            found.setdefault((topic, partition), []).append(place)
        return found

    def _numbers_of(self, keys: Set[bytes]) -> Mapping[bytes, int]:
        """Numbers of these keys at least."""
        if len(self._numbers) > _KEYS:
            self._numbers = {}  # another's that is looked through meanwhile stays as it is
        numbers = self._numbers
        if new := [key for key in keys if key not in numbers]:
            numbers.update(zip(new, (hashed & 0x7FFFFFFF for hashed in murmur2_of_each(new)), strict=True))
        return numbers


def _batches(
    producer: AIOKafkaProducer, records: Sequence[Record], places: Iterable[int]
) -> Iterator[tuple[Any, list[int]]]:
    """Batches of records for one partition, and which records are in each."""
    batch, inside = producer.create_batch(), list[int]()
    for place in places:
        if not _append(batch, records[place]):
            yield batch, inside
            batch, inside = producer.create_batch(), []
            _append(batch, records[place])
        inside.append(place)
    batch.close()  # so that it is sent at once, and does not wait for more
    yield batch, inside


def _append(batch: Any, record: Record) -> bool:
    """Whether there was room for it; for a first one there always is."""
    added = batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers))
    return added is not None
