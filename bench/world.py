"""What is measured with: a simulated company's customers and mentions, by seed; texts of a file where wanted."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from listener.domain.customer import Customer
from listener.domain.mention import Mention
from listener.simulator import SimulatedCompany, SimulationSettings

ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 90
SEED = 1


@dataclass(frozen=True)
class Texts:
    """A CSV file whose texts are put into the mouths of the simulated people."""

    file: Path
    column: str

    def read(self) -> list[str]:
        """Its texts that are not empty.

        Raises:
            KeyError: there is no such column.
        """
        with self.file.open(newline="", encoding="utf-8", errors="replace") as rows:
            return [row[self.column] for row in csv.DictReader(rows) if row[self.column].strip()]


@dataclass(frozen=True)
class World:
    """Customer records, to be known first, and mentions in the order in which they are heard, as if live."""

    customers: Sequence[Customer]
    mentions: Sequence[Mention]


def world(mentions: int, texts: Texts | None = None) -> World:
    """So many mentions; equal for equal arguments."""
    company = SimulatedCompany(
        SimulationSettings(customers=max(200, mentions // 3), days=DAYS, seed=SEED, ends_at=ENDS_AT)
    )
    customers: dict[str, Customer] = {}
    said: list[Mention] = []
    for event in company.history():
        if isinstance(event.value, Customer):
            customers.setdefault(event.value.customer_id, event.value)
        elif isinstance(event.value, Mention):
            said.append(event.value.model_copy(update={"historical": False}))
            if len(said) == mentions:
                break
    return World(tuple(customers.values()), tuple(_saying(said, texts) if texts else said))


def _saying(mentions: Sequence[Mention], texts: Texts) -> Iterator[Mention]:
    for mention, text in zip(mentions, cycle(texts.read()), strict=False):
        yield mention.model_copy(update={"text": text, "title": None})
