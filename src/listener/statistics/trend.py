"""How many times as many as before."""

from math import inf, nan

from listener.statistics.interval import LEVEL, Interval
from listener.statistics.proportion import wilson


def trend(now: int, before: int, level: float = LEVEL) -> Interval:
    """A count over that of the time of equal length before; unknown where there was none.

    The interval is that of a share of the two together, as odds: J. Przyborowski, H. Wilenski, Homogeneity of
    results in testing samples from Poisson series, Biometrika 31 (1940) 313-323.
    """
    if not before:
        return Interval(nan, nan, nan, "nobody raised it before")
    share = wilson(now, now + before, level)
    low, high = (part / (1 - part) if part < 1 else inf for part in (share.low, share.high))
    return Interval(now / before, low, high, f"{now / before:.2f} times as many as before")
