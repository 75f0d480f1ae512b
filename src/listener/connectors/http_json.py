"""The connector for any service that answers with JSON: where its items are, and what is in them, is configured.

A pass reads a listing page by page, and publishes what is news in it, the oldest first. Only then the cursor
moves, so a kill within a pass repeats nothing and loses nothing. Pages move while they are read: what is posted
meanwhile comes twice, and is published once; what is deleted meanwhile pulls other items to a page that was read
already, so a pass that found news behind the first page is followed by another one of as many pages.
"""

import contextlib
import json
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from math import isfinite
from typing import Annotated, Any, Literal, Self
from urllib.parse import urljoin, urlsplit

import httpx
import yaml
from pydantic import AfterValidator, Field, model_validator

from listener.connectors.connector import Batch, Setup, Source, Unreadable
from listener.connectors.json_mapping import (
    Fields,
    Ratings,
    Reader,
    Told,
    ZoneName,
    checked,
    found,
    read_item,
)
from listener.connectors.recent import Recent
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError, Rejected, UsageError
from listener.domain.mention import Channel
from listener.http.backoff import LONGEST_SECONDS, Backoff
from listener.http.client import Answered, Unavailable, asked_to_wait_seconds, client, get, shown
from listener.times import DateOrder, parse_time, parse_zone

log = logging.getLogger(__name__)

KIND = "http-json"
USER_AGENT = "Listener (reader)"
MAX_KEPT = 2000
"""Items that the cursor remembers: what a service tells again must be among them."""
REFUSED = frozenset({401, 403})
_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NEXT = re.compile(r'<([^>]*)>[^,]*;\s*rel="?next"?', re.IGNORECASE)

Expression = Annotated[str, AfterValidator(checked)]


class Paging(Document):
    """How the page behind a page is asked for; one of four ways, or none where there is only one page."""

    next: Expression | None = None
    """Where the answer has its address."""
    link_header: bool = False
    """Its address stands in the header Link."""
    page: str | None = None
    """Query parameter that counts pages."""
    first: int = 1
    offset: str | None = None
    """Query parameter that counts items."""
    parameter: str | None = None
    """Query parameter that takes"""
    value: Expression | None = None
    """what the answer has here."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [self.next, self.link_header, self.page, self.offset, self.parameter]
        if sum(map(bool, ways)) != 1:
            raise ValueError("give one of next, link_header, page, offset, and parameter with value")
        if bool(self.parameter) != bool(self.value):
            raise ValueError("parameter and value belong together")
        return self


class Since(Document):
    """What was read last, for services that give what came after it: ``{since}`` in `query`."""

    value: Expression
    """In an item: a number, or a time; the greatest is remembered."""
    first: str
    """Where to begin when the source is new."""
    overlap: float = Field(default=0.0, ge=0, le=30 * 86_400)
    """Ask from so much before it, in seconds, or as a number; for services that add something late."""


class HttpJsonOptions(Document):
    """How a source of the kind `http-json` is configured."""

    url: str = Field(max_length=4000, pattern=r"^https?://\S+$")
    path: str = Field(default="", max_length=4000)
    """Added to `url`; presets have it."""
    query: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    """Values, here and in `query`, may have ``{name}`` for a secret of that name."""
    items: Expression
    """Where the answer has its list of items."""
    where: Expression | None = None
    """Only items in which this finds something."""
    fields: Fields
    deleted: Expression | None = None
    order: Literal["newest-first", "any"] = "newest-first"
    """Of the newest first, no more pages are read than there is news on; of any other, all."""
    paging: Paging | None = None
    since: Since | None = None
    channel: Channel = "forum"
    ratings: Ratings = (1.0, 5.0)
    """The worst and the best."""
    zone: ZoneName | None = None
    """Of times that have none; without it such an item is a dead letter."""
    dates: DateOrder | None = None
    """How ``02/03/2015`` is to be read."""
    poll_seconds: float = Field(default=60.0, ge=1, le=86_400)
    requests_per_minute: float = Field(default=60.0, gt=0, le=6000)
    """Never more; what the service allows."""
    reread_pages: int = Field(default=1, ge=1, le=20)
    """Read every time, for edits and deletions."""
    first_pages: int = Field(default=1, ge=1, le=1000)
    """When the source is new."""
    max_pages: int = Field(default=100, ge=1, le=1000)
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)
    max_bytes: int = Field(default=5 * 1024 * 1024, ge=1024, le=50 * 1024 * 1024)
    """Of a page."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not (self.fields.text or self.fields.html):
            raise ValueError("fields: give text or html")
        if (self.since is not None) != any("{since}" in value for value in self.query.values()):
            raise ValueError("since: belongs together with {since} in a value of query")
        return self

    def secrets(self) -> list[str]:
        """The names of the secrets that headers and query ask for."""
        values = " ".join((*self.headers.values(), *self.query.values()))
        return sorted(set(_PLACE.findall(values)) - {"since"})


@dataclass
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        since: the greatest value seen; None where nothing was read yet, or none is asked for.
    """

    url: str
    since: str | None = None
    recent: Recent = field(default_factory=lambda: Recent(max_kept=MAX_KEPT))
    is_new: bool = True

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        return {"url": self.url, "since": self.since, "recent": [list(entry) for entry in self.recent.kept()]}

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, url: str) -> Self:
        """Goes on from a cursor; another address is read anew."""
        if cursor is None or cursor["url"] != url:
            return cls(url)
        kept = [(key, revision) for key, revision in cursor["recent"]]
        return cls(url, cursor["since"], Recent(kept, max_kept=MAX_KEPT), is_new=False)


@dataclass
class _Pass:
    """One reading of the listing.

    Attributes:
        address, query: of the next request.
        pages: read so far.
        at_least: pages to read even where there is no news.
        news: by key, what is to be published.
        left_out: by key, revisions of what `where` leaves out and was not seen before.
        deep: whether there was news behind the first page.
        validators: of the first page: what was asked, and what to say so that it is sent only once changed.
    """

    address: str
    query: dict[str, str]
    at_least: int
    pages: int = 0
    items: int = 0
    news: dict[str, Told] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    deep: bool = False
    since: str | None = None
    validators: tuple[dict[str, str], Mapping[str, str]] = ({}, {})


class HttpJsonConnector:
    """Reads one listing; see `listener.connectors.connector.Connector`.

    Args:
        name: of the source.
        secrets: for headers and query.
        accounts: the company's own.
        now: stamps deletions.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        name: str,
        options: HttpJsonOptions,
        secrets: Mapping[str, str],
        accounts: frozenset[str] = frozenset(),
        *,
        now: Callable[[], datetime],
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._secrets = secrets
        self._url = options.url.rstrip("/") + options.path if options.path else options.url
        zone = parse_zone(options.zone) if options.zone else None
        self._source = Source(name=name, kind=KIND, channel=options.channel, zone=zone)
        own = frozenset(account.removeprefix("@").lower() for account in accounts)
        self._reader = Reader(
            self._url, options.fields, options.deleted, options.ratings, options.dates, zone, own
        )
        self._now = now
        self._backoff = Backoff(options.poll_seconds, max(LONGEST_SECONDS, options.poll_seconds), uniform)
        self._interval_seconds = 60.0 / options.requests_per_minute
        self._position = Position(self._url)
        self._left_out = Recent()
        """What `where` left out lately. A page with new such things may have news behind it."""
        self._pass: _Pass | None = None
        self._pages_next = 1
        self._validators: tuple[dict[str, str], Mapping[str, str]] = ({}, {})
        self._client = self._new_client()

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
            self._position = Position.resumed(position, self._url)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UsageError(
                f"the cursor of the source {self._source.name} was written by another connector: "
                "give this source another name"
            ) from None
        self._pass = None
        self._validators = ({}, {})
        self._pages_next = self._options.reread_pages
        self._client.close()
        self._client = self._new_client()

    def poll(self) -> Batch:
        """Reads one page; the last one of a pass brings what is news.

        Raises:
            Busy: the service does not answer, or not with what is expected; the wait grows with every failure.
            ListenerError: it refuses.
        """
        going = self._pass = self._pass or self._begin()
        try:
            answered = self._ask(going)
            if answered.body is None:
                self._pass = None
                return Batch((), None, self._options.poll_seconds)
            answer, raws = self._items_of(answered)
        except Unavailable as error:
            if error.status in REFUSED:
                self._pass = None
                raise ListenerError(
                    f"{error}: it refuses what the source {self._source.name} sends"
                ) from None
            wait_seconds = max(self._backoff.failed(error.retry_after_seconds), self._interval_seconds)
            raise Busy(str(error), wait_seconds) from None
        self._backoff.succeeded()
        if going.pages == 0:
            going.validators = dict(going.query), _validators(answered)
        has_news = self._take(going, raws)
        asked_to_wait = asked_to_wait_seconds(answered.headers, self._now()) or 0.0
        if self._goes_on(going, answered, answer, raws, has_news):
            return Batch((), None, max(self._interval_seconds, asked_to_wait))
        return self._finish(going, asked_to_wait)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _new_client(self) -> httpx.Client:
        headers = {name: self._filled(value) for name, value in self._options.headers.items()}
        return client(
            self._options.timeout_seconds,
            {"User-Agent": USER_AGENT, "Accept": "application/json", **headers},
            follow_redirects=not self._options.secrets(),
        )

    def _begin(self) -> _Pass:
        query = {name: self._filled(value) for name, value in self._options.query.items()}
        paging = self._options.paging
        if paging is not None and paging.page:
            query[paging.page] = str(paging.first)
        at_least = self._options.first_pages if self._position.is_new else self._pages_next
        return _Pass(self._url, query, at_least, since=self._position.since)

    def _ask(self, going: _Pass) -> Answered:
        query, validators = self._validators
        conditional = going.pages == 0 and going.query == query and going.at_least == 1
        return get(
            self._client,
            going.address,
            query=going.query,
            headers=validators if conditional else {},
            timeout_seconds=self._options.timeout_seconds,
            max_bytes=self._options.max_bytes,
        )

    def _items_of(self, answered: Answered) -> tuple[Any, list[Any]]:
        try:
            answer = json.loads(answered.body or b"")
        except ValueError:
            raise Unavailable(f"{shown(self._url)}: the answer is not JSON") from None
        raws = found(self._options.items, answer)
        if not isinstance(raws, list):
            raise Unavailable(f"{shown(self._url)}: there is no list at {self._options.items!r} (items)")
        return answer, raws

    def _take(self, going: _Pass, raws: list[Any]) -> bool:
        """Takes a page into a pass.

        Returns:
            Whether there may be news behind it: there was some on it, or something new that `where` leaves out,
            or it has only what this pass has read already, since a whole page of news came on top meanwhile.
        """
        options = self._options
        going.pages += 1
        going.items += len(raws)
        has_news = unseen = again = known = False
        for raw in raws:
            told = read_item(raw, self._reader, self._now())
            if options.since is not None and not isinstance(told.item, Unreadable):
                going.since = greater(going.since, found(options.since.value, raw), options.since.first)
            if options.where is not None and not found(options.where, raw):
                if self._left_out.is_news(told.key, told.revision):
                    going.left_out[told.key] = told.revision
                    unseen = True
                continue
            before = going.news.get(told.key)
            if not self._position.recent.is_news(told.key, told.revision):
                known = True
            elif before is None or told.revision > before.revision:
                going.news[told.key] = told
                has_news = True
            else:
                again = True
        going.deep = going.deep or (has_news and going.pages > 1)
        return has_news or unseen or (again and not known)

    def _goes_on(
        self, going: _Pass, answered: Answered, answer: Any, raws: list[Any], has_news: bool
    ) -> bool:
        """Whether there is another page to read; then the pass knows which."""
        options, paging = self._options, self._options.paging
        if paging is None or not raws:
            return False
        if self._position.is_new:
            if going.pages >= options.first_pages:
                return False
        elif options.order == "newest-first" and not has_news and going.pages >= going.at_least:
            return False
        if going.pages >= options.max_pages:
            if has_news:
                log.warning("source=%s not read beyond max_pages=%d", self._source.name, options.max_pages)
            return False
        before = going.address, dict(going.query)
        if paging.page:
            going.query[paging.page] = str(paging.first + going.pages)
        elif paging.offset:
            going.query[paging.offset] = str(going.items)
        elif paging.parameter and paging.value:
            value = found(paging.value, answer)
            if value is None or value == "":
                return False
            going.query[paging.parameter] = str(value)
        else:
            following = found(paging.next, answer) if paging.next else _next_link(answered)
            if not isinstance(following, str) or not following:
                return False
            going.address, going.query = self._on_this_host(urljoin(answered.url, following)), {}
        return (going.address, going.query) != before

    def _finish(self, going: _Pass, asked_to_wait: float) -> Batch:
        self._pass = None
        self._validators = going.validators if not going.deep else ({}, {})
        listed = list(going.news.values())
        if self._options.order == "newest-first":
            listed.reverse()  # of what was said in the same second, too, the oldest goes first
        news = sorted(listed, key=lambda told: told.at)
        moved = bool(news) or self._position.is_new or going.since != self._position.since
        self._position.since = going.since
        self._position.is_new = False
        for told in news:
            self._position.recent.add(told.key, told.revision)
        for key, revision in going.left_out.items():
            self._left_out.add(key, revision)
        self._pages_next = max(self._options.reread_pages, going.pages if going.deep else 1)
        pause = self._interval_seconds if going.deep else self._options.poll_seconds
        return Batch(
            [told.item for told in news],
            self._position.to_cursor() if moved else None,
            max(pause, self._interval_seconds, asked_to_wait),
        )

    def _filled(self, value: str) -> str:
        """A value of headers or query with what its places stand for."""

        def of(place: re.Match[str]) -> str:
            since = self._options.since
            if place[1] == "since" and since is not None:
                last = self._position.since
                return since.first if last is None else lowered(last, since.overlap)
            return self._secrets[place[1]]

        return _PLACE.sub(of, value)

    def _on_this_host(self, address: str) -> str:
        """The address, if it is of the service; another must not be shown our secrets."""
        if urlsplit(address)[:2] != urlsplit(self._url)[:2]:
            raise ListenerError(f"{shown(self._url)}: its next page is elsewhere: {shown(address)}")
        return address


def lowered(value: str, by: float) -> str:
    """A number, or a time, less so much, or so many seconds; what is neither stays."""
    sort, of = _sorted(value)
    if sort == "number" and by:
        return f"{of - by:.15g}"
    if sort == "time" and by:
        return str((of - timedelta(seconds=by)).isoformat()).replace("+00:00", "Z")
    return value


def greater(one: str | None, other: Any, first: str) -> str | None:
    """The greater of two values. One that is of another sort than the first (a number, a time, a text) does not
    count: asked for what came after it, a service would never answer again.

    Args:
        one: the greatest so far.
        other: as found in an item.
        first: with what the service was asked at first.
    """
    if isinstance(other, bool) or not isinstance(other, str | int | float) or other == "":
        return one
    sort, value = _sorted(str(other))
    if sort != _sorted(first)[0]:
        return one
    return str(other) if one is None or value > _sorted(one)[1] else one


def _sorted(value: str) -> tuple[str, Any]:
    """Of which sort a value is, and by what to compare it within that."""
    with contextlib.suppress(ValueError):
        if isfinite(number := float(value)):
            return "number", number
    try:
        moment = parse_time(value)
    except Rejected:
        return "text", value
    return "time", moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _validators(answered: Answered) -> dict[str, str]:
    names = {"If-None-Match": "ETag", "If-Modified-Since": "Last-Modified"}
    return {name: answered.headers[of] for name, of in names.items() if of in answered.headers}


def _next_link(answered: Answered) -> str | None:
    match = _NEXT.search(answered.headers.get("Link", ""))
    return match[1] if match else None


def presets() -> list[str]:
    """The names of the configurations that are shipped."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in _PRESETS.iterdir() if entry.name.endswith(".yaml")
    )


def with_preset(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options over those of the preset that they name.

    Raises:
        UsageError: there is no such preset.
    """
    given = dict(options)
    name = given.pop("preset", None)
    if name is None:
        return given
    if name not in presets():
        raise UsageError(f"preset: there is no {name!r}; there are: {', '.join(presets())}")
    preset = yaml.safe_load((_PRESETS / f"{name}.yaml").read_text(encoding="utf-8"))
    return _over(preset, given)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _over(below[key], value)
        if isinstance(value, dict) and isinstance(below.get(key), dict)
        else value
        for key, value in above.items()
    }
    return {**below, **both}


def build(setup: Setup) -> HttpJsonConnector:
    """The connector of a configured source."""
    options = HttpJsonOptions.model_validate(with_preset(setup.options))
    secrets = {name: setup.secret(name) for name in options.secrets()}
    return HttpJsonConnector(setup.name, options, secrets, setup.accounts, now=setup.now)


_PRESETS = resources.files("listener.connectors") / "presets"
