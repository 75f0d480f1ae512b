"""What goes to Zendesk and comes from it, as its documentation and recorded answers have it."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes.drafts import ONE, OTHER, draft, entry, update
from listener.desks import ZendeskDesk
from sinks.desks.zendesk import answer_of, changes, new_ticket

CONFIG = ZendeskDesk.model_validate(
    {
        "kind": "zendesk",
        "url": "https://acme.zendesk.com",
        "username": "listener@acme.example",
        "secrets": {"token": "ZENDESK_TOKEN"},
        "group_of": {"complaints": 360004077472},
    }
)
TICKET = {"id": 35436, "external_id": ONE, "tags": ["vip"], "status": "solved"}
KIM = {"id": 5031726587, "name": "Kim Agent", "role": "agent"}
COMMENT = {
    "id": 91048994488,
    "type": "Comment",
    "author_id": 5031726587,
    "body": "This is a comment",
    "public": True,
    "created_at": "2009-06-25T10:15:18Z",
    "event_type": "Comment",
}
SOLVED = {"id": 91048994490, "status": "solved", "event_type": "Change", "previous_value": "open"}


def event(*children: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 91048994468,
        "ticket_id": 35436,
        "timestamp": 1245924918,
        "updater_id": 5031726587,
        "event_type": "Audit",
        "child_events": list(children),
    }


def test_a_new_ticket_has_the_case_as_its_external_id_and_says_nothing_in_public() -> None:
    assert new_ticket(draft(entry(1), priority=80), CONFIG) == {
        "external_id": ONE,
        "subject": f"{ONE} delivery: late",
        "comment": {"body": draft(entry(1), priority=80).body, "public": False},
        "priority": "urgent",
        "group_id": 360004077472,
    }
    assert "group_id" not in new_ticket(draft(queue="praise"), CONFIG), "Zendesk decides of other queues"


@pytest.mark.parametrize(
    ("priority", "name"), [(0, "low"), (25, "low"), (26, "normal"), (60, "high"), (100, "urgent")]
)
def test_priorities_are_spread_over_the_four_there(priority: int, name: str) -> None:
    assert new_ticket(draft(priority=priority), CONFIG)["priority"] == name


def test_a_comment_is_cut_to_what_zendesk_takes() -> None:
    body = new_ticket(draft(entry(1, "ü" * 40_000)), CONFIG)["comment"]["body"]
    assert len(body.encode()) < 64 * 1024
    assert body.endswith("(shortened)")


def test_an_update_without_news_says_nothing() -> None:
    silent = changes(TICKET, update(draft(priority=10)), CONFIG)
    assert silent.keys() == {"subject", "priority", "group_id"}
    told = changes(TICKET, update(draft(), entry(2, "still late")), CONFIG)
    assert "still late" in told["comment"]["body"]
    assert told["comment"]["public"] is False
    assert "status" not in told


def test_what_people_set_stays_unless_it_is_to_change() -> None:
    nothing = replace(update(draft()), changed=frozenset())
    assert changes(TICKET, nothing, CONFIG) == {}
    assert changes(TICKET | {"external_id": OTHER}, nothing, CONFIG) == {"external_id": ONE}
    assert changes(TICKET, replace(nothing, changed=frozenset({"title"})), CONFIG) == {
        "subject": f"{ONE} delivery: late"
    }


def test_what_an_agent_says_in_public_is_an_answer() -> None:
    answer = answer_of(event(COMMENT), TICKET, KIM, CONFIG)
    assert answer is not None
    assert (answer.answer_id, answer.case_id, answer.kind, answer.by) == (
        "91048994468",
        ONE,
        "answered",
        "Kim Agent",
    )
    assert answer.text == "This is a comment"
    assert answer.at.isoformat() == "2009-06-25T10:15:18+00:00"


@pytest.mark.parametrize(
    "solved",
    [SOLVED, {"type": "Change", "field_name": "status", "value": "solved", "previous_value": "open"}],
)
def test_solving_with_words_is_one_answer(solved: dict[str, Any]) -> None:
    answer = answer_of(event(COMMENT, solved), TICKET, KIM, CONFIG)
    assert answer is not None
    assert (answer.kind, answer.text, answer.reason) == ("resolved", "This is a comment", None)


def test_solving_with_the_tag_is_a_no() -> None:
    tagged = TICKET | {"tags": ["declined"]}
    with_words = answer_of(event(COMMENT, SOLVED), tagged, KIM, CONFIG)
    without = answer_of(event(SOLVED), tagged, KIM, CONFIG)
    assert with_words is not None
    assert without is not None
    assert (with_words.kind, with_words.reason) == ("declined", "This is a comment")
    assert (without.kind, without.reason) == ("declined", "the tag declined")


def test_solving_with_the_other_tag_says_that_it_needs_no_response() -> None:
    tagged = TICKET | {"tags": ["no-response-needed"]}
    with_words = answer_of(event(COMMENT, SOLVED), tagged, KIM, CONFIG)
    without = answer_of(event(SOLVED), tagged, KIM, CONFIG)
    open_yet = answer_of(event(COMMENT), tagged | {"status": "open"}, KIM, CONFIG)
    assert with_words is not None
    assert without is not None
    assert open_yet is not None
    assert (with_words.kind, with_words.text) == ("needs_no_response", "This is a comment")
    assert (without.kind, without.reason) == ("needs_no_response", "the tag no-response-needed")
    assert (open_yet.kind, open_yet.reason) == ("answered", None)


@pytest.mark.parametrize(
    ("told", "ticket"),
    [
        (event(), TICKET),
        (event(COMMENT | {"public": False}), TICKET),
        (event(SOLVED | {"status": "pending"}), TICKET),
        (event({"status": "closed", "previous_value": "solved", "event_type": "Change"}), TICKET),
        (event(COMMENT), TICKET | {"external_id": None}),
        (event(COMMENT), TICKET | {"external_id": "order 17"}),
    ],
)
def test_what_is_no_answer(told: dict[str, Any], ticket: dict[str, Any]) -> None:
    assert answer_of(told, ticket, KIM, CONFIG) is None


@pytest.fixture
def recorded(real_data: Path) -> Callable[[str], Any]:
    """Answers that Zendesk gave to others."""
    return lambda name: json.loads((real_data / "api_payloads/zendesk_go" / name).read_text())


@pytest.mark.data
def test_recorded_tickets_have_the_fields_that_are_sent_and_read(recorded: Callable[[str], Any]) -> None:
    made = recorded("POST/ticket.json")["ticket"]
    sent = new_ticket(draft(), CONFIG)
    assert sent.keys() - {"comment"} <= made.keys()
    assert {"id", "status", "assignee_id", "tags", "external_id"} <= made.keys()
    for ticket in recorded("GET/tickets.json")["tickets"]:
        assert isinstance(ticket["id"], int)
        assert answer_of(event(COMMENT), ticket, KIM, CONFIG) is None, "tickets of others are no cases"


@pytest.mark.data
def test_recorded_audits_are_read(recorded: Callable[[str], Any]) -> None:
    audit = recorded("GET/ticket_audit.json")["audit"]
    assert answer_of(event(*audit["events"]), TICKET, KIM, CONFIG) is None, "private, and it was opened"
    public = [each | {"public": True, "event_type": each["type"]} for each in audit["events"]]
    answer = answer_of(event(*public), TICKET, KIM, CONFIG)
    assert answer is not None
    assert answer.kind == "answered"
    assert answer.text == audit["events"][0]["body"]


@pytest.mark.data
def test_recorded_users_have_a_role(recorded: Callable[[str], Any]) -> None:
    roles = {user["role"] for user in recorded("GET/users.json")["users"]}
    assert roles <= {"end-user", "agent", "admin"}
