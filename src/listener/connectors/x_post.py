"""From a post as the X API v2 tells it to an item. Pure.

An edit makes a post with another id; `edit_history_tweet_ids` lists all of them, the oldest first. The first is
the id of the mention, the last says which revision it is. When posts were made is read from their ids, which hold
it to the millisecond, so that each revision of a post tells the same.
"""

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.connectors.connector import NativeItem, Unreadable
from listener.connectors.json_values import count, mapping, sequence, text
from listener.domain.errors import Rejected
from listener.domain.ids import digest
from listener.domain.mention import Contactable, Reach
from listener.times import parse_time

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = 1_288_834_974_657
"""Milliseconds since 1970 from which ids count (4 November 2010)."""
_FIRST_TIMED = 29_700_859_247
"""Ids below are numbers without a time."""


@dataclass(frozen=True)
class Own:
    """The company's accounts: ids, and user names in lower case."""

    ids: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, accounts: Iterable[str]) -> "Own":
        """From how people write them: an account of digits alone is an id, with ``@`` before it a name."""
        stripped = {account.strip() for account in accounts}
        ids = frozenset(account for account in stripped if account.isdecimal())
        return cls(ids, frozenset(account.removeprefix("@").lower() for account in stripped - ids))

    def has(self, user_id: str | None, user: Mapping[str, Any]) -> bool:
        """Whether an account is one of them.

        Args:
            user: what is known of it; may be empty.
        """
        return user_id in self.ids or (text(user.get("username")) or "").lower() in self.names


@dataclass(frozen=True)
class Includes:
    """What comes beside posts: accounts and the posts that they refer to, by id."""

    users: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    posts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, includes: Any) -> "Includes":
        """From `includes` of an answer."""
        found = mapping(includes)
        return cls(_by_id(found.get("users")), _by_id(found.get("tweets")))

    def first_id(self, post_id: str) -> str:
        """The id that a post had before it was edited."""
        return history(self.posts.get(post_id, {}), post_id)[0]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the service told, and by what to know it again.

    Attributes:
        key: of a post its first id, of one that cannot be read something like it.
        revision: 0 as it was posted, else the time of the edit in milliseconds.
    """

    key: str
    revision: int
    item: NativeItem | Unreadable


def read_post(post: Any, includes: Includes, own: Own) -> Told | None:
    """What is said by a post; None for a repost, which says nothing itself."""
    refers_to = {text(mapping(each).get("type")) for each in sequence(mapping(post).get("referenced_tweets"))}
    if "retweeted" in refers_to:
        return None
    original = json.dumps(post, ensure_ascii=False).encode(errors="replace")
    post_id = id_of(post)
    try:
        item = _item(post, includes, own, original)
    except Rejected as error:
        where = f"x:{post_id}" if post_id else "x"
        unreadable = Unreadable(reason=error.reason, detail=error.detail, origin=where, original=original)
        return Told(post_id or f"#{digest(original.decode())}", 0, unreadable)
    edited = item.edited_at
    revision = max(0, (edited - _EPOCH) // timedelta(milliseconds=1)) if edited else 0
    return Told(item.native_id, revision, item)


def id_of(value: Any) -> str | None:
    """The id of a post, an account or a rule, where it has one."""
    found = mapping(value).get("id")
    return found if isinstance(found, str) and found.isdecimal() and found.isascii() else None


def history(post: Mapping[str, Any], post_id: str) -> list[str]:
    """The ids of all versions of a post, the oldest first."""
    found = sequence(post.get("edit_history_tweet_ids"))
    return [each for each in found if isinstance(each, str) and each.isdecimal()] or [post_id]


def moment_of(post_id: str) -> datetime | None:
    """When a post was made, from its id; None for ids that hold no time."""
    number = int(post_id)
    if not _FIRST_TIMED <= number < 1 << 63:
        return None
    return _EPOCH + timedelta(milliseconds=(number >> 22) + _FIRST_MS)


def earlier(post_id: str, seconds: float) -> str:
    """The id that a post would have had so long before, at least 0."""
    return str(max(0, int(post_id) - (int(seconds * 1000) << 22)))


def _item(post: Any, includes: Includes, own: Own, original: bytes) -> NativeItem:
    if not isinstance(post, dict):
        raise Rejected("invalid", "a post is expected")
    post_id, author = id_of(post), text(post.get("author_id"))
    said = text(mapping(post.get("note_tweet")).get("text")) or post.get("text")
    if post_id is None:
        raise Rejected("invalid", "id: a text of digits is expected")
    if not isinstance(said, str):
        raise Rejected("invalid", "text: a text is expected")
    if author is None:
        raise Rejected("invalid", "author_id: a text is expected")
    native_id = history(post, post_id)[0]
    user = includes.users.get(author, {})
    name = text(user.get("username"))
    outbound = own.has(author, user)
    reply_to = _reply_to(post, includes)
    answered = text(post.get("in_reply_to_user_id"))
    answers_somebody = outbound and reply_to and not own.has(answered, includes.users.get(answered or "", {}))
    metrics, followed = mapping(post.get("public_metrics")), mapping(user.get("public_metrics"))
    return NativeItem(
        native_id=native_id,
        text=html.unescape(said),  # the service writes &, < and > as in HTML
        occurred_at=moment_of(native_id) or _created_at(post),
        edited_at=moment_of(post_id) if post_id != native_id else None,
        author=author,
        author_name=text(user.get("name")) or name,
        direction="outbound" if outbound else "inbound",
        thread=text(post.get("conversation_id")),
        reply_to=reply_to,
        answers=reply_to if answers_somebody and answered else None,
        answers_author=answered if answers_somebody else None,
        contactable=Contactable(handle=name, handle_verified=True) if name else None,
        reach=Reach(
            followers=count(followed.get("followers_count")),
            likes=count(metrics.get("like_count")),
            reposts=count(metrics.get("retweet_count")),
            verified=user["verified"] if isinstance(user.get("verified"), bool) else None,
        ),
        url=f"https://x.com/{name or 'i'}/status/{post_id}",
        origin=f"x:{post_id}",
        original=original,
    )


def _reply_to(post: Mapping[str, Any], includes: Includes) -> str | None:
    for each in sequence(post.get("referenced_tweets")):
        referenced = id_of(each)
        if referenced is not None and each.get("type") == "replied_to":
            return includes.first_id(referenced)
    return None


def _created_at(post: Mapping[str, Any]) -> datetime:
    created = text(post.get("created_at"))
    if created is None:
        raise Rejected("invalid", "created_at: a time is expected")
    moment = parse_time(created)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_id(values: Any) -> dict[str, Mapping[str, Any]]:
    found = ((id_of(each), mapping(each)) for each in sequence(values))
    return {each_id: each for each_id, each in found if each_id is not None}
