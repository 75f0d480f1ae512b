"""Which contact a case is named after, and whose it is: all that is needed to key an answer to a case."""

import logging
from datetime import datetime
from itertools import islice
from threading import Event, Thread
from types import TracebackType
from typing import NamedTuple, Protocol, Self

import msgspec

from listener.domain.enriched import NEVER_OPENS
from listener.domain.topics import TRIAGE
from listener.kafka.connection import KafkaConnection
from listener.kafka.follow import keep_following

log = logging.getLogger(__name__)

MAX_BYTES = 384 * 1024 * 1024
"""Some million cases. The oldest are forgotten first; answers to them have to name the contact."""
ENTRY_BYTES = 384
"""What an entry takes in memory beside the characters of its ids."""
SECOND_BYTES = 360
"""What a second contact takes, likewise."""
MAX_HOPS = 100


class _Contact(msgspec.Struct):
    mention_id: str
    author: str
    effective_at: datetime
    need: str


class _Head(msgspec.Struct):
    """What is read of a snapshot; the rest, which is most of it, is passed over."""

    case_id: str
    version: int
    anchor: str
    anchor_author: str
    superseded_by: str | None = None
    opened_at: datetime | None = None
    contacts: tuple[_Contact, ...] = ()
    """Of them only the first is kept that could be a case by itself, beside the one it is named after."""


class Second(NamedTuple):
    """Another contact of a case."""

    contact: str
    author: str
    at: datetime


class Place(NamedTuple):
    """Where an answer to a case goes.

    Attributes:
        case_id: as it is called now; it may have been asked for by a former id.
        opened_at: when the contact was said; None where that is not known.
        second: the earliest other contact that is a case if this one is none; None where there is none.
    """

    case_id: str
    contact: str
    author: str
    opened_at: datetime | None = None
    second: Second | None = None


class CaseIndex:
    """Case id to its place, from the snapshots on `triage`. One thread writes, others may read.

    Args:
        max_bytes: what it may take in memory, about; beyond that the oldest tenth is forgotten.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._heads: dict[str, _Head] = {}
        self._decode = msgspec.json.Decoder(_Head).decode

    def __len__(self) -> int:
        return len(self._heads)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record; what is no snapshot is passed over."""
        if value is None:
            self._discard((key or b"").decode(errors="replace"))
            return
        try:
            head = self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            log.warning("a record of %s is no case: %s", TRIAGE.name, error)
            return
        before = self._heads.get(head.case_id)
        if before is not None and before.version > head.version:
            return
        others = (each for each in head.contacts if each.mention_id != head.anchor)
        head.contacts = tuple(islice((each for each in others if each.need not in NEVER_OPENS), 1))
        self._discard(head.case_id)
        self._heads[head.case_id] = head
        self._bytes += _size(head)
        if self._bytes > self._max_bytes:
            self._forget_oldest()

    def find(self, case_id: str) -> Place | None:
        """Where an answer to this case goes; None where the case is not known."""
        head = self._heads.get(case_id)
        if head is None:
            return None
        newest = head
        for _ in range(MAX_HOPS):
            following = self._heads.get(newest.superseded_by or "")
            if following is None:
                break
            newest = following
        return Place(
            newest.case_id, head.anchor, head.anchor_author, head.opened_at, _second(newest, head.anchor)
        )

    def _discard(self, case_id: str) -> None:
        head = self._heads.pop(case_id, None)
        if head is not None:
            self._bytes -= _size(head)

    def _forget_oldest(self) -> None:
        """A tenth at once: taking the first key out of a dict passes over all that were taken out before."""
        forgotten = max(1, len(self._heads) // 10)
        self._bytes -= sum(map(_size, islice(self._heads.values(), forgotten)))
        self._heads = dict(islice(self._heads.items(), forgotten, None))


def _second(of: _Head, beside: str) -> Second | None:
    if of.anchor != beside and of.opened_at is not None:
        return Second(of.anchor, of.anchor_author, of.opened_at)
    found = (each for each in of.contacts if each.mention_id != beside)
    return next((Second(each.mention_id, each.author, each.effective_at) for each in found), None)


def _size(head: _Head) -> int:
    seconds = sum(SECOND_BYTES + len(each.mention_id) + len(each.author) for each in head.contacts)
    return ENTRY_BYTES + len(head.case_id) + len(head.anchor) + len(head.anchor_author) + seconds


class TakesCases(Protocol):
    """What is told every record of `triage`."""

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Takes one record, from the reader's thread."""


class CaseReader:
    """Keeps an index up to date from a thread of its own while it is entered.

    Attributes:
        caught_up: set once everything that stood on the topic at the start is in the index.
    """

    def __init__(self, connection: KafkaConnection, index: TakesCases) -> None:
        self.caught_up = Event()
        self._stop = Event()
        self._thread = Thread(
            target=keep_following,
            args=(connection, TRIAGE.name, lambda record: index.take(record.key, record.value)),
            kwargs={"stop": self._stop, "caught_up": self.caught_up.set},
            name="cases",
            daemon=True,
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=10)
