"""A stage that keeps nothing of a key any more has its state deleted, and purged where it says so."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from fakes.fetched import FakeFetched
from fakes.processed import process
from stream.progress import Progress
from stream.send import Record, Sender
from stream.stage import Input, Step
from stream.table import StateTable
from stream.worker import StageWorker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Forgetful:
    """Keeps the last value of a key; ``forget`` deletes it."""

    name = "ledger"
    topics: tuple[str, ...] = ("mentions.raw",)

    def decode(self, topic: str, value: bytes | None) -> bytes:
        return value or b""

    def prepare(self, values: Sequence[bytes]) -> list[bytes]:
        return list(values)

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[bytes]], now: datetime) -> Step:
        last = inputs[-1].value
        return Step(None, purges=True) if last == b"forget" else Step(last)


class Table:
    """States by partition and key, and what was done to them in order."""

    def __init__(self) -> None:
        self.states: dict[tuple[int, bytes], bytes] = {}
        self.done: list[object] = []

    def get(self, partition: int, key: bytes) -> bytes | None:
        return self.states.get((partition, key))

    async def put(self, changes: Mapping[tuple[int, bytes], bytes | None]) -> None:
        for where, state in changes.items():
            self.done.append(state)
            if state is None:
                del self.states[where]
            else:
                self.states[where] = state

    async def purge(self, partition: int) -> None:
        self.done.append(f"purged {partition}")


class Nowhere:
    async def send(self, records: Iterable[Record]) -> list[int]:
        raise AssertionError("nothing is to be sent")


def run(*batches: Sequence[bytes]) -> Table:
    table = Table()
    worker = StageWorker[bytes](
        Forgetful(), cast(StateTable, table), cast(Sender, Nowhere()), lambda: NOW, Progress("forgetful")
    )
    offset = 0
    for batch in batches:
        records = [FakeFetched(offset + number, value=value) for number, value in enumerate(batch)]
        offset += len(batch)
        process(worker, records)
    return table


def test_the_state_is_deleted_before_the_files_are_purged() -> None:
    table = run([b"one"], [b"forget"])
    assert table.states == {}
    assert table.done == [b"one", None, "purged 0"]


def test_a_repeat_deletes_nothing_and_purges_again() -> None:
    table = run([b"one"], [b"forget"], [b"forget"])
    assert table.done == [b"one", None, "purged 0", "purged 0"]


def test_what_comes_afterwards_is_a_new_state() -> None:
    assert list(run([b"one"], [b"forget"], [b"two"]).states.values()) == [b"two"]
