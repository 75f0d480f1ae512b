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
MOST_ALIKE: Final = 0.9
"""Autocorrelation of weeks above which nothing is told apart from a trend any more."""
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
    """Judges a fix by a negative-binomial rate model of weeks.

    The counts have a variance proportional to their mean (the negative binomial that A. C. Cameron, P. K.
    Trivedi, Regression Analysis of Count Data (2013), section 3.3, call NB1), estimated by quasi-likelihood
    with Pearson's dispersion, never below 1 (P. McCullagh, J. A. Nelder, Generalized Linear Models (1989),
    chapter 6). What makes one week busy may go on into the next, so that weeks tell less than as many independent
    ones: the variance is multiplied by (1+r)/(1-r), r the correlation of neighbouring weeks' residuals, never
    below 0 (`alikeness`). Both are estimates: of w weeks dispersion varies, relative to itself, by 2/w and that
    factor by 4/w, which together is the variance of a variance with w/3 degrees of freedom (F. E. Satterthwaite,
    An approximate distribution of estimates of variance components, Biometrics Bulletin 2 (1946) 110-114); so
    many has Student's quantile, w being the weeks over that factor. The model of the rate, for each exposed unit
    and with late arrivals as part of the exposure:

    - with controls: each week has an effect of its own that is common to the cause and the controls, so season,
      trend and incidents that touch all drop out (difference in differences: J. Lopez Bernal, S.
      Cummins, A. Gasparrini, The use of controls in interrupted time series studies of public health
      interventions, International Journal of Epidemiology 47 (2018) 2082-2093). Conditional on the weeks'
      totals this is a binomial regression, which is what is fitted;
    - without: whole weeks with a yearly wave; where there are less than two years, the ratio is shown but
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
        ratio, drift = _by_season(series, day, heard, used)
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
    ratio = _ratio(fitted, weeks)
    early = after == 0
    if early.sum() < 4 or not events[early].sum():
        return ratio, _no_drift()
    months = weeks[early] / 4
    design = np.stack([np.ones_like(months), months - months.mean()], axis=1)
    return ratio, _ratio(_fit(sm.families.Binomial(), pairs[early], design, offset[early]), weeks[early])


def _by_season(series: FixSeries, day: Ints, heard: Floats, used: Any) -> tuple[Interval, Interval]:
    weeks, where = np.unique(day[used] // _WEEK, return_inverse=True)
    whole = np.bincount(where) == _WEEK
    weeks, events = weeks[whole], _sums(where, series.events[used])[whole]
    exposed = _sums(where, (series.exposure * heard)[used])[whole]
    if not (weeks < 0).any() or not (weeks >= 0).any():
        return Interval(float("nan"), 0.0, float("inf"), "no whole week on one side"), _no_drift()
    columns = [np.ones(len(weeks)), (weeks >= 0).astype(np.float64)]
    if used.sum() >= _YEARS:
        turn = 2 * np.pi * (weeks * _WEEK + series.effective) / 365.25
        columns += [np.sin(turn), np.cos(turn)]
    fitted = _fit(sm.families.Poisson(), events, np.stack(columns, axis=1), np.log(exposed))
    return _ratio(fitted, weeks), _no_drift()


def _fit(family: Any, counts: Floats, design: Floats, offset: Floats) -> Any:
    return sm.GLM(counts, design, family=family, offset=offset).fit()


def _ratio(fitted: Any, weeks: Ints) -> Interval:
    """Of the second column of the design."""
    size, columns = len(weeks), len(fitted.params)
    dispersion = max(1.0, float(fitted.pearson_chi2) / max(fitted.df_resid, 1))
    alike = alikeness(np.asarray(fitted.resid_pearson), weeks, columns)
    fewer = (1 + alike) / (1 - alike)
    middle, error = float(fitted.params[1]), float(fitted.bse[1]) * float(np.sqrt(dispersion * fewer))
    half = float(student.ppf(1 - SIDE, max((size / fewer - columns) / 3, 1.0))) * error
    return interval(
        float(np.exp(middle)),
        float(np.exp(middle - half)),
        float(np.exp(middle + half)),
        "the rate is {estimate:.2f} of what it was, between {low:.2f} and {high:.2f}",
    )


def alikeness(residuals: Floats, weeks: Ints, columns: int) -> float:
    """How much neighbouring weeks are alike: their residuals' correlation, between 0 and `MOST_ALIKE`.

    Weeks that are correlated by r tell as much of a mean as (1-r)/(1+r) as many independent ones: G. V. Bayley,
    J. M. Hammersley, The "effective" number of independent observations in an autocorrelated time series,
    Supplement to the Journal of the Royal Statistical Society 8 (1946) 184-197. Residuals of as many columns as
    were fitted to independent weeks are correlated by minus columns / weeks in the mean, which is given back.

    Args:
        weeks: number of each residual's week, rising; only those that follow each other are compared.
        columns: of the design.
    """
    next_to = np.flatnonzero(np.diff(weeks) == 1)
    size, square = len(residuals), float(residuals @ residuals)
    if len(next_to) < 2 or not square or size <= 6 * columns:
        return 0.0
    found = float(residuals[next_to] @ residuals[next_to + 1]) / len(next_to) / (square / size)
    return float(np.clip(found + columns / size, 0.0, MOST_ALIKE))


def _sums(where: Ints, values: Any) -> Floats:
    return np.bincount(where, weights=values).astype(np.float64)


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
