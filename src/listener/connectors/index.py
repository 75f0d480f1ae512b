"""Who wrote what at a platform, so that an answer finds the customer whom it answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from listener.connectors.cursor import KeyValue
from listener.domain.connector_state import IndexEntry
from listener.domain.quick_read import quick_reader

MAX_ENTRIES = 1_000_000
MAX_BYTES = 384 * 1024 * 1024
"""The oldest entries are forgotten first, and answers to them count as unlinked."""
ENTRY_BYTES = 250
"""What an entry takes in memory beside the characters of its ids."""
MAX_HOPS = 100
"""Longer runs of the company answering itself are taken for a loop."""
_read_entry = quick_reader(IndexEntry, IndexEntry.read)


class Known(NamedTuple):
    """What is remembered of a mention.

    Attributes:
        author: who wrote it; for the company's own words the author under whom it was published.
        replies_to: mention id that it replies to or answers.
    """

    author: str
    outbound: bool
    replies_to: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """The customer's mention that an answer belongs to."""

    mention_id: str
    author: str


@dataclass(frozen=True, slots=True)
class Awaits:
    """The thread leads to a mention that has not been seen yet."""

    mention_id: str


class Index:
    """Mention id to what is known of it, of one kind of source.

    What is published is told apart from what waits for its original: that has no author yet under whom it
    stands, but a thread can be followed through it.

    Args:
        limit: entries kept; more push out the oldest tenth,
        max_bytes: as does what takes more memory than this.
    """

    def __init__(self, limit: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._limit = limit
        self._max_bytes = max_bytes
        self._bytes = 0
        self._known: dict[str, Known] = {}
        self._waiting: dict[str, str] = {}

    def __contains__(self, mention_id: str) -> bool:
        return mention_id in self._known or mention_id in self._waiting

    def get(self, mention_id: str) -> Known | None:
        """What is known of a published mention."""
        return self._known.get(mention_id)

    def put(self, mention_id: str, known: Known) -> bool:
        """Remembers a published mention.

        Returns:
            Whether that was news.
        """
        self._waiting.pop(mention_id, None)
        if self._known.get(mention_id) == known:
            return False
        self.discard(mention_id)
        self._known[mention_id] = known
        self._bytes += _size(mention_id, known)
        if len(self._known) > self._limit or self._bytes > self._max_bytes:
            self._forget_oldest()
        return True

    def put_waiting(self, mention_id: str, replies_to: str) -> None:
        """Remembers a mention of the company's that waits for its original."""
        self._waiting[mention_id] = replies_to

    def items(self) -> Iterable[tuple[str, Known]]:
        """What is known of published mentions, the oldest first."""
        return self._known.items()

    def _forget_oldest(self) -> None:
        """A tenth at once: taking the first key out of a dict passes over all that were taken out before."""
        forgotten = max(1, len(self._known) // 10)
        self._bytes -= sum(_size(*entry) for entry in islice(self._known.items(), forgotten))
        self._known = dict(islice(self._known.items(), forgotten, None))

    def adopt(self, other: "Index") -> None:
        """Takes over what only the other index knows."""
        for mention_id, known in other.items():
            if mention_id not in self._known:
                self.put(mention_id, known)
        for mention_id, replies_to in other.waiting():
            if mention_id not in self._known:
                self.put_waiting(mention_id, replies_to)

    def waiting(self) -> Iterable[tuple[str, str]]:
        """What waits for its original, and what it replies to."""
        return self._waiting.items()

    def discard(self, mention_id: str) -> None:
        """Forgets a mention."""
        known = self._known.pop(mention_id, None)
        if known is not None:
            self._bytes -= _size(mention_id, known)

    def contact(self, mention_id: str) -> Contact | Awaits | None:
        """The customer's mention that somebody answers who replies to `mention_id`.

        A reply to the company's own words is followed up the thread. None where the thread begins with the
        company's own words, so that nobody is answered.
        """
        for _ in range(MAX_HOPS):
            known = self._known.get(mention_id)
            if known is not None and not known.outbound:
                return Contact(mention_id, known.author)
            if known is None and mention_id not in self._waiting:
                return Awaits(mention_id)
            above = known.replies_to if known is not None else self._waiting[mention_id]
            if above is None:
                return None
            mention_id = above
        return None


def _size(mention_id: str, known: Known) -> int:
    return ENTRY_BYTES + len(mention_id) + len(known.author) + len(known.replies_to or "")


def read_index(records: Iterable[KeyValue], source_kind: str, limit: int = MAX_ENTRIES) -> Index:
    """What the records of `connector.index` say about this kind."""
    index = Index(limit)
    prefix = f"{source_kind}:".encode()
    for record in records:
        if record.key is None or not record.key.startswith(prefix):
            continue
        if record.value is None:
            index.discard(record.key.decode(errors="replace"))
            continue
        entry = _read_entry(record.value)
        index.put(entry.mention_id, Known(entry.author, entry.outbound, entry.reply_to))
    return index


def index_entry(mention_id: str, known: Known, said_at: datetime) -> IndexEntry:
    """As it goes on the topic."""
    return IndexEntry(
        mention_id=mention_id,
        author=known.author,
        outbound=known.outbound,
        reply_to=known.replies_to,
        said_at=said_at,
    )
