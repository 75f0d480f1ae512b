"""What the benchmark computes from what it measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import (
    Sample,
    cpu_at,
    cpu_per_thousand,
    medians,
    percentile,
    ratio,
    rounded,
    window,
)


def test_the_batch_in_hand_at_the_start_counts_neither_as_work_nor_as_time() -> None:
    measured = window([1000, 1010, 1500, 2010])
    assert (measured.begins, measured.ends, measured.mentions) == (1.01, 2.01, 2)
    assert measured.rate == pytest.approx(2.0)


def test_a_later_stage_ends_the_time() -> None:
    assert window([1000, 1500], last_ms=3000).rate == pytest.approx(0.5)


@pytest.mark.parametrize(("stored", "last"), [([5, 6, 7], None), ([0, 100], 0)])
def test_without_time_there_is_no_rate(stored: list[int], last: int | None) -> None:
    with pytest.raises(ValueError, match="at once"):
        window(stored, last)


@given(st.integers(1, 50), st.integers(2, 40), st.integers(2, 20))
def test_rates_of_equal_batches_are_exact(batch: int, count: int, pace: int) -> None:
    period_ms = pace * 50
    stored = [number * period_ms for number in range(count) for _ in range(batch)]
    assert window(stored).rate == pytest.approx(batch * 1000 / period_ms)


def test_cpu_time_between_samples_is_in_proportion() -> None:
    samples = [Sample(0.0, 1.0), Sample(10.0, 3.0)]
    assert cpu_at(samples, 5.0) == 2.0
    assert cpu_at(samples, -1.0) == 1.0
    assert cpu_at(samples, 11.0) == 3.0
    with pytest.raises(ValueError, match="no samples"):
        cpu_at([], 0.0)


def test_cpu_time_is_that_of_all_processes() -> None:
    samples = [Sample(0.0, 0.0), Sample(1.0, 1.0), Sample(3.0, 2.0)]
    assert cpu_per_thousand([samples, samples], window([0, 1000, 3000])) == pytest.approx(2000.0)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_percentiles_are_values_that_were_measured(values: list[float]) -> None:
    assert percentile(values, 1.0) == max(values)
    middle = percentile(values, 0.5)
    assert middle in values
    assert sum(value <= middle for value in values) >= len(values) / 2


def test_medians_are_over_the_runs_that_have_the_figure() -> None:
    assert medians([{"a": 1.0, "b": 5.0}, {"a": 3.0}, {"a": 2.0}]) == {"a": 2.0, "b": 5.0}


def test_a_ratio_needs_a_reference() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(3.0, None) is None


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0"), (12345, "12,300"), (99.96, "100.0"), (4.567, "4.57"), (0.01234, "0.0123")]
)
def test_three_digits_count(value: float, words: str) -> None:
    assert rounded(value) == words
