"""The connector for Mastodon and servers with its API: mentions of the company, hashtags, public timelines.

Streams tell what happens. The REST API tells the same again, so that nothing is missed that was said while no
stream was open, or that a stream has lost: when a stream opens or ends, and every `poll_seconds`, timelines are
read from where they were read last (`min_id`). What was told lately is asked for once more, since an edit or a
deletion in between stands in no timeline. Events wait meanwhile; what both tell is published once.

Posts of other servers get ids by when they were written, not by when they arrived, so the timelines of hashtags
and of the public are read from some time before where they were read last (`overlap_seconds`).
"""

import json
import queue
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import inf
from typing import Any, Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator, model_validator

from listener.connectors.connector import Batch, Item, NativeItem, Setup, Source, Unreadable
from listener.connectors.cursor import foreign_cursor
from listener.connectors.mastodon_client import (
    Client,
    Connected,
    Disconnected,
    StreamEvent,
    Streams,
)
from listener.connectors.mastodon_status import (
    Server,
    Told,
    deletion,
    id_of,
    in_order,
    mentions_own,
    newest,
    read_status,
)
from listener.connectors.recent import DELETED, MAX_KEPT, Recent
from listener.connectors.words import Words
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError
from listener.domain.ids import digest
from listener.http.backoff import Backoff
from listener.http.client import Query, Unavailable

KIND = "mastodon"
PAGE = 40
"""What timelines give at most; Mastodon's own limit."""
ASKED_AT_ONCE = 20
"""Posts asked for again in one request; Mastodon's own limit."""
AGAIN_SECONDS = 60.0
"""They are not asked for more often, however often streams break."""
LONGEST_RETRY_SECONDS = 300.0
MAX_TOLD = MAX_KEPT // 2
"""After so many the timelines are read, so that the cursor remembers all that was told since they were."""
MAX_EVENTS = 200
"""Of one batch."""
LISTEN_SECONDS = 1.0
"""How long a poll waits for events, so that a stop is noticed."""
MAX_PASSED_OVER = 20_000
REFUSED = frozenset({401, 403})
GONE = frozenset({404, 410})


USER = "user"
"""The stream of the account: notifications and its home timeline."""


class MastodonOptions(Document):
    """How a source of the kind `mastodon` is configured."""

    url: str = Field(max_length=1000, pattern=r"^https?://[^\s/?#@]+/?$")
    """Address of the server on which the company has its account."""
    mentions: bool = True
    """What mentions the company's account, and what that account says."""
    hashtags: tuple[str, ...] = Field(default=(), max_length=20)
    public: Literal["none", "local", "all"] = "none"
    """The public timeline: of this server's accounts, or of all that it knows of."""
    words: tuple[str, ...] = Field(default=(), max_length=200)
    """Of the public timeline only what has one of these."""
    streaming: bool = True
    poll_seconds: float = Field(default=300.0, ge=1, le=86_400)
    """How often the REST API is asked, beside the streams."""
    overlap_seconds: float = Field(default=900.0, ge=0, le=86_400)
    first_read: int = Field(default=PAGE, ge=0, le=1000)
    """How many posts of each timeline are read when the source is new."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)

    @field_validator("hashtags")
    @classmethod
    def _are_hashtags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        tags = tuple(tag.removeprefix("#").lower() for tag in value)
        if wrong := [tag for tag in tags if not re.fullmatch(r"\w{1,200}", tag)]:
            raise ValueError(f"not a hashtag: {wrong[0]!r}; an example is acmefail")
        return tags

    @field_validator("words")
    @classmethod
    def _are_words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in value):
            raise ValueError("an empty word is in everything")
        return value

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not (self.mentions or self.hashtags or self.public != "none"):
            raise ValueError("nothing to read: set mentions, hashtags or public")
        if self.words and self.public == "none":
            raise ValueError("words are for the public timeline: set public, or remove them")
        return self


@dataclass(frozen=True)
class Timeline:
    """Posts in the order of their ids, read page by page.

    Attributes:
        name: in the cursor.
        stream: tells its news.
        notifications: it holds notifications, whose ids are not those of the posts in them.
        backdated: posts may come with ids before the last one.
        words: only what has one of these; None: all.
    """

    name: str
    path: str
    query: Query
    stream: str
    notifications: bool = False
    backdated: bool = False
    words: Words | None = None


@dataclass(frozen=True)
class _Page:
    timeline: Timeline
    min_id: str


@dataclass(frozen=True)
class _First:
    timeline: Timeline


@dataclass(frozen=True)
class _Again:
    """Posts told lately, to be asked for once more."""

    ids: tuple[str, ...]


@dataclass(frozen=True)
class _Gone:
    """A post that was not among those asked for: whether it is gone."""

    status_id: str


_Task = _Page | _First | _Again | _Gone


@dataclass
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        since: by timeline the last id read.
        recent: posts told lately.
        beyond: above this id, and up to where its timeline was read, all posts told are in `recent`.
    """

    url: str
    since: dict[str, str]
    recent: Recent
    beyond: str | None = None

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "url": self.url,
            "since": dict(self.since),
            "recent": [list(entry) for entry in self.recent.kept()],
            "beyond": self.beyond,
        }

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, url: str) -> Self:
        """Goes on from a cursor; another server is read anew."""
        if cursor is None or cursor["url"] != url:
            return cls(url, {}, Recent())
        recent = Recent((key, revision) for key, revision in cursor["recent"])
        return cls(url, dict(cursor["since"]), recent, cursor["beyond"])

    def remember(self, key: str, revision: int) -> None:
        """Something was told."""
        dropped = self.recent.add(key, revision)
        if dropped is not None and not dropped.startswith("#"):
            self.beyond = newest([dropped], self.beyond)


class MastodonConnector:
    """Reads one server; see `listener.connectors.connector.Connector`.

    Args:
        name: of the source.
        token: of an account of the company's.
        accounts: the company's own, as people write them.
        now: stamps deletions, which come without a time.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        name: str,
        options: MastodonOptions,
        token: str,
        accounts: Iterable[str] = (),
        *,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._source = Source(name=name, kind=KIND, channel="social")
        self._token = token
        self._accounts = tuple(accounts)
        self._now = now
        self._uniform = uniform
        self._backoff = Backoff(1.0, LONGEST_RETRY_SECONDS, uniform)
        self._url = options.url.rstrip("/")
        host = urlsplit(self._url).netloc
        self._server = Server(host, host)
        self._timelines: list[Timeline] = []
        self._position = Position(self._url, {}, Recent())
        self._tasks: deque[_Task] = deque()
        self._due: set[str] = set()
        self._swept_at = -inf
        self._asked_again_at = -inf
        self._told_since = 0
        self._passed_over = Recent(max_remembered=MAX_PASSED_OVER, max_kept=0)
        self._asks_again = True
        self._client: Client | None = None
        self._streams: Streams | None = None

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Asks the server who we are, and begins to connect to its streams.

        Raises:
            UsageError: the position is not one of this connector's.
            ListenerError: the token is refused.
            Busy: the server cannot be reached just now.
        """
        try:
            self._position = Position.resumed(position, self._url)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise foreign_cursor(self._source.name) from None
        self.close()
        self._client = Client(self._url, self._token, self._options.timeout_seconds, self._uniform)
        try:
            account = self._ask("/api/v1/accounts/verify_credentials")
            domain, streaming = self._instance()
        except Unavailable as error:
            raise self._not_now(error) from None
        acct, account_id = account.get("acct") if isinstance(account, dict) else None, id_of(account)
        if not isinstance(acct, str) or account_id is None:
            raise Busy(f"{self._url}: does not say whose the token is", self._backoff.failed())
        self._backoff.succeeded()
        server = replace(self._server, domain=domain)
        own = frozenset(map(server.account, (acct, *self._accounts)))
        self._server = replace(server, own=own)
        self._timelines = timelines(self._options, account_id)
        self._tasks.clear()
        self._swept_at = self._asked_again_at = -inf
        if self._options.streaming:
            self._streams = Streams(self._client, streaming, streams(self._options))
            self._streams.start()

    def poll(self) -> Batch:
        """Asks the REST API where that is due; else waits a second for events.

        Raises:
            Busy: the server does not answer, or wants to be left alone.
            ListenerError: it refuses.
        """
        if not self._tasks:
            self._plan()
        if self._tasks:
            return self._work()
        return self._listen()

    def close(self) -> None:
        """Ends the streams and closes the connections."""
        if self._streams is not None:
            self._streams.close()
            self._streams = None
        if self._client is not None:
            self._client.close()
            self._client = None

    def _plan(self) -> None:
        """Plans to read from where it was read last whatever is due to be."""
        now = time.monotonic()
        if now - self._swept_at >= self._options.poll_seconds or self._told_since >= MAX_TOLD:
            self._swept_at, self._told_since = now, 0
            self._due = {timeline.stream for timeline in self._timelines}
        if not self._due:
            return
        due, self._due = self._due, set()
        for timeline in self._timelines:
            if timeline.stream in due:
                self._tasks.append(self._first_page(timeline))
        if self._asks_again and now - self._asked_again_at >= AGAIN_SECONDS:
            self._asked_again_at = now
            ids = [key for key, revision in self._position.recent.kept() if revision != DELETED]
            ids = [key for key in ids if not key.startswith("#")]
            for at in range(0, len(ids), ASKED_AT_ONCE):
                self._tasks.append(_Again(tuple(ids[at : at + ASKED_AT_ONCE])))

    def _first_page(self, timeline: Timeline) -> _Task:
        since = self._position.since.get(timeline.name)
        if since is None:
            return _First(timeline)
        return _Page(timeline, self._overlapped(since) if timeline.backdated else since)

    def _overlapped(self, since: str) -> str:
        """Where to begin, so that posts are found that came late; but nothing is told that was forgotten."""
        if not since.isdecimal():  # ids of Pleroma or GoToSocial, with which nobody can reckon
            return since
        ticks = int(self._options.overlap_seconds * 1000) << 16  # Mastodon's ids: milliseconds, 16 bits
        return newest([str(max(0, int(since) - ticks)), self._position.beyond]) or since

    def _work(self) -> Batch:
        """One request."""
        task = self._tasks[0]
        try:
            batch = self._do(task)
        except Unavailable as error:
            raise self._not_now(error) from None
        self._backoff.succeeded()
        return batch

    def _do(self, task: _Task) -> Batch:
        match task:
            case _First(timeline):
                return self._read_first(timeline)
            case _Page(timeline, min_id):
                return self._read_page(timeline, min_id)
            case _Again(ids):
                return self._ask_again(ids)
            case _Gone(status_id):
                return self._ask_whether_gone(status_id)

    def _read_first(self, timeline: Timeline) -> Batch:
        """The last posts of a timeline that was never read."""
        entries: list[Any] = []
        query = dict(timeline.query)
        while len(entries) < max(1, self._options.first_read):
            page = self._ask_list(timeline.path, query)
            entries += page
            last = min(filter(None, map(id_of, page)), key=in_order, default=None)
            if last is None:
                break
            query["max_id"] = last
        self._tasks.popleft()
        self._position.since[timeline.name] = newest(map(id_of, entries)) or "0"
        wanted = entries[: self._options.first_read]
        oldest = min(filter(None, map(id_of, wanted)), key=in_order, default=newest(map(id_of, entries)))
        if not timeline.notifications:
            self._position.beyond = newest([oldest], self._position.beyond)
        return self._batch(self._news_of(wanted, timeline), moved=True)

    def _read_page(self, timeline: Timeline, min_id: str) -> Batch:
        """The posts that follow on one."""
        page = self._ask_list(timeline.path, {**timeline.query, "min_id": min_id})
        last = newest(map(id_of, page), min_id)
        self._tasks.popleft()
        if last is not None and last != min_id:  # else nothing is left, or the server does not know `min_id`
            self._tasks.appendleft(_Page(timeline, last))
        before = self._position.since[timeline.name]
        now = newest([last], before) or before
        self._position.since[timeline.name] = now
        return self._batch(self._news_of(page, timeline), moved=now != before)

    def _ask_again(self, ids: tuple[str, ...]) -> Batch:
        """Posts that were told lately: they may be edited or gone."""
        try:
            found = self._ask_list("/api/v1/statuses", {"id[]": ids})
        except Unavailable as error:
            if error.status is None or error.status not in GONE | {400, 405, 422}:
                raise
            self._asks_again = False  # Mastodon has it since 4.3, others do not
            self._tasks.clear()
            return Batch((), None)
        self._tasks.popleft()
        missing = set(ids) - set(map(id_of, found))
        self._tasks.extendleft(_Gone(status_id) for status_id in sorted(missing))
        return self._batch(self._told(found))

    def _ask_whether_gone(self, status_id: str) -> Batch:
        try:
            status = self._ask(f"/api/v1/statuses/{quote(status_id, safe='')}")
        except Unavailable as error:
            if error.status not in GONE | {403}:  # or nobody's to see any more, which comes to the same
                raise
            self._tasks.popleft()
            return self._batch(self._deleted(status_id))
        self._tasks.popleft()
        return self._batch(self._told([status]))

    def _listen(self) -> Batch:
        """What the streams tell within a second."""
        if self._streams is None:
            return Batch((), None, LISTEN_SECONDS)
        signals = self._streams.signals
        items: list[Item] = []
        try:
            signal = signals.get(timeout=LISTEN_SECONDS)
            for _ in range(MAX_EVENTS):
                match signal:
                    case Connected(stream) | Disconnected(stream):
                        self._due.add(stream)  # what was said before is to be read before what comes now
                        break
                    case StreamEvent():
                        items += self._heard(signal)
                signal = signals.get_nowait()
        except queue.Empty:
            pass
        return self._batch(items)

    def _heard(self, signal: StreamEvent) -> list[Item]:
        event = signal.event
        if event.name == "delete":
            status_id = event.data.decode(errors="replace").strip().strip('"')
            passed = status_id in self._passed_over and status_id not in self._position.recent
            return [] if passed else self._deleted(status_id)
        if event.name not in {"update", "status.update", "notification"}:
            return []
        try:
            value = json.loads(event.data)
        except ValueError:
            return self._unreadable(event.data, f"{event.name}: not JSON")
        if event.name == "notification":
            return self._heard_notification(value)
        return self._heard_status(value, signal.stream)

    def _heard_notification(self, notification: Any) -> list[Item]:
        kind = notification.get("type") if isinstance(notification, dict) else None
        if kind == "mention":
            return self._told([notification.get("status")])
        if kind == "update":  # of any post with which the account has to do
            return self._heard_status(notification.get("status"), USER)
        return []

    def _heard_status(self, status: Any, stream: str) -> list[Item]:
        told = read_status(status, self._server)
        if told is None:
            return []
        if told.key in self._position.recent or self._is_for_us(status, told, stream):
            return self._told([status])
        self._passed_over.add(told.key)
        return []

    def _is_for_us(self, status: Any, told: Told, stream: str) -> bool:
        """Whether a status is what this source is to hear: beside that, the stream of the user has the posts of
        whomever the account follows, and the public stream those without any of our words."""
        if stream == USER:
            return is_outbound(told) or mentions_own(status, self._server)
        words = [timeline.words for timeline in self._timelines if timeline.stream == stream]
        return not isinstance(told.item, NativeItem) or any(_has(told.item, each) for each in words)

    def _news_of(self, entries: Iterable[Any], timeline: Timeline) -> list[Item]:
        """What is news in a page, the oldest first."""
        ordered = sorted(entries, key=lambda entry: in_order(id_of(entry) or ""))
        statuses = ordered
        if timeline.notifications:
            statuses = [entry.get("status") if isinstance(entry, dict) else entry for entry in ordered]
        return self._told(statuses, timeline.words)

    def _told(self, statuses: Iterable[Any], words: Words | None = None) -> list[Item]:
        """What is news of these, remembered."""
        items: list[Item] = []
        for status in statuses:
            told = read_status(status, self._server)
            if told is None or not self._position.recent.is_news(told.key, told.revision):
                continue
            if isinstance(told.item, NativeItem) and not _has(told.item, words):
                self._passed_over.add(told.key)
                continue
            self._position.remember(told.key, told.revision)
            self._told_since += 1
            items.append(told.item)
        return items

    def _deleted(self, status_id: str) -> list[Item]:
        if not self._position.recent.is_news(status_id, DELETED):
            return []
        self._position.remember(status_id, DELETED)
        return [deletion(status_id, self._server, self._now())]

    def _unreadable(self, original: bytes, detail: str) -> list[Item]:
        key = f"#{digest(original.decode(errors='replace'))}"
        if not self._position.recent.is_news(key):
            return []
        self._position.remember(key, 0)
        where = self._server.host
        return [Unreadable(reason="not-json", detail=detail, origin=where, original=original)]

    def _batch(self, items: list[Item], *, moved: bool = False) -> Batch:
        return Batch(items, self._position.to_cursor() if items or moved else None)

    def _instance(self) -> tuple[str, str]:
        """The domain of its accounts, and the address of its streams; its own address where it says neither."""
        for version in ("v2", "v1"):
            try:
                found = self._ask(f"/api/{version}/instance")
            except Unavailable as error:
                if error.status not in GONE:
                    raise
                continue
            return instance(found, self._url)
        return urlsplit(self._url).netloc, self._url

    def _ask(self, path: str, query: Query | None = None) -> Any:
        if self._client is None:
            raise ListenerError(f"{self._source.name}: is not open")
        return self._client.get(path, query)

    def _ask_list(self, path: str, query: Query) -> list[Any]:
        found = self._ask(path, query)
        if not isinstance(found, list):
            raise Unavailable(f"{self._url}{path}: a list is expected")
        return found

    def _not_now(self, error: Unavailable) -> ListenerError:
        if error.status in REFUSED:
            return ListenerError(
                f"{error}: it refuses the token, or what the source {self._source.name} is to read; the token "
                "needs the scopes read:accounts, read:statuses and read:notifications"
            )
        return Busy(str(error), self._backoff.failed(error.retry_after_seconds))


def _has(item: NativeItem, words: Words | None) -> bool:
    return words is None or words.among(f"{item.title or ''}\n{item.text}")


def is_outbound(told: Told) -> bool:
    """Whether it is the company's own."""
    return isinstance(told.item, NativeItem) and told.item.direction == "outbound"


def timelines(options: MastodonOptions, account_id: str) -> list[Timeline]:
    """What is to be read, page by page."""
    found: list[Timeline] = []
    if options.mentions:
        query: Query = {"types[]": "mention", "limit": PAGE}
        found.append(Timeline("mentions", "/api/v1/notifications", query, USER, notifications=True))
        path = f"/api/v1/accounts/{quote(account_id, safe='')}/statuses"
        found.append(Timeline("own", path, {"exclude_reblogs": "true", "limit": PAGE}, USER))
    for tag in options.hashtags:
        path = f"/api/v1/timelines/tag/{quote(tag, safe='')}"
        found.append(Timeline(f"tag:{tag}", path, {"limit": PAGE}, f"tag:{tag}", backdated=True))
    if options.public != "none":
        query = {"limit": PAGE, **({"local": "true"} if options.public == "local" else {})}
        words = Words(options.words) if options.words else None
        path = "/api/v1/timelines/public"
        found.append(Timeline("public", path, query, "public", backdated=True, words=words))
    return found


def streams(options: MastodonOptions) -> dict[str, tuple[str, Query]]:
    """The streams that tell the news of the timelines: name to path and query."""
    found: dict[str, tuple[str, Query]] = {}
    if options.mentions:
        found[USER] = ("/api/v1/streaming/user", {})
    for tag in options.hashtags:
        found[f"tag:{tag}"] = ("/api/v1/streaming/hashtag", {"tag": tag})
    if options.public != "none":
        local = "/local" if options.public == "local" else ""
        found["public"] = (f"/api/v1/streaming/public{local}", {})
    return found


def instance(found: Any, url: str) -> tuple[str, str]:
    """Domain and streaming address, from what ``/api/v2/instance`` or ``/api/v1/instance`` says."""
    host = urlsplit(url).netloc
    if not isinstance(found, dict):
        return host, url
    domain = found.get("domain") or found.get("uri")
    domain = domain.rpartition("/")[2].lower() if isinstance(domain, str) and domain else host
    configured = found.get("configuration")
    urls = configured.get("urls") if isinstance(configured, dict) else found.get("urls")
    streaming = urls.get("streaming") or urls.get("streaming_api") if isinstance(urls, dict) else None
    if not isinstance(streaming, str) or not re.match(r"(?:ws|http)s?://", streaming):
        return domain, url
    return domain, re.sub("^ws", "http", streaming)


def build(setup: Setup) -> MastodonConnector:
    """The connector of a configured source."""
    return MastodonConnector(
        setup.name,
        MastodonOptions.model_validate(setup.options),
        setup.secret("token"),
        setup.accounts,
        now=setup.now,
    )
