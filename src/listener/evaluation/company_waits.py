"""How often intervals of waits, returns, escalations, deadlines and fairness hold the truth on a simulated
company, whether labels and match are right or err."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from listener.domain.enriched import NO_CAUSE
from listener.evaluation.company_cases import NO_CASE, Bools, Cases
from listener.evaluation.drawn_people import AS_MADE_UP, Drawn, Draws, MatchErrors
from listener.simulator.company import DESKS
from listener.statistics.answer_times import Waits, advantage, answered_within, restricted_mean
from listener.statistics.clustered import PartySums, clustered_share, design_effect
from listener.statistics.interval import Floats, Interval, Ints
from listener.statistics.matched import Sums, matched_difference
from listener.statistics.proportion import wilson

HORIZON_HOURS: Final = 168.0
DAY_HOURS: Final = 24.0
LEAST_SHARE: Final = 0.05
"""Channels of fewer cases, and root causes of fewer people who began in private, are left out."""
WITHIN: Final = "answered within 24 h, by channel"
MEAN: Final = "mean hours within 168 h, by channel"
CAME_BACK: Final = "came back after an answer, by channel"
WENT_PUBLIC: Final = "went public, by root cause"
LONGER: Final = "hours longer in private, same root cause"
IN_TIME: Final = "first answers within the target, by channel"
FAIR: Final = "answered in a day, by segment against the others"
EVERYBODY: Final = "all"
TARGET_HOURS: Final[Mapping[str, float]] = {name: desk.target_hours for name, desk in DESKS.items()}
"""Channel to the hours in which the company means to answer there."""

Figures = dict[str, dict[str, Interval]]
Truth = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Seen:
    """Cases as somebody knows them, one entry each.

    Attributes:
        party: as the match makes it; cause, channel, answered_by: place of the name.
        answered: infinite where no person answered before observation ended.
        until: hours at which observation ended.
    """

    party: Ints
    cause: Ints
    channel: Ints
    public: Bools
    asked: Floats
    answered: Floats
    answered_by: Ints
    went_public: Bools
    segment: Ints
    until: float

    def waits(self, those: Bools) -> Waits:
        """Of some of them; every wait is a bin of its own."""
        ended = np.minimum(self.answered, self.until)[those] - self.asked[those]
        edges, bins = np.unique(ended, return_inverse=True)
        happened = np.isfinite(self.answered[those])
        answered, all_of_them = (
            np.bincount(bins[some], minlength=len(edges)).astype(np.int64)
            for some in (happened, np.ones_like(happened))
        )
        return Waits(edges, answered, np.zeros(len(edges), dtype=np.int64), all_of_them - answered)


def seen(
    cases: Cases,
    drawn: Drawn,
    labels: Ints,
    errors: MatchErrors | None,
    generator: np.random.Generator,
    *,
    until: float,
) -> Seen:
    """What is known of people who were drawn.

    A case goes with the account of its first contact. Of one that went public from an account that the match does
    not tie to that one, nobody knows that it did.

    Args:
        labels: root causes that are true or found, one entry for each of the company's cases.
        until: hours at which observation ends.
    """
    kept = (labels[drawn.places] != NO_CASE) & (cases.asked[drawn.places] < until)
    places, first = drawn.places[kept], drawn.first_account[drawn.draw[kept]]
    parties = drawn.parties(errors, generator)
    party, loud = parties[first + cases.owners.account[places]], cases.went_public_from[places]
    order = np.lexsort((cases.asked[places], party))
    places, answered = places[order], cases.answered[places[order]]
    known = answered <= until
    return Seen(
        party[order],
        labels[places],
        cases.channel[places],
        cases.public[places],
        cases.asked[places],
        np.where(known, answered, np.inf),
        np.where(known, cases.answered_by[places], -1),
        ((loud >= 0) & (parties[first + np.maximum(loud, 0)] == party))[order],
        cases.segment[places],
        until,
    )


def truth_of(cases: Cases, until: float) -> Truth:
    """What is true of all people of the company, by channel and root cause.

    Waits are those of all cases that asked before `until`, however late history told how they ended; it must go on
    for a horizon. Returns and escalations are what happened before.
    """
    generator = np.random.default_rng(0)
    whole = seen(cases, Draws(cases.owners).everybody(), cases.true, None, generator, until=until)
    asked = (cases.true != NO_CASE) & (cases.asked < until)
    hours = np.minimum(cases.answered - cases.asked, HORIZON_HOURS)[asked]
    channel, cause, public = cases.channel[asked], cases.true[asked], cases.public[asked]
    channels = {
        name: channel == number
        for number, name in enumerate(cases.channels)
        if (channel == number).mean() >= LEAST_SHARE
    }
    private = _parties(whole, ~whole.public)
    causes = [
        name
        for number, name in enumerate(cases.labels)
        if name != NO_CAUSE
        and _parties(whole, ~whole.public & (whole.cause == number)) >= LEAST_SHARE * private
    ]
    longer, weight = 0.0, 0
    for those in (cause == number for number in range(len(cases.labels))):
        if public[those].any() and not public[those].all():
            longer += those.sum() * (hours[those & ~public].mean() - hours[those & public].mean())
            weight += int(those.sum())
    return {
        WITHIN: {name: float((hours[those] <= DAY_HOURS).mean()) for name, those in channels.items()},
        MEAN: {name: float(hours[those].mean()) for name, those in channels.items()},
        CAME_BACK: {
            name: came_back(whole, cases.channels.index(name)).estimate
            for name in channels
            if (whole.answered_by == cases.channels.index(name)).any()
        },
        WENT_PUBLIC: {name: went_public(whole, cases.labels.index(name)).estimate for name in causes},
        LONGER: {EVERYBODY: longer / weight} if weight else {},
        IN_TIME: {name: in_time(whole, cases, name).estimate for name in channels},
        FAIR: {
            name: found.estimate
            for number, name in enumerate(cases.segments)
            if (whole.segment == number).mean() >= LEAST_SHARE
            and np.isfinite((found := fair(whole, number)).estimate)
        },
    }


def intervals(cases: Cases, sample: Seen, truth: Truth, seed: int) -> Figures:
    """The intervals of the reports for everything in `truth`."""
    of_channel = {name: sample.channel == cases.channels.index(name) for name in truth[MEAN]}
    return {
        WITHIN: {name: within_a_day(sample, those) for name, those in of_channel.items()},
        MEAN: {name: mean_hours(sample, those, seed) for name, those in of_channel.items()},
        CAME_BACK: {name: came_back(sample, cases.channels.index(name)) for name in truth[CAME_BACK]},
        WENT_PUBLIC: {name: went_public(sample, cases.labels.index(name)) for name in truth[WENT_PUBLIC]},
        LONGER: {name: longer_in_private(sample, seed) for name in truth[LONGER]},
        IN_TIME: {name: in_time(sample, cases, name) for name in truth[IN_TIME]},
        FAIR: {name: fair(sample, cases.segments.index(name)) for name in truth[FAIR]},
    }


def within_a_day(sample: Seen, those: Bools) -> Interval:
    """As the report `channels`."""
    sums = _sums(sample.party[those], (sample.answered - sample.asked)[those] <= DAY_HOURS)
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
    parties, whose = np.unique(sample.party, return_inverse=True)
    last_asked = np.zeros(len(parties))
    np.maximum.at(last_asked, whose, sample.asked)
    again = last_asked[whose] > sample.answered
    those = sample.answered_by == channel
    return clustered_share(_sums(sample.party[those], again[those]))


def went_public(sample: Seen, cause: int) -> Interval:
    """Of the parties that began in private, those that went public after they were failed; as `escalations`."""
    private = ~sample.public & (sample.cause == cause)
    return wilson(_parties(sample, private & sample.went_public), _parties(sample, private))


def longer_in_private(sample: Seen, seed: int) -> Interval:
    """As the report `channels`, but for severity."""
    public, private = (
        {str(cause): sample.waits(side & (sample.cause == cause)) for cause in np.unique(sample.cause[side])}
        for side in (sample.public, ~sample.public)
    )
    # parties that asked by several channels count in each
    units = sample.party * (sample.channel.max(initial=0) + 1) + sample.channel
    effect = _mean_effect(units, _hours(sample))
    return advantage(public, private, HORIZON_HOURS, seed=seed, design_effect=effect)


def in_time(sample: Seen, cases: Cases, channel: str) -> Interval:
    """Of the first answers by this channel whose deadline is decided, those within the target; as `deadlines`."""
    target = TARGET_HOURS[channel]
    met = sample.answered - sample.asked <= target
    those = (sample.channel == cases.channels.index(channel)) & (
        met | (sample.asked + target <= sample.until)
    )
    return clustered_share(_sums(sample.party[those], met[those]))


def fair(sample: Seen, segment: int) -> Interval:
    """The share answered in a day of a segment less that of the others, within the same channel and root cause, of
    a party's first case there; as `fairness`, but for need and severity."""
    watched = np.flatnonzero(np.isfinite(sample.answered) | (sample.asked + DAY_HOURS <= sample.until))
    alike = sample.channel[watched] * (sample.cause.max(initial=0) + 1) + sample.cause[watched]
    _, firsts = np.unique(np.stack([sample.party[watched], alike]), axis=1, return_index=True)
    _, stratum = np.unique(alike[firsts], return_inverse=True)
    those = watched[firsts]
    quick = (sample.answered - sample.asked)[those] <= DAY_HOURS
    own = sample.segment[those] == segment
    first, second = (
        Sums.of_shares(
            np.bincount(stratum[side], minlength=len(those)),
            np.bincount(stratum[side & quick], minlength=len(those)),
        )
        for side in (own, ~own)
    )
    return matched_difference(first, second).difference


def company_waits(
    cases: Cases, samples: int, *, people: int = 400, errors: MatchErrors = AS_MADE_UP, seed: int = 0
) -> dict[str, Any]:
    """Draws people of the company again and again, each time with their cases, and looks at them a horizon before
    history ends: who asked lately still waits, while the truth of the company knows how that ended.

    Returns:
        For each figure how often its interval covers, over all channels or root causes and all samples: with true
        labels and match, with the labels found of true cases, with those of all that are found, and with a match
        that errs as well; which one it covers least often; and what is true.
    """
    generator = np.random.default_rng(seed)
    draws, until = Draws(cases.owners), cases.until - HORIZON_HOURS
    truth = truth_of(cases, until)
    ways: Mapping[str, tuple[Ints, MatchErrors | None]] = {
        "true labels and match": (cases.true, None),
        "found labels, no case made up": (np.where(cases.true == NO_CASE, NO_CASE, cases.found), None),
        "found labels": (cases.found, None),
        "found labels and match": (cases.found, errors),
    }
    hits = {(figure, way): Counter(dict.fromkeys(truth[figure], 0)) for figure in truth for way in ways}
    for _ in range(samples):
        drawn, chance = draws.draw(people, generator), int(generator.integers(1 << 30))
        for way, (labels, match_errors) in ways.items():
            sample = seen(cases, drawn, labels, match_errors, generator, until=until)
            for figure, found in intervals(cases, sample, truth, chance).items():
                covering = [name for name, one in found.items() if one.covers(truth[figure][name])]
                hits[figure, way].update(covering)
    true = cases.true != NO_CASE
    return {
        "people": cases.owners.people,
        "cases": int(true.sum()),
        "cases_found": round(float((cases.found[true] != NO_CASE).mean()), 3),
        "cases_made_up": int((~true).sum()),
        "causes_right": round(float((cases.true == cases.found)[true].mean()), 3),
        "match": {"recall": errors.recall, "precision": errors.precision},
        "intervals": {figure: samples * len(truth[figure]) for figure in truth},
        "covered": {
            figure: {way: _share(hits[figure, way].total(), samples * len(of)) for way in ways}
            for figure, of in truth.items()
        },
        "least_covered": {
            figure: {
                way: {name: _share(count, samples) for name, count in hits[figure, way].most_common()[-1:]}
                for way in ways
            }
            for figure in truth
        },
        "truth": {
            figure: {name: round(value, 3) for name, value in of.items()} for figure, of in truth.items()
        },
    }


def _share(count: int, total: int) -> float | None:
    return round(count / total, 3) if total else None


def _hours(sample: Seen) -> Floats:
    return np.minimum(sample.answered - sample.asked, HORIZON_HOURS)


def _parties(sample: Seen, those: Bools) -> int:
    return len(np.unique(sample.party[those]))


def _sums(unit: Ints, figure: Floats | Bools) -> PartySums:
    _, where = np.unique(unit, return_inverse=True)
    n, k = np.bincount(where).astype(np.float64), np.bincount(where, weights=figure)
    return PartySums(len(n), float(n.sum()), float(k.sum()), float(n @ n), float(k @ k), float(n @ k))


def _mean_effect(unit: Ints, hours: Floats) -> float:
    sums = _sums(unit, hours)
    return design_effect(sums.variance(), float(hours.var()) / max(sums.n, 1), sums) if sums.n else 1.0
