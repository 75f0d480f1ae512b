"""A consumer that reads no more is noticed; one that has nothing to read, or may not, is left alone."""

import time
from collections.abc import Callable
from threading import Event

import pytest

from listener.domain.errors import ServiceError
from sinks.standstill import Places, ReadingWatch, Standstill

A, B = ("triage", 0), ("triage", 1)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_place_that_stands_still_while_records_wait_counts(clock: Clock) -> None:
    still = Standstill(clock)
    seconds = []
    for clock.now, place in [(0.0, 5), (10.0, 5), (20.0, 5), (30.0, 6), (40.0, 6)]:
        seconds.append(still.look({A: place, B: 9}, {A: 100, B: 9}))
    assert seconds == [0, 10, 20, 0, 10]


def test_one_partition_is_enough_though_others_go_on(clock: Clock) -> None:
    still = Standstill(clock)
    for place in range(5):
        clock.now = 10.0 * place
        seconds = still.look({A: 5, B: place}, {A: 6, B: 100})
    assert seconds == 40


def test_a_place_that_never_was_known_counts(clock: Clock) -> None:
    still = Standstill(clock)
    still.look({A: None}, {A: 1})
    clock.now = 7
    assert still.look({A: None}, {A: 1}) == 7
    assert still.look({A: None}, {A: 0}) == 0


def test_with_nothing_to_read_there_is_no_standstill(clock: Clock) -> None:
    still = Standstill(clock)
    for clock.now in (0.0, 1000.0):
        assert still.look({A: 5}, {A: 5}) == 0
        assert still.look({}, {A: 5}) == 0


def test_a_group_that_never_gives_partitions_counts(clock: Clock) -> None:
    still = Standstill(clock)
    still.look(None, {A: 5})
    clock.now = 12
    assert still.look(None, {A: 5}) == 12
    assert still.look({A: 4}, {A: 5}) == 0


def test_an_excuse_begins_the_count_anew(clock: Clock) -> None:
    still = Standstill(clock)
    still.look({A: 5}, {A: 6})
    clock.now = 10
    still.excused()
    assert still.look({A: 5}, {A: 6}) == 0


def watched(
    places: Places | None = None,
    ends: Callable[[], dict[tuple[str, int], int]] = lambda: {A: 2},
    alive: Callable[[], bool] = lambda: True,
    stall_seconds: float = 0.05,
) -> tuple[ReadingWatch, Event, Event]:
    """A watch, whether it told the loop to stop, and whether it ended the process."""
    stop, ended = Event(), Event()
    watch = ReadingWatch(
        lambda: {A: 1} if places is None else places,
        ends,
        alive=alive,
        stall_seconds=stall_seconds,
        stop=stop,
        look_seconds=0.01,
        leave_seconds=0.01,
        end_process=lambda code: ended.set() if code == 1 else None,
    )
    watch.start()
    return watch, stop, ended


def test_a_standstill_ends_the_loop_with_a_last_word_and_then_the_process() -> None:
    watch, stop, ended = watched()
    assert stop.wait(30)
    assert not watch.reads
    assert ended.wait(30), "a loop that does not end is ended"
    with pytest.raises(ServiceError, match=r"Nothing was read for .* records wait"):
        watch.finished()


def test_a_loop_that_hangs_ends_the_process() -> None:
    watch, _, ended = watched({A: 2}, alive=lambda: False)
    assert ended.wait(30)
    with pytest.raises(ServiceError, match="hung"):
        watch.finished()


def test_a_broker_that_does_not_answer_is_no_standstill() -> None:
    asked = []

    def away() -> dict[tuple[str, int], int]:
        asked.append(1)
        raise OSError("away")

    watch, stop, _ = watched(ends=away, stall_seconds=0.01)
    deadline = time.monotonic() + 30
    while len(asked) < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(asked) >= 20
    assert watch.reads
    assert not stop.is_set()
    watch.finished()


def test_a_store_that_holds_it_up_is_no_standstill() -> None:
    made: list[ReadingWatch] = []
    asked = []

    def ends() -> dict[tuple[str, int], int]:
        asked.append(1)
        for watch in made:
            watch.held()
        return {A: 2}

    watch, stop, _ = watched(ends=ends, stall_seconds=0.2)
    made.append(watch)
    deadline = time.monotonic() + 30
    while len(asked) < 60 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(asked) >= 60
    assert not stop.is_set()
    watch.finished()
