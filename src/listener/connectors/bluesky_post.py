"""From a change of somebody's repository on Bluesky (AT Protocol) to an item. Pure.

A post is a record of the collection `app.bsky.feed.post`. Its id is its address, ``at://DID/COLLECTION/KEY``,
which names its author, so a reply says by itself whom it answers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from listener.connectors.connector import Item, NativeDeletion, NativeItem, Unreadable
from listener.connectors.html_text import printable
from listener.connectors.words import Words
from listener.domain.errors import Rejected
from listener.domain.mention import Contactable
from listener.times import parse_time

POSTS = "app.bsky.feed.post"
_ADDRESS = re.compile(rf"at://(did:[a-z]+:[A-Za-z0-9._:%-]+)/{re.escape(POSTS)}/([A-Za-z0-9._:~-]+)")


@dataclass(frozen=True, slots=True)
class Change:
    """A post was made, overwritten, or deleted.

    Attributes:
        did: whose repository it is in.
        record: the post; None where it was deleted.
        at: when the server saw it.
    """

    did: str
    key: str
    action: Literal["create", "update", "delete"]
    record: Any
    at: datetime

    @property
    def address(self) -> str:
        """The id of the post."""
        return f"at://{self.did}/{POSTS}/{self.key}"


@dataclass(frozen=True)
class Wanted:
    """What a source is to hear, beside what the company says.

    Attributes:
        own: DIDs of the company.
        addressed: what mentions, answers or quotes the company.
        authors: DIDs of those of whom everything is heard.
        tags: in lower case, without ``#``.
    """

    own: frozenset[str]
    addressed: bool
    authors: frozenset[str]
    tags: frozenset[str]
    words: Words

    def has(self, change: Change) -> bool:
        """Whether a post is to be heard."""
        if change.did in self.own or change.did in self.authors:
            return True
        record = _mapping(change.record)
        text = record.get("text")
        if isinstance(text, str) and self.words.among(text):
            return True
        features = list(_features(record))
        if self.tags and any(tag.lower() in self.tags for tag in _tags(record, features)):
            return True
        return self.addressed and any(did in self.own for did in _addressed(record, features))


def is_address(text: str) -> bool:
    """Whether a post may stand there."""
    return _ADDRESS.fullmatch(text) is not None


def item_of(change: Change, own: frozenset[str], handle: str | None) -> Item:
    """What a change says.

    Args:
        own: DIDs of the company.
        handle: of the author; None where it is not known for certain.
    """
    if change.action == "delete":
        return NativeDeletion(
            native_id=change.address,
            author=change.did,
            deleted_at=change.at,
            only_if_heard=True,
            origin=change.address,
        )
    original = json.dumps(change.record, ensure_ascii=False, default=str).encode(errors="replace")
    try:
        return _post(change, own, handle, original)
    except Rejected as error:
        return Unreadable(reason=error.reason, detail=error.detail, origin=change.address, original=original)


def _post(change: Change, own: frozenset[str], handle: str | None, original: bytes) -> NativeItem:
    record = _mapping(change.record)
    text, created = record.get("text"), record.get("createdAt")
    if not isinstance(text, str):
        raise Rejected("invalid", "text: a text is expected")
    if not isinstance(created, str):
        raise Rejected("invalid", "createdAt: a time is expected")
    moment = parse_time(created)
    reply = _mapping(record.get("reply"))
    parent, root = (_mapping(reply.get(end)).get("uri") for end in ("parent", "root"))
    answered = _author_of(parent)
    outbound = change.did in own
    return NativeItem(
        native_id=change.address,
        text=printable(text).strip(),
        occurred_at=moment if moment.tzinfo else moment.replace(tzinfo=UTC),
        edited_at=change.at if change.action == "update" else None,
        author=change.did,
        author_name=handle,
        visibility="public",
        direction="outbound" if outbound else "inbound",
        thread=root if _author_of(root) else None,
        reply_to=parent if answered else None,
        answers=parent if outbound and answered and answered not in own else None,
        answers_author=answered if outbound and answered not in own else None,
        contactable=Contactable(handle=handle[:200], handle_verified=True) if handle else None,
        url=f"https://bsky.app/profile/{change.did}/post/{change.key}",
        origin=change.address,
        original=original,
    )


def _features(record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Mentions, tags and links that the text has."""
    for facet in _list(record.get("facets")):
        yield from map(_mapping, _list(_mapping(facet).get("features")))


def _tags(record: Mapping[str, Any], features: list[Mapping[str, Any]]) -> Iterator[str]:
    for tag in (*_list(record.get("tags")), *(feature.get("tag") for feature in features)):
        if isinstance(tag, str):
            yield tag.removeprefix("#")


def _addressed(record: Mapping[str, Any], features: list[Mapping[str, Any]]) -> Iterator[Any]:
    """DIDs of those whom a post mentions, answers, or quotes."""
    yield from (feature.get("did") for feature in features)
    reply, embed = _mapping(record.get("reply")), _mapping(record.get("embed"))
    quoted = _mapping(embed.get("record"))
    quoted = _mapping(quoted.get("record")) or quoted  # with a picture it lies one deeper
    for place in (reply.get("parent"), reply.get("root"), quoted):
        yield _author_of(_mapping(place).get("uri"))


def _author_of(address: Any) -> str | None:
    """Who wrote the post at an address; None where it is none."""
    match = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    return match[1] if match else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
