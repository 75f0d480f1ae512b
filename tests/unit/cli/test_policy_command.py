"""`listener policy`: what is told of a policy, and what ships."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from listener.cli.policy_command import command
from listener.domain.errors import UsageError
from stream.enrichment.pipeline import Enricher
from stream.enrichment.taxonomy import default_taxonomy
from stream.triage.policy import SHIPPED, read_policy
from unit.stream.worlds import mention


def test_the_policies_that_ship_are_listed_and_printed_as_they_are() -> None:
    listed = CliRunner().invoke(command, ["show"])
    assert [line.split("\t")[0] for line in listed.output.splitlines()] == list(SHIPPED)
    assert {"default", "retail-bank", "airline", "software-company"} <= SHIPPED.keys()
    printed = CliRunner().invoke(command, ["show", "airline"])
    assert printed.output == SHIPPED["airline"].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_is_valid_and_its_regulators_are_off(name: str) -> None:
    policy = read_policy(SHIPPED[name])
    assert policy.name == name
    assert (
        policy.regulatory_clocks == ()
        or "not legal advice" in SHIPPED[name].read_text(encoding="utf-8").lower()
    )
    assert policy.clocks_in_force == ()
    for clock in policy.regulatory_clocks:
        assert clock.checked is not None or "Nobody has compared" in clock.note
    told = CliRunner().invoke(command, ["check", str(SHIPPED[name])])
    assert told.exit_code == 0
    assert f"{name}: valid, hash {policy.hash}" in told.stdout
    assert told.stderr == ""


def test_a_rule_in_force_that_nobody_compared_with_its_source_is_remarked_on(tmp_path: Path) -> None:
    text = SHIPPED["retail-bank"].read_text(encoding="utf-8")
    file = tmp_path / "p.yaml"
    file.write_text(text.replace("jurisdictions: []", "jurisdictions: [AU]"), encoding="utf-8")
    told = CliRunner().invoke(command, ["check", str(file)])
    assert "regulatory clock asic-rg-271: in force" in told.stdout
    assert "regulatory clock fca-disp-1: off" in told.stdout
    assert "regulatory_clocks.asic-rg-271: nobody has compared it with" in told.stderr
    assert "not legal advice" in told.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (
            "jurisdictions: []",
            "jurisdictions: [UK]",
            "jurisdictions.0: no regulatory clock is of the jurisdiction UK",
        ),
        (
            "    calendar: contact-centre\n",
            "    calendar: center\n",
            "queues.2.calendar: there is no calendar center",
        ),
        ("calendar: sydney", "calendar: perth", "regulatory_clocks.0.calendar: there is no calendar perth"),
        ("name: fca-disp-1", "name: asic-rg-271", "regulatory_clocks.2.name: this name stands twice"),
        ("  contact-centre:\n", "  always:\n", "calendars: Value error, always is there already"),
        (
            "due: {calendar_days: 30}",
            "due: {}",
            "regulatory_clocks.0.stages.1.due: Value error, say one of hours",
        ),
        ("{hours_before: 0.25}", "{}", "queues.0.warn_at: Value error, say either a fraction"),
        ("name: idr-response", "name: acknowledgement", "two stages are called acknowledgement"),
        ("    sources: [cfpb-portal]", "    #", "sources: name the source"),
        (
            "stop: final_response",
            "stop: final_response\n        automatic: true",
            "only an acknowledgement can",
        ),
        ("safety: [threatening", "safety: ['(threat)', threatening", "severity_words.safety.0: "),
    ],
)
def test_a_wrong_policy_is_told_with_its_line(tmp_path: Path, right: str, wrong: str, told: str) -> None:
    text = SHIPPED["retail-bank"].read_text(encoding="utf-8")
    assert right in text
    file = tmp_path / "p.yaml"
    file.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert isinstance(result.exception, UsageError)
    first = str(result.exception).splitlines()[0]
    assert told in first
    line = int(first.removeprefix(f"{file}:").split(":")[0])
    assert line > 1


def test_a_policys_words_for_severity_are_heard() -> None:
    words = read_policy(SHIPPED["retail-bank"]).severity_words
    said = mention("1", "My husband has a gambling problem, please block the card", 0)
    heard = Enricher(default_taxonomy().with_severity_words(words))
    for enricher, severity in ((Enricher(), ()), (heard, ("vulnerable",))):
        [found] = enricher.enrich([said])
        assert found.severity == severity
    assert heard.versions["severity"] != Enricher().versions["severity"]
