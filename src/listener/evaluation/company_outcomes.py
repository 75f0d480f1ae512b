"""Answered and unanswered customers of a simulated company compared, as the report `outcomes` does."""

from dataclasses import replace
from typing import Final

import numpy as np

from listener.evaluation.company_cases import OUTCOMES, Bools
from listener.evaluation.company_seen import Seen, joint
from listener.reports.outcomes import LEAST_PEOPLE
from listener.statistics.interval import Floats, Interval, Ints
from listener.statistics.matched import Sums, matched_difference

AFTER_HOURS: Final = 90 * 24.0


def outcome_difference(sample: Seen, kind: str) -> Interval:
    """A figure of customers whose first case a person answered less that of the others, within the same root
    cause, severity and segment; not known where fewer than `LEAST_PEOPLE` are alike."""
    customers, firsts = _first_cases(sample)
    told, value = _values(sample, kind, customers, sample.asked[firsts])
    those = firsts[told]
    alike = joint(sample.cause[those], sample.severe[those], sample.segment[those])
    answered = np.isfinite(sample.answered[those])
    found = matched_difference(*stratified(alike, answered, value))
    if found.people < LEAST_PEOPLE:
        return replace(found.difference, estimate=np.nan)
    return found.difference


def stratified(alike: Ints, first: Bools, value: Floats) -> tuple[Sums, Sums]:
    """Sums of two groups over strata: of those in the first, and of the others.

    Args:
        alike: number of the stratum; first: whether in the first group; value: the figure; one entry a person.
    """
    strata, stratum = np.unique(alike, return_inverse=True)
    return _sums(stratum[first], value[first], len(strata)), _sums(
        stratum[~first], value[~first], len(strata)
    )


def _sums(stratum: Ints, value: Floats, strata: int) -> Sums:
    total, squares = (np.bincount(stratum, weights=power, minlength=strata) for power in (value, value**2))
    return Sums(np.bincount(stratum, minlength=strata), total.astype(np.float64), squares.astype(np.float64))


def _first_cases(sample: Seen) -> tuple[Ints, Ints]:
    """The customers, and the place of the first case of each."""
    parties, firsts = np.unique(sample.party, return_index=True)
    known = np.isin(parties, sample.outcomes.customers, assume_unique=True)
    return parties[known], firsts[known]


def _values(sample: Seen, kind: str, customers: Ints, began: Floats) -> tuple[Bools, Floats]:
    """Of whom something is known, and of these the mean CSAT after the case, or 1 for whoever bought, or left."""
    outcomes = sample.outcomes
    whose = np.minimum(np.searchsorted(customers, outcomes.party), len(customers) - 1)
    waited = outcomes.at - began[whose]
    later = (customers[whose] == outcomes.party) & (waited > 0) & (waited <= AFTER_HOURS)
    those = later & (outcomes.kind == OUTCOMES.index(kind))
    times = np.bincount(whose[those], minlength=len(customers))
    if kind != "csat":
        return np.ones(len(customers), dtype=np.bool_), (times > 0).astype(np.float64)
    total = np.bincount(whose[those], weights=outcomes.value[those], minlength=len(customers))
    return times > 0, total[times > 0] / times[times > 0]
