"""Whether a public incident moved sales: an interrupted time series."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import statsmodels.api as sm
from scipy.stats import t as student

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval

IncidentVerdict = Literal["lower", "no effect shown", "higher"]
LEAST_DAYS: Final = 28
"""Before the incident; with fewer neither weekday nor trend is known."""
_LAGS = 7
_MOST_ALIKE: Final = 0.9
"""Autocorrelation of days above which a level is no longer told apart from a trend."""


@dataclass(frozen=True)
class IncidentEffect:
    """What sales did after an incident.

    Attributes:
        verdict: by whether the interval of `level` holds 0.
        level: relative change of the days after it against what weekday and trend led to expect, such as -0.08.
        words: one sentence.
    """

    verdict: IncidentVerdict
    level: Interval
    words: str


def incident_effect(days: Ints, sales: Floats, incident: int, *, until: int | None = None) -> IncidentEffect:
    """Segmented regression of daily sales: weekday, trend and a step at the incident, which multiply.

    A. K. Wagner et al., Segmented regression analysis of interrupted time series studies in medication use
    research, Journal of Clinical Pharmacy and Therapeutics 27 (2002) 299-309; fitted by Poisson's
    pseudo-likelihood, which takes days without a sale and any spread (J. M. C. Santos Silva, S. Tenreyro, The log
    of gravity, Review of Economics and Statistics 88 (2006) 641-658). Of two standard errors the larger counts:

    - that of W. K. Newey, K. D. West, Econometrica 55 (1987) 703-708, seven days back, widened by n/(n-k), which
      takes any spread and likeness of days but is too small for few days;
    - that of a variance proportional to the mean, with Pearson's dispersion (P. McCullagh, J. A. Nelder,
      Generalized Linear Models (1989), chapter 6), times what days that are alike hide (`inflation`).

    The quantile is Student's with n-k degrees of freedom. A series alone shows a coincidence in time: what else
    happened on that day is not known. `listener evaluate incident` says how often an effect is told where there is
    one, and where there is none.

    Args:
        days: days since 1970-01-01, rising; sales: of each, not below 0.
        incident: first day after which sales may differ; until: last day that counts, the end if None.
    """
    used = days <= (int(days.max(initial=incident)) if until is None else until)
    days, sales = days[used], sales[used]
    before = days < incident
    if (
        before.sum() < LEAST_DAYS
        or (~before).sum() < _LAGS
        or not sales[before].any()
        or not sales[~before].any()
    ):
        words = f"no effect shown: it takes {LEAST_DAYS} days before the incident and {_LAGS} after it, with sales"
        return IncidentEffect("no effect shown", Interval(float("nan"), -1.0, float("inf"), words), words)
    weekday = (days + 3) % 7
    columns = [np.ones(len(days)), (days >= incident).astype(np.float64), (days - incident) / 365.25]
    columns += [(weekday == number).astype(np.float64) for number in range(1, 7)]
    fitted = sm.GLM(sales, np.stack(columns, axis=1), family=sm.families.Poisson()).fit(
        cov_type="HAC", cov_kwds={"maxlags": _LAGS, "use_correction": True}
    )
    alike = inflation(np.asarray(fitted.resid_pearson), len(columns))
    spread = float(fitted.pearson_chi2) / fitted.df_resid * alike
    plain = float(np.sqrt(spread * fitted.normalized_cov_params[1, 1]))
    middle, error = float(fitted.params[1]), max(float(fitted.bse[1]), plain)
    half = float(student.ppf(0.5 + LEVEL / 2, fitted.df_resid)) * error
    level = interval(
        float(np.expm1(middle)),
        float(np.expm1(middle - half)),
        float(np.expm1(middle + half)),
        "{estimate:+.1%} against what was to be expected, between {low:+.1%} and {high:+.1%}",
    )
    verdict: IncidentVerdict = "lower" if level.high < 0 else "higher" if level.low > 0 else "no effect shown"
    return IncidentEffect(verdict, level, f"{verdict}: sales {level.words}")


def inflation(residuals: Floats, columns: int) -> float:
    """By how much the variance of a level is larger than that of days which are independent; at least 1.

    What makes a day busy fades from day to day by a factor f, and beside it each day has the chance of counting
    (S. L. Zeger, A regression model for time series of counts, Biometrika 75 (1988) 621-629): days l apart are
    correlated by r f^(l-1), r the correlation of neighbours, and f that of days two apart over r. So the variance
    is multiplied by 1 + 2 r/(1-f), where f=r the (1+r)/(1-r) of G. V. Bayley, J. M. Hammersley, Supplement to the
    Journal of the Royal Statistical Society 8 (1946) 184-197. f is taken as no less than r, and as r itself where
    r is within two of its standard errors of 0 (1/sqrt(n)), since then the ratio is chance.

    Args:
        residuals: Pearson's, one a day without a gap, more than two; columns: of the design, which make
            residuals of independent days correlated by minus columns / days in the mean: that is given back.
    """
    size, square = len(residuals), float(residuals @ residuals)
    if not square:
        return 1.0

    def correlation(days: int) -> float:
        found = float(residuals[days:] @ residuals[:-days]) / (size - days) / (square / size)
        return found + columns / size

    next_day = float(np.clip(correlation(1), 0.0, _MOST_ALIKE))
    fading = next_day
    if next_day > 2 / np.sqrt(size):
        fading = float(np.clip(correlation(2) / next_day, next_day, _MOST_ALIKE))
    return 1 + 2 * next_day / (1 - fading)
