"""Sales of a company whose incident does nothing, or something: how often the verdict is right."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from listener.statistics.interrupted import IncidentEffect, IncidentVerdict, incident_effect
from listener.statistics.proportion import wilson

_WEEKDAYS: Final = np.array([1.0, 1.05, 1.1, 1.0, 1.15, 1.3, 1.2])
FOR_A_WEEK: Final = float(np.exp(-1 / 7))


@dataclass(frozen=True)
class SalesWorld:
    """What is sold around an incident.

    Attributes:
        before, after: days.
        dispersion: variance of an average day's sales over their mean; 1 is Poisson.
        fading: how much of what makes a day busier than usual is left on the next day, 0 to 1: 0 for days that are
            independent, `FOR_A_WEEK` where a third is left after a week.
        effect: relative change from the incident on; 0 is an incident without effect.
        sales: a day, as expected on a Monday.
    """

    before: int
    after: int
    dispersion: float = 1.0
    fading: float = 0.0
    effect: float = 0.0
    sales: float = 300.0


WORLDS: Final = {
    "28 days before it, 7 after": SalesWorld(28, 7),
    "60 before, 14 after": SalesWorld(60, 14),
    "90 before, 30 after": SalesWorld(90, 30),
    "300 before, 60 after": SalesWorld(300, 60),
    "28 before, 7 after, dispersion 2": SalesWorld(28, 7, dispersion=2),
    "60 before, 14 after, dispersion 2": SalesWorld(60, 14, dispersion=2),
    "90 before, 30 after, dispersion 2": SalesWorld(90, 30, dispersion=2),
    "300 before, 60 after, dispersion 2": SalesWorld(300, 60, dispersion=2),
    "28 before, 7 after, days alike for a week": SalesWorld(28, 7, dispersion=2, fading=FOR_A_WEEK),
    "60 before, 14 after, days alike for a week": SalesWorld(60, 14, dispersion=2, fading=FOR_A_WEEK),
    "90 before, 30 after, days alike for a week": SalesWorld(90, 30, dispersion=2, fading=FOR_A_WEEK),
    "300 before, 60 after, days alike for a week": SalesWorld(300, 60, dispersion=2, fading=FOR_A_WEEK),
}
"""What `listener evaluate coverage` looks at, all without effect."""
DROP: Final = -0.15
WITH_AND_WITHOUT: Final = {f"no effect, {name}": world for name, world in WORLDS.items()} | {
    f"{-DROP:.0%} less, {name}": replace(world, effect=DROP) for name, world in WORLDS.items()
}
"""What `listener evaluate incident` looks at."""


def simulate_incident(world: SalesWorld, generator: np.random.Generator) -> IncidentEffect:
    """One history, and what is said of it."""
    days = np.arange(world.before + world.after)
    mean = world.sales * _WEEKDAYS[(days + generator.integers(7)) % 7]
    mean = mean * np.where(days < world.before, 1, 1 + world.effect)
    spread = float(np.sqrt(np.log1p((world.dispersion - 1) / world.sales)))
    busier = generator.normal(0, spread, len(days))
    for day in days[1:]:
        busier[day] = world.fading * busier[day - 1] + np.sqrt(1 - world.fading**2) * busier[day]
    sold = generator.poisson(mean * np.exp(busier)).astype(np.float64)
    return incident_effect(days, sold, world.before)


def verdicts(world: SalesWorld, seeds: int, first_seed: int = 0) -> dict[str, float]:
    """How often each verdict comes, and how often the interval of the change holds the true one.

    Returns:
        Shares by verdict; ``shown``, of those that tell an effect, with ``shown_low`` and ``shown_high`` (Wilson);
        and ``covered``.
    """
    counts: dict[IncidentVerdict, int] = {"lower": 0, "no effect shown": 0, "higher": 0}
    covered = 0
    for seed in range(first_seed, first_seed + seeds):
        found = simulate_incident(world, np.random.default_rng(seed))
        counts[found.verdict] += 1
        covered += found.level.covers(world.effect)
    shares: dict[str, float] = {name: number / seeds for name, number in counts.items()}
    shown = wilson(seeds - counts["no effect shown"], seeds)
    between = {"shown": shown.estimate, "shown_low": shown.low, "shown_high": shown.high}
    return shares | between | {"covered": covered / seeds}
