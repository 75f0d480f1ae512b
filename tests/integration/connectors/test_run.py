"""The loop on a real Kafka: the cursor follows what is safe, answers wait for their original across restarts."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest

from listener.connectors.connector import Batch, Item, NativeItem, Source
from listener.connectors.cursor import last_cursor
from listener.connectors.parked import read_parked
from listener.connectors.run import run
from listener.domain.errors import Busy
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ALL, CURSORS, PARKED, RAW
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole

pytestmark = pytest.mark.kafka

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class ListConnector:
    """Yields a list, two items a poll, and is busy before each; sets `stop` at the end of it."""

    def __init__(self, source: Source, items: Sequence[Item], stop: Event) -> None:
        self.source = source
        self.opened_at: Mapping[str, Any] | None = None
        self.closed = False
        self._items = items
        self._stop = stop
        self._done = 0
        self._busy = True

    def open(self, position: Mapping[str, Any] | None) -> None:
        self.opened_at = position
        self._done = position["done"] if position else 0

    def poll(self) -> Batch:
        self._busy = not self._busy
        if not self._busy:
            raise Busy("just now", retry_after_seconds=0.01)
        items = self._items[self._done : self._done + 2]
        self._done += len(items)
        if not items:
            self._stop.set()
            return Batch((), None)
        return Batch(items, {"done": self._done})

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def kafka(kafka_server: KafkaServer) -> KafkaConnection:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan(ALL, 3, 1, {}))
    return connection


@pytest.fixture
def go(kafka: KafkaConnection, topic_prefix: str) -> Callable[..., ListConnector]:
    """Runs a connector over a list until its end."""

    def run_over(items: Sequence[Item], now: datetime = NOW) -> ListConnector:
        stop = Event()
        name = topic_prefix.rstrip(".")
        connector = ListConnector(Source(name, name), items, stop)
        run(connector, kafka, now=lambda: now, stop=stop)
        return connector

    return run_over


def _said(native_id: str, author: str, reply_to: str | None = None) -> NativeItem:
    return NativeItem(
        native_id=native_id,
        text="x",
        occurred_at=NOW,
        author=author,
        direction="outbound" if author == "brand" else "inbound",
        reply_to=reply_to,
        origin="test",
    )


def _published(kafka: KafkaConnection, source: Source) -> list[tuple[str, str]]:
    found = []
    for record in read_whole(kafka, RAW.name):
        value = read_raw(record.value or b"")
        if isinstance(value, Mention) and value.source == source.name:
            found.append((value.native_id, (record.key or b"").decode().partition(":")[2]))
    return sorted(found)


def test_it_goes_on_where_it_stopped(kafka: KafkaConnection, go: Callable[..., ListConnector]) -> None:
    items = [_said(str(number), "ann") for number in range(5)]
    first = go(items[:3])
    assert (first.opened_at, first.closed) == (None, True)
    second = go(items)
    assert second.opened_at == {"done": 3}
    assert _published(kafka, second.source) == [(str(number), "ann") for number in range(5)]
    cursor = last_cursor(read_whole(kafka, CURSORS.name), second.source.name)
    assert cursor is not None
    assert cursor.position == {"done": 5}


def test_an_answer_waits_for_its_original_across_a_restart(
    kafka: KafkaConnection, go: Callable[..., ListConnector]
) -> None:
    items = [_said("3", "brand", "2"), _said("2", "brand", "1")]
    source = go(items).source
    assert _published(kafka, source) == []
    assert read_parked(read_whole(kafka, PARKED.name), source.name).awaited() == [f"{source.kind}:1"]
    go([*items, _said("1", "ann")])
    assert _published(kafka, source) == [("1", "ann"), ("2", "ann"), ("3", "ann")]
    assert read_parked(read_whole(kafka, PARKED.name), source.name).awaited() == []


def test_what_was_heard_in_an_earlier_run_is_answered(
    kafka: KafkaConnection, go: Callable[..., ListConnector]
) -> None:
    items = [_said("1", "ann")]
    go(items)
    source = go([*items, _said("2", "brand", "1")]).source
    assert _published(kafka, source) == [("1", "ann"), ("2", "ann")]


def test_waiting_ends_after_a_day(kafka: KafkaConnection, go: Callable[..., ListConnector]) -> None:
    items = [_said("2", "brand", "1")]
    source = go(items).source
    assert _published(kafka, source) == []
    go(items, now=NOW + timedelta(days=1, seconds=1))
    assert _published(kafka, source) == [("2", "brand")]
    assert read_parked(read_whole(kafka, PARKED.name), source.name).awaited() == []


def test_a_stop_ends_a_wait_at_once(kafka: KafkaConnection, topic_prefix: str) -> None:
    class Idle(ListConnector):
        def poll(self) -> Batch:
            polled.set()
            return Batch((), None, wait_seconds=3600)

    stop, polled = Event(), Event()
    name = topic_prefix.rstrip(".")
    idle = Idle(Source(name, name), (), stop)
    thread = Thread(target=run, args=[idle, kafka], kwargs={"now": lambda: NOW, "stop": stop})
    thread.start()
    assert polled.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert idle.closed
