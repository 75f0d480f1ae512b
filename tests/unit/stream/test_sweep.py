"""Compacted topics are kept moving where somebody was erased, and only there."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from listener.domain.erasure import Erasures
from listener.domain.errors import ServiceError
from listener.domain.topics import ALL, CHANGELOGS, SWEEP_KEY
from stream.send import Record
from stream.sweep import Sweeper


class Outlet:
    """Keeps what is sent; the first sends fail where it is told so."""

    def __init__(self, fails: int = 0) -> None:
        self.records: list[Record] = []
        self.fails = fails
        self.sent = asyncio.Event()

    async def send(self, records: Sequence[Record]) -> list[int]:
        if self.fails:
            self.fails -= 1
            raise ServiceError("as told")
        self.records += records
        self.sent.set()
        return []


def erasures() -> Erasures:
    found = Erasures(b"at least sixteen bytes")
    found.note("author", "net:ann", datetime(2026, 3, 1, tzinfo=UTC))
    return found


def test_every_partition_of_every_compacted_topic_about_people_gets_a_tombstone_of_nobody() -> None:
    async def sweep() -> list[Record]:
        outlet = Outlet()
        await Sweeper(outlet, erasures(), 3).sweep()
        return outlet.records

    records = asyncio.run(sweep())
    assert {(record.key, record.value) for record in records} == {(SWEEP_KEY, None)}
    compacted = {topic.name for topic in (*ALL, *CHANGELOGS) if topic.cleanup_policy == "compact"}
    assert {record.topic for record in records} == compacted - {"config", "fixes", "erasures"}
    assert sorted(record.partition or 0 for record in records if record.topic == "triage") == [0, 1, 2]
    assert [record.partition for record in records if record.topic == "connector.cursors"] == [0]


def test_without_anybody_on_the_list_nothing_is_written() -> None:
    async def sweep() -> list[Record]:
        outlet = Outlet()
        await Sweeper(outlet, Erasures(), 3).sweep()
        return outlet.records

    assert asyncio.run(sweep()) == []


def test_what_fails_is_done_the_next_time() -> None:
    async def run() -> None:
        outlet = Outlet(fails=1)
        sweeper = Sweeper(outlet, erasures(), 3, every_seconds=0.001)
        await sweeper.start()
        await asyncio.wait_for(outlet.sent.wait(), 10)
        await sweeper.stop()

    asyncio.run(run())
