"""From the events of a Matrix room to items. Pure.

An edit is an event of its own that names the message which it replaces (`m.replace`); a deletion is one that names
what it redacts. Of a redacted event the server keeps id, sender and time, and nothing that was said.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from listener.connectors.connector import NativeItem, Unreadable
from listener.connectors.html_text import printable
from listener.domain.errors import Rejected
from listener.domain.mention import Channel, Contactable

MESSAGES = frozenset({"m.room.message", "m.sticker"})
REDACTION = "m.room.redaction"
JOIN_RULES = "m.room.join_rules"
ENCRYPTION = "m.room.encryption"
TOMBSTONE = "m.room.tombstone"
MEMBER = "m.room.member"
MEDIA = frozenset({"m.image", "m.file", "m.audio", "m.video"})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUOTED = re.compile(r"> (?:\* )?<@[^>\n]+>.*\n(?:> ?.*\n)*\n?")
"""What older clients put before a reply: the message to which it replies."""

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Room:
    """Where something was said.

    Attributes:
        public: anybody may join.
        names: what people call themselves, by user id.
        accounts: the company's own user ids.
    """

    room_id: str
    public: bool
    channel: Channel
    names: Mapping[str, str]
    accounts: frozenset[str]


def message(event: Event, room: Room) -> NativeItem | Unreadable | None:
    """What a message says; None where it was redacted, or is nothing that somebody said."""
    if is_redacted(event) or _content(event).get("msgtype") == "m.key.verification.request":
        return None
    try:
        return _item(event, event, room, edited_at=None)
    except Rejected as error:
        return unreadable(event, room.room_id, error)


def edited(
    edit: Event, original: Event | None, room: Room, at: Event | None = None
) -> NativeItem | Unreadable | None:
    """What a message says after an edit.

    Args:
        original: the message; None where it cannot be had.
        at: the event that makes the edit count; the edit itself where None.

    Returns:
        None where the edit does not count: the message was redacted, or is somebody else's.
    """
    if original is None or is_redacted(original) or is_redacted(edit):
        return None
    if original.get("sender") != edit.get("sender"):
        return None
    try:
        return _item(edit, original, room, edited_at=moment(at or edit))
    except Rejected as error:
        return unreadable(edit, room.room_id, error)


def unreadable(event: Any, room_id: str, error: Rejected) -> Unreadable:
    """The dead letter of an event."""
    event_id = event.get("event_id") if isinstance(event, dict) else None
    original = json.dumps(event, ensure_ascii=False).encode(errors="replace")
    origin = f"{room_id}/{event_id}" if isinstance(event_id, str) else room_id
    return Unreadable(reason=error.reason, detail=error.detail, origin=origin, original=original)


def plain_id(value: Any) -> str | None:
    """An id, if it can be one: JSON may hold halves of characters, of which no text can be made."""
    return value if isinstance(value, str) and value and value.isprintable() else None


def is_redacted(event: Event) -> bool:
    """Whether what it said is gone."""
    unsigned = event.get("unsigned")
    return isinstance(unsigned, dict) and "redacted_because" in unsigned


def replaces(event: Event) -> str | None:
    """The id of the message that an edit replaces; None for what is no edit."""
    relation = _relation(event)
    return plain_id(relation.get("event_id")) if relation.get("rel_type") == "m.replace" else None


def latest_edit(event: Event) -> Event | None:
    """The edit of a message that counts now, as the server tells it with the message."""
    unsigned = event.get("unsigned")
    relations = unsigned.get("m.relations") if isinstance(unsigned, dict) else None
    found = relations.get("m.replace") if isinstance(relations, dict) else None
    return found if isinstance(found, dict) and isinstance(found.get("content"), dict) else None


def redacted_id(event: Event) -> str:
    """What a redaction takes back.

    Raises:
        Rejected: it does not say.
    """
    target = plain_id(
        event.get("redacts") or _content(event).get("redacts")
    )  # the latter since room version 11
    if target is None:
        raise Rejected("invalid", "redacts: an event id is expected")
    return target


def moment(event: Event) -> datetime:
    """When it was said, by the clock of its author's server.

    Raises:
        Rejected: it does not say, or not so.
    """
    stamp = event.get("origin_server_ts")
    if not isinstance(stamp, int) or isinstance(stamp, bool):
        raise Rejected("invalid", "origin_server_ts: milliseconds are expected")
    try:
        return _EPOCH + timedelta(milliseconds=stamp)
    except OverflowError:
        raise Rejected("invalid", "origin_server_ts: out of range") from None


def names_of(events: Iterable[Any]) -> dict[str, str]:
    """What people call themselves, as their events of membership say."""
    return {
        event["state_key"]: printable(name)
        for event in events
        if isinstance(event, dict) and event.get("type") == MEMBER and isinstance(event.get("state_key"), str)
        if isinstance(name := _content(event).get("displayname"), str) and name
    }


def _item(said: Event, original: Event, room: Room, edited_at: datetime | None) -> NativeItem:
    event_id, sender = plain_id(original.get("event_id")), plain_id(original.get("sender"))
    if event_id is None:
        raise Rejected("invalid", "event_id: a text is expected")
    if sender is None:
        raise Rejected("invalid", "sender: a user id is expected")
    content = _content(said)
    replaced = content.get("m.new_content") if said is not original else None
    thread, reply_to = _replies(original)
    return NativeItem(
        native_id=event_id,
        text=_text(replaced if isinstance(replaced, dict) else content, reply_to is not None),
        occurred_at=moment(original),
        edited_at=edited_at,
        author=sender,
        author_name=room.names.get(sender, sender),
        channel=room.channel,
        visibility="public" if room.public else "private",
        direction="outbound" if sender in room.accounts else "inbound",
        thread=thread,
        reply_to=reply_to,
        automatic=content.get("msgtype") == "m.notice",
        contactable=Contactable(handle=sender[:200], handle_verified=True),
        url=f"https://matrix.to/#/{quote(room.room_id)}/{quote(event_id)}",
        origin=f"{room.room_id}/{event_id}",
        original=json.dumps(said, ensure_ascii=False).encode(errors="replace"),
    )


def _text(content: Mapping[str, Any], is_reply: bool) -> str:
    body = content.get("body")
    if not isinstance(body, str):
        raise Rejected("invalid", "content.body: a text is expected")
    if is_reply:
        body = _QUOTED.sub("", body, count=1) if _QUOTED.match(body) else body
    if content.get("msgtype") in MEDIA:
        name = content.get("filename")
        caption = body if isinstance(name, str) and name != body else ""
        body = f"{caption}\n[left out: {name if caption else body}]".strip()
    return printable(body).strip()


def _replies(event: Event) -> tuple[str | None, str | None]:
    """The first message of its thread, and the message to which it replies."""
    relation = _relation(event)
    thread = plain_id(relation.get("event_id")) if relation.get("rel_type") == "m.thread" else None
    named = relation.get("m.in_reply_to")
    reply_to = plain_id(named.get("event_id")) if isinstance(named, dict) else None
    if reply_to is None or (thread and relation.get("is_falling_back") is True):
        reply_to = thread  # in a thread clients name the last message, for those that know no threads
    return thread, reply_to


def _relation(event: Event) -> Mapping[str, Any]:
    relation = _content(event).get("m.relates_to")
    return relation if isinstance(relation, dict) else {}


def _content(event: Event) -> Mapping[str, Any]:
    content = event.get("content")
    return content if isinstance(content, dict) else {}
