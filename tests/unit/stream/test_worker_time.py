"""What time it is to a stage: now, but in partitions that have not caught up nothing is late yet."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest

from fakes.fetched import FakeFetched
from fakes.processed import process
from stream.moments import BEFORE_ALL
from stream.progress import Progress
from stream.send import Sender
from stream.stage import Input, Step
from stream.table import StateTable
from stream.worker import StageWorker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class TellTime:
    """Keeps the times that it was given."""

    name = "triage"
    topics: tuple[str, ...] = ("mentions.raw",)

    def __init__(self) -> None:
        self.told: list[datetime] = []

    def decode(self, topic: str, value: bytes | None) -> bytes:
        return value or b""

    def prepare(self, values: Sequence[bytes]) -> list[bytes]:
        return list(values)

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[bytes]], now: datetime) -> Step:
        self.told.append(now)
        return Step(None)


class EmptyTable:
    def get(self, partition: int, key: bytes) -> bytes | None:
        return None

    async def put(self, changes: Mapping[tuple[int, bytes], bytes]) -> None:
        assert not changes


@pytest.mark.parametrize(
    ("caught_up", "expected"), [(None, NOW), (frozenset({0}), NOW), (frozenset({1}), BEFORE_ALL)]
)
def test_no_time_passes_where_an_answer_may_wait_in_the_log(
    caught_up: frozenset[int] | None, expected: datetime
) -> None:
    stage = TellTime()
    worker = StageWorker[bytes](
        stage,
        cast(StateTable, EmptyTable()),
        cast(Sender, None),
        lambda: NOW,
        Progress("time"),
        caught_up=None if caught_up is None else lambda: caught_up,
    )
    process(worker, [FakeFetched(7)])
    assert stage.told == [expected]
