"""Snapshots of cases, each from where it stands on the topic `triage`."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError

from listener.domain.case import Case
from listener.domain.errors import ServiceError
from listener.domain.topics import TRIAGE
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import reader

MOST_BYTES = 64 * 1024 * 1024
"""Of the snapshots that came lately, which ClickHouse may not have stored yet."""
READ_SECONDS = 10.0


class _Head(msgspec.Struct):
    case_id: str
    version: int


class RecentCases:
    """The newest snapshots as they come on the topic; the oldest are forgotten. Safe in several threads.

    Args:
        most_bytes: of snapshots that are kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, tuple[int, bytes]] = OrderedDict()
        self._lock = Lock()
        self._head = msgspec.json.Decoder(_Head).decode

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record; what is no snapshot is passed over, and of what is gone nothing is kept."""
        if value is None:
            with self._lock:
                self._forget((key or b"").decode(errors="replace"))
            return
        try:
            head = self._head(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return
        with self._lock:
            before = self._kept.get(head.case_id)
            if before is not None and before[0] > head.version:
                return
            self._forget(head.case_id)
            self._kept[head.case_id] = (head.version, value)
            self._bytes += len(value)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))

    def find(self, case_id: str) -> tuple[int, bytes] | None:
        """Version and snapshot."""
        with self._lock:
            return self._kept.get(case_id)

    def _forget(self, case_id: str) -> None:
        kept = self._kept.pop(case_id, None)
        if kept is not None:
            self._bytes -= len(kept[1])


class CaseSnapshots:
    """Reads single snapshots; connects with the first. For any number of threads, one after another.

    Args:
        stands_at: version, partition and offset of the newest snapshot that is stored; None where none is.
        search: looks for a case in the whole topic, which takes long.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        recent: RecentCases,
        stands_at: Callable[[str], tuple[int, int, int] | None],
        search: Callable[[str], Case | None],
    ) -> None:
        self._connection = connection
        self._recent = recent
        self._stands_at = stands_at
        self._search = search
        self._consumer: Any = None
        self._lock = Lock()

    def read(self, case_id: str) -> Case | None:
        """The newest snapshot of a case; None where there is no such case.

        Raises:
            ServiceError: Kafka or ClickHouse is not there.
        """
        recent = self._recent.find(case_id)
        stored = self._stands_at(case_id)
        if recent is not None and (stored is None or recent[0] >= stored[0]):
            return Case.read(recent[1])
        if stored is None:
            return None
        version, partition, offset = stored
        value = self._read_at(case_id, partition, offset) if offset >= 0 else None
        case = Case.read(value) if value is not None else None
        # another record stands there where the topic was made anew, or the snapshot gave way to a newer one
        return case if case is not None and case.version >= version else self._search(case_id)

    def close(self) -> None:
        """Ends the connection."""
        with self._lock:
            self._drop()

    def _read_at(self, case_id: str, partition: int, offset: int) -> bytes | None:
        with self._lock:
            try:
                return self._seek(case_id, TopicPartition(TRIAGE.name, partition), offset)
            except (KafkaError, OSError, ValueError, AssertionError) as error:
                self._drop()
                raise ServiceError(f"Kafka failed while {case_id} was read: {error}") from error

    def _seek(self, case_id: str, place: TopicPartition, offset: int) -> bytes | None:
        if self._consumer is None:
            self._consumer = reader(self._connection, "listener-console-cases")
        self._consumer.assign([place])
        [begin] = self._consumer.beginning_offsets([place]).values()
        [end] = self._consumer.end_offsets([place]).values()
        if not begin <= offset < end:
            return None
        self._consumer.seek(place, offset)
        deadline = time.monotonic() + READ_SECONDS
        while time.monotonic() < deadline:
            for records in self._consumer.poll(timeout_ms=500, max_records=1).values():
                record = records[0]
                return record.value if record.key == case_id.encode() else None
        raise ServiceError(f"Kafka gave nothing of {TRIAGE.name} for {READ_SECONDS:.0f} seconds")

    def _drop(self) -> None:
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
