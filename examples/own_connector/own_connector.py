"""A connector of your own: reads a guestbook that gives its entries at ``/entries?after=ID``, the oldest first."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from listener.connectors.connector import Batch, Item, NativeItem, Setup, Source, Unreadable
from listener.domain.document import Document
from listener.domain.errors import Busy
from listener.http.backoff import Backoff
from listener.http.client import Unavailable, client, get


class Options(Document):
    """What stands in listener.yaml beside what all sources have; anything else there is refused."""

    url: str = Field(pattern=r"^https?://")
    poll_seconds: float = Field(default=60, ge=1)


class Guestbook:
    """See `listener.connectors.connector.Connector` for what the four methods owe to each other."""

    def __init__(self, setup: Setup) -> None:
        self._options = Options.model_validate(setup.options)
        self._accounts = setup.accounts
        self._client = client(
            20, {"Authorization": f"Bearer {setup.secret('token')}"}, follow_redirects=False
        )
        self._backoff = Backoff(self._options.poll_seconds)
        self._last = 0
        self.source = Source(name=setup.name, kind="guestbook", channel="review")

    def open(self, position: Mapping[str, Any] | None) -> None:
        self._last = position["last"] if position else 0

    def poll(self) -> Batch:
        try:
            url = f"{self._options.url}/entries"
            answered = get(
                self._client, url, query={"after": self._last}, timeout_seconds=20, max_bytes=1_000_000
            )
            # Asked for what is behind the last one, a server may still give more, and not in order.
            entries = {entry["id"]: entry for entry in json.loads(answered.body or b"[]")}
        except (Unavailable, ValueError, LookupError, TypeError) as error:  # the base waits, and polls again
            raise Busy(
                str(error), self._backoff.failed(getattr(error, "retry_after_seconds", None))
            ) from None
        self._backoff.succeeded()
        news = {number: entry for number, entry in entries.items() if number > self._last}
        if not news:
            return Batch((), None, self._options.poll_seconds)
        self._last = max(news)
        # The base publishes the items, waits for Kafka, and keeps the position for the next `open`.
        return Batch([self._item(news[number]) for number in sorted(news)], {"last": self._last})

    def close(self) -> None:
        self._client.close()

    def _item(self, entry: dict[str, Any]) -> Item:
        try:
            return NativeItem(
                native_id=str(entry["id"]),
                text=entry["words"],
                occurred_at=datetime.fromisoformat(entry["at"]),
                author=entry["name"],
                direction="outbound" if entry["name"] in self._accounts else "inbound",
                reply_to=str(entry["answers"]) if entry["answers"] else None,
                origin=self._options.url,
            )
        except (KeyError, TypeError, ValueError) as error:  # a dead letter, and on with the next
            return Unreadable(reason="invalid", detail=repr(error), origin="guestbook", original=b"")


def build(setup: Setup) -> Guestbook:
    """Named by the entry point in pyproject.toml."""
    return Guestbook(setup)
