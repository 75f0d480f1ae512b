"""Publishing with awaited delivery: what was flushed is on the broker, what is not raises."""

import logging
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from listener.domain.errors import Rejected, ServiceError
from listener.domain.topics import BY_NAME, MAX_DEAD_BYTES
from listener.kafka.connection import KafkaConnection
from listener.kafka.diagnosis import not_ready

log = logging.getLogger(__name__)

MAX_PENDING_RECORDS = 20_000
MAX_PENDING_BYTES = 32 * 1024 * 1024
"""kafka-python itself buffers without limit while the broker is slow or away."""
LINGER_MS = 100
"""Few large requests cost a third of many small ones; who waits for an acknowledgement does not linger."""
RECORD_OVERHEAD_BYTES = 1024
"""What Kafka adds to key, value and headers of one record, generously."""


class Outlet(Protocol):
    """What takes records: a `Publisher`, or in tests a list."""

    def publish(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """As `Publisher.publish`."""
        ...

    def flush(self) -> None:
        """As `Publisher.flush`."""
        ...


class Publisher:
    """A producer for one process: idempotent, acknowledged by all replicas, keys partitioned by murmur2.

    1. `publish` hands over a record and returns at once; only where too much waits for the broker it blocks.
    2. `flush` returns once every record published since the last flush is acknowledged.
    3. Only then may the caller note that the work is done.

    A failed delivery is raised by the next `flush`, or earlier by a `publish` that has to wait; some of the
    records since the last flush may have arrived nevertheless, so what follows is a repeat, never a loss.
    Not to be shared by threads, except for `deliver`, which waits for its own record only.

    Args:
        connection: the cluster.
        client_id: names this process in the broker's log.
        delivery_timeout_seconds: how long the broker may be away before a record counts as failed.
        topic_timeout_seconds: how long a topic may be missing: its leader is unknown just after creation.
        connect_timeout_seconds: how long a first broker may take to answer.

    Raises:
        ServiceError: no broker answers at that address, or it refuses us.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        client_id: str,
        delivery_timeout_seconds: float = 60.0,
        topic_timeout_seconds: float = 20.0,
        connect_timeout_seconds: float = 15.0,
    ) -> None:
        self._servers = connection.bootstrap_servers
        self._delivery_timeout_seconds = delivery_timeout_seconds
        self._pending: deque[tuple[Any, int]] = deque()
        self._pending_bytes = 0
        try:
            self._producer = KafkaProducer(
                **connection.kafka_python(),
                client_id=client_id,
                acks="all",
                enable_idempotence=True,
                compression_type="lz4",
                linger_ms=LINGER_MS,
                batch_size=128 * 1024,
                max_request_size=MAX_DEAD_BYTES,
                allow_auto_create_topics=False,  # with one partition it would break the keys' order
                bootstrap_timeout_ms=int(connect_timeout_seconds * 1000),
                max_block_ms=int(topic_timeout_seconds * 1000),
                request_timeout_ms=int(min(10.0, delivery_timeout_seconds / 2) * 1000),
                delivery_timeout_ms=int(delivery_timeout_seconds * 1000),
                reconnect_backoff_max_ms=1000,  # a broker that came back is found within a second
                metrics_enabled=False,
            )
        except (KafkaError, OSError, ValueError) as error:
            raise not_ready(connection, error) from error

    def publish(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Hands over one record.

        Args:
            topic: must exist.
            key: text is sent as UTF-8.
            value: None deletes the key in a compacted topic.
            headers: name and value.

        Raises:
            Rejected: the record is larger than the topic takes; nothing was sent, the publisher goes on.
            ServiceError: the topic does not exist, or an earlier record could not be delivered.
        """
        future, size = self._send(topic, key, value, list(headers))
        self._pending.append((future, size))
        self._pending_bytes += size
        while len(self._pending) > MAX_PENDING_RECORDS or self._pending_bytes > MAX_PENDING_BYTES:
            self._settle_oldest(time.monotonic() + self._delivery_timeout_seconds + 5)

    def flush(self, timeout_seconds: float = 90.0) -> None:
        """Waits until everything published since the last flush is acknowledged.

        Raises:
            ServiceError: a record was not delivered, or the time is over. The count starts anew afterwards:
                records that were pending are given up, and their work is to be repeated.
        """
        deadline = time.monotonic() + timeout_seconds
        try:
            if self._pending:
                self._hurry(timeout_seconds)
            while self._pending:
                self._settle_oldest(deadline)
        except ServiceError:
            self._pending.clear()
            self._pending_bytes = 0
            raise

    def deliver(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        headers: Iterable[tuple[str, bytes]] = (),
    ) -> None:
        """Publishes one record and waits for its acknowledgement. May be called from several threads at once.

        Raises:
            Rejected: the record is larger than the topic takes.
            ServiceError: it was not delivered in time.
        """
        future, _ = self._send(topic, key, value, list(headers))
        deadline = time.monotonic() + self._delivery_timeout_seconds + 5
        self._hurry(deadline - time.monotonic())
        self._await(future, deadline)

    def close(self) -> None:
        """Ends the connection. What was published and not flushed may or may not arrive."""
        try:
            self._producer.close(timeout=5)
        except KafkaError as error:
            log.debug("the producer did not close in time: %s", error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(
        self, topic: str, key: str | bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> tuple[Any, int]:
        raw_key = key.encode() if isinstance(key, str) else key
        size = (
            len(raw_key or b"")
            + len(value or b"")
            + sum(len(name.encode()) + len(content) for name, content in headers)
            + RECORD_OVERHEAD_BYTES
        )
        limit = BY_NAME[topic].max_bytes if topic in BY_NAME else MAX_DEAD_BYTES
        if size > limit:
            raise Rejected("too-large", f"{size} bytes with key and headers; {topic} takes up to {limit}")
        try:
            return self._producer.send(topic, key=raw_key, value=value, headers=headers), size
        except KafkaError as error:
            raise ServiceError(
                f"Kafka at {self._servers} does not know the topic {topic} or does not answer ({error}). "
                "`listener topics` creates and checks the topics."
            ) from error

    def _hurry(self, timeout_seconds: float) -> None:
        """Ends the lingering. What kafka-python's flush says is no proof: it passes over failures."""
        with suppress(KafkaError):
            self._producer.flush(timeout_seconds)

    def _settle_oldest(self, deadline: float) -> None:
        future, size = self._pending[0]
        self._await(future, deadline)
        self._pending.popleft()
        self._pending_bytes -= size

    def _await(self, future: Any, deadline: float) -> None:
        try:
            future.get(timeout=max(0.0, deadline - time.monotonic()))
        except KafkaError as error:
            raise ServiceError(
                f"Kafka at {self._servers} did not acknowledge a record in time, or refused it: {error}"
            ) from error
