"""Intervals of cases on a company: held to the truth where labels and match are right, and off where they err."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from listener.cli.evaluate_command import command, read_world
from listener.domain.errors import UsageError
from listener.domain.mention import Mention, Reach
from listener.evaluation import company_outcomes
from listener.evaluation.company_cases import (
    NEEDS,
    NO_CASE,
    Asks,
    Bools,
    Cases,
    Contacts,
    Labels,
    Outcomes,
    cases_of,
    found_in,
)
from listener.evaluation.company_reports import (
    BY_MARK,
    BY_REACH,
    BY_SEGMENT,
    CAME_BACK,
    IN_TIME,
    LONGER,
    MEAN,
    MORE,
    OUTCOME,
    VANISHED,
    WENT_PUBLIC,
    WITHIN,
    Tally,
    company_reports,
    intervals,
    truth_of,
)
from listener.evaluation.company_seen import Seen, seen
from listener.evaluation.company_waits import HORIZON_HOURS, came_back, longer_in_private
from listener.evaluation.drawn_people import Draws, MatchErrors, Owners, Records
from listener.simulator.files import write_simulation
from listener.simulator.settings import SimulationSettings
from listener.statistics.interval import Floats, Interval, Ints
from stream.enrichment.pipeline import Enricher

TRUE, NOT_MADE_UP, MADE_UP, FOUND = (
    "true labels and match",
    "found labels, no case made up",
    "found labels",
    "found labels and match",
)
FIGURES = (
    *(WITHIN, MEAN, CAME_BACK, MORE, WENT_PUBLIC, LONGER, IN_TIME, VANISHED, OUTCOME),
    *(BY_SEGMENT, BY_REACH, BY_MARK),
)
ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)
NEVER = np.inf


def labels(cause: Ints, reach: Ints, mark: Ints) -> Labels:
    """Of complaints that are not severe."""
    need = np.full(len(cause), NEEDS.index("complaint"))
    return Labels(cause, need, np.zeros(len(cause), dtype=np.bool_), reach, mark)


def asks(those: Bools, vanished: Floats) -> Asks:
    """All in the queue of complaints."""
    return Asks(those, np.ones(len(those), dtype=np.int64), vanished)


def some_cases() -> Cases:
    """Ann asks by email, is answered after 10 h, buys again, and comes back from another account, which is loud.
    Bob is answered a week late, leaves, and goes public from another account; his praise in a forum is taken for a
    case. Cid asks in public, is answered at once, and is nobody's customer.
    """
    owners = Owners(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0]), np.array([2, 2, 1]))
    cause = np.array([0, 0, 0, NO_CASE, 0])
    reach, mark = np.array([1, 4, 1, 0, 1]), np.array([1, 2, 1, 0, 1])
    asked = np.array([0.0, 90.0, 50.0, 20.0, 40.0])
    vanished = np.array([NEVER, NEVER, 60.0, 99.0, NEVER])
    return Cases(
        labels=("delay", "unknown"),
        channels=("email", "forum"),
        owners=owners,
        true=labels(cause, reach, mark),
        found=labels(np.array([0, 1, NO_CASE, 0, 0]), reach, mark),
        channel=np.array([0, 0, 0, 1, 1]),
        public=np.array([False, False, False, True, True]),
        asked=asked,
        answered=np.array([10.0, 110.0, 218.0, np.inf, 41.0]),
        answered_by=np.array([0, 0, 0, -1, 1]),
        went_public_from=np.array([-1, -1, 1, -1, -1]),
        until=268.0,
        segments=("none", "plus"),
        segment=np.array([1, 0, 0]),
        customer=np.array([True, True, False]),
        outcomes=Outcomes(
            Records(np.array([0, 1, 0]), 3),
            np.array([1, 2, 0]),
            np.array([20.0, 70.0, 0.0]),
            np.array([32.0, 1.0, 5.0]),
        ),
        contacts=Contacts(
            Records(owners.person, 3),
            owners.account,
            np.array([0, 0, 0, 1, 1]),
            asked,
            asks(cause != NO_CASE, vanished),
            asks(np.ones(5, dtype=np.bool_), vanished),
        ),
    )


def everybody(cases: Cases, errors: MatchErrors | None = None, *, found: bool = False) -> Seen:
    """What is known of all of them after 100 hours."""
    what = (cases.found, cases.contacts.found) if found else (cases.true, cases.contacts.true)
    return seen(cases, Draws(cases.owners).everybody(), *what, errors, np.random.default_rng(1), until=100.0)


def test_the_truth_is_that_of_everybody_and_knows_how_waits_ended_later() -> None:
    truth = truth_of(some_cases(), 100.0)
    assert truth[WITHIN] == {"email": pytest.approx(2 / 3), "forum": 1.0}
    assert truth[MEAN] == {"email": pytest.approx((10 + 20 + 168) / 3), "forum": pytest.approx(1)}
    assert truth[CAME_BACK] == {"email": 1.0, "forum": 0.0}
    assert truth[MORE] == {}
    assert truth[WENT_PUBLIC] == {"delay": 0.5}
    assert truth[LONGER] == {"all": pytest.approx(66 - 1)}
    assert truth[IN_TIME] == {"email": pytest.approx(1 / 2), "forum": 1.0}
    assert truth[VANISHED] == {"email, complaints": 0.5}
    assert truth[BY_SEGMENT] == {"none": pytest.approx(-1), "plus": pytest.approx(1)}
    assert truth[BY_REACH] == {"below 100": pytest.approx(-1), "10000 and more": pytest.approx(1)}
    assert truth[BY_MARK] == {"no": pytest.approx(-1), "yes": pytest.approx(1)}


def test_outcomes_are_those_of_customers_after_their_first_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(company_outcomes, "LEAST_PEOPLE", 0)
    assert truth_of(some_cases(), 100.0)[OUTCOME] == {}, "nobody is of the same segment"
    cases = replace(some_cases(), segment=np.array([1, 1, 1]))
    assert truth_of(cases, 100.0)[OUTCOME] == {"repeat_purchase": 1.0, "churn": -1.0}
    for not_yet_or_before in (0.0, 120.0):
        bought = replace(cases.outcomes, at=np.array([not_yet_or_before, 70.0, 0.0]))
        told = truth_of(replace(cases, outcomes=bought), 100.0)[OUTCOME]
        assert told == {"repeat_purchase": 0.0, "churn": -1.0}
    monkeypatch.setattr(company_outcomes, "AFTER_HOURS", 19.0)
    assert truth_of(cases, 100.0)[OUTCOME] == {"repeat_purchase": 0.0, "churn": 0.0}


@pytest.mark.parametrize("severe", [False, True])
def test_like_is_compared_with_like_only(severe: bool) -> None:
    """Bob wants something else than Ann, or is in danger, as Cid is."""
    cases = some_cases()
    other = (
        replace(cases.true, severe=np.array([False, False, True, False, True]))
        if severe
        else replace(cases.true, need=np.array([0, 0, 1, 0, 0]))
    )
    others = replace(cases, true=other)
    truth = truth_of(others, 100.0)
    assert truth[BY_SEGMENT] == truth[BY_REACH] == truth[BY_MARK] == {}
    assert truth[LONGER] == {"all": pytest.approx(168 - 1 if severe else 66 - 1)}
    known = longer_in_private(everybody(others), 0).estimate
    assert known == pytest.approx(168 - 1 if severe else 10 + 158 * 2 / 3 - 1)


def test_who_comes_back_in_public_is_told_apart_by_who_had_answered() -> None:
    """Ann comes back in the forum after an email; Bob, by email after an answer in the forum."""
    cases = some_cases()
    channel = np.array([0, 1, 0, 1, 1])
    told = replace(
        cases,
        true=replace(cases.true, cause=np.zeros(5, dtype=np.int64)),
        channel=channel,
        public=channel == 1,
        answered=np.array([10.0, 110.0, 218.0, 30.0, 41.0]),
        answered_by=channel,
    )
    assert truth_of(told, 100.0)[MORE] == {"all": -1.0}


def test_of_few_customers_nothing_is_told() -> None:
    cases = replace(some_cases(), segment=np.array([1, 1, 1]))
    assert truth_of(cases, 100.0)[OUTCOME] == {}


def test_what_is_known_ends_with_observation_and_with_the_accounts_that_are_tied() -> None:
    cases = some_cases()
    right = everybody(cases)
    assert right.answered.tolist() == [10.0, np.inf, np.inf, 41.0]
    assert right.went_public.tolist() == [False, False, True, False]
    assert right.next_of_party().tolist() == [1, -1, -1, -1]
    assert came_back(right, 0).estimate == 1
    apart = everybody(cases, MatchErrors(recall=0.0))
    assert len(set(apart.party.tolist())) == 4
    assert not apart.went_public.any()
    assert came_back(apart, 0).estimate == 0
    found = everybody(cases, found=True)
    assert sorted(found.asked.tolist()) == [0.0, 20.0, 40.0, 90.0]
    assert len(found.contacts.party) == 5
    assert len(right.contacts.party) == 4


def test_a_party_is_as_loud_as_the_loudest_account_that_is_tied_to_it() -> None:
    cases = some_cases()
    right, apart = everybody(cases), everybody(cases, MatchErrors(recall=0.0))
    assert right.reach.tolist() == [4, 4, 1, 1]
    assert right.mark.tolist() == [2, 2, 1, 1]
    assert right.segment.tolist() == [1, 1, 0, 0]
    of_first = apart.asked == 0
    assert (apart.reach[of_first], apart.mark[of_first], apart.segment[of_first]) == (1, 1, 1)
    of_second = apart.asked == 90
    assert (apart.reach[of_second], apart.mark[of_second], apart.segment[of_second]) == (4, 2, 0)


def many_cases() -> Cases:
    """Of 600 people with an account for each case, who are answered sooner in public; half are fond of that, half
    are louder, and who is answered buys again. A third of what is found there is praise that nobody answers.
    """
    chance = np.random.default_rng(1)
    people = 600
    sizes = chance.integers(1, 5, people)
    person = np.repeat(np.arange(people), sizes)
    account = np.concatenate([np.arange(size) for size in sizes])
    fond = (chance.random(people) < 0.5)[person]
    public = chance.random(len(person)) < np.where(fond, 0.8, 0.3)
    praise = public & (chance.random(len(person)) < 0.33)
    patience = chance.lognormal(0, 0.5, people)[person]
    cause = chance.integers(0, 2, len(person))
    asked = chance.uniform(0, 1000, len(person))
    wait = np.where(public, 5, 40) * patience * chance.lognormal(0, 0.7, len(person))
    answered = np.where(praise | (chance.random(len(person)) < 0.3), np.inf, asked + wait)
    loud = ~public & (account + 1 < sizes[person]) & (chance.random(len(person)) < 0.5)
    channel = public.astype(np.int64)
    reach = np.where(chance.random(people) < 0.5, 1, 2)[person]
    vanished = np.where(answered - asked > 72, asked + 72, np.inf)
    helped = np.zeros(people)
    np.maximum.at(helped, person, np.isfinite(answered))
    buys = np.flatnonzero(chance.random(people) < np.where(helped, 0.6, 0.3))
    scores = np.flatnonzero(chance.random(people) < 0.7)
    leaves = np.flatnonzero(chance.random(people) < 0.4)
    kinds = (scores, buys, leaves)
    owners = Owners(person, account, sizes)
    return Cases(
        ("bags", "delay"),
        ("email", "social"),
        owners,
        labels(np.where(praise, NO_CASE, cause), reach, 3 - reach),
        labels(cause, reach, 3 - reach),
        channel,
        public,
        asked,
        answered,
        np.where(np.isfinite(answered), channel, -1),
        np.where(loud, account + 1, -1),
        1000.0,
        ("none", "plus"),
        (np.arange(people) % 3 == 0).astype(np.int64),
        np.ones(people, dtype=np.bool_),
        Outcomes(
            Records(np.concatenate(kinds), people),
            np.repeat(np.arange(3), [len(those) for those in kinds]),
            np.full(sum(len(those) for those in kinds), 800.0),
            np.concatenate([chance.integers(1, 6, len(those)) for those in kinds]).astype(np.float64),
        ),
        Contacts(
            Records(person, people),
            account,
            channel,
            asked,
            asks(~praise, vanished),
            asks(np.ones(len(person), dtype=np.bool_), vanished),
        ),
    )


Covered = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def covered() -> Covered:
    figures = company_reports(many_cases(), 40, people=300, errors=MatchErrors(0.3, 0.97))
    assert figures["intervals"][WITHIN][TRUE] == 80
    assert figures["intervals"][OUTCOME][TRUE] == 120
    return {figure: dict(of) for figure, of in figures["covered"].items()}


@pytest.mark.parametrize("figure", FIGURES)
def test_true_labels_and_match_are_covered(covered: Covered, figure: str) -> None:
    assert covered[figure][TRUE] >= 0.88


def test_intervals_half_as_wide_cover_less() -> None:
    cases, generator = many_cases(), np.random.default_rng(2)
    draws, until = Draws(cases.owners), cases.until - HORIZON_HOURS
    truth = truth_of(cases, until)
    tally = Tally(truth)
    for chance in range(60):
        drawn = draws.draw(300, generator)
        sample = seen(cases, drawn, cases.true, cases.contacts.true, None, generator, until=until)
        found = intervals(cases, sample, truth, chance)
        tally.count("as they are", found)
        half = {figure: {name: halved(one) for name, one in of.items()} for figure, of in found.items()}
        tally.count("half", half)
    covered = tally.figures(["as they are", "half"])["covered"]
    assert covered.keys() == set(FIGURES)
    assert {figure: of for figure, of in covered.items() if of["half"] > of["as they are"] - 0.1} == {}


def halved(one: Interval) -> Interval:
    """As far from the estimate on either side as half of it was."""
    return replace(one, low=(one.low + one.estimate) / 2, high=(one.high + one.estimate) / 2)


def test_praise_taken_for_a_case_takes_the_truth_out_of_the_intervals_of_waits(covered: Covered) -> None:
    assert covered[WITHIN][MADE_UP] <= 0.6
    assert covered[MEAN][MADE_UP] <= 0.6
    assert covered[LONGER][MADE_UP] <= 0.1
    assert covered[VANISHED][MADE_UP] <= 0.6
    assert covered[VANISHED][NOT_MADE_UP] >= 0.88


def test_accounts_that_fall_apart_take_it_out_of_those_of_returns_and_escalations(covered: Covered) -> None:
    assert covered[CAME_BACK][FOUND] <= 0.1
    assert covered[WENT_PUBLIC][FOUND] <= 0.1


def test_an_interval_that_tells_nothing_is_not_counted() -> None:
    tally = Tally({"share": {"all": 0.5}})
    for estimate in (0.5, np.nan, 0.1):
        tally.count("truly", {"share": {"all": Interval(estimate, estimate - 0.1, estimate + 0.1, "")}})
    told = tally.figures(["truly"])
    assert told["intervals"] == {"share": {"truly": 2}}
    assert told["covered"] == {"share": {"truly": 0.5}}
    assert told["least_covered"] == {"share": {"truly": {"all": 0.5}}}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    write_simulation(SimulationSettings(customers=250, days=30, seed=5, ends_at=ENDS_AT), directory)
    return directory


def test_the_cases_of_a_simulated_company_are_its_matters_and_what_is_taken_for_one(world: Path) -> None:
    company = read_world(world)
    cases = cases_of(company, found_in(company, Enricher()))
    true = cases.true.cause != NO_CASE
    assert true.sum() == len(company.matters)
    assert np.isfinite(cases.answered).sum() == sum(
        one.first_answer_at is not None for one in company.matters
    )
    assert (cases.went_public_from >= 0).sum() == sum(
        one.went_public_at is not None for one in company.matters
    )
    assert (cases.found.cause[~true] != NO_CASE).all()
    assert (cases.asked[true] <= cases.answered[true]).all()
    assert cases.asked.min() == 0
    assert 0 < cases.until - cases.asked.max() < 24
    assert cases.true.severe.sum() == sum(bool(one.severity) for one in company.matters)
    told = {one.party for one in company.mentions.values() if one.channel == "social" and one.matter_id}
    parties = {one.party for one in company.matters}
    assert (np.bincount(accounts_of(cases), weights=cases.true.reach > 0) > 0).sum() >= len(told & parties)
    known = {one.customer_id for one in company.matters}
    assert len(cases.outcomes.at) >= sum(one.customer_id in known for one in company.outcomes) > 0
    assert cases.contacts.true.asks.sum() == sum(
        one.role in ("contact", "reply") for one in company.mentions.values()
    )


def test_an_account_is_as_loud_as_was_told_with_what_is_no_talk(world: Path) -> None:
    """One account has exactly so many followers that the next band begins; of another only talk told."""
    company = read_world(world)
    asking = {one.author for one in company.mentions.values() if one.matter_id and one.channel == "social"}
    at_bound, talking, *_ = sorted(asking)
    recorded = [
        one.model_copy(update={"reach": Reach(followers=1000, verified=True)})
        if isinstance(one, Mention) and one.author == at_bound
        else one
        for one in company.recorded
    ]
    needs = {
        name: one.model_copy(update={"need": "mention"}) if one.author == talking else one
        for name, one in company.mentions.items()
    }
    as_told = cases_of(company, found := found_in(company, Enricher())).true
    cases = cases_of(replace(company, recorded=recorded, mentions=needs), found).true
    changed = np.flatnonzero((cases.reach != as_told.reach) | (cases.mark != as_told.mark))
    assert sorted(zip(cases.reach[changed], cases.mark[changed], strict=True)) == [(0, 0), (3, 2)]


def accounts_of(cases: Cases) -> Ints:
    """Whose each account is."""
    return np.repeat(np.arange(cases.owners.people), cases.owners.accounts)


def test_the_command_tells_of_root_causes_and_of_cases(world: Path) -> None:
    told = CliRunner().invoke(command, ["coverage", "--seeds", "1", "--data", str(world), "--recall", "0.5"])
    assert told.exit_code == 0, told.output
    for part in ('"root_causes"', '"cases"', '"recall": 0.5', f'"{LONGER}"', '"found labels and match"'):
        assert part in told.output


@pytest.mark.parametrize("option", ["--models", "--recall", "--precision"])
def test_what_only_a_company_has_is_refused_without_one(option: str, tmp_path: Path) -> None:
    given = str(tmp_path) if option == "--models" else "0.85"
    told = CliRunner().invoke(command, ["coverage", "--seeds", "1", option, given])
    assert isinstance(told.exception, UsageError)
    assert str(told.exception) == f"{option} needs --data"
