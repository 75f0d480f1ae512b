"""What an agent does in which order: prepared ahead where enough waits, folded and acknowledged as it came."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from fakes.fetched import FakeFetched
from listener.domain.errors import ServiceError
from stream.agents.drive import drive
from stream.inbox import Inbox
from stream.reliability import Gate, ReliableApp
from unit.stream.test_worker_overlap import Broker, worker_on

MOST = 2


class App:
    """Of a worker, what an agent needs."""

    should_stop = False
    rebalancing = False
    consumer_generation_id = 1

    def __init__(self) -> None:
        self.gate = Gate()
        self.consumer = self
        self.acknowledged: list[int] = []

    async def settled(self) -> None:
        """Always."""

    def done(self, generation: int, after: Mapping[Any, int]) -> None:
        self.acknowledged += after.values()


class Elsewhere:
    """Prepares when it is told to."""

    def __init__(self) -> None:
        self.fails = False
        self.asked: list[list[bytes]] = []
        self.answers = asyncio.Event()

    async def __call__(self, values: Sequence[bytes]) -> list[bytes]:
        self.asked.append(list(values))
        await self.answers.wait()
        if self.fails:
            raise ServiceError("as told")
        return [value.upper() for value in values]


class Scene:
    """An agent with an inbox."""

    def __init__(self, elsewhere: Elsewhere | None, records: int) -> None:
        self.app, self.broker, self.inbox = App(), Broker(), Inbox()
        self.inbox.put(1, [FakeFetched(n, value=b"%c" % (ord("a") + n)) for n in range(records)])
        self.begin(elsewhere)

    def begin(self, elsewhere: Elsewhere | None) -> None:
        ready = asyncio.Event()
        ready.set()
        worker = worker_on(self.broker, elsewhere)
        self.agent = asyncio.create_task(
            drive(
                cast(ReliableApp, self.app),
                self.inbox,
                worker,
                stage="joining",
                ready=ready,
                most=MOST,
                within_seconds=0,
            )
        )

    async def turns(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)

    async def end(self) -> None:
        self.agent.cancel()
        await asyncio.wait([self.agent])


@pytest.mark.parametrize("records", [2 * MOST, 2 * MOST + 1])
def test_what_waits_is_prepared_while_a_batch_is_under_way_and_acknowledged_in_order(records: int) -> None:
    async def whole() -> None:
        elsewhere = Elsewhere()
        scene = Scene(elsewhere, records)
        await scene.turns()
        assert elsewhere.asked == [[b"a", b"b"]]
        elsewhere.answers.set()
        await scene.turns()
        assert elsewhere.asked[:2] == [[b"a", b"b"], [b"c", b"d"]]  # and nothing is flushed yet
        assert scene.app.acknowledged == []
        scene.broker.acknowledges.set()
        await scene.turns()
        assert scene.app.acknowledged == [2, 4, 5][: len(scene.app.acknowledged)]
        assert scene.app.acknowledged[-1] == records
        assert list(scene.broker.states.values()) == [b"ABCDE"[:records]]
        await scene.end()

    asyncio.run(whole())


@pytest.mark.parametrize("records", [MOST + 1, 2 * MOST])
def test_less_than_a_batch_is_left_to_wait_for_more(records: int) -> None:
    async def whole() -> None:
        elsewhere = Elsewhere()
        elsewhere.answers.set()
        scene = Scene(elsewhere, records)
        async with scene.app.gate.batch("joining"):  # so that nothing is folded
            await scene.turns()
            assert [len(values) for values in elsewhere.asked] == [MOST, MOST][: records // MOST]
        await scene.end()

    asyncio.run(whole())


def test_nothing_is_acknowledged_after_a_batch_that_came_to_nothing_while_the_worker_stops() -> None:
    """Faust starts an agent once more that ends before it is told to."""

    async def whole() -> None:
        elsewhere = Elsewhere()
        scene = Scene(elsewhere, MOST)
        scene.app.should_stop = True
        scene.broker.acknowledges.set()
        elsewhere.fails = True
        elsewhere.answers.set()
        await scene.turns()
        assert scene.agent.done()
        elsewhere.fails = False
        scene.inbox.put(1, [FakeFetched(MOST, value=b"c")])
        scene.begin(elsewhere)
        await scene.turns()
        assert elsewhere.asked[-1] == [b"c"]
        assert scene.app.acknowledged == []
        await scene.end()

    asyncio.run(whole())


def test_what_was_prepared_under_an_earlier_generation_is_left_to_its_new_owner() -> None:
    async def whole() -> None:
        elsewhere = Elsewhere()
        scene = Scene(elsewhere, 2 * MOST)
        scene.broker.acknowledges.set()
        await scene.turns()
        scene.app.consumer_generation_id = 2
        elsewhere.answers.set()
        scene.inbox.put(2, [FakeFetched(9, value=b"z")])
        await scene.turns()
        assert scene.app.acknowledged == [10]
        assert list(scene.broker.states.values()) == [b"Z"]
        await scene.end()

    asyncio.run(whole())
