"""What the fetch loop replaces in Faust and sets in aiokafka is there: a name that has gone changes nothing."""

import asyncio

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from faust.transport.drivers import aiokafka as driver

from stream.fetching import BEHIND, EAGER, IDLE, IDLE_SECONDS, FetchConsumer, FetchThread, Patience, patience
from stream.reliability import ReliableApp

READING = (
    *("_new_consumer_thread", "_drain_messages", "perform_seek", "seek_wait", "on_partitions_revoked"),
    *("_filter_tps_with_pending_acks", "_filter_committable_offsets", "verify_event_path"),
)
REBALANCING = (
    *("_new_transport", "_consumer_wait_empty", "_on_rebalance_when_stopped", "_on_partitions_assigned"),
)


@pytest.mark.parametrize("name", READING)
def test_faust_reads_through_what_is_replaced(name: str) -> None:
    assert name in vars(FetchConsumer)
    assert callable(getattr(driver.Consumer, name))


@pytest.mark.parametrize("name", REBALANCING)
def test_faust_rebalances_through_what_is_replaced(name: str) -> None:
    assert name in vars(ReliableApp)
    assert callable(getattr(faust.App, name))


def test_what_is_set_in_aiokafka_is_read_there() -> None:
    async def made() -> AIOKafkaConsumer:
        return AIOKafkaConsumer(fetch_max_wait_ms=123)

    assert "_create_worker_consumer" in vars(FetchThread)
    assert callable(driver.AIOKafkaConsumerThread._create_worker_consumer)
    assert vars(asyncio.run(made()))["_fetch_max_wait_ms"] == 123
    assert {"_fetch_min_bytes", "_fetch_max_wait_ms"} <= set(Fetcher._get_actions_per_node.__code__.co_names)
    assert "_prefetch_backoff" in Fetcher.__init__.__code__.co_names
    assert callable(GroupCoordinator._do_heartbeat)


@pytest.mark.parametrize(
    ("silent_seconds", "waiting", "expected"),
    [
        (0.0, False, EAGER),
        (IDLE_SECONDS, True, BEHIND),
        (IDLE_SECONDS + 1, False, IDLE),
        (IDLE_SECONDS + 1, True, IDLE),
    ],
)
def test_a_fetch_waits_for_more_only_where_that_keeps_nobody(
    silent_seconds: float, *, waiting: bool, expected: Patience
) -> None:
    assert patience(silent_seconds, waiting=waiting) == expected
