"""Every scenario without Kafka: as it happened, and however its records arrived."""

from pathlib import Path

import pytest

from scenarios.format import scenario_files
from scenarios.laid import Laid
from scenarios.offline_run import misread, shuffled, straight
from scenarios.outcome import differences, told_of, unlike

SEEDS = (1, 2, 3)


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_a_scenario_ends_as_told_however_its_records_arrive(path: Path) -> None:
    laid = Laid.of_file(path)
    problems = misread(laid)
    assert not problems, told_of(laid, problems)
    outcome = straight(laid)
    assert outcome.own(laid) == outcome
    problems = differences(laid, outcome, in_order=True)
    for seed in SEEDS:
        again = shuffled(laid, seed)
        told = differences(laid, again)
        if not laid.scenario.shown_by_arrival:
            told += unlike(again, outcome)
        problems += [f"shuffled by {seed}: {problem}" for problem in told]
    if laid.scenario.differs:
        assert problems, f"{path.name} ends as told by now: take out `differs`"
    else:
        assert not problems, told_of(laid, problems)


def test_every_scenario_has_a_name_of_its_own() -> None:
    names = [path.stem for path in scenario_files()]
    assert sorted(set(names)) == sorted(names)
