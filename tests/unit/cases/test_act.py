"""What is published of an act, and what the audit is told: ids, never words."""

from datetime import UTC, datetime

from listener.cases.act import audit_of_command, audit_of_response, command_of
from listener.cases.find import Target
from listener.domain.command import CaseCommand
from listener.domain.response import Goodwill, Response
from stream.ledger.ledger import complete

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ONE, OTHER = Target("K-A", "x:1", "x:a"), Target("x:2", "x:2", "y:b")


def test_a_command_is_keyed_by_the_author_of_its_first_contact_and_taken_by_the_ledger() -> None:
    made = command_of("together", [ONE, OTHER], "K. Agent", AT, reason="same parcel")
    assert (made.author, made.contacts) == ("x:a", ("x:1", "x:2"))
    assert complete(CaseCommand.read_at_edge(made.to_json())) == made
    assert made == command_of("together", [ONE, OTHER], "K. Agent", AT, reason="same parcel")
    assert made.command_id != command_of("apart", [ONE, OTHER], "K. Agent", AT).command_id


def test_the_audit_of_a_command_says_who_did_what_to_which() -> None:
    made = command_of("assign", [ONE], "K. Agent", AT, owner="M. Manager", reason="she cried")
    entry = audit_of_command(made, "K-A")
    assert (entry.actor, entry.action, entry.subject, entry.at) == ("K. Agent", "case.assign", "K-A", AT)
    assert entry.detail == {"command_id": made.command_id, "contacts": "x:1", "owner": "M. Manager"}
    assert b"cried" not in entry.to_json()


def test_the_audit_of_an_answer_has_none_of_its_words() -> None:
    made = Response(
        response_id="answer:1",
        contact="x:1",
        author="x:a",
        channel="phone",
        by="K. Agent",
        kind="declined",
        reason="secret reason",
        excerpt="secret words",
        goodwill=Goodwill(amount=25, currency="EUR", reason="secret gift"),
        occurred_at=AT,
        received_at=AT,
    )
    entry = audit_of_response(made, "x:1")
    assert (entry.actor, entry.action, entry.subject) == ("K. Agent", "respond", "x:1")
    assert entry.detail == {
        "response_id": "answer:1",
        "contact": "x:1",
        "kind": "declined",
        "level": "front_line",
        "channel": "phone",
        "goodwill": "25 EUR",
    }
    assert b"secret" not in entry.to_json()
