"""Intervals of cases on a company: held to the truth where labels and match are right, and off where they err."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from listener.cli.evaluate_command import command, read_world
from listener.domain.errors import UsageError
from listener.evaluation.company_cases import NO_CASE, Cases, cases_of, found_in
from listener.evaluation.company_waits import (
    CAME_BACK,
    FAIR,
    IN_TIME,
    LONGER,
    MEAN,
    WENT_PUBLIC,
    WITHIN,
    came_back,
    company_waits,
    seen,
    truth_of,
)
from listener.evaluation.drawn_people import Draws, MatchErrors, Owners
from listener.simulator.files import write_simulation
from listener.simulator.settings import SimulationSettings
from stream.enrichment.pipeline import Enricher

TRUE, MADE_UP, FOUND = "true labels and match", "found labels", "found labels and match"
ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)


def some_cases() -> Cases:
    """Ann asks by email, is answered after 10 h and comes back from another account; Bob is answered a week late,
    and goes public from another account. His praise in a forum is taken for a case. Cid asks in public."""
    return Cases(
        labels=("delay", "unknown"),
        channels=("email", "forum"),
        owners=Owners(np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 1, 0]), np.array([2, 2, 1])),
        true=np.array([0, 0, 0, NO_CASE, 0]),
        found=np.array([0, 1, NO_CASE, 0, 0]),
        channel=np.array([0, 0, 0, 1, 1]),
        public=np.array([False, False, False, True, True]),
        asked=np.array([0.0, 90.0, 50.0, 20.0, 40.0]),
        answered=np.array([10.0, 110.0, 218.0, np.inf, 41.0]),
        answered_by=np.array([0, 0, 0, -1, 1]),
        went_public_from=np.array([-1, -1, 1, -1, -1]),
        until=268.0,
        segments=("none", "plus"),
        segment=np.array([1, 1, 0, 0, 0]),
    )


def test_the_truth_is_that_of_everybody_and_knows_how_waits_ended_later() -> None:
    truth = truth_of(some_cases(), 100.0)
    assert truth[WITHIN] == {"email": pytest.approx(2 / 3), "forum": 1.0}
    assert truth[MEAN] == {"email": pytest.approx((10 + 20 + 168) / 3), "forum": pytest.approx(1)}
    assert truth[CAME_BACK] == {"email": 1.0, "forum": 0.0}
    assert truth[WENT_PUBLIC] == {"delay": 0.5}
    assert truth[LONGER] == {"all": pytest.approx(66 - 1)}
    assert truth[IN_TIME] == {"email": pytest.approx(1 / 2), "forum": 1.0}
    assert truth[FAIR] == {"none": pytest.approx(-1), "plus": pytest.approx(1)}


def test_what_is_known_ends_with_observation_and_with_the_accounts_that_are_tied() -> None:
    cases, chance = some_cases(), np.random.default_rng(1)
    everybody = Draws(cases.owners).everybody()
    right = seen(cases, everybody, cases.true, None, chance, until=100.0)
    assert right.answered.tolist() == [10.0, np.inf, np.inf, 41.0]
    assert right.went_public.tolist() == [False, False, True, False]
    assert came_back(right, 0).estimate == 1
    apart = seen(cases, everybody, cases.true, MatchErrors(recall=0.0), chance, until=100.0)
    assert len(set(apart.party.tolist())) == 4
    assert not apart.went_public.any()
    assert came_back(apart, 0).estimate == 0
    found = seen(cases, everybody, cases.found, None, chance, until=100.0)
    assert sorted(found.asked.tolist()) == [0.0, 20.0, 40.0, 90.0]


@pytest.fixture(scope="module")
def covered() -> dict[str, dict[str, float]]:
    """Of 500 people with an account for each case, who are answered sooner in public; a third of what is found
    there is praise that nobody answers."""
    chance = np.random.default_rng(1)
    sizes = chance.integers(1, 5, 500)
    person = np.repeat(np.arange(500), sizes)
    account = np.concatenate([np.arange(size) for size in sizes])
    public = chance.random(len(person)) < 0.5
    praise = public & (chance.random(len(person)) < 0.33)
    patience = chance.lognormal(0, 0.5, 500)[person]
    cause = chance.integers(0, 2, len(person))
    asked = chance.uniform(0, 1000, len(person))
    wait = np.where(public, 5, 40) * patience * chance.lognormal(0, 0.7, len(person))
    answered = np.where(praise | (chance.random(len(person)) < 0.1), np.inf, asked + wait)
    loud = ~public & (account + 1 < sizes[person]) & (chance.random(len(person)) < 0.5)
    cases = Cases(
        ("bags", "delay"),
        ("email", "social"),
        Owners(person, account, sizes),
        np.where(praise, NO_CASE, cause),
        cause,
        public.astype(np.int64),
        public,
        asked,
        answered,
        np.where(np.isfinite(answered), public.astype(np.int64), -1),
        np.where(loud, account + 1, -1),
        1000.0,
        ("none", "plus"),
        (np.arange(len(person)) % 3 == 0).astype(np.int64),
    )
    figures: dict[str, Any] = company_waits(cases, 40, people=250, errors=MatchErrors(0.3, 0.97))
    assert figures["intervals"][WITHIN] == 80
    return {figure: dict(of) for figure, of in figures["covered"].items()}


@pytest.mark.parametrize("figure", [WITHIN, MEAN, CAME_BACK, WENT_PUBLIC, LONGER, IN_TIME, FAIR])
def test_true_labels_and_match_are_covered(covered: dict[str, dict[str, float]], figure: str) -> None:
    assert covered[figure][TRUE] >= 0.85


def test_praise_taken_for_a_case_takes_the_truth_out_of_the_intervals_of_waits(
    covered: dict[str, dict[str, float]],
) -> None:
    assert covered[WITHIN][MADE_UP] <= 0.6
    assert covered[MEAN][MADE_UP] <= 0.6
    assert covered[LONGER][MADE_UP] <= 0.1


def test_accounts_that_fall_apart_take_it_out_of_those_of_returns_and_escalations(
    covered: dict[str, dict[str, float]],
) -> None:
    assert covered[CAME_BACK][FOUND] <= 0.1
    assert covered[WENT_PUBLIC][FOUND] <= 0.1


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    write_simulation(SimulationSettings(customers=250, days=30, seed=5, ends_at=ENDS_AT), directory)
    return directory


def test_the_cases_of_a_simulated_company_are_its_matters_and_what_is_taken_for_one(world: Path) -> None:
    company = read_world(world)
    cases = cases_of(company, found_in(company, Enricher()))
    true = cases.true != NO_CASE
    assert true.sum() == len(company.matters)
    assert np.isfinite(cases.answered).sum() == sum(
        one.first_answer_at is not None for one in company.matters
    )
    assert (cases.went_public_from >= 0).sum() == sum(
        one.went_public_at is not None for one in company.matters
    )
    assert (cases.found[~true] != NO_CASE).all()
    assert (cases.asked[true] <= cases.answered[true]).all()
    assert cases.asked.min() == 0
    assert 0 < cases.until - cases.asked.max() < 24


def test_the_command_tells_of_root_causes_and_of_waits(world: Path) -> None:
    told = CliRunner().invoke(command, ["coverage", "--seeds", "1", "--data", str(world), "--recall", "0.5"])
    assert told.exit_code == 0, told.output
    for part in ('"root_causes"', '"waits"', '"recall": 0.5', f'"{LONGER}"', '"found labels and match"'):
        assert part in told.output


@pytest.mark.parametrize("option", ["--models", "--recall", "--precision"])
def test_what_only_a_company_has_is_refused_without_one(option: str, tmp_path: Path) -> None:
    given = str(tmp_path) if option == "--models" else "0.85"
    told = CliRunner().invoke(command, ["coverage", "--seeds", "1", option, given])
    assert isinstance(told.exception, UsageError)
    assert str(told.exception) == f"{option} needs --data"
