"""What is computed from counts, against published figures and by hand."""

import numpy as np
import pytest

from listener.evaluation.coverage import cover, next_week, share_with_errors, trend_of_a_cause, true_share
from listener.evaluation.fix_simulation import FixWorld, most_power, simulate_fix, verdicts
from listener.statistics.checked_parties import CheckedParties, checked_parties
from listener.statistics.confusion import Confusion
from listener.statistics.emerging import Complaint, emerging_matters
from listener.statistics.fixes import alikeness, fix_effect
from listener.statistics.interrupted import incident_effect
from listener.statistics.linkage import LinkageQuality, true_parties
from listener.statistics.matched import Sums, matched_difference
from listener.statistics.nab import Labelled, nab_score
from listener.statistics.proportion import share_difference, wilson
from listener.statistics.ranking import disagreement
from listener.statistics.reporting_delay import heard_share
from listener.statistics.shares import CauseCounts, corrected_shares, shares_as_checked
from listener.statistics.trend import trend
from listener.statistics.workload import ChannelLoad, forecast_hours


def test_wilson_and_newcombe_give_the_published_figures() -> None:
    found = wilson(81, 263)
    assert found.low == pytest.approx(0.2553, abs=1e-4)
    assert found.high == pytest.approx(0.3662, abs=1e-4)
    difference = share_difference((56, 70), (48, 80))
    assert difference.low == pytest.approx(0.0524, abs=1e-4)
    assert difference.high == pytest.approx(0.3339, abs=1e-4)
    assert wilson(0, 0).high == 1


def test_a_perfect_model_and_match_change_nothing() -> None:
    confusion = Confusion(("a", "b"), np.array([[500, 0], [0, 500]]))
    histogram = np.array([[1, 0, 60], [1, 1, 20], [2, 1, 20]])
    other = np.array([[1, 1, 60], [1, 0, 20], [2, 1, 20]])
    found = corrected_shares({"a": CauseCounts(histogram), "b": CauseCounts(other)}, confusion, replicates=50)
    assert found["a"].estimate == pytest.approx(0.4, abs=0.01)
    assert true_parties(np.array([120.0]), np.array([100.0]), np.array([1.25])) == pytest.approx(95)
    assert LinkageQuality(90, 10, 30).factor() == pytest.approx(0.9 / 0.75)


def test_the_corrected_share_is_near_the_truth_where_a_model_and_a_match_err() -> None:
    truth = true_share(0, 100_000)
    found = [share_with_errors(truth, np.random.default_rng(seed))[0] for seed in range(3)]
    assert np.mean([one.estimate for one in found]) == pytest.approx(truth, abs=0.03)


def test_nothing_is_made_up_of_a_cause_that_the_model_does_not_see() -> None:
    confusion = Confusion(("a", "b"), np.array([[0, 20], [0, 500]]))
    unseen, all_of_them = np.array([[1, 0, 100]]), np.array([[1, 1, 100]])
    counts = {"a": CauseCounts(unseen), "b": CauseCounts(all_of_them)}
    checked = {"a": CheckedParties(0, 20, 0, 500), "b": CheckedParties(500, 0, 20, 0)}
    for found in (corrected_shares(counts, confusion, replicates=50), shares_as_checked(counts, checked)):
        assert np.isnan(found["a"].estimate)
        assert (found["a"].low, found["a"].high) == (0, 1)


def test_people_who_are_misread_again_and_again_are_told_as_they_are() -> None:
    """A tenth of those without the cause is always taken for it, with three contacts each."""
    checked = CheckedParties(both=180, missed=20, mistaken=80, neither=720)
    found = shares_as_checked({"a": CauseCounts(np.array([[3, 3, 2600], [3, 0, 7400]]))}, {"a": checked})["a"]
    assert found.estimate == pytest.approx(0.2, abs=0.005)
    assert found.low < 0.19
    assert found.high > 0.21


def test_parties_are_checked_by_what_was_said_in_any_of_their_contacts() -> None:
    found = checked_parties(
        ["ann", "ann", "ben", "cem", "dan"],
        ["bags", "delay", "bags", "delay", "delay"],
        ["delay", "bags", "delay", "bags", "delay"],
        ["bags", "delay"],
    )
    assert found["bags"] == CheckedParties(both=1, missed=1, mistaken=1, neither=1)
    assert found["delay"] == CheckedParties(both=2, missed=1, mistaken=1, neither=0)


def test_one_bullhorn_is_not_many_customers() -> None:
    found = disagreement(["bags", "delay", "refund"], np.array([50, 40, 5]), np.array([50, 40, 900]))
    assert found.furthest is not None
    assert (found.furthest.name, found.furthest.moved) == ("refund", -2)


def test_like_is_compared_with_like() -> None:
    first = Sums.of_shares(np.array([300, 100]), np.array([60, 60]))
    second = Sums.of_shares(np.array([100, 300]), np.array([20, 180]))
    found = matched_difference(first, second)
    assert found.difference.estimate == pytest.approx(0)
    assert found.words.endswith("no association shown")


def test_the_difference_within_strata_of_one_or_two_people_is_covered() -> None:
    chance, hits = np.random.default_rng(1), 0
    for _ in range(400):
        people = chance.integers(1, 3, (2, 60))
        first, second = chance.binomial(people, 0.5)
        found = matched_difference(Sums.of_shares(people[0], first), Sums.of_shares(people[1], second))
        hits += found.difference.covers(0)
    assert 0.93 * 400 <= hits < 0.98 * 400


def test_the_difference_from_a_few_people_who_are_each_alone_in_a_stratum_is_covered() -> None:
    """They tell nothing of how much such people differ: it is taken from the twelve others."""
    chance, hits, alone = np.random.default_rng(1), 0, np.ones(4, dtype=np.int64)
    for _ in range(1000):
        many, few = chance.normal(3, 1, (4, 3)), chance.normal(3, 1, 4)
        first = Sums(alone * 3, many.sum(axis=1), (many**2).sum(axis=1))
        hits += matched_difference(first, Sums(alone, few, few**2)).difference.covers(0)
    assert 930 <= hits <= 980


def test_fixes_are_judged() -> None:
    assert fix_effect(simulate_fix(FixWorld(effect=0.3), np.random.default_rng(1))).verdict == "reduced"
    assert fix_effect(simulate_fix(FixWorld(effect=2), np.random.default_rng(1))).verdict == "worse"
    assert verdicts(FixWorld(), 40)["reduced"] <= 0.1
    assert fix_effect(simulate_fix(FixWorld(controls=0), np.random.default_rng(1))).verdict == "not shown"


def test_weeks_that_are_alike_tell_less() -> None:
    chance = np.random.default_rng(2)
    weeks, noise = np.arange(400), chance.normal(size=400)
    assert alikeness(noise, weeks, 2) < 0.1
    alike = np.convolve(chance.normal(size=400), np.ones(3), "same")
    assert alikeness(alike, weeks, 2) == pytest.approx(2 / 3, abs=0.1)
    assert alikeness(alike, weeks * 2, 2) == 0
    assert alikeness(np.ones(4), weeks[:4], 2) == 0


def test_the_best_possible_test_shows_more_with_more_time_and_less_noise() -> None:
    half, year, quiet = (
        most_power(world)
        for world in (
            FixWorld(effect=0.7),
            FixWorld(effect=0.7, after_days=364),
            FixWorld(effect=0.7, dispersion=1),
        )
    )
    assert half < year < quiet
    assert most_power(FixWorld()) == pytest.approx(0.05)


def test_late_arrivals_are_expected() -> None:
    delays = np.array([[50, 0, 0], [50, 25, 0], [50, 25, 25], [50, 25, 25]])
    assert heard_share(delays, np.array([0, 1, 2, 9])) == pytest.approx([0.5, 0.75, 1, 1])


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "no effect shown"), (0.7, "lower")])
def test_an_incident_moves_sales_or_does_not(factor: float, verdict: str) -> None:
    days = np.arange(120)
    sales = 1000 * np.exp(np.random.default_rng(3).normal(0, 0.05, 120)) * np.where(days < 80, 1, factor)
    assert incident_effect(days, sales, 80).verdict == verdict
    few = np.random.default_rng(4).poisson(3 * np.where(days < 80, 1, factor)).astype(float)
    assert (few == 0).any()
    assert incident_effect(days, few, 80).level.covers(factor - 1)


def test_a_shifted_mix_shifts_the_hours() -> None:
    channels = {"phone": ChannelLoad(np.full(8, 60), 10), "social": ChannelLoad(np.full(8, 60), 20)}
    assert forecast_hours(channels)["all"].estimate == pytest.approx(30)
    assert forecast_hours(channels, {"phone": 0.0, "social": 1.0})["all"].estimate == pytest.approx(40)


def test_next_week_falls_into_the_interval_that_is_forecast() -> None:
    assert 0.9 <= cover("", next_week, 400).covered.estimate <= 0.98


def test_a_trend_is_the_ratio_with_the_odds_of_a_share_as_its_interval() -> None:
    found, share = trend(60, 50), wilson(60, 110)
    assert found.estimate == pytest.approx(1.2)
    assert (found.low, found.high) == pytest.approx(
        (share.low / (1 - share.low), share.high / (1 - share.high))
    )
    assert np.isnan(trend(3, 0).estimate)
    assert trend(0, 3).low == 0
    assert 0.92 <= cover("", trend_of_a_cause, 400).covered.estimate <= 0.98


def test_a_matter_that_many_complain_of_is_found_and_named() -> None:
    seats = [
        f"The heated seat of my {colour} car is broken"
        for colour in ("red", "blue", "green", "black", "white", "grey")
    ]
    app = [
        f"Login page {verb} when I open the loyalty app"
        for verb in ("crashes", "hangs", "dies", "freezes", "fails", "stops")
    ]
    texts = [*seats, *app, "Rude waiter", "Lost parcel", "Wrong invoice", "Cold soup", "Loud music"]
    found = emerging_matters([Complaint(f"m{i}", f"p{i}", text) for i, text in enumerate(texts)])
    assert sorted(len(matter.mention_ids) for matter in found) == [6, 6]
    assert emerging_matters([Complaint(f"m{i}", "one", text) for i, text in enumerate(texts)]) == ()


def test_nab_gives_100_for_alerts_at_the_left_edges_and_0_for_none() -> None:
    series = Labelled(1000, ((300, 399), (700, 799)))
    assert nab_score([(series, np.array([300, 700]))]).score == pytest.approx(100)
    assert nab_score([(series, np.array([], dtype=int))]).score == 0
    late = nab_score([(series, np.array([100, 200, 399, 700]))])
    assert (late.found, late.false_alarms) == (2, 1)
    sigmoid = 2 / (1 + np.exp(-0.05)) - 1
    edge = 2 / (1 + np.exp(-5)) - 1
    assert late.score == pytest.approx(100 * (1 + sigmoid / edge - 0.11 + 2) / 4)
