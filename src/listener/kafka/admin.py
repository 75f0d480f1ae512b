"""Topics: created where they are missing, compared with what they should be where they are there."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic, OffsetSpec, OffsetTimestamp
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaError,
    NoError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
    UnknownBrokerIdError,
)

from listener.domain.errors import ServiceError, UsageError
from listener.domain.topics import Topic
from listener.kafka.connection import KafkaConnection
from listener.kafka.diagnosis import not_ready

KNOWN_SECONDS = 10.0
PATIENCE_SECONDS = 5.0
"""So long a partition may be without a leader, or that not know yet where it ends, until it counts as lost."""
MIN_INSYNC = "min.insync.replicas"
COORDINATOR_MOVES = (CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError)
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class TopicPlan:
    """What a topic is to be in this installation."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One way in which a topic is not as planned, and in words what to do about it."""

    topic: str
    kind: Literal["missing", "partitions", "replication", "setting"]
    text: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.text}"


def plan(
    topics: Iterable[Topic],
    partitions: int,
    replication_factor: int,
    overrides: Mapping[str, Mapping[str, str]],
    *,
    min_insync_replicas: int | None = None,
) -> list[TopicPlan]:
    """The topics with this installation's partition count and settings.

    Args:
        partitions: what ``N`` stands for.
        overrides: topic to Kafka's settings, over the product's own.
        min_insync_replicas: as the broker has it where None.
    """
    insync = {} if min_insync_replicas is None else {"min.insync.replicas": str(min_insync_replicas)}
    return [
        TopicPlan(
            name=topic.name,
            partitions=partitions if topic.partitions == "N" else topic.partitions,
            replication_factor=replication_factor,
            config=topic.config() | insync | dict(overrides.get(topic.name, {})),
        )
        for topic in topics
    ]


def compare(
    wanted: TopicPlan, topic: Mapping[str, Any] | None, actual: Mapping[str, str]
) -> list[Difference]:
    """How one topic differs from its plan.

    Args:
        topic: as Kafka describes it; None where there is none.
        actual: its settings, those of the broker included.
    """

    def difference(kind: Literal["missing", "partitions", "replication", "setting"], text: str) -> Difference:
        return Difference(wanted.name, kind, text)

    if topic is None:
        return [difference("missing", "missing; `listener topics` creates it")]
    found = []
    partitions = topic["partitions"]
    if len(partitions) != wanted.partitions:
        found.append(
            difference(
                "partitions",
                f"has {len(partitions)} partitions, {wanted.partitions} are configured; the count is fixed for "
                "an installation with state, so set kafka.partitions to what is there",
            )
        )
    replicas = sorted({len(partition["replica_nodes"]) for partition in partitions})
    if replicas != [wanted.replication_factor]:
        told = " to ".join(str(number) for number in dict.fromkeys((replicas[0], replicas[-1])))
        found.append(
            difference(
                "replication",
                f"is kept {told} times, kafka.replication_factor is {wanted.replication_factor}; Kafka's "
                "kafka-reassign-partitions changes it",
            )
        )
    for name, value in wanted.config.items():
        if name not in actual:
            found.append(difference("setting", f"{name} is configured, and Kafka knows no such setting"))
        elif actual[name] != value:
            found.append(
                difference(
                    "setting",
                    f"{name} is {actual[name]}, {value} is configured; `listener topics --apply` sets it",
                )
            )
    return found


class TopicAdmin:
    """Creates and checks topics. Use as a context manager.

    Args:
        connection: the cluster.
        connect_timeout_seconds: how long to try; the default is long enough for a broker that is busy, and
            not too long for a person who mistyped the address.

    Raises:
        NotReady: no broker answers at that address in time, or none lets us in.
    """

    def __init__(self, connection: KafkaConnection, *, connect_timeout_seconds: float = 10.0) -> None:
        try:
            self._admin = KafkaAdminClient(
                client_id="listener-admin",
                bootstrap_timeout_ms=int(connect_timeout_seconds * 1000),
                **connection.kafka_python(),
            )
        except (KafkaError, OSError, ValueError) as error:
            raise not_ready(connection, error) from error
        self._created: set[str] = set()

    def __enter__(self) -> "TopicAdmin":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._admin.close()

    def create(self, plans: Iterable[TopicPlan]) -> list[str]:
        """Creates what is missing, leaves what is there.

        Returns:
            The names of what was created.

        Raises:
            ServiceError: the cluster refused.
        """
        existing = set(self._admin.list_topics())
        created: list[str] = []
        for wanted in plans:
            if wanted.name in existing:
                continue
            topic = NewTopic(
                name=wanted.name,
                num_partitions=wanted.partitions,
                replication_factor=wanted.replication_factor,
                topic_configs=dict(wanted.config),
            )
            try:
                self._admin.create_topics([topic])
            except TopicAlreadyExistsError:
                continue  # another process was faster
            except KafkaError as error:
                raise ServiceError(f"topic {wanted.name} cannot be created: {error}") from error
            created.append(wanted.name)
        self._created.update(created)
        self._describe()
        return created

    def _describe(self) -> dict[str, dict[str, Any]]:
        """All topics by name, as one of the brokers knows them.

        Each learns of a new topic in its own time, and any of them may be the one that is asked: what was created
        here is waited for.
        """
        deadline = time.monotonic() + KNOWN_SECONDS
        while True:
            described = {topic["name"]: topic for topic in self._admin.describe_topics()}
            known = {name for name, topic in described.items() if topic["partitions"]}
            if self._created <= known or time.monotonic() > deadline:
                return described
            time.sleep(0.1)

    def differences(self, plans: Iterable[TopicPlan]) -> list[Difference]:
        """How the cluster's topics differ from the plan; empty where they do not.

        Raises:
            ServiceError: the cluster refuses to tell.
        """
        plans = list(plans)
        try:
            described = self._describe()
            actual = self._configurations(wanted.name for wanted in plans if wanted.name in described)
        except KafkaError as error:
            raise ServiceError(f"topics cannot be compared: {error}") from error
        return [
            difference
            for wanted in plans
            for difference in compare(wanted, described.get(wanted.name), actual.get(wanted.name, {}))
        ]

    def apply_settings(self, plans: Iterable[TopicPlan]) -> list[Difference]:
        """Gives topics that are there the settings of the plan, where theirs differ.

        Returns:
            What was different, and is not any more.

        Raises:
            ServiceError: the cluster refused.
        """
        wanted = {topic.name: topic for topic in plans}
        different = [found for found in self.differences(wanted.values()) if found.kind == "setting"]
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, name, dict(wanted[name].config))
            for name in dict.fromkeys(found.topic for found in different)
        ]
        if resources:
            try:
                self._admin.alter_configs(resources)
            except (KafkaError, ValueError) as error:
                raise ServiceError(f"settings of topics cannot be changed: {error}") from error
        return different

    def settings(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        """Kafka's settings of these topics, those of the broker included; without those that are not there.

        Raises:
            ServiceError: the cluster refuses to tell.
        """
        try:
            there = self._describe()
            return self._configurations(name for name in topics if name in there)
        except KafkaError as error:
            raise ServiceError(f"the settings of topics cannot be read: {error}") from error

    def _configurations(self, topics: Iterable[str]) -> dict[str, dict[str, str]]:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        if not asked:
            return {}
        answers = self._admin.describe_configs(asked, config_filter="all")
        return {
            topic: {name: entry["value"] for name, entry in entries.items()}
            for topic, entries in answers["topic"].items()
        }

    def rewind(self, group: str, topics: Iterable[str], since: datetime | None) -> int:
        """Lets a consumer group read again.

        Args:
            since: what was produced from this time on; everything that there is where None.

        Returns:
            How many records it will read, as far as offsets tell.

        Raises:
            UsageError: somebody of the group runs, and would commit its own offsets over these.
            ServiceError: the cluster refused.
        """
        ends = self.end_offsets(topics)
        target = OffsetSpec.EARLIEST if since is None else OffsetTimestamp(int(since.timestamp() * 1000))
        try:
            if self._admin.describe_groups([group])[group].get("members"):
                raise UsageError(f"the group {group} is at work: stop all its processes first")
            answers = self._admin.reset_group_offsets(
                group, dict.fromkeys([TopicPartition(*where) for where in ends], target)
            )
        except KafkaError as error:
            raise ServiceError(f"the offsets of {group} cannot be changed: {error}") from error
        failed = [answer["error"].__name__ for answer in answers.values() if answer["error"] is not NoError]
        if failed:
            raise ServiceError(f"the offsets of {group} cannot be changed: {failed[0]}")
        return sum(ends[tp.topic, tp.partition] - answer["offset"] for tp, answer in answers.items())

    def end_offsets(self, topics: Iterable[str]) -> dict[tuple[str, int], int]:
        """The next offset of every partition of these topics, as far as the cluster knows them.

        Raises:
            ServiceError: the cluster does not tell; where that passes by itself, as an election does, it was asked
                again for `PATIENCE_SECONDS`, each time for as long as the client waits.
        """
        wanted = set(topics)

        def ask() -> dict[tuple[str, int], int]:
            partitions = [
                TopicPartition(name, partition["partition_index"])
                for name, topic in self._describe().items()
                if name in wanted
                for partition in topic["partitions"]
            ]
            answers = self._admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
            return {(tp.topic, tp.partition): answer.offset for tp, answer in answers.items()}

        return _patiently(ask, "Kafka does not say where topics end")

    def committed_offsets(self, group: str) -> dict[tuple[str, int], int]:
        """The offsets that a consumer group has committed; empty if it never did, or if nobody knows just now.

        Raises:
            ServiceError: as `end_offsets`.
        """

        def ask() -> dict[str, dict[TopicPartition, Any]]:
            try:
                return dict(self._admin.list_group_offsets([group]))
            except COORDINATOR_MOVES:  # on a new cluster there is none until the first group comes
                return {}

        answers = _patiently(ask, f"Kafka does not say what {group} has committed")
        return {
            (tp.topic, tp.partition): answer.offset
            for tp, answer in answers.get(group, {}).items()
            if answer.offset >= 0
        }


def _patiently(ask: Callable[[], _Answer], failed: str) -> _Answer:
    """What the cluster answers, asked again for a while where a refusal passes by itself."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return ask()
        except KafkaError as error:
            # the leader of a partition that has none is an unknown broker to the client
            passes = error.retriable or isinstance(error, UnknownBrokerIdError)
            if not passes or time.monotonic() > deadline:
                raise ServiceError(f"{failed}: {error}") from error
        time.sleep(0.1)
