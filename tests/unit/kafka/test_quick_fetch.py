"""What is asked for of a broker, after partitions were paused half read."""

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher
from kafka.consumer.subscription_state import SubscriptionState
from kafka.structs import OffsetAndMetadata

from listener.kafka.quick_fetch import WAIT_BESIDE_MS, WAIT_MS, fetch_quickly

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


@pytest.fixture
def fetcher() -> Any:
    """kafka-python's own, of a consumer that has A and B of the same broker."""
    positions = SubscriptionState()
    positions.assign_from_user([A, B])
    for partition in (A, B):
        positions.seek(partition, OffsetAndMetadata(7, "", -1))
    broker = {
        "leader_for_partition": lambda partition: 0,
        "leader_epoch_for_partition": lambda partition: 0,
    }
    manager = SimpleNamespace(
        _net=None, broker_version=None, cluster=SimpleNamespace(**broker), connection_delay=lambda node: 0
    )
    client = SimpleNamespace(_manager=manager, throttle_delay=lambda node: 0)
    made = Fetcher(client, positions)
    fetch_quickly(SimpleNamespace(_fetcher=made))
    return made


def half_read(fetcher: Any, partition: TopicPartition) -> Any:
    return fetcher.PartitionRecords(7, partition, records=None)


def read_to_its_end(fetcher: Any, partition: TopicPartition) -> Any:
    records = half_read(fetcher, partition)
    records.drain()
    return records


def asked_for(fetcher: Any) -> tuple[dict[TopicPartition, int], int]:
    """Partitions with their offsets, and how long the broker may wait for news of them."""
    ((request, offsets),) = fetcher._create_fetch_requests().values()
    return offsets, request.max_wait_ms


def test_what_was_paused_half_read_is_asked_for_once_another_was_read_to_its_end(fetcher: Any) -> None:
    fetcher._next_partition_records = read_to_its_end(fetcher, A)
    fetcher._paused_partition_records[B] = half_read(fetcher, B)
    assert asked_for(fetcher) == ({A: 7, B: 7}, WAIT_MS)


def test_what_was_paused_half_read_is_asked_for_while_another_is_being_read(fetcher: Any) -> None:
    fetcher._next_partition_records = half_read(fetcher, A)
    fetcher._paused_partition_records[B] = half_read(fetcher, B)
    assert asked_for(fetcher) == ({B: 7}, WAIT_BESIDE_MS)


def test_what_is_paused_stays_where_it_is(fetcher: Any) -> None:
    parked = fetcher._paused_partition_records[B] = half_read(fetcher, B)
    fetcher._subscriptions.pause(B)
    assert asked_for(fetcher) == ({A: 7}, WAIT_MS)
    assert fetcher._paused_partition_records == {B: parked}
