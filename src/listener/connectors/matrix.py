"""The connector for rooms of Matrix: everything that is said in them, by the client-server API's /sync.

Delivery: at least once, under the event ids. The cursor is the `next_batch` of the last /sync and, where the
server told only the end of what was missed, from where each such room is still to be read back (`prev_batch`):
until the last event that was read before. So the newest comes first after an outage, and the rest page by page.
"""

import json
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Self
from urllib.parse import quote

from pydantic import Field, field_validator

from listener.connectors.connector import Batch, Item, NativeDeletion, Setup, Source
from listener.connectors.matrix_client import Client
from listener.connectors.matrix_event import (
    ENCRYPTION,
    JOIN_RULES,
    MEMBER,
    MESSAGES,
    REDACTION,
    TOMBSTONE,
    Event,
    Room,
    edited,
    latest_edit,
    message,
    moment,
    names_of,
    plain_id,
    redacted_id,
    replaces,
    unreadable,
)
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError, Rejected, UsageError
from listener.domain.mention import Channel
from listener.http.backoff import Backoff
from listener.http.client import Unavailable

KIND = "matrix"
PAGE = 100
"""Events asked for at once, of each room; a server may give fewer."""
MAX_EDITS = 500
"""So many edits are known by their message, should they be taken back."""
STATE_SECONDS = 3600.0
"""How often it is asked anew in which rooms the account is, and how they are set: nobody tells who was put out."""
PAUSE_SECONDS = 0.1
"""Between two requests where nothing was new, however quickly the server answers."""
LONGEST_RETRY_SECONDS = 300.0
BAD_REQUEST = 400
REFUSED = frozenset({401, 403})
NOT_TO_BE_HAD = frozenset({403, 404})

log = logging.getLogger(__name__)


class MatrixOptions(Document):
    """How a source of the kind `matrix` is configured."""

    url: str = Field(max_length=1000, pattern=r"^https?://[^\s/?#@]+/?$")
    """Address of the homeserver on which the account is."""
    rooms: tuple[str, ...] = Field(default=(), max_length=500)
    """Aliases (`#help:example.org`) or ids (`!abc:example.org`); without any, all in which the account is."""
    accept_invites: bool = False
    """Joins the rooms that are listed, or any where none is, when the account is invited."""
    channel: Channel = "chat"
    first_read: int = Field(default=50, ge=0, le=10_000)
    """How many messages of each room are read when the source, or the room, is new."""
    listen_seconds: float = Field(default=20.0, ge=1, le=60)
    """How long one request waits for news; a stop takes as long."""
    timeout_seconds: float = Field(default=20.0, gt=0, le=60)

    @field_validator("rooms")
    @classmethod
    def _are_rooms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for room in value:
            if not (room.startswith("!") or (room.startswith("#") and ":" in room)):
                raise ValueError(
                    f"neither an alias like #help:example.org nor a room's id like !abc: {room!r}"
                )
        return value


@dataclass(frozen=True)
class Gap:
    """What is still to be read of a room, from a token backwards.

    Attributes:
        until: the event before which it ends; None: at the beginning of the room.
        left: so many messages at most; None: all.
    """

    room_id: str
    token: str
    until: str | None
    left: int | None


@dataclass(frozen=True)
class Position:
    """Where a source stopped, as its cursor keeps it.

    Attributes:
        user: whose rooms.
        since: the last /sync.
        last: the last event read, by room; empty where the room had none.
        edits: the message of each of the last edits.
    """

    user: str
    since: str | None
    last: Mapping[str, str]
    gaps: tuple[Gap, ...]
    edits: Mapping[str, str]

    def to_cursor(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "user": self.user,
            "since": self.since,
            "last": dict(self.last),
            "gaps": [[gap.room_id, gap.token, gap.until, gap.left] for gap in self.gaps],
            "edits": [list(pair) for pair in self.edits.items()],
        }

    @classmethod
    def resumed(cls, cursor: Mapping[str, Any] | None, user: str) -> Self:
        """Goes on from a cursor; another account is read anew."""
        if cursor is None or cursor["user"] != user:
            return cls(user, None, {}, (), {})
        gaps = tuple(Gap(*gap) for gap in cursor["gaps"])
        return cls(user, cursor["since"], dict(cursor["last"]), gaps, dict(cursor["edits"]))


@dataclass
class _Progress:
    """What one poll comes to; nothing of it counts before all of it was had."""

    last: dict[str, str]
    gaps: list[Gap]
    edits: dict[str, str]
    items: list[Item]


class MatrixConnector:
    """Reads the rooms of one account; see `listener.connectors.connector.Connector`.

    Args:
        setup: the source; needs the secret `token`.
        uniform: a number between the two given ones; spreads the retries of many connectors.

    Attributes:
        problems: why some rooms cannot be read, in words.
    """

    def __init__(
        self,
        setup: Setup,
        options: MatrixOptions,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        for account in setup.accounts:
            if not account.startswith("@") or ":" not in account:
                raise UsageError(
                    f"sources.{setup.name}.accounts: {account!r} is no user id like @help:example.org"
                )
        self.problems: list[str] = []
        self._options = options
        self._token = setup.secret("token")
        self._accounts = setup.accounts
        self._source = Source(name=setup.name, kind=KIND, channel=options.channel)
        self._backoff = Backoff(1.0, LONGEST_RETRY_SECONDS, uniform)
        self._client: Client | None = None
        self._wanted: dict[str, str] = {}
        self._position = Position("", None, {}, (), {})
        self._public: dict[str, bool] = {}
        self._had: dict[str, Event] = {}
        self._state_read_at = -inf

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Asks the server who we are, and which rooms the aliases name.

        Raises:
            UsageError: the position is not one of this connector's.
            ListenerError: the token is refused, or there is no such room.
            Busy: the server cannot be reached just now.
        """
        self.close()
        given = self._options
        self._client = Client(given.url, self._token, given.timeout_seconds, given.listen_seconds)
        try:
            user = self._ask("/account/whoami").get("user_id")
            self._wanted = {self._room_id(room): room for room in given.rooms}
        except Unavailable as error:
            raise self._not_now(error) from None
        if not isinstance(user, str):
            raise Busy(f"{given.url}: does not say whose the token is", self._backoff.failed())
        try:
            self._position = Position.resumed(position, user)
        except (KeyError, TypeError, ValueError):
            raise UsageError(
                f"the cursor of the source {self._source.name} was written by another connector: "
                "give this source another name"
            ) from None
        self._accounts |= {user}
        self._state_read_at = -inf
        self._had.clear()
        self._backoff.succeeded()

    def poll(self) -> Batch:
        """Reads on where something was missed; else waits for news.

        Raises:
            Busy: the server does not answer, or wants to be left alone.
            ListenerError: it refuses.
        """
        before = self._position
        now = _Progress(dict(before.last), list(before.gaps), dict(before.edits), [])
        try:
            since = before.since
            if now.gaps and self._state_read_at > -inf:
                self._read_gap(now)
            else:  # the first of all, since only it tells how a room is set, such as who may join
                since = self._sync(now)
        except Unavailable as error:
            raise self._not_now(error) from None
        self._backoff.succeeded()
        self._had.clear()
        edits = dict(list(now.edits.items())[-MAX_EDITS:])
        after = Position(before.user, since, now.last, tuple(now.gaps), edits)
        self._position = after
        moved = replace(after, since=before.since) != before
        position = after.to_cursor() if now.items or moved else None
        return Batch(now.items, position, 0.0 if now.items or now.gaps else PAUSE_SECONDS)

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _room_id(self, room: str) -> str:
        if room.startswith("!"):
            return room
        try:
            found = self._ask(f"/directory/room/{quote(room, safe='')}").get("room_id")
        except Unavailable as error:
            if error.status not in {400, 404}:
                raise
            raise ListenerError(f"{self._options.url}: there is no room {room}") from None
        if not isinstance(found, str):
            raise Unavailable(f"{self._options.url}: does not say which room is {room}")
        return found

    def _sync(self, now: _Progress) -> str:
        """What is new in all rooms. Returns the token of it."""
        since = self._position.since
        whole = time.monotonic() - self._state_read_at >= STATE_SECONDS
        query: dict[str, str | int] = {"filter": json.dumps(self._filter())}
        if since is not None:
            query["since"] = since
        if whole:  # else nobody would tell what has been so for long
            query["full_state"] = "true"
        query["timeout"] = 0 if whole else int(self._options.listen_seconds * 1000)
        try:
            answer = self._ask("/sync", query)
        except Unavailable as error:
            if since is None or error.status != BAD_REQUEST:
                raise
            raise ListenerError(
                f"{error}: the homeserver does not know where the source {self._source.name} stopped: to read "
                "anew, give the source another name"
            ) from None
        token = answer.get("next_batch")
        if not isinstance(token, str):
            raise Unavailable(f"{self._options.url}/sync: the answer has no next_batch")
        rooms = _mapping(answer.get("rooms"))
        joined = _mapping(rooms.get("join"))
        for room_id, told in joined.items():
            if self._is_wanted(room_id):
                self._read_room(room_id, _mapping(told), now)
        self._answer_invites(_mapping(rooms.get("invite")))
        if whole:
            self._check_rooms(joined)
            self._state_read_at = time.monotonic()
        return token

    def _read_room(self, room_id: str, told: Mapping[str, Any], now: _Progress) -> None:
        timeline = _mapping(told.get("timeline"))
        state, events = _list(_mapping(told.get("state")).get("events")), _list(timeline.get("events"))
        for event in (*state, *events):
            self._learn(room_id, _mapping(event))
        before = now.last.get(room_id)
        ids = [event_id for event in events if isinstance(event_id := _mapping(event).get("event_id"), str)]
        now.last[room_id] = ids[-1] if ids else before or ""
        left = None
        if before is None:
            events, left = _last_messages(events, self._options.first_read)
        token = timeline.get("prev_batch")
        if timeline.get("limited") is True and isinstance(token, str) and left != 0:
            now.gaps.append(Gap(room_id, token, before or None, left))
        self._take(room_id, events, names_of((*state, *events)), now)

    def _read_gap(self, now: _Progress) -> None:
        """One page of what was missed, the newest of it first."""
        gap = now.gaps.pop(0)
        query: dict[str, str | int] = {
            "dir": "b",
            "from": gap.token,
            "limit": PAGE,
            "filter": json.dumps(_EVENTS),
        }
        try:
            answer = self._ask(f"/rooms/{quote(gap.room_id, safe='')}/messages", query)
        except Unavailable as error:
            if error.status not in NOT_TO_BE_HAD:
                raise
            self._problem(f"{self._name(gap.room_id)}: what was missed cannot be read: {error}")
            return
        page = _list(answer.get("chunk"))
        ends = [
            at for at, event in enumerate(page) if gap.until and _mapping(event).get("event_id") == gap.until
        ]
        events = page[: ends[0]] if ends else page
        events.reverse()
        left = gap.left
        if left is not None:
            events, left = _last_messages(events, left)
        token = answer.get("end")
        if not ends and left != 0 and isinstance(token, str) and token != gap.token:
            now.gaps.insert(0, replace(gap, token=token, left=left))
        self._take(gap.room_id, events, names_of(_list(answer.get("state"))), now)

    def _take(self, room_id: str, events: Sequence[Any], names: Mapping[str, str], now: _Progress) -> None:
        """Adds what these events say, the oldest first."""
        room = Room(room_id, self._public.get(room_id, False), self._options.channel, names, self._accounts)
        for event in events:
            if isinstance(event, dict) and isinstance(event_id := event.get("event_id"), str):
                self._had[event_id] = event
        for event in events:
            try:
                item = self._item(event, room, now.edits)
            except Rejected as error:
                item = unreadable(event, room_id, error)
            if item is not None:
                now.items.append(item)

    def _item(self, event: Any, room: Room, edits: dict[str, str]) -> Item | None:
        if not isinstance(event, dict):
            raise Rejected("invalid", "an event is expected")
        if event.get("type") == REDACTION:
            return self._redaction(event, room, edits)
        if event.get("type") not in MESSAGES:
            return None
        original_id = replaces(event)
        if original_id is None:
            return message(event, room)
        edits[str(event.get("event_id"))] = original_id
        return edited(event, self._event(room.room_id, original_id), room)

    def _redaction(self, event: Event, room: Room, edits: Mapping[str, str]) -> Item | None:
        """A deletion; of an edit, the message as it is without it."""
        target = redacted_id(event)
        self._had.pop(target, None)  # as it was before
        if target in edits:
            original = self._event(room.room_id, edits[target])
            if original is None:
                return None
            return edited(latest_edit(original) or original, original, room, at=event)
        gone = self._event(room.room_id, target)
        if gone is not None and gone.get("type") not in MESSAGES:
            return None
        return NativeDeletion(
            native_id=target,
            author=plain_id(gone.get("sender")) if gone is not None else None,
            deleted_at=moment(event),
            origin=f"{room.room_id}/{event.get('event_id')}",
        )

    def _event(self, room_id: str, event_id: str) -> Event | None:
        """One event by its id; None where we may not see it."""
        if event_id not in self._had:
            path = f"/rooms/{quote(room_id, safe='')}/event/{quote(event_id, safe='')}"
            try:
                self._had[event_id] = self._ask(path)
            except Unavailable as error:
                if error.status not in NOT_TO_BE_HAD:
                    raise
                return None
        return self._had[event_id]

    def _learn(self, room_id: str, event: Event) -> None:
        """Takes up what the state of a room says about it."""
        content = _mapping(event.get("content"))
        kind, name = event.get("type"), self._name(room_id)
        if kind == JOIN_RULES:
            self._public[room_id] = content.get("join_rule") == "public"
        elif kind == ENCRYPTION:
            self._problem(f"{name}: is encrypted: what is said there cannot be read")
        elif kind == TOMBSTONE:
            self._problem(
                f"{name}: was replaced by {content.get('replacement_room')}: list and join that one"
            )

    def _answer_invites(self, invites: Mapping[str, Any]) -> None:
        for room_id in filter(self._is_wanted, invites):
            if not self._options.accept_invites:
                self._problem(f"{self._name(room_id)}: the account is invited; accept, or set accept_invites")
                continue
            try:
                self._join(room_id)
            except Unavailable as error:
                if error.status not in NOT_TO_BE_HAD:
                    raise
                self._problem(f"{self._name(room_id)}: the invitation cannot be accepted: {error}")

    def _check_rooms(self, joined: Mapping[str, Any]) -> None:
        """Tells the rooms that cannot be read.

        Raises:
            ListenerError: none can.
        """
        missing = [room_id for room_id in self._wanted if room_id not in joined]
        for room_id in missing:
            self._problem(f"{self._name(room_id)}: the account {self._position.user} is not in it")
        nothing_to_read = len(missing) == len(self._wanted) if self._wanted else not joined
        if nothing_to_read and not self._options.accept_invites:
            raise ListenerError(
                f"{self._options.url}: the account {self._position.user} is in none of the rooms: "
                "join them with a Matrix client, or invite it and set accept_invites"
            )

    def _is_wanted(self, room_id: str) -> bool:
        return not self._wanted or room_id in self._wanted

    def _name(self, room_id: str) -> str:
        return self._wanted.get(room_id, room_id)

    def _problem(self, words: str) -> None:
        """Says it once."""
        if words not in self.problems:
            self.problems.append(words)
            log.warning("source=%s %s", self._source.name, words)

    def _filter(self) -> Mapping[str, Any]:
        room: dict[str, Any] = {
            "timeline": {"limit": PAGE, **_EVENTS},
            "state": {"types": [JOIN_RULES, ENCRYPTION, TOMBSTONE, MEMBER], **_MEMBERS},
            "ephemeral": _NOTHING,
            "account_data": _NOTHING,
        }
        if self._wanted and not self._options.accept_invites:
            room["rooms"] = list(self._wanted)
        return {"room": room, "presence": _NOTHING, "account_data": _NOTHING}

    def _ask(self, path: str, query: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        return self._opened().get(path, query)

    def _join(self, room_id: str) -> None:
        self._opened().post(f"/join/{quote(room_id, safe='')}")

    def _opened(self) -> Client:
        if self._client is None:
            raise ListenerError(f"{self._source.name}: is not open")
        return self._client

    def _not_now(self, error: Unavailable) -> ListenerError:
        if error.status in REFUSED:
            return ListenerError(
                f"{error}: the homeserver refuses the token of the source {self._source.name}"
            )
        return Busy(str(error), self._backoff.failed(error.retry_after_seconds))


_NOTHING: Mapping[str, Any] = {"types": []}
_MEMBERS: Mapping[str, Any] = {"lazy_load_members": True, "include_redundant_members": True}
"""Of members only those who say something are told, each time they do."""
_EVENTS: Mapping[str, Any] = {
    "types": [*sorted(MESSAGES), REDACTION, JOIN_RULES, ENCRYPTION, TOMBSTONE],
    **_MEMBERS,
}


def _last_messages(events: Sequence[Any], count: int) -> tuple[list[Any], int]:
    """The last messages with what stands between them, and how many of `count` are left."""
    at = [index for index, event in enumerate(events) if _mapping(event).get("type") in MESSAGES]
    if len(at) < count:
        return list(events), count - len(at)
    return list(events[at[-count] :] if count else ()), 0


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def build(setup: Setup) -> MatrixConnector:
    """The connector of a configured source."""
    return MatrixConnector(setup, MatrixOptions.model_validate(setup.options))
