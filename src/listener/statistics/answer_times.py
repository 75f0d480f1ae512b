"""How long people wait for a first answer, the never answered included."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval, percentile_interval

SHARES_WITHIN_HOURS: Final = (1.0, 24.0, 168.0)
"""Main figures: the share answered within an hour, a day, a week."""
NEVER_HOURS: Final = 720.0
"""Whoever has no answer within 30 days never gets one."""
LEAST_NEVER_HOURS: Final = 168.0
"""Who was seen for less than a week is not spoken of as never answered."""
MOST_STOOD_FOR: Final = 10.0
"""So many contacts may one stand for where it is asked how many are never answered. Of the longest waits few are
under observation: a single late answer would make half of the never answered answered."""


@dataclass(frozen=True)
class Waits:
    """First contacts of cases by how long they waited and how it ended, as ClickHouse counts them in bins.

    All arrays have one entry a bin; a bin's contacts are taken to end at its upper edge, censored ones after the
    events of the same bin. Minutes make good bins for the first hours, hours for the rest.

    Attributes:
        upper_hours: upper edges, rising; a wait of w is in the first bin with w <= upper.
        answered: first answer by a person.
        competing: ended otherwise: closed without an answer, deleted, given up.
        censored: still waiting when observation ended.
    """

    upper_hours: Floats
    answered: Ints
    competing: Ints
    censored: Ints

    def __post_init__(self) -> None:
        parts = (self.answered, self.competing, self.censored)
        if any(part.shape != self.upper_hours.shape for part in parts):
            raise ValueError("every bin needs answered, competing and censored")
        if (np.diff(self.upper_hours) <= 0).any() or (self.upper_hours < 0).any():
            raise ValueError("the upper edges of the bins rise from 0")
        if any((part < 0).any() for part in parts):
            raise ValueError("a bin counts contacts: none is below 0")

    @property
    def total(self) -> int:
        """First contacts."""
        return int(self.answered.sum() + self.competing.sum() + self.censored.sum())

    @property
    def at_risk(self) -> Ints:
        """Those still waiting when each bin begins."""
        gone = self.answered + self.competing + self.censored
        return np.asarray(self.total - np.concatenate([[0], np.cumsum(gone)[:-1]]), dtype=np.int64)


@dataclass(frozen=True)
class Incidence:
    """The cumulative incidence of answers.

    Attributes:
        hours: upper edges of the bins.
        answered: share answered by then; it ends below 1 where some never are.
        competing: share that ended otherwise by then.
        variance: of `answered`.
        reach_hours: the last time at which somebody was under observation: no figure speaks of later ones.
    """

    hours: Floats
    answered: Floats
    competing: Floats
    variance: Floats
    reach_hours: float


def incidence(waits: Waits) -> Incidence:
    """The Aalen-Johansen estimator and its variance by the delta method.

    O. O. Aalen, S. Johansen, An empirical transition matrix for non-homogeneous Markov chains based on censored
    observations, Scandinavian Journal of Statistics 5 (1978) 141-150; the variance: E. Marubini, M. G.
    Valsecchi, Analysing Survival Data from Clinical Trials and Observational Studies (1995), section 10.2,
    equation 10.12, which lifelines uses as well.
    """
    risk = np.maximum(waits.at_risk, 1).astype(np.float64)
    ended = waits.answered + waits.competing
    before = np.concatenate([[1.0], np.cumprod(1 - ended / risk)[:-1]])
    answered = np.cumsum(before * waits.answered / risk)
    competing = np.cumsum(before * waits.competing / risk)
    left = np.maximum(risk - ended, 1)
    term = np.where(risk > ended, ended / (risk * left), 0.0)
    own = before**2 * (risk - waits.answered) * waits.answered / risk**3
    mixed = before * waits.answered / risk**2
    one, first, second = np.cumsum(term), np.cumsum(answered * term), np.cumsum(answered**2 * term)
    crossed, crossed_own = np.cumsum(mixed), np.cumsum(answered * mixed)
    variance = answered**2 * one - 2 * answered * first + second + np.cumsum(own)
    variance -= 2 * (answered * crossed - crossed_own)
    seen = np.flatnonzero(waits.at_risk > 0)
    reach = float(waits.upper_hours[seen[-1]]) if seen.size else 0.0
    return Incidence(waits.upper_hours, answered, competing, np.maximum(variance, 0), reach)


def answered_within(
    waits: Waits, hours: float, level: float = LEVEL, *, design_effect: float = 1.0
) -> Interval:
    """The share that a person answered within so many hours, with a log-log interval.

    J. D. Kalbfleisch, R. L. Prentice, The Statistical Analysis of Failure Time Data (2002), section 1.4: the
    interval of log(-log share), turned back; where nobody or everybody was answered, the Wilson interval of
    those still under observation.

    Args:
        design_effect: how many times the variance is that of independent contacts; see `clustered`.
    """
    words = f"{{estimate:.1%}} answered within {hours:g} h, between {{low:.1%}} and {{high:.1%}}"
    curve = incidence(waits)
    index = int(np.searchsorted(waits.upper_hours, hours * (1 + 1e-9), side="right")) - 1
    if waits.total == 0:
        return Interval(float("nan"), 0.0, 1.0, "no contact was waiting")
    share = float(curve.answered[index]) if index >= 0 else 0.0
    if hours > curve.reach_hours and curve.answered[-1] + curve.competing[-1] < 1 - 1e-12:
        return Interval(
            float("nan"),
            share,
            1.0,
            f"nobody was observed for {hours:g} h: at least {share:.1%} are answered",
        )
    if not 0 < share < 1 - 1e-12:
        z = float(norm.ppf(0.5 + level / 2))
        certain = z * z / (waits.total / design_effect + z * z)
        low, high = (0.0, certain) if share <= 0 else (1 - certain, 1.0)
        return interval(share, low, high, words)
    z = float(norm.ppf(0.5 + level / 2))
    spread = z * np.sqrt(curve.variance[index] * design_effect) / (share * np.log(share))
    low, high = share ** np.exp(-spread), share ** np.exp(spread)
    return interval(share, float(min(low, high)), float(max(low, high)), words)


def never_answered(waits: Waits, level: float = LEVEL, *, design_effect: float = 1.0) -> Interval:
    """The share that no person answers within 30 days, or as long as it can be told.

    The complement of `answered_within`: who still waits when observation ends is not taken as never answered. It
    can be told as long as a contact that is under observation stands for `MOST_STOOD_FOR` at most (the inverse of
    the share that could be observed for so long), and, while somebody waits, not before
    `LEAST_NEVER_HOURS`.
    """
    if not waits.total:
        return Interval(float("nan"), 0.0, 1.0, "no contact was waiting")
    curve = incidence(waits)
    left = 1 - np.concatenate([[0.0], (curve.answered + curve.competing)[:-1]])
    too_few = left * waits.total > MOST_STOOD_FOR * waits.at_risk * (1 + 1e-9)
    last = int(np.argmax(too_few)) - 1 if too_few.any() else -1
    hours = min(NEVER_HOURS, float(waits.upper_hours[last]))
    if hours < LEAST_NEVER_HOURS and (curve.answered + curve.competing)[last] < 1 - 1e-9:
        words = (
            f"it is known for {hours:g} h only who is not answered, and {LEAST_NEVER_HOURS:g} h are too few"
        )
        return Interval(float("nan"), 0.0, 1.0, words)
    found = answered_within(waits, hours, level, design_effect=design_effect)
    words = f"{{estimate:.1%}} not answered within {hours:g} h, between {{low:.1%}} and {{high:.1%}}"
    return interval(1 - found.estimate, 1 - found.high, 1 - found.low, words)


def restricted_mean(
    waits: Waits, horizon_hours: float, *, seed: int = 0, replicates: int = 400, design_effect: float = 1.0
) -> Interval:
    """Hours without an answer within a horizon, in the mean; whoever is never answered waits the whole of it.

    The area above the cumulative incidence up to the horizon: P. K. Andersen, Decomposition of number of life
    years lost according to causes of death, Statistics in Medicine 32 (2013) 5278-5285; P. Royston,
    M. K. B. Parmar, Restricted mean survival time, BMC Medical Research Methodology 13 (2013) 152. The interval
    is from resampling contacts, and wider by the root of the design effect (see `clustered`). To them are added
    two that are answered at once and two that never are, times the design effect: for a share that is nearly
    Wilson's interval (A. Agresti, B. A. Coull, Approximate is better than "exact" for interval estimation of
    binomial proportions, The American Statistician 52 (1998) 119-126), and without them a mean of few contacts
    would be taken as certain.
    """
    if not waits.total:
        return Interval(float("nan"), 0.0, horizon_hours, "no contact was waiting")
    generator = np.random.default_rng(seed)
    mean = float(_areas(waits, horizon_hours, generator, 0)[0])
    padded = _padded(waits, horizon_hours, round(2 * design_effect))
    means = _areas(padded, horizon_hours, generator, replicates)
    means = means[0] + (means[1:] - means[0]) * np.sqrt(design_effect)
    words = (
        f"{{estimate:.1f}} h of {horizon_hours:g} h without an answer, between {{low:.1f}} and {{high:.1f}}"
    )
    found = percentile_interval(mean, np.clip(means, 0, horizon_hours), words)
    return interval(mean, min(mean, found.low), max(mean, found.high), words)


def median_wait(waits: Waits, level: float = LEVEL, *, design_effect: float = 1.0) -> Interval:
    """The hours after which half of all were answered; infinite, "not reached", where half never were.

    The interval holds the times at which a half is not refuted: R. Brookmeyer, J. Crowley, A confidence interval
    for the median survival time, Biometrics 38 (1982) 29-41, on the log-log scale.
    """
    curve = incidence(waits)
    half = 0.5 - 1e-12  # sums of many shares end a rounding below
    middle = _first(waits.upper_hours, curve.answered >= half)
    z = float(norm.ppf(0.5 + level / 2))
    inside = (curve.answered > 0) & (curve.answered < 1 - 1e-12)
    share = np.where(inside, curve.answered, 0.5)
    spread = z * np.sqrt(curve.variance * design_effect) / (share * np.log(share))
    bounds = np.sort(np.stack([share ** np.exp(-spread), share ** np.exp(spread)]), axis=0)
    lower = np.where(inside, bounds[0], curve.answered)
    upper = np.where(inside, bounds[1], curve.answered)
    low, high = _first(waits.upper_hours, upper >= half), _first(waits.upper_hours, lower >= half)
    if np.isinf(middle):
        answered = f"{curve.answered[-1]:.0%}" if waits.total else "nobody"
        return Interval(middle, low, high, f"not reached: {answered} were answered in the time observed")
    upto = "an unknown time" if np.isinf(high) else f"{high:.1f} h"
    return Interval(
        middle, low, high, f"half are answered after {middle:.1f} h, between {low:.1f} h and {upto}"
    )


def advantage(
    public: Mapping[str, Waits],
    private: Mapping[str, Waits],
    horizon_hours: float,
    *,
    seed: int = 0,
    replicates: int = 400,
    design_effect: float = 1.0,
    many: int | None = None,
) -> Interval:
    """Hours that somebody waits longer in private than in public, like compared with like.

    The difference of the restricted means within each stratum, weighted by how many contacts the stratum has in
    both together (direct standardisation: K. J. Rothman, S. Greenland, T. L. Lash, Modern Epidemiology (2008),
    chapter 15). Strata that only one side has say nothing and are left out. Interval from resampling contacts,
    as wide as samples of few contacts spread, and wider by the root of the design effect (see `clustered`).

    Args:
        public, private: by stratum, such as cause and severity.
        many: instead of `MANY`, for whoever compares often; with 30 the truth is covered as often, in a seventh of
            the time.
    """
    strata = sorted(
        name for name in public.keys() & private.keys() if public[name].total and private[name].total
    )
    if not strata:
        return Interval(
            float("nan"), -horizon_hours, horizon_hours, "no matter was raised both in public and in private"
        )
    sizes = np.array([public[name].total + private[name].total for name in strata], dtype=np.float64)
    weights = sizes / sizes.sum()
    generator = np.random.default_rng(seed)
    sides = [side[name] for side in (private, public) for name in strata]
    signed = np.concatenate([weights, -weights])
    areas = np.array([_areas(waits, horizon_hours, generator, replicates, many) for waits in sides])
    estimate = float(signed @ areas[:, 0])
    contacts = np.array([waits.total for waits in sides])
    moved = signed @ _as_samples_spread(areas, contacts, horizon_hours, generator)
    longer = estimate + moved * np.sqrt(design_effect)
    words = (
        f"in private {{estimate:+.1f}} h longer without an answer within {horizon_hours:g} h, "
        "between {low:+.1f} and {high:+.1f}"
    )
    return percentile_interval(estimate, longer, words)


LEAST_SPREAD = 0.1
"""Of what the contacts of all strata spread by: contacts that happen to be alike are not taken as certain."""


def _as_samples_spread(
    areas: Floats, contacts: Ints, horizon: float, generator: np.random.Generator
) -> Floats:
    """What samples of so many contacts would differ by from the whole, of resamples of them.

    Resamples of n contacts spread by (n - 1) / n too little, which strata add up (J. N. K. Rao, C. F. J. Wu,
    Resampling inference with complex survey data, Journal of the American Statistical Association 83 (1988)
    231-241). A single contact does not spread at all: it is taken to, as the others do within their strata,
    or by half the horizon, the most that is possible, where no stratum has two.

    Args:
        areas: one row a stratum and side: the restricted mean, then those of resamples.

    Returns:
        Differences, one row a stratum and side.
    """
    moved = areas[:, 1:] - areas[:, :1]
    resampled = moved.var(axis=1)
    several = contacts > 1
    degrees = contacts - 1
    own = resampled * contacts * contacts / np.maximum(degrees, 1)
    pooled = float(degrees @ own) / float(degrees.sum()) if several.any() else (horizon / 2) ** 2
    wanted = np.where(several, np.maximum(own, LEAST_SPREAD * pooled), pooled) / contacts
    alike = resampled <= 0
    moved[alike] = generator.standard_normal((int(alike.sum()), moved.shape[1]))
    return moved * np.sqrt(wanted / np.where(alike, 1.0, resampled))[:, None]


MANY = 300
"""With so many contacts the spread of the restricted mean is computed: resampling them takes seconds."""


def _areas(
    waits: Waits, horizon: float, generator: np.random.Generator, replicates: int, many: int | None = None
) -> Floats:
    """The restricted mean of the contacts, then of `replicates` resamples; of `many`, as these would spread."""
    if waits.total >= (MANY if many is None else many):
        area, spread = _area_with_spread(waits, horizon)
        return np.concatenate([[area], area + spread * generator.standard_normal(replicates)])
    ended = waits.answered + waits.competing + waits.censored
    # empty bins, and later ones, change no area
    bins = np.flatnonzero((ended > 0) & (waits.upper_hours < horizon))
    cells = np.concatenate([part[bins] for part in (waits.answered, waits.competing, waits.censored)])
    later = waits.total - int(cells.sum())
    again = generator.multinomial(waits.total, np.append(cells, later) / waits.total, replicates)[:, :-1]
    answered, competing, censored = np.split(np.concatenate([cells[None], again]), 3, axis=1)
    gone = answered + competing + censored
    risk = waits.total - np.cumsum(gone, axis=1) + gone
    at_risk = np.maximum(risk, 1)
    kept = np.cumprod(1 - (answered + competing) / at_risk, axis=1)
    before = np.concatenate([np.ones((len(kept), 1)), kept[:, :-1]], axis=1)
    curve = np.cumsum(before * answered / at_risk, axis=1)
    edges = np.concatenate([[0.0], waits.upper_hours[bins], [horizon]])
    steps = np.concatenate([np.zeros((len(curve), 1)), curve], axis=1)
    return np.asarray(horizon - steps @ np.diff(edges))


def _padded(waits: Waits, horizon: float, extra: int) -> Waits:
    """With so many more that are answered at once, and so many that have no answer when the horizon is reached."""
    last = max(horizon, float(waits.upper_hours[-1])) + 1
    starts = waits.upper_hours[0] > 0
    edges = np.concatenate([[0.0] if starts else [], waits.upper_hours, [last]])
    answered, competing, censored = (
        np.pad(part, (int(starts), 1)) for part in (waits.answered, waits.competing, waits.censored)
    )
    answered[0] += extra
    censored[-1] += extra
    return Waits(edges, answered, competing, censored)


def _area_with_spread(waits: Waits, horizon: float) -> tuple[float, float]:
    """The restricted mean and its standard error by the infinitesimal jackknife.

    L. A. Jaeckel, The infinitesimal jackknife, Bell Laboratories Memorandum MM 72-1215-11 (1972); the influence of
    a contact is the derivative of the area by the number of such contacts.
    """
    risk = np.maximum(waits.at_risk, 1).astype(np.float64)
    answered, ended = waits.answered / risk, (waits.answered + waits.competing) / risk
    kept = np.maximum(1 - ended, 1 / risk)
    before = np.concatenate([[1.0], np.cumprod(1 - ended)[:-1]])
    weight = np.maximum(horizon - waits.upper_hours, 0.0)
    gained = before * answered * weight
    later = gained.sum() - np.cumsum(gained)
    waiting = np.cumsum((later * ended / kept - gained) / risk)
    ending = waiting - later / (risk * kept)
    answering = ending + before * weight / risk
    variance = (
        waits.answered * answering**2 + waits.competing * ending**2 + waits.censored * waiting**2
    ).sum()
    return float(horizon - gained.sum()), float(np.sqrt(variance))


def _first(hours: Floats, holds: NDArray[np.bool_]) -> float:
    found = np.flatnonzero(holds)
    return float(hours[found[0]]) if found.size else float("inf")
