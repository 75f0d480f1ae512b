"""How a message stands, in whatever order snapshots come; nothing of other people's; within bounds."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.feedback_status import Status, StatusIndex
from listener.domain.case import Case
from listener.examples import examples

MINE, OTHER = "form:R-MINE", "form:R-OTHER"
RECEIVED = Status("received")


def snapshot(case_id: str, version: int, state: str = "new", *contacts: str, **more: Any) -> bytes:
    value = {"case_id": case_id, "version": version, "state": state}
    value |= {"contacts": [{"mention_id": name, "text": "secret"} for name in contacts]}
    return json.dumps(value | more).encode()


def response(contact: str | None, kind: str, text: str, day: int = 1) -> dict[str, Any]:
    return {"contact": contact, "kind": kind, "excerpt": text, "occurred_at": f"2026-03-{day:02}T10:00:00Z"}


def index_of(*records: bytes) -> StatusIndex:
    index = StatusIndex("form")
    for record in records:
        index.take(None, record)
    return index


def test_the_states_of_a_message() -> None:
    assert index_of().find(MINE) == RECEIVED
    assert index_of(snapshot("K", 1, "new", MINE)).find(MINE) == Status("in_work")
    assert index_of(snapshot("K", 1, "resolved", MINE)).find(MINE) == Status("closed")
    for kind, state in {"answered": "answered", "resolved": "answered", "declined": "declined"}.items():
        status = index_of(snapshot("K", 1, "new", MINE, responses=[response(MINE, kind, "So.")])).find(MINE)
        assert (status.state, [answer.text for answer in status.answers]) == (state, ["So."])
    acknowledged = [response(MINE, "acknowledged", "We got it.")]
    assert index_of(snapshot("K", 1, "new", MINE, responses=acknowledged)).find(MINE) == Status("in_work")


def test_a_snapshot_as_it_is_published_is_read() -> None:
    case = Case.read(examples()[Case].to_json())
    index = StatusIndex(case.contacts[0].mention_id.partition(":")[0])
    index.take(None, case.to_json())
    assert index.find(case.contacts[0].mention_id).state != "received"


def test_answers_to_other_contacts_of_the_case_are_not_told() -> None:
    responses = [
        response(OTHER, "answered", "for the other"),
        response(None, "answered", "for whom?"),
        response(MINE, "answered", "later", day=3),
        response(MINE, "resolved", "sooner", day=2),
    ]
    index = index_of(snapshot("K", 1, "resolved", MINE, OTHER, "x:1", responses=responses))
    assert [answer.text for answer in index.find(MINE).answers] == ["sooner", "later"]
    assert [answer.text for answer in index.find(OTHER).answers] == ["for the other"]
    assert index.find("x:1") == RECEIVED


@given(
    st.permutations(
        [
            snapshot("K-A", 1, "new", MINE),
            snapshot("K-A", 2, "superseded", superseded_by="K-B"),
            snapshot("K-B", 1, "new", OTHER, MINE),
            snapshot("K-B", 2, "new", OTHER, MINE, responses=[response(MINE, "answered", "So.")]),
        ]
    )
)
def test_a_message_that_moved_stands_as_its_new_case_says(records: list[bytes]) -> None:
    assert index_of(*records).find(MINE).state == "answered"


def test_a_tombstone_and_what_is_no_case() -> None:
    index = index_of(snapshot("K-A", 1, "new", MINE), b"{}", b"\xff")
    assert index.find(MINE).state == "in_work"
    index.take(b"K-A", None)
    index.take(b"K-Z", None)
    assert index.find(MINE) == RECEIVED


def test_beyond_its_bound_the_oldest_are_forgotten_and_the_newest_known() -> None:
    index = StatusIndex("form", max_bytes=100_000)
    for number in range(1000):
        index.take(None, snapshot(f"K-{number}", 1, "new", f"form:{number}"))
    known = [number for number in range(1000) if index.find(f"form:{number}") != RECEIVED]
    assert 50 < len(known) < 150
    assert known[-1] == 999
