"""Records wait in order, bounded in number and bytes, and never mixed over an assignment of partitions."""

import asyncio

from fakes.fetched import FakeFetched
from stream.inbox import MAX_BYTES, MAX_RECORDS, Inbox


def offsets(inbox: Inbox, most: int) -> tuple[int, list[int]]:
    batch = asyncio.run(inbox.take(most, 0))
    return batch.generation, [record.offset for record in batch.records]


def test_what_came_first_is_taken_first_and_no_more_than_asked_for() -> None:
    inbox = Inbox()
    inbox.put(1, [FakeFetched(offset=n) for n in range(3)])
    inbox.put(1, [FakeFetched(offset=n) for n in range(3, 5)])
    assert offsets(inbox, 4) == (1, [0, 1, 2, 3])
    assert offsets(inbox, 4) == (1, [4])


def test_a_batch_holds_records_of_one_generation() -> None:
    inbox = Inbox()
    inbox.put(1, [FakeFetched(offset=0)])
    inbox.put(2, [FakeFetched(offset=0), FakeFetched(offset=1)])
    assert offsets(inbox, 10) == (1, [0])
    assert offsets(inbox, 10) == (2, [0, 1])


def test_there_is_room_until_it_is_full_of_records_or_of_bytes() -> None:
    inbox = Inbox()
    inbox.put(1, [FakeFetched(offset=n) for n in range(MAX_RECORDS)])
    assert not inbox.has_room
    asyncio.run(inbox.take(1, 0))
    assert inbox.has_room
    heavy = Inbox()
    heavy.put(1, [FakeFetched(value=b"x" * MAX_BYTES)])
    assert not heavy.has_room
    heavy.clear()
    assert heavy.has_room
    assert heavy.oldest_seconds is None


def test_whoever_waits_gets_what_arrives_also_after_it_was_cleared() -> None:
    async def wait() -> list[int]:
        inbox = Inbox()
        inbox.put(1, [FakeFetched(offset=1)])
        inbox.clear()
        waiting = asyncio.create_task(inbox.take(10, 0.001))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        inbox.put(2, [FakeFetched(offset=2)])
        return [record.offset for record in (await waiting).records]

    assert asyncio.run(wait()) == [2]
