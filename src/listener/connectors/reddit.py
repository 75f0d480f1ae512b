"""The connector for Reddit: subreddits, searches, the inbox of the company's account, and what its accounts say.

Reddit has no stream for everybody, so its listings are read again and again: from the newest back to where they
were read last. Listings reach back a thousand things at most; what is beyond is never seen. What was told lately
is asked for once more, since an edit or a deletion stands in no listing.
"""

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from listener.connectors.connector import Batch, Item, NativeDeletion, NativeItem, Setup, Source, Unreadable
from listener.connectors.cursor import foreign_cursor
from listener.connectors.json_values import mapping, text
from listener.connectors.recent import DELETED, Recent
from listener.connectors.reddit_client import REFUSED, Access, Client
from listener.connectors.reddit_thing import COMMENT, MESSAGE, created, full_name, read_thing
from listener.connectors.words import Words
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError
from listener.http.backoff import Backoff
from listener.http.client import Query, Unavailable

log = logging.getLogger(__name__)

KIND = "reddit"
PAGE = 100
"""Things of one answer, and those asked for by name in one request; Reddit's own limit."""
WINDOW = 1000
"""Things that a listing reaches back; Reddit's own limit."""
MAX_ANCHORS = 5
LONGEST_RETRY_SECONDS = 300.0
NAME = r"[A-Za-z0-9_-]{2,30}"


class RedditOptions(Document):
    """How a source of the kind `reddit` is configured."""

    client_id: str = Field(min_length=1, max_length=100)
    """Of the app, of the type "script"."""
    username: str = Field(pattern=rf"^{NAME}$")
    """The account by which is read; it is one of the company's own."""
    user_agent: str | None = Field(default=None, min_length=5, max_length=200)
    """What Reddit is told of who asks; it wants ``platform:program:version (by /u/name)``."""
    mentions: bool = True
    """The inbox of the account: mentions of it, replies to it, private messages; and what the accounts say."""
    subreddits: tuple[str, ...] = Field(default=(), max_length=50)
    words: tuple[str, ...] = Field(default=(), max_length=200)
    """Of the subreddits only what has one of these."""
    searches: tuple[str, ...] = Field(default=(), max_length=20)
    """In Reddit's own language for searches; posts in all subreddits, no comments."""
    poll_seconds: float = Field(default=60.0, ge=0.2, le=86_400)
    recheck_seconds: float = Field(default=600.0, ge=0.2, le=86_400)
    """How often to ask for edits and deletions of what was told lately."""
    overlap_seconds: float = Field(default=120.0, ge=0, le=86_400)
    first_read: int = Field(default=PAGE, ge=0, le=WINDOW)
    """How many things of each listing are read when the source is new."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    url: str = Field(default="https://oauth.reddit.com", pattern=r"^https?://[^\s/?#@]+/?$")
    auth_url: str = Field(default="https://www.reddit.com", pattern=r"^https?://[^\s/?#@]+/?$")

    @field_validator("subreddits")
    @classmethod
    def _are_subreddits(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(name.removeprefix("/").removeprefix("r/") for name in value)
        if wrong := [name for name in names if not name.replace("_", "").isalnum() or not name.isascii()]:
            raise ValueError(f"not a subreddit: {wrong[0]!r}; an example is AcmeSupport")
        return names

    @field_validator("words", "searches")
    @classmethod
    def _are_words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in value):
            raise ValueError("an empty word is in everything")
        return value

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not (self.mentions or self.subreddits or self.searches):
            raise ValueError("nothing to read: set mentions, subreddits or searches")
        if self.words and not self.subreddits:
            raise ValueError("words are for subreddits: set subreddits, or remove them")
        return self


@dataclass(frozen=True)
class Listing:
    """Things by when they were made, the newest first.

    Attributes:
        name: in the cursor.
        words: only what has one of these; None: all.
        is_inbox: its comments lack what they have elsewhere, so they are asked for by name.
    """

    name: str
    path: str
    query: Query
    words: Words | None = None
    is_inbox: bool = False


@dataclass
class _Reading:
    """One listing, read page by page.

    Attributes:
        boundary: seconds since 1970 at which to stop; None where it was never read.
        after: the thing behind which to go on.
        anchors: the things before that one, the nearest last: one that is gone has nothing behind it.
    """

    listing: Listing
    boundary: float | None
    after: str | None = None
    anchors: list[str] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class _Named:
    """Things to be asked for by name.

    Attributes:
        listing: then read up to `since`, by name.
    """

    names: tuple[str, ...]
    listing: str | None = None
    since: float = 0.0


@dataclass
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        since: by listing when the newest thing was made that was read, in seconds since 1970.
        recent: things told lately.
    """

    url: str
    since: dict[str, float]
    recent: Recent

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        recent = [list(entry) for entry in self.recent.kept()]
        return {"url": self.url, "since": dict(self.since), "recent": recent}

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, url: str) -> Self:
        """Goes on from a cursor; another service is read anew."""
        if cursor is None or cursor["url"] != url:
            return cls(url, {}, Recent())
        since = {listing: float(moment) for listing, moment in cursor["since"].items()}
        return cls(url, since, Recent((key, revision) for key, revision in cursor["recent"]))


class RedditConnector:
    """Reads one source of Reddit; see `listener.connectors.connector.Connector`.

    Args:
        name: of the source.
        access: to Reddit's API.
        accounts: the company's own, beside the one by which is read.
        now: stamps deletions, which come without a time.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        name: str,
        options: RedditOptions,
        access: Access,
        accounts: Iterable[str] = (),
        *,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._source = Source(name=name, kind=KIND, channel="forum")
        self._access = access
        self._own = frozenset(map(account_name, (options.username, *accounts)))
        self._listings = listings(options, self._own)
        self._now = now
        self._backoff = Backoff(1.0, LONGEST_RETRY_SECONDS, uniform)
        self._url = options.url.rstrip("/")
        self._position = Position(self._url, {}, Recent())
        self._client: Client | None = None

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Goes on behind `position`; connects at the first poll.

        Raises:
            UsageError: the position is not one of this connector's.
        """
        self.close()
        try:
            self._position = Position.resumed(position, self._url)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise foreign_cursor(self._source.name) from None
        self._client = Client(self._url, self._options.auth_url, self._access, self._options.timeout_seconds)
        self._tasks: deque[_Reading | _Named] = deque()
        self._read_at = self._rechecked_at = -inf

    def poll(self) -> Batch:
        """One request, where that is due.

        Raises:
            Busy: Reddit does not answer, or wants to be left alone.
            ListenerError: it refuses.
        """
        if self._client is None:
            raise ListenerError(f"{self._source.name}: is not open")
        if not self._tasks:
            self._plan()
        if not self._tasks:
            next_at = min(
                self._read_at + self._options.poll_seconds,
                self._rechecked_at + self._options.recheck_seconds,
            )
            return Batch((), None, max(0.01, next_at - time.monotonic()))
        task = self._tasks[0]
        try:
            match task:
                case _Reading():
                    batch = self._read(self._client, task)
                case _Named():
                    batch = self._ask_for(self._client, task)
        except Unavailable as error:
            raise self._not_now(error) from None
        self._backoff.succeeded()
        return batch

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _plan(self) -> None:
        now = time.monotonic()
        if now - self._read_at >= self._options.poll_seconds:
            self._read_at = now
            for listing in self._listings:
                since = self._position.since.get(listing.name)
                boundary = None if since is None else since - self._options.overlap_seconds
                self._tasks.append(_Reading(listing, boundary))
        if now - self._rechecked_at >= self._options.recheck_seconds:
            self._rechecked_at = now
            kept = self._position.recent.kept()
            names = [
                key for key, revision in kept if revision != DELETED and not key.startswith(("#", MESSAGE))
            ]
            self._tasks.extend(_Named(each) for each in pages(names))

    def _read(self, client: Client, reading: _Reading) -> Batch:
        """One page."""
        listing, query = reading.listing, {"limit": PAGE, **reading.listing.query}
        if reading.after is not None:
            query["after"] = reading.after
        page, following = things(client.get(listing.path, query), listing.path)
        if not page and reading.anchors:
            reading.after = reading.anchors.pop()
            return Batch((), None)
        is_broken_off = not page and reading.after is not None
        reading.found += page
        names = [name for name in map(full_name, page) if name is not None]
        reading.anchors, reading.after = names[-MAX_ANCHORS - 1 : -1], following
        oldest = next(filter(None, map(created, reversed(page))), None)
        if reading.boundary is None:
            is_done = len(reading.found) >= self._options.first_read
        else:
            is_done = oldest is not None and oldest < reading.boundary
        if following is not None and not is_done:
            return Batch((), None)
        is_whole = is_done or not (is_broken_off or len(reading.found) >= WINDOW - PAGE)
        if reading.boundary is not None and not is_whole:
            log.warning(
                "source=%s listing=%s has brought more than it shows: something may be missing",
                self._source.name,
                listing.name,
            )
        return self._read_whole(reading)

    def _read_whole(self, reading: _Reading) -> Batch:
        listing, found = reading.listing, reading.found
        self._tasks.popleft()
        newest = max(filter(None, map(created, found)), default=0.0)
        since = max(newest, self._position.since.get(listing.name, 0.0))
        if reading.boundary is None:
            found = found[: self._options.first_read]
        found.sort(key=lambda thing: created(thing) or 0.0)
        if not listing.is_inbox:
            return self._up_to(self._told(found, listing.words), listing.name, since)
        comments = dict.fromkeys(
            full_name(each) or "" for each in found if mapping(each).get("kind") == COMMENT
        )
        unknown = [name for name in comments if name and name not in self._position.recent]
        others = self._told(each for each in found if mapping(each).get("kind") != COMMENT)
        if not unknown:
            return self._up_to(others, listing.name, since)
        *first, last = pages(unknown)
        self._tasks.extendleft([_Named(last, listing.name, since), *map(_Named, reversed(first))])
        return self._batch(others)

    def _ask_for(self, client: Client, task: _Named) -> Batch:
        """Things that were told lately, and may be edited or gone; or are to be told."""
        path = "/api/info"
        found, _ = things(client.get(path, {"id": ",".join(task.names)}), path)
        self._tasks.popleft()
        items = self._told(found)
        return self._batch(items) if task.listing is None else self._up_to(items, task.listing, task.since)

    def _told(self, found: Iterable[Any], words: Words | None = None) -> list[Item]:
        """What is news of these, remembered."""
        items: list[Item] = []
        recent = self._position.recent
        for thing in found:
            told = read_thing(thing, self._own)
            if told.item == "gone":
                if told.key in recent and recent.is_news(told.key, DELETED):
                    recent.add(told.key, DELETED)
                    origin = f"reddit:{told.key}"
                    items.append(NativeDeletion(native_id=told.key, deleted_at=self._now(), origin=origin))
                continue
            if not recent.is_news(told.key, told.revision):
                continue
            if told.key not in recent and not is_wanted(told.item, words):
                continue
            recent.add(told.key, told.revision)
            items.append(told.item)
        return items

    def _up_to(self, items: list[Item], listing: str, since: float) -> Batch:
        """A listing was read up to a moment."""
        moved = self._position.since.get(listing) != since
        self._position.since[listing] = since
        return Batch(items, self._position.to_cursor() if items or moved else None)

    def _batch(self, items: list[Item]) -> Batch:
        return Batch(items, self._position.to_cursor() if items else None)

    def _not_now(self, error: Unavailable) -> ListenerError:
        if error.status in REFUSED:
            return ListenerError(
                f"{error}: it refuses the account, or what the source {self._source.name} is to read: see "
                "client_id, username and the secrets, and whether each subreddit exists and is open to the account"
            )
        return Busy(str(error), self._backoff.failed(error.retry_after_seconds))


def listings(options: RedditOptions, own: Iterable[str]) -> list[Listing]:
    """What is to be read."""
    found: list[Listing] = []
    words = Words(options.words) if options.words else None
    for name in options.subreddits:
        found.append(Listing(f"posts:{name.lower()}", f"/r/{name}/new", {}, words))
        found.append(Listing(f"comments:{name.lower()}", f"/r/{name}/comments", {}, words))
    for search in options.searches:
        query: Query = {"q": search, "sort": "new", "type": "link"}
        found.append(Listing(f"search:{search}", "/search", query))
    if options.mentions:
        found.append(Listing("inbox", "/message/inbox", {"mark": "false"}, is_inbox=True))
        found.append(Listing("sent", "/message/sent", {}))
        found += [
            Listing(f"own:{account}", f"/user/{account}/overview", {"sort": "new"}) for account in sorted(own)
        ]
    return found


def is_wanted(item: NativeItem | Unreadable, words: Words | None) -> bool:
    """Whether it has one of the words, where there are some; what the company says, and what is broken, always."""
    if words is None or isinstance(item, Unreadable) or item.direction == "outbound":
        return True
    return words.among(f"{item.title or ''}\n{item.text}")


def account_name(account: str) -> str:
    """An account in lower case, from how people write it: ``/u/Acme``, ``u/Acme`` or ``Acme``."""
    return account.strip().lower().removeprefix("/").removeprefix("u/")


def things(answer: Mapping[str, Any], path: str) -> tuple[list[Any], str | None]:
    """The things of a page of a listing, and behind which the next page goes on.

    Raises:
        Unavailable: the answer is no listing.
    """
    data = mapping(answer.get("data"))
    children = data.get("children")
    if not isinstance(children, list):
        raise Unavailable(f"{path}: a listing is expected")
    return children, text(data.get("after"))


def pages(names: Sequence[str]) -> list[tuple[str, ...]]:
    """As many together as may be asked for at once."""
    return [tuple(names[at : at + PAGE]) for at in range(0, len(names), PAGE)]


def build(setup: Setup) -> RedditConnector:
    """The connector of a configured source."""
    options = RedditOptions.model_validate(setup.options)
    if "refresh_token" in setup.secrets:
        grant = {"grant_type": "refresh_token", "refresh_token": setup.secret("refresh_token")}
    else:
        grant = {"grant_type": "password", "username": options.username, "password": setup.secret("password")}
    user_agent = options.user_agent or f"python:listener:1 (by /u/{options.username})"
    access = Access(options.client_id, setup.secret("client_secret"), grant, user_agent)
    return RedditConnector(setup.name, options, access, setup.accounts, now=setup.now)
