"""Consuming for a store: batches by group, committed by hand once stored; and compacted topics read whole."""

import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import inf
from types import TracebackType
from typing import Any, Self

from kafka import AsyncConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError
from kafka.structs import MemberState

from listener.domain.errors import ServiceError
from listener.kafka.connection import KafkaConnection
from listener.kafka.diagnosis import not_ready
from listener.kafka.quick_fetch import fetch_quickly
from listener.kafka.quick_receive import receive_quickly
from listener.kafka.quick_records import read_quickly
from listener.kafka.record import Record
from listener.kafka.tenure import Tenure

log = logging.getLogger(__name__)

FETCH_BYTES = 32 * 1024 * 1024
"""Of one answer of the broker; above the largest record that any topic takes."""
PARTITION_BYTES = 1024 * 1024
"""The client keeps an answer of every partition until it is read: this, times the number of partitions, bounds
what it reads ahead. A larger record comes nevertheless, alone."""
PORTION_RECORDS = 500
"""Taken out of the client at once: their values are unpacked then, and only the packed size was bounded."""
RECORD_BYTES = 512
"""What a record takes beside its value, generously."""
POLL_SECONDS = 0.1
JOIN_SECONDS = 5.0
"""A poll that ends while its member joins starts the joining anew, in kafka-python 3.0.12; on a busy machine
with short polls that never ends."""
HAND_OVER_SECONDS = 60.0
"""So long a rebalance waits for what this member has begun; the group waits 300 seconds for a member."""
OWED_SECONDS = 1.0
TOPIC_SECONDS = 5.0
CATCH_UP_SECONDS = 30.0


class BatchConsumer:
    """One member of a consumer group that reads batches and commits what was stored.

    1. `poll` collects a batch.
    2. The caller stores it. Meanwhile it may `poll` the next one; otherwise it calls `keep_alive` every few
       seconds.
    3. `commit` notes that the oldest batch is stored. A crash before that repeats the batch.

    Whatever was collected and not yet handed out when partitions move to another member is dropped, and read
    again by whoever owns them then. Not to be shared by threads.

    Args:
        connection: the cluster.
        group: name of the consumer group.
        topics: to subscribe to; one that does not exist yet is found within seconds of its creation.
        max_records: a batch has at most this many records,
        max_bytes: and is handed out once its values have this many bytes,
        max_wait_seconds: or once its first record waits for this long; earlier, where nothing more comes and
            the last batch was handed out longer ago than this. So a single record is handed out at once, and
            there is hardly more than one small batch in this time.
        session_timeout_seconds: a member that is silent for so long loses its partitions; after a kill -9 its
            successor waits for as long.
        tenure: partitions go to other members once what was begun within it has ended.

    Raises:
        NotReady: no broker answers at that address.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        group: str,
        topics: Iterable[str],
        *,
        max_records: int = 20_000,
        max_bytes: int = 64 * 1024 * 1024,
        max_wait_seconds: float = 0.5,
        session_timeout_seconds: float = 10.0,
        tenure: Tenure | None = None,
    ) -> None:
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._max_wait_seconds = max_wait_seconds
        self._largest = RECORD_BYTES
        self._handed_out: deque[_Extent] = deque()
        self._handed_out_at = -inf
        self._owed: dict[TopicPartition, int] = {}
        """What is stored, and could not be committed yet."""
        receive_quickly()
        try:
            self._consumer = KafkaConsumer(
                **connection.kafka_python(),
                client_id=group,
                group_id=group,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                fetch_max_bytes=FETCH_BYTES,
                max_partition_fetch_bytes=PARTITION_BYTES,
                session_timeout_ms=int(session_timeout_seconds * 1000),
                heartbeat_interval_ms=int(session_timeout_seconds * 1000 / 10),
                metadata_max_age_ms=5_000,
                bootstrap_timeout_ms=15_000,
                reconnect_backoff_max_ms=1000,
                metrics_enabled=False,
            )
        except (KafkaError, OSError, ValueError) as error:
            raise not_ready(connection, error) from error
        read_quickly(self._consumer)
        fetch_quickly(self._consumer)
        self._moves = _Moves(self._keep_owned, tenure or Tenure(), self._consumer._net.sleep)  # noqa: SLF001
        self._consumer.subscribe(list(topics), listener=self._moves)

    def poll(self, timeout_seconds: float = 1.0) -> list[Record]:
        """Collects the next batch, in the order of offsets within each partition.

        Args:
            timeout_seconds: how long to wait for a first record.

        Returns:
            The batch; empty if nothing came in time.

        Raises:
            ServiceError: Kafka refuses (a broker that is away is waited for).
        """
        batch: list[Record] = []
        extent = _Extent()
        size = 0
        deadline = time.monotonic() + timeout_seconds
        if self._owed:
            with suppress(KafkaError):
                self._commit_owed(OWED_SECONDS)
        self._resume()
        while True:
            wait = min(POLL_SECONDS, max(0.0, deadline - time.monotonic()))
            seen = self._moves.count
            room = (self._max_bytes - size) // (2 * self._largest)  # for records like those that came last
            polled = self._records(wait, max(1, min(room, PORTION_RECORDS, self._max_records - len(batch))))
            now = time.monotonic()
            if self._moves.count != seen:
                extent.add(polled)
                self._rewind(extent.first)
                batch, extent, size = [], _Extent(), 0
            elif polled:
                if not batch:
                    deadline = now + self._max_wait_seconds
                extent.add(polled)
                sizes: list[int] = []
                for records in polled.values():
                    batch += records
                    sizes += [len(record.value or b"") for record in records]
                size += sum(sizes)
                self._largest = max(sizes, default=0) + RECORD_BYTES
            elif batch and now >= self._handed_out_at + self._max_wait_seconds:
                break
            if len(batch) >= self._max_records or size >= self._max_bytes or now >= deadline:
                break
        if len(batch) >= self._max_records or size >= self._max_bytes:
            self._read_ahead()
        if batch:
            self._handed_out.append(extent)
            self._handed_out_at = time.monotonic()
        return batch

    def keep_alive(self, seconds: float = 0.0) -> None:
        """Takes part in the group without reading on, for about so many seconds (longer in a rebalance)."""
        self._consumer.pause(*self._consumer.assignment())
        came = _Extent()  # of partitions that came just now
        came.add(self._records(seconds, PORTION_RECORDS))
        self._rewind(came.first)

    def commit(self, timeout_seconds: float = 30.0) -> bool:
        """Notes that the oldest batch that was handed out is stored.

        Returns:
            Whether the group knows it now. If not (the coordinator is away, partitions move), the next `poll`
            tries again; what has moved is read again by whoever has it now.
        """
        self._owed |= self._handed_out.popleft().next if self._handed_out else {}
        try:
            return self._commit_owed(timeout_seconds)
        except KafkaError as error:
            log.warning("offsets are not committed yet, after a crash some records are read again: %s", error)
            return False

    @property
    def assigned(self) -> bool:
        """Whether the group has said which partitions are this member's, be it none. For any thread."""
        return self._moves.settled

    def places(self) -> dict[tuple[str, int], int | None] | None:
        """The offset that is read next of each partition that is this member's; None as long as the group has
        not said which are, and for a partition whose place is not known yet. For any thread."""
        if not self._moves.settled:
            return None
        known = list(self._consumer._subscription.assignment.items())  # noqa: SLF001 - see `lag`
        return {
            (partition.topic, partition.partition): state.position and state.position.offset
            for partition, state in known
        }

    def lag(self) -> dict[tuple[str, int], int]:
        """Records that are not stored, by topic and partition, of those that are this member's.

        As of the last answer of the broker: while nothing is read, the end of a partition is not learnt anew. A
        partition of which nothing was heard yet is left out.
        """
        found = {}
        # what the client knows; its method `position` would ask the broker, one partition after the other
        known = self._consumer._subscription.assignment  # noqa: SLF001
        unstored: dict[TopicPartition, int] = {}
        for extent in reversed(self._handed_out):
            unstored |= extent.first
        for partition, state in known.items():
            if state.highwater is not None and state.position is not None:
                first = unstored.get(partition, state.position.offset)
                found[partition.topic, partition.partition] = max(0, state.highwater - first)
        return found

    def close(self) -> None:
        """Leaves the group; what is not committed goes to the other members."""
        try:
            self._consumer.close(autocommit=False, timeout_ms=5000)
        except KafkaError as error:
            log.debug("the consumer did not leave its group in time: %s", error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _records(self, seconds: float, limit: int) -> Mapping[TopicPartition, list[Any]]:
        if self._consumer.group_metadata().state != MemberState.STABLE:
            seconds = max(seconds, JOIN_SECONDS)
        try:
            return self._consumer.poll(timeout_ms=int(seconds * 1000), max_records=limit)  # type: ignore[no-any-return]
        except KafkaError as error:
            raise ServiceError(f"Kafka failed while records were read: {error}") from error

    def _read_ahead(self) -> None:
        """Asks for more of the partitions of which all was read, to come while the caller is at work.

        By itself kafka-python asks once it has nothing left of any partition, and then its caller waits. While
        something is left the broker waits `quick_fetch.WAIT_BESIDE_MS` for news: what is published later does not
        come before the next poll has asked again.
        """
        try:
            self._consumer._fetcher.send_fetches()  # noqa: SLF001 - it has no method for it
        except KafkaError as error:
            raise ServiceError(f"Kafka failed while records were asked for: {error}") from error

    def _keep_owned(self, owned: set[TopicPartition]) -> None:
        """What was handed out of partitions that have moved is not committed, even if they come back."""
        for extent in self._handed_out:
            extent.keep(owned)
        for partition in self._owed.keys() - owned:
            del self._owed[partition]

    def _commit_owed(self, timeout_seconds: float) -> bool:
        """Whether all of it was still this member's."""
        owned = self._consumer.assignment()
        offsets = {
            partition: OffsetAndMetadata(offset, "", -1)
            for partition, offset in self._owed.items()
            if partition in owned
        }
        self._consumer.commit(offsets, timeout_ms=int(timeout_seconds * 1000))
        complete = len(offsets) == len(self._owed)
        self._owed = {}
        return complete

    def _resume(self) -> None:
        paused = self._consumer.paused()
        if paused:
            self._consumer.resume(*paused)

    def _rewind(self, first: Mapping[TopicPartition, int]) -> None:
        """Sets partitions that are still ours back to what is dropped.

        kafka-python keeps the position of a partition that stays with its member, so without this the dropped
        records would never be read.
        """
        owned = self._consumer.assignment()
        for partition, offset in first.items():
            if partition in owned:
                self._consumer.seek(partition, offset)


class _Extent:
    """What records cover: of each partition the first offset, and the one after the last."""

    def __init__(self) -> None:
        self.first: dict[TopicPartition, int] = {}
        self.next: dict[TopicPartition, int] = {}

    def add(self, polled: Mapping[TopicPartition, Sequence[Record]]) -> None:
        """Takes in further records, in the order of their offsets."""
        for partition, records in polled.items():
            self.first.setdefault(partition, records[0].offset)
            self.next[partition] = records[-1].offset + 1

    def keep(self, owned: Collection[TopicPartition]) -> None:
        """Forgets all other partitions."""
        for partition in self.first.keys() - owned:
            del self.first[partition], self.next[partition]


class _Moves(AsyncConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python publishes no types
    """Counts how often partitions were taken away; called from within `poll`.

    Args:
        owned: told which partitions are this member's from now on.
        sleep: lets the client's own tasks go on, such as heartbeats, for so many seconds.
    """

    def __init__(
        self,
        owned: Callable[[set[TopicPartition]], None],
        tenure: Tenure,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.count = 0
        self.settled = False
        self._owned = owned
        self._tenure = tenure
        self._sleep = sleep

    async def on_partitions_revoked(self, revoked: object) -> None:
        self._move()
        deadline = time.monotonic() + HAND_OVER_SECONDS
        while not self._tenure.idle and time.monotonic() < deadline:
            await self._sleep(POLL_SECONDS)

    async def on_partitions_lost(self, lost: object) -> None:
        self._move()
        self._owned(set())  # they are another's already, also if they come back

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._owned(assigned)
        self._tenure.settled([(each.topic, each.partition) for each in assigned])
        self.settled = True

    def _move(self) -> None:
        self.count += 1
        self.settled = False
        self._tenure.moving()


def reader(connection: KafkaConnection, client_id: str) -> Any:
    """A plain consumer without group, which reads what it is assigned from the beginning; to be closed.

    Raises:
        NotReady: no broker answers at that address.
    """
    try:
        consumer = KafkaConsumer(
            **connection.kafka_python(),
            client_id=client_id,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
            bootstrap_timeout_ms=15_000,
            reconnect_backoff_max_ms=1000,
            metrics_enabled=False,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise not_ready(connection, error) from error
    read_quickly(consumer)
    fetch_quickly(consumer)
    return consumer


def read_whole(
    connection: KafkaConnection, topic: str, *, stall_timeout_seconds: float = CATCH_UP_SECONDS
) -> Iterator[Record]:
    """Reads a topic from its beginning to the end offsets seen at the start, without a group.

    Records of one partition come in order. Of a compacted topic the last record of a key holds; a value of
    None means that the key is gone.

    Raises:
        NotReady: no broker answers at that address.
        ServiceError: the topic does not exist, or nothing came for so many seconds.
    """
    with ReadOn(connection, topic, stall_timeout_seconds=stall_timeout_seconds) as whole:
        yield from whole.read_on()


class ReadOn:
    """Reads a topic from its beginning, without a group: each time up to where its end is then.

    For one thread at a time. Records of one partition come in order.

    Args:
        stall_timeout_seconds: nothing for so long is an error.

    Raises:
        NotReady: no broker answers at that address.
    """

    def __init__(
        self, connection: KafkaConnection, topic: str, *, stall_timeout_seconds: float = CATCH_UP_SECONDS
    ) -> None:
        self._topic = topic
        self._stall_timeout_seconds = stall_timeout_seconds
        self._partitions: list[TopicPartition] = []
        self._next: dict[TopicPartition, int] = {}
        self._consumer = reader(connection, "listener-read-whole")

    def read_on(self) -> Iterator[Record]:
        """What has come since the last call; at the first, all that there is.

        Raises:
            ServiceError: the topic does not exist, Kafka refuses, or nothing came for too long. What was not
                yielded comes with the next call.
        """
        try:
            yield from self._to_the_end()
        except KafkaError as error:
            raise ServiceError(f"Kafka failed while {self._topic} was read: {error}") from error

    def close(self) -> None:
        """Ends the connection."""
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _assign(self) -> None:
        numbers = partitions_of(self._consumer, self._topic)
        if not numbers:
            raise ServiceError(f"The topic {self._topic} does not exist: `listener topics` creates it")
        self._partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        self._consumer.assign(self._partitions)
        self._consumer.seek_to_beginning(*self._partitions)

    def _to_the_end(self) -> Iterator[Record]:
        if not self._partitions:
            self._assign()
        ends = self._consumer.end_offsets(self._partitions)
        unfinished = {tp for tp in self._partitions if ends[tp] > self._next.get(tp, 0)}
        self._consumer.pause(*self._partitions)
        self._consumer.resume(*unfinished)
        for partition in unfinished & self._next.keys():
            self._consumer.seek(partition, self._next[partition])
        heard_at = time.monotonic()
        positions: dict[TopicPartition, int] = {}
        while unfinished:
            polled = self._consumer.poll(timeout_ms=int(POLL_SECONDS * 1000), max_records=10_000)
            for partition, records in polled.items():
                for record in records:
                    if record.offset < ends[partition]:
                        self._next[partition] = record.offset + 1
                        yield record
            for partition in list(unfinished):
                # the position also passes what compaction has removed from the end
                position = self._consumer.position(partition, timeout_ms=1000)
                if position is not None and position >= ends[partition]:
                    self._next[partition] = ends[partition]
                    unfinished.discard(partition)
                    self._consumer.pause(partition)
                if position is not None and position != positions.get(partition):
                    positions[partition] = position
                    heard_at = time.monotonic()
            if time.monotonic() - heard_at > self._stall_timeout_seconds:
                raise ServiceError(
                    f"Kafka gave nothing of {self._topic} for {self._stall_timeout_seconds:.0f} seconds"
                )


def partitions_of(consumer: Any, topic: str) -> set[int]:
    """The partitions of a topic.

    Asks for a while: a broker that has just started, or just made the topic, does not know it yet.
    """
    deadline = time.monotonic() + TOPIC_SECONDS
    while True:
        numbers: set[int] = consumer.partitions_for_topic(topic) or set()
        if numbers or time.monotonic() > deadline:
            return numbers
        time.sleep(0.2)
