"""Whether a fix reduced what it was to reduce."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import statsmodels.api as sm
from scipy.stats import t as student

from listener.statistics.interval import Floats, Interval, Ints, interval

Verdict = Literal["reduced", "not shown", "worse"]

SIDE: Final = 0.05
"""How often "reduced" may be said of a fix without effect, and "worse" likewise: the interval leaves so much
out on each side."""
PEAK_DAYS: Final = 14
"""Days before the fix that do not count. A fix is declared when things are at their worst, and after the worst
it gets better by itself (regression to the mean: F. Galton 1886; A. G. Barnett et al., Regression to the mean:
what it is and how to deal with it, International Journal of Epidemiology 34 (2005) 215-220)."""
LEAST_EVENTS: Final = 20
"""Before and after together; with fewer nothing is said."""
LEAST_HEARD: Final = 0.5
"""Days of which less has arrived by now are left out."""
_WEEK = 7
_YEARS = 2 * 365


@dataclass(frozen=True)
class FixSeries:
    """Daily counts around a fix; one entry a day, oldest first, without a gap.

    Attributes:
        days: days since 1970-01-01.
        events: parties that raised the cause on that day.
        exposure: what the cause could have happened to, such as customers or orders; ones where not known.
        controls: parties that raised causes which the fix does not touch; None where there are none.
        heard: share of each day's events that has arrived by now, from `heard_share`; None takes all as arrived.
        controls_heard: the same of the controls.
        effective: first day on which the fix was in force.
    """

    days: Ints
    events: Ints
    exposure: Floats
    effective: int
    controls: Ints | None = None
    heard: Floats | None = None
    controls_heard: Floats | None = None


@dataclass(frozen=True)
class FixEffect:
    """What is known of a fix.

    Attributes:
        verdict: ``reduced`` where the whole interval lies below 1, ``worse`` where it lies above, and what the
            ratio rests on can tell a season from the fix.
        ratio: rate after / rate before, as it would be without season and without what moved the controls. The
            interval leaves out `SIDE` on each side.
        events_before, events_after: that entered.
        drift: how much the cause changed per four weeks against the controls before the fix, a ratio: far from
            1 the verdict rests on a comparison that did not hold even before. NaN where it is not known.
        words: one or two sentences.
    """

    verdict: Verdict
    ratio: Interval
    events_before: int
    events_after: int
    drift: Interval
    words: str


def fix_effect(series: FixSeries, *, peak_days: int = PEAK_DAYS) -> FixEffect:
    """Judges a fix by a negative-binomial rate model.

    The counts have a variance proportional to their mean (the negative binomial that A. C. Cameron, P. K.
    Trivedi, Regression Analysis of Count Data (2013), section 3.3, call NB1), estimated by quasi-likelihood
    with Pearson's dispersion, never below 1 (P. McCullagh, J. A. Nelder, Generalized Linear Models (1989),
    chapter 6), and Student's quantiles. The model of the rate, for each exposed unit and with late arrivals as
    part of the exposure:

    - with controls: each week has an effect of its own that is common to the cause and the controls, so season,
      weekday, trend and incidents that touch all drop out (difference in differences: J. Lopez Bernal, S.
      Cummins, A. Gasparrini, The use of controls in interrupted time series studies of public health
      interventions, International Journal of Epidemiology 47 (2018) 2082-2093). Conditional on the weeks'
      totals this is a binomial regression, which is what is fitted;
    - without: by day, with weekday and a yearly wave; where there are less than two years, the ratio is shown but
      the verdict is ``not shown``, because a season cannot be told from the fix.

    The `peak_days` before the fix do not count. Ongoing trends of the cause alone are not modelled, since a
    trend and a step cannot be told apart in the weeks that one has; `drift` shows whether there was one.

    Raises:
        ValueError: the arrays have different lengths, or the days have gaps.
    """
    _check(series)
    day = series.days - series.effective
    heard = np.ones(len(day)) if series.heard is None else series.heard
    used = (day >= 0) | (day < -peak_days)
    used &= (heard >= LEAST_HEARD) & (series.exposure > 0)
    if series.controls_heard is not None:
        used &= series.controls_heard >= LEAST_HEARD
    before, after = used & (day < 0), used & (day >= 0)
    n_before, n_after = int(series.events[before].sum()), int(series.events[after].sum())
    if n_before + n_after < LEAST_EVENTS or before.sum() < 2 * _WEEK or after.sum() < _WEEK or not n_before:
        return _unknown(n_before, n_after)
    known = True
    if series.controls is None or not series.controls[before].sum() or not series.controls[after].sum():
        ratio, drift = _by_day(series, day, heard, used)
        known = used.sum() >= _YEARS
        caveat = "" if known else " Without controls, and in less than two years, a season looks like a fix."
    else:
        ratio, drift = _against_controls(series, day, heard, used, series.controls)
        caveat = ""
        if not np.isnan(drift.estimate) and not drift.covers(1):
            caveat = (
                f" Before the fix it already changed by {drift.estimate - 1:+.0%} in four weeks against the"
                " controls: take the verdict with care."
            )
    verdict: Verdict = "not shown"
    if known and (ratio.high < 1 or ratio.low > 1):
        verdict = "reduced" if ratio.high < 1 else "worse"
    said = {"reduced": "reduced", "worse": "got worse", "not shown": "no effect shown"}[verdict]
    words = f"{said}: {ratio.words} ({n_before} before, {n_after} after).{caveat}"
    return FixEffect(verdict, ratio, n_before, n_after, drift, words)


def _against_controls(
    series: FixSeries, day: Ints, heard: Floats, used: Any, controls: Ints
) -> tuple[Interval, Interval]:
    controls_heard = np.ones(len(day)) if series.controls_heard is None else series.controls_heard
    weeks, where = np.unique(day[used] // _WEEK, return_inverse=True)
    events, others = _sums(where, series.events[used]), _sums(where, controls[used])
    ours, theirs = (
        _sums(where, (series.exposure * heard)[used]),
        _sums(where, (series.exposure * controls_heard)[used]),
    )
    some = events + others > 0
    weeks, events, others = weeks[some], events[some], others[some]
    offset = np.log(ours[some] / theirs[some])
    after = (weeks >= 0).astype(np.float64)
    pairs = np.stack([events, others], axis=1)
    fitted = _fit(sm.families.Binomial(), pairs, np.stack([np.ones_like(after), after], axis=1), offset)
    ratio = _ratio(fitted, 1)
    early = after == 0
    if early.sum() < 4 or not events[early].sum():
        return ratio, _no_drift()
    months = weeks[early] / 4
    design = np.stack([np.ones_like(months), months - months.mean()], axis=1)
    return ratio, _ratio(_fit(sm.families.Binomial(), pairs[early], design, offset[early]), 1)


def _by_day(series: FixSeries, day: Ints, heard: Floats, used: Any) -> tuple[Interval, Interval]:
    weekday = (series.days[used] + 3) % _WEEK
    columns = [np.ones(int(used.sum())), (day[used] >= 0).astype(np.float64)]
    columns += [(weekday == number).astype(np.float64) for number in range(1, _WEEK)]
    if used.sum() >= _YEARS:
        turn = 2 * np.pi * series.days[used] / 365.25
        columns += [np.sin(turn), np.cos(turn)]
    offset = np.log((series.exposure * heard)[used])
    fitted = _fit(
        sm.families.Poisson(), series.events[used].astype(np.float64), np.stack(columns, axis=1), offset
    )
    return _ratio(fitted, 1), _no_drift()


def _fit(family: Any, counts: Floats, design: Floats, offset: Floats) -> Any:
    return sm.GLM(counts, design, family=family, offset=offset).fit()


def _ratio(fitted: Any, index: int) -> Interval:
    dispersion = max(1.0, float(fitted.pearson_chi2) / max(fitted.df_resid, 1))
    middle, error = float(fitted.params[index]), float(fitted.bse[index]) * float(np.sqrt(dispersion))
    half = float(student.ppf(1 - SIDE, max(fitted.df_resid, 1))) * error
    return interval(
        *(float(np.exp(value)) for value in (middle, middle - half, middle + half)),
        "the rate is {estimate:.2f} of what it was, between {low:.2f} and {high:.2f}",
    )


def _sums(where: Ints, values: Any) -> Floats:
    return np.bincount(where, weights=values)


def _no_drift() -> Interval:
    return Interval(float("nan"), 0.0, float("inf"), "not known")


def _unknown(before: int, after: int) -> FixEffect:
    words = f"not shown: {before} events before and {after} after are too few, or too short, to tell"
    nothing = Interval(float("nan"), 0.0, float("inf"), words)
    return FixEffect("not shown", nothing, before, after, _no_drift(), words)


def _check(series: FixSeries) -> None:
    size = len(series.days)
    arrays = (series.events, series.exposure, series.controls, series.heard, series.controls_heard)
    if any(array is not None and len(array) != size for array in arrays):
        raise ValueError("every array has one entry a day")
    if (np.diff(series.days) != 1).any():
        raise ValueError("the days follow each other without a gap; a day without events counts 0")
