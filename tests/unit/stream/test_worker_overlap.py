"""A batch is folded while the one before is flushed, as if they had come one after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest

from fakes.fetched import FakeFetched
from stream.progress import Progress
from stream.reliability import Gate
from stream.send import Record, Sender
from stream.stage import Input, Output, Step
from stream.table import StateTable
from stream.worker import Folded, StageWorker

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STAGE = "joining"


class Join:
    """Joins all values of a key; an empty one deletes."""

    name = STAGE
    topics: tuple[str, ...] = ("mentions.raw",)

    def decode(self, topic: str, value: bytes | None) -> bytes:
        return value or b""

    def prepare(self, values: Sequence[bytes]) -> list[bytes]:
        return list(values)

    def step(self, key: str, state: bytes | None, inputs: Sequence[Input[bytes]], now: datetime) -> Step:
        for given in inputs:
            state = (state or b"") + given.value if given.value else None
        return Step(state, (Output("out", key, None, state),))


class Broker:
    """Table and sender; what is stored is acknowledged when the test says so."""

    def __init__(self) -> None:
        self.states: dict[tuple[int, bytes], bytes | None] = {}
        self.done: list[object] = []
        self.acknowledges = asyncio.Event()

    def get(self, partition: int, key: bytes) -> bytes | None:
        return self.states.get((partition, key))

    async def put(self, changes: Mapping[tuple[int, bytes], bytes | None]) -> None:
        await self.acknowledges.wait()
        self.states |= changes
        self.done += changes.values()

    async def send(self, records: Iterable[Record]) -> list[int]:
        await self.acknowledges.wait()
        self.done += [("sent", record.value) for record in records]
        return []


def worker_on(
    broker: Broker, prepare: Callable[[Sequence[bytes]], Awaitable[list[bytes]]] | None = None
) -> StageWorker[bytes]:
    return StageWorker[bytes](
        Join(),
        cast(StateTable, broker),
        cast(Sender, broker),
        lambda: NOW,
        Progress(STAGE),
        prepare=prepare,
    )


async def folded(worker: StageWorker[bytes], records: Sequence[FakeFetched]) -> Folded:
    return await worker.fold(await worker.prepare(records))


def batch(offset: int, *values: bytes) -> list[FakeFetched]:
    return [FakeFetched(offset + number, value=value) for number, value in enumerate(values)]


def test_a_batch_sees_what_the_one_before_is_about_to_store() -> None:
    async def overlap() -> None:
        broker = Broker()
        worker = worker_on(broker)
        first = await folded(worker, batch(0, b"a"))
        second = await folded(worker, batch(1, b"b"))
        assert list(second.changes.values()) == [b"ab"]
        broker.acknowledges.set()
        await worker.flush(first)
        third = await folded(worker, batch(2, b"c"))  # the first is flushed, but the second holds
        await worker.flush(second)
        await worker.flush(third)
        assert broker.done == [b"a", ("sent", b"a"), b"ab", ("sent", b"ab"), b"abc", ("sent", b"abc")]

    asyncio.run(overlap())


def test_a_deletion_that_is_not_flushed_yet_holds() -> None:
    async def overlap() -> None:
        broker = Broker()
        broker.acknowledges.set()
        worker = worker_on(broker)
        await worker.flush(await folded(worker, batch(0, b"a")))
        deleted = await folded(worker, batch(1, b""))
        again = await folded(worker, batch(2, b"b"))
        await worker.flush(deleted)
        await worker.flush(again)
        assert list(broker.states.values()) == [b"b"]

    asyncio.run(overlap())


def test_what_another_worker_stored_meanwhile_is_seen_once_nothing_is_unflushed() -> None:
    async def overlap() -> None:
        broker = Broker()
        broker.acknowledges.set()
        worker = worker_on(broker)
        [(where, _)] = (first := await folded(worker, batch(0, b"a"))).changes.items()
        await worker.flush(first)
        broker.states[where] = b"z"
        assert list((await folded(worker, batch(5, b"b"))).changes.values()) == [b"zb"]

    asyncio.run(overlap())


def test_flushes_of_a_stage_follow_each_other_and_idleness_waits_for_the_last() -> None:
    async def overlap() -> None:
        gate = Gate()
        done: list[str] = []

        async def flush(name: str) -> None:
            await asyncio.sleep(0.01)
            done.append(name)

        async with gate.batch(STAGE):
            await gate.flush(STAGE, flush("first"))
        assert done == []
        async with gate.batch(STAGE):
            await gate.flush(STAGE, flush("second"))
            assert done == ["first"]
        await gate.idle()
        assert done == ["first", "second"]

    asyncio.run(overlap())


def test_whoever_stops_waiting_for_a_flush_does_not_stop_it() -> None:
    async def overlap() -> None:
        gate = Gate()
        done: list[str] = []

        async def flush() -> None:
            await asyncio.sleep(0.02)
            done.append("flushed")

        async with gate.batch(STAGE):
            await gate.flush(STAGE, flush())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(gate.idle(), 0.001)
        await gate.idle()
        assert done == ["flushed"]

    asyncio.run(overlap())


def test_nothing_is_flushed_behind_a_batch_that_did_not_get_through() -> None:
    async def overlap() -> None:
        gate = Gate()
        done: list[str] = []

        async def lost() -> None:
            raise asyncio.CancelledError

        async def flush() -> None:
            done.append("flushed")

        async with gate.batch(STAGE):
            await gate.flush(STAGE, lost())
        async with gate.batch(STAGE):
            with pytest.raises(asyncio.CancelledError):
                await gate.flush(STAGE, flush())
        await gate.idle()
        assert done == []

    asyncio.run(overlap())
