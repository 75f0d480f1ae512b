"""What is unusual in what was heard, and why it counts as that."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log, sqrt
from typing import Final

import numpy as np

from listener.domain.governance import Sign
from listener.statistics.spikes import SpikeSettings, judge
from listener.watch.heard import Heard, Hours, Ints

SPIKE: Final = SpikeSettings()
LEAST_CHANCE: Final = 5.5
"""Deviations of Poisson's chance that a spike lies above what is expected as well: four, where the counts vary
twice as much as Poisson's; many series are watched at once, and rare things are noisy."""
CATCH_UP_HOURS: Final = 24
"""What began so long ago is still told: the watch may have been away."""
_DAY: Final = 24
_WEEK: Final = 7 * _DAY
_BEFORE: Final = 28 * _DAY
GROWTH: Final = 1.5
"""A week's share of all contacts over that of the four weeks before: less is no growth."""
DISPERSION: Final = 2.0
"""Variance of counts over their mean, at least: what makes one hour busy goes on into the next."""
SURE: Final = 4.0
"""Deviations from which growth or a mood is told."""
LEAST_NEW: Final = 5
LEAST_GROWN: Final = 10
LEAST_MOOD: Final = 20
"""Mentions in a day; of fewer no mood is told."""
MOOD: Final = 0.1
"""More complaints among what is said, as a share, that are a mood."""
QUIET: Final[dict[Sign, timedelta]] = {
    "cause_spike": timedelta(hours=SPIKE.quiet_hours),
    "source_volume": timedelta(hours=SPIKE.quiet_hours),
    "source_mood": timedelta(hours=24),
    "cause_growing": timedelta(days=7),
    "cause_new": timedelta(days=7),
}
"""After it was told nothing more of the same subject is told for so long, and then it counts as over."""


@dataclass(frozen=True)
class Finding:
    """Something unusual.

    Attributes:
        sign: what of.
        subject: root cause or source.
        since: begin of the time that it was seen in; at: its end.
        words: one or two sentences.
    """

    sign: Sign
    subject: str
    since: datetime
    at: datetime
    words: str


def findings(heard: Heard) -> list[Finding]:
    """What is unusual in the last `CATCH_UP_HOURS`, by hour, oldest first. Imports alone never are.

    What lasts is found in each of its hours; `listener.watch.tell` tells it once.

    - A root cause is raised by far more people in two hours, or a source says far more, than the weeks before and
      the hour of the day led to expect (`listener.statistics.spikes`).
    - A source holds far more complaints among a day's mentions than in the four weeks before: two shares compared
      with the variance that the days showed (P. McCullagh, J. A. Nelder, Generalized Linear Models (1989), section
      4.5).
    - A root cause grows: its share of all causes raised in a week is far above that of the four weeks before; or
      is new: nobody raised it in these. Looked at once a day, at midnight UTC.
    """
    found = [one for series in heard.series for one in (*_spikes(heard, series), *_moods(heard, series))]
    return sorted([*found, *_growing(heard)], key=lambda one: (one.at, one.sign, one.subject))


def _spikes(heard: Heard, series: Hours) -> Iterator[Finding]:
    of_cause = series.kind == "cause"
    counts = series.parties if of_cause else series.said
    window = int(SPIKE.window_minutes // 60)
    judged = judge(
        ((heard.end_of(hour).timestamp(), float(count)) for hour, count in enumerate(counts.tolist())), SPIKE
    )
    for hour in range(max(heard.hours - CATCH_UP_HOURS, 0), heard.hours):
        one = judged[hour]
        there = int(_last(counts, hour, window).sum())
        if one.expected is None or one.score < SPIKE.threshold or there < SPIKE.least:
            continue
        usual = one.expected * window
        chance = 2 * (sqrt(there + 0.375) - sqrt(usual + 0.375))
        if chance < LEAST_CHANCE or not _last(series.live, hour, window).sum():
            continue
        what = (
            f"{there} people raised {series.subject} within {window} hours"
            if of_cause
            else f"{there} mentions came from {series.subject} within {window} hours"
        )
        yield Finding(
            "cause_spike" if of_cause else "source_volume",
            series.subject,
            heard.end_of(hour - window),
            heard.end_of(hour),
            f"{what}; at this time of the day {usual:.1f} are usual.",
        )


def _moods(heard: Heard, series: Hours) -> Iterator[Finding]:
    if series.kind != "source":
        return
    for hour in range(max(heard.hours - CATCH_UP_HOURS, _BEFORE // 4), heard.hours):
        said, complaints = (int(_last(of, hour, _DAY).sum()) for of in (series.said, series.complaints))
        if said < LEAST_MOOD or not _last(series.live, hour, _DAY).sum():
            continue
        said_before, complained_before = (
            _by_day(_last(of, hour - _DAY, _BEFORE)) for of in (series.said, series.complaints)
        )
        before = int(said_before.sum())
        if before < LEAST_MOOD:
            continue
        usual = (float(complained_before.sum()) + 0.5) / (before + 1)
        share = complaints / said
        spread = usual * (1 - usual) * (1 / said + 1 / before)
        spread *= _dispersion(said_before, complained_before, usual)
        if share - usual < MOOD or share - usual < SURE * sqrt(spread):
            continue
        yield Finding(
            "source_mood",
            series.subject,
            heard.end_of(hour - _DAY),
            heard.end_of(hour),
            f"{share:.0%} of {said} mentions from {series.subject} within a day complain; {usual:.0%} are usual.",
        )


def _dispersion(said: Ints, complaints: Ints, usual: float) -> float:
    """Of the days' complaints over what chance alone gives, never below 1."""
    some = said > 0
    chance = said[some] * usual * (1 - usual)
    squares = float(((complaints[some] - said[some] * usual) ** 2 / chance).sum())
    return max(1.0, squares / max(int(some.sum()) - 1, 1))


def _growing(heard: Heard) -> Iterator[Finding]:
    causes = [series for series in heard.series if series.kind == "cause"]
    for hour in range(max(heard.hours - CATCH_UP_HOURS, _WEEK + _BEFORE - 1), heard.hours):
        end = heard.end_of(hour)
        if end.hour:
            continue
        weeks = [
            (int(_last(of.parties, hour, _WEEK).sum()), int(_last(of.parties, hour - _WEEK, _BEFORE).sum()))
            for of in causes
        ]
        all_now, all_before = max(sum(now for now, _ in weeks), 1), max(sum(was for _, was in weeks), 1)
        for series, (now, before) in zip(causes, weeks, strict=True):
            if not _last(series.live, hour, _WEEK).sum():
                continue
            since = heard.end_of(hour - _WEEK)
            if not before and now >= LEAST_NEW:
                words = f"{now} people raised {series.subject} within a week, and nobody in the four weeks before."
                yield Finding("cause_new", series.subject, since, end, words)
            if not before or now < LEAST_GROWN:
                continue
            ratio = (now / all_now) / (before / all_before)
            if ratio >= GROWTH and log(ratio) >= SURE * sqrt(DISPERSION * (1 / now + 1 / before)):
                words = (
                    f"{now} people raised {series.subject} within a week, {before / 4:.1f} a week in the four "
                    f"weeks before: its share of all causes is {ratio:.1f} times what it was."
                )
                yield Finding("cause_growing", series.subject, since, end, words)


def _last(counts: Ints, hour: int, hours: int) -> Ints:
    """Those of so many hours that end with this one."""
    return counts[max(hour - hours + 1, 0) : max(hour + 1, 0)]


def _by_day(counts: Ints) -> Ints:
    whole = len(counts) // _DAY * _DAY
    return np.asarray(counts[len(counts) - whole :].reshape(-1, _DAY).sum(axis=1), dtype=np.int64)
