"""`listener evaluate incident`: how often the verdict on sales after an incident is right."""

import json

from click.testing import CliRunner

from listener.cli.evaluate_command import command
from listener.evaluation.incident_simulation import WITH_AND_WITHOUT, verdicts


def test_it_prints_how_often_a_drop_is_told_and_how_often_one_where_none_is() -> None:
    done = CliRunner().invoke(command, ["incident", "--seeds", "3"], catch_exceptions=False)
    found = json.loads(done.stdout)
    assert found.keys() == WITH_AND_WITHOUT.keys()
    name = "15% less, 60 before, 14 after"
    assert found[name] == verdicts(WITH_AND_WITHOUT[name], 3)
