"""How well spikes are found in series whose spikes are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from listener.statistics.nab import Labelled, NabScore, nab_score
from listener.statistics.spikes import SpikeSettings, judge

CHOICES: Final = tuple(
    SpikeSettings(threshold=threshold, quiet_hours=quiet)
    for threshold in (2.0, 2.25, 2.5, 2.75, 3.0, 3.5)
    for quiet in (24.0, 36.0)
)
"""What is chosen between on the other series, to see how a choice does on one that had no part in it."""
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


def evaluate_spikes(series: Mapping[str, Series]) -> dict[str, Any]:
    """NAB's standard score of the settings as they are, and of those chosen on the other series for each."""
    labelled = {name: one.labelled() for name, one in series.items()}
    alerts = {
        choice: {name: _alerts(one, choice) for name, one in series.items()}
        for choice in dict.fromkeys((SpikeSettings(), *CHOICES))
    }

    def score(choice: SpikeSettings, names: list[str]) -> NabScore:
        return nab_score([(labelled[name], alerts[choice][name]) for name in names])

    names = list(series)
    chosen = {
        name: max(
            CHOICES, key=lambda choice: score(choice, [other for other in names if other != name]).score
        )
        for name in names
    }
    left_out = nab_score([(labelled[name], alerts[chosen[name]][name]) for name in names])
    weeks = sum((one.points[-1][0] - one.points[0][0]) / _WEEK_SECONDS for one in series.values())
    return {
        "as_they_are": _figures(score(SpikeSettings(), names), weeks),
        "chosen_on_the_other_series": _figures(left_out, weeks),
        "chosen": {
            name: {"threshold": one.threshold, "quiet_hours": one.quiet_hours} for name, one in chosen.items()
        },
    }


def _alerts(series: Series, settings: SpikeSettings) -> Any:
    judged = judge(series.points, settings)
    return np.array([index for index, one in enumerate(judged) if one.alert], dtype=np.int64)


def _figures(score: NabScore, weeks: float) -> dict[str, float]:
    return {
        "nab_standard": round(score.score, 1),
        "windows": score.windows,
        "found": score.found,
        "false_alarms": score.false_alarms,
        "false_alarms_per_week": round(score.false_alarms / weeks, 2),
    }
