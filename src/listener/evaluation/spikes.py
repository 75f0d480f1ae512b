"""How well spikes are found in series whose spikes are known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np

from listener.statistics.interval import Floats, Ints
from listener.statistics.nab import Labelled, NabScore, nab_score
from listener.statistics.spikes import SpikeSettings, judge

WATCHES: Final = tuple(
    SpikeSettings(
        window_minutes=window, half_life_days=half_life, hour_half_life_days=of_hour, furthest=furthest
    )
    for window, half_life, of_hour, furthest in product((60, 120, 240), (3.5, 7, 14), (14, 28), (3.0, 4.0))
)
TELLINGS: Final = tuple(product((2.0, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0), (12.0, 24.0, 36.0)))
"""Threshold and quiet hours; with every one of `WATCHES` what is chosen between."""
_WEEK_SECONDS: Final = 7 * 86_400


@dataclass(frozen=True)
class Series:
    """A series and when something happened in it.

    Attributes:
        points: (seconds since 1970, value), rising.
        windows: first and last second of each.
    """

    points: tuple[tuple[float, float], ...]
    windows: tuple[tuple[float, float], ...]

    def labelled(self) -> Labelled:
        """The windows by index of their points."""
        times = np.array([at for at, _ in self.points])
        bounds = (
            (np.searchsorted(times, a), np.searchsorted(times, b, side="right") - 1) for a, b in self.windows
        )
        return Labelled(len(times), tuple((int(first), int(last)) for first, last in bounds))


def evaluate_spikes(
    series: Mapping[str, Series], watches: Sequence[SpikeSettings] = WATCHES
) -> dict[str, Any]:
    """NAB's standard score where every setting was chosen on the other series: that is the honest figure.

    For each series the settings are chosen, among all `watches` with all `TELLINGS`, that score best on the
    others, and only those speak on it. The settings as they are were chosen with all series in view, which
    flatters: that figure stands apart, as ``flattered``.
    """
    labelled = {name: one.labelled() for name, one in series.items()}
    alerts = dict(_all_alerts(series, (SpikeSettings(), *watches)))

    def score(choice: SpikeSettings, names: Iterable[str]) -> NabScore:
        return nab_score([(labelled[name], alerts[choice][name]) for name in names])

    chosen = {
        name: max(
            alerts, key=lambda choice: score(choice, [other for other in series if other != name]).score
        )
        for name in series
    }
    left_out = nab_score([(labelled[name], alerts[chosen[name]][name]) for name in series])
    weeks = sum((one.points[-1][0] - one.points[0][0]) / _WEEK_SECONDS for one in series.values())
    return {
        **_figures(left_out, weeks),
        "chosen_on_the_other_series": {name: asdict(one) for name, one in chosen.items()},
        "flattered": _figures(score(SpikeSettings(), series), weeks),
    }


def _all_alerts(
    series: Mapping[str, Series], watches: Sequence[SpikeSettings]
) -> Iterable[tuple[SpikeSettings, dict[str, Ints]]]:
    """The alerts of each watch with each of `TELLINGS`; what a watch thinks is computed once for all of them."""
    for watch in watches:
        judged = {
            name: (
                np.array([at for at, _ in one.points]),
                np.array([point.score for point in judge(one.points, watch)]),
                _trailing(one, watch.window_minutes * 60),
            )
            for name, one in series.items()
        }
        for threshold, quiet in {*TELLINGS, (watch.threshold, watch.quiet_hours)}:
            choice = replace(watch, threshold=threshold, quiet_hours=quiet)
            yield choice, {name: _told(choice, *one) for name, one in judged.items()}


def _trailing(series: Series, seconds: float) -> Floats:
    """Sums of the values of so long, each point's own included."""
    times = np.array([at for at, _ in series.points])
    sums = np.cumsum([0.0, *(value for _, value in series.points)])
    first = np.minimum(np.searchsorted(times, times - seconds, side="right"), np.arange(len(times)))
    return np.asarray(sums[1:] - sums[first])


def _told(settings: SpikeSettings, times: Floats, scores: Floats, sums: Floats) -> Ints:
    """As `SpikeWatch` tells: above the threshold, not too few, and nothing in the quiet time after."""
    told: list[int] = []
    for index in np.flatnonzero((scores >= settings.threshold) & (sums >= settings.least)).tolist():
        if not told or times[index] - times[told[-1]] >= settings.quiet_hours * 3600:
            told.append(index)
    return np.array(told, dtype=np.int64)


def _figures(score: NabScore, weeks: float) -> dict[str, float]:
    return {
        "nab_standard": round(score.score, 1),
        "windows": score.windows,
        "found": score.found,
        "false_alarms": score.false_alarms,
        "false_alarms_per_week": round(score.false_alarms / weeks, 2),
    }
