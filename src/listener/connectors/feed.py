"""RSS and Atom: from the bytes of a feed to its entries, and from entries to what is news in them. Pure.

Feeds are read for what can be had of them: an entry may lack id, link, date or author, and the XML may be
broken. RSS 0.9x to 2.0 and Atom (RFC 4287) are parsed by feedparser, replies by RFC 4685.
"""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import feedparser
from pydantic_core import to_json

from listener.connectors.connector import NativeItem
from listener.connectors.html_text import text_of_html, tidy
from listener.domain.ids import digest
from listener.domain.mention import MAX_TEXT, Contactable

MAX_FORGOTTEN = 5_000
"""Entries remembered beside those that the feed shows; keeps the cursor's record well below 1 MB."""
MAX_ID = 2000
MAX_MARKUP = 4 * MAX_TEXT
_ZONE = re.compile(
    r"(?:\dZ|[+-]\d\d:?\d\d|\b(?:UTC?|GMT|[ECMP][SD]?T|A[SD]?T|MES?T|[ANMYZ])(?:[+-]\d\d?:?(?:\d\d)?)?)\s*$",
    re.IGNORECASE,
)
"""What feedparser understands as a zone at the end of a date. A date without it, it takes for UTC; we do not."""
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s()<>@,;:]{1,64}@[^\s()<>@,;:]{1,253}")
_NO_REPLY = re.compile(r"(?:do)?[._-]?no[._-]?t?[._-]?reply", re.IGNORECASE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 9998


@dataclass(frozen=True, slots=True)
class Entry:
    """What a feed says in one entry, as plain text.

    Attributes:
        entry_id: the feed's id of the entry, else its link, else a hash of its content.
        author_uri: address of the author's account or page.
        reply_to: id of the entry that this one answers.
        published: when it was first said; naive where the feed gives no zone, None where it gives no date.
        updated: when it was last changed, in the same way.
        original: all that the parser found, as JSON.
    """

    entry_id: str
    title: str | None = None
    text: str = ""
    link: str | None = None
    author_name: str | None = None
    author_email: str | None = None
    author_uri: str | None = None
    reply_to: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    original: bytes = b""

    @property
    def occurred(self) -> datetime | None:
        """The best that the feed says about when it was said."""
        return self.published or self.updated

    @property
    def latest(self) -> datetime | None:
        """The newest date, which tells an edit."""
        return max(filter(None, (self.published, self.updated)), key=milliseconds, default=None)

    @property
    def origin(self) -> str:
        """What tells apart two entries to which a careless feed gives the same id or link."""
        who = self.author_uri or self.author_name or ""
        return digest(who, str(self.published or ""), "" if self.occurred else self.text)


@dataclass(frozen=True, slots=True)
class Feed:
    """One reading of a feed.

    Attributes:
        recognised: it looks like a feed at all.
        complete: it is well-formed, so that nothing of it can be missing.
        problems: what is wrong with it, in words for a person.
    """

    entries: tuple[Entry, ...] = ()
    recognised: bool = True
    complete: bool = True
    problems: tuple[str, ...] = ()


class Seen(NamedTuple):
    """What is remembered of an entry, in milliseconds since 1970: when it was said, and its newest date."""

    occurred_ms: int
    latest_ms: int


@dataclass(frozen=True, slots=True)
class Voice:
    """Whose words a feed holds.

    Attributes:
        source: name of the configured source; ids that are no URIs are ids within it.
        author: who wrote the entries that name nobody; None where that is not known.
        own: the company's accounts: names, e-mail addresses or addresses of accounts, in lower case.
    """

    source: str
    author: str | None = None
    own: frozenset[str] = frozenset()


def read_feed(body: bytes, *, url: str = "", content_type: str | None = None) -> Feed:
    """Reads the bytes of a feed. Never raises: what cannot be read is left out and told in `problems`.

    Args:
        url: where the bytes are from; relative links are relative to it.
        content_type: as the server said; it may name the encoding.
    """
    headers = {"content-location": url, "content-type": content_type or "application/xml"}
    try:
        # Bytes by themselves would first be tried as the name of a file.
        parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except Exception as error:  # noqa: BLE001 - whatever strange bytes do to the parser, the connector goes on
        return Feed((), False, False, (f"cannot be read: {type(error).__name__}: {error}",))
    problems = []
    complete, recognised = not parsed.get("bozo"), bool(parsed.get("version"))
    if not complete:
        problems.append(f"ill-formed: {tidy(str(parsed.get('bozo_exception')))[:200]}")
    if not recognised:
        problems.append("not a feed, as far as can be told")
    found = parsed.get("entries", ())
    if any(
        _word(raw, name) and _date(raw, name) is None for raw in found for name in ("published", "updated")
    ):
        problems.append("dates that cannot be read: such entries count from when they are first seen")
    entries = tuple(filter(None, map(_entry, found)))
    if any(date and date.tzinfo is None for entry in entries for date in (entry.published, entry.updated)):
        problems.append("dates without a time zone")
    return Feed(entries, recognised, complete, tuple(problems))


def news_of(
    entries: Iterable[Entry], seen: Mapping[str, Seen], voice: Voice, now: datetime
) -> tuple[list[NativeItem], dict[str, Seen]]:
    """What is new or edited among the entries.

    An entry was said when it was published, else when it was last changed, else now; it keeps that time in
    every revision. It is an edit where its newest date is above the one remembered: changed words under an
    old date cannot be told from a counter or an advertisement, and are passed over.

    Args:
        seen: as returned by the reading before.

    Returns:
        The items, oldest first, and what to remember for the next reading.
    """
    shown: dict[str, Seen] = {}
    items: list[NativeItem] = []
    for native_id, entry in _identified(entries, seen, voice.source).items():
        key = digest(native_id)
        known = seen.get(key)
        occurred = entry.occurred or now
        if known:
            first = _EPOCH + timedelta(milliseconds=known.occurred_ms)
            occurred = first if occurred.tzinfo is not None else first.replace(tzinfo=None)
        latest_ms = max(milliseconds(occurred), _newest_ms(entry))
        if known and latest_ms <= known.latest_ms:
            shown[key] = known
            continue
        shown[key] = Seen(milliseconds(occurred), latest_ms)
        edited = entry.latest if latest_ms > milliseconds(occurred) else None
        items.append(_item(entry, native_id, occurred, edited, voice))
    items.sort(key=lambda item: (milliseconds(item.edited_at or item.occurred_at), item.native_id))
    forgotten = [(key, value) for key, value in seen.items() if key not in shown]
    return items, dict(forgotten[-MAX_FORGOTTEN:]) | shown


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970; a naive time counts as UTC, which is good enough to compare it with itself."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _identified(entries: Iterable[Entry], seen: Mapping[str, Seen], source: str) -> dict[str, Entry]:
    """Entries by native id. Where several say that they are the same one, and cannot be, each gets its own."""
    by_id: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_id[entry.entry_id].append(entry)
    found: dict[str, Entry] = {}
    for entry_id, alike in by_id.items():
        shared = len({entry.origin for entry in alike}) > 1
        plain = _scoped(entry_id, source)
        known = seen.get(digest(plain))
        for entry in alike:
            own = _scoped(f"{entry_id}#{entry.origin}", source)
            was_alone = known and entry.occurred and known.occurred_ms == milliseconds(entry.occurred)
            native_id = own if digest(own) in seen or (shared and not was_alone) else plain
            other = found.get(native_id)
            if other is None or _newest_ms(entry) > _newest_ms(other):
                found[native_id] = entry
    return found


def _newest_ms(entry: Entry) -> int:
    return milliseconds(entry.latest) if entry.latest else 0


def _item(
    entry: Entry, native_id: str, occurred: datetime, edited: datetime | None, voice: Voice
) -> NativeItem:
    name = entry.author_name
    author = entry.author_uri or name or entry.author_email
    if author is None:
        author = name = voice.author
    named = {word.lower() for word in (author, name, entry.author_email) if word}
    return NativeItem(
        native_id=native_id,
        text=entry.text or entry.title or "",
        title=entry.title if entry.text else None,
        occurred_at=occurred,
        edited_at=edited,
        # A name says nothing beyond its own source: two feeds' Anna are two people.
        author=_scoped(author, voice.source) if author else None,
        author_name=name,
        direction="outbound" if named & voice.own else "inbound",
        reply_to=_scoped(entry.reply_to, voice.source) if entry.reply_to else None,
        contactable=Contactable(name=name, email=entry.author_email) if entry.author_email else None,
        url=entry.link,
        origin=entry.link or entry.entry_id,
        original=entry.original,
    )


def _scoped(native: str, source: str) -> str:
    """The id as it is where it is a URI, which means one thing everywhere; else as an id within its source."""
    scoped = native if _URI.match(native) else f"{source}/{native}"
    return scoped if len(scoped) <= MAX_ID else f"{source}/#{digest(native)}"


def _entry(raw: Any) -> Entry | None:
    """An entry; None if it says nothing."""
    title = _text(_mapping(raw, "title_detail"))
    text = next(filter(None, map(_text, _bodies(raw))), "")[:MAX_TEXT]
    if not (title or text):
        return None
    name, email = _name_and_email(_word(raw, "author"))
    published, updated = _date(raw, "published") or _date(raw, "created"), _date(raw, "updated")
    link = _web_address(_word(raw, "link"))
    return Entry(
        entry_id=_word(raw, "id") or link or "#" + digest(title, text, name or "", str(published or "")),
        title=title[:2000] or None,
        text=text,
        link=link,
        author_name=name,
        author_email=email,
        author_uri=_account(_word(_mapping(raw, "author_detail"), "href")),
        reply_to=_word(_mapping(raw, "thr_in-reply-to"), "ref") or None,
        published=published,
        updated=updated,
        original=to_json(dict(raw), fallback=str, inf_nan_mode="constants").decode(errors="replace").encode(),
    )


def _get(raw: Any, name: str) -> Any:
    """The value as the feed gives it: feedparser's own `get` puts the published date for a missing updated."""
    return dict.get(raw, name)


def _mapping(raw: Any, name: str) -> dict[str, Any]:
    value = _get(raw, name)
    return value if isinstance(value, dict) else {}


def _word(raw: Any, name: str) -> str:
    value = _get(raw, name)
    return tidy(value) if isinstance(value, str) else ""


def _bodies(raw: Any) -> list[dict[str, Any]]:
    """The ways in which the entry tells its content, the fullest first."""
    contents = _get(raw, "content")
    bodies = [part for part in contents if isinstance(part, dict)] if isinstance(contents, list) else []
    return [*bodies, _mapping(raw, "summary_detail")]


def _text(detail: dict[str, Any]) -> str:
    value = _get(detail, "value")
    if not isinstance(value, str):
        return ""
    return tidy(value) if _get(detail, "type") == "text/plain" else text_of_html(value[:MAX_MARKUP])


def _web_address(address: str) -> str | None:
    """An address that a person can open, else None; ``javascript:`` and the like are none."""
    return address if address.lower().startswith(("http://", "https://")) else None


def _account(address: str) -> str | None:
    """The address of an account; a bare host is a site, and many people's."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    personal = parts.scheme in {"http", "https"} and parts.netloc and (parts.path.strip("/") or parts.query)
    return address if personal else None


def _name_and_email(words: str) -> tuple[str | None, str | None]:
    """Takes apart ``Ana``, ``ana@example.org``, ``ana@example.org (Ana)`` and ``Ana <ana@example.org>``.

    feedparser's own way breaks at top-level domains of more than four letters.
    """
    found = _EMAIL.search(words)
    if found is None:
        return words[:300] or None, None
    rest = re.sub(r"[(<]\s*[)>]", "", words[: found.start()] + words[found.end() :]).strip()
    name = re.sub(r"^\((.*)\)$", r"\1", rest)[:300] or None
    return name, None if _NO_REPLY.match(found[0]) else found[0]


def _date(raw: Any, name: str) -> datetime | None:
    parsed, words = _get(raw, f"{name}_parsed"), _word(raw, name)
    try:
        if parsed is None:  # feedparser cannot read RFC 822 without a zone
            moment = parsedate_to_datetime(words)
        else:
            moment = datetime(*parsed[:6])  # noqa: DTZ001 - naive unless the feed names a zone
            moment = moment.replace(tzinfo=UTC) if _ZONE.search(words) else moment
    except (ValueError, OverflowError):
        return None
    return moment if _EPOCH.year < moment.year <= _LAST_YEAR else None
