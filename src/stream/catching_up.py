"""Whether everything has been processed that was in the log when partitions came to this worker.

First what the ledger reads, of all authors, by whichever worker; then what came of it in a party's partition. An
author's partition says nothing about the party's, so all of the ledger's are waited for.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

Where = tuple[str, int]
"""Topic and partition."""


class Extent(NamedTuple):
    """What a partition of the log holds."""

    begin: int
    end: int


class GroupLog(Protocol):
    """Where the whole group stands; asked of the broker, since other workers have the other partitions."""

    async def extents(self, topics: Collection[str]) -> Mapping[Where, Extent]:
        """What all partitions of some topics hold.

        Raises:
            ServiceError: the broker does not answer.
        """
        ...

    async def committed(self) -> Mapping[Where, int]:
        """The offset after what was processed.

        Raises:
            ServiceError: the broker does not answer.
        """
        ...

    async def start(self) -> None:
        """Connects; raises ServiceError if it cannot."""
        ...

    async def stop(self) -> None:
        """Ends the connection."""
        ...


class Catching:
    """Whether everything has been processed that was in the log at the beginning.

    Args:
        partitions: those of the triage stage that came.
    """

    def __init__(self, partitions: Collection[int]) -> None:
        self.waiting = set(partitions)
        self._first: Mapping[Where, Extent] | None = None
        self._then: Mapping[Where, Extent] | None = None

    async def look(self, group: "GroupLog", first: Collection[str], then: Collection[str]) -> set[int]:
        """Partitions that have caught up since the last look.

        Args:
            first: topics of the ledger, in all partitions.
            then: topics of the triage stage.

        Raises:
            ServiceError: the broker does not answer.
        """
        if self._first is None:
            self._first = await group.extents(first)
        committed = await group.committed()
        if not _passed(self._first.items(), committed):
            return set()
        if self._then is None:
            # what the ledger made of its records is in the log by now: it publishes before it commits
            self._then = await group.extents(then)
            committed = await group.committed()
        extents = self._then.items()
        caught_up = {
            number
            for number in self.waiting
            if _passed([(where, extent) for where, extent in extents if where[1] == number], committed)
        }
        self.waiting -= caught_up
        return caught_up


def _passed(extents: Iterable[tuple[Where, Extent]], committed: Mapping[Where, int]) -> bool:
    """Where everything is gone, nothing was ever committed, and nothing is to come."""
    return all(max(committed.get(where, 0), extent.begin) >= extent.end for where, extent in extents)
