"""Unusual numbers in a series, told once, as they come."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import expm1, log1p, nan, sqrt
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR


@dataclass(frozen=True)
class SpikeSettings:
    """How a series is watched. The defaults are what `listener evaluate spikes` found best.

    Attributes:
        window_minutes: the values of so long are added up before they are judged.
        half_life_days: how fast what was usual is forgotten.
        warm_up_days: nothing is told in a series' first so many days.
        threshold: deviations above what is expected that are a spike.
        quiet_hours: after an alert nothing more is told for so long: it is the same spike.
        least: a window with fewer than so many is no spike, however unusual.
        least_ratio: nor is one with fewer than so many times what was expected.
    """

    window_minutes: float = 30
    half_life_days: float = 7
    warm_up_days: float = 2.5
    threshold: float = 4
    quiet_hours: float = 36
    least: float = 3
    least_ratio: float = 1.5


@dataclass(frozen=True)
class Judged:
    """One point of a series.

    Attributes:
        expected: what was to be expected, in the unit of the value; NaN while that is not known.
        score: how many usual deviations it lies above, negative below; 0 while that is not known.
        alert: whether to tell of it: a spike that was not told of already.
    """

    expected: float
    score: float
    alert: bool


class SpikeWatch:
    """Watches one series, point by point.

    The logarithm of a trailing sum is compared with its exponentially weighted mean and deviation (S. W. Roberts,
    Control chart tests based on geometric moving averages, Technometrics 1 (1959) 239-250), after what the hour of
    the day usually adds. What is far out moves neither the mean nor the deviation by more than three
    deviations (P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35
    (1964) 73-101), so that a spike does not hide the next.
    """

    def __init__(self, settings: SpikeSettings) -> None:
        self._settings = settings

    def see(self, at: float, value: float) -> Judged:
        """Judges the next point.

        Args:
            at: seconds since 1970; later than those before.
            value: a count, 0 or more.

        Raises:
            ValueError: the point is not later, or the value below 0.
        """
        raise NotImplementedError


def judge(points: Iterable[tuple[float, float]], settings: SpikeSettings) -> list[Judged]:
    """Judges a whole series of (seconds since 1970, value)."""
    watch = SpikeWatch(settings)
    return [watch.see(at, value) for at, value in points]
