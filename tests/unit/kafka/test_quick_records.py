"""What the quick reader takes out of batches is what kafka-python takes out of them."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.record import MemoryRecords, MemoryRecordsBuilder

from listener.kafka.quick_records import read_quickly

PARTITION = TopicPartition("mentions.enriched", 3)
Sent = tuple[int, bytes | None, bytes | None, list[tuple[str, bytes]]]


def batch(
    records: list[Sent], first_offset: int, codec: int = 3, magic: Literal[0, 1, 2] = 2, **transaction: Any
) -> bytes:
    builder = MemoryRecordsBuilder(magic, codec, 1 << 20, offset=first_offset, **transaction)
    for timestamp, key, value, headers in records:
        builder.append(timestamp, key, value, headers)
    builder.close()
    return bytes(builder.buffer())


def quick_class() -> type[Any]:
    class Consumer:
        _fetcher = Fetcher.__new__(Fetcher)

    read_quickly(Consumer())
    found: type[Any] = Consumer._fetcher.PartitionRecords
    return found


def read(
    kind: type[Any], data: bytes, fetch_offset: int, at_once: int = 1000
) -> tuple[list[Any], int, int, bool]:
    """What comes out, the next offset, the epoch, and whether it is done."""
    part = kind(fetch_offset, PARTITION, MemoryRecords(data))
    found = []
    while part:
        found += [
            (r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, list(r.headers))
            for r in part.take(at_once)
        ]
    return found, part.next_fetch_offset, part.leader_epoch, bool(part)


BYTES = st.none() | st.binary(max_size=20)
RECORDS = st.lists(
    st.tuples(
        st.integers(0, 2**41),
        BYTES,
        BYTES,
        st.lists(
            st.tuples(st.text(st.characters(codec="utf-8"), max_size=5), st.binary(max_size=5)), max_size=2
        ),
    ),
    min_size=1,
    max_size=5,
)


@given(
    st.lists(st.tuples(RECORDS, st.sampled_from([0, 1, 3])), min_size=1, max_size=3),
    st.integers(0, 12),
    st.integers(1, 4),
)
def test_every_record_of_any_batches(
    batches: list[tuple[list[Sent], int]], skipped: int, at_once: int
) -> None:
    data, offset = b"", 10
    for records, codec in batches:
        data += batch(records, offset, codec)
        offset += len(records) + 2  # as compaction leaves it
    got = read(quick_class(), data, 10 + skipped, at_once)
    assert got == read(Fetcher.PartitionRecords, data, 10 + skipped, at_once)


RECORD: Sent = (1_700_000_000_000, b"k", b"v", [])


@pytest.mark.parametrize("magic", [0, 1])
def test_old_formats(magic: Literal[0, 1]) -> None:
    data = batch([(RECORD[0], b"k", b"v", [])] * 3, 0, 0, magic)
    assert read(quick_class(), data, 0) == read(Fetcher.PartitionRecords, data, 0)


def test_transactions_are_kafka_pythons_matter() -> None:
    transaction: dict[str, Any] = {
        "transactional": True,
        "producer_id": 7,
        "producer_epoch": 0,
        "base_sequence": 0,
    }
    data = batch([RECORD] * 2, 0) + batch([RECORD] * 2, 2, **transaction) + batch([RECORD], 4)
    got = read(quick_class(), data, 0)
    assert got == read(Fetcher.PartitionRecords, data, 0)
    assert len(got[0]) == 5


def test_a_damaged_batch_is_refused_after_those_before_it() -> None:
    data = bytearray(batch([RECORD] * 2, 0, 0) + batch([RECORD] * 2, 2, 0))
    data[-2] ^= 1
    for kind in (quick_class(), Fetcher.PartitionRecords):
        part = kind(0, PARTITION, MemoryRecords(bytes(data)))
        assert [record.offset for record in part.take(10)] == [0, 1]
        with pytest.raises(CorruptRecordError):
            part.take(10)
