"""What becomes of offsets while partitions move; the rest is tested on a real broker."""

import asyncio

from kafka import TopicPartition

from listener.kafka.consume import _Moves
from listener.kafka.tenure import Tenure

ONE, OTHER = TopicPartition("raw", 0), TopicPartition("raw", 1)


async def _sleep(seconds: float) -> None:
    raise AssertionError("nothing was begun")


def test_what_was_lost_is_no_longer_owned_even_where_it_comes_back() -> None:
    owned: list[set[TopicPartition]] = []
    tenure = Tenure()
    moves = _Moves(owned.append, tenure, _sleep)
    asyncio.run(moves.on_partitions_assigned({ONE, OTHER}))
    asyncio.run(moves.on_partitions_revoked({ONE, OTHER}))
    asyncio.run(moves.on_partitions_assigned({ONE}))
    asyncio.run(moves.on_partitions_lost({ONE}))
    assert not moves.settled
    with tenure.holding("raw", 0, 0.0) as ours:
        assert ours is None, "nobody knows yet"
    asyncio.run(moves.on_partitions_assigned({ONE}))
    assert owned == [{ONE, OTHER}, {ONE}, set(), {ONE}]
    assert (moves.count, tenure.moves) == (2, 2)
