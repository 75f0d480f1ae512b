"""How long people wait for a first answer, the never answered included."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from listener.statistics.interval import LEVEL, Floats, Interval, Ints, interval, percentile_interval

SHARES_WITHIN_HOURS: Final = (1.0, 24.0, 168.0)
"""Main figures: the share answered within an hour, a day, a week."""


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


MOST_STOOD_FOR = 10.0
"""So many contacts may one stand for where it is asked how many are never answered. Of the longest waits few are
under observation: a single late answer would make half of the never answered answered."""


def never_answered(
    waits: Waits, least_hours: float, level: float = LEVEL, *, design_effect: float = 1.0
) -> Interval:
    """The share that no person answered as long as it was observed: what `answered_within` leaves, at the end.

    Closed without an answer, deleted and given up are in it, and those who wait still; whoever asked lately counts
    for as many as are never answered of those who were observed for longer. The end is the last time at which
    each contact that is still under observation stands for `MOST_STOOD_FOR` at most (the inverse of the share that
    could be observed for so long), but `least_hours` at least. Nothing is known of later answers. To take all who
    wait still as never answered would tell too many: those who asked yesterday are among them.

    Args:
        design_effect: how many times the variance is that of independent contacts; see `clustered`.
    """
    curve = incidence(waits)
    ended = np.concatenate([[0.0], (curve.answered + curve.competing)[:-1]])
    told = np.flatnonzero((1 - ended) * waits.total <= MOST_STOOD_FOR * waits.at_risk * (1 + 1e-9))
    upto = float(waits.upper_hours[told[-1]]) if told.size else 0.0
    found = answered_within(waits, max(upto, least_hours), level, design_effect=design_effect)
    if np.isnan(found.estimate):
        return Interval(found.estimate, 1 - found.high, 1 - found.low, found.words)
    words = "{estimate:.1%} never answered, between {low:.1%} and {high:.1%}"
    return interval(1 - found.estimate, 1 - found.high, 1 - found.low, words)


def restricted_mean(
    waits: Waits, horizon_hours: float, *, seed: int = 0, replicates: int = 400, design_effect: float = 1.0
) -> Interval:
    """Hours without an answer within a horizon, in the mean; whoever is never answered waits the whole of it.

    The area above the cumulative incidence up to the horizon: P. K. Andersen, Decomposition of number of life
    years lost according to causes of death, Statistics in Medicine 32 (2013) 5278-5285; P. Royston,
    M. K. B. Parmar, Restricted mean survival time, BMC Medical Research Methodology 13 (2013) 152. The interval
    is from resampling contacts, and wider by the root of the design effect (see `clustered`).
    """
    if not waits.total:
        return Interval(float("nan"), 0.0, horizon_hours, "no contact was waiting")
    means = _areas(waits, horizon_hours, np.random.default_rng(seed), replicates)
    means = means[0] + (means - means[0]) * np.sqrt(design_effect)
    words = (
        f"{{estimate:.1f}} h of {horizon_hours:g} h without an answer, between {{low:.1f}} and {{high:.1f}}"
    )
    return percentile_interval(float(means[0]), np.clip(means[1:], 0, horizon_hours), words)


def median_wait(waits: Waits, level: float = LEVEL, *, design_effect: float = 1.0) -> Interval:
    """The hours after which half of all were answered; infinite, "not reached", where half never were.

    The interval holds the times at which a half is not refuted: R. Brookmeyer, J. Crowley, A confidence interval
    for the median survival time, Biometrics 38 (1982) 29-41, on the log-log scale.
    """
    curve = incidence(waits)
    middle = _first(waits.upper_hours, curve.answered >= 0.5)
    z = float(norm.ppf(0.5 + level / 2))
    inside = (curve.answered > 0) & (curve.answered < 1)
    share = np.where(inside, curve.answered, 0.5)
    spread = z * np.sqrt(curve.variance * design_effect) / (share * np.log(share))
    bounds = np.sort(np.stack([share ** np.exp(-spread), share ** np.exp(spread)]), axis=0)
    lower = np.where(inside, bounds[0], curve.answered)
    upper = np.where(inside, bounds[1], curve.answered)
    low, high = _first(waits.upper_hours, upper >= 0.5), _first(waits.upper_hours, lower >= 0.5)
    if np.isinf(middle):
        answered = f"{curve.answered[-1]:.0%}" if waits.total else "nobody"
        return Interval(middle, low, high, f"not reached: {answered} were answered in the time observed")
    upto = "an unknown time" if np.isinf(high) else f"{high:.1f} h"
    return Interval(
        middle, low, high, f"half are answered after {middle:.1f} h, between {low:.1f} h and {upto}"
    )


@dataclass(frozen=True)
class Side:
    """Contacts of one side of a comparison; an entry for each stratum, in any order.

    Attributes:
        horizon_hours: of the means.
        strata: names.
        contacts: how many.
        hours: the restricted mean.
        variances: of one contact; where a stratum has fewer than `FEW`, of one of the whole side.
    """

    horizon_hours: float
    strata: tuple[str, ...]
    contacts: Floats
    hours: Floats
    variances: Floats


FEW = 30
"""Fewer contacts tell too little of their own spread, a single one nothing: they are taken to be spread as all of
their side, and at least as if, of two more, one had waited for the whole horizon and the other for nothing. With
their own, intervals of twelve strata with two contacts each held the truth in 7 of 10 simulations; four letters of
which none was answered would have no spread at all."""


def side_of(waits: Mapping[str, Waits], horizon_hours: float) -> Side:
    """The restricted means by stratum, with their spread, of whatever strata have a contact.

    Args:
        waits: by stratum, such as cause and severity, on the same bins.

    Raises:
        ValueError: the bins differ.
    """
    some = {name: of for name, of in waits.items() if of.total}
    if not some:
        return Side(horizon_hours, (), np.zeros(0), np.zeros(0), np.zeros(0))
    upper = next(iter(some.values())).upper_hours
    if any(not np.array_equal(of.upper_hours, upper) for of in some.values()):
        raise ValueError("the strata of a side are counted in the same bins")
    parts = (
        np.stack([of.answered for of in some.values()]),
        np.stack([of.competing for of in some.values()]),
        np.stack([of.censored for of in some.values()]),
    )
    answered, competing, censored = (np.vstack([part, part.sum(axis=0)]) for part in parts)
    hours, variances = _areas_with_variances(upper, answered, competing, censored, horizon_hours)
    contacts = np.array([of.total for of in some.values()], dtype=np.float64)
    # of so many, as a variance of n has n - 1 degrees of freedom
    own, whole = (
        variances[part] * total**2 / np.maximum(total - 1, 1)
        for part, total in ((slice(-1), contacts), (-1, contacts.sum()))
    )
    rare = 1 / (contacts.sum() + 2)
    whole = max(whole, horizon_hours**2 * rare * (1 - rare))
    return Side(horizon_hours, tuple(some), contacts, hours[:-1], np.where(contacts < FEW, whole, own))


def advantage(
    public: Side, private: Side, level: float = LEVEL, *, design_effects: tuple[float, float] = (1.0, 1.0)
) -> Interval:
    """Hours that somebody waits longer in private than in public, like compared with like.

    The difference of the restricted means within each stratum, weighted by how many contacts the stratum has in
    both together (direct standardisation: K. J. Rothman, S. Greenland, T. L. Lash, Modern Epidemiology (2008),
    chapter 15). Strata that only one side has say nothing and are left out. The interval is Student's, with as
    many degrees of freedom as the smaller side has contacts that are compared, less one.

    Args:
        design_effects: of public and private contacts; see `clustered`.

    Returns:
        NaN with the widest interval that is possible where no stratum, or but one contact of a side, is compared.

    Raises:
        ValueError: the horizons differ.
    """
    horizon = public.horizon_hours
    if private.horizon_hours != horizon:
        raise ValueError("the means of both sides have the same horizon")
    strata = sorted(set(public.strata) & set(private.strata))
    places = [[side.strata.index(name) for name in strata] for side in (public, private)]
    counts = [side.contacts[place] for side, place in zip((public, private), places, strict=True)]
    fewest = min(float(count.sum()) for count in counts)
    if fewest < 2:
        few = "no matter was" if not strata else "too little was"
        return Interval(float("nan"), -horizon, horizon, f"{few} raised both in public and in private")
    weights = (counts[0] + counts[1]) / (counts[0] + counts[1]).sum()
    variance = sum(
        effect * float((weights**2 * side.variances[place] / count).sum())
        for side, place, count, effect in zip((public, private), places, counts, design_effects, strict=True)
    )
    longer = float((weights * (private.hours[places[1]] - public.hours[places[0]])).sum())
    half = float(student.ppf(0.5 + level / 2, fewest - 1)) * sqrt(variance)
    words = (
        f"in private {{estimate:+.1f}} h longer without an answer within {horizon:g} h, "
        "between {low:+.1f} and {high:+.1f}"
    )
    return interval(longer, max(longer - half, -horizon), min(longer + half, horizon), words)


MANY = 1_000
"""With so many contacts the spread of the restricted mean is computed: resampling them takes seconds."""


def _areas(waits: Waits, horizon: float, generator: np.random.Generator, replicates: int) -> Floats:
    """The restricted mean of the contacts, then of `replicates` resamples; of `MANY`, as these would spread."""
    if waits.total >= MANY:
        area, spread = _area_with_spread(waits, horizon)
        return np.concatenate([[area], area + spread * generator.standard_normal(replicates)])
    # bins without contacts change nothing, and there are a thousand
    used = np.flatnonzero(waits.answered + waits.competing + waits.censored)
    cells = np.concatenate([waits.answered[used], waits.competing[used], waits.censored[used]])
    again, some = np.zeros((replicates, len(cells)), dtype=np.int64), cells > 0
    again[:, some] = generator.multinomial(waits.total, cells[some] / waits.total, replicates)
    answered, competing, censored = np.split(np.concatenate([cells[None], again]), 3, axis=1)
    gone = answered + competing + censored
    risk = waits.total - np.cumsum(gone, axis=1) + gone
    at_risk = np.maximum(risk, 1)
    kept = np.cumprod(1 - (answered + competing) / at_risk, axis=1)
    before = np.concatenate([np.ones((len(kept), 1)), kept[:, :-1]], axis=1)
    curve = np.cumsum(before * answered / at_risk, axis=1)
    edges = np.concatenate([[0.0], np.minimum(waits.upper_hours[used], horizon), [horizon]])
    steps = np.concatenate([np.zeros((len(curve), 1)), curve], axis=1)
    return np.asarray(horizon - steps @ np.diff(edges))


def _area_with_spread(waits: Waits, horizon: float) -> tuple[float, float]:
    """The restricted mean and its standard error."""
    parts = (waits.answered[None], waits.competing[None], waits.censored[None])
    areas, variances = _areas_with_variances(waits.upper_hours, *parts, horizon)
    return float(areas[0]), float(np.sqrt(variances[0]))


def _areas_with_variances(
    upper: Floats, answered: Ints, competing: Ints, censored: Ints, horizon: float
) -> tuple[Floats, Floats]:
    """Restricted means, and their variances by the infinitesimal jackknife; a row each, a column for each bin.

    L. A. Jaeckel, The infinitesimal jackknife, Bell Laboratories Memorandum MM 72-1215-11 (1972); the influence of
    a contact is the derivative of the area by the number of such contacts.
    """
    gone = answered + competing + censored
    # whatever becomes of those who wait at the horizon, they have waited so long
    within = int(np.searchsorted(upper, horizon))
    total = gone.sum(axis=1, keepdims=True)
    answered, competing, censored, gone = (part[:, :within] for part in (answered, competing, censored, gone))
    so_long = (total - gone.sum(axis=1, keepdims=True))[:, 0]
    risk = np.maximum(total - np.cumsum(gone, axis=1) + gone, 1).astype(np.float64)
    ended = (answered + competing) / risk
    kept = np.maximum(1 - ended, 1 / risk)
    before = np.cumprod(1 - ended, axis=1)
    before = np.concatenate([np.ones((len(before), 1)), before[:, :-1]], axis=1)[:, :within]
    weight = horizon - upper[:within]
    gained = before * answered / risk * weight
    later = gained.sum(axis=1, keepdims=True) - np.cumsum(gained, axis=1)
    waiting = np.cumsum((later * ended / kept - gained) / risk, axis=1)
    ending = waiting - later / (risk * kept)
    answering = ending + before * weight / risk
    variances = (answered * answering**2 + competing * ending**2 + censored * waiting**2).sum(axis=1)
    if within:
        variances += so_long * waiting[:, -1] ** 2
    return np.asarray(horizon - gained.sum(axis=1)), np.asarray(variances)


def _first(hours: Floats, holds: NDArray[np.bool_]) -> float:
    found = np.flatnonzero(holds)
    return float(hours[found[0]]) if found.size else float("inf")
