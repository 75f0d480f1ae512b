"""What rows are made of: columns of values as ClickHouse takes them, and versions that order repeats.

Rows are made column by column, of some hundred records at once: a loop over one attribute costs a tenth of what
a dictionary for each row would.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

from listener.domain.errors import Rejected
from listener.domain.topics import SWEEP_KEY
from listener.kafka.record import Record

Columns = dict[str, list[Any]]
"""Name of a column to its values, one for each row."""

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_FIRST = (datetime(1900, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST = (datetime(2300, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND - 1
_LARGEST_64 = (1 << 64) - 1


class Rows(NamedTuple):
    """Rows of a table; every part of a table's rows has the same columns in the same order."""

    table: str
    columns: Columns


def milliseconds(moments: Sequence[datetime]) -> list[int]:
    """Times as DateTime64(3) holds them: milliseconds since 1970.

    Raises:
        Rejected: one is outside the years 1900 to 2299, which is all that ClickHouse holds.
    """
    counts = [
        since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
        for since in [moment - _EPOCH for moment in moments]
    ]
    if counts and (min(counts) < _FIRST or max(counts) > _LAST):
        [worst, *_] = [
            moment for moment, count in zip(moments, counts, strict=True) if not _FIRST <= count <= _LAST
        ]
        raise Rejected("time-out-of-range", f"{worst.isoformat()}: ClickHouse holds the years 1900 to 2299")
    return counts


def milliseconds_or_none(moments: Sequence[datetime | None]) -> list[int | None]:
    """The same for times that may be missing."""
    known = milliseconds([moment for moment in moments if moment is not None])
    if len(known) == len(moments):
        return [*known]
    next_known = iter(known)
    return [None if moment is None else next(next_known) for moment in moments]


def milliseconds_each(lists: Sequence[Sequence[datetime]]) -> list[list[int]]:
    """The same for several times in each row."""
    counts = iter(milliseconds(list(chain.from_iterable(lists))))
    return [list(islice(counts, len(moments))) for moments in lists]


def produced_at(records: Iterable[Record]) -> list[int]:
    """When records were produced, in milliseconds since 1970; 1970 where unknown."""
    return [max(0, min(record.timestamp, _LAST)) for record in records]


def unsigned(numbers: Sequence[int | None], largest: int = _LARGEST_64) -> list[int | None]:
    """Counts, cut to the largest that the column holds; sources may claim anything."""
    return [largest if number is not None and number > largest else number for number in numbers]


def or_empty(texts: Iterable[str | None]) -> list[str]:
    """Texts that may be missing."""
    return [text or "" for text in texts]


def unless(hidden: Sequence[bool], values: Sequence[T], instead: T) -> list[T]:
    """Values, but for the rows that must not show theirs."""
    return [instead if hide else value for hide, value in zip(hidden, values, strict=True)]


def versions(*parts: tuple[Sequence[int], int]) -> list[int]:
    """A UInt128 for each row, which orders like the tuple of its parts; the first is the most significant.

    Args:
        parts: values of the rows, and the bits of each; a value too large for its bits counts as the largest.
    """
    (first, bits), *others = parts
    packed = [*_within(first, bits)]
    total = bits
    for values, bits in others:
        packed = [high << bits | low for high, low in zip(packed, _within(values, bits), strict=True)]
        total += bits
    if total > 128:
        raise ValueError(f"{total} bits do not fit into a UInt128")
    return packed


def _within(values: Sequence[int], bits: int) -> Sequence[int]:
    limit = (1 << bits) - 1
    if not values or (min(values) >= 0 and max(values) <= limit):
        return values
    return [max(0, min(value, limit)) for value in values]


def published(records: Sequence[Record]) -> tuple[tuple[list[int], int], tuple[list[int], int]]:
    """Parts of versions: when each record was produced, in ms (44 bits), then its offset (52 bits).

    The time comes first because offsets begin anew where a topic is made anew.
    """
    return ([record.timestamp for record in records], 44), ([record.offset for record in records], 52)


def values_of(records: Iterable[Record]) -> list[bytes]:
    """The values of records that must have one.

    Raises:
        Rejected: one is a tombstone.
    """
    return [_no_tombstone(record) if record.value is None else record.value for record in records]


def _no_tombstone(record: Record) -> bytes:
    raise Rejected("no-value", f"{record.topic} takes no tombstones")


def keys_of(records: Iterable[Record]) -> list[str]:
    """The keys as text.

    Raises:
        Rejected: one is missing, or not UTF-8.
    """
    try:
        return [(record.key or b"").decode() or _no_key() for record in records]
    except UnicodeDecodeError as error:
        raise Rejected("key", f"the key is not UTF-8: {error.reason}") from None


def _no_key() -> str:
    raise Rejected("key", "the record has no key")


def told_and_withdrawn(records: Iterable[Record]) -> tuple[list[Record], list[Record]]:
    """Records with a value, and tombstones, without those that delete nothing."""
    told: list[Record] = []
    withdrawn: list[Record] = []
    for record in records:
        if record.key != SWEEP_KEY:
            (withdrawn if record.value is None else told).append(record)
    return told, withdrawn
