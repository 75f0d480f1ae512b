"""What people do at the command line, on a real Kafka: what is published, what comes of it, what is refused."""

import json
import re
from collections.abc import Callable, Sequence

import pytest

from fixtures_command_line import Result
from listener.domain.case import Case
from listener.domain.command import CaseCommand
from listener.domain.contract import Versioned, format_utc
from listener.domain.governance import AuditEntry, Fix
from listener.domain.ids import case_id
from listener.domain.mention import Mention
from listener.domain.response import Response
from listener.domain.topics import AUDIT, COMMANDS, FIXES, PARTIES, RESPONSES, TRIAGE
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from stream.ledger.ledger import Recorded
from unit.stream.worlds import live, mention, straight

pytestmark = pytest.mark.kafka

Listener = Callable[..., Result]
ANN, ALSO_ANN, BOB = "x:a", "y:c", "x:b"
BY = ("--by", "K. Agent")
SAID: list[Mention] = [
    mention("1", "complaint cause-delay", 0, ANN, email="one@example.org"),
    mention("2", "complaint cause-bags", 1, ALSO_ANN, email="one@example.org"),
    mention("3", "complaint cause-delay", 2, BOB),
    mention("4", "complaint cause-delay", 300, BOB),
]
FIRST, SECOND, OF_BOB = (case_id(f"x:{name}") for name in "123")


@pytest.fixture(scope="module", autouse=True)
def heard(connection: KafkaConnection) -> None:
    """What the stream published of all that was said, and an older case that was superseded."""
    both = straight(SAID)
    with Publisher(connection, client_id="test") as out:
        for output in both.published:
            if output.topic in {TRIAGE.name, PARTIES.name} and isinstance(output.value, Versioned):
                out.publish(output.topic, output.key, output.value.to_json())
        old = both.cases[FIRST].model_copy(
            update={
                "case_id": case_id("x:old"),
                "anchor": "x:old",
                "state": "superseded",
                "superseded_by": FIRST,
            }
        )
        out.publish(TRIAGE.name, old.case_id, old.to_json())
        out.flush()


@pytest.fixture
def told(connection: KafkaConnection) -> Callable[[], tuple[list[Recorded], list[AuditEntry]]]:
    """Reads what was published since the last call: answers and commands, and the audit."""
    topics = (RESPONSES.name, COMMANDS.name, AUDIT.name)
    seen = {topic: len(list(read_whole(connection, topic))) for topic in topics}

    def values(topic: str) -> Sequence[tuple[str, bytes]]:
        records = sorted(read_whole(connection, topic), key=lambda record: record.timestamp)
        new = [((record.key or b"").decode(), record.value or b"") for record in records[seen[topic] :]]
        seen[topic] += len(new)
        return new

    def read() -> tuple[list[Recorded], list[AuditEntry]]:
        records: list[Recorded] = []
        for key, value in values(RESPONSES.name):
            records.append(Response.read_at_edge(value))
            assert key == records[-1].author
        for key, value in values(COMMANDS.name):
            records.append(CaseCommand.read_at_edge(value))
            assert key == records[-1].author
        return records, [AuditEntry.read_at_edge(value) for _, value in values(AUDIT.name)]

    return read


Told = Callable[[], tuple[list[Recorded], list[AuditEntry]]]


def after(records: Sequence[Recorded]) -> dict[str, Case]:
    """The cases that come of what was said and done, by their first contact."""
    return {case.anchor: case for case in live(straight([*SAID, *records]))}


def test_respond_to_a_case_from_another_channel(listener: Listener, told: Told) -> None:
    gift = ("--goodwill", "25 EUR: late parcel", "--text", "We called, it comes tomorrow.")
    done = listener(
        "respond", FIRST, "--kind", "resolved", *BY, "--channel", "phone", "--level", "manager", *gift
    )
    assert done.code == 0, done.err
    [response], [entry] = told()
    assert isinstance(response, Response)
    assert done.out.decode() == f"{response.response_id}\n"
    assert response.goodwill is not None
    assert (response.contact, response.author, response.goodwill.amount) == ("x:1", ANN, 25)
    assert (entry.actor, entry.action, entry.subject) == ("K. Agent", "respond", FIRST)
    assert b"called" not in entry.to_json()
    case = after([response])["x:1"]
    assert (case.state, case.responses[0].level, case.responses[0].channel) == (
        "resolved",
        "manager",
        "phone",
    )


def test_respond_to_a_contact_and_override_what_was_heard(listener: Listener, told: Told) -> None:
    words = ("--kind", "declined", "--reason", "too late", "--channel", "email", "--at", "2026-01-02T10:00")
    assert listener("respond", "--contact", "x:3", *BY, *words, "--overrides", "x:tweet").code == 0
    assert listener("respond", "--contact", "x:gone", "--author", "x:zoe", *BY, *words).code == 0
    (one, other), _ = told()
    assert isinstance(one, Response)
    assert isinstance(other, Response)
    assert (one.response_id, one.author, one.kind, one.reason) == ("x:tweet", BOB, "declined", "too late")
    assert one.occurred_at.isoformat() == "2026-01-02T10:00:00+00:00"
    assert (other.contact, other.author) == ("x:gone", "x:zoe")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((FIRST, "--kind", "declined", "--channel", "phone"), "reason: declined says why"),
        ((FIRST, "--kind", "solved", "--channel", "phone"), "'solved' is not one of 'acknowledged'"),
        ((FIRST, "--kind", "answered"), "Missing option '--channel'"),
        ((FIRST, "--kind", "answered", "--channel", "phone", "--goodwill", "many"), "'25 EUR: late parcel'"),
        (
            (FIRST, "--kind", "answered", "--channel", "phone", "--at", "2199-01-01"),
            "five minutes after our time",
        ),
        ((FIRST, "--kind", "answered", "--channel", "phone", "--contact", "x:1"), "either CASE or --contact"),
        (("--kind", "answered", "--channel", "phone"), "either CASE or --contact"),
        (("x:1", "--kind", "answered", "--channel", "phone"), "a contact is named with --contact"),
        (("K-2222222222222", "--kind", "answered", "--channel", "phone"), "there is no such case"),
        (
            ("--contact", "x:gone", "--kind", "answered", "--channel", "phone"),
            "say whose it is with --author",
        ),
        (
            ("--contact", "x:1", "--author", "ann", "--kind", "answered", "--channel", "phone"),
            "source-kind:native",
        ),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_is_published(
    listener: Listener, told: Told, words: tuple[str, ...], said: str
) -> None:
    done = listener("respond", *words, *BY)
    assert (done.code, done.out) == (2, b"")
    assert said in " ".join(done.err.split())
    assert told() == ([], [])


def test_everything_a_person_does_to_a_case_reaches_it(listener: Listener, told: Told) -> None:
    assert listener("case", "assign", FIRST, "M. Manager", *BY).code == 0
    assert listener("case", "close", SECOND, *BY, "--reason", "settled in the shop").code == 0
    assert listener("case", "mark-failed", "x:3", *BY).code == 0
    assert listener("reclassify", SECOND, "refund", *BY).code == 0
    records, entries = told()
    cases = after(records)
    assert cases["x:1"].owner == "M. Manager"
    assert (cases["x:2"].state, cases["x:2"].root_cause) == ("resolved", "refund")
    assert cases["x:3"].contacts[0].failed_because is not None
    assert {entry.action: entry.subject for entry in entries} == {
        "case.assign": FIRST,
        "case.close": SECOND,
        "case.mark_failed": "x:3",
        "case.reclassify": SECOND,
    }
    assert not any(b"shop" in entry.to_json() for entry in entries)
    assert listener("case", "reopen", SECOND, *BY).code == 0
    more, _ = told()
    assert after([*records, *more])["x:2"].state == "reopened"


def test_a_person_says_that_a_contact_needs_no_response_and_takes_it_back(
    listener: Listener, told: Told
) -> None:
    done = listener("case", "needs-no-response", "x:2", *BY, "--reason", "it is a joke")
    assert (done.code, done.err) == (0, "x:2 needs no response\n")
    records, entries = told()
    assert set(after(records)) == {"x:1", "x:3"}
    assert [(entry.action, entry.subject) for entry in entries] == [("case.needs_no_response", "x:2")]
    assert listener("case", "needs-response", "x:2", *BY).code == 0
    more, _ = told()
    assert after([*records, *more])["x:2"].state == "new"


def test_contacts_of_two_authors_of_one_customer_are_put_together_and_apart(
    listener: Listener, told: Told
) -> None:
    assert listener("case", "together", "x:2", FIRST, *BY).code == 0
    together, _ = told()
    assert isinstance(together[0], CaseCommand)
    assert (together[0].author, together[0].contacts) == (ALSO_ANN, ("x:2", "x:1"))
    assert [contact.mention_id for contact in after(together)["x:1"].contacts] == ["x:1", "x:2"]
    assert listener("case", "apart", "x:1", "x:2", *BY).code == 0
    apart, _ = told()
    assert set(after([*together, *apart])) >= {"x:1", "x:2"}


def test_contacts_of_different_parties_are_not_put_together(listener: Listener, told: Told) -> None:
    done = listener("case", "together", FIRST, "x:3", *BY)
    assert done.code == 2
    assert "confirm a link first: listener link confirm x:b 1 --by NAME" in done.err
    unknown = listener("case", "together", FIRST, "x:gone", "--other-author", "x:zoe", *BY)
    assert (unknown.code, "nothing was heard yet of the author x:zoe" in unknown.err) == (2, True)
    assert told() == ([], [])


def test_of_a_case_with_several_contacts_the_one_must_be_named(listener: Listener, told: Told) -> None:
    done = listener("case", "mark-failed", OF_BOB, *BY)
    assert done.code == 2
    assert re.search(r"2 contacts; name the one that is meant:\n  x:3 .*\n  x:4 ", done.err)
    assert listener("case", "mark-failed", "x:old", "--author", ANN, *BY).code == 0
    [command], _ = told()
    assert isinstance(command, CaseCommand)
    assert (command.contacts, command.author) == (("x:old",), ANN)


def test_an_unknown_cause_is_refused_with_near_names(listener: Listener, told: Told) -> None:
    done = listener("reclassify", "x:1", "refnd", *BY)
    assert done.code == 2
    assert "did you mean refund" in done.err
    assert told() == ([], [])


def test_a_declared_fix_is_published_once_however_often_it_is_said(
    listener: Listener, told: Told, connection: KafkaConnection
) -> None:
    words = ("fix", "declare", "delivery", "--at", "2026-03-01", "--description", "second carrier", *BY)
    assert [listener(*words).code for _ in range(2)] == [0, 0]
    [fix_id] = {record.key for record in read_whole(connection, FIXES.name)}
    fix = [Fix.read(record.value or b"") for record in read_whole(connection, FIXES.name)][-1]
    assert (fix.root_cause, fix.by, fix.description) == ("delivery", "K. Agent", "second carrier")
    assert (format_utc(fix.effective_at), fix.fix_id.encode()) == ("2026-03-01T00:00:00.000Z", fix_id)
    _, entries = told()
    assert {(entry.action, entry.subject) for entry in entries} == {("fix.declare", "delivery")}
    assert not any(b"carrier" in entry.to_json() for entry in entries)


@pytest.mark.parametrize(
    ("cause", "said"), [("delivry", "did you mean delivery"), ("unknown", "no root cause")]
)
def test_what_is_no_root_cause_is_not_fixed(listener: Listener, cause: str, said: str) -> None:
    done = listener("fix", "declare", cause, *BY)
    assert (done.code, said in done.err) == (2, True)


def test_without_kafka_a_command_fails(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    done = listener("case", "close", FIRST, *BY)
    assert done.code == 1
    assert "Traceback" not in done.err


def test_explain_tells_the_story_and_follows_a_former_id(listener: Listener) -> None:
    story = listener("explain", FIRST).out.decode()
    assert story.startswith(f"What it is\n  {FIRST} new: nobody has answered yet.")
    assert "Ann One (1, segment gold)\n  x:a: known as the customer, by e-mail address\n" in story
    assert "x:a (social, public, complaint): “complaint cause-delay”  [x:1]" in story
    former = listener("explain", case_id("x:old")).out.decode()
    assert former.startswith(f"What became of it\n  {case_id('x:old')} is now part of {FIRST}.")
    assert former.endswith(story)
    [told] = json.loads(listener("explain", FIRST, "--format", "json").out)
    assert told["case_id"] == FIRST
    assert [section["title"] for section in told["sections"]][:2] == ["What it is", "Who"]


@pytest.mark.parametrize("name", ["K-2222222222222", "x:1"])
def test_explain_says_what_it_does_not_find(listener: Listener, name: str) -> None:
    done = listener("explain", name)
    assert (done.code, done.out) == (2, b"")
    assert name in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("respond",),
        ("case",),
        *(("case", name) for name in ("assign", "together", "apart", "mark-failed", "close", "reopen")),
        *(("case", name) for name in ("needs-response", "needs-no-response")),
        ("reclassify",),
        ("explain",),
        ("fix",),
        ("fix", "declare"),
        ("answers",),
    ],
)
def test_help_shows_an_example(listener: Listener, words: tuple[str, ...]) -> None:
    done = listener(*words, "--help")
    assert done.code == 0
    assert f"Example:\n    listener {' '.join(words)} " in done.out.decode()
