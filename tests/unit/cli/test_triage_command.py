"""`listener triage`: what it reads, what it tells, what comes out."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listener.cli import triage_command
from listener.domain.case import Case
from listener.domain.command import RematchAuthor
from listener.domain.contract import Versioned
from listener.domain.customer import Customer
from listener.domain.errors import ListenerError, UsageError
from stream.triage.policy import DEFAULT
from unit.stream.worlds import at, command, deletion, link, mention, outbound, response

COMPLAINT = "My flight was delayed five hours and nobody helped. Worst airline ever!"


def lines(*values: Versioned) -> str:
    return "".join(value.to_json().decode() + "\n" for value in values)


def run(given: str, *arguments: str) -> Result:
    return CliRunner().invoke(triage_command.command, [*arguments], input=given)


def cases(result: Result) -> list[Case]:
    return [Case.read_at_edge(line) for line in result.stdout.splitlines()]


def test_recorded_lines_become_cases_in_any_order() -> None:
    values = [
        Customer(customer_id="1", names=("Ann One",), emails=("one@example.org",)),
        mention("1", COMPLAINT, 0, email="one@example.org", thread="x:t"),
        mention("2", COMPLAINT, 30, "y:b", thread="x:t"),
        link("y:b", ("1", "confirmed", 31)),
        outbound("o", "Sorry about that.", 40, "1", "x:a"),
        response("r", "2", "y:b", 41, kind="resolved"),
        mention("3", COMPLAINT, 42, "z:c"),
        deletion("3", "z:c", 43),
        command("c", "close", "z:c", ["3"], 44),
    ]
    result = run(lines(*reversed(values)), "--until", "2026-12-01T00:00:00Z")
    assert result.exit_code == 0
    first, second = cases(result)
    assert (first.party, first.state, first.contact_count, first.response_count) == ("c:1", "resolved", 2, 2)
    assert first.customer is not None
    assert first.customer.name == "Ann One"
    assert (second.party, second.state, second.contacts[0].excerpt) == ("a:z:c", "resolved", "")


def test_records_may_name_their_topic(tmp_path: Path) -> None:
    said = tmp_path / "said.jsonl"
    again = RematchAuthor(kind="rematch", author="x:a", by="K", at=at(1))
    wrapped = [
        {"topic": "mentions.raw", "value": json.loads(mention("1", COMPLAINT, 0).to_json())},
        {"topic": "case.commands", "value": json.loads(again.to_json())},
    ]
    said.write_text("\n\n".join(map(json.dumps, wrapped)) + "\n\n")
    assert [case.anchor for case in cases(run("", str(said)))] == ["x:1"]


def test_what_happened_later_is_left_out() -> None:
    given = lines(mention("1", COMPLAINT, 0), response("r", "1", "x:a", 5), mention("2", COMPLAINT, 6, "x:b"))
    [case] = cases(run(given, "--until", at(4).isoformat()))
    assert (case.anchor, case.state, case.clocks[0].state) == ("x:1", "new", "running")
    [case] = cases(run(given, "--until", at(5).isoformat()))
    assert case.state == "waiting_for_customer"


def test_another_policy_decides_otherwise(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text(
        "name: small\nqueues: [{name: all, response_target_hours: 2}]\n"
        "priority: {needs: {complaint: 7, request: 1, question: 1, unsure: 1, praise: 1}}\n"
    )
    given = lines(mention("1", COMPLAINT, 0))
    [case] = cases(run(given, "--policy", str(policy), "--until", at(1).isoformat()))
    assert (case.queue, case.priority, case.due_at) == ("all", 7, at(2))


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "not-json"),
        ("[]", "a JSON object is expected"),
        ('{"mention_id": "x:1"}', "source: Field required"),
        ('{"topic": "triage", "value": {}}', "topic: one of responses"),
        ('{"topic": "responses", "value": 1}', "value: a JSON object is expected"),
        (response("r", "1", "x:a", 0).to_json().decode()[:-1] + ', "more": 1}', "more: Extra inputs"),
        (command("c", "assign", "x:a", ["1"], 0).to_json().decode(), "owner: assign says to whom"),
    ],
)
def test_a_wrong_line_is_told_and_the_others_count(line: str, told: str) -> None:
    result = run(line + "\n" + lines(mention("1", COMPLAINT, 0)))
    assert len(cases(result)) == 1
    assert "standard input:1: " in result.stderr
    assert told in result.stderr
    assert isinstance(result.exception, ListenerError)
    assert str(result.exception) == "1 line could not be used"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--until", "yesterday"], "is not a time"),
        (["--until", "2026-11-01T00:00:00"], "needs its zone"),
        (["--policy", "nowhere.yaml"], "cannot be read"),
        (["--taxonomy", "nowhere.yaml"], "cannot be read"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], told: str) -> None:
    result = run("", *arguments)
    assert isinstance(result.exception, UsageError)
    assert told in str(result.exception)


@pytest.mark.parametrize("until", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_time_that_no_calendar_holds_in_utc_is_wrong_use(until: str) -> None:
    result = run("", "--until", until)
    assert isinstance(result.exception, UsageError)
    assert "out of range" in str(result.exception)


def test_another_policy_is_compared_on_the_same_records(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(DEFAULT.read_text().replace("response_target_hours: 24", "response_target_hours: 240"))
    given = lines(mention("1", COMPLAINT, 0), mention("2", COMPLAINT, 1, "x:b"))
    result = run(given, "--compare", str(other), "--until", "2026-11-05T00:00:00Z", "--format", "json")
    assert result.exit_code == 0
    moved = [row for row in json.loads(result.stdout) if row["what"] == "moved"]
    assert [(row["name"], row["cases_b"]) for row in moved if row["name"].startswith("level")] == [
        ("level manager → front_line", 2)
    ]


def test_a_format_without_a_comparison_is_refused() -> None:
    assert isinstance(run("", "--format", "csv").exception, UsageError)


def test_what_no_option_names_is_as_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("listener.yaml").write_text("policy: mine.yaml\nmatching: {references: ['ord-\\d{5}']}\n")
    Path("mine.yaml").write_text(DEFAULT.read_text())
    said = [
        Customer(customer_id="1", references=("ORD-12345",)),
        mention("1", f"{COMPLAINT} My order is ord-12345.", 0),
    ]
    [case] = cases(run(lines(*said)))
    assert case.party == "c:1"
    Path("mine.yaml").write_text("queue: 7")
    assert "mine.yaml" in str(run(lines(*said)).exception)
