"""The connector for Bluesky: posts about the company, from Jetstream or from the firehose of a PDS or relay.

Delivery: at least once, under the addresses of the posts. Both streams replay from a cursor what came behind it,
as far back as the server keeps it; where that is not far enough, a dead letter tells. Frames are taken from the
socket as they are worked through: where Kafka is slow the server waits.
"""

import logging
import random
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any, Literal, Self
from urllib.parse import urlencode

from pydantic import Field, field_validator
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from listener.connectors.bluesky_frame import (
    Frame,
    Outdated,
    Renamed,
    StreamError,
    firehose_frame,
    jetstream_frame,
)
from listener.connectors.bluesky_handles import Handles
from listener.connectors.bluesky_post import POSTS, Change, Wanted, item_of
from listener.connectors.connector import Batch, Item, Setup, Source, Unreadable
from listener.connectors.recent import DELETED, Recent
from listener.connectors.words import Words
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError, UsageError
from listener.http.backoff import Backoff
from listener.http.client import Unavailable, asked_to_wait_seconds

KIND = "bluesky"
SERVERS: Mapping[str, str] = {
    "jetstream": "wss://jetstream2.us-east.bsky.network",
    "firehose": "wss://bsky.network",
}
PATHS: Mapping[str, str] = {
    "jetstream": "/subscribe",
    "firehose": "/xrpc/com.atproto.sync.subscribeRepos",
}
LISTEN_SECONDS = 1.0
"""How long a poll reads, so that a stop is noticed."""
MAX_FRAMES = 5000
"""Of one batch."""
MAX_ITEMS = 500
MAX_FRAME_BYTES = 8 * 1024 * 1024
"""The protocol allows 5 MB."""
MAX_WAITING_FRAMES = 16
"""Beyond that the socket is not read, so that the server waits."""
NOTE_SECONDS = 10.0
"""How often the cursor moves where nothing is heard."""
OVERLAP = timedelta(seconds=5)
"""Jetstream is asked again for so much, as it recommends, since its servers differ by some."""
JETSTREAM_KEEPS = timedelta(hours=24)
"""Taken for granted, since it does not say how far back it goes."""
LONGEST_RETRY_SECONDS = 300.0
_HANDLE = re.compile(r"(?=.{3,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_DID = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]{1,2000}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


class BlueskyOptions(Document):
    """How a source of the kind `bluesky` is configured."""

    stream: Literal["jetstream", "firehose"] = "jetstream"
    """`jetstream` is a stream of JSON, made from the firehose; `firehose` is that of a relay, or of a PDS."""
    url: str | None = Field(default=None, max_length=1000, pattern=r"^(ws|http)s?://[^\s/?#@]+/?$")
    """Address of the server; Bluesky's own where None."""
    mentions: bool = True
    """What mentions, answers or quotes one of the company's accounts."""
    words: tuple[str, ...] = Field(default=(), max_length=200)
    tags: tuple[str, ...] = Field(default=(), max_length=200)
    """Hashtags."""
    authors: tuple[str, ...] = Field(default=(), max_length=200)
    """Handles or DIDs of those of whom everything is read."""
    first_hours: float = Field(default=0.0, ge=0, le=72)
    """How far back the first reading goes, as far as the server keeps it."""
    names: bool = True
    """Asks for the handles of those who are heard."""
    directory: str = Field(default="https://plc.directory", pattern=r"^https?://[^\s?#@]+$")
    """Where accounts are registered."""
    service: str = Field(default="https://public.api.bsky.app", pattern=r"^https?://[^\s?#@]+$")
    """A server that says whose a handle is."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @field_validator("words")
    @classmethod
    def _are_words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in value):
            raise ValueError("an empty word is in everything")
        return value

    @field_validator("tags")
    @classmethod
    def _are_tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        tags = tuple(tag.removeprefix("#").lower() for tag in value)
        if wrong := [tag for tag in tags if not tag or re.search(r"\s", tag)]:
            raise ValueError(f"not a hashtag: {wrong[0]!r}; an example is acmefail")
        return tags

    @field_validator("authors")
    @classmethod
    def _are_accounts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(account, value))


def account(name: str) -> str:
    """A handle in lower case, or a DID, from how people write it.

    Raises:
        ValueError: it is neither.
    """
    name = name.strip().removeprefix("@")
    if _DID.fullmatch(name):
        return name
    if not _HANDLE.fullmatch(name.lower()):
        raise ValueError(f"neither a handle like acme.example nor a DID: {name!r}")
    return name.lower()


@dataclass(frozen=True)
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        stream: which, and of which server where the cursor is only that server's.
        cursor: the last frame that was read; None: what is to come.
        since: nothing older is to be heard, in microseconds since 1970; None: all.
        dids: of handles that are configured.
    """

    stream: str
    cursor: int | None
    since: int | None
    dids: Mapping[str, str]

    def to_cursor(self, recent: Recent) -> dict[str, Any]:
        """As JSON, with what was heard last."""
        return {
            "stream": self.stream,
            "cursor": self.cursor,
            "since": self.since,
            "dids": dict(self.dids),
            "recent": [list(entry) for entry in recent.kept()],
        }

    @classmethod
    def read(cls, cursor: Mapping[str, Any]) -> tuple[Self, Recent]:
        """What `to_cursor` gave."""
        recent = Recent((key, revision) for key, revision in cursor["recent"])
        return cls(cursor["stream"], cursor["cursor"], cursor["since"], dict(cursor["dids"])), recent


class BlueskyConnector:
    """Reads one stream; see `listener.connectors.connector.Connector`.

    Args:
        setup: the source; needs no secret, since all of it is public.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        setup: Setup,
        options: BlueskyOptions,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        try:
            self._accounts = frozenset(map(account, setup.accounts))
        except ValueError as error:
            raise UsageError(f"sources.{setup.name}.accounts: {error}") from None
        if not (self._accounts or options.words or options.tags or options.authors):
            raise UsageError(f"sources.{setup.name}: nothing to hear: give accounts, words, tags or authors")
        self._options = options
        self._now = setup.now
        self._source = Source(name=setup.name, kind=KIND, channel="social")
        self._backoff = Backoff(1.0, LONGEST_RETRY_SECONDS, uniform)
        given = (options.url or SERVERS[options.stream]).rstrip("/")
        self._url = re.sub("^http", "ws", given) + PATHS[options.stream]
        self._stream = self._url if options.stream == "firehose" else "jetstream"
        self._decode = firehose_frame if options.stream == "firehose" else jetstream_frame
        self._handles: Handles | None = None
        self._open = ExitStack()
        self._socket: ClientConnection | None = None
        self._position = Position(self._stream, None, None, {})
        self._recent = Recent()
        self._wanted = Wanted(frozenset(), False, frozenset(), frozenset(), Words(()))
        self._noted, self._noted_at = self._position.cursor, -inf
        self._lost: list[Item] = []

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Finds the accounts that the configuration names; connects at the first poll.

        Raises:
            UsageError: the position is not one of this connector's.
            ListenerError: there is no such account.
            Busy: a handle that was never found cannot be asked for just now.
        """
        self.close()
        self._lost.clear()
        self._position, self._recent = self._start(position)
        given = self._options
        self._handles = Handles(given.directory, given.service, given.timeout_seconds)
        dids = {name: self._did(name) for name in sorted({*self._accounts, *given.authors})}
        self._position = replace(self._position, dids=dids)
        handles = [name for name in self._accounts if given.mentions and not name.startswith("did:")]
        self._wanted = Wanted(
            own=frozenset(dids[name] for name in self._accounts),
            addressed=given.mentions,
            authors=frozenset(dids[name] for name in given.authors),
            tags=frozenset(given.tags),
            words=Words((*given.words, *(f"@{handle}" for handle in handles))),
        )
        self._backoff.succeeded()

    def poll(self) -> Batch:
        """What the stream tells within a second.

        Raises:
            Busy: the server does not answer, breaks off, or wants to be left alone.
            ListenerError: it does not know the cursor.
        """
        socket = self._connected()
        items, self._lost = self._lost, []
        cursor = self._position.cursor
        until = time.monotonic() + LISTEN_SECONDS
        try:
            for _ in range(MAX_FRAMES):
                wait_seconds = 0.0 if items else max(0.0, until - time.monotonic())
                frame = self._decode(_bytes(socket.recv(timeout=wait_seconds)))
                self._backoff.succeeded()
                items += self._heard(frame)
                cursor = frame.cursor if frame.cursor is not None else cursor
                if len(items) >= MAX_ITEMS:
                    break
        except TimeoutError:
            pass
        except (ConnectionClosed, StreamError) as error:
            self._hang_up()
            if isinstance(error, StreamError) and error.name == "FutureCursor":
                raise ListenerError(
                    f"{self._url}: does not know the cursor of the source {self._source.name}, so it numbers "
                    "anew: to read it from now on, give the source another name"
                ) from None
            if not items:
                raise self._not_now(f"{self._url}: {error}") from None
        self._position = replace(self._position, cursor=cursor)
        due = cursor != self._noted and time.monotonic() - self._noted_at >= NOTE_SECONDS
        if not items and not due:
            return Batch((), None)
        self._noted, self._noted_at = cursor, time.monotonic()
        return Batch(items, self._position.to_cursor(self._recent))

    def close(self) -> None:
        """Ends the stream, and closes the connections."""
        self._hang_up()
        if self._handles is not None:
            self._handles.close()
            self._handles = None

    def _start(self, position: Mapping[str, Any] | None) -> tuple[Position, Recent]:
        now = self._now()
        since = _micros(now - timedelta(hours=self._options.first_hours))
        first = since if self._options.stream == "jetstream" else 0 if self._options.first_hours else None
        anew = Position(self._stream, first, since, {})
        if position is None:
            return anew, Recent()
        try:
            found, recent = Position.read(position)
        except (KeyError, TypeError, ValueError):
            raise UsageError(
                f"the cursor of the source {self._source.name} was written by another connector: "
                "give this source another name"
            ) from None
        if found.stream != self._stream:
            log.warning("source=%s another stream than before: read anew", self._source.name)
            return replace(anew, dids=found.dids), recent
        if self._stream == "jetstream" and (found.cursor or 0) < _micros(now - JETSTREAM_KEEPS):
            self._lose(found.cursor or 0)
        return found, recent

    def _lose(self, cursor: int) -> None:
        """Tells that what came behind a cursor may be lost."""
        where = f"{self._url} cursor={cursor}"
        detail = "the cursor is older than what the server keeps: what was posted since may be missing"
        log.error("source=%s %s: %s", self._source.name, where, detail)
        self._lost.append(Unreadable(reason="outdated-cursor", detail=detail, origin=where, original=b""))

    def _did(self, name: str) -> str:
        """The account that is configured, as it was known before where it cannot be asked for."""
        if name.startswith("did:"):
            return name
        try:
            return self._opened().did(name)
        except Unavailable as error:
            known = self._position.dids.get(name)
            if known is not None:
                log.warning("source=%s %s is taken for %s: %s", self._source.name, name, known, error)
                return known
            if error.status == 400:
                raise ListenerError(
                    f"sources.{self._source.name}: there is no account {name}: {error}"
                ) from None
            raise self._not_now(str(error), error.retry_after_seconds) from None

    def _connected(self) -> ClientConnection:
        if self._socket is not None:
            return self._socket
        try:
            self._socket = self._open.enter_context(
                connect(
                    f"{self._url}?{urlencode(self._query(), doseq=True)}",
                    open_timeout=self._options.timeout_seconds,
                    close_timeout=1,
                    max_size=MAX_FRAME_BYTES,
                    max_queue=MAX_WAITING_FRAMES,
                    user_agent_header="Listener",
                )
            )
        except InvalidStatus as error:
            asked = asked_to_wait_seconds(dict(error.response.headers.raw_items()), datetime.now(UTC))
            raise self._not_now(f"{self._url}: {error}", asked) from None
        except (OSError, TimeoutError, EOFError, WebSocketException) as error:
            raise self._not_now(f"{self._url}: {type(error).__name__}: {error}") from None
        return self._socket

    def _query(self) -> dict[str, Any]:
        cursor = self._position.cursor
        if self._options.stream == "firehose":
            return {} if cursor is None else {"cursor": cursor}
        query: dict[str, Any] = {
            "wantedCollections": POSTS,
            "cursor": max(0, (cursor or 0) - _OVERLAP_MICROS),
        }
        wanted = self._wanted
        if not (wanted.words or wanted.tags or wanted.addressed):
            query["wantedDids"] = sorted(wanted.own | wanted.authors)
        return query

    def _heard(self, frame: Frame) -> Iterable[Item]:
        for told in frame.told:
            match told:
                case Renamed(did):
                    self._opened().forget(did)
                case Outdated():
                    if self._position.cursor:  # a source that is new asks for all there is
                        self._lose(self._position.cursor)
                        yield self._lost.pop()
                case Unreadable():
                    yield told
                case Change():
                    yield from self._change(told)

    def _change(self, change: Change) -> Iterable[Item]:
        since = self._position.since
        if since is not None and _micros(change.at) < since:
            return
        deleted = change.action == "delete"
        if not deleted and not self._wanted.has(change):
            return
        revision = DELETED if deleted else _micros(change.at) // 1000 if change.action == "update" else 0
        if not self._recent.is_news(change.address, revision):
            return
        if not deleted or change.address in self._recent:
            self._recent.add(change.address, revision)
        named = not deleted and self._options.names
        yield item_of(change, self._wanted.own, self._opened().handle(change.did) if named else None)

    def _opened(self) -> Handles:
        if self._handles is None:
            raise ListenerError(f"{self._source.name}: is not open")
        return self._handles

    def _hang_up(self) -> None:
        self._socket = None
        self._open.close()

    def _not_now(self, detail: str, asked_seconds: float | None = None) -> Busy:
        return Busy(detail, self._backoff.failed(asked_seconds))


_OVERLAP_MICROS = OVERLAP // timedelta(microseconds=1)


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def build(setup: Setup) -> BlueskyConnector:
    """The connector of a configured source."""
    return BlueskyConnector(setup, BlueskyOptions.model_validate(setup.options))
