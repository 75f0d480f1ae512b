"""Whatever a signed request holds: each item is a mention, a deletion, or kept with what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.connector import NativeDeletion, NativeItem, Source, Unreadable
from listener.connectors.json_mapping import Fields, Reader
from listener.connectors.normalise import normalise
from listener.connectors.webhook_item import MAX_ITEMS, Form, answers_of, read_body
from listener.domain.errors import Rejected

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE = Source(name="calls", kind="webhook", channel="phone")
OWN_FORM = Form(SOURCE)
FIELDS = Fields(
    id="comment.id",
    text="comment.body",
    occurred_at="comment.at",
    author="comment.by",
    thread="id",
)
MAPPED = Form(
    SOURCE,
    "events[?type == 'comment']",
    FIELDS,
    Reader(base="//calls", fields=FIELDS, deleted="gone", own=frozenset({"team"})),
)


def spoken(**fields: Any) -> dict[str, Any]:
    whole = {"id": "1", "text": "Where is my refund?", "occurred_at": "2026-03-01T09:30:00+01:00"}
    return {name: value for name, value in (whole | fields).items() if value is not None}


def body(*items: Any) -> bytes:
    return json.dumps(items[0] if len(items) == 1 else items).encode()


def test_an_item_is_a_mention_of_the_sources_own_numbering() -> None:
    [taken] = read_body(
        body(spoken(author="+441632960011", phone="+441632960011", thread="c-1", reply_to="0")), OWN_FORM, NOW
    )
    assert isinstance(taken.item, NativeItem)
    mention = normalise(taken.item, SOURCE, NOW)
    assert (mention.mention_id, mention.author) == ("webhook:calls/1", "webhook:calls/+441632960011")
    assert (mention.thread, mention.reply_to) == ("webhook:calls/c-1", "webhook:calls/0")
    assert (mention.channel, mention.visibility) == ("phone", "private")
    assert mention.occurred_at == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert mention.contactable is not None
    assert mention.contactable.phone == "+441632960011"
    assert answers_of([taken]) == [{"mention_id": "webhook:calls/1"}]


def test_a_deletion() -> None:
    [taken] = read_body(body({"id": "1", "deleted_at": "2026-03-02T00:00:00Z"}), OWN_FORM, NOW)
    assert isinstance(taken.item, NativeDeletion)
    assert taken.mention_id == "webhook:calls/1"


def test_a_form_of_the_senders_own() -> None:
    comment = {"id": 7, "body": "Hello?", "at": "2026-03-01T09:30:00Z", "by": "ann"}
    reply = comment | {"id": 8, "by": "Team"}
    sent = {
        "events": [
            {"type": "comment", "id": "T1", "comment": comment},
            {"type": "tag", "id": "T1"},
            {"type": "comment", "id": "T1", "comment": reply},
            {"type": "comment", "id": "T1", "comment": comment, "gone": True},
        ]
    }
    first, second, third = (taken.item for taken in read_body(body(sent), MAPPED, NOW))
    assert isinstance(first, NativeItem)
    assert (first.native_id, first.author, first.thread) == ("calls/7", "calls/ann", "calls/T1")
    assert isinstance(second, NativeItem)
    assert second.direction == "outbound"
    assert isinstance(third, NativeDeletion)


@pytest.mark.parametrize(
    ("item", "named"),
    [
        (spoken(id=None), "id"),
        (spoken(id=""), "id"),
        (spoken(text=None), "text"),
        (spoken(text=5), "text"),
        (spoken(occurred_at="soon enough"), "occurred_at"),
        (spoken(occurred_at="2026-03-01T09:30:00"), "occurred_at"),
        (spoken(edited_at="yesterday"), "edited_at"),
        (spoken(rating=3), "rating"),
        (spoken(channel="fax"), "channel"),
        (spoken(wrong=1), "wrong"),
        ({"id": "1", "deleted_at": "no time at all"}, "deleted_at"),
    ],
)
def test_what_is_wrong_is_named_and_kept_and_hides_nothing(item: dict[str, Any], named: str) -> None:
    taken = read_body(body(spoken(id="a"), item, spoken(id="b")), OWN_FORM, NOW)
    assert [each.mention_id for each in taken] == ["webhook:calls/a", None, "webhook:calls/b"]
    refused = taken[1]
    assert refused.why is not None
    assert named in refused.why
    assert isinstance(refused.item, Unreadable)
    assert json.loads(refused.item.original) == item
    assert answers_of(taken)[1] == {"error": refused.why}


@pytest.mark.parametrize(
    "sent", [b"", b"{", b"\xff", b"5", b"null", b"[]", b"[1]", b"[" * 100_000, body(*[{}] * (MAX_ITEMS + 1))]
)
def test_a_body_without_items(sent: bytes) -> None:
    with pytest.raises(Rejected):
        read_body(sent, OWN_FORM, NOW)


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=12) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
fields = st.sampled_from(
    ["id", "text", "occurred_at", "edited_at", "author", "deleted_at", "rating", "phone"]
)


@given(
    st.lists(st.dictionaries(fields, values, max_size=8), min_size=1, max_size=4),
    st.sampled_from([OWN_FORM, MAPPED]),
)
def test_whatever_is_sent_is_taken_or_said_to_be_wrong(items: list[dict[str, Any]], form: Form) -> None:
    sent = {"events": [{"type": "comment", "comment": item} for item in items]} if form is MAPPED else items
    taken = read_body(json.dumps(sent).encode(), form, NOW)
    assert len(taken) == len(items)
    for each in taken:
        assert (each.mention_id is None) == (each.why is not None) == isinstance(each.item, Unreadable)
