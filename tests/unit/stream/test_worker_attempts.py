"""A record that was published again and fails again is a dead letter of the next attempt."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from fakes.fetched import FakeFetched
from fakes.processed import process
from listener.domain.dead_letter import DeadLetter
from listener.domain.errors import Rejected
from listener.kafka.record import Record as Fetched
from stream.progress import Progress
from stream.send import Record, Sender
from stream.stage import Input, Step
from stream.table import StateTable
from stream.worker import StageWorker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class RefuseAll:
    name = "ledger"
    topics: tuple[str, ...] = ("mentions.raw",)

    def decode(self, topic: str, value: bytes | None) -> bytes:
        raise Rejected("invalid", "as told")

    def prepare(self, values: Sequence[bytes]) -> list[bytes]:
        return list(values)

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[bytes]], now: datetime) -> Step:
        raise AssertionError("nothing is folded")


class EmptyTable:
    async def put(self, changes: Mapping[tuple[int, bytes], bytes]) -> None:
        assert not changes


class Sent:
    def __init__(self) -> None:
        self.records: list[Record] = []

    async def send(self, records: Iterable[Record]) -> list[int]:
        self.records += records
        return []


@dataclass
class Run:
    sent: Sent = field(default_factory=Sent)

    def letter(self, given: Fetched) -> tuple[DeadLetter, Record]:
        worker = StageWorker[bytes](
            RefuseAll(),
            cast(StateTable, EmptyTable()),
            cast(Sender, self.sent),
            lambda: NOW,
            Progress("refuse"),
        )
        process(worker, [given])
        [record] = self.sent.records
        return DeadLetter.from_headers(record.headers), record


@pytest.mark.parametrize(
    ("headers", "attempt"),
    [(None, 1), ((), 1), ((("listener-attempt", b"2"),), 2), ((("listener-attempt", b"nonsense"),), 1)],
)
def test_the_letter_says_which_attempt_failed(headers: Any, attempt: int) -> None:
    letter, record = Run().letter(FakeFetched(7, headers=headers))
    assert letter.attempt == attempt
    assert (record.key, record.value, letter.origin) == (b"test:a", b"{}", "mentions.raw[0]@7")


def test_a_tombstone_is_kept_as_one() -> None:
    letter, record = Run().letter(FakeFetched(7, value=None))
    assert (record.value, letter.size) == (None, 0)
