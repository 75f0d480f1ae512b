"""From a thing as Reddit tells it (a post, a comment, a private message) to an item. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from listener.connectors.connector import NativeItem, Unreadable
from listener.connectors.json_values import count, mapping, text
from listener.domain.errors import Rejected
from listener.domain.ids import digest
from listener.domain.mention import Contactable, Reach

COMMENT, POST, MESSAGE = "t1", "t3", "t4"
"""Kinds of things; with the id they make its full name, such as ``t1_cu5t92s``."""
SITE = "https://www.reddit.com"
NOBODY = "[deleted]"
"""Stands for the author who has deleted what was said, or the account."""
REMOVED = frozenset(
    {"[removed]", "[ Removed by Reddit ]", "[ Removed by reddit in response to a copyright notice. ]"}
)
"""What stands for a text that moderators or Reddit have removed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that Reddit told, and by what to know it again.

    Attributes:
        key: its full name, or of what cannot be read something like it.
        revision: 0 as it was written, else the time of the last edit in milliseconds.
        item: ``"gone"`` where it was deleted or removed.
    """

    key: str
    revision: int
    item: NativeItem | Unreadable | Literal["gone"]


def read_thing(thing: Any, own: frozenset[str]) -> Told:
    """What is said by a thing.

    Args:
        own: the company's accounts, in lower case.
    """
    original = json.dumps(thing, ensure_ascii=False).encode(errors="replace")
    name = full_name(thing)
    data = mapping(mapping(thing).get("data"))
    if name is not None and is_gone(data):
        return Told(name, 0, "gone")
    try:
        item = _item(name, data, own, original)
    except Rejected as error:
        where = f"reddit:{name}" if name else "reddit"
        unreadable = Unreadable(reason=error.reason, detail=error.detail, origin=where, original=original)
        return Told(name or f"#{digest(original.decode())}", 0, unreadable)
    edited = item.edited_at
    revision = max(0, (edited - _EPOCH) // timedelta(milliseconds=1)) if edited else 0
    return Told(item.native_id, revision, item)


def full_name(thing: Any) -> str | None:
    """Kind and id of a thing that can be a mention."""
    kind, data = mapping(thing).get("kind"), mapping(mapping(thing).get("data"))
    thing_id = text(data.get("id"))
    return f"{kind}_{thing_id}" if thing_id and kind in {COMMENT, POST, MESSAGE} else None


def created(thing: Any) -> float | None:
    """When a thing was made, in seconds since 1970."""
    found = mapping(mapping(thing).get("data")).get("created_utc")
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def is_gone(data: Mapping[str, Any]) -> bool:
    """Whether nothing is left of it but its place. An account that is gone leaves what it has said."""
    said = data.get("selftext") if "title" in data else data.get("body")
    by_author = said == NOBODY and data.get("author") in (NOBODY, None)
    return by_author or said in REMOVED or bool(data.get("removed_by_category"))


def _item(name: str | None, data: Mapping[str, Any], own: frozenset[str], original: bytes) -> NativeItem:
    if name is None:
        raise Rejected("invalid", "a post, a comment or a message with an id is expected")
    kind = name[:2]
    said = data.get("selftext") if kind == POST else data.get("body")
    if not isinstance(said, str):
        raise Rejected("invalid", f"{'selftext' if kind == POST else 'body'}: a text is expected")
    if "author" not in data:
        raise Rejected("invalid", "author: is missing")
    shown = text(data.get("author"))
    author = shown.lower() if shown and shown != NOBODY else None
    outbound = author in own
    parent = text(data.get("parent_id"))
    answered = (text(data.get("dest")) or "").lower() if kind == MESSAGE and outbound else ""
    return NativeItem(
        native_id=name,
        text=said or (text(data.get("url")) or "" if kind == POST else ""),
        title=text(data.get("title"))
        if kind == POST
        else text(data.get("subject"))
        if kind == MESSAGE
        else None,
        occurred_at=_moment(data.get("created_utc"), "created_utc"),
        edited_at=_moment(data["edited"], "edited") if _is_time(data.get("edited")) else None,
        author=author,
        author_name=shown,
        visibility="private" if kind == MESSAGE else "public",
        direction="outbound" if outbound else "inbound",
        thread=_thread(kind, name, data),
        reply_to=parent,
        answers=parent if answered else None,
        answers_author=answered if answered and answered not in own else None,
        contactable=Contactable(handle=author, handle_verified=True) if author else None,
        reach=Reach(likes=count(data.get("score"))) if kind != MESSAGE else None,
        url=_url(kind, data),
        origin=f"reddit:{name}",
        original=original,
    )


def _thread(kind: str, name: str, data: Mapping[str, Any]) -> str | None:
    if kind == POST:
        return name
    if kind == MESSAGE:
        return text(data.get("first_message_name")) or name
    return text(data.get("link_id"))


def _url(kind: str, data: Mapping[str, Any]) -> str | None:
    permalink, link = text(data.get("permalink")), text(data.get("link_id"))
    if permalink:
        return SITE + permalink
    if kind == MESSAGE:
        return f"{SITE}/message/messages/{data['id']}"
    return f"{SITE}/comments/{link.removeprefix('t3_')}/_/{data['id']}/" if link else None


def _is_time(value: Any) -> bool:
    """Of old edits only that there was one is told."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: Any, field: str) -> datetime:
    if not _is_time(value):
        raise Rejected("invalid", f"{field}: seconds since 1970 are expected")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise Rejected("invalid", f"{field}: out of range") from None
