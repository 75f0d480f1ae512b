"""What both loops over confluent-kafka share: consumer, producer, and the certainty that all was delivered."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer

from bench.peers.work import BATCH_RECORDS, BATCH_WAIT_SECONDS, Task
from bench.producing import PRODUCER


class Loop:
    """Reads in batches; nothing is committed before everything made of it is acknowledged."""

    def __init__(self, of: Task, topics: list[str]) -> None:
        self._failures: list[KafkaError] = []
        self._producer = Producer({"bootstrap.servers": of.servers, **PRODUCER})
        self._consumer = Consumer(
            {
                "bootstrap.servers": of.servers,
                "group.id": of.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "fetch.message.max.bytes": 8 << 20,
            }
        )
        self._consumer.subscribe(topics)

    def batch(self) -> list[Message]:
        """What has come; raises what the broker complains about."""
        messages: list[Message] = self._consumer.consume(BATCH_RECORDS, BATCH_WAIT_SECONDS)
        for message in messages:
            if message.error() is not None:
                raise KafkaException(message.error())
        return messages

    def send(self, records: Iterable[dict[str, Any]]) -> None:
        """Sends records, given as arguments of `produce`, and awaits all acknowledgements."""
        for record in records:
            self._producer.produce(**record, on_delivery=self._delivered)
        self._producer.flush()
        if self._failures:
            raise KafkaException(self._failures[0])

    def commit(self) -> None:
        """The batch is done."""
        self._consumer.commit(asynchronous=False)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failures.append(error)
