"""Whether groups wait differently long, with like compared with like."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from listener.statistics.answer_times import Waits


@dataclass(frozen=True)
class LogRank:
    """A test only says whether a difference is more than chance: show it beside `advantage`, which says how
    much.

    Attributes:
        statistic: chi-square.
        degrees: groups less one.
        p: how often chance alone gives as much; 1 where nothing can be compared.
        words: one sentence.
    """

    statistic: float
    degrees: int
    p: float
    words: str


def log_rank(strata: Sequence[Sequence[Waits]], *, design_effect: float = 1.0) -> LogRank:
    """The stratified log-rank test of the rate at which the waiting are answered.

    N. Mantel, Evaluation of survival data and two new rank order statistics arising in its consideration, Cancer
    Chemotherapy Reports 50 (1966) 163-170; stratified: observed less expected, and its covariance, added up over
    strata. What ends otherwise (closed, given up) counts as censored: it compares cause-specific hazards, see
    R. L. Prentice et al., The analysis of failure times in the presence of competing risks, Biometrics 34 (1978)
    541-554.

    Args:
        strata: for each stratum the same groups in the same order, on the same bins.
        design_effect: how many times the variance is that of independent contacts (see `clustered`): the
            statistic is divided by it (J. N. K. Rao, A. J. Scott, Annals of Statistics 12 (1984) 46-60).

    Raises:
        ValueError: strata with other numbers of groups, or bins that differ within a stratum.
    """
    sizes = {len(groups) for groups in strata}
    if len(sizes) != 1 or min(sizes) < 2:
        raise ValueError("every stratum has the same groups, two at least")
    degrees = sizes.pop() - 1
    difference, covariance = np.zeros(degrees), np.zeros((degrees, degrees))
    for groups in strata:
        if any(not np.array_equal(one.upper_hours, groups[0].upper_hours) for one in groups):
            raise ValueError("the groups of a stratum are counted in the same bins")
        risk = np.stack([one.at_risk for one in groups]).astype(np.float64)
        events = np.stack([one.answered for one in groups]).astype(np.float64)
        all_risk, all_events = risk.sum(axis=0), events.sum(axis=0)
        used = all_risk > 1
        risk, events, all_risk, all_events = risk[:, used], events[:, used], all_risk[used], all_events[used]
        part = risk / all_risk
        difference += (events - part * all_events).sum(axis=1)[:degrees]
        chance = all_events * (all_risk - all_events) / (all_risk - 1)
        spread = np.diag((part * chance).sum(axis=1)) - (part * chance) @ part.T
        covariance += spread[:degrees, :degrees]
    if not np.trace(covariance) > 0:
        return LogRank(0.0, degrees, 1.0, "nothing to compare: nobody was answered where both were waiting")
    statistic = float(difference @ np.linalg.pinv(covariance) @ difference) / design_effect
    p = float(chi2.sf(statistic, degrees))
    said = "more than chance" if p < 0.05 else "no more than chance may do"
    return LogRank(statistic, degrees, p, f"the waits differ by {said} (log-rank p = {p:.3g})")
