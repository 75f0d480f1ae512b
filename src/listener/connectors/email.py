"""The connector for a mailbox: IMAP, woken by IDLE, each message once however often it is moved or read.

Delivery: at least once, under the Message-ID. The cursor is UIDVALIDITY and the next UID of each folder
(RFC 3501, 2.3.1.1), moved after Kafka's acknowledgement; where the server gives out new UIDs, what arrived
within `since_days` is read again, under the same ids. Nothing in the mailbox is changed: folders are opened
read-only and no message is marked as read.
"""

import imaplib
import random
import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple

import imap_tools
from imap_tools.errors import ImapToolsError, MailboxLoginError
from pydantic import Field

from listener.connectors.connector import Batch, Item, Setup, Source, Unreadable
from listener.connectors.cursor import foreign_cursor
from listener.connectors.mail_message import item_of, read_message
from listener.domain.document import Document
from listener.domain.errors import Busy, ListenerError
from listener.domain.mention import Channel
from listener.http.backoff import Backoff

KIND = "email"
BATCH_MESSAGES = 50
LISTED_UIDS = 1000
"""Whose sizes are asked for at once; many of them may have gone."""
BATCH_BYTES = 20 * 1024 * 1024
"""What is read at once; one message may be larger."""
_FIELD = re.compile(rb"(UID|RFC822\.SIZE) (\d+)")
_NOT_NOW = re.compile(r"\[(UNAVAILABLE|INUSE|SERVERBUG|LIMIT)\b")
"""Response codes by which a server refuses to let anybody in for the time being (RFC 5530)."""
_BROKEN = (OSError, imaplib.IMAP4.error, ImapToolsError, EOFError)


class EmailOptions(Document):
    """How a source of the kind `email` is configured."""

    host: str = Field(min_length=1, max_length=255)
    port: int | None = Field(default=None, ge=1, le=65535)
    """993 where None; 143 with `starttls` or `none`."""
    tls: Literal["tls", "starttls", "none"] = "tls"
    user: str = Field(min_length=1, max_length=320)
    folder: str = Field(default="INBOX", min_length=1, max_length=500)
    sent_folder: str | None = Field(default=None, min_length=1, max_length=500)
    """Where the company's own answers are kept; their replies answer the messages that they reply to."""
    channel: Channel = "email"
    """`executive` for the mailbox of the board."""
    since_days: float = Field(default=30, ge=0, le=3660)
    """How far back the first reading goes."""
    max_bytes: int = Field(default=10 * 1024 * 1024, ge=64 * 1024, le=100 * 1024 * 1024)
    """Of a larger message only its beginning of so many bytes is read."""
    listen_seconds: float = Field(default=20, ge=1, le=600)
    """How long one poll listens for news; how often a server without IDLE is asked. A stop may take as long."""
    timeout_seconds: float = Field(default=30, ge=1, le=300)


class Place(NamedTuple):
    """How far a folder was read: everything below `next_uid`, as long as UIDs keep their validity."""

    validity: int
    next_uid: int


@dataclass(frozen=True, slots=True)
class _Arrived:
    uid: int
    size: int
    at: datetime


class EmailConnector:
    """Reads one mailbox; see `listener.connectors.connector.Connector`.

    Args:
        setup: the source; needs the secret `password`.
        uniform: a number between the two given ones; spreads the retries of many connectors.
    """

    def __init__(
        self,
        setup: Setup,
        options: EmailOptions,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._options = options
        self._password = setup.secret("password")
        self._accounts = frozenset(account.lower() for account in setup.accounts) | {options.user.lower()}
        self._now = setup.now
        self._source = Source(name=setup.name, kind=KIND, channel=options.channel)
        self._folders = [options.folder, *([options.sent_folder] if options.sent_folder else [])]
        self._places: dict[str, Place] = {}
        self._box: imap_tools.BaseMailBox | None = None
        self._backoff = Backoff(2.0, 600.0, uniform)

    @property
    def source(self) -> Source:
        """What it reads."""
        return self._source

    def open(self, position: Mapping[str, Any] | None) -> None:
        """Goes on behind `position`; connects at the first poll.

        Raises:
            UsageError: the position is not one of this connector's.
        """
        try:
            self._places = {folder: Place(*place) for folder, place in (position or {}).items()}
        except TypeError:
            raise foreign_cursor(self._source.name) from None

    def poll(self) -> Batch:
        """Reads what is new in all folders; listens for a while where nothing is.

        Raises:
            Busy: the server is away or breaks off; the wait grows with every failure in a row.
            ListenerError: it does not take the password, or has no such folder.
        """
        try:
            box = self._connected()
            items, places = self._read_new(box)
            waits = 0.0
            if not items and places == self._places:
                waits = self._listen(box)
        except _BROKEN as error:
            self.close()
            raise Busy(f"{self._options.host}: {_words(error)}", self._backoff.failed()) from None
        self._backoff.succeeded()
        moved, self._places = places != self._places, places
        position = {folder: list(place) for folder, place in places.items()} if moved else None
        return Batch(items, position, waits)

    def close(self) -> None:
        """Logs out, where that is still possible."""
        box, self._box = self._box, None
        if box is not None:
            with suppress(*_BROKEN):
                box.logout()

    def _connected(self) -> imap_tools.BaseMailBox:
        if self._box is None:
            self._box = self._connect()
        return self._box

    def _connect(self) -> imap_tools.BaseMailBox:
        given = self._options
        port = given.port or (993 if given.tls == "tls" else 143)
        box: imap_tools.BaseMailBox
        if given.tls == "none":
            box = imap_tools.MailBoxUnencrypted(given.host, port, timeout=given.timeout_seconds)
        else:
            context = ssl.create_default_context()
            made = imap_tools.MailBox if given.tls == "tls" else imap_tools.MailBoxStartTls
            box = made(given.host, port, timeout=given.timeout_seconds, ssl_context=context)
        try:
            box.login_utf8(given.user, self._password, initial_folder=None)
        except imaplib.IMAP4.abort:  # the connection broke: not the password's fault
            raise
        except (imaplib.IMAP4.error, MailboxLoginError) as error:
            if _NOT_NOW.search(str(error)):
                raise imaplib.IMAP4.abort(str(error)) from None
            raise ListenerError(f"{given.host} does not let {given.user} in: {_words(error)}") from None
        return box

    def _read_new(self, box: imap_tools.BaseMailBox) -> tuple[list[Item], dict[str, Place]]:
        """What came since, and how far all folders are read with it."""
        items: list[Item] = []
        places = dict(self._places)
        for folder in self._folders:
            places[folder] = self._read_folder(box, folder, items)
        return items, places

    def _read_folder(self, box: imap_tools.BaseMailBox, folder: str, items: list[Item]) -> Place:
        """Adds what is new in a folder, as much as is read at once."""
        with _named(folder, self._options.host):
            box.folder.set(folder, readonly=True)
            status = box.folder.status(folder, ["UIDVALIDITY", "UIDNEXT"])
        validity, next_uid = status["UIDVALIDITY"], status["UIDNEXT"]
        place = self._places.get(folder)
        if place is None or place.validity != validity:
            since = (self._now() - timedelta(days=self._options.since_days)).date()
            place = Place(validity, self._first_since(box, since, next_uid))
        if place.next_uid >= next_uid:
            return place
        until = min(next_uid, place.next_uid + LISTED_UIDS)
        arrived = self._arrived(box, place.next_uid, until)
        chosen = _batch(arrived)
        items.extend(item for one in chosen if (item := self._read(box, folder, one)) is not None)
        return Place(validity, until if len(chosen) == len(arrived) else chosen[-1].uid + 1)

    def _first_since(self, box: imap_tools.BaseMailBox, since: date, next_uid: int) -> int:
        """The lowest UID that arrived on that day or later."""
        uids = box.uids(imap_tools.AND(date_gte=since))
        return min(map(int, uids), default=next_uid)

    def _arrived(self, box: imap_tools.BaseMailBox, first_uid: int, until: int) -> list[_Arrived]:
        """What is there of the UIDs from the first to before the last."""
        asked = f"{first_uid}:{until - 1}"
        answer = _checked(box.client.uid("FETCH", asked, "(UID RFC822.SIZE INTERNALDATE)"), "FETCH")
        found = (_arrival(line if isinstance(line, bytes) else line[0]) for line in answer if line)
        return sorted((one for one in found if one and first_uid <= one.uid < until), key=lambda one: one.uid)

    def _read(self, box: imap_tools.BaseMailBox, folder: str, one: _Arrived) -> Item | None:
        """One message; None where it was deleted in the meantime."""
        limit = self._options.max_bytes
        cut = one.size > limit
        part = f"BODY.PEEK[]<0.{limit}>" if cut else "BODY.PEEK[]"
        answer = _checked(box.client.uid("FETCH", str(one.uid), f"({part})"), "FETCH")
        raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
        origin = f"imap://{self._options.host}/{folder};UID={one.uid}"
        if raw is None:
            return None
        try:
            return item_of(
                read_message(raw),
                channel=self._options.channel,
                accounts=self._accounts,
                sent=folder == self._options.sent_folder,
                arrived_at=one.at,
                origin=origin,
                raw=raw,
                note=f"[cut: of {one.size} bytes {limit} were read]" if cut else "",
            )
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            return Unreadable(
                reason="unreadable", detail=f"no e-mail: {_words(error)}", origin=origin, original=raw
            )

    def _listen(self, box: imap_tools.BaseMailBox) -> float:
        """Waits until the server says that something has changed, or for a while.

        Returns:
            Seconds to wait before the next poll: a server without IDLE is to be left alone for as long.
        """
        if "IDLE" not in box.client.capabilities:
            return self._options.listen_seconds
        box.folder.set(self._options.folder, readonly=True)
        box.idle.wait(timeout=self._options.listen_seconds)
        return 0.0


def build(setup: Setup) -> EmailConnector:
    """The connector of a configured source."""
    return EmailConnector(setup, EmailOptions.model_validate(setup.options))


@contextmanager
def _named(folder: str, host: str) -> Iterator[None]:
    try:
        yield
    except ImapToolsError as error:
        raise ListenerError(f"{host} has no folder {folder} that can be read: {_words(error)}") from None


def _batch(arrived: Sequence[_Arrived]) -> list[_Arrived]:
    """As many as are read at once; at least one."""
    chosen: list[_Arrived] = []
    total = 0
    for one in arrived:
        total += one.size
        if chosen and (total > BATCH_BYTES or len(chosen) == BATCH_MESSAGES):
            break
        chosen.append(one)
    return chosen


def _arrival(line: bytes) -> _Arrived | None:
    fields = dict(_FIELD.findall(line))
    if b"UID" not in fields or b"RFC822.SIZE" not in fields:
        return None
    moment = imaplib.Internaldate2tuple(line)
    at = datetime(*moment[:6]).astimezone(UTC) if moment else datetime.now(UTC)  # it is local time
    return _Arrived(int(fields[b"UID"]), int(fields[b"RFC822.SIZE"]), at)


def _checked(answer: tuple[str, Any], what: str) -> list[Any]:
    status, lines = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{what}: {status}")
    return list(lines)


def _words(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
