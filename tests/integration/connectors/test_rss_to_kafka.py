"""A feed, the command `listener connect`, a real Kafka: every entry arrives, whatever is killed or away."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from fakes.feed_server import FeedServer, atom_feed, serving
from listener.domain.connector_state import Cursor
from listener.domain.mention import Mention, read_raw
from listener.domain.topics import ALL, CURSORS, DEAD, RAW
from listener.embedded.kafka import KafkaServer
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole

pytestmark = pytest.mark.kafka

WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def kafka(kafka_server: KafkaServer) -> KafkaConnection:
    connection = KafkaConnection(kafka_server.bootstrap_servers)
    with TopicAdmin(connection) as admin:
        admin.create(plan(ALL, 3, 1, {}))
    return connection


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as state:
        yield state


@pytest.fixture
def source(topic_prefix: str) -> str:
    """A name of this test's own, on the broker that all tests share."""
    return topic_prefix.rstrip(".")


class Connect:
    """The command as a process, with one source; started and killed at will."""

    def __init__(self, directory: Path, kafka: KafkaConnection, source: str, url: str) -> None:
        self._directory = directory
        self._environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
        self._process: subprocess.Popen[str] | None = None
        config = {"sources": {source: {"kind": "rss", "url": url, "channel": "review", "poll_seconds": 1}}}
        (directory / "listener.yaml").write_text(json.dumps(config))

    def start(self) -> None:
        # Into a file: a pipe that nobody reads fills up, and then the command stands still.
        with (self._directory / "connect.log").open("ab") as log:
            self._process = self._begin((), log)

    def run(self, *arguments: str) -> "subprocess.Popen[str]":
        return self._begin(arguments, subprocess.PIPE)

    def _begin(self, arguments: tuple[str, ...], told: int | BinaryIO) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "listener", "connect", *arguments],
            cwd=self._directory,
            env=self._environment,
            stdout=told,
            stderr=told,
            text=True,
        )

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(WAIT_SECONDS)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


@pytest.fixture
def connect(
    tmp_path_factory: pytest.TempPathFactory, kafka: KafkaConnection, source: str, server: FeedServer
) -> Iterator[Connect]:
    made = Connect(tmp_path_factory.mktemp("connect"), kafka, source, server.url)
    yield made
    if made.alive():
        made.end(signal.SIGKILL)


def published(kafka: KafkaConnection, source: str) -> list[Mention]:
    """Everything of this source on the broker, repeats included."""
    values = (record.value for record in read_whole(kafka, RAW.name))
    found = [read_raw(value) for value in values if value and source.encode() in value]
    return [value for value in found if isinstance(value, Mention) and value.source == source]


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s for: {what}"
        time.sleep(0.1)


def texts(mentions: list[Mention]) -> set[str]:
    return {mention.text for mention in mentions}


def posts(*numbers: int) -> set[str]:
    return {f"post {number}" for number in numbers}


def test_new_entries_once_edits_as_revisions_and_an_outage_between(
    connect: Connect, server: FeedServer, kafka: KafkaConnection, source: str
) -> None:
    server.body = atom_feed(3, 2, 1)
    connect.start()
    until(lambda: texts(published(kafka, source)) == posts(1, 2, 3), "the first three")

    server.status = 503
    asked = len(server.asked)
    until(lambda: len(server.asked) >= asked + 2, "two attempts during the outage")
    assert connect.alive()
    server.status = 200
    server.body = atom_feed(4, 3, 2, 1)
    until(lambda: texts(published(kafka, source)) == posts(1, 2, 3, 4), "the fourth, after the outage")

    server.body = atom_feed(4, updated="2026-02-05T00:00:00Z")
    until(lambda: any(mention.revision for mention in published(kafka, source)), "the edit")
    asked = len(server.asked)
    until(lambda: len(server.asked) >= asked + 2, "two more readings that bring nothing")
    heard = published(kafka, source)
    assert len(heard) == 5, "each once, and one edit"
    (edit,) = (mention for mention in heard if mention.revision)
    (original,) = (
        mention for mention in heard if mention.mention_id == edit.mention_id and not mention.revision
    )
    assert edit.occurred_at == original.occurred_at
    assert edit.key == original.key
    assert {mention.channel for mention in heard} == {"review"}
    assert connect.end(signal.SIGTERM) == 0


def test_killed_again_and_again_it_leaves_no_gap(
    connect: Connect, server: FeedServer, kafka: KafkaConnection, source: str
) -> None:
    total = 0
    for pause_seconds in (0.0, 0.05, 0.2):
        total += 5
        server.body = atom_feed(*range(1, total + 1))
        asked = len(server.asked)
        connect.start()
        until(lambda asked=asked: len(server.asked) > asked, "the next reading")  # type: ignore[misc]  # bound early
        time.sleep(pause_seconds)  # so that it is hit before, within and after publishing
        connect.end(signal.SIGKILL)
    total += 5
    server.body = atom_feed(*range(1, total + 1))
    connect.start()
    until(lambda: texts(published(kafka, source)) == posts(*range(1, total + 1)), "all of them")
    until(lambda: len(cursor(kafka, source).position["seen"]) == total, "the cursor")
    assert connect.end(signal.SIGTERM) == 0

    heard = published(kafka, source)
    repeats = Counter(mention.mention_id for mention in heard)
    assert len(repeats) == total
    for mention_id in repeats:
        contents = {mention.text for mention in heard if mention.mention_id == mention_id}
        assert len(contents) == 1, "a repeat says the same"


def cursor(kafka: KafkaConnection, source: str) -> Cursor:
    values = [record.value for record in read_whole(kafka, CURSORS.name) if record.key == source.encode()]
    return Cursor.read(values[-1]) if values and values[-1] else Cursor.read_at_edge(EMPTY)


EMPTY = '{"source": "none", "position": {"seen": {}}, "at": "2026-01-01T00:00:00Z"}'


def test_a_time_without_zone_is_a_dead_letter_that_says_what_to_do(
    connect: Connect, server: FeedServer, kafka: KafkaConnection, source: str
) -> None:
    server.body = atom_feed(1, 2).replace(b"2026-02-01T00:00:00Z", b"2026-02-01T00:00:00", 2)
    connect.start()
    until(lambda: texts(published(kafka, source)) == posts(2), "the entry with a zone")
    letters = [
        dict(record.headers)
        for record in read_whole(kafka, DEAD.name)
        if dict(record.headers)["listener-source"] == source.encode()
    ]
    assert [letter["listener-reason"] for letter in letters] == [b"naive-time"]
    assert b"zone" in letters[0]["listener-detail"]


def test_check_shows_and_publishes_nothing(
    connect: Connect, server: FeedServer, kafka: KafkaConnection, source: str
) -> None:
    server.body = atom_feed(1, 2, 3, 4)
    checked = connect.run("--check", source)
    shown, told = checked.communicate(timeout=WAIT_SECONDS)
    assert checked.returncode == 0
    mentions = [Mention.read_at_edge(line) for line in shown.splitlines()]
    assert len(mentions) == 3
    assert f"{source}: 4 mentions" in told
    assert published(kafka, source) == []


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [(["nothing"], 2, "there are: "), (["--check"], 1, "the server answers 404")],
)
def test_what_is_wrong_is_said(
    connect: Connect, server: FeedServer, arguments: list[str], status: int, words: str
) -> None:
    server.status = 404
    process = connect.run(*arguments)
    _, told = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == status
    assert words in told
    assert "Traceback" not in told
