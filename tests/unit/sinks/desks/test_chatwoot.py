"""What goes to Chatwoot and comes from it, as its documentation has it."""

from typing import Any

import pytest

from fakes.drafts import ONE, draft
from listener.desks import ChatwootDesk
from sinks.desks.chatwoot import message_answer, new_conversation, resolved_answer

CONFIG = ChatwootDesk.model_validate(
    {
        "kind": "chatwoot",
        "url": "https://chat.acme.example",
        "account": 1,
        "inbox": 7,
        "secrets": {"token": "CHATWOOT_TOKEN"},
        "team_of": {"complaints": 4},
    }
)
MESSAGE = {
    "id": 2001,
    "content": "It leaves today.",
    "message_type": 1,
    "private": False,
    "created_at": 1772442904,
    "conversation_id": 3,
    "sender": {"id": 12, "name": "Kim Agent", "type": "user"},
}
CONVERSATION = {
    "id": 3,
    "status": "resolved",
    "labels": [],
    "custom_attributes": {"listener_case": ONE},
    "meta": {"sender": {"id": 500}, "assignee": {"id": 12, "name": "Kim Agent"}},
}
RESOLVED = {
    "id": 901,
    "name": "conversation_resolved",
    "value": 120.0,
    "event_end_time": "2026-03-02T09:15:04.000Z",
    "created_at": "2026-03-02T09:15:05.000Z",
    "conversation_id": 3,
    "user_id": 12,
}


def test_a_new_conversation_names_its_case() -> None:
    assert new_conversation(draft(), 500, CONFIG) == {
        "inbox_id": 7,
        "contact_id": 500,
        "source_id": f"{ONE} 500",
        "custom_attributes": {"listener_case": ONE},
        "status": "open",
        "team_id": 4,
    }
    assert "team_id" not in new_conversation(draft(queue="praise"), 500, CONFIG)


def test_what_an_agent_says_is_an_answer() -> None:
    answer = message_answer(MESSAGE, ONE, own_id=11)
    assert answer is not None
    assert (answer.answer_id, answer.case_id, answer.kind) == ("message-2001", ONE, "answered")
    assert (answer.by, answer.text) == ("Kim Agent", "It leaves today.")
    assert answer.at.isoformat() == "2026-03-02T09:15:04+00:00"


@pytest.mark.parametrize(
    "told",
    [
        {"private": True},
        {"message_type": 0, "sender": {"id": 500, "name": "Ana Lee", "type": "contact"}},
        {"message_type": 2, "sender": None},
        {"message_type": 3},
        {"sender": {"id": 12, "name": "A bot", "type": "agent_bot"}},
        {"sender": {"id": 11, "name": "Listener", "type": "user"}},
    ],
)
def test_what_is_no_answer(told: dict[str, Any]) -> None:
    assert message_answer(MESSAGE | told, ONE, own_id=11) is None


def test_resolved_is_an_answer_and_with_the_label_a_no() -> None:
    answer = resolved_answer(RESOLVED, CONVERSATION, CONFIG)
    assert answer is not None
    assert (answer.answer_id, answer.kind, answer.by) == ("event-901", "resolved", "Kim Agent")
    assert answer.at.isoformat() == "2026-03-02T09:15:04+00:00"
    declined = resolved_answer(RESOLVED, CONVERSATION | {"labels": ["declined"]}, CONFIG)
    assert declined is not None
    assert (declined.kind, declined.reason) == ("declined", "the label declined")
    none = resolved_answer(RESOLVED, CONVERSATION | {"labels": ["no-response-needed"]}, CONFIG)
    assert none is not None
    assert (none.kind, none.reason) == ("needs_no_response", "the label no-response-needed")
    assert resolved_answer(RESOLVED | {"name": "first_response"}, CONVERSATION, CONFIG) is None
