"""A connector whose source never ends, as a process of its own. Arguments: bootstrap servers."""

import random
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Event
from typing import Any

from listener.connectors.connector import Batch, NativeItem, Source
from listener.connectors.run import run
from listener.kafka.connection import KafkaConnection

ITEMS = 200
TEXT_BYTES = 20_000
"""A batch has four megabytes."""
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Endless:
    """Always has more."""

    source = Source("endless", "endless")

    def __init__(self) -> None:
        self._count = 0
        noise = random.Random(1).randbytes(TEXT_BYTES)  # nothing that compression could make small
        self._text = "".join(chr(33 + byte % 90) for byte in noise)

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Goes on."""
        self._count = position["count"] if position else 0

    def poll(self) -> Batch:
        """The next two hundred items."""
        numbers = range(self._count, self._count + ITEMS)
        self._count += ITEMS
        return Batch([self._item(number) for number in numbers], {"count": self._count})

    def close(self) -> None:
        """Nothing was opened."""

    def _item(self, number: int) -> NativeItem:
        return NativeItem(
            native_id=str(number),
            author=f"user{number % 1000}",
            text=f"{number} {self._text[number % 1000 :]}",
            occurred_at=AT,
            origin="endless",
        )


if __name__ == "__main__":
    run(Endless(), KafkaConnection(sys.argv[1]), now=lambda: datetime.now(UTC), stop=Event())
