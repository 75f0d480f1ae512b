"""Rates and what waits, from the offsets that a broker tells."""

import time
from collections.abc import Iterable

import pytest

from listener import flow
from listener.domain.errors import NotReady, ServiceError
from listener.domain.topics import ENRICHED, RAW, STREAM_GROUP, TRIAGE
from listener.flow import FlowWatch
from listener.kafka.connection import KafkaConnection

GROUPS = {STREAM_GROUP: (RAW.name, ENRICHED.name), "listener-sink-clickhouse": (TRIAGE.name,)}


class Broker:
    """Offsets that move, and a clock."""

    def __init__(self) -> None:
        self.at = 0.0
        self.ends = {(RAW.name, 0): 100, (ENRICHED.name, 0): 90, (TRIAGE.name, 0): 10}
        self.done = {
            STREAM_GROUP: {(RAW.name, 0): 90, (ENRICHED.name, 0): 90},
            "listener-sink-clickhouse": {},
        }
        self.away = False

    def __call__(self, connection: KafkaConnection) -> "Broker":
        if self.away:
            raise NotReady("away")
        return self

    def __exit__(self, *exc_info: object) -> None:
        pass

    def end_offsets(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        return dict(self.ends)

    def committed_offsets(self, group: str) -> dict[tuple[str, int], int]:
        if self.away:
            raise ServiceError("away")
        return dict(self.done[group])


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(flow, "TopicAdmin", broker)
    monkeypatch.setattr(time, "monotonic", lambda: broker.at)
    return broker


def test_rates_are_of_the_last_minute_and_lag_is_by_stage(broker: Broker) -> None:
    watch = FlowWatch(KafkaConnection("k:1"), GROUPS)
    first = watch.look()
    assert first.heard_per_minute is None
    assert {stage.name: stage.waiting for stage in first.stages} == {
        "ledger": 10,
        "triage": 0,
        "levels": 0,
        "sink clickhouse": 10,
    }
    broker.at, broker.ends[RAW.name, 0], broker.done[STREAM_GROUP][RAW.name, 0] = 30, 160, 120
    second = watch.look()
    assert second.heard_per_minute == 120
    assert {stage.name: stage.per_minute for stage in second.stages}["ledger"] == 60
    broker.at = 80
    assert watch.look().heard_per_minute == 0, "the first look is over a minute ago"


def test_asked_at_once_it_does_not_ask_the_broker_again(broker: Broker) -> None:
    watch = FlowWatch(KafkaConnection("k:1"), GROUPS)
    watch.look()
    broker.at, broker.ends[RAW.name, 0] = 1, 1000
    assert watch.look().heard_per_minute is None


def test_a_broker_that_is_away_is_told_and_asked_anew(broker: Broker) -> None:
    watch = FlowWatch(KafkaConnection("k:1"), GROUPS)
    broker.away = True
    with pytest.raises(NotReady, match=r"^away$"):
        watch.look()
    broker.away = False
    assert watch.look().stages
    broker.at, broker.away = 10, True
    with pytest.raises(ServiceError, match=r"^away$"):
        watch.look()
    broker.away = False
    assert watch.look().stages
