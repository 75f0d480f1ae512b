"""Simulated time follows the topic `clock` and never goes back."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from listener.domain.clock import ClockTick
from listener.domain.topics import CLOCK
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.clock import BEGINNING, TopicClock
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka

NOON = datetime(2025, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def until_it_is(clock: TopicClock, at: datetime) -> None:
    deadline = time.monotonic() + 60
    while clock.now() < at:
        assert time.monotonic() < deadline, clock.now()
        time.sleep(0.05)


def test_the_highest_tick_is_now(kafka_server: KafkaServer) -> None:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan([CLOCK], 1, 1, {}))
    early, late = TopicClock(connection), TopicClock(connection)
    with Publisher(connection, client_id="test-clock") as out:

        def tick(*moments: datetime) -> None:
            for moment in moments:
                out.publish(CLOCK.name, None, ClockTick(at=moment).to_json())
            out.flush()

        early.start()
        assert early.now() == BEGINNING
        tick(NOON)
        out.publish(CLOCK.name, None, b"noon")
        tick(NOON - HOUR)
        late.start()
        assert late.now() == NOON, "what there was is read before anybody asks"
        tick(NOON + HOUR)
        for clock in (early, late):
            until_it_is(clock, NOON + HOUR)
            clock.close()
        tick(NOON + 2 * HOUR)
    assert early.now() == late.now() == NOON + HOUR
