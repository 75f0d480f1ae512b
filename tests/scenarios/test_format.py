"""What a person is told who writes a scenario wrongly, or whose scenario ends otherwise."""

from datetime import timedelta
from pathlib import Path

import pytest

from listener.domain.document import read_document
from listener.domain.errors import UsageError
from scenarios.format import Scenario, duration, in_words, scenario_files
from scenarios.laid import Laid
from scenarios.offline_run import straight
from scenarios.outcome import differences

GOOD = """\
title: Late
story: A parcel is late.
until: 30h
events:
  - say: {id: one, at: 0h, author: ann, channel: email, text: "My parcel never arrived."}
  - answer: {at: 2h, to: one, text: "It comes tomorrow."}
expect:
  cases:
    - {with: one, state: waiting_for_customer, failed: []}
"""


def laid(text: str) -> Laid:
    return Laid("late", read_document(Scenario, text, "late.yaml"))


def told(text: str) -> str:
    with pytest.raises(UsageError) as error:
        laid(text)
    return str(error.value)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("channel: email", "channel: pigeon", "late.yaml:5: events.0.say.channel: Input should be"),
        ("at: 2h", "at: soon", "late.yaml:6: events.1.answer.at: Value error, a time such as 2h30m or 1d12h"),
        ("to: one", "to: two", "late.yaml:6: events.1.answer.to: nobody said two"),
        ("at: 2h", "at: 31h", "late.yaml:6: events.1.answer.at: this is after the end of the scenario"),
        ("with: one", "with: two", "late.yaml:9: expect.cases.0.with: nobody said two"),
        ("failed: []", "fialed: []", "late.yaml:9: expect.cases.0.fialed: Extra inputs are not permitted"),
        ("  - answer:", "  - ask:", "late.yaml:6: events.1.ask: Extra inputs are not permitted"),
        ("story: A parcel is late.\n", "", "late.yaml:1: story: Field required"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_field(before: str, after: str, message: str) -> None:
    assert before in GOOD
    assert message in told(GOOD.replace(before, after, 1)).splitlines()[0]


def test_two_things_with_one_name_are_refused() -> None:
    line = next(line for line in GOOD.splitlines(keepends=True) if "say:" in line)
    assert "late.yaml:6: events.1.say.id: one stands twice" in told(GOOD.replace(line, line * 2))


def test_what_came_out_otherwise_is_told_in_the_words_of_the_scenario() -> None:
    other = GOOD.replace("at: 2h", "at: 25h").replace("waiting_for_customer", "resolved")
    wrong = laid(other)
    assert differences(wrong, straight(wrong)) == [
        "case with one: failed: expected [], found [one]",
        "case with one: state: expected resolved, found waiting_for_customer",
    ]


def test_a_case_that_nobody_expects_is_told() -> None:
    more = '  - say: {id: two, at: 3h, author: bob, channel: email, text: "My bill is wrong."}\nexpect:'
    found = laid(GOOD.replace("expect:", more))
    [line] = differences(found, straight(found))
    assert line == "a case that is not expected: ['two'], new, complaints"


@pytest.mark.parametrize("path", scenario_files(), ids=lambda path: path.stem)
def test_no_scenario_is_without_expectations(path: Path) -> None:
    expect = Laid.of_file(path).scenario.expect
    assert expect.cases or expect.in_no_case
    for case in expect.cases:
        assert len(case.model_fields_set) > 1, f"nothing is expected of the case with {case.one}"


@pytest.mark.parametrize("text", ["2h30m", "1h", "45m", "0h", "26h", "10s"])
def test_spans_are_read_as_they_are_told(text: str) -> None:
    assert in_words(duration(text)) == text


def test_days_are_told_in_hours() -> None:
    assert duration("1d2h") == timedelta(hours=26)
    assert in_words(timedelta(days=1, hours=2)) == "26h"
