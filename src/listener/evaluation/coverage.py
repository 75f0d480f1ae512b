"""How often the intervals hold what is true, on counts that are made up with known mistakes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from listener.evaluation.incident_simulation import WORLDS, SalesWorld, simulate_incident
from listener.evaluation.wait_simulation import (
    HORIZON_HOURS,
    advantage_truth,
    public_and_private,
    waits,
    waits_truth,
)
from listener.statistics.answer_times import advantage, answered_within, median_wait, restricted_mean
from listener.statistics.clustered import PartySums, clustered_difference, clustered_share
from listener.statistics.confusion import Confusion
from listener.statistics.interval import Interval, Ints
from listener.statistics.linkage import LinkageQuality
from listener.statistics.matched import Sums, matched_difference
from listener.statistics.proportion import share_difference, wilson
from listener.statistics.shares import CauseCounts, corrected_shares
from listener.statistics.trend import trend
from listener.statistics.workload import ChannelLoad, forecast_hours

CAUSES: Final = ("bags", "delay", "refund", "unknown")
_MAIN: Final = np.array([0.15, 0.35, 0.25, 0.25])
_STRAYS: Final = 0.15
_SAID: Final = np.array(
    [
        [0.70, 0.12, 0.05, 0.13],
        [0.06, 0.74, 0.08, 0.12],
        [0.04, 0.10, 0.72, 0.14],
        [0.05, 0.12, 0.09, 0.74],
    ]
)
"""About as right as a model is on real texts; row = true, column = said."""


@dataclass(frozen=True)
class Covered:
    """How often an interval held the truth.

    Attributes:
        what: which interval.
        simulations: how many there were.
        covered: share of them; with the low and high of its Wilson interval.
        width: mean width of the intervals.
        bias: mean of estimate less truth.
    """

    what: str
    simulations: int
    covered: Interval
    width: float
    bias: float


Simulation = Callable[[np.random.Generator], tuple[Interval, float]]


def cover(what: str, simulate: Simulation, simulations: int, first_seed: int = 0) -> Covered:
    """Runs one simulation many times."""
    found = [simulate(np.random.default_rng(first_seed + number)) for number in range(simulations)]
    hits = sum(interval.covers(truth) for interval, truth in found)
    return Covered(
        what,
        simulations,
        wilson(hits, simulations),
        float(np.mean([interval.high - interval.low for interval, _ in found])),
        float(np.mean([interval.estimate - truth for interval, truth in found])),
    )


@dataclass(frozen=True)
class People:
    """Who said what: people with contacts, causes and accounts, and what the model and the match make of it.

    One entry a contact, of persons 0..n-1; `party` is where the match puts the account.
    """

    person: Ints
    account: Ints
    cause: Ints
    said: Ints
    party: Ints


def people(persons: int, recall: float, precision: float, generator: np.random.Generator) -> People:
    """Makes people up: one to five contacts, mostly about one matter, a fifth of them with two accounts."""
    contacts = 1 + np.minimum(generator.poisson(0.7, persons), 4)
    person = np.repeat(np.arange(persons), contacts)
    main = generator.choice(len(CAUSES), persons, p=_MAIN)
    strays = generator.random(len(person)) < _STRAYS
    cause = np.where(strays, generator.choice(len(CAUSES), len(person), p=_MAIN), main[person])
    said = (generator.random(len(person))[:, None] > np.cumsum(_SAID, axis=1)[cause]).sum(axis=1)
    second = (generator.random(persons) < 0.2)[person] & (generator.random(len(person)) < 0.5)
    account = person * 2 + second
    home = np.arange(2 * persons) // 2
    accounts = np.arange(2 * persons)
    linked = generator.random(2 * persons) < recall
    party = np.where((accounts % 2 == 1) & ~linked, persons + accounts, home)
    wrong_links = (accounts % 2 == 1) & linked & (generator.random(2 * persons) > precision)
    party = np.where(wrong_links, generator.integers(0, persons, 2 * persons), party)
    return People(person, account, cause, np.minimum(said, len(CAUSES) - 1), party[account])


def true_share(cause: int, persons: int = 2_000_000) -> float:
    """The share of people with at least one contact of a cause, among very many."""
    generator = np.random.default_rng(1)
    world = people(persons, 1.0, 1.0, generator)
    return len(np.unique(world.person[world.cause == cause])) / persons


def cause_counts(world: People, cause: int) -> CauseCounts:
    """What ClickHouse counts of a cause."""
    _, where = np.unique(world.party, return_inverse=True)
    contacts = np.bincount(where)
    with_cause = np.bincount(where, weights=world.said == cause).astype(np.int64)
    cells, parties_of = np.unique(np.stack([contacts, with_cause], axis=1), axis=0, return_counts=True)
    histogram = np.concatenate([cells, parties_of[:, None]], axis=1)
    return CauseCounts(histogram, len(np.unique(world.account[world.said == cause])))


def share_with_errors(
    truth: float, generator: np.random.Generator, *, persons: int = 800, held_out: int = 1500
) -> tuple[Interval, float]:
    """The corrected share of one cause; model and match err, and both are known from samples only."""
    recall, precision = 0.85, 0.97
    world = people(persons, recall, precision, generator)
    labels = generator.multinomial(held_out, _MAIN)
    confusion = Confusion(
        CAUSES, np.stack([generator.multinomial(n, row) for n, row in zip(labels, _SAID, strict=True)])
    )
    real = 400
    made = generator.binomial(real, recall)
    right = generator.binomial(made, precision)
    shares = corrected_shares(
        {name: cause_counts(world, number) for number, name in enumerate(CAUSES)},
        confusion,
        accounts=len(np.unique(world.account)),
        linkage=LinkageQuality(int(right), int(made - right), int(real - right)),
        only=CAUSES[0],
        replicates=300,
    )
    return shares[CAUSES[0]], truth


def share_uncorrected(
    truth: float, generator: np.random.Generator, *, persons: int = 800
) -> tuple[Interval, float]:
    """The same share as it is counted, with its Wilson interval: what the correction is for."""
    world = people(persons, 0.85, 0.97, generator)
    counts = cause_counts(world, 0)
    return wilson(counts.with_cause, counts.parties), truth


def share_without_errors(generator: np.random.Generator) -> tuple[Interval, float]:
    """A Wilson interval where labels and match are right."""
    return wilson(int(generator.binomial(800, 0.27)), 800), 0.27


def difference_of_shares(generator: np.random.Generator) -> tuple[Interval, float]:
    """Newcombe's interval."""
    return share_difference(
        (int(generator.binomial(150, 0.3)), 150), (int(generator.binomial(400, 0.2)), 400)
    ), 0.1


def advantage_of_public(generator: np.random.Generator, truth: float) -> tuple[Interval, float]:
    """Hours longer in private within the same matter; what is soon answered is mostly asked in private."""
    public, private = public_and_private(generator)
    return advantage(public, private, HORIZON_HOURS, seed=int(generator.integers(1 << 30))), truth


def trend_of_a_cause(generator: np.random.Generator) -> tuple[Interval, float]:
    """A fifth more parties than before."""
    return trend(int(generator.poisson(60)), int(generator.poisson(50))), 1.2


_MINUTES: Final = 6.0
_WEEKS: Final = 12
_ARRIVALS: Final = {"email": 120.0, "social": 60.0, "phone": 20.0}
_BUSY: Final = 0.1
"""Relative spread of what makes a week busy for all channels alike: of 200 contacts, a dispersion of 3."""


def next_week(generator: np.random.Generator, *, weeks: int = _WEEKS) -> tuple[Interval, float]:
    """The hours that next week brings, from those before; what is to be covered is that week's work itself."""
    busy = generator.gamma(_BUSY**-2, _BUSY**2, weeks + 1)
    arrivals = {name: generator.poisson(mean * busy) for name, mean in _ARRIVALS.items()}
    found = forecast_hours({name: ChannelLoad(weekly[:-1], _MINUTES) for name, weekly in arrivals.items()})
    return found["all"], sum(int(weekly[-1]) for weekly in arrivals.values()) * _MINUTES / 60


def matched(generator: np.random.Generator) -> tuple[Interval, float]:
    """Fairness: answered in time by reach, where the well-known have other needs."""
    people_of = generator.multinomial(600, [0.2, 0.15, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1])
    reach = np.array([0.6, 0.5, 0.4, 0.3, 0.3, 0.2, 0.2, 0.1])
    base = np.array([0.2, 0.3, 0.4, 0.5, 0.5, 0.6, 0.7, 0.8])
    first = generator.binomial(people_of, reach)
    second = people_of - first
    found = matched_difference(
        Sums.of_shares(first, generator.binomial(first, base + 0.1)),
        Sums.of_shares(second, generator.binomial(second, base)),
    )
    return found.difference, 0.1


def clustered_cases(
    generator: np.random.Generator, parties: int = 150, *, together: bool = True
) -> tuple[Interval, float]:
    """The share of cases answered in time where a third of the parties has several, treated alike.

    Args:
        together: with the party as the unit; else as if cases were independent.
    """
    sums = _cases(generator, parties, 0.4)
    return (clustered_share(sums) if together else wilson(int(sums.k), int(sums.n))), 0.4


def clustered_groups(generator: np.random.Generator, *, together: bool = True) -> tuple[Interval, float]:
    """The difference of the same share between two groups of parties; `together` as in `clustered_cases`."""
    first, second = _cases(generator, 120, 0.5), _cases(generator, 200, 0.3)
    if together:
        return clustered_difference(first, second), 0.2
    return share_difference((int(first.k), int(first.n)), (int(second.k), int(second.n))), 0.2


def _cases(generator: np.random.Generator, parties: int, share: float) -> PartySums:
    n = 1 + np.where(generator.random(parties) < 0.35, generator.integers(1, 8, parties), 0)
    k = generator.binomial(n, generator.beta(3 * share, 3 * (1 - share), parties))
    return PartySums(parties, n.sum(), k.sum(), (n * n).sum(), (k * k).sum(), (n * k).sum())


def sales_after_incident(world: SalesWorld, generator: np.random.Generator) -> tuple[Interval, float]:
    """The change of sales from an incident on; what is not covered, where it has no effect, is told as one."""
    return simulate_incident(world, generator).level, world.effect


def evaluate_coverage(simulations: int, first_seed: int = 0) -> list[Covered]:
    """Every interval in turn."""
    within, mean, middle = waits_truth()
    longer = advantage_truth()
    truth = true_share(0)
    return [
        cover("share, true labels and match", share_without_errors, simulations, first_seed),
        cover(
            "share, predicted labels and match, mistakes taken in",
            lambda generator: share_with_errors(truth, generator),
            simulations,
            first_seed,
        ),
        cover(
            "share, predicted labels and match, as if right",
            lambda generator: share_uncorrected(truth, generator),
            simulations,
            first_seed,
        ),
        cover("difference of shares", difference_of_shares, simulations, first_seed),
        cover(
            "answered within 24 h",
            lambda generator: (answered_within(waits(generator), 24), within),
            simulations,
            first_seed,
        ),
        cover(
            "restricted mean, 168 h",
            lambda generator: (restricted_mean(waits(generator), HORIZON_HOURS), mean),
            simulations,
            first_seed,
        ),
        cover(
            "median wait", lambda generator: (median_wait(waits(generator)), middle), simulations, first_seed
        ),
        cover(
            "advantage of public, 168 h",
            lambda generator: advantage_of_public(generator, longer),
            simulations,
            first_seed,
        ),
        cover("trend", trend_of_a_cause, simulations, first_seed),
        cover("hours of work next week, from 12 weeks", next_week, simulations, first_seed),
        cover("matched difference", matched, simulations, first_seed),
        cover("share of cases, by party", clustered_cases, simulations, first_seed),
        cover(
            "the same share, cases as independent",
            lambda generator: clustered_cases(generator, together=False),
            simulations,
            first_seed,
        ),
        cover("difference of shares, by party", clustered_groups, simulations, first_seed),
        cover(
            "the same difference, cases as independent",
            lambda generator: clustered_groups(generator, together=False),
            simulations,
            first_seed,
        ),
        *(
            cover(
                f"sales after an incident, {name}",
                partial(sales_after_incident, world),
                simulations,
                first_seed,
            )
            for name, world in WORLDS.items()
        ),
    ]
