"""Timers wait until everything was processed that was in the log when partitions came."""

import asyncio
from collections.abc import Collection, Mapping

from stream.catching_up import Catching, Extent, Where

FIRST, THEN = ("mentions.raw", "responses"), ("mentions.enriched", "party.events")


class Log:
    """Two partitions of each topic; tests say what they hold and what was committed."""

    def __init__(self) -> None:
        self.held: dict[Where, Extent] = {
            (topic, number): Extent(0, 0) for topic in (*FIRST, *THEN) for number in range(2)
        }
        self.done: dict[Where, int] = {}

    async def extents(self, topics: Collection[str]) -> Mapping[Where, Extent]:
        return {where: extent for where, extent in self.held.items() if where[0] in topics}

    async def committed(self) -> Mapping[Where, int]:
        return dict(self.done)

    async def start(self) -> None:
        """Nothing to connect to."""

    async def stop(self) -> None:
        """Nothing to close."""


def look(catching: Catching, log: Log) -> set[int]:
    return asyncio.run(catching.look(log, FIRST, THEN))


def test_where_nothing_waits_timers_may_begin() -> None:
    catching = Catching({0, 1})
    assert look(catching, Log()) == {0, 1}
    assert catching.waiting == set()


def test_all_partitions_of_the_ledger_come_first_and_then_the_own_one() -> None:
    log, catching = Log(), Catching({0, 1})
    log.held["responses", 1] = Extent(0, 5)
    log.held["party.events", 0] = Extent(0, 3)
    assert look(catching, log) == set()
    log.done["party.events", 0] = 3
    assert look(catching, log) == set()
    # the ledger has told what it read: an event more
    log.held["party.events", 0] = Extent(0, 4)
    log.done["responses", 1] = 5
    assert look(catching, log) == {1}
    assert catching.waiting == {0}
    log.done["party.events", 0] = 4
    assert look(catching, log) == {0}


def test_what_comes_later_is_not_waited_for() -> None:
    log, catching = Log(), Catching({0})
    log.held["mentions.raw", 0] = Extent(0, 5)
    assert look(catching, log) == set()
    log.held["mentions.raw", 0] = Extent(0, 50)
    log.done["mentions.raw", 0] = 5
    assert look(catching, log) == {0}


def test_what_is_gone_is_not_waited_for() -> None:
    log, catching = Log(), Catching({0})
    log.held["mentions.raw", 0] = Extent(7, 7)
    assert look(catching, log) == {0}
