"""When parties are to be looked at: nothing twice, nothing missed."""

from hypothesis import given
from hypothesis import strategies as st

from stream.timers import PartitionTimers
from stream.triage.party_state import Head

POLICY = "0123456789abcdef"


def head(wake_ms: int | None, *, policy: str = POLICY, live: bool = True, held: bool = False) -> Head:
    return Head(wake_ms, policy, live, held)


def test_what_is_due_comes_once_the_earliest_first() -> None:
    timers = PartitionTimers()
    for key, wake_ms in ((b"late", 30), (b"early", 10), (b"never", None), (b"middle", 20)):
        timers.told(key, head(wake_ms))
    assert len(timers) == 3
    assert timers.due(9) == []
    assert timers.due(25, most=1) == [(b"early", 10)]
    assert timers.due(25) == [(b"middle", 20)]
    assert timers.due(25) == []
    assert timers.next_ms() == 30


def test_the_last_word_on_a_party_holds() -> None:
    timers = PartitionTimers()
    timers.told(b"a", head(10))
    timers.told(b"a", head(20))
    timers.told(b"b", head(10))
    timers.told(b"b", head(None))
    timers.told(b"c", head(10))
    timers.told(b"c", None)
    assert timers.due(15) == []
    assert timers.due(20) == [(b"a", 20)]


def test_a_state_that_is_stored_again_before_the_timer_was_processed_fires_nothing() -> None:
    timers = PartitionTimers()
    timers.told(b"a", head(10))
    assert timers.due(10) == [(b"a", 10)]
    timers.told(b"a", head(10))
    assert timers.due(99) == []
    timers.told(b"a", head(50))
    timers.told(b"a", head(10))
    assert timers.due(99) == [(b"a", 10)]


def test_what_is_held_back_comes_when_it_is_old_enough_and_once() -> None:
    timers = PartitionTimers()
    timers.told(b"a", head(None, held=True), 100.0)
    timers.told(b"a", head(None, held=True), 101.0)
    assert timers.held(99.9) == []
    assert timers.held(100.0) == [b"a"]
    timers.told(b"a", head(None, held=True), 102.0)
    assert timers.held(200.0) == []
    timers.told(b"a", head(None))
    timers.told(b"a", head(None, held=True), 103.0)
    assert timers.held(103.0) == [b"a"]


def test_who_was_judged_under_another_policy_comes_once_if_a_case_is_open() -> None:
    timers = PartitionTimers(POLICY)
    timers.told(b"same", head(None))
    timers.told(b"other", head(None, policy="another"))
    timers.told(b"closed", head(None, policy="another", live=False))
    timers.told(b"done", head(None, policy="another"))
    timers.told(b"done", head(None))
    assert timers.outdated(5) == [b"other"]
    assert timers.outdated(5) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.integers(0, 50)))), st.integers(0, 50))
def test_it_knows_what_a_list_of_the_last_words_knows(
    words: list[tuple[int, int | None]], now_ms: int
) -> None:
    timers = PartitionTimers()
    for _ in range(40):  # beyond what makes it tidy up
        for key, wake_ms in words:
            timers.told(bytes([key]), head(wake_ms))
    last = {bytes([key]): wake_ms for key, wake_ms in words}
    expected = sorted((wake, key) for key, wake in last.items() if wake is not None and wake <= now_ms)
    assert sorted((wake, key) for key, wake in timers.due(now_ms)) == expected
