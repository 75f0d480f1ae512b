"""Spikes: told once, by what came before only."""

import numpy as np
import pytest

from listener.evaluation.spikes import WATCHES, Series, evaluate_spikes
from listener.statistics.spikes import SpikeSettings, judge

HOUR = 3600.0


def series(spike: int = 0) -> list[tuple[float, float]]:
    """Two weeks of hours with a daily wave; `spike` more in four hours of the last day."""
    chance = np.random.default_rng(1)
    usual = chance.poisson(60 + 30 * np.sin(np.arange(336) * 2 * np.pi / 24))
    usual[320:324] += spike
    return [(number * HOUR, float(value)) for number, value in enumerate(usual)]


def test_a_spike_is_told_once_and_a_wave_is_none() -> None:
    assert not any(one.alert for one in judge(series(), SpikeSettings(threshold=4)))
    judged = judge(series(300), SpikeSettings())
    assert [number for number, one in enumerate(judged) if one.alert and number >= 320] == [320]
    assert judged[320].expected == pytest.approx(60, rel=0.6)


def test_what_comes_later_changes_nothing() -> None:
    assert judge(series(300)[:330], SpikeSettings()) == judge(series(300), SpikeSettings())[:330]


def test_rare_things_are_no_spike() -> None:
    rare = [(number * HOUR, float(number == 300)) for number in range(336)]
    assert not any(one.alert for one in judge(rare, SpikeSettings()))


@pytest.mark.parametrize("points", [[(1.0, 1.0), (1.0, 2.0)], [(1.0, -1.0)], [(1.0, float("nan"))]])
def test_what_is_no_series_of_counts_is_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError):
        judge(points, SpikeSettings())


def test_the_honest_score_chooses_everything_on_the_other_series() -> None:
    points, windows = tuple(series(300)), ((315 * HOUR, 330 * HOUR),)
    found = evaluate_spikes({"a": Series(points, windows), "b": Series(points, windows)}, WATCHES[:2])
    assert found["found"] == found["windows"] == 2
    assert set(found["chosen_on_the_other_series"]) == {"a", "b"}
    assert found["flattered"]["windows"] == 2
