"""Who sends to a webhook source hears 202 when the base has published, and never before."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from fakes.desk import KEY, OTHER_KEY, signed
from listener.connectors.connector import Item, NativeItem, Setup, Unreadable
from listener.connectors.webhook import MAX_WAITING, Full, Webhook, build
from listener.connectors.webhook_endpoint import webhook_app
from listener.connectors.webhook_item import Taken
from listener.domain.errors import UsageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ITEM = {"id": "1", "text": "Where is my refund?", "occurred_at": "2026-03-01T09:30:00Z"}
SHORT_SECONDS = 0.2


def make(secrets: dict[str, str] | None = None, **options: Any) -> Webhook:
    return build(Setup(name="calls", options={"channel": "phone"} | options, secrets=secrets or {"key": KEY}))


@contextmanager
def published_from(source: Webhook) -> Iterator[list[Item]]:
    """A base that publishes what comes."""
    published: list[Item] = []
    stop = Event()

    def drive() -> None:
        while not stop.is_set():
            published.extend(source.poll().items)
        source.close()

    source.open(None)
    thread = Thread(target=drive)
    thread.start()
    try:
        yield published
    finally:
        stop.set()
        thread.join()


class Sender:
    """Sends requests to an application."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Sends one and waits for the answer."""

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as asking:
                return await asking.request(method, path, **content)

        return asyncio.run(ask())


def sender_to(source: Webhook, seconds: float = 60) -> Sender:
    return Sender(webhook_app({"calls": source}, now=lambda: NOW, stored_within_seconds=seconds))


def tell(to: Sender, content: Any, path: str = "/mentions/calls", **signing: Any) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return to.send("POST", path, content=body, headers=signed(body, **signing))


def test_what_is_answered_with_202_was_published() -> None:
    source = make()
    sender = sender_to(source)
    with published_from(source) as published:
        told = tell(sender, [ITEM, ITEM | {"id": "2"}])
        assert (told.status_code, told.json()) == (
            202,
            {"items": [{"mention_id": "webhook:calls/1"}, {"mention_id": "webhook:calls/2"}]},
        )
        assert [each.native_id for each in published if isinstance(each, NativeItem)] == [
            "calls/1",
            "calls/2",
        ]


def test_an_item_that_is_wrong_is_told_beside_the_others_and_kept() -> None:
    source = make()
    sender = sender_to(source)
    with published_from(source) as published:
        mixed = tell(sender, [ITEM, {"id": "2"}])
        assert mixed.status_code == 202
        assert [*mixed.json()["items"][1]] == ["error"]
        alone = tell(sender, {"id": "3"})
        assert alone.status_code == 422
        assert "text" in alone.json()["detail"]
        nothing = tell(sender, b"{")
        assert (nothing.status_code, nothing.json()["detail"]) == (422, "the body is not JSON")
        assert len([each for each in published if isinstance(each, Unreadable)]) == 3


def test_both_keys_are_valid_and_no_other() -> None:
    source = make({"key": OTHER_KEY, "old_key": KEY})
    sender = sender_to(source)
    with published_from(source) as published:
        assert tell(sender, ITEM, key=KEY).status_code == 202
        assert tell(sender, ITEM, key=OTHER_KEY).status_code == 202
        refused = tell(sender, ITEM, key="whsec_" + "QUJD" * 8)
        assert refused.status_code == 401
        assert "www-authenticate" in refused.headers
        assert len(published) == 2


def test_what_has_no_place_is_refused() -> None:
    source = make(max_bytes=1024)
    sender = sender_to(source)
    assert tell(sender, ITEM, "/mentions/else").status_code == 404
    assert sender.send("GET", "/mentions/calls").status_code == 405
    assert tell(sender, ITEM | {"text": "x" * 2000}).status_code == 413
    assert sender.send("POST", "/mentions/calls", content=b"{}").status_code == 415
    assert sender.send("GET", "/openapi.json").json()["openapi"] == "3.1.0"


def test_without_a_base_that_publishes_it_says_to_come_again() -> None:
    source = make()
    sender = sender_to(source, SHORT_SECONDS)
    away = tell(sender, ITEM)
    assert (away.status_code, away.headers["retry-after"]) == (503, "30")
    source.open(None)
    assert tell(sender, ITEM).status_code == 503, "nobody has polled"
    assert source.poll().items == [], "who has heard 503 sends it again"


def taken() -> list[Taken]:
    item = Unreadable(reason="invalid", detail="", origin="calls", original=b"")
    return [Taken(item, None, "")]


def test_a_request_is_done_when_the_next_is_asked_for() -> None:
    source = make()
    source.open(None)
    stored = source.put(taken())
    assert len(source.poll().items) == 1
    assert not stored.done()
    source.poll()
    assert stored.result(0) is None


@pytest.mark.parametrize("polled", [True, False])
def test_what_was_not_stored_when_it_ended_is_said_to_be(polled: bool) -> None:
    source = make()
    source.open(None)
    stored = source.put(taken())
    if polled:
        source.poll()
    source.close()
    assert stored.cancelled() or isinstance(stored.exception(0), Full)
    with pytest.raises(Full):
        source.put(taken())


def test_too_many_fill_no_memory() -> None:
    source = make()
    source.open(None)
    for _ in range(MAX_WAITING):
        source.put(taken())
    with pytest.raises(Full):
        source.put(taken())


def test_requests_of_many_senders_are_all_answered() -> None:
    source = make()
    with published_from(source) as published, ThreadPoolExecutor(8) as pool:
        sender = sender_to(source)
        told = list(pool.map(lambda n: tell(sender, ITEM | {"id": str(n)}).status_code, range(40)))
    assert set(told) == {202}
    assert len(published) == 40


@pytest.mark.parametrize(
    ("wrong", "error", "named"),
    [
        (lambda: make(channel="fax"), ValidationError, "channel"),
        (lambda: make(zone="Mars"), ValidationError, "zone"),
        (lambda: make(items="a["), ValidationError, "items"),
        (lambda: make(ratings=[1, 1]), ValidationError, "ratings"),
        (lambda: make(ports=1), ValidationError, "ports"),
        (lambda: make(deleted="gone"), UsageError, "deleted"),
        (lambda: make({"keys": KEY, "key": KEY}), UsageError, "key and old_key"),
        (lambda: make({"old_key": KEY}), UsageError, "secrets.key"),
        (lambda: make({"key": "whsec_short"}), UsageError, "secrets.key"),
    ],
)
def test_a_configuration_that_cannot_work(
    wrong: Callable[[], Webhook], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named) as told:
        wrong()
    assert "whsec_short" not in str(told.value)
