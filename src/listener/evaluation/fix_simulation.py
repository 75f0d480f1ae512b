"""Counts of a company whose fix does nothing, or something: how often the verdict is right."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import norm

from listener.statistics.fixes import PEAK_DAYS, SIDE, FixSeries, Verdict, fix_effect
from listener.statistics.interval import Floats, Ints
from listener.statistics.proportion import wilson
from listener.statistics.reporting_delay import heard_share

BEFORE_DAYS: Final = 182
_CANDIDATES: Final = 84
_LONGEST_DELAY: Final = 40
_WEEKDAYS: Final = np.array([1.1, 1.1, 1.1, 1.1, 1.1, 0.8, 0.7])


@dataclass(frozen=True)
class FixWorld:
    """What happens around a fix.

    Attributes:
        effect: rate after / rate before; 1 is a fix without effect.
        events_before: of the cause in the half year before, as expected.
        after_days: for how long it is watched.
        dispersion: variance of a day's count over its mean; 1 is Poisson.
        burst_days: how long what makes a day busier than usual goes on.
        after_a_peak: whether the fix is declared on the day after the worst week of twelve, or on a fixed day.
        season: how far the yearly wave goes up and down, common to all causes.
        delay_days: mean days until an event of the cause is heard of; of the controls it is half as long.
        controls: events of unaffected causes for each of the cause; 0 for none.
    """

    effect: float = 1.0
    events_before: float = 200
    after_days: int = 182
    dispersion: float = 2.0
    burst_days: int = 1
    after_a_peak: bool = True
    season: float = 0.3
    delay_days: float = 5.0
    controls: float = 15.0


WORLDS: Final = {
    "no effect, after a peak": FixWorld(),
    "no effect, busy for a week at a time": FixWorld(burst_days=7),
    "no effect, busy for two weeks at a time": FixWorld(burst_days=14),
    "no effect, dispersion 3": FixWorld(dispersion=3),
    "no effect, dispersion 1": FixWorld(dispersion=1),
    "no effect, watched for a year": FixWorld(after_days=364),
    "no effect, without controls": FixWorld(controls=0),
    "reduced by 30 %, half a year after, dispersion 1": FixWorld(effect=0.7, dispersion=1),
    "reduced by 30 %, half a year after, dispersion 2": FixWorld(effect=0.7),
    "reduced by 30 %, a year after, dispersion 2": FixWorld(effect=0.7, after_days=364),
    "reduced by 30 %, two years after, dispersion 2": FixWorld(effect=0.7, after_days=728),
    "reduced by 40 %, half a year after, dispersion 2": FixWorld(effect=0.6),
}
"""What `listener evaluate fixes` looks at."""


def most_power(world: FixWorld) -> float:
    """How often the best possible test that errs as seldom could show the effect of a fix.

    The asymptotic bound: whoever knows season, weekdays, dispersion, bursts and delays exactly and has no need of
    controls knows the logarithm of the ratio with the variance 1/I_before + 1/I_after, I the Fisher information
    of the counts, and no unbiased estimate varies less (the bound of Cramér and Rao). The days before the fix that
    do not count are left out here as well.
    """
    rate = world.events_before / BEFORE_DAYS
    extra = (world.dispersion - 1) / rate / world.burst_days
    ages = np.arange(world.after_days)
    heard = 1 - (world.delay_days / (1 + world.delay_days)) ** (ages + 1)
    known = []
    for mean, days in ((rate, float(BEFORE_DAYS - PEAK_DAYS)), (rate * world.effect, float(heard.sum()))):
        known.append(days * mean / (1 + extra * world.burst_days * mean))
    error = float(np.sqrt(1 / known[0] + 1 / known[1]))
    return float(norm.sf(norm.isf(SIDE) - abs(np.log(world.effect)) / error))


def simulate_fix(world: FixWorld, generator: np.random.Generator) -> FixSeries:
    """One history, counted as it is known at its end."""
    size = BEFORE_DAYS + _CANDIDATES + world.after_days
    day = np.arange(size)
    wave = 1 + world.season * np.sin(2 * np.pi * (day / 365.25 + generator.random()))
    shape = wave * _WEEKDAYS[(day + generator.integers(7)) % 7]
    rate = world.events_before / BEFORE_DAYS * shape
    burst = _bursts(world, world.events_before, size, generator)
    before = generator.poisson(rate * burst)
    effective = BEFORE_DAYS + _CANDIDATES // 2
    if world.after_a_peak:
        weeks = np.convolve(before, np.ones(7, dtype=np.int64), "valid")[
            BEFORE_DAYS - 7 : -world.after_days - 1
        ]
        effective = BEFORE_DAYS + int(np.argmax(weeks))
    happened = np.where(day < effective, before, generator.poisson(rate * burst * world.effect))
    events, heard = _heard(happened, world.delay_days, generator)
    others, others_heard = None, None
    if world.controls:
        busier = _bursts(world, world.events_before * world.controls, size, generator)
        others, others_heard = _heard(
            generator.poisson(rate * world.controls * busier), world.delay_days / 2, generator
        )
    kept = slice(effective - BEFORE_DAYS, effective + world.after_days)
    return FixSeries(
        days=day[kept],
        events=events[kept],
        exposure=np.ones(size)[kept],
        effective=effective,
        controls=None if others is None else others[kept],
        heard=heard[kept],
        controls_heard=None if others_heard is None else others_heard[kept],
    )


def verdicts(world: FixWorld, seeds: int, first_seed: int = 0) -> dict[str, float]:
    """How often each verdict comes, and how often the interval of the ratio holds the true effect.

    Returns:
        Shares by verdict, ``reduced_low`` and ``reduced_high`` (Wilson), ``covered``, and for a fix with an effect
        ``most_power``.
    """
    counts: dict[Verdict, int] = {"reduced": 0, "not shown": 0, "worse": 0}
    covered = 0
    for seed in range(first_seed, first_seed + seeds):
        found = fix_effect(simulate_fix(world, np.random.default_rng(seed)))
        counts[found.verdict] += 1
        covered += found.ratio.covers(world.effect)
    shares: dict[str, float] = {name: number / seeds for name, number in counts.items()}
    reduced = wilson(counts["reduced"], seeds)
    shares |= {"reduced_low": reduced.low, "reduced_high": reduced.high, "covered": covered / seeds}
    return shares if world.effect == 1 else shares | {"most_power": most_power(world)}


def _bursts(world: FixWorld, events: float, size: int, generator: np.random.Generator) -> Floats:
    """What makes days busier than usual: gamma factors of mean 1, so that counts have the dispersion."""
    if world.dispersion <= 1:
        return np.ones(size)
    shape = events / BEFORE_DAYS * world.burst_days / (world.dispersion - 1)
    blocks = generator.gamma(shape, 1 / shape, size // world.burst_days + 2)
    start = int(generator.integers(world.burst_days))
    return np.repeat(blocks, world.burst_days)[start : start + size]


def _heard(happened: Ints, mean_delay: float, generator: np.random.Generator) -> tuple[Ints, Floats]:
    """What has arrived by the end, and the share of each day that is thought to have."""
    size = len(happened)
    ages = np.arange(size)[::-1]
    day = np.repeat(np.arange(size), happened)
    delay = np.minimum(generator.geometric(1 / (1 + mean_delay), len(day)) - 1, _LONGEST_DELAY)
    arrived = delay <= ages[day]
    counts = np.bincount(day[arrived], minlength=size)
    table = np.zeros((size, _LONGEST_DELAY + 1), dtype=np.int64)
    np.add.at(table, (ages[day[arrived]], delay[arrived]), 1)
    return counts, heard_share(table, ages)
