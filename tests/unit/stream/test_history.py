"""Histories: merges that do not depend on order or repeats, and rows that lead back to their contracts."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from listener.domain.contact import Contact
from listener.domain.mention import Reach
from listener.domain.response import Goodwill, Response
from stream.history import (
    MAX_REACH,
    ContactRow,
    History,
    ResponseRow,
    contact_fields,
    contact_row,
    merge_contacts,
    merge_responses,
    reach_of,
    response_of,
    response_row,
    row_of_contact,
)
from stream.moments import from_ms
from unit.stream.worlds import TaggedTexts, at, mention

times = st.integers(0, 5)
contact_rows = st.builds(
    lambda revision, occurred, heard, historical, deleted, text, need, cause, lowest, followers: ContactRow(
        "x:1",
        revision,
        "x",
        "social",
        "public",
        occurred,
        heard,
        historical,
        deleted,
        None,
        None,
        "" if deleted else text,
        None if deleted else text,
        need,
        True,
        0.5,
        [],
        [],
        [],
        cause,
        min(lowest, revision),
        None,
        None if followers is None else [followers, None, None, None],
        None if deleted else [f"claim of {text}"],
    ),
    st.integers(0, 2),
    times,
    times,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["one", "two"]),
    st.sampled_from(["complaint", "question"]),
    st.sampled_from(["cause-a", "cause-b"]),
    st.integers(0, 2),
    st.sampled_from([None, 10, 2000]),
)
response_rows = st.builds(
    lambda revision, occurred, heard, historical, derived, text: ResponseRow(
        "r",
        None,
        "social",
        "us",
        "front_line",
        "answered",
        None,
        text,
        None,
        occurred,
        heard,
        historical,
        derived,
        revision if derived else 0,
    ),
    st.integers(0, 2),
    times,
    times,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["one", "two"]),
)


@given(contact_rows, contact_rows, contact_rows)
def test_contacts_merge_in_any_order(one: ContactRow, two: ContactRow, three: ContactRow) -> None:
    assert merge_contacts(one, two) == merge_contacts(two, one)
    assert merge_contacts(one, one) == one
    left = merge_contacts(merge_contacts(one, two), three)
    assert left == merge_contacts(one, merge_contacts(two, three))
    assert merge_contacts(left, two) == left
    assert left.occurred_ms == min(one.occurred_ms, two.occurred_ms, three.occurred_ms)
    assert left.heard_ms == min(one.heard_ms, two.heard_ms, three.heard_ms)


@given(response_rows, response_rows, response_rows)
def test_answers_merge_in_any_order(one: ResponseRow, two: ResponseRow, three: ResponseRow) -> None:
    assert merge_responses(one, two) == merge_responses(two, one)
    left = merge_responses(merge_responses(one, two), three)
    assert left == merge_responses(one, merge_responses(two, three))
    assert merge_responses(left, two) == left
    assert left.derived == all(row.derived for row in (one, two, three))


def test_a_history_equals_itself_read_back() -> None:
    history = History()
    contact = Contact(
        mention_id="x:1",
        author="x:a",
        source="x",
        channel="email",
        visibility="private",
        occurred_at=at(1),
        effective_at=at(1),
        need="complaint",
        needs_response=True,
        complaint=0.5,
        severity=("safety",),
        causes=("a", "b"),
        owners=("A", "B"),
        reach=Reach(followers=7, verified=True),
        reach_claims=("I have 2M followers",),
    )
    answer = Response(
        response_id="r",
        contact="x:1",
        author="x:a",
        channel="phone",
        by="Jo",
        kind="declined",
        reason="no",
        goodwill=Goodwill(amount=2.5, currency="EUR"),
        occurred_at=at(2),
        received_at=at(3),
    )
    history.add_contact(row_of_contact(contact))
    history.add_response(response_row(answer))
    history.delete("x:9")
    read = History.unpacked(orjson.loads(orjson.dumps(history.packed())))
    assert (read.contacts, read.responses) == (history.contacts, history.responses)
    assert "x:9" in read.deleted
    assert Contact(**contact_fields("x:a", read.contacts["x:1"])) == contact
    assert response_of("x:a", read.responses["r"]) == answer
    assert from_ms(read.responses["r"].at_ms) == at(2)


def test_a_deleted_text_takes_its_claims_along_and_reach_of_any_size_can_be_kept() -> None:
    history = History()
    said = mention("1", "x", 1, reach=Reach(followers=10**30))
    found = TaggedTexts.enrichment("complaint").model_copy(update={"reach_claims": ("I am famous",)})
    history.add_contact(contact_row(said, found))
    assert History.unpacked(orjson.loads(orjson.dumps(history.packed()))).contacts == history.contacts
    [row] = history.contacts.values()
    assert (row.reach_claims, reach_of(row)) == (["I am famous"], Reach(followers=MAX_REACH))
    history.delete("x:1")
    assert history.contacts["x:1"].reach_claims is None
