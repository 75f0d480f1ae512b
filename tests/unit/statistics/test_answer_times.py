"""Waiting times, against lifelines and by hand."""

import warnings

import lifelines
import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test

from listener.evaluation import wait_simulation
from listener.evaluation.coverage import cover
from listener.statistics import answer_times
from listener.statistics.answer_times import (
    MANY,
    Waits,
    advantage,
    answered_within,
    incidence,
    median_wait,
    never_answered,
    restricted_mean,
)
from listener.statistics.interval import Floats, Ints
from listener.statistics.log_rank import log_rank

UPPER = np.arange(1.0, 13.0)


def waits(seed: int, size: int = 300, mean: float = 5) -> tuple[Waits, Floats, Ints]:
    """Counts, and the hours and kinds of end (1 answered, 2 otherwise, 0 waiting) that they count."""
    chance = np.random.default_rng(seed)
    hours = np.minimum(np.ceil(chance.exponential(mean, size)), 12)
    kind = np.where(hours == 12, 0, chance.choice([1, 1, 2, 0], size))
    counts = [np.bincount(hours[kind == one].astype(int) - 1, minlength=12) for one in (1, 2, 0)]
    return Waits(UPPER, *counts), hours, kind


@pytest.mark.parametrize("seed", [1, 2])
def test_the_cumulative_incidence_and_its_variance_are_those_of_lifelines(seed: int) -> None:
    chance = np.random.default_rng(seed)
    hours = np.sort(chance.exponential(5, 200))
    kind = chance.choice([1, 1, 2, 0], 200)
    curve = incidence(Waits(hours, *((kind == one).astype(np.int64) for one in (1, 2, 0))))
    oracle = lifelines.AalenJohansenFitter(calculate_variance=True).fit(hours, kind, event_of_interest=1)
    np.testing.assert_allclose(curve.answered, oracle.cumulative_density_.iloc[1:, 0], atol=1e-9)
    # of the last moment, at which nobody is left, some versions of lifelines say nothing
    np.testing.assert_allclose(curve.variance[:-1], oracle.variance_.iloc[1:-1], atol=1e-9)


@pytest.mark.filterwarnings("ignore:.*pandas version 4")
def test_the_log_rank_statistic_is_that_of_lifelines() -> None:
    sides = [waits(1), waits(2, mean=8)]
    hours, kind = (np.concatenate([side[part] for side in sides]) for part in (1, 2))
    group = np.repeat([0, 1], 300)
    oracle = multivariate_logrank_test(hours, group, kind == 1)
    found = log_rank([[side[0] for side in sides]])
    assert found.statistic == pytest.approx(oracle.test_statistic)
    assert found.p == pytest.approx(oracle.p_value)
    twice = log_rank([[side[0] for side in sides]] * 2)
    assert twice.statistic == pytest.approx(2 * found.statistic)


def test_the_never_answered_count_as_waiting_for_the_whole_horizon() -> None:
    none = np.zeros(2, dtype=np.int64)
    half = Waits(np.array([1.0, 10.0]), np.array([50, 0]), none, np.array([0, 50]))
    assert restricted_mean(half, 10).estimate == pytest.approx(0.5 * 1 + 0.5 * 10)
    assert answered_within(half, 1).estimate == 0.5
    assert median_wait(half).estimate == 1
    few = Waits(np.array([1.0, 10.0]), np.array([20, 0]), none, np.array([0, 80]))
    assert median_wait(few).words.startswith("not reached: 20%")
    found = advantage({"refund": half}, {"refund": few, "bags": half}, 10)
    assert found.estimate == pytest.approx(0.3 * 9)
    assert found.low > 0


def test_where_all_but_a_rounding_are_answered_the_median_is_sure() -> None:
    size = 10
    answered = np.ones(size, dtype=np.int64)
    none = np.zeros(size, dtype=np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = median_wait(Waits(np.arange(1.0, size + 1), answered, none, none))
    assert found.low < found.estimate == 5 < found.high


def test_who_waits_today_is_not_taken_for_never_answered() -> None:
    hours = np.array([1.0, 24.0, 720.0, 1000.0])
    none = np.zeros(4, dtype=np.int64)
    since_an_hour = Waits(hours, np.array([0, 40, 0, 0]), none, np.array([20, 0, 40, 0]))
    assert never_answered(since_an_hour).estimate == pytest.approx(0.5)
    late = Waits(hours, np.array([0, 40, 0, 40]), none, none)
    assert never_answered(late).estimate == pytest.approx(0.5)
    assert "not answered within 720 h" in never_answered(late).words
    closed = Waits(hours, np.array([0, 60, 0, 0]), np.array([0, 20, 0, 0]), none)
    assert never_answered(closed).estimate == pytest.approx(0.25)
    # one of two hundred was observed for long, and answered then
    lately = Waits(hours, np.array([0, 0, 1, 0]), none, np.array([0, 199, 0, 0]))
    assert np.isnan(never_answered(lately).estimate)
    assert "known for 24 h only" in never_answered(lately).words
    at_once = Waits(np.array([1.0]), np.array([20]), np.array([0]), np.array([0]))
    assert never_answered(at_once).estimate == 0, "nobody is left who could wait for longer"
    few, many = (never_answered(closed, design_effect=effect) for effect in (1.0, 4.0))
    assert many.low < few.low < 0.25 < few.high < many.high
    assert np.isnan(never_answered(Waits(hours, none, none, none)).estimate)


@pytest.mark.parametrize("seed", range(3))
def test_the_spread_of_many_contacts_is_that_of_resampling_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _, _ = waits(seed, size=MANY)
    computed = restricted_mean(found, 12)
    monkeypatch.setattr(answer_times, "MANY", 2 * MANY)
    resampled = restricted_mean(found, 12, replicates=2000)
    assert computed.estimate == pytest.approx(resampled.estimate)
    assert computed.low == pytest.approx(resampled.low, rel=0.01)
    assert computed.high == pytest.approx(resampled.high, rel=0.01)


def test_the_median_is_covered_as_often_as_claimed() -> None:
    middle = wait_simulation.waits_truth()[2]
    found = cover("", lambda chance: (median_wait(wait_simulation.waits(chance)), middle), 400)
    assert 0.92 <= found.covered.estimate <= 0.98


def test_like_compared_with_like_covers_the_advantage_and_all_with_all_do_not() -> None:
    truth = wait_simulation.advantage_truth()
    like, all_with_all = 0, 0
    for seed in range(60):
        public, private = wait_simulation.public_and_private(np.random.default_rng(seed))
        like += advantage(public, private, 168, replicates=200).covers(truth)
        all_with_all += advantage(pooled(public), pooled(private), 168, replicates=200).covers(truth)
    assert like >= 53
    assert all_with_all < 45


def test_what_is_computed_instead_of_resampled_is_as_sure() -> None:
    public, private = wait_simulation.public_and_private(np.random.default_rng(1))
    resampled, computed = (
        advantage(public, private, 168, replicates=4000, many=many) for many in (10_000, 30)
    )
    assert computed.estimate == pytest.approx(resampled.estimate)
    assert computed.high - computed.low == pytest.approx(resampled.high - resampled.low, rel=0.05)


def test_strata_of_few_contacts_are_not_taken_for_surer_than_they_are() -> None:
    """Thirty matters with two contacts a side, all of one distribution: the truth is 0."""
    hits = 0
    for seed in range(200):
        chance = np.random.default_rng(seed)
        public, private = ({str(name): alone(chance, 2) for name in range(30)} for _ in range(2))
        hits += advantage(public, private, 12, seed=seed).covers(0)
    assert 0.91 <= hits / 200 <= 0.99


def test_a_single_contact_a_side_spreads_as_the_others_do_and_by_half_the_horizon_where_there_are_none() -> (
    None
):
    chance = np.random.default_rng(1)
    one, other = alone(chance, 1), alone(chance, 1)
    found = advantage({"a": one}, {"a": other}, 12, replicates=4000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(2) * 6, rel=0.05)
    many = alone(chance, 400)
    beside = advantage({"a": one, "b": many}, {"a": other, "b": many}, 12)
    assert 0 < beside.high - beside.low < 3


def alone(chance: np.random.Generator, contacts: int) -> Waits:
    """Contacts all of which are answered, in the mean after five hours."""
    hours = np.minimum(np.ceil(chance.exponential(5, contacts)), 12).astype(np.int64)
    none = np.zeros(12, dtype=np.int64)
    return Waits(UPPER, np.bincount(hours - 1, minlength=12), none, none)


def pooled(matters: dict[str, Waits]) -> dict[str, Waits]:
    """All matters as if they were one."""
    parts = [(one.answered, one.competing, one.censored) for one in matters.values()]
    edges = next(iter(matters.values())).upper_hours
    return {
        "": Waits(edges, *(sum(kind, start=np.zeros(len(edges), int)) for kind in zip(*parts, strict=True)))
    }


def test_a_mean_of_few_contacts_is_not_taken_as_certain() -> None:
    none = np.zeros(1, dtype=np.int64)
    never = restricted_mean(Waits(np.array([200.0]), none, none, np.array([8])), 168)
    assert (never.estimate, never.high) == (168, 168)
    assert never.low < 140
    at_once = restricted_mean(Waits(np.array([0.0]), np.array([8]), none, none), 168)
    assert (at_once.estimate, at_once.low) == (0, 0)
    assert at_once.high > 28
    assert restricted_mean(Waits(np.array([200.0]), none, none, np.array([800])), 168).low > 166


def test_the_mean_of_few_contacts_is_covered() -> None:
    """Eight letters, of which one in six is answered."""
    chance, hits = np.random.default_rng(1), 0
    for _ in range(300):
        quick = int(chance.binomial(8, 1 / 6))
        hits += restricted_mean(answered(quick, 8 - quick), 168).covers(168 - 167 / 6)
    assert hits >= 0.93 * 300


def answered(at_once: int, never: int) -> Waits:
    """Contacts that have their answer within an hour, and that have none after 200."""
    none = np.zeros(2, dtype=np.int64)
    return Waits(np.array([1.0, 200.0]), np.array([at_once, 0]), none, np.array([0, never]))
