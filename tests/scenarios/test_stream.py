"""Every scenario through the real stream, whose workers are killed in between: it ends as it does offline."""

from pathlib import Path

import pytest

from scenarios.format import scenario_files
from scenarios.laid import Laid
from scenarios.offline_run import policy_file, straight
from scenarios.outcome import Outcome, differences, told_of, unlike
from scenarios.stream_run import play

KILLS = {"default": 3}
FEW_KILLS = 2
SEED = 20260320
POLICIES = sorted({Laid.of_file(path).scenario.policy for path in scenario_files()})

pytestmark = pytest.mark.kafka


@pytest.mark.timeout(600)
@pytest.mark.parametrize("policy", POLICIES)
def test_scenarios_end_in_the_stream_as_they_do_offline(
    policy: str, tmp_path: Path, kafka_installed: None
) -> None:
    laid = [one for path in scenario_files() if (one := Laid.of_file(path)).scenario.policy == policy]
    offline = {one.name: straight(one) for one in laid}

    def problems_of(one: Laid, outcome: Outcome) -> list[str]:
        if one.scenario.differs:
            return []
        told = differences(one, outcome)
        return told if one.scenario.shown_by_arrival else [*told, *unlike(outcome, offline[one.name])]

    ended = dict.fromkeys(offline, "did not end")
    for one, problems in play(
        laid,
        policy_file(policy),
        tmp_path,
        seed=SEED,
        kills=KILLS.get(policy, FEW_KILLS),
        problems_of=problems_of,
    ):
        ended[one.name] = told_of(one, problems) if problems else ""
    assert not any(ended.values()), "\n".join(filter(None, ended.values()))
