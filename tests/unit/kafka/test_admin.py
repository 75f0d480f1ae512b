"""How a topic differs from its plan, in words that say what to do."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from kafka import TopicPartition
from kafka.admin import NewTopic
from kafka.errors import (
    KafkaError,
    OffsetNotAvailableError,
    TopicAuthorizationFailedError,
    UnknownBrokerIdError,
)

from listener.domain.errors import ServiceError
from listener.domain.topics import ALL, CHANGELOGS, RAW, STREAM_GROUP, TRIAGE
from listener.kafka import admin
from listener.kafka.admin import TopicAdmin, TopicPlan, compare, plan
from listener.kafka.connection import KafkaConnection
from stream.ledger.ledger import Ledger
from stream.levels import Levels
from stream.triage.triage import Triage

WANTED = TopicPlan("t", 2, 3, {"retention.ms": "10", "min.insync.replicas": "2"})
ACTUAL = {"retention.ms": "10", "min.insync.replicas": "2", "cleanup.policy": "delete"}


def described(*replicas: int) -> dict[str, Any]:
    """As Kafka tells: a partition with so many replicas each."""
    return {"partitions": [{"replica_nodes": list(range(count))} for count in replicas]}


def test_a_topic_as_planned_differs_in_nothing() -> None:
    assert compare(WANTED, described(3, 3), ACTUAL) == []


@pytest.mark.parametrize(
    ("topic", "actual", "kind", "words"),
    [
        (None, {}, "missing", "t: missing; `listener topics` creates it"),
        (described(3), ACTUAL, "partitions", "t: has 1 partitions, 2 are configured"),
        (described(1, 1), ACTUAL, "replication", "t: is kept 1 times, kafka.replication_factor is 3"),
        (described(3, 2), ACTUAL, "replication", "t: is kept 2 to 3 times"),
        (
            described(3, 3),
            ACTUAL | {"retention.ms": "7"},
            "setting",
            "t: retention.ms is 7, 10 is configured; `listener topics --apply` sets it",
        ),
        (described(3, 3), ACTUAL | {"min.insync.replicas": "1"}, "setting", "t: min.insync.replicas is 1"),
        (described(3, 3), {"retention.ms": "10"}, "setting", "Kafka knows no such setting"),
    ],
)
def test_a_difference_says_what_is_and_what_to_do(
    topic: dict[str, Any] | None, actual: dict[str, str], kind: str, words: str
) -> None:
    [found] = compare(WANTED, topic, actual)
    assert found.kind == kind
    assert words in str(found)


class SlowBroker:
    """A broker that takes a topic, and says so only when it is asked for the third time."""

    def __init__(self, **_: object) -> None:
        self.topics: list[str] = []
        self.asked = 0

    def list_topics(self) -> list[str]:
        return []

    def create_topics(self, topics: Sequence[NewTopic]) -> None:
        self.topics += [topic.name for topic in topics]

    def describe_topics(self) -> list[dict[str, Any]]:
        """First it does not know the topic, then not where its partitions are."""
        self.asked += 1
        partitions = [{"partition_index": 0}] if self.asked > 2 else []
        return [{"name": name, "partitions": partitions} for name in self.topics if self.asked > 1]

    def list_partition_offsets(self, asked: dict[TopicPartition, Any]) -> dict[TopicPartition, Any]:
        return {where: SimpleNamespace(offset=7) for where in asked}

    def close(self) -> None:
        pass


def test_what_was_created_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "KafkaAdminClient", SlowBroker)
    with TopicAdmin(KafkaConnection("127.0.0.1:1")) as topics:
        assert topics.create([WANTED]) == ["t"]
        assert topics.end_offsets(["t"]) == {("t", 0): 7}


class Electing(SlowBroker):
    """Has a new leader that does not know at once where its partition ends."""

    refusals: ClassVar[list[KafkaError]] = []

    def describe_topics(self) -> list[dict[str, Any]]:
        return [{"name": "t", "partitions": [{"partition_index": 0}]}]

    def list_partition_offsets(self, asked: dict[TopicPartition, Any]) -> dict[TopicPartition, Any]:
        if self.refusals:
            raise self.refusals.pop()
        return super().list_partition_offsets(asked)

    def list_group_offsets(self, groups: list[str]) -> dict[str, Any]:
        raise self.refusals.pop()


def test_an_election_is_waited_for_and_what_does_not_pass_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "KafkaAdminClient", Electing)
    passes, stays = OffsetNotAvailableError(), TopicAuthorizationFailedError()
    without_leader = UnknownBrokerIdError(-1)
    with TopicAdmin(KafkaConnection("127.0.0.1:1")) as topics:
        monkeypatch.setattr(Electing, "refusals", [passes, without_leader])
        assert topics.end_offsets(["t"]) == {("t", 0): 7}
        monkeypatch.setattr(Electing, "refusals", [stays, stays])
        with pytest.raises(ServiceError, match="where topics end"):
            topics.end_offsets(["t"])
        with pytest.raises(ServiceError, match="what g has committed"):
            topics.committed_offsets("g")
        monkeypatch.setattr(admin, "PATIENCE_SECONDS", 0.0)
        monkeypatch.setattr(Electing, "refusals", [passes] * 9)
        with pytest.raises(ServiceError, match="OffsetNotAvailable"):
            topics.end_offsets(["t"])


def test_a_plan_has_the_settings_of_the_installation_above_those_of_the_product() -> None:
    overrides = {RAW.name: {"retention.ms": "5", "min.insync.replicas": "3"}}
    plans = {wanted.name: wanted for wanted in plan(ALL, 6, 3, overrides, min_insync_replicas=2)}
    assert plans[RAW.name].config["retention.ms"] == "5"
    assert plans[RAW.name].config["min.insync.replicas"] == "3"
    assert plans[TRIAGE.name].config["min.insync.replicas"] == "2"
    assert plans[TRIAGE.name].config["cleanup.policy"] == "compact"
    assert plans[TRIAGE.name].partitions == 6


def test_changelogs_are_named_as_faust_names_them() -> None:
    assert [topic.name for topic in CHANGELOGS] == [
        f"{STREAM_GROUP}-{stage}-changelog" for stage in (Ledger.name, Triage.name, Levels.name)
    ]
