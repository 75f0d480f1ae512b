"""Found beside true on a small simulated company, and on one whose truth is bent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listener.cli.evaluate_command import read_world
from listener.evaluation.triage import World, evaluate_triage
from listener.simulator.files import write_simulation
from listener.simulator.settings import SimulationSettings
from stream.triage.policy import Policy, read_policy

ENDS_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Policy]:
    directory = tmp_path_factory.mktemp("world")
    write_simulation(SimulationSettings(customers=250, days=30, seed=5, ends_at=ENDS_AT), directory)
    return read_world(directory), read_policy(directory / "policy.yaml")


def test_with_the_truth_about_words_and_people_nearly_everything_is_found(
    company: tuple[World, Policy],
) -> None:
    figures = evaluate_triage(*company)
    stream, both = figures["as_in_the_stream"], figures["with_both_true"]
    assert both["failed_contacts"]["true"] == sum(truth.failed for truth in company[0].mentions.values()) > 30
    assert both["failed_contacts"]["precision"] >= 0.85
    assert both["failed_contacts"]["recall"] >= 0.85
    assert both["grouping"]["recall"] >= 0.95
    assert both["grouping"]["recall"] > stream["grouping"]["recall"]
    assert both["failures_of_party"]["share"] > stream["failures_of_party"]["share"]


def test_what_is_true_decides_the_figures(company: tuple[World, Policy]) -> None:
    world, policy = company
    never = {name: truth.model_copy(update={"failed": False}) for name, truth in world.mentions.items()}
    bent = replace(world, mentions=never)
    found = evaluate_triage(bent, policy)["as_in_the_stream"]["failed_contacts"]
    assert (found["true"], found["precision"], found["recall"]) == (0, 0.0, None)
