"""Where a source stopped, kept in the compacted topic `connector.cursors`."""

from collections.abc import Iterable
from typing import Protocol

from listener.domain.connector_state import Cursor
from listener.domain.errors import UsageError


class KeyValue(Protocol):
    """A record of a compacted topic; without a value its key is deleted."""

    @property
    def key(self) -> bytes | None: ...

    @property
    def value(self) -> bytes | None: ...


def last_cursor(records: Iterable[KeyValue], key: str) -> Cursor | None:
    """The last cursor under a key: the source's name, for an imported file more than that."""
    last: bytes | None = None
    for record in records:
        if record.key == key.encode():
            last = record.value
    return Cursor.read(last) if last is not None else None


def foreign_cursor(source: str) -> UsageError:
    """What is wrong where a connector does not know the position that its source's cursor holds."""
    return UsageError(
        f"the cursor of the source {source} was written by another connector: give this source another name"
    )
