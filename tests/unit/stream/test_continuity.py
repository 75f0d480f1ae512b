"""No record is passed over without the broker's word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fetched import FakeFetched
from listener.kafka.record import Record as Fetched
from stream.continuity import AskAgain, Continuity

WHERE = ("mentions.raw", 0)


def records(*offsets: int) -> list[Fetched]:
    return [FakeFetched(offset=offset) for offset in offsets]


def begun(offset: int) -> Continuity:
    continuity = Continuity()
    continuity.start({WHERE: offset})
    return continuity


def admitted(continuity: Continuity, *offsets: int) -> list[int]:
    return [record.offset for record in continuity.admit(WHERE, records(*offsets))]


def test_what_follows_each_other_is_taken() -> None:
    continuity = begun(3)
    assert admitted(continuity, 3, 4) == [3, 4]
    assert admitted(continuity, 5) == [5]
    assert continuity.expected() == {WHERE: 6}


def test_what_comes_behind_a_hole_is_asked_for_once_more() -> None:
    continuity = begun(3)
    with pytest.raises(AskAgain) as missing:
        continuity.admit(WHERE, records(5, 6))
    assert missing.value.offset == 3
    assert admitted(continuity, 3, 4, 5, 6) == [3, 4, 5, 6]


def test_what_the_broker_does_not_have_is_no_hole() -> None:
    continuity = begun(3)
    with pytest.raises(AskAgain):
        continuity.admit(WHERE, records(5))
    assert admitted(continuity, 5) == [5]
    with pytest.raises(AskAgain):
        continuity.admit(WHERE, records(8))
    assert admitted(continuity, 8) == [8]


def test_what_came_already_does_not_come_twice() -> None:
    continuity = begun(3)
    assert admitted(continuity, 1, 2, 3, 4) == [3, 4]
    assert admitted(continuity, 3, 4) == []
    assert admitted(continuity, 4, 5) == [5]


def test_a_partition_that_nothing_is_known_of_begins_where_it_begins() -> None:
    assert admitted(Continuity(), 7, 8) == [7, 8]


@given(st.sets(st.integers(0, 60), min_size=1), st.data())
def test_whatever_position_is_read_from_every_record_comes_once_and_in_order(
    kept: set[int], data: st.DataObject
) -> None:
    log = sorted(kept)  # what retention, compaction and transactions have left
    continuity, came, position, strays = begun(0), list[int](), 0, 5
    while len(came) < len(log):
        if strays and data.draw(st.booleans()):
            strays, position = strays - 1, data.draw(st.integers(0, 61))
        some = [offset for offset in log if offset >= position][: data.draw(st.integers(1, 9))]
        if not some:
            position = 0
            continue
        try:
            came += admitted(continuity, *some)
            position = some[-1] + 1
        except AskAgain as missing:
            answer = [offset for offset in log if offset >= missing.offset][:3]
            came += admitted(continuity, *answer)
            position = answer[-1] + 1
    assert came == log
