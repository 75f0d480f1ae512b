"""Events of rooms as the specification has them, and such as nobody should send."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from listener.connectors.connector import NativeItem, Source, Unreadable
from listener.connectors.matrix_event import Room, edited, message, replaces
from listener.connectors.normalise import normalise
from listener.domain.errors import Rejected

ROOM = Room("!r:x", False, "chat", {"@ann:x": "Ann"}, frozenset({"@brand:x"}))
TEXT = st.text(st.characters(), max_size=5)  # halves of characters, too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def event(
    body: str = "hello", content: Mapping[str, Any] | None = None, sender: str = "@ann:x"
) -> dict[str, Any]:
    return {
        "type": "m.room.message",
        "event_id": "$1",
        "sender": sender,
        "origin_server_ts": 1_700_000_000_000,
        "content": {"msgtype": "m.text", "body": body, **(content or {})},
    }


def said(given: dict[str, Any]) -> NativeItem:
    item = message(given, ROOM)
    assert isinstance(item, NativeItem)
    return item


def test_a_message() -> None:
    item = said(event())
    assert (item.native_id, item.text, item.author, item.author_name) == ("$1", "hello", "@ann:x", "Ann")
    assert (item.direction, item.visibility) == ("inbound", "private")
    assert said(event(sender="@brand:x")).direction == "outbound"


def test_of_a_reply_what_it_quotes_is_left_out() -> None:
    reply = {"m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}
    quoting = "> <@ben:x> where is it?\n> second line\n\non its way"
    assert said(event(quoting, reply)).text == "on its way"
    assert said(event(quoting)).text == quoting
    assert said(event("> as I said\n\nno", reply)).text == "> as I said\n\nno"
    assert said(event(content=reply)).reply_to == "$0"


def test_in_a_thread_the_fallback_is_no_reply() -> None:
    thread = {"rel_type": "m.thread", "event_id": "$root", "m.in_reply_to": {"event_id": "$last"}}
    falling_back = said(event(content={"m.relates_to": {**thread, "is_falling_back": True}}))
    assert (falling_back.thread, falling_back.reply_to) == ("$root", "$root")
    replying = said(event(content={"m.relates_to": thread}))
    assert (replying.thread, replying.reply_to) == ("$root", "$last")


def test_a_caption_is_read_and_a_file_is_named() -> None:
    assert said(event("cat.png", {"msgtype": "m.image"})).text == "[left out: cat.png]"
    captioned = event("my cat", {"msgtype": "m.image", "filename": "cat.png"})
    assert said(captioned).text == "my cat\n[left out: cat.png]"


def test_an_edit_by_somebody_else_or_of_what_is_gone_does_not_count() -> None:
    relation = {"m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}
    edit = {**event("* hallo", relation), "event_id": "$2", "origin_server_ts": 1_700_000_060_000}
    assert replaces(edit) == "$1"
    item = edited(edit, event(), ROOM)
    assert isinstance(item, NativeItem)
    assert item.native_id == "$1"
    assert item.edited_at is not None
    assert item.edited_at > item.occurred_at
    assert edited({**edit, "sender": "@mallory:x"}, event(), ROOM) is None
    assert edited(edit, {**event(), "content": {}, "unsigned": {"redacted_because": {}}}, ROOM) is None
    assert edited(edit, None, ROOM) is None


def test_what_is_no_message_is_a_dead_letter_with_the_field() -> None:
    item = message({**event(), "origin_server_ts": "yesterday"}, ROOM)
    assert isinstance(item, Unreadable)
    assert item.detail.startswith("origin_server_ts")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys((*event(), "unsigned"), JSON)))
def test_nothing_that_a_server_sends_is_an_error_of_ours(given: dict[str, Any]) -> None:
    for item in (message(given, ROOM), edited(given, event(), ROOM), edited(event(), given, ROOM)):
        if isinstance(item, NativeItem):
            with suppress(Rejected):
                normalise(item, Source("rooms", "matrix"), datetime.now(UTC))
