"""The connector for RSS and Atom feeds: asks a server again and again, gently, and yields what is new.

Delivery: at least once, under ids that the feed gives, so a repeat changes nothing. What a feed has dropped
between two readings is never seen: read a lively feed often enough.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from listener.connectors.connector import Batch, Setup, Source
from listener.connectors.cursor import foreign_cursor
from listener.connectors.feed import Feed, Seen, Voice, news_of, read_feed
from listener.domain.document import Document
from listener.domain.errors import Busy
from listener.domain.mention import Channel
from listener.http.backoff import LONGEST_SECONDS, Backoff
from listener.http.client import Answered, Unavailable, client, get, shown

KIND = "rss"
USER_AGENT = "Listener (feed reader)"
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class RssOptions(Document):
    """How a source of the kind `rss` is configured."""

    url: str = Field(max_length=4000, pattern=r"^https?://\S+$")
    channel: Channel = "forum"
    """What its entries are: review, forum, social ..."""
    poll_seconds: float = Field(default=300.0, ge=1, le=86_400)
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    """For one reading as a whole, from the first connection to the last byte."""
    max_bytes: int = Field(default=5 * 1024 * 1024, ge=1024, le=50 * 1024 * 1024)
    """Of a feed, unpacked; a larger one is refused."""
    zone: str | None = None
    """IANA name of the time zone of dates that have none; without it such an entry is a dead letter."""
    author: str | None = Field(default=None, min_length=1, max_length=300)
    """Who wrote the entries that name nobody; where it is not given nobody is thought to share them."""

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"no such time zone: {value}; an example is Europe/Berlin") from None
        return value


@dataclass(frozen=True, slots=True)
class Position:
    """Where a source stopped, as its cursor keeps it."""

    url: str
    zone: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    seen: Mapping[str, Seen] | None = None

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "url": self.url,
            "zone": self.zone,
            "etag": self.etag,
            "last_modified": self.last_modified,
            "seen": {key: list(entry) for key, entry in (self.seen or {}).items()},
        }

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, options: RssOptions) -> Self:
        """Goes on from a cursor. With another address or zone the whole feed is asked for anew; with another
        zone its entries are news again, since those without a zone may have been refused."""
        fresh = cls(url=options.url, zone=options.zone)
        if cursor is None or cursor.get("zone") != options.zone:
            return fresh
        seen = {key: Seen(*entry) for key, entry in cursor["seen"].items()}
        if cursor.get("url") != options.url:
            return cls(url=options.url, zone=options.zone, seen=seen)
        return cls(options.url, options.zone, cursor.get("etag"), cursor.get("last_modified"), seen)


class RssConnector:
    """Reads one feed; see `listener.connectors.connector.Connector`.

    Args:
        name: of the source.
        accounts: the company's own.
        now: stamps entries without a date.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        name: str,
        options: RssOptions,
        accounts: frozenset[str] = frozenset(),
        *,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._source = Source(
            name=name,
            kind=KIND,
            channel=options.channel,
            zone=ZoneInfo(options.zone) if options.zone else None,
        )
        own = frozenset(account.lower() for account in accounts)
        self._voice = Voice(name, options.author, own)
        self._now = now
        longest = max(LONGEST_SECONDS, options.poll_seconds)
        self._backoff = Backoff(options.poll_seconds, longest, uniform)
        self._position = Position(options.url, options.zone)
        self._client = client(options.timeout_seconds, {"User-Agent": USER_AGENT, "Accept": ACCEPT})
        self.problems: tuple[str, ...] = ()
        """What was wrong with the feed at the last reading, in words."""

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Goes on behind `position`; connects to nothing yet.

        Raises:
            UsageError: the position is not one of this connector's.
        """
        try:
            self._position = Position.resumed(position, self._options)
        except (KeyError, TypeError, AttributeError):
            raise foreign_cursor(self._source.name) from None

    def poll(self) -> Batch:
        """Asks once.

        Raises:
            Busy: the server does not answer, or not with a feed; the wait grows with every failure in a row.
        """
        before = self._position
        try:
            reading = self._ask(before)
            feed = Feed() if reading.body is None else self._read(reading)
        except Unavailable as error:
            raise Busy(str(error), self._backoff.failed(error.retry_after_seconds)) from None
        self._backoff.succeeded()
        if reading.body is None:
            return Batch((), None, self._options.poll_seconds)
        items, seen = news_of(feed.entries, before.seen or {}, self._voice, self._now())
        # Of a feed that broke off, the rest must not be taken for unchanged next time.
        shown_next = reading.headers if feed.complete else {}
        validators = shown_next.get("ETag"), shown_next.get("Last-Modified")
        self._position = Position(before.url, before.zone, *validators, seen)
        moved = None if self._position == before else self._position.to_cursor()
        return Batch(items, moved, self._options.poll_seconds)

    def close(self) -> None:
        """Closes the connections to the server."""
        self._client.close()

    def _ask(self, before: Position) -> Answered:
        conditions = {"If-None-Match": before.etag, "If-Modified-Since": before.last_modified}
        return get(
            self._client,
            self._options.url,
            timeout_seconds=self._options.timeout_seconds,
            max_bytes=self._options.max_bytes,
            headers={name: value for name, value in conditions.items() if value},
        )

    def _read(self, reading: Answered) -> Feed:
        content_type = reading.headers.get("Content-Type")
        feed = read_feed(reading.body or b"", url=reading.url, content_type=content_type)
        self.problems = feed.problems
        if not feed.recognised and not feed.entries:
            # An error page with status 200 must not make us believe that everything was read.
            raise Unavailable(
                f"{shown(self._options.url)}: no entry could be read: {'; '.join(feed.problems)}"
            )
        return feed


def build(setup: Setup) -> RssConnector:
    """The connector of a configured source."""
    options = RssOptions.model_validate(setup.options)
    return RssConnector(setup.name, options, setup.accounts, now=setup.now)
