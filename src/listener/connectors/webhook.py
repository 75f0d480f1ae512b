"""The connector for what others send: phone, chat, partners and helpdesks tell by a signed request.

Requests wait here until the base has published what they said: it asks for the next batch only once the broker
has acknowledged the last, and only then the sender hears 202. A kill in between costs the reply, not the words;
what is sent again has the same ids, so nothing is there twice.
"""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from pydantic import Field, field_validator

from listener.connectors.connector import Batch, Item, Setup, Source
from listener.connectors.json_mapping import Fields, Ratings, Reader, ZoneName, checked
from listener.connectors.webhook_item import Form, Taken
from listener.domain.document import Document
from listener.domain.errors import UsageError
from listener.domain.mention import Channel
from listener.signature import Keyring, check_key
from listener.times import DateOrder, parse_zone

KIND = "webhook"
MAX_WAITING = 256
"""Requests whose words are not on the broker yet; more are asked to come back, so that they fill no memory."""
POLL_SECONDS = 1.0
KEYS = ("key", "old_key")


class WebhookOptions(Document):
    """How a source of the kind `webhook` is configured."""

    channel: Channel
    """Of items that do not say."""
    zone: ZoneName | None = None
    """Of times that have none; without it such an item is a dead letter."""
    max_bytes: int = Field(default=1024 * 1024, ge=1024, le=3 * 1024 * 1024)
    """Of a request."""
    items: str | None = None
    """Where in a body its items are, as a JMESPath expression; without it the body itself, an object or a list."""
    fields: Fields | None = None
    """Where in an item everything is, as for the kind `http-json`; Listener's own form without it."""
    deleted: str | None = None
    """With `fields`: finds something in what was deleted."""
    ratings: Ratings = (1.0, 5.0)
    """With `fields`: the worst and the best."""
    dates: DateOrder | None = None
    """With `fields`: how ``02/03/2015`` is to be read."""

    @field_validator("items", "deleted")
    @classmethod
    def _are_expressions(cls, value: str | None) -> str | None:
        return value if value is None else checked(value)


class Full(Exception):
    """Too many requests wait for the broker."""


class Webhook:
    """A source that is told instead of read.

    Args:
        form: how what comes is read.
        keyring: whose signatures count.
    """

    def __init__(self, form: Form, keyring: Keyring, max_bytes: int) -> None:
        self.source = form.source
        self.form = form
        self.keyring = keyring
        self.max_bytes = max_bytes
        self._arrived = threading.Condition()
        self._waiting: deque[tuple[Sequence[Taken], Future[None]]] = deque()
        self._in_hand: list[Future[None]] = []
        self._closed = True

    def put(self, taken: Sequence[Taken]) -> "Future[None]":
        """Takes the items of a request.

        Returns:
            Is done once all of them are on the broker; cancelled if the connector ended before.

        Raises:
            Full: too many wait already, or nobody publishes just now.
        """
        with self._arrived:
            if self._closed or len(self._waiting) >= MAX_WAITING:
                raise Full
            stored: Future[None] = Future()
            self._waiting.append((taken, stored))
            self._arrived.notify()
        return stored

    def open(self, position: Mapping[str, Any] | None) -> None:
        """From now on requests are taken; there is no position to go on from."""
        with self._arrived:
            self._closed = False

    def poll(self) -> Batch:
        """What has come; by asking, the base says that the batch before is on the broker."""
        for stored in self._in_hand:
            stored.set_result(None)
        self._in_hand = []
        items: list[Item] = []
        deadline = time.monotonic() + POLL_SECONDS
        with self._arrived:
            while not self._waiting and (left := deadline - time.monotonic()) > 0:
                self._arrived.wait(left)
            while self._waiting:
                taken, stored = self._waiting.popleft()
                if stored.set_running_or_notify_cancel():
                    self._in_hand.append(stored)
                    items.extend(each.item for each in taken)
        # so that it is known after a start when something was heard last
        return Batch(items, position={} if items else None)

    def close(self) -> None:
        """Whoever still waits is told to send it again."""
        with self._arrived:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
        for stored in [*self._in_hand, *(future for _, future in waiting)]:
            if not stored.cancel():
                stored.set_exception(Full())
        self._in_hand = []


def build(setup: Setup) -> Webhook:
    """The source as configured.

    Raises:
        UsageError: a key is missing, or is none; the message never shows it.
        ValidationError: an option is wrong.
    """
    options = WebhookOptions.model_validate(dict(setup.options))
    setup.secret("key")
    for name in set(setup.secrets) - set(KEYS):
        raise UsageError(f"sources.{setup.name}.secrets.{name}: there are {' and '.join(KEYS)}")
    for name in KEYS:
        if name in setup.secrets:
            try:
                check_key(setup.secrets[name])
            except ValueError as error:
                raise UsageError(f"sources.{setup.name}.secrets.{name}: {error}") from None
    source = Source(
        name=setup.name,
        kind=KIND,
        channel=options.channel,
        zone=parse_zone(options.zone) if options.zone else None,
    )
    reader = None
    if options.fields is not None:
        reader = Reader(
            base=f"//{setup.name}",
            fields=options.fields,
            deleted=options.deleted,
            ratings=options.ratings,
            dates=options.dates,
            zone=source.zone,
            own=frozenset(account.lower() for account in setup.accounts),
        )
    elif options.deleted:
        raise UsageError(f"sources.{setup.name}.deleted: belongs to `fields`, which is not given")
    form = Form(source, options.items, options.fields, reader)
    return Webhook(form, Keyring({setup.name: tuple(setup.secrets.values())}), options.max_bytes)
