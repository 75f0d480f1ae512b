"""What goes to Zammad and comes from it, as its documentation has it."""

from dataclasses import replace
from typing import Any

import pytest

from fakes.drafts import ONE, OTHER, draft, entry, update
from listener.desks import ZammadDesk
from sinks.desks.zammad import article_answer, changes, closing_answer, new_ticket

CONFIG = ZammadDesk.model_validate(
    {
        "kind": "zammad",
        "url": "https://support.acme.example",
        "secrets": {"token": "ZAMMAD_TOKEN"},
        "customer": "listener@acme.example",
        "group_of": {"complaints": "2nd Level"},
    }
)
TICKET = {
    "id": 19,
    "number": "22019",
    "title": f"{ONE} delivery: late",
    "note": ONE,
    "state": "open",
    "close_at": None,
    "last_close_at": None,
    "updated_by": "chris@chrispresso.com",
    "updated_at": "2021-11-08T14:18:53.426Z",
}
ARTICLE = {
    "id": 33,
    "ticket_id": 19,
    "from": "Christopher Miller",
    "content_type": "text/html",
    "body": "<p>Called the customer.</p>Turns out it &amp; that <b>broke</b><br/>- solved.",
    "internal": False,
    "created_by_id": 3,
    "created_at": "2021-11-08T16:13:35.962Z",
    "type": "email",
    "sender": "Agent",
    "created_by": "chris@chrispresso.com",
}


def test_a_new_ticket_has_the_case_in_its_note_and_says_nothing_to_customers() -> None:
    assert new_ticket(draft(entry(1)), CONFIG) == {
        "title": f"{ONE} delivery: late",
        "group": "2nd Level",
        "priority": "2 normal",
        "note": ONE,
        "customer_id": "guess:listener@acme.example",
        "article": {
            "body": draft(entry(1)).body,
            "content_type": "text/plain",
            "type": "note",
            "sender": "Agent",
            "internal": True,
        },
    }
    over = new_ticket(draft(outcome="declined", queue="praise"), CONFIG)
    assert (over["state"], over["group"]) == ("closed", "Users")


@pytest.mark.parametrize(
    ("priority", "name"), [(0, "1 low"), (33, "1 low"), (34, "2 normal"), (60, "2 normal"), (100, "3 high")]
)
def test_priorities_are_spread_over_the_three_there(priority: int, name: str) -> None:
    assert new_ticket(draft(priority=priority), CONFIG)["priority"] == name


@pytest.mark.parametrize(
    ("state", "outcome", "wanted"),
    [
        ("open", "resolved", "closed"),
        ("pending reminder", "declined", "closed"),
        ("closed", "resolved", None),
        ("closed", "open", "open"),
        ("pending reminder", "open", None),
        ("closed", None, None),
    ],
)
def test_states_follow_only_where_they_must(state: str, outcome: Any, wanted: str | None) -> None:
    changed = changes(TICKET | {"state": state}, update(draft(), outcome=outcome), CONFIG)
    assert changed.get("state") == wanted
    assert "article" not in changed


def test_what_people_set_stays_unless_it_is_to_change() -> None:
    nothing = replace(update(draft()), changed=frozenset())
    assert changes(TICKET, nothing, CONFIG) == {}
    assert changes(TICKET, replace(nothing, changed=frozenset({"queue"})), CONFIG) == {"group": "2nd Level"}


def test_a_renamed_case_is_in_the_note() -> None:
    changed = changes(TICKET, update(draft(case_id=OTHER), entry(2), renamed_from=ONE), CONFIG)
    assert changed["note"] == OTHER
    assert "[chirp:2]" in changed["article"]["body"]


def test_what_an_agent_writes_to_the_customer_is_an_answer() -> None:
    answer = article_answer(ARTICLE, TICKET)
    assert answer is not None
    assert (answer.answer_id, answer.case_id, answer.kind) == ("article-33", ONE, "answered")
    assert answer.by == "Christopher Miller"
    assert answer.text == "Called the customer.\nTurns out it & that broke\n- solved."
    assert answer.at.isoformat() == "2021-11-08T16:13:35.962000+00:00"


@pytest.mark.parametrize("told", [{"internal": True}, {"sender": "Customer"}, {"sender": "System"}])
def test_what_is_no_answer(told: dict[str, Any]) -> None:
    assert article_answer(ARTICLE | told, TICKET) is None


def test_the_last_closing_counts() -> None:
    assert closing_answer(TICKET, CONFIG) is None
    times = {"close_at": "2021-11-08T10:00:00.000Z", "last_close_at": "2021-11-09T10:00:00.000Z"}
    again = TICKET | times | {"state": "closed"}
    closed = closing_answer(again, CONFIG)
    assert closed is not None
    assert (closed.kind, closed.by, closed.at.day) == ("resolved", "chris@chrispresso.com", 9)
    assert closing_answer(again | {"updated_at": "2021-12-01T10:00:00.000Z"}, CONFIG) == closed
    assert closing_answer(TICKET | times, CONFIG) is None, "it was opened again"
