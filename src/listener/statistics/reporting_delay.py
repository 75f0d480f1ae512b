"""How much of what happened lately has been heard by now."""

import numpy as np

from listener.statistics.interval import Floats, Ints


def heard_share(delays: Ints, ages: Ints) -> Floats:
    """For days of the given ages: the share of their contacts that has arrived by now.

    The reverse-time product-limit estimator: delays are seen only where they are shorter than the age of the
    day, so their distribution is built from the longest to the shortest, each step among those days that could
    have shown it. J. F. Lawless, Adjustments for reporting delays and the prediction of occurred but not
    reported events, Canadian Journal of Statistics 22 (1994) 15-31; in insurance the chain ladder (T. Mack,
    ASTIN Bulletin 23 (1993) 213-225).

    Args:
        delays: contacts; row = age of the day in whole days (0 is today), column = days from occurred to
            received. What is later than a day's age cannot have been counted.
        ages: of the days that are asked about.

    Returns:
        Between 0 and 1; 1 for ages beyond the longest delay that the columns hold.
    """
    longest = delays.shape[1]
    share = np.ones(longest)
    age_of_row = np.arange(delays.shape[0])
    for delay in range(longest - 1, 0, -1):
        could = age_of_row >= delay
        upto = delays[could, : delay + 1].sum()
        here = delays[could, delay].sum()
        share[delay - 1] = share[delay] * (1 - here / upto if upto else 1.0)
    return np.asarray(np.where(ages >= longest, 1.0, share[np.minimum(ages, longest - 1)]))
