"""From a status as Mastodon tells it to an item. Pure.

Servers that speak the same API (Pleroma, Akkoma, GoToSocial, Pixelfed ...) leave out fields, and their ids are
other texts; only `id`, `created_at`, `content` and the account's `acct` are needed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from listener.connectors.connector import NativeDeletion, NativeItem, Unreadable
from listener.connectors.html_text import text_of_html, tidy
from listener.connectors.json_values import count, mapping, text
from listener.domain.errors import Rejected
from listener.domain.ids import digest
from listener.domain.mention import MAX_TEXT, Contactable, Reach
from listener.times import parse_time

MAX_MARKUP = 4 * MAX_TEXT
PUBLIC = frozenset({"public", "unlisted"})
"""Visibilities that everybody sees; where a server does not say, it is public."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Server:
    """Whose words these are.

    Attributes:
        host: of its address; begins the ids of its posts, since every server numbers its own.
        domain: ends the names of its accounts; often the same.
        own: the company's accounts, each ``user@host`` in lower case.
    """

    host: str
    domain: str
    own: frozenset[str] = frozenset()

    def native_id(self, status_id: str) -> str:
        """The id of a post, which other servers use for other posts."""
        return f"{self.host}/{status_id}"

    def account(self, acct: str) -> str:
        """``user@host`` in lower case, from how this server names an account, or how people write it."""
        name = acct.strip().removeprefix("@").lower()
        return name if "@" in name else f"{name}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the server told, and by what to know it again.

    Attributes:
        key: the id of the status, or of one that cannot be read something like it.
        revision: of a status: time of its edit in milliseconds, 0 without.
    """

    key: str
    revision: int
    item: NativeItem | Unreadable


def read_status(status: Any, server: Server) -> Told | None:
    """What is said by a status; None for a boost, which says nothing itself."""
    original = json.dumps(status, ensure_ascii=False).encode(errors="replace")
    if isinstance(status, dict) and status.get("reblog"):
        return None
    status_id = id_of(status)
    key = status_id or f"#{digest(original.decode())}"
    try:
        item = _item(status, server, original)
    except Rejected as error:
        where = server.native_id(status_id) if status_id else server.host
        unreadable = Unreadable(reason=error.reason, detail=error.detail, origin=where, original=original)
        return Told(key, 0, unreadable)
    edited = item.edited_at
    return Told(key, max(0, (edited - _EPOCH) // timedelta(milliseconds=1)) if edited else 0, item)


def deletion(status_id: str, server: Server, now: datetime) -> NativeDeletion:
    """The news that a status is gone; Mastodon says neither whose it was nor when."""
    return NativeDeletion(native_id=server.native_id(status_id), deleted_at=now, origin=server.host)


def mentions_own(status: Any, server: Server) -> bool:
    """Whether a status mentions the company."""
    mentioned = mapping(status).get("mentions")
    accts = [text(mapping(named).get("acct")) for named in mentioned] if isinstance(mentioned, list) else []
    return any(server.account(acct) in server.own for acct in accts if acct)


def id_of(value: Any) -> str | None:
    """The id of a status, an account or a notification, where it has one."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and found else None


def in_order(some_id: str) -> tuple[int, str]:
    """Ids sorted by this are in the order of the server: numbers, ULIDs and flake ids grow so."""
    return len(some_id), some_id


def newest(ids: Iterable[str | None], at_least: str | None = None) -> str | None:
    """The last of them in the server's order."""
    return max(filter(None, (at_least, *ids)), key=in_order, default=None)


def _item(status: Any, server: Server, original: bytes) -> NativeItem:
    if not isinstance(status, dict):
        raise Rejected("invalid", "a status is expected")
    status_id, content = id_of(status), status.get("content")
    if status_id is None:
        raise Rejected("invalid", "id: a text is expected")
    if not isinstance(content, str):
        raise Rejected("invalid", "content: a text is expected")
    account = mapping(status.get("account"))
    acct = text(account.get("acct"))
    if acct is None:
        raise Rejected("invalid", "account.acct: a text is expected")
    author = server.account(acct)
    outbound = author in server.own
    reply_to = text(status.get("in_reply_to_id"))
    answered = _answered(status, server) if outbound and reply_to else None
    return NativeItem(
        native_id=server.native_id(status_id),
        text=text_of_html(content[:MAX_MARKUP]),
        title=tidy(text(status.get("spoiler_text")) or "") or None,
        occurred_at=_moment(status, "created_at"),
        edited_at=_moment(status, "edited_at") if status.get("edited_at") else None,
        author=author,
        author_name=text(account.get("display_name")) or acct,
        visibility="public" if (text(status.get("visibility")) or "public") in PUBLIC else "private",
        direction="outbound" if outbound else "inbound",
        reply_to=server.native_id(reply_to) if reply_to else None,
        answers=server.native_id(reply_to) if answered and reply_to else None,
        answers_author=answered,
        automatic=account.get("bot") is True,
        contactable=Contactable(handle=author[:200], handle_verified=True),
        reach=Reach(
            followers=count(account.get("followers_count")),
            likes=count(status.get("favourites_count")),
            reposts=count(status.get("reblogs_count")),
        ),
        url=text(status.get("url")) or text(status.get("uri")),
        origin=server.native_id(status_id),
        original=original,
    )


def _answered(status: Mapping[str, Any], server: Server) -> str | None:
    """The account that a reply of the company's answers, where it is named in it and not the company's own."""
    account_id = status.get("in_reply_to_account_id")
    mentioned = status.get("mentions")
    for named in mentioned if isinstance(mentioned, list) else ():
        acct = text(mapping(named).get("acct"))
        if acct is not None and id_of(named) == account_id:
            answered = server.account(acct)
            return None if answered in server.own else answered
    return None


def _moment(status: Mapping[str, Any], field: str) -> datetime:
    found = status.get(field)
    if not isinstance(found, str):
        raise Rejected("invalid", f"{field}: a time is expected")
    moment = parse_time(found)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
