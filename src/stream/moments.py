"""Instants as whole milliseconds since 1970, which is how states keep and compare them."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
DAY_MS = 24 * HOUR_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEFORE_ALL = _EPOCH
"""The time where nothing is late yet."""
_REMEMBERED = 1 << 13
"""Instants; a look at a party makes the same few of them again and again."""


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 in UTC, cut to whole ones."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000


@lru_cache(_REMEMBERED)
def from_ms(milliseconds: int) -> datetime:
    """The instant in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def month_of(milliseconds: int) -> str:
    """The month in UTC, as ``2026-11``."""
    return from_ms(milliseconds).strftime("%Y-%m")
