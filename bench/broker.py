"""The broker that all contenders share: topics made anew between runs, what was published, what came out."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confluent_kafka import (
    Consumer,
    ConsumerGroupState,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from bench.producing import PRODUCER
from listener.bootstrap import topic_plans
from listener.domain.customer import Customer
from listener.domain.topics import CUSTOMERS
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection
from listener.settings import load_settings

GONE_SECONDS = 30.0
STABLE_SECONDS = 90.0
KEPT = (CUSTOMERS.name,)
"""Every other topic is made anew for each run."""


@dataclass(frozen=True)
class Broker:
    """A running broker and the directory of the benchmark."""

    servers: str
    directory: Path

    @property
    def connection(self) -> KafkaConnection:
        """For the product's own clients."""
        return KafkaConnection(self.servers)

    def publish(self, records: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Publishes (topic, key, value) and waits until all is acknowledged.

        Raises:
            KafkaException: a record was not.
        """
        producer = Producer({"bootstrap.servers": self.servers, **PRODUCER})
        failures: list[KafkaError] = []

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                failures.append(error)

        for number, (topic, key, value) in enumerate(records):
            while True:
                try:
                    producer.produce(topic, value, key, on_delivery=delivered)
                    break
                except BufferError:
                    producer.poll(0.1)
            if number % 1000 == 0:
                producer.poll(0)
        producer.flush()
        if failures:
            raise KafkaException(failures[0])

    def publish_customers(self, customers: Iterable[Customer]) -> None:
        """All records of the customer database."""
        self.publish((CUSTOMERS.name, c.customer_id.encode(), c.to_json()) for c in customers)

    def wait_stable(self, group: str, members: int, check: Callable[[], None]) -> None:
        """Waits until a group has so many members and its partitions are assigned.

        Raises:
            TimeoutError: that did not come.
        """
        admin = AdminClient({"bootstrap.servers": self.servers})
        deadline = time.monotonic() + STABLE_SECONDS
        while time.monotonic() < deadline:
            check()
            try:
                found = admin.describe_consumer_groups([group], request_timeout=10)[group].result()
            except KafkaException:
                found = None  # its coordinator is not there yet
            if found and found.state == ConsumerGroupState.STABLE and len(found.members) == members:
                return
            time.sleep(0.2)
        raise TimeoutError(f"group {group} has not {members} members after {STABLE_SECONDS:.0f} s")

    def reset(self, group: str, keep: Sequence[str] = KEPT) -> None:
        """Makes all topics but those kept anew, and forgets what a group has read."""
        admin = AdminClient({"bootstrap.servers": self.servers})
        there = set(admin.list_topics(timeout=30).topics)
        gone = [name for name in there if name not in keep and not name.startswith("__")]
        if gone:
            for done in admin.delete_topics(gone, operation_timeout=30).values():
                done.result()
        deadline = time.monotonic() + GONE_SECONDS
        while set(admin.list_topics(timeout=30).topics) & set(gone) and time.monotonic() < deadline:
            time.sleep(0.1)
        _forget_group(admin, group)
        self.create()

    def create(self) -> None:
        """Every topic of an installation; records bear the broker's time, so that one clock measures all."""
        settings = load_settings(None, self.directory, {"KAFKA_BOOTSTRAP_SERVERS": self.servers})
        plans = [
            replace(plan, config={**plan.config, "message.timestamp.type": "LogAppendTime"})
            for plan in topic_plans(settings)
        ]
        with TopicAdmin(self.connection) as admin:
            admin.create(plans)

    def ends(self, topics: Sequence[str]) -> int:
        """How many records were ever written to these topics."""
        with self.reader() as reader:
            return _count(reader, topics)

    @contextmanager
    def reader(self) -> Iterator[Any]:
        """A consumer without a group, for counting and reading."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.servers,
                "group.id": "bench-reader",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 20,
                "allow.auto.create.topics": False,
            }
        )
        try:
            yield consumer
        finally:
            consumer.close()

    def wait_records(self, topic: str, count: int, check: Callable[[], None], timeout_seconds: float) -> None:
        """Waits until a topic has so many records.

        Args:
            check: raises where that will not come any more.

        Raises:
            TimeoutError: it did not come.
        """
        deadline = time.monotonic() + timeout_seconds
        with self.reader() as reader:
            while (there := _count(reader, [topic])) < count:
                check()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{there} of {count} records on {topic} after {timeout_seconds:.0f} s")
                time.sleep(0.2)

    def wait_still(self, topics: Sequence[str], still_seconds: float, check: Callable[[], None]) -> None:
        """Waits until nothing has been written to these topics for a while."""
        with self.reader() as reader:
            before, since = -1, time.monotonic()
            while time.monotonic() - since < still_seconds:
                check()
                if (there := _count(reader, topics)) != before:
                    before, since = there, time.monotonic()
                time.sleep(0.1)

    def read(self, topic: str) -> Iterator[Message]:
        """Everything on a topic now; the records of a partition in their order."""
        with self.reader() as reader:
            places, left = [], 0
            for number in reader.list_topics(topic, timeout=30).topics[topic].partitions:
                low, high = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
                places.append(TopicPartition(topic, number, low))
                left += high - low
            reader.assign(places)
            while left:
                for message in reader.consume(min(left, 5000), timeout=1.0):
                    if message.error() is None:
                        left -= 1
                        yield message


def _forget_group(admin: AdminClient, group: str) -> None:
    """Its offsets go, once its last member has left."""
    known = {listing.group_id for listing in admin.list_consumer_groups(request_timeout=30).result().valid}
    deadline = time.monotonic() + GONE_SECONDS
    while group in known:
        try:
            for done in admin.delete_consumer_groups([group], request_timeout=30).values():
                done.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.NON_EMPTY_GROUP or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _count(reader: Any, topics: Sequence[str]) -> int:
    known = reader.list_topics(timeout=30).topics
    return sum(
        reader.get_watermark_offsets(TopicPartition(topic, number), timeout=30, cached=False)[1]
        for topic in topics
        for number in known[topic].partitions
    )


def stored_ms(message: Message) -> int:
    """When the broker stored a record, in milliseconds since 1970."""
    return int(message.timestamp()[1])


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A fresh embedded broker with all topics, in a directory that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="listener-bench-") as name:
        directory = Path(name)
        kafka = KafkaServer(directory / "kafka", free_port())
        kafka.start()
        try:
            kafka.wait_ready()
            broker = Broker(kafka.bootstrap_servers, directory)
            broker.create()
            yield broker
        finally:
            kafka.stop()
