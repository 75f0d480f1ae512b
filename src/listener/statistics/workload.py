"""What teaching customers to go public costs: arrivals and handling time by channel, today and with another
mix."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy.stats import t as student

from listener.statistics.interval import LEVEL, Interval, Ints, interval
from listener.statistics.proportion import wilson


@dataclass(frozen=True)
class ChannelLoad:
    """One channel as it was.

    Attributes:
        weekly: contacts of each of the last whole weeks, oldest first.
        handling_minutes: a person's time for one contact, in the mean.
    """

    weekly: Ints
    handling_minutes: float


def returns_to_channel(returned: int, answered_before: int) -> Interval:
    """Of customers whom a channel answered and who came back later: the share that came by that channel again.

    Args:
        returned: those who came back by the channel that had answered them.
        answered_before: all who came back.
    """
    found = wilson(returned, answered_before)
    return Interval(
        found.estimate, found.low, found.high, f"{found.words} come back to the channel that answered"
    )


def forecast_hours(
    channels: Mapping[str, ChannelLoad], mix: Mapping[str, float] | None = None, level: float = LEVEL
) -> dict[str, Interval]:
    """Hours of work that next week brings to each channel, and in all (under the name ``all``).

    The weekly mean with a prediction interval of a count that is more spread than Poisson's: the variance of the
    weeks over their mean, at least 1, scales it (P. McCullagh, J. A. Nelder, Generalized Linear Models (1989),
    section 6.2.3). It knows no trend: with the eight or so weeks that an analyst has, a trend costs more than it
    gives (S. Makridakis, M. Hibon, The M3-Competition, International Journal of Forecasting 16 (2000) 451-476:
    simple methods do as well on short series).

    Args:
        mix: share of all arrivals by channel, adding up to 1, if customers chose otherwise than today; None
            keeps today's. Handling times stay those of the channels.

    Returns:
        By channel; the interval of all together is as wide, relatively, as that of all arrivals: channels rise
        and fall together.

    Raises:
        ValueError: the channels have different numbers of weeks, the mix does not add up to 1, or names a
        channel without a handling time.
    """
    if mix is not None and abs(sum(mix.values()) - 1) > 1e-6:
        raise ValueError(f"the shares of the mix add up to {sum(mix.values()):g}, not to 1")
    if mix is not None and (unknown := sorted(mix.keys() - channels.keys())):
        raise ValueError(
            f"{', '.join(unknown)}: no contacts were counted there, so its handling time is unknown"
        )
    together = _predicted(np.sum([load.weekly for load in channels.values()], axis=0, dtype=np.int64), level)
    hours = {}
    for name, load in channels.items():
        share = None if mix is None else mix.get(name, 0.0)
        mean, spread = (
            _predicted(load.weekly, level) if share is None else (share * together[0], share * together[1])
        )
        hours[name] = _in_hours(mean, spread, load.handling_minutes)
    minutes = sum(one.estimate for one in hours.values()) * 60
    relative = together[1] / together[0] if together[0] else 0.0
    hours["all"] = _in_hours(minutes, minutes * relative, 1.0)
    return hours


def _predicted(weekly: Ints, level: float) -> tuple[float, float]:
    """Mean of a week, and half the width of the interval for the next one."""
    weeks = len(weekly)
    mean = float(weekly.mean()) if weeks else 0.0
    if weeks < 2 or mean == 0:
        return mean, 3.0 * sqrt(max(mean, 1.0))
    dispersion = max(1.0, float(weekly.var(ddof=1)) / mean)
    return mean, float(student.ppf(0.5 + level / 2, weeks - 1)) * sqrt(dispersion * mean * (1 + 1 / weeks))


def _in_hours(mean: float, spread: float, minutes: float) -> Interval:
    return interval(
        mean * minutes / 60,
        max(0.0, mean - spread) * minutes / 60,
        (mean + spread) * minutes / 60,
        "{estimate:.1f} h next week, between {low:.1f} and {high:.1f}",
    )
