"""Records go out as batches, and come back as offsets in the order in which they were given."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.codec import lz4_encode
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import RecordMetadata, TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.errors import LostFooting, ServiceError
from listener.kafka.connection import KafkaConnection
from stream.reliability import Footing
from stream.send import BATCH_BYTES, LZ4_LEVEL, Record, Sender

PARTITIONS = 3
Stored = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]]]


class Producer:
    """Stores what is sent, a batch at a time, as aiokafka's producer would."""

    def __init__(self, refusing: str | None = None) -> None:
        self.logs: dict[tuple[str, int], list[Stored]] = {}
        self.sizes: list[int] = []
        self._refusing = refusing

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(PARTITIONS))

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH_BYTES, 3)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Any:
        assert batch.closed()
        batch._set_producer_state(1, 0, 0)
        log = self.logs.setdefault((topic, partition), [])
        done = asyncio.get_running_loop().create_future()
        if topic == self._refusing:
            done.set_exception(MessageSizeTooLargeError())
            return done
        where = TopicPartition(topic, partition)
        done.set_result(RecordMetadata(topic, partition, where, len(log), 0, 0, 0))
        self.sizes.append(batch.record_count())
        records = MemoryRecords(bytes(batch._build()))
        while (read := records.next_batch()) is not None:
            log += [(record.key, record.value, tuple(record.headers)) for record in read]
        return done


def sender(producer: Producer | None, footing: Footing | None = None) -> Sender:
    made = Sender(KafkaConnection("127.0.0.1:1"), footing or Footing(30), 20)
    made._producer = cast(AIOKafkaProducer, producer)
    return made


def send(producer: Producer, records: Sequence[Record]) -> list[int]:
    return asyncio.run(sender(producer).send(iter(records)))


SOME = st.builds(
    Record,
    st.sampled_from(["a", "b"]),
    st.one_of(st.none(), st.binary(max_size=5)),
    st.binary(max_size=3),
    st.one_of(st.none(), st.integers(0, PARTITIONS - 1)),
    st.lists(st.tuples(st.text(max_size=2), st.binary(max_size=2)), max_size=2).map(tuple),
)


@given(st.lists(SOME, max_size=12))
def test_every_record_is_stored_once_at_the_offset_that_is_told(records: list[Record]) -> None:
    producer = Producer()
    offsets = send(producer, records)
    assert sum(map(len, producer.logs.values())) == len(records) == len(offsets)
    places: dict[tuple[str, int], list[int]] = {}
    for record, offset in zip(records, offsets, strict=True):
        [where] = [
            (topic, partition)
            for topic, partition in producer.logs
            if topic == record.topic
            and record.partition in (None, partition)
            and _holds(producer.logs[topic, partition], offset, record)
            and offset not in places.get((topic, partition), [])
        ][:1]
        places.setdefault(where, []).append(offset)


def _holds(log: list[Stored], offset: int, record: Record) -> bool:
    return offset < len(log) and log[offset] == (record.key, record.value, tuple(record.headers))


def test_a_key_decides_the_partition_as_in_every_client() -> None:
    # From Kafka's own client: murmur2 of "21" is -973932308, of "foobar" -790332482.
    partitions = {b"21": (-973932308 & 0x7FFFFFFF) % 3, b"foobar": (-790332482 & 0x7FFFFFFF) % 3}
    producer = Producer()
    send(producer, [Record("a", key, b"") for key in partitions])
    found = {key: partition for (_, partition), log in producer.logs.items() for key, _, _ in log}
    assert found == partitions


def test_what_has_no_key_goes_to_all_partitions_in_turn() -> None:
    producer = Producer()
    send(producer, [Record("a", None, b"x")] * 6)
    assert [len(log) for log in producer.logs.values()] == [2, 2, 2]


def test_what_does_not_fit_into_one_batch_goes_in_several_and_in_order() -> None:
    producer = Producer()
    values = [bytes([number]) * (BATCH_BYTES // 3) for number in range(7)]
    large = b"z" * (2 * BATCH_BYTES)
    records = [Record("a", b"k", value, 0) for value in [*values, large]]
    assert send(producer, records) == list(range(8))
    assert producer.sizes == [2, 2, 2, 1, 1]
    assert [value for _, value, _ in producer.logs["a", 0]] == [*values, large]


def test_what_is_not_acknowledged_is_an_error() -> None:
    with pytest.raises(ServiceError, match="not acknowledged"):
        send(Producer(refusing="b"), [Record("a", b"k", b""), Record("b", b"k", b"")])
    assert issubclass(MessageSizeTooLargeError, KafkaError)


def test_without_footing_nothing_is_sent() -> None:
    producer = Producer()
    with pytest.raises(LostFooting):
        asyncio.run(sender(producer, Footing(0)).send([Record("a", b"k", b"")]))
    with pytest.raises(LostFooting):
        asyncio.run(sender(None).send([Record("a", b"k", b"")]))
    assert not producer.logs


def test_batches_are_compressed_at_the_level_of_this_module() -> None:
    batch = BatchBuilder(BATCH_BYTES, 3)
    value = b"".join(str(number * 7919).encode() for number in range(20_000))
    batch.append(timestamp=0, key=None, value=value)
    stored = bytes(batch._build())
    at = stored.index(lz4_encode(b"")[:4])
    whole = MemoryRecords(stored).next_batch()
    assert [record.value for record in whole] == [value]
    sizes = {level: len(lz4_encode(value, level)) for level in (LZ4_LEVEL, 9)}
    assert abs(len(stored) - at - sizes[LZ4_LEVEL]) < 100 < sizes[LZ4_LEVEL] - sizes[9]
