"""Waits, returns, escalations and deadlines of a simulated company's people, as the reports tell of them."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from listener.evaluation.company_cases import Bools, Cases
from listener.evaluation.company_seen import Seen, joint, party_sums
from listener.simulator.company import DESKS, PUBLIC
from listener.statistics.answer_times import advantage, answered_within, restricted_mean
from listener.statistics.clustered import clustered_difference, clustered_share, design_effect
from listener.statistics.interval import Floats, Interval, Ints
from listener.statistics.proportion import wilson

HORIZON_HOURS: Final = 168.0
DAY_HOURS: Final = 24.0
TARGET_HOURS: Final[Mapping[str, float]] = {name: desk.target_hours for name, desk in DESKS.items()}
"""Channel to the hours in which the company means to answer there."""


def within_a_day(sample: Seen, those: Bools) -> Interval:
    """As the report `channels`."""
    sums = party_sums(sample.party[those], (sample.answered - sample.asked)[those] <= DAY_HOURS)
    share = sums.k / sums.n if sums.n else 0.0
    effect = design_effect(sums.variance(), share * (1 - share) / max(sums.n, 1), sums)
    return answered_within(sample.waits(those), DAY_HOURS, design_effect=effect)


def mean_hours(sample: Seen, those: Bools, seed: int) -> Interval:
    """As the report `channels`."""
    effect = _mean_effect(sample.party[those], _hours(sample)[those])
    return restricted_mean(sample.waits(those), HORIZON_HOURS, seed=seed, design_effect=effect)


def came_back(sample: Seen, channel: int) -> Interval:
    """Of the cases that a person answered by this channel, those whose party asked anew afterwards; as
    `what-we-teach`."""
    those = sample.answered_by == channel
    return clustered_share(party_sums(sample.party[those], sample.next_of_party()[those] >= 0))


def more_in_public(sample: Seen, cases: Cases) -> Interval:
    """Of those who came back after an answer the share who did so in public, of a public answer less that of a
    private one; as the words of `what-we-teach`, which count a party by each channel that answered it."""
    in_public = np.isin(cases.channels, sorted(PUBLIC))
    following = sample.next_of_party()
    back = np.flatnonzero(following >= 0)
    by, came = sample.answered_by[back], in_public[sample.channel[following[back]]]
    unit = joint(sample.party[back], by)
    first, second = (party_sums(unit[side], came[side]) for side in (in_public[by], ~in_public[by]))
    return clustered_difference(first, second)


def went_public(sample: Seen, cause: int) -> Interval:
    """Of the parties that began in private, those that went public after they were failed; as `escalations`."""
    private = ~sample.public & (sample.cause == cause)
    return wilson(sample.parties(private & sample.went_public), sample.parties(private))


def longer_in_private(sample: Seen, seed: int) -> Interval:
    """As the report `channels`."""
    matter = joint(sample.cause, sample.severe)
    public, private = (
        {str(one): sample.waits(side & (matter == one)) for one in np.unique(matter[side])}
        for side in (sample.public, ~sample.public)
    )
    # parties that asked by several channels count in each
    units = joint(sample.party, sample.channel)
    effect = _mean_effect(units, _hours(sample))
    return advantage(public, private, HORIZON_HOURS, seed=seed, design_effect=effect)


def in_time(sample: Seen, cases: Cases, channel: str) -> Interval:
    """Of the first answers by this channel whose deadline is decided, those within the target; as `deadlines`."""
    target = TARGET_HOURS[channel]
    met = sample.answered - sample.asked <= target
    those = (sample.channel == cases.channels.index(channel)) & (
        met | (sample.asked + target <= sample.until)
    )
    return clustered_share(party_sums(sample.party[those], met[those]))


def _hours(sample: Seen) -> Floats:
    return np.minimum(sample.answered - sample.asked, HORIZON_HOURS)


def _mean_effect(unit: Ints, hours: Floats) -> float:
    sums = party_sums(unit, hours)
    return design_effect(sums.variance(), float(hours.var()) / max(sums.n, 1), sums) if sums.n else 1.0
