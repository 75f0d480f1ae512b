"""Whatever is away or too slow, no process fills the memory: measured over far more than it may hold."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from listener.clickhouse.client import LOST_CONNECTION, connect
from listener.clickhouse.migrate import migrate
from listener.domain.enriched import EnrichedMention
from listener.domain.errors import ServiceError
from listener.domain.mention import Mention
from listener.domain.topics import ALL, BACKFILL, ENRICHED, RAW, Topic
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.examples import examples
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

MIB = 1024 * 1024
SCRIPT = Path(__file__).with_name("endless_connector.py")
BATCH_BYTES = 4 * MIB
WAIT_SECONDS = 240
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def kafka(kafka_installed: None, tmp_path: Path) -> Iterator[KafkaServer]:
    """A broker of its own, which is stopped in the middle, with a dozen partitions."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        with TopicAdmin(KafkaConnection(server.bootstrap_servers)) as admin:
            admin.create(plan(ALL, 12, 1, {}))
        yield server
    finally:
        server.stop(timeout_seconds=10)


@contextmanager
def process(log: Path, *argv: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends with the block."""
    with log.open("wb") as stream:
        started = subprocess.Popen([sys.executable, *argv], env=os.environ | environment, stderr=stream)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def resident(pid: int) -> int:
    """Bytes of memory that a process has now."""
    fields = Path(f"/proc/{pid}/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE")


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s for: {what}"
        time.sleep(0.1)


def largest_within(pid: int, seconds: float) -> int:
    """The most memory that a process had meanwhile."""
    most, deadline = 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        most = max(most, resident(pid))
        time.sleep(0.1)
    return most


def test_an_endless_source_fills_no_memory_when_nobody_reads_and_when_kafka_stands_still(
    kafka: KafkaServer, tmp_path: Path
) -> None:
    with (
        process(tmp_path / "log", str(SCRIPT), kafka.bootstrap_servers) as connector,
        TopicAdmin(KafkaConnection(kafka.bootstrap_servers)) as admin,
    ):

        def published() -> int:
            try:
                return sum(admin.end_offsets([RAW.name]).values())
            except ServiceError:  # it has just been stopped
                return 0

        until(lambda: published() > 10 * 200, "the first 40 MiB")
        before = resident(connector.pid)
        until(lambda: published() > 70 * 200, "another 240 MiB")
        assert resident(connector.pid) - before < 100 * MIB

        there = published()
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGSTOP)
        try:
            most = largest_within(connector.pid, 8)  # it makes some 200 MiB in this time when it may
        finally:
            os.kill(kafka.pid, signal.SIGCONT)
        assert most - before < 150 * MIB
        assert connector.poll() is None, (tmp_path / "log").read_text()
        until(lambda: published() > there + 400, "it goes on")


@pytest.mark.clickhouse
def test_a_sink_without_its_store_holds_one_batch_however_much_there_is(
    kafka: KafkaServer, clickhouse_installed: None, tmp_path: Path
) -> None:
    clickhouse = ClickHouseServer(tmp_path / "clickhouse", free_port(), "writer-pw", "reader-pw")
    clickhouse.start()
    try:
        clickhouse.wait_ready()
        migrate(clickhouse.url)
        with process(
            tmp_path / "log",
            *("-m", "listener", "sink", "clickhouse"),
            KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
            CLICKHOUSE_URL=clickhouse.url,
        ) as sink:
            enriched(kafka, range(100))
            until(lambda: stored(clickhouse) == 100, "the first mentions")
            before = resident(sink.pid)
            clickhouse.stop()
            enriched(kafka, range(100, 20_000))  # 400 MiB
            until(lambda: "cannot be reached" in (tmp_path / "log").read_text(), "that it waits")
            assert largest_within(sink.pid, 10) - before < 250 * MIB
            assert sink.poll() is None
            clickhouse.start()
            clickhouse.wait_ready()
            until(lambda: stored(clickhouse) > 2000, "it goes on")
    finally:
        clickhouse.stop()


def test_a_worker_before_a_large_backlog_of_large_records_takes_in_what_it_can_carry(
    kafka: KafkaServer, tmp_path: Path
) -> None:
    """The size of a fetch is the bound: batches are folded as fast as fetches come, so the inbox stays small."""
    large(kafka, RAW, range(13_000))  # 1.3 GB
    with stream(kafka, tmp_path) as (worker, processed):
        most = 0

        def under_way() -> bool:
            nonlocal most
            most = max(most, resident(worker.pid))
            return processed() > 1500

        until(under_way, "that it works")
        assert most < 700 * MIB
        assert worker.poll() is None


def test_a_worker_holds_little_of_a_backfill_that_yields_to_those_who_are_heard_live(
    kafka: KafkaServer, tmp_path: Path
) -> None:
    """The inbox is the bound: fetches come far faster than the backfill is let in."""
    large(kafka, BACKFILL, range(8000))  # 800 MB
    large(kafka, RAW, range(8000, 8100))
    with stream(kafka, tmp_path) as (worker, processed):
        until(lambda: processed() > 200, "that it works")
        before = resident(worker.pid)
        most = largest_within(worker.pid, 8)  # an inbox without bound takes in 600 MiB in this time
        assert most - before < 200 * MIB
        assert worker.poll() is None


@contextmanager
def stream(
    kafka: KafkaServer, tmp_path: Path
) -> Iterator[tuple["subprocess.Popen[bytes]", Callable[[], int]]]:
    """A worker, and how many records it has processed."""
    with (
        process(
            tmp_path / "log",
            *("-m", "listener", "stream", "--data-dir", str(tmp_path / "data")),
            KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers,
        ) as worker,
        TopicAdmin(KafkaConnection(kafka.bootstrap_servers)) as admin,
    ):
        yield worker, lambda: sum(admin.committed_offsets("listener").values())


def large(kafka: KafkaServer, topic: Topic, numbers: range) -> None:
    """Publishes mentions of 100 kB each."""
    letters = noise(100_000)
    with Publisher(KafkaConnection(kafka.bootstrap_servers), client_id="test") as out:
        for number in numbers:
            said = Mention(
                mention_id=f"test:{number}",
                source="test",
                source_kind="test",
                native_id=str(number),
                author=f"test:{number}",
                channel="social",
                visibility="public",
                text=f"{number} {letters}",
                occurred_at=NOW,
                received_at=NOW,
            )
            out.publish(topic.name, said.key, said.to_json())
        out.flush()


def noise(size: int) -> str:
    """Text that no compression makes small."""
    return bytes(33 + byte % 90 for byte in os.urandom(size)).decode()


def enriched(kafka: KafkaServer, numbers: range) -> None:
    """Publishes enriched mentions of 20 kB each."""
    base = examples()[EnrichedMention]
    value = orjson.loads(base.to_json())
    letters = noise(20_000)
    with Publisher(KafkaConnection(kafka.bootstrap_servers), client_id="test") as out:
        for number in numbers:
            value["mention"] |= {
                "mention_id": f"test:{number}",
                "author": f"test:{number}",
                "text": letters[number % 1000 :],
            }
            value |= {"author": f"test:{number}", "party": f"a:test:{number}"}
            out.publish(ENRICHED.name, value["party"], orjson.dumps(value))
        out.flush()


def stored(clickhouse: ClickHouseServer) -> int:
    """Mentions in the store; none while it is away."""
    try:
        return int(connect(clickhouse.url).execute("SELECT uniqExact(mention_id) FROM mentions")[0][0])
    except LOST_CONNECTION:
        return 0
