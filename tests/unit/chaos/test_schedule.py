"""Schedules: drawn by seed, saved, replayed."""

from inspect import signature
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.chaos.schedule import (
    KINDS,
    LASTING,
    SESSION_TIMEOUT_SECONDS,
    WORKERS,
    draw_schedule,
    read_schedule,
)
from listener.domain.errors import UsageError
from listener.kafka.consume import BatchConsumer


@given(seed=st.integers(), minutes=st.floats(0.2, 60), count=st.integers(1, 40))
def test_faults_strike_in_order_while_records_flow(seed: int, minutes: float, count: int) -> None:
    schedule = draw_schedule(seed, 1000, minutes, count=count)
    times = [fault.at_seconds for fault in schedule.faults]
    assert len(times) == count
    assert times == sorted(times)
    assert all(0 < at < minutes * 60 for at in times)
    assert all(1 <= fault.target <= WORKERS for fault in schedule.faults)
    assert schedule == draw_schedule(seed, 1000, minutes, count=count)


@given(seed=st.integers())
def test_each_kind_strikes_before_any_strikes_again(seed: int) -> None:
    faults = draw_schedule(seed, 1000, 0.5).faults
    assert {fault.kind for fault in faults[: len(KINDS)]} == set(KINDS)


def test_another_seed_is_another_schedule() -> None:
    assert draw_schedule(1, 1000, 1).faults != draw_schedule(2, 1000, 1).faults


def test_a_pause_is_longer_than_the_session_timeout() -> None:
    assert LASTING["pause-worker"][0] > SESSION_TIMEOUT_SECONDS
    assert LASTING["pause-between"][0] > SESSION_TIMEOUT_SECONDS
    assert LASTING["pause-sink"][0] > signature(BatchConsumer).parameters["session_timeout_seconds"].default


def test_a_saved_schedule_is_read_again(tmp_path: Path) -> None:
    schedule = draw_schedule(3, 1000, 2)
    schedule.save(tmp_path / "schedule.json")
    assert read_schedule(tmp_path / "schedule.json") == schedule


@pytest.mark.parametrize(
    "text", ["", "[]", '{"seed": 1}', '{"seed": 1, "mentions": 5, "minutes": 1, "x": 2}']
)
def test_what_is_no_schedule_is_told_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "schedule.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"schedule\.json: not a schedule"):
        read_schedule(path)


def test_a_missing_schedule_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_schedule(tmp_path / "none.json")
