"""What waits for its original: the company's answers and deletions whose author is not known yet."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from pydantic_core import to_json

from listener.connectors.cursor import KeyValue
from listener.domain.connector_state import ParkedItem
from listener.domain.contract import json_object
from listener.domain.mention import Mention, MentionDeleted, read_raw

MAX_PARKED = 100_000
MAX_BYTES = 256 * 1024 * 1024
"""Of all of them together."""
MAX_BYTES_PER_KEY = 1024 * 1024
"""All that wait for one mention are one record, which must fit its topic."""


class Waiting(NamedTuple):
    """One item that waits, and since when."""

    value: Mention | MentionDeleted
    since: datetime


class _Kept(NamedTuple):
    json: bytes  # a fifth of what the value itself takes
    since: datetime


class Parked:
    """What one source has parked, by the mention id awaited, with what has changed since it was stored.

    Args:
        max_items: there is no room for more,
        max_bytes_per_key: nor for more than this that waits for one mention,
        max_bytes: nor for more than this in all.
    """

    def __init__(
        self,
        max_items: int = MAX_PARKED,
        max_bytes_per_key: int = MAX_BYTES_PER_KEY,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._all_bytes = 0
        self._max_bytes_per_key = max_bytes_per_key
        self._waiting: dict[str, dict[tuple[str, str, int], _Kept]] = {}
        self._bytes: dict[str, int] = {}
        self._count = 0
        self._changed: set[str] = set()
        self._stored: set[str] = set()

    def __len__(self) -> int:
        return self._count

    def awaited(self) -> list[str]:
        """The mention ids that something waits for, in the order in which they were first missed."""
        return list(self._waiting)

    def park(self, awaited: str, value: Mention | MentionDeleted, since: datetime) -> bool:
        """Keeps an item until `awaited` is seen; the same item again replaces itself.

        Returns:
            False where there is no room: then it is to be published as it is.
        """
        json = value.to_json()
        size = len(json)
        if (
            self._count >= self._max_items
            or self._bytes.get(awaited, 0) + size > self._max_bytes_per_key
            or self._all_bytes + size > self._max_bytes
        ):
            return False
        items = self._waiting.setdefault(awaited, {})
        identity = (value.kind, value.mention_id, value.revision if isinstance(value, Mention) else 0)
        if identity not in items:
            self._count += 1
            self._bytes[awaited] = self._bytes.get(awaited, 0) + size
            self._all_bytes += size
            self._changed.add(awaited)
        items[identity] = _Kept(json, since)
        return True

    def answers(self) -> Iterator[tuple[str, str]]:
        """Ids of the mentions that wait, and what they reply to."""
        for items in self._waiting.values():
            for kept in items.values():
                value = read_raw(kept.json)
                replies_to = (value.answers or value.reply_to) if isinstance(value, Mention) else None
                if replies_to is not None:
                    yield value.mention_id, replies_to

    def restore(self, record: ParkedItem) -> None:
        """Takes up a record that was stored by an earlier run."""
        for item in record.items:
            self.park(record.awaits, read_raw(to_json(item)), record.at)
        self._stored.add(record.awaits)
        self._changed.discard(record.awaits)

    def take(self, awaited: str) -> list[Waiting]:
        """Removes and returns what waits for a mention, in the order in which it came."""
        items = self._waiting.pop(awaited, None)
        if items is None:
            return []
        self._count -= len(items)
        self._all_bytes -= self._bytes.pop(awaited, 0)
        self._changed.add(awaited)
        return [Waiting(read_raw(kept.json), kept.since) for kept in items.values()]

    def stale(self, before: datetime) -> list[str]:
        """The mention ids for which something has waited since before a time."""
        return [
            awaited
            for awaited, items in self._waiting.items()
            if any(kept.since < before for kept in items.values())
        ]

    def additions(self) -> Iterator[tuple[str, ParkedItem]]:
        """What is to be stored before the cursor may move: awaited id and record."""
        for awaited in sorted(self._changed):
            items = self._waiting.get(awaited)
            if items:
                values = tuple(json_object(kept.json) for kept in items.values())
                since = min(kept.since for kept in items.values())
                self._stored.add(awaited)
                yield awaited, ParkedItem(awaits=awaited, items=values, at=since)

    def removals(self) -> Iterator[str]:
        """The awaited ids whose records are of no use once what was released is on the broker."""
        for awaited in sorted(self._changed):
            if awaited not in self._waiting and awaited in self._stored:
                self._stored.discard(awaited)
                yield awaited

    def settled(self) -> None:
        """The broker has all additions and removals."""
        self._changed.clear()


def parked_key(source: str, awaited: str) -> str:
    """Key of the record: every source writes its own, since two of a kind may await the same mention."""
    return f"{source} {awaited}"


def read_parked(records: Iterable[KeyValue], source: str) -> Parked:
    """What this source has parked, as the records of `connector.parked` say."""
    prefix = f"{source} ".encode()
    last: dict[bytes, ParkedItem] = {}
    for record in records:
        if record.key is None or not record.key.startswith(prefix):
            continue
        last.pop(record.key, None)
        if record.value is not None:
            last[record.key] = ParkedItem.read(record.value)
    parked = Parked()
    for item in last.values():
        parked.restore(item)
    return parked
