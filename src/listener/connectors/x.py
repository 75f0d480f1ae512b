"""The connector for X (API v2): what matches the source's rules and what concerns the company's accounts.

The filtered stream tells what is posted. Recent search tells the same again, so that nothing is missed that was
posted while no stream was open: when the stream opens or ends, and every `poll_seconds`, it is asked for what came
after what is known to have been heard (`since_id`). Both find edited posts under a new id. Which posts are gone is
asked for by batch compliance.

Posts are not found quite in the order of their ids, so searches begin some time before (`overlap_seconds`). What
is told twice is published once.
"""

import json
import logging
import queue
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Self

import httpx
from pydantic import Field, field_validator

from listener.connectors.connector import Batch, Item, NativeDeletion, Setup, Source, Unreadable
from listener.connectors.cursor import foreign_cursor
from listener.connectors.json_values import mapping, sequence, text
from listener.connectors.recent import DELETED, Recent
from listener.connectors.x_client import POST_FIELDS, REFUSED, Client, errors_in_words
from listener.connectors.x_compliance import Compliance, Gone
from listener.connectors.x_post import Includes, Own, earlier, id_of, moment_of, read_post
from listener.connectors.x_rules import MAX_RULE, Rules, account_rules, queries
from listener.connectors.x_stream import Connected, Disconnected, Line, Refused, Stream
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError, UsageError
from listener.domain.ids import digest
from listener.http.backoff import Backoff
from listener.http.client import Unavailable

log = logging.getLogger(__name__)

KIND = "x"
SEARCH = "/2/tweets/search/recent"
PAGE = 100
"""Posts of one answer; X's own limit."""
LEAST_PAGE = 10
REACHES_BACK = timedelta(days=7, minutes=-5)
"""How far recent search reaches; ids from before are refused."""
RULES_SECONDS = 30.0
"""After so long new rules are in force."""
LONGEST_RETRY_SECONDS = 300.0
MAX_LINES = 200
"""Of one batch."""
LISTEN_SECONDS = 1.0
"""How long a poll waits for the stream, so that a stop is noticed."""


class XOptions(Document):
    """How a source of the kind `x` is configured."""

    rules: tuple[str, ...] = Field(default=(), max_length=1000)
    """In X's own language for filters; what matches one of them is heard."""
    mentions: bool = True
    """What mentions the company's accounts, what is said to them, and what they say."""
    streaming: bool = True
    poll_seconds: float = Field(default=300.0, ge=1, le=86_400)
    """How often to search, beside the stream."""
    overlap_seconds: float = Field(default=60.0, ge=0, le=86_400)
    first_read: int = Field(default=PAGE, ge=0, le=10_000)
    """How many posts of each search are read when the source is new."""
    compliance_seconds: float = Field(default=3600.0, ge=0, le=86_400)
    """How often to ask which posts are gone; 0: never."""
    retry_seconds: float = Field(default=5.0, ge=0.1, le=300)
    """First wait after the stream was refused."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    url: str = Field(default="https://api.x.com", max_length=1000, pattern=r"^https?://[^\s/?#@]+/?$")

    @field_validator("rules")
    @classmethod
    def _fit(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        rules = tuple(rule.strip() for rule in value)
        if not all(rules):
            raise ValueError("an empty rule matches nothing: remove it")
        if long := [rule for rule in rules if len(rule) > MAX_RULE]:
            raise ValueError(f"a rule has at most {MAX_RULE} characters; divide this one: {long[0][:60]} ...")
        return rules


@dataclass
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        since: by query the id up to which everything was heard.
        recent: posts told lately, by their first id.
    """

    url: str
    since: dict[str, str]
    recent: Recent

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        recent = [list(entry) for entry in self.recent.kept()]
        return {"url": self.url, "since": dict(self.since), "recent": recent}

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, url: str, queries: Iterable[str]) -> Self:
        """Goes on from a cursor; another service is read anew. A new query begins where the others stand."""
        if cursor is None or cursor["url"] != url:
            return cls(url, {}, Recent())
        before = dict(cursor["since"])
        start = min(before.values(), key=int, default=None)
        since = {} if start is None else {query: before.get(query, start) for query in queries}
        return cls(url, since, Recent((key, revision) for key, revision in cursor["recent"]))

    def advance(self, query: str, post_id: str) -> None:
        """Everything up to a post was heard."""
        self.since[query] = max(post_id, self.since.get(query, "0"), key=int)


@dataclass
class _Search:
    """One query, asked page by page from the newest post back.

    Attributes:
        since: where to end; None where it was never asked, "0" for as far as the search reaches.
        told: how many posts it has brought.
        newest: id of what was found.
    """

    query: str
    since: str | None
    next_token: str | None = None
    told: int = 0
    newest: str = "0"


class XConnector:
    """Reads one source of X; see `listener.connectors.connector.Connector`.

    Args:
        name: of the source; marks its rules.
        token: the bearer token of the company's app.
        accounts: the company's own: user names or ids.
        now: stamps deletions of which it is not told when they were.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        name: str,
        options: XOptions,
        token: str,
        accounts: Iterable[str] = (),
        *,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._source = Source(name=name, kind=KIND, channel="social")
        self._token = token
        self._own = Own.of(accounts)
        rules = [*options.rules, *(account_rules(self._own) if options.mentions else ())]
        if not rules:
            raise UsageError(
                f"sources.{name}: nothing to read: set rules, or accounts whose mentions are read"
            )
        self._queries = queries(rules)
        self._rules = Rules(name, rules)
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
            self._position = Position.resumed(position, self._url, self._queries)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise foreign_cursor(self._source.name) from None
        client = self._client = Client(self._url, self._token, self._options.timeout_seconds)
        self._stream = Stream(client, lambda: self._rules.keep(client), self._options.retry_seconds)
        self._streaming = self._connected = False
        self._compliance = Compliance(client, self._options.compliance_seconds)
        self._searches: deque[_Search] = deque()
        self._swept_at = self._search_not_before = -inf
        self._in_force_at: float | None = None
        self._gap = True

    def poll(self) -> Batch:
        """Searches, or asks which posts are gone, where that is due; else waits a second for the stream.

        Raises:
            Busy: the service does not answer, or wants to be left alone, and no stream is open.
            ListenerError: it refuses.
        """
        if self._client is None:
            raise ListenerError(f"{self._source.name}: is not open")
        self._plan()
        if self._searches and time.monotonic() >= self._search_not_before:
            try:
                batch = self._search(self._client, self._searches[0])
            except Unavailable as error:
                self._search_failed(error, self._searches[0])
            else:
                self._backoff.succeeded()
                return batch
        if self._position.since and self._options.compliance_seconds:
            gone = self._compliance.step(self._to_be_asked_for)
            if gone:
                return self._batch([item for each in gone for item in self._deleted(each)])
        if self._position.since and self._options.streaming and not self._streaming:
            self._streaming = True
            self._stream.start()
        return self._listen()

    def close(self) -> None:
        """Ends the stream and closes the connections."""
        if self._client is not None:
            self._stream.close()
            self._client.close()
            self._client = None

    def _plan(self) -> None:
        """Plans to search from where everything was heard, where that is due."""
        now = time.monotonic()
        if self._in_force_at is not None and now >= self._in_force_at:
            self._in_force_at, self._swept_at = None, -inf
        if not self._searches and now - self._swept_at >= self._options.poll_seconds:
            self._swept_at = now
            self._searches.extend(_Search(query, self._begin(query)) for query in self._queries)

    def _begin(self, query: str) -> str | None:
        since = self._position.since.get(query)
        if since is None:
            return None
        since = earlier(since, self._options.overlap_seconds)
        made = moment_of(since)
        return since if made is not None and datetime.now(UTC) - made < REACHES_BACK else "0"

    def _search(self, client: Client, search: _Search) -> Batch:
        """One request."""
        first_read = self._options.first_read if search.since is None else None
        wanted = PAGE if first_read is None else max(LEAST_PAGE, min(PAGE, first_read - search.told))
        query: dict[str, str | int] = {
            **POST_FIELDS,
            "query": search.query,
            "max_results": wanted,
            "sort_order": "recency",
        }
        if search.since is not None and search.since != "0":
            query["since_id"] = search.since
        if search.next_token is not None:
            query["next_token"] = search.next_token
        answer = client.get(SEARCH, query)
        meta = mapping(answer.get("meta"))
        found = sequence(answer.get("data"))
        if not found and "result_count" not in meta:
            raise Unavailable(f"{SEARCH}: the answer is no result of a search: {errors_in_words(answer)}")
        search.newest = max(filter(None, (search.newest, *map(id_of, found))), key=int)
        if first_read is not None:
            found = found[: first_read - search.told]
        search.told += len(found)
        search.next_token = text(meta.get("next_token"))
        items = self._told(reversed(found), Includes.read(answer.get("includes")))
        if search.next_token is not None and (first_read is None or search.told < first_read):
            return self._batch(items)
        self._searches.popleft()
        self._position.advance(search.query, search.newest)
        if not self._searches:
            self._gap = self._swept_at == -inf or self._in_force_at is not None
        # Where a new source has nothing yet, a check is to say so.
        is_empty = first_read is not None and not items and not self._searches
        return Batch(items, self._position.to_cursor(), LISTEN_SECONDS if is_empty else 0.0)

    def _search_failed(self, error: Unavailable, search: _Search) -> None:
        if error.status in REFUSED:
            raise ListenerError(f"{error}: X refuses the token, or the app may not search")
        if error.status == httpx.codes.BAD_REQUEST:
            if search.next_token is not None:  # it is valid for a while only
                search.next_token, search.told = None, 0
            elif search.since not in (None, "0"):  # it may be from before what the search reaches
                search.since = "0"
            else:
                raise ListenerError(f"{error}: see sources.{self._source.name}.rules")
        wait_seconds = self._backoff.failed(error.retry_after_seconds)
        if not self._connected:
            raise Busy(str(error), wait_seconds)
        log.warning("source=%s search again in %.0fs: %s", self._source.name, wait_seconds, error)
        self._search_not_before = time.monotonic() + wait_seconds

    def _listen(self) -> Batch:
        """What the stream tells within a second."""
        if not self._streaming:
            return Batch((), None, LISTEN_SECONDS)
        items: list[Item] = []
        try:
            signal = self._stream.signals.get(timeout=LISTEN_SECONDS)
            for _ in range(MAX_LINES):
                match signal:
                    case Connected(rules_changed):
                        self._connected = self._gap = True
                        self._swept_at = -inf
                        if rules_changed:
                            self._in_force_at = time.monotonic() + RULES_SECONDS
                    case Disconnected():
                        if self._connected:
                            self._swept_at = -inf
                        self._connected, self._gap = False, True
                    case Refused(error):
                        raise error
                    case Line(content):
                        items += self._heard(content)
                signal = self._stream.signals.get_nowait()
        except queue.Empty:
            pass
        return self._batch(items)

    def _heard(self, line: bytes) -> list[Item]:
        try:
            told = json.loads(line)
        except ValueError:
            return self._unreadable(line, "not JSON")
        found = mapping(told)
        if "data" not in found:
            if "errors" not in found:
                return self._unreadable(line, "neither data nor errors")
            log.warning("source=%s the stream says: %s", self._source.name, errors_in_words(found))
            self._stream.break_off()  # it brings no more, and is not always closed
            return []
        post = found["data"]
        if not self._rules.match(found.get("matching_rules")):
            return []
        items = self._told([post], Includes.read(found.get("includes")))
        post_id = id_of(post)
        if post_id is not None and not self._gap:
            for query in self._queries:
                self._position.advance(query, post_id)
        return items

    def _told(self, posts: Iterable[Any], includes: Includes) -> list[Item]:
        """What is news of these, remembered."""
        items: list[Item] = []
        for post in posts:
            told = read_post(post, includes, self._own)
            if told is not None and self._position.recent.is_news(told.key, told.revision):
                self._position.recent.add(told.key, told.revision)
                items.append(told.item)
        return items

    def _to_be_asked_for(self) -> list[str]:
        remembered = self._position.recent.remembered()
        return [key for key, revision in remembered if revision != DELETED and not key.startswith("#")]

    def _deleted(self, gone: Gone) -> list[Item]:
        if not self._position.recent.is_news(gone.post_id, DELETED):
            return []
        self._position.recent.add(gone.post_id, DELETED)
        deletion = NativeDeletion(
            native_id=gone.post_id,
            deleted_at=gone.at or self._now(),
            origin=f"x:{gone.post_id}",
            original=gone.original,
        )
        return [deletion]

    def _unreadable(self, original: bytes, detail: str) -> list[Item]:
        key = f"#{digest(original.decode(errors='replace'))}"
        if not self._position.recent.is_news(key):
            return []
        self._position.recent.add(key)
        return [Unreadable(reason="not-json", detail=detail, origin="x:stream", original=original)]

    def _batch(self, items: list[Item]) -> Batch:
        return Batch(items, self._position.to_cursor() if items else None)


def build(setup: Setup) -> XConnector:
    """The connector of a configured source."""
    return XConnector(
        setup.name,
        XOptions.model_validate(setup.options),
        setup.secret("token"),
        setup.accounts,
        now=setup.now,
    )
