"""Who of a simulated company's people is answered in a day, like compared with like, as `fairness` tells."""

import numpy as np

from listener.evaluation.company_outcomes import stratified
from listener.evaluation.company_seen import Seen, joint
from listener.evaluation.company_waits import DAY_HOURS
from listener.statistics.interval import Interval, Ints
from listener.statistics.matched import matched_difference


def fair(sample: Seen, attribute: Ints, value: int) -> Interval:
    """The share answered in a day of parties with a value less that of the others, within the same channel, need,
    root cause and severity, of a party's first case there that could be observed for a day.

    Args:
        attribute: one entry a case, such as `sample.reach`.
    """
    observed = np.isfinite(sample.answered) | (sample.asked + DAY_HOURS <= sample.until)
    watched = np.flatnonzero(observed)
    alike = joint(sample.channel, sample.need, sample.cause, sample.severe)
    _, firsts = np.unique(joint(sample.party, alike)[watched], return_index=True)
    those = watched[firsts]
    quick = (sample.answered - sample.asked)[those] <= DAY_HOURS
    groups = stratified(alike[those], attribute[those] == value, quick.astype(np.float64))
    return matched_difference(*groups).difference
