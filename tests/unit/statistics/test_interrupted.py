"""How often sales around an incident are called changed, where they are and where they are not."""

import numpy as np
import pytest

from listener.evaluation.coverage import cover, sales_after_incident
from listener.evaluation.incident_simulation import (
    DROP,
    FOR_A_WEEK,
    WITH_AND_WITHOUT,
    WORLDS,
    SalesWorld,
    simulate_incident,
    verdicts,
)
from listener.statistics.interrupted import inflation


@pytest.mark.parametrize(
    ("world", "most"),
    [
        (SalesWorld(28, 7), 0.08),
        (SalesWorld(60, 14), 0.08),
        (SalesWorld(28, 7, dispersion=2), 0.08),
        (SalesWorld(90, 30, dispersion=2, fading=FOR_A_WEEK), 0.13),
    ],
)
def test_an_incident_without_effect_seldom_shows_one(world: SalesWorld, most: float) -> None:
    """The bounds leave room for the chance of 200 simulations."""
    found = cover("sales", lambda generator: sales_after_incident(world, generator), 200)
    assert 1 - found.covered.estimate <= most


def test_a_drop_is_shown() -> None:
    for world in (
        SalesWorld(90, 30, effect=-0.15),
        SalesWorld(90, 30, effect=-0.15, dispersion=2),
        SalesWorld(60, 14, effect=-0.15, dispersion=2),
    ):
        said = [simulate_incident(world, np.random.default_rng(seed)).verdict for seed in range(40)]
        assert said.count("lower") >= 38


def test_a_drop_is_told_and_nothing_where_there_is_none() -> None:
    found = {effect: verdicts(SalesWorld(60, 14, effect=effect), 60) for effect in (DROP, 0)}
    for shares in found.values():
        assert shares["lower"] + shares["no effect shown"] + shares["higher"] == pytest.approx(1)
        assert shares["shown"] == pytest.approx(1 - shares["no effect shown"])
        assert shares["shown_low"] <= shares["shown"] <= shares["shown_high"]
        assert shares["covered"] >= 0.85
    assert found[DROP]["lower"] >= 0.9
    assert found[0]["shown"] == pytest.approx(1 - found[0]["covered"])
    assert found[0]["shown"] <= 0.1


def test_every_incident_is_tried_with_a_drop_and_without() -> None:
    assert len(WITH_AND_WITHOUT) == 2 * len(WORLDS)
    assert [world.effect for world in WITH_AND_WITHOUT.values()] == [0] * len(WORLDS) + [DROP] * len(WORLDS)


def test_days_that_are_alike_tell_less() -> None:
    """By (1+f)/(1-f) where a busy day fades by f, and by half of what is above 1 where half is counting noise."""
    chance = np.random.default_rng(5)
    noise, faded = chance.normal(size=20_000), chance.normal(size=20_000)
    assert inflation(noise, 1) == pytest.approx(1, abs=0.1)
    for day in range(1, len(faded)):
        faded[day] = 0.7 * faded[day - 1] + np.sqrt(1 - 0.7**2) * faded[day]
    assert inflation(faded, 1) == pytest.approx(1.7 / 0.3, rel=0.1)
    assert inflation(faded + noise, 1) == pytest.approx(1 + (1.7 / 0.3 - 1) / 2, rel=0.1)
    assert inflation(np.tile([1.0, -1.0], 50), 1) == 1
    assert inflation(np.zeros(50), 1) == 1
