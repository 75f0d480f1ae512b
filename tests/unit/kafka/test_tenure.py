"""Whose partitions are whose while they move."""

import threading

import pytest

from listener.kafka.tenure import Tenure


def test_everything_is_its_own_until_it_is_told() -> None:
    tenure = Tenure()
    with tenure.holding("triage", 3, 0) as ours:
        assert (ours, tenure.idle) == (True, False)
    tenure.moving()
    with tenure.holding("triage", 3, 0) as ours:
        assert ours is None
    tenure.settled([("triage", 1), ("other", 3)])
    for partition, expected in ((1, True), (3, False)):
        with tenure.holding("triage", partition, 0) as ours:
            assert ours is expected
    assert (tenure.idle, tenure.moves) == (True, 1)


def test_what_has_begun_is_seen_until_it_ends_and_nothing_else_begins() -> None:
    tenure = Tenure()
    begun, end = threading.Event(), threading.Event()
    seen: list[bool | None] = []

    def work() -> None:
        with tenure.holding("triage", 0, 0):
            begun.set()
            end.wait(10)
        with tenure.holding("triage", 0, 10) as ours:
            seen.append(ours)

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(10)
    tenure.moving()
    assert not tenure.idle
    end.set()
    while not tenure.idle:
        pass
    assert seen == []
    tenure.settled([])
    worker.join(10)
    assert seen == [False]


def test_what_fails_is_over() -> None:
    tenure = Tenure()
    with pytest.raises(ZeroDivisionError), tenure.holding("triage", 0, 0):
        _ = 1 / 0
    assert tenure.idle
