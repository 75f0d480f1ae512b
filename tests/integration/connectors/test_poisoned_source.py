"""Two feeds, one of them poison, `listener connect`, a real Kafka: the one pauses, the other does not."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fakes.feed_server import FeedServer, atom_feed, serving
from listener.connectors.cursor import last_cursor
from listener.domain.dead_letter import DeadLetter
from listener.domain.governance import Alert, AuditEntry
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ALERTS, ALL, AUDIT, CURSORS, DEAD, RAW
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka

WAIT_SECONDS = 60
RULE = {"dead_letters": 5, "share": 0.5, "window_seconds": 86_400, "back_off_seconds": 3600}


@pytest.fixture(scope="module")
def kafka(kafka_server: KafkaServer) -> KafkaConnection:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan(ALL, 3, 1, {}))
    return connection


class Connected:
    """The command with two sources, `bad` and `good`; its health page."""

    def __init__(self, directory: Path, kafka: KafkaConnection, prefix: str, urls: dict[str, str]) -> None:
        self.directory = directory
        self.kafka = kafka
        self.sources = {name: f"{prefix}{name}" for name in urls}
        self.environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        config = {
            self.sources[name]: {"kind": "rss", "url": url, "poll_seconds": 1, "poison": RULE}
            for name, url in urls.items()
        }
        (directory / "listener.yaml").write_text(json.dumps({"sources": config}))

    @contextmanager
    def running(self) -> Iterator[None]:
        self.port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "listener", "connect", "--health-port", str(self.port)],
            cwd=self.directory,
            env=self.environment,
            stderr=(self.directory / "log").open("ab"),
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    def resume(self, name: str) -> str:
        done = self.listener("resume", self.sources[name], "--by", "K. Agent")
        assert done.returncode == 0
        return done.stderr

    def listener(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "listener", *words],
            cwd=self.directory,
            env=self.environment,
            text=True,
            capture_output=True,
            timeout=WAIT_SECONDS,
            check=False,
        )

    def ready(self) -> dict[str, bool]:
        """What the health page says of each source."""
        try:
            found = httpx.get(f"http://127.0.0.1:{self.port}/readyz").json()
        except httpx.TransportError:
            return {}
        return {name: found[f"source_{source}"] for name, source in self.sources.items()}

    def paused(self, name: str) -> float | None:
        try:
            text = httpx.get(f"http://127.0.0.1:{self.port}/metrics").text
        except httpx.TransportError:
            return None
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        wanted = ("listener_source_paused", {"source": self.sources[name]})
        return next((s.value for s in samples if (s.name, s.labels) == wanted), None)

    def texts(self, name: str) -> set[str]:
        values = [read_raw(record.value or b"") for record in read_whole(self.kafka, RAW.name)]
        return {v.text for v in values if isinstance(v, Mention) and v.source == self.sources[name]}

    def letters(self, name: str) -> int:
        letters = [DeadLetter.from_headers(record.headers) for record in read_whole(self.kafka, DEAD.name)]
        return sum(letter.source == self.sources[name] for letter in letters)

    def alerts(self, name: str) -> list[Alert]:
        alerts = [Alert.read(record.value or b"") for record in read_whole(self.kafka, ALERTS.name)]
        return [alert for alert in alerts if alert.subject == self.sources[name]]


@pytest.fixture
def feeds() -> Iterator[dict[str, FeedServer]]:
    with serving() as bad, serving() as good:
        yield {"bad": bad, "good": good}


@pytest.fixture
def connected(
    tmp_path: Path, kafka: KafkaConnection, topic_prefix: str, feeds: dict[str, FeedServer]
) -> Connected:
    prefix = topic_prefix.replace(".", "-")
    return Connected(tmp_path, kafka, prefix, {name: feed.url for name, feed in feeds.items()})


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s for: {what}"
        time.sleep(0.1)


def poison(*numbers: int) -> bytes:
    """Entries whose times have no zone, and one that is as it should be."""
    return atom_feed(*numbers, 99).replace(b"01T00:00:00Z", b"01T00:00:00", 2 * len(numbers))


def test_a_burst_of_poison_pauses_its_source_and_nothing_else(
    connected: Connected, feeds: dict[str, FeedServer], kafka: KafkaConnection
) -> None:
    feeds["bad"].body, feeds["good"].body = poison(1, 2, 3, 4, 5, 6), atom_feed(1)
    with connected.running():
        until(lambda: connected.ready() == {"bad": False, "good": True}, "only the good one is ready")
        until(lambda: connected.paused("bad") == 1, "the pause")
        assert connected.paused("good") == 0
        # nothing is lost: the dead letters and what stood between them are there, the cursor behind them
        assert connected.letters("bad") == 6
        assert connected.texts("bad") == {"post 99"}
        [alert] = connected.alerts("bad")
        assert (alert.kind, alert.withdrawn, alert.severity) == ("dead_letters", False, "critical")
        assert "listener dead list --source" in alert.text

        asked = len(feeds["bad"].asked)
        feeds["bad"].body, feeds["good"].body = atom_feed(7, 8), atom_feed(1, 2, 3)
        until(lambda: len(connected.texts("good")) == 3, "the other source goes on")
        assert len(feeds["bad"].asked) == asked, "the poisoned one is not read"
        told = connected.listener("doctor").stdout
        assert f"NOT  source {connected.sources['bad']}: 6 of the last 7 items" in told
        assert f"NOT  source {connected.sources['good']}" not in told
        assert "pauses for=3600s" in (connected.directory / "log").read_text()
    cursor = last_cursor(read_whole(kafka, CURSORS.name), connected.sources["bad"])
    assert cursor is not None
    assert len(cursor.position["seen"]) == 7

    with connected.running():  # a restart is no way around it
        until(lambda: connected.paused("good") == 0 and connected.paused("bad") == 1, "the pause, again")
        assert "goes on" in connected.resume("bad")
        until(lambda: connected.texts("bad") == {"post 99", "post 7", "post 8"}, "what came meanwhile")
        until(lambda: connected.ready() == {"bad": True, "good": True}, "all is well")
    assert [alert.withdrawn for alert in connected.alerts("bad")] == [False, True]
    assert connected.letters("bad") == 6
    entries = [AuditEntry.read(record.value or b"") for record in read_whole(kafka, AUDIT.name)]
    acted = [(entry.actor, entry.action) for entry in entries if entry.subject == connected.sources["bad"]]
    assert acted == [("K. Agent", "source.resume")]
    assert "does not pause" in connected.resume("bad")


def test_an_alert_from_further_down_the_stream_pauses_it_within_seconds(
    connected: Connected, feeds: dict[str, FeedServer], kafka: KafkaConnection
) -> None:
    for feed in feeds.values():
        feed.body = atom_feed(1)
    with connected.running():
        until(lambda: connected.ready() == {"bad": True, "good": True}, "both are read")
        alert = Alert(
            alert_id=f"test of {connected.sources['bad']}",
            kind="dead_letters",
            subject=connected.sources["bad"],
            due_at=datetime.now(UTC),
            text="the ledger could not fold it",
        )
        with Publisher(kafka, client_id="test") as out:
            out.publish(ALERTS.name, alert.alert_id, alert.to_json())
            out.flush()
        until(lambda: connected.paused("bad") == 1, "the pause")
        assert connected.paused("good") == 0
        assert "goes on" in connected.resume("bad")
        until(lambda: connected.ready() == {"bad": True, "good": True}, "both are read")
