"""How often intervals of reports on cases hold the truth on a simulated company, whether labels and match are
right or err."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from listener.domain.enriched import NO_CAUSE
from listener.evaluation.company_asked import QUEUES
from listener.evaluation.company_black_holes import vanished
from listener.evaluation.company_cases import MARKS, NO_CASE, OUTCOMES, REACHES, Asks, Cases, Labels
from listener.evaluation.company_fairness import fair
from listener.evaluation.company_outcomes import outcome_difference
from listener.evaluation.company_seen import Seen, joint, seen
from listener.evaluation.company_waits import (
    DAY_HOURS,
    HORIZON_HOURS,
    came_back,
    in_time,
    longer_in_private,
    mean_hours,
    more_in_public,
    went_public,
    within_a_day,
)
from listener.evaluation.drawn_people import AS_MADE_UP, Draws, MatchErrors
from listener.statistics.interval import Interval, Ints

LEAST_SHARE: Final = 0.05
"""Left out are channels, segments, reaches and marks of fewer cases, and root causes of fewer people who began in
private."""
LEAST_VANISHED: Final = 0.02
"""Queues in which the contacts of fewer people vanish are left out: few samples have one."""
WITHIN: Final = "answered within 24 h, by channel"
MEAN: Final = "mean hours within 168 h, by channel"
CAME_BACK: Final = "came back after an answer, by channel"
MORE: Final = "came back in public, after a public answer against a private one"
WENT_PUBLIC: Final = "went public, by root cause"
LONGER: Final = "hours longer in private, same root cause and severity"
IN_TIME: Final = "first answers within the target, by channel"
VANISHED: Final = "contacts that vanished, by channel and queue"
OUTCOME: Final = "outcomes, answered customers against the others"
BY_SEGMENT: Final = "answered in a day, by segment against the others"
BY_REACH: Final = "answered in a day, by reach against the others"
BY_MARK: Final = "answered in a day, by mark against the others"
EVERYBODY: Final = "all"
TRULY: Final = "true labels and match"

Figures = Mapping[str, Mapping[str, Interval]]
Truth = Mapping[str, Mapping[str, float]]


def truth_of(cases: Cases, until: float) -> Truth:
    """What is true of all people of the company, figure by figure.

    Waits are those of all cases that asked before `until`, however late history told how they ended; it must go on
    for a horizon. The others are what happened before.
    """
    generator = np.random.default_rng(0)
    everybody = Draws(cases.owners).everybody()
    whole = seen(cases, everybody, cases.true, cases.contacts.true, None, generator, until=until)
    private = whole.parties(~whole.public)
    channels = _common(whole.channel, cases.channels)
    wanted: dict[str, Sequence[str]] = {
        WITHIN: channels,
        MEAN: channels,
        CAME_BACK: channels,
        MORE: [EVERYBODY],
        WENT_PUBLIC: [
            name
            for number, name in enumerate(cases.labels)
            if name != NO_CAUSE
            and whole.parties(~whole.public & (whole.cause == number)) >= LEAST_SHARE * private
        ],
        LONGER: [EVERYBODY],
        IN_TIME: channels,
        VANISHED: [f"{channel}, {queue}" for channel in channels for queue in QUEUES],
        OUTCOME: OUTCOMES,
        BY_SEGMENT: _common(whole.segment, cases.segments),
        BY_REACH: _common(whole.reach, REACHES),
        BY_MARK: _common(whole.mark, MARKS),
    }
    truth = {
        figure: {name: one.estimate for name, one in found.items() if np.isfinite(one.estimate)}
        for figure, found in intervals(cases, whole, wanted, 0).items()
    }
    return {
        **truth,
        **_waits_in_the_end(cases, truth, until),
        VANISHED: {name: share for name, share in truth[VANISHED].items() if share >= LEAST_VANISHED},
    }


def _common(values: Ints, names: Sequence[str]) -> list[str]:
    return [name for number, name in enumerate(names) if (values == number).mean() >= LEAST_SHARE]


def _waits_in_the_end(cases: Cases, truth: Truth, until: float) -> Truth:
    """Those of `truth`, as history told them after `until` as well."""
    asked = (cases.true.cause != NO_CASE) & (cases.asked < until)
    hours = np.minimum(cases.answered - cases.asked, HORIZON_HOURS)[asked]
    channel, public = cases.channel[asked], cases.public[asked]
    matter = joint(cases.true.cause[asked], cases.true.severe[asked])
    of_channel = {name: hours[channel == cases.channels.index(name)] for name in truth[MEAN]}
    longer, weight = 0.0, 0
    for those in (matter == one for one in np.unique(matter)):
        if public[those].any() and not public[those].all():
            longer += those.sum() * (hours[those & ~public].mean() - hours[those & public].mean())
            weight += int(those.sum())
    return {
        WITHIN: {name: float((waits <= DAY_HOURS).mean()) for name, waits in of_channel.items()},
        MEAN: {name: float(waits.mean()) for name, waits in of_channel.items()},
        LONGER: {EVERYBODY: longer / weight} if weight else {},
    }


def intervals(cases: Cases, sample: Seen, wanted: Mapping[str, Collection[str]], seed: int) -> Figures:
    """The intervals of the reports: of each figure those for these names."""
    number = cases.channels.index
    of: Mapping[str, Callable[[str], Interval]] = {
        WITHIN: lambda name: within_a_day(sample, sample.channel == number(name)),
        MEAN: lambda name: mean_hours(sample, sample.channel == number(name), seed),
        CAME_BACK: lambda name: came_back(sample, number(name)),
        MORE: lambda _: more_in_public(sample, cases),
        WENT_PUBLIC: lambda name: went_public(sample, cases.labels.index(name)),
        LONGER: lambda _: longer_in_private(sample, seed),
        IN_TIME: lambda name: in_time(sample, cases, name),
        VANISHED: lambda name: _vanished(cases, sample, *name.split(", ")),
        OUTCOME: lambda name: outcome_difference(sample, name),
        BY_SEGMENT: lambda name: fair(sample, sample.segment, cases.segments.index(name)),
        BY_REACH: lambda name: fair(sample, sample.reach, REACHES.index(name)),
        BY_MARK: lambda name: fair(sample, sample.mark, MARKS.index(name)),
    }
    return {figure: {name: of[figure](name) for name in names} for figure, names in wanted.items()}


def _vanished(cases: Cases, sample: Seen, channel: str, queue: str) -> Interval:
    return vanished(sample.contacts, cases.channels.index(channel), QUEUES.index(queue))


def company_reports(
    cases: Cases, samples: int, *, people: int = 400, errors: MatchErrors = AS_MADE_UP, seed: int = 0
) -> dict[str, Any]:
    """Draws people of the company again and again, each time with their cases, and looks at them a horizon before
    history ends: who asked lately still waits, while the truth of the company knows how that ended.

    Returns:
        For each figure how often its interval covers, over all channels, root causes and so on and all samples in
        which the report gives one: with true labels and match, with the labels found of true cases, with those of
        all that are found, and with a match that errs as well; which one it covers least often; and what is true.
    """
    generator = np.random.default_rng(seed)
    draws, until = Draws(cases.owners), cases.until - HORIZON_HOURS
    truth = truth_of(cases, until)
    none_made_up = np.where(cases.true.cause == NO_CASE, NO_CASE, cases.found.cause)
    asked = cases.contacts
    asked_truly = replace(asked.found, asks=asked.found.asks & asked.true.asks)
    ways: Mapping[str, tuple[Labels, Asks, MatchErrors | None]] = {
        TRULY: (cases.true, asked.true, None),
        "found labels, no case made up": (replace(cases.found, cause=none_made_up), asked_truly, None),
        "found labels": (cases.found, asked.found, None),
        "found labels and match": (cases.found, asked.found, errors),
    }
    tally = Tally(truth)
    for _ in range(samples):
        drawn, chance = draws.draw(people, generator), int(generator.integers(1 << 30))
        for way, (labels, asks, match_errors) in ways.items():
            sample = seen(cases, drawn, labels, asks, match_errors, generator, until=until)
            tally.count(way, intervals(cases, sample, truth, chance))
    true = cases.true.cause != NO_CASE
    return {
        "people": cases.owners.people,
        "cases": int(true.sum()),
        "cases_found": round(float((cases.found.cause[true] != NO_CASE).mean()), 3),
        "cases_made_up": int((~true).sum()),
        "causes_right": round(float((cases.true.cause == cases.found.cause)[true].mean()), 3),
        "match": {"recall": errors.recall, "precision": errors.precision},
        **tally.figures(list(ways)),
    }


class Tally:
    """How often intervals hold the truth; one that says that nothing is known is none."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._told: Counter[tuple[str, str, str]] = Counter()
        self._hits: Counter[tuple[str, str, str]] = Counter()

    def count(self, way: str, found: Figures) -> None:
        """One sample, looked at in some way."""
        for figure, of in found.items():
            for name, one in of.items():
                self._told[figure, way, name] += bool(np.isfinite(one.estimate))
                self._hits[figure, way, name] += bool(
                    np.isfinite(one.estimate) and one.covers(self._truth[figure][name])
                )

    def figures(self, ways: Sequence[str]) -> dict[str, Any]:
        """Intervals counted, shares that cover by figure and way, the name covered least, and what is true."""
        return {
            "intervals": {
                figure: {way: self._told_of(figure, way) for way in ways} for figure in self._truth
            },
            "covered": {figure: {way: self._covered(figure, way) for way in ways} for figure in self._truth},
            "least_covered": {
                figure: {way: self._least(figure, way) for way in ways} for figure in self._truth
            },
            "truth": {
                figure: {name: round(value, 3) for name, value in of.items()}
                for figure, of in self._truth.items()
            },
        }

    def _told_of(self, figure: str, way: str) -> int:
        return sum(self._told[figure, way, name] for name in self._truth[figure])

    def _covered(self, figure: str, way: str) -> float | None:
        hits = sum(self._hits[figure, way, name] for name in self._truth[figure])
        return _share(hits, self._told_of(figure, way))

    def _least(self, figure: str, way: str) -> dict[str, float | None]:
        shares = {
            name: share
            for name in self._truth[figure]
            if (share := _share(self._hits[figure, way, name], self._told[figure, way, name])) is not None
        }
        return dict(sorted(shares.items(), key=lambda one: one[1])[:1])


def _share(count: int, total: int) -> float | None:
    return round(count / total, 3) if total else None
