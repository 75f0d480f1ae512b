"""Following a topic: all that stands there, then what comes, without a group."""

import logging
from collections.abc import Callable, Iterator
from threading import Event

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from listener.domain.errors import NotReady, ServiceError
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import partitions_of
from listener.kafka.quick_fetch import fetch_quickly
from listener.kafka.record import Record

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
AGAIN_SECONDS = 5.0


def follow(
    connection: KafkaConnection,
    topic: str,
    *,
    stop: Event,
    caught_up: Callable[[], None],
    only_new: bool = False,
) -> Iterator[Record]:
    """Yields the records of a topic from its beginning on, as they come, until `stop` is set.

    Args:
        only_new: leave out what stands there at the start.
        caught_up: is called once, when everything that stood there at the start was yielded.

    Raises:
        NotReady: no broker answers at that address.
        ServiceError: the topic does not exist, or Kafka refuses. A broker that is away is waited for.
    """
    try:
        consumer = KafkaConsumer(
            **connection.kafka_python(),
            client_id=f"listener-follow-{topic}",
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=15_000,
            reconnect_backoff_max_ms=1000,
            metrics_enabled=False,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise NotReady(f"Kafka does not answer at {connection.bootstrap_servers}: {error}") from error
    fetch_quickly(consumer)
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(partitions_of(consumer, topic))]
        if not partitions:
            raise ServiceError(f"The topic {topic} does not exist: `listener topics` creates it")
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        if only_new:
            for partition, end in ends.items():
                consumer.seek(partition, end)
        else:
            consumer.seek_to_beginning(*partitions)
        behind = {partition: end for partition, end in ends.items() if end > 0}
        told = False
        while not stop.is_set():
            for records in consumer.poll(timeout_ms=int(POLL_SECONDS * 1000)).values():
                yield from records
            if not told:
                behind = {tp: end for tp, end in behind.items() if (consumer.position(tp) or 0) < end}
                if not behind:
                    told = True
                    caught_up()
    except KafkaError as error:
        raise ServiceError(f"Kafka failed while {topic} was read: {error}") from error
    finally:
        consumer.close()


def keep_following(
    connection: KafkaConnection,
    topic: str,
    take: Callable[[Record], None],
    *,
    stop: Event,
    caught_up: Callable[[], None] = lambda: None,
    only_new: bool = False,
) -> None:
    """Hands the records of a topic on until `stop` is set, whatever becomes of Kafka: for a thread of its own.

    Args:
        take: takes a record; what stood there is handed to it anew after a failure.
        caught_up, only_new: as for `follow`.
    """
    while not stop.is_set():
        try:
            for record in follow(connection, topic, stop=stop, caught_up=caught_up, only_new=only_new):
                take(record)
        except ServiceError as error:
            log.warning("topic=%s is tried again in %.0f s: %s", topic, AGAIN_SECONDS, error)
            stop.wait(AGAIN_SECONDS)
