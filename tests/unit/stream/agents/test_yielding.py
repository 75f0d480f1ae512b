"""The backfill lets live records pass, in both stages."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from fakes.fetched import FakeFetched
from stream.agents.yielding import (
    GULP_RECORDS,
    QUIET_SECONDS,
    REST_SECONDS,
    SIP_RECORDS,
    BackfillInbox,
    LiveInbox,
    Waiting,
    may_go_on,
)


@pytest.mark.parametrize(
    ("live_seconds", "behind", "goes_on"),
    [
        (0.0, 0, True),
        (0.01, 0, True),
        (0.0, 9, True),
        (0.2, 0, False),
        (0.0, 10, False),
        (3600.0, 10**6, False),
    ],
)
def test_it_goes_on_only_while_nobody_waits(live_seconds: float, behind: int, goes_on: bool) -> None:
    assert may_go_on(Waiting(live_seconds, behind), 9) is goes_on


class World:
    """Inboxes whose clock and next stage the test moves."""

    def __init__(self, *behind: int) -> None:
        self.seconds = 0.0
        self.behind: Iterator[int] = iter(behind)
        self.live = LiveInbox(lambda: self.seconds)
        self.backfill = BackfillInbox(self.live, lambda: next(self.behind, 0))
        self.backfill.put(1, [FakeFetched(offset=number) for number in range(2000)])

    def speak(self, age_seconds: float = 0.0) -> None:
        self.live.put(1, [FakeFetched(timestamp=int((time.time() - age_seconds) * 1000))])

    async def hear(self) -> None:
        await self.live.take(1000, 0)

    async def taken(self) -> int:
        return len((await self.backfill.take(1000, 0)).records)


def test_it_takes_little_while_anything_live_is_heard_and_more_in_the_quiet() -> None:
    async def course() -> None:
        world = World()
        assert await world.taken() == GULP_RECORDS
        world.speak()
        await world.hear()
        assert await world.taken() == SIP_RECORDS
        world.seconds += QUIET_SECONDS - 1
        assert await world.taken() == SIP_RECORDS
        world.seconds += 1
        assert await world.taken() == GULP_RECORDS

    asyncio.run(course())


def test_its_turn_comes_when_live_records_have_passed() -> None:
    async def course() -> None:
        world = World()
        world.speak(age_seconds=30)
        turn = asyncio.create_task(world.backfill.turn())
        await asyncio.sleep(0.05)
        assert not turn.done()
        await world.hear()
        await asyncio.wait_for(turn, 30)

    asyncio.run(course())


def test_its_turn_comes_when_the_next_stage_has_done_what_it_was_sent() -> None:
    async def course() -> None:
        world = World(10 * GULP_RECORDS, GULP_RECORDS + 1, 0)
        await asyncio.wait_for(world.backfill.turn(), 30)
        assert next(world.behind, None) is None

    asyncio.run(course())


def test_while_anything_live_is_heard_the_next_stage_is_to_have_done_all() -> None:
    async def course() -> None:
        world = World(GULP_RECORDS, 1, 0)
        world.speak()
        await world.hear()
        await asyncio.wait_for(world.backfill.turn(), 30)
        assert next(world.behind, None) is None

    asyncio.run(course())


def test_it_rests_before_each_sip_and_not_in_the_quiet() -> None:
    async def waited(world: World) -> float:
        begun = asyncio.get_running_loop().time()
        await world.backfill.turn()
        return asyncio.get_running_loop().time() - begun

    async def course() -> None:
        world = World()
        assert await waited(world) < REST_SECONDS
        world.speak()
        await world.hear()
        # a timer of the loop may come early by the resolution of its clock
        assert await waited(world) > REST_SECONDS * 0.9

    asyncio.run(course())
