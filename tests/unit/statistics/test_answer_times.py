"""Waiting times, against lifelines and by hand."""

import lifelines
import numpy as np
import pytest
from lifelines.statistics import multivariate_logrank_test

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
    side_of,
)
from listener.statistics.interval import Floats, Interval, Ints
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
    found = advantage(side_of({"refund": half}, 10), side_of({"refund": few, "bags": half}, 10))
    assert found.estimate == pytest.approx(0.3 * 9)
    assert found.low > 0


@pytest.mark.parametrize("horizon", [2, 4.5, 12, 100])
def test_where_all_is_known_the_spread_is_that_of_the_waits_up_to_the_horizon(horizon: float) -> None:
    hours = np.minimum(np.ceil(np.random.default_rng(3).exponential(5, 400)), 12)
    side = side_of({"late": counted(hours, np.ones(400, dtype=np.int64))}, horizon)
    short = np.minimum(hours, horizon)
    assert side.hours[0] == pytest.approx(short.mean())
    assert side.variances[0] == pytest.approx(short.var(ddof=1))


def counted(hours: Floats, ended: Ints) -> Waits:
    """Counts of waits; ended: 1 answered, 2 otherwise, 0 waiting still."""
    edges = np.unique(hours)
    places = np.searchsorted(edges, hours)
    return Waits(edges, *(np.bincount(places[ended == end], minlength=len(edges)) for end in (1, 2, 0)))


def asked_in_two_months(seed: int, size: int) -> Waits:
    """Three tenths are never answered, a twentieth is closed; an answer takes two days, or two weeks. Whoever has
    none still waits when observation ends, after 60 days."""
    chance = np.random.default_rng(seed)
    observed = 1440 * chance.random(size)
    ends = chance.choice([0, 1, 2], size, p=[0.3, 0.65, 0.05])
    hours = np.where(chance.random(size) < 0.2, chance.exponential(336, size), chance.exponential(48, size))
    ended = np.where(hours < observed, ends, 0)
    return counted(np.ceil(np.where(ended == 0, observed, hours)), ended)


def test_who_asked_lately_is_not_taken_for_never_answered() -> None:
    made = [asked_in_two_months(seed, 600) for seed in range(60)]
    found = [never_answered(one, 168) for one in made]
    assert np.mean([one.estimate for one in found]) == pytest.approx(0.35, abs=0.01)
    assert np.mean([one.covers(0.35) for one in found]) > 0.9
    assert np.mean([1 - one.answered.sum() / one.total for one in made]) > 0.39
    wider = never_answered(made[0], 168, design_effect=4)
    assert wider.estimate == found[0].estimate
    assert wider.high - wider.low > 1.5 * (found[0].high - found[0].low)
    for one, week in zip(found, (answered_within(one, 168) for one in made), strict=True):
        assert one.estimate <= 1 - week.estimate


def test_where_all_is_known_it_is_the_plain_share_who_were_never_answered() -> None:
    hours, none = np.array([1.0, 10.0]), np.zeros(2, dtype=np.int64)
    closed = Waits(hours, np.array([6, 0]), np.array([4, 0]), none)
    assert never_answered(closed, 5).estimate == pytest.approx(0.4)
    everybody = never_answered(Waits(hours, np.array([6, 4]), none, none), 5)
    assert (everybody.estimate, everybody.low) == (0, 0)
    assert 0 < everybody.high < 0.4
    nobody = never_answered(Waits(np.array([200.0]), none[:1], none[:1], np.array([9])), 168)
    assert (nobody.estimate, nobody.high) == (1, 1)


def test_a_late_answer_of_one_of_the_few_who_are_left_answers_nobody_else() -> None:
    """Of 100 half wait; then all but one are no longer observed, and that one is answered."""
    hours = np.array([1.0, 200.0, 1000.0])
    left = Waits(hours, np.array([50, 0, 1]), np.zeros(3, dtype=np.int64), np.array([0, 49, 0]))
    assert never_answered(left, 168).estimate == pytest.approx(0.5)


def test_where_nobody_was_observed_for_long_it_is_at_most_those_who_wait() -> None:
    none = np.zeros(2, dtype=np.int64)
    found = never_answered(Waits(np.array([1.0, 20.0]), np.array([5, 0]), none, np.array([0, 5])), 168)
    assert np.isnan(found.estimate)
    assert found.low == 0
    assert found.high == pytest.approx(0.5)


def compared(seed: int, strata: int, each: int, effect: float = 1) -> tuple[Interval, float]:
    """Strata that differ in how long an answer takes, in public half as long; the advantage found and true."""
    chance = np.random.default_rng(seed)
    edges, horizon = np.arange(1.0, 1000), 168
    sides: list[dict[str, Waits]] = [{}, {}]
    true = 0.0
    for number in range(strata):
        means = 10.0 + 4 * number, 20.0 + 8 * number
        for side, mean, size in zip(sides, means, (20 * each, each), strict=True):
            hours = np.minimum(np.ceil(chance.exponential(mean, size)), 999).astype(int)
            counts = np.bincount(hours - 1, minlength=len(edges))
            nobody = np.zeros_like(counts)
            side[str(number)] = Waits(edges, counts, nobody, nobody)
        # the mean of a wait in whole hours up to the horizon: the sum of the shares that wait longer
        waiting = [np.exp(-np.arange(horizon) / mean).sum() for mean in means]
        true += (waiting[1] - waiting[0]) / strata
    public, private = (side_of(side, horizon) for side in sides)
    return advantage(public, private, design_effects=(effect, effect)), true


@pytest.mark.parametrize(("strata", "each"), [(12, 2), (4, 40)])
def test_an_advantage_is_as_sure_as_it_says_in_small_strata_as_well(strata: int, each: int) -> None:
    found = [compared(seed, strata, each) for seed in range(200)]
    assert np.mean([one.estimate - true for one, true in found]) == pytest.approx(0, abs=2)
    assert np.mean([one.covers(true) for one, true in found]) > 0.92
    wider, _ = compared(0, strata, each, effect=4)
    first = found[0][0]
    assert wider.high - wider.estimate == pytest.approx(2 * (first.high - first.estimate))


def test_a_few_of_whom_none_is_answered_do_not_say_that_none_ever_is() -> None:
    hours, none = np.array([1.0, 168.0, 999.0]), np.zeros(3, dtype=np.int64)
    public = side_of({"late": Waits(hours, np.array([900, 0, 0]), none, np.array([0, 0, 100]))}, 168)

    def width(letters: int) -> float:
        found = advantage(public, side_of({"late": Waits(hours, none, none, np.array([0, 0, letters]))}, 168))
        assert found.estimate == pytest.approx(0.9 * 167)
        return found.estimate - found.low

    assert width(4) > width(12) > 20
    assert width(29) < 15


def test_what_cannot_be_compared_is_not() -> None:
    one = Waits(np.array([1.0, 10.0]), np.array([1, 0]), np.zeros(2, dtype=np.int64), np.array([0, 9]))
    nobody = Waits(one.upper_hours, *(np.zeros(2, dtype=np.int64) for _ in range(3)))
    public = side_of({"refund": one, "bags": one}, 10)
    single = Waits(one.upper_hours, np.array([1, 0]), *(np.zeros(2, dtype=np.int64) for _ in range(2)))
    for other, words in (
        ({}, "no matter was"),
        ({"delay": one}, "no matter was"),
        ({"refund": nobody}, "no matter was"),
        ({"refund": single, "delay": one}, "too little was"),
    ):
        found = advantage(public, side_of(other, 10))
        assert np.isnan(found.estimate)
        assert (found.low, found.high) == (-10, 10)
        assert found.words.startswith(words)
    with pytest.raises(ValueError, match="same horizon"):
        advantage(public, side_of({"refund": one}, 20))
    with pytest.raises(ValueError, match="same bins"):
        side_of({"a": one, "b": Waits(np.array([2.0, 10.0]), one.answered, one.competing, one.censored)}, 10)


@pytest.mark.parametrize("seed", range(3))
def test_the_spread_of_many_contacts_is_that_of_resampling_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _, _ = waits(seed, size=MANY)
    computed = restricted_mean(found, 12)
    monkeypatch.setattr(answer_times, "MANY", 2 * MANY)
    resampled = restricted_mean(found, 12, replicates=2000)
    assert computed.estimate == resampled.estimate
    assert computed.low == pytest.approx(resampled.low, rel=0.01)
    assert computed.high == pytest.approx(resampled.high, rel=0.01)
