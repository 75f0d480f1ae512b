"""Keeps compacted topics moving where somebody was erased.

Kafka compacts no file that it still writes to, and begins another only with a next record: on a partition where
nothing happens, what was deleted would stay on the disk for ever. So now and then a tombstone of nobody's is
written to each. Without anybody on the list of erasures, nothing is.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from listener.domain.erasure import Erasures
from listener.domain.errors import LostFooting, ServiceError
from listener.domain.topics import ALL, CHANGELOGS, NOT_ABOUT_PEOPLE, SWEEP_KEY, SWEEP_SECONDS, Topic
from stream.background import Background
from stream.send import Record

log = logging.getLogger(__name__)

SWEPT: tuple[Topic, ...] = tuple(
    topic
    for topic in (*ALL, *CHANGELOGS)
    if topic.cleanup_policy == "compact" and topic not in NOT_ABOUT_PEOPLE
)
"""Compacted topics with anything about people who speak."""


class Outlet(Protocol):
    """The way out; a `stream.send.Sender`."""

    async def send(self, records: Sequence[Record]) -> list[int]:
        """As `stream.send.Sender.send`."""
        ...


class Sweeper(Background):
    """Writes to every partition of every compacted topic, as long as the worker runs. Where that fails it is
    done the next time: nothing waits for it.

    Args:
        partitions: what ``N`` stands for.
    """

    def __init__(
        self,
        sender: Outlet,
        erasures: Erasures,
        partitions: int,
        every_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._sender = sender
        self._erasures = erasures
        self._partitions = partitions
        self._every_seconds = every_seconds

    async def sweep(self) -> None:
        """Once around.

        Raises:
            LostFooting, ServiceError: as `stream.send.Sender.send`.
        """
        if len(self._erasures):
            await self._sender.send(
                [
                    Record(topic.name, SWEEP_KEY, None, partition)
                    for topic in SWEPT
                    for partition in range(self._partitions if topic.partitions == "N" else topic.partitions)
                ]
            )

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_seconds)
            try:
                await self.sweep()
            except (LostFooting, ServiceError) as error:
                log.warning("compacted topics were not swept: %s", error)
