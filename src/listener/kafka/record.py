"""A record as the broker gives it, whichever client reads it."""

from collections.abc import Sequence
from typing import Protocol


class Record(Protocol):
    """One record; those of kafka-python and of aiokafka are."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, by the producer; -1 where unknown."""
        ...

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None:
        """None is a tombstone."""
        ...

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...
