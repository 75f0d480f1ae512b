"""A record as the broker gives it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FakeFetched:
    """Times are in milliseconds since 1970."""

    offset: int = 0
    value: bytes | None = b"{}"
    key: bytes | None = b"test:a"
    topic: str = "mentions.raw"
    partition: int = 0
    timestamp: int = 0
    headers: Any = ()
