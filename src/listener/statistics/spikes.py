"""Unusual numbers in a series, told once, as they come."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import expm1, isfinite, log1p, sqrt
from typing import Final

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_FIRST_DEVIATION: Final = 0.5
_LEAST_DEVIATION: Final = 0.1
"""Of the logarithm: a tenth more or less is never unusual."""


@dataclass(frozen=True)
class SpikeSettings:
    """How a series is watched. `listener evaluate spikes` says how good the defaults are.

    Attributes:
        window_minutes: the values of so long are added up before they are judged.
        half_life_days: how fast what was usual is forgotten.
        hour_half_life_days: how fast what an hour of the day usually adds is forgotten.
        warm_up_days: nothing is told in a series' first so many days.
        threshold: deviations above what is expected that are a spike.
        quiet_hours: after an alert nothing more is told for so long: it is the same spike.
        least: a window with fewer than so many is no spike, however unusual.
        furthest: deviations by which a point moves what is usual at the most.
    """

    window_minutes: float = 120
    half_life_days: float = 7
    hour_half_life_days: float = 28
    warm_up_days: float = 2.5
    threshold: float = 2.5
    quiet_hours: float = 24
    least: float = 5
    furthest: float = 4.0


@dataclass(frozen=True)
class Judged:
    """One point of a series.

    Attributes:
        expected: what was to be expected, in the unit of the value; None while that is not known.
        score: how many usual deviations it lies above, negative below; 0 while that is not known.
        alert: whether to tell of it: a spike that was not told of already.
    """

    expected: float | None
    score: float
    alert: bool


class SpikeWatch:
    """Watches one series, point by point.

    The logarithm of a trailing sum is compared with its exponentially weighted mean and deviation (S. W. Roberts,
    Control chart tests based on geometric moving averages, Technometrics 1 (1959) 239-250), after what the hour of
    the day (UTC) usually adds. What is far out moves neither of them by more than `furthest` deviations
    (P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35 (1964) 73-101),
    so that a spike does not hide the next.
    """

    def __init__(self, settings: SpikeSettings) -> None:
        self._settings = settings
        self._window = settings.window_minutes * _MINUTE
        self._recent: deque[tuple[float, float]] = deque()
        self._sum = 0.0
        self._started_at: float | None = None
        self._last_at = 0.0
        self._learned = 0.0
        self._mean = 0.0
        self._variance = _FIRST_DEVIATION**2
        self._hours = [0.0] * 24
        self._hours_learned = [0.0] * 24
        self._told_at: float | None = None

    def see(self, at: float, value: float) -> Judged:
        """Judges the next point by what came before it, then learns from it.

        Args:
            at: seconds since 1970; later than those before.
            value: a count, 0 or more.

        Raises:
            ValueError: the point is not later, or the value below 0 or not finite.
        """
        if not (isfinite(value) and value >= 0):
            raise ValueError(f"{value:g} is no count: 0 or more is expected")
        if self._started_at is not None and at <= self._last_at:
            raise ValueError("it is not later than the line before; sort by time, one line for each")
        step = min(at - self._last_at, _DAY) if self._started_at is not None else 0.0
        if self._started_at is None:
            self._started_at = at
        self._last_at = at
        self._add(at, value)
        level = log1p(self._sum)
        if at - self._started_at < self._window or not step:
            self._mean = level
            return Judged(None, 0.0, False)
        hour = int(at // _HOUR) % 24
        usual = self._mean + self._hours[hour]
        deviation = max(sqrt(self._variance), _LEAST_DEVIATION)
        score = (level - usual) / deviation
        self._learn(level - usual, deviation, hour, step)
        if at - self._started_at < self._settings.warm_up_days * _DAY:
            return Judged(None, 0.0, False)
        expected = max(0.0, expm1(usual)) * min(1.0, step / self._window if self._window else 1.0)
        return Judged(expected, score, self._is_new(at, score))

    def _add(self, at: float, value: float) -> None:
        self._recent.append((at, value))
        while len(self._recent) > 1 and self._recent[0][0] <= at - self._window:
            self._recent.popleft()
        self._sum = sum(number for _, number in self._recent)

    def _is_new(self, at: float, score: float) -> bool:
        if score < self._settings.threshold or self._sum < self._settings.least:
            return False
        if self._told_at is not None and at - self._told_at < self._settings.quiet_hours * _HOUR:
            return False
        self._told_at = at
        return True

    def _learn(self, residual: float, deviation: float, hour: int, step: float) -> None:
        most = self._settings.furthest * deviation
        kept = max(-most, min(most, residual))
        weight = _weight(step, self._settings.half_life_days * _DAY, self._learned + 2 * _HOUR)
        self._mean += weight * kept
        self._variance += weight * (kept * kept - self._variance)
        self._learned += step
        of_hour = self._hours_learned[hour] + 4 * _HOUR
        self._hours[hour] += _weight(step, self._settings.hour_half_life_days * _HOUR, of_hour) * kept
        self._hours_learned[hour] += step


def _weight(step: float, half_life: float, learned: float) -> float:
    """Of what is new: of all in equal parts at first, later with what is old fading."""
    fading = 1 - float(0.5 ** (step / half_life))
    return max(fading, min(1.0, step / learned))


def judge(points: Iterable[tuple[float, float]], settings: SpikeSettings) -> list[Judged]:
    """Judges a whole series of (seconds since 1970, value)."""
    watch = SpikeWatch(settings)
    return [watch.see(at, value) for at, value in points]
