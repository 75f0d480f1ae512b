"""Simulated time: it stands still but for the ticks on the topic `clock`, which a thread follows."""

import logging
import threading
from datetime import UTC, datetime

from kafka import TopicPartition
from kafka.errors import KafkaError

from listener.domain.clock import ClockTick
from listener.domain.errors import ListenerError, Rejected
from listener.domain.topics import CLOCK
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole, reader

log = logging.getLogger(__name__)

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The time before the first tick: nothing is late."""
POLL_MS = 1000
AGAIN_SECONDS = 1.0


class TopicClock:
    """The highest tick that was read is now; so time never goes back. For any thread.

    Args:
        connection: the cluster.
    """

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._now = BEGINNING
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="topic-clock", daemon=True)

    def start(self) -> None:
        """Reads all ticks that there are, and follows the topic until `close`, or as long as the process lasts.

        Raises:
            NotReady: no broker answers.
            ServiceError: the topic does not exist, or cannot be read.
        """
        for record in read_whole(self._connection, CLOCK.name):
            self._apply(record.value)
        self._thread.start()

    def now(self) -> datetime:
        """What time it is."""
        return self._now

    def close(self) -> None:
        """Time stands still."""
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (ListenerError, KafkaError, OSError, ValueError) as error:
                log.warning("topic=%s time stands still until Kafka is back: %r", CLOCK.name, error)
                self._stop.wait(AGAIN_SECONDS)

    def _read(self) -> None:
        """From the beginning, whose ticks change nothing any more."""
        consumer = reader(self._connection, "listener-clock")
        try:
            consumer.assign([TopicPartition(CLOCK.name, 0)])
            while not self._stop.is_set():
                for records in consumer.poll(timeout_ms=POLL_MS).values():
                    for record in records:
                        self._apply(record.value)
        finally:
            consumer.close()

    def _apply(self, value: bytes | None) -> None:
        try:
            self._now = max(self._now, ClockTick.read(value or b"").at)
        except Rejected as error:
            log.warning("topic=%s tick passed over: %s", CLOCK.name, error)
