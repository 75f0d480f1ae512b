"""The score of the Numenta Anomaly Benchmark: how early and how rarely in vain a detector speaks."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

import numpy as np

from listener.statistics.interval import Floats, Ints

FALSE_POSITIVE: Final = 0.11
"""Weight of an alert outside all windows in the profile "standard"; a window found or missed weighs 1."""
PROBATION: Final = 0.15
PROBATION_POINTS: Final = 5000
"""The first 15 %, of at most 5,000 points, do not count: a detector may learn from them."""
_FAR: Final = 3.0


@dataclass(frozen=True)
class Labelled:
    """A series with the windows in which something happened.

    Attributes:
        points: how many it has.
        windows: index of the first and of the last point of each, rising, none overlapping another.
    """

    points: int
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """The first point that counts."""
        return min(floor(PROBATION * self.points), floor(PROBATION * PROBATION_POINTS))


@dataclass(frozen=True)
class NabScore:
    """How well alerts agree with windows.

    Attributes:
        score: 100 for a detector that speaks first thing in every window and nowhere else, 0 for one that never
            speaks.
        found: windows with an alert; windows: all that count.
        false_alarms: alerts outside of windows.
    """

    score: float
    found: int
    windows: int
    false_alarms: int


def nab_score(series: Sequence[tuple[Labelled, Ints]]) -> NabScore:
    """Scores alerts in the profile "standard".

    A. Lavin, S. Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark, 14th
    International Conference on Machine Learning and Applications (2015), section III: a window scores by its
    earliest alert, σ(y) = 2/(1+e^{5y}) - 1 at the relative position y, -1 at its left edge and 0 right of its
    end, over what the left edge gives; a missed one scores -1; each alert after a window scores 0.11 σ(y), y
    in widths of that window from its end, -0.11 from three widths on and before the first window. The sum is
    scaled so that no alert at all gives 0 and perfect alerts give 100. Positions are counted as the
    benchmark's own program counts them: (points to the window's last one, itself included) / width, and
    distance / (width - 1).

    Args:
        series: each with the indices of its alerts.
    """
    raw, windows, found, wrong = 0.0, 0, 0, 0
    for labelled, alerts in series:
        gain, inside = point_scores(labelled)
        counted = np.asarray(alerts, dtype=np.int64)
        counted = counted[counted >= labelled.probation]
        outside = counted[inside[counted] < 0]
        raw += FALSE_POSITIVE * float(gain[outside].sum())
        wrong += len(outside)
        for number, (_, last) in enumerate(labelled.windows):
            if last < labelled.probation:
                continue
            windows += 1
            hits = counted[inside[counted] == number]
            raw += float(gain[hits].max()) if hits.size else -1.0
            found += bool(hits.size)
    score = 100 * (raw + windows) / (2 * windows) if windows else float("nan")
    return NabScore(score, found, windows, wrong)


def point_scores(labelled: Labelled) -> tuple[Floats, Ints]:
    """What an alert at each point scores, unweighted, and the number of the window that it is in, -1 for none."""
    gain, inside = np.full(labelled.points, -1.0), np.full(labelled.points, -1)
    for number, (first, last) in enumerate(labelled.windows):
        width = last - first + 1
        positions = np.arange(first, last + 1)
        gain[positions] = _sigmoid(-(last - positions + 1) / width) / _sigmoid(np.array([-1.0]))
        inside[positions] = number
        until = labelled.windows[number + 1][0] if number + 1 < len(labelled.windows) else labelled.points
        after = np.arange(last + 1, until)
        distance = (after - last) / max(width - 1, 1)
        gain[after] = np.where(distance >= _FAR, -1.0, _sigmoid(np.minimum(distance, _FAR)))
    return gain, inside


def _sigmoid(position: Floats) -> Floats:
    return np.asarray(2 / (1 + np.exp(5 * position)) - 1)
