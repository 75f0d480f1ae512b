"""Records that were fetched for an agent and wait for it, bounded in number and bytes."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from listener.kafka.record import Record as Fetched

MAX_RECORDS = 8_000
MAX_BYTES = 16 << 20
"""Of waiting records; one more fetch may come on top. A single record may have several MiB."""


class Batch(NamedTuple):
    """Records that were fetched under one assignment of partitions, in the order of their offsets."""

    generation: int
    records: list[Fetched]


class Inbox:
    """First in, first out. The fetch loop puts; one agent takes."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, Sequence[Fetched]]] = deque()
        self._records = 0
        self._bytes = 0
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """Records that wait."""
        return self._records

    @property
    def has_room(self) -> bool:
        """Whether more is to be fetched."""
        return self._records < MAX_RECORDS and self._bytes < MAX_BYTES

    @property
    def oldest_seconds(self) -> float | None:
        """When the record that is taken next was published, since 1970; None where nothing waits."""
        return self._waiting[0][1][0].timestamp / 1000 if self._waiting else None

    def put(self, generation: int, records: Sequence[Fetched]) -> None:
        """Adds records of one partition.

        Args:
            generation: of the group, when they were fetched.
            records: one or more.
        """
        self._waiting.append((generation, records))
        self._records += len(records)
        self._bytes += sum(map(_size, records))
        self._arrived.set()

    def clear(self) -> None:
        """Forgets everything; whoever has the partitions now reads it again."""
        self._waiting.clear()
        self._records = self._bytes = 0
        self._arrived.clear()

    async def take(self, most: int, within_seconds: float) -> Batch:
        """Waits for records, then a little for more.

        Args:
            most: records in a batch.
            within_seconds: how long a batch that is not full waits for more.
        """
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        if self._records < most and within_seconds > 0:
            await asyncio.sleep(within_seconds)
        taken: list[Fetched] = []
        generation = self._waiting[0][0] if self._waiting else 0
        while self._waiting and self._waiting[0][0] == generation and len(taken) < most:
            _, records = self._waiting.popleft()
            some, rest = records[: most - len(taken)], records[most - len(taken) :]
            taken += some
            if rest:
                self._waiting.appendleft((generation, rest))
        self._records -= len(taken)
        self._bytes -= sum(map(_size, taken))
        return Batch(generation, taken)


def _size(record: Fetched) -> int:
    return len(record.value or b"") + len(record.key or b"")
