"""Intervals over parties where some have several cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.evaluation.coverage import clustered_cases, clustered_groups, cover
from listener.statistics.clustered import PartySums, clustered_difference, clustered_share
from listener.statistics.proportion import wilson


def sums(cases: list[tuple[int, int]]) -> PartySums:
    """Of parties with n cases, k of them with it."""
    n, k = np.array(cases).T
    return PartySums(len(n), n.sum(), k.sum(), (n * n).sum(), (k * k).sum(), (n * k).sum())


def test_one_case_a_party_gives_the_interval_of_independent_ones() -> None:
    found, alone = clustered_share(sums([(1, 1)] * 30 + [(1, 0)] * 70)), wilson(30, 100)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), abs=2e-3)


def test_cases_that_are_all_alike_within_a_party_count_once() -> None:
    found, parties = clustered_share(sums([(5, 5)] * 30 + [(5, 0)] * 70)), wilson(30, 100)
    assert (found.low, found.high) == pytest.approx((parties.low, parties.high), abs=2e-3)
    everybody = clustered_share(sums([(5, 5)] * 20))
    assert (everybody.low, everybody.high) == pytest.approx((wilson(20, 20).low, 1))


def test_the_variance_is_that_of_drawing_parties_anew() -> None:
    generator = np.random.default_rng(1)
    n = generator.integers(1, 5, 200)
    k = generator.binomial(n, generator.beta(2, 3, 200))
    drawn = generator.integers(0, 200, (4000, 200))
    bootstrap = (k[drawn].sum(axis=1) / n[drawn].sum(axis=1)).var()
    assert sums(list(zip(n.tolist(), k.tolist(), strict=True))).variance() == pytest.approx(
        bootstrap, rel=0.1
    )


def test_it_covers_the_truth_where_independent_cases_would_not() -> None:
    assert cover("", clustered_cases, 200).covered.estimate >= 0.91
    assert cover("", lambda chance: clustered_cases(chance, together=False), 200).covered.estimate < 0.88


def test_so_does_the_difference_of_two_groups() -> None:
    assert cover("", clustered_groups, 400).covered.estimate >= 0.92
    assert cover("", lambda chance: clustered_groups(chance, together=False), 400).covered.estimate < 0.9


@given(st.lists(st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1))
def test_the_share_lies_within_its_interval_and_that_within_0_and_1(cases: list[tuple[int, int]]) -> None:
    found = clustered_share(sums(cases))
    if any(n for n, _ in cases):
        assert 0 <= found.low <= found.estimate + 1e-12
        assert found.estimate - 1e-12 <= found.high <= 1
    assert clustered_difference(sums(cases), sums(cases)).estimate in (
        0,
        pytest.approx(float("nan"), nan_ok=True),
    )
