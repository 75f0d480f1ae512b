"""A worker on a real Kafka: nothing lost and nothing twice, whatever is killed."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from kafka import KafkaConsumer, KafkaProducer

from listener.domain.dead_letter import DeadLetter
from listener.domain.mention import Mention
from listener.domain.topics import ALL
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from stream.reliability import EXIT_LOST

PARTITIONS = 4
SCRIPT = Path(__file__).with_name("counting_worker.py")
STUCK = Path(__file__).with_name("stuck_worker.py")
NOW = datetime(2026, 1, 1, tzinfo=UTC)

pytestmark = pytest.mark.kafka


@pytest.fixture
def connection(kafka_installed: None, tmp_path: Path) -> Iterator[KafkaConnection]:
    """A broker of its own, since the product's topics have fixed names."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        connection = KafkaConnection(server.bootstrap_servers)
        with TopicAdmin(connection) as admin:
            admin.create(plan(ALL, PARTITIONS, 1, {}))
        yield connection
    finally:
        server.stop(timeout_seconds=10)


class Worker:
    """A worker process that can be killed and started again with the same directory."""

    def __init__(self, connection: KafkaConnection, data_dir: Path, script: Path = SCRIPT) -> None:
        self.argv = [sys.executable, str(script), connection.bootstrap_servers, str(data_dir)]
        self.health_port = free_port()
        self.log = data_dir.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([*self.argv, str(self.health_port)], stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{self.health_port}/readyz").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"not ready:\n{self.log.read_text()}")

    def ensure_running(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.start()


@contextmanager
def workers(connection: KafkaConnection, directory: Path, count: int) -> Iterator[list[Worker]]:
    with ExitStack() as stack:
        running = [Worker(connection, directory / f"worker-{number}") for number in range(count)]
        for worker in running:
            stack.callback(worker.kill)
            worker.start()
        yield running


def mention(number: int, text: str = "the parcel never came") -> Mention:
    return Mention(
        mention_id=f"test:{number}",
        source="test",
        source_kind="test",
        native_id=str(number),
        author=f"test:author-{number % 701}",
        channel="social",
        visibility="public",
        text=text,
        occurred_at=NOW,
        received_at=NOW,
    )


def publish(connection: KafkaConnection, mentions: list[Mention]) -> None:
    producer = KafkaProducer(linger_ms=20, **connection.kafka_python())
    sent = [producer.send("mentions.raw", key=m.key.encode(), value=m.to_json()) for m in mentions]
    for future in sent:
        future.get(timeout=30)
    producer.close()


def follow(connection: KafkaConnection, topic: str, done: Callable[[], bool], *, seconds: float) -> Iterator:  # type: ignore[type-arg]
    """Records of a topic from its beginning until `done` or the time is up."""
    consumer = KafkaConsumer(
        topic, auto_offset_reset="earliest", enable_auto_commit=False, **connection.kafka_python()
    )
    deadline = time.monotonic() + seconds
    try:
        while not done():
            assert time.monotonic() < deadline, f"{topic}: not everything arrived in {seconds} s"
            for records in consumer.poll(timeout_ms=200).values():
                yield from records
    finally:
        consumer.close()


def newest_states(
    connection: KafkaConnection, table: str, enough: Callable[[dict[str, list[str]]], bool]
) -> dict[str, list[str]]:
    """What a changelog rebuilds, once it is as expected."""
    states: dict[str, list[str]] = {}
    for record in follow(connection, f"listener-{table}-changelog", lambda: enough(states), seconds=90):
        states[record.key.decode()] = json.loads(record.value)
    return states


@pytest.mark.timeout(240)
def test_killed_workers_lose_nothing_and_count_nothing_twice(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    chance = random.Random(20260101)
    mentions = [mention(number) for number in range(12_000)]
    expected = Counter(m.key for m in mentions)
    with workers(connection, tmp_path, 2) as running:
        for start in range(0, len(mentions), 2000):
            publish(connection, mentions[start : start + 2000])
            time.sleep(chance.uniform(0.5, 2.5))
            victim = chance.choice(running)
            victim.kill()
            for worker in running:
                worker.ensure_running()
        wanted = {m.mention_id for m in mentions}
        arrived: set[str] = set()
        for record in follow(connection, "mentions.enriched", lambda: arrived >= wanted, seconds=120):
            arrived.add(json.loads(record.value)["mention_id"])
        assert arrived == wanted
        total = len(mentions)
        for table, prefix in (("ledger", ""), ("triage", "a:")):
            states = newest_states(connection, table, lambda states: sum(map(len, states.values())) >= total)
            assert {key: len(ids) for key, ids in states.items()} == {
                prefix + key: count for key, count in expected.items()
            }


@pytest.mark.timeout(120)
def test_what_cannot_be_processed_is_a_dead_letter_and_stops_nothing(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    good = [mention(number) for number in range(50)]
    bad = [mention(1000, "cannot be prepared"), mention(1001, "cannot be folded")]
    raw = [(b"test:x", b"{not json"), (b"test:x", b"\xff\xfe"), (None, good[0].to_json()), (b"test:x", None)]
    with workers(connection, tmp_path, 1):
        publish(connection, good[:25] + bad)
        producer = KafkaProducer(**connection.kafka_python())
        for key, value in raw:
            producer.send("mentions.raw", key=key, value=value).get(timeout=30)
        producer.close()
        publish(connection, good[25:])
        letters: list[tuple[DeadLetter, bytes]] = []
        letters.extend(
            (DeadLetter.from_headers(record.headers), record.value)
            for record in follow(connection, "mentions.dead", lambda: len(letters) >= 6, seconds=60)
        )
        arrived: set[str] = set()
        for record in follow(connection, "mentions.enriched", lambda: len(arrived) >= 50, seconds=60):
            arrived.add(json.loads(record.value)["mention_id"])
    assert arrived == {m.mention_id for m in good}
    assert Counter(letter.reason for letter, _ in letters) == {
        "failed": 2,
        "not-json": 2,
        "no-key": 1,
        "empty": 1,
    }
    assert {original for letter, original in letters if letter.reason == "failed"} == {
        m.to_json() for m in bad
    }
    assert all(
        letter.origin.startswith("mentions.raw[") and letter.stage == "ledger" for letter, _ in letters
    )


@pytest.mark.timeout(180)
def test_a_stopped_worker_hands_over_and_a_new_one_takes_part(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    with workers(connection, tmp_path, 1) as running:
        publish(connection, [mention(number) for number in range(3000)])
        second = Worker(connection, tmp_path / "worker-late")
        second.start()
        try:
            running[0].wait_ready()
            publish(connection, [mention(number) for number in range(3000, 6000)])
            process = running[0].process
            assert process is not None
            process.terminate()
            assert process.wait(timeout=60) == 0
            publish(connection, [mention(number) for number in range(6000, 9000)])
            states = newest_states(
                connection, "triage", lambda states: sum(map(len, states.values())) >= 9000
            )
        finally:
            second.kill()
    assert sum(map(len, states.values())) == 9000


@pytest.mark.timeout(120)
def test_a_worker_that_reads_nothing_any_more_ends_and_says_so(
    connection: KafkaConnection, tmp_path: Path
) -> None:
    worker = Worker(connection, tmp_path / "worker-stuck", STUCK)
    worker.start()
    try:
        process = worker.process
        assert process is not None
        number = 0
        while process.poll() is None and number < 9000:
            publish(connection, [mention(number)])
            number += 1
            time.sleep(0.2)
        assert process.wait(timeout=60) == EXIT_LOST
    finally:
        worker.kill()
    assert "though records wait" in worker.log.read_text()
