"""The embedded Kafka is a Kafka, keeps what it acknowledged, and ends in words when it cannot start."""

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from listener.domain.errors import DiskFull, NotReady, PortTaken, ServiceError, UsageError
from listener.embedded.kafka import KafkaServer
from listener.embedded.kafka.artifacts import classes_cache
from listener.embedded.kafka.server import FREE_BYTES_TO_START
from listener.embedded.ports import free_port
from listener.embedded.process import ProcessIdentity

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("kafka_installed")]

TEN_MIB = 10 * 1024 * 1024


@pytest.fixture(scope="module")
def own_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    # Kafka separates directories by commas, and Java needs a locale for letters beyond ASCII.
    directory = tmp_path_factory.mktemp("kafka") / "größe, 1"
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def own_server(own_dir: Path, kafka_installed: None) -> Iterator[KafkaServer]:
    """A broker that tests may stop and kill; each starts with `up` and may leave it in any state."""
    server = KafkaServer(own_dir, free_port())
    yield server
    server.stop(timeout_seconds=10)


@pytest.fixture
def up(own_server: KafkaServer) -> KafkaServer:
    if not own_server.alive:
        own_server.start()
    own_server.wait_ready()
    return own_server


def publish(server: KafkaServer, topic: str, values: list[bytes]) -> None:
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap_servers)
    if topic not in admin.list_topics():
        admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()
    producer = KafkaProducer(
        bootstrap_servers=server.bootstrap_servers, max_request_size=2 * TEN_MIB, delivery_timeout_ms=60_000
    )
    futures = [producer.send(topic, value) for value in values]
    for future in futures:
        future.get(60)
    producer.close()


def stored(server: KafkaServer, topic: str) -> list[bytes]:
    """Everything in the topic's one partition."""
    consumer = KafkaConsumer(bootstrap_servers=server.bootstrap_servers, auto_offset_reset="earliest")
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    end = consumer.end_offsets([partition])[partition]
    values: list[bytes] = []
    deadline = time.monotonic() + 60
    while consumer.position(partition) < end and time.monotonic() < deadline:
        for records in consumer.poll(500).values():
            values.extend(record.value for record in records)
    consumer.close()
    return values


def numbered(begin: int, end: int) -> list[bytes]:
    return [b"%d" % number for number in range(begin, end)]


def test_is_usable_as_soon_as_it_says_so(kafka_server: KafkaServer, topic_prefix: str) -> None:
    assert kafka_server.answers()
    publish(kafka_server, topic_prefix + "ready", numbered(0, 100))
    assert stored(kafka_server, topic_prefix + "ready") == numbered(0, 100)


def test_a_group_of_consumers_with_a_short_session(kafka_server: KafkaServer, topic_prefix: str) -> None:
    topic = topic_prefix + "group"
    publish(kafka_server, topic, numbered(0, 10))
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=kafka_server.bootstrap_servers,
        group_id=topic_prefix + "group",
        session_timeout_ms=6000,
        heartbeat_interval_ms=1000,
        auto_offset_reset="earliest",
        consumer_timeout_ms=20_000,
    )
    values = [next(consumer).value for _ in range(10)]
    consumer.close()
    assert values == numbered(0, 10)


def test_messages_as_large_as_dead_letters_may_be(kafka_server: KafkaServer, topic_prefix: str) -> None:
    large = os.urandom(TEN_MIB)
    publish(kafka_server, topic_prefix + "large", [large])
    assert stored(kafka_server, topic_prefix + "large") == [large]


def test_topics_are_not_made_by_accident(kafka_server: KafkaServer, topic_prefix: str) -> None:
    producer = KafkaProducer(bootstrap_servers=kafka_server.bootstrap_servers, max_block_ms=1500)
    with pytest.raises(KafkaError):
        producer.send(topic_prefix + "typo", b"x").get(5)
    producer.close()


def test_data_survive_a_stop_and_a_kill(up: KafkaServer, own_dir: Path) -> None:
    topic = f"durable-{uuid.uuid4().hex}"
    publish(up, topic, numbered(0, 1000))
    up.stop()
    assert not up.alive
    up.start()
    up.wait_ready()
    publish(up, topic, numbered(1000, 2000))
    up.kill()
    assert not up.alive
    assert not up.answers()
    with pytest.raises(NotReady, match=r"Kafka ended \(killed by SIGKILL\)"):
        up.wait_ready()
    up.start()
    up.wait_ready()
    publish(up, topic, numbered(2000, 3000))
    assert stored(up, topic) == numbered(0, 3000)
    assert "started (" in (own_dir / "log" / "kafka.log").read_text()


def test_one_supervisor_a_directory(up: KafkaServer) -> None:
    with pytest.raises(ServiceError, match=f"runs already .process {up.pid}"):
        up.start()
    with pytest.raises(UsageError, match=rf"Kafka is already running on .*process {os.getpid()}\)"):
        KafkaServer(up.data_dir, free_port()).start()
    up.stop()
    other = KafkaServer(up.data_dir, free_port())
    other.start()
    other.wait_ready()
    other.stop()


def test_a_taken_port_is_said_and_nothing_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        server = KafkaServer(tmp_path / "kafka", port)
        with pytest.raises(PortTaken, match=f"Kafka cannot listen on 127.0.0.1:{port}"):
            server.start()
        assert not server.alive


def test_it_starts_from_the_classes_that_java_has_kept(
    up: KafkaServer, server_missing: Callable[[str], NoReturn]
) -> None:
    if not classes_cache().exists():
        server_missing("`python -m listener.embedded.kafka --prefetch` was not run")
    assert str(classes_cache()) in Path(f"/proc/{up.pid}/maps").read_text()


def test_neither_interrupted_preparation_nor_kept_classes_that_do_not_fit_do_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (other := tmp_path / "of-another-java.aot").write_bytes(b"classes")
    monkeypatch.setattr("listener.embedded.kafka.server.classes_cache", lambda: other)
    half = tmp_path / "kafka" / "data.new"
    half.mkdir(parents=True)
    (half / "meta.properties").write_text("version=1\n")
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        assert not half.exists()
    finally:
        server.stop(timeout_seconds=10)


def test_a_broken_directory_ends_with_the_brokers_own_words(tmp_path: Path) -> None:
    (tmp_path / "kafka" / "data").mkdir(parents=True)
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    with pytest.raises(NotReady, match=r"(?s)Kafka ended \(exit code 1\).*meta.properties"):
        server.wait_ready()
    server.stop()


SUPERVISOR = """
import functools, sys, time
from pathlib import Path
from typing import NoReturn
from listener.embedded.kafka import KafkaServer, server
if sys.argv[3] == "free":
    server.ChildProcess = functools.partial(server.ChildProcess, dies_with_parent=False)
kafka = KafkaServer(Path(sys.argv[1]), int(sys.argv[2]))
kafka.start()
kafka.wait_ready()
print(kafka.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("how", ["tied", "free"], ids=["kernel ends it", "leftover"])
def test_the_broker_of_a_killed_supervisor_is_no_obstacle(tmp_path: Path, how: str) -> None:
    data_dir, port = tmp_path / "kafka", free_port()
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(data_dir), str(port), how], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        try:
            assert supervisor.stdout is not None
            broker = ProcessIdentity.of(int(supervisor.stdout.readline()))
            assert broker.alive
        finally:
            supervisor.kill()
    server = KafkaServer(data_dir, port)
    server.start()
    try:
        assert not broker.alive
        server.wait_ready()
    finally:
        server.stop(timeout_seconds=10)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with a little more room than a start asks for."""
    place = tmp_path / "disk"
    place.mkdir()
    size = FREE_BYTES_TO_START + 16 * 1024 * 1024
    mounted = os.getuid() == 0 and shutil.which("mount")
    if (
        not mounted
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]).returncode
    ):
        pytest.skip("only root can mount a file system of its own")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path, leave_bytes: int) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(place).free - leave_bytes)
    return ballast


def until(condition: Callable[[], bool], timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_full_disk_ends_the_broker_in_words_and_costs_nothing(small_disk: Path) -> None:
    server = KafkaServer(small_disk / "kafka", free_port())
    try:
        server.start()
        server.wait_ready()
        publish(server, "full", numbered(0, 100))
        ballast = fill(small_disk, leave_bytes=1024 * 1024)
        producer = KafkaProducer(bootstrap_servers=server.bootstrap_servers, delivery_timeout_ms=120_000)
        large = [os.urandom(500_000) for _ in range(4)]
        futures = [producer.send("full", value) for value in large]
        until(lambda: not server.alive, 60)
        with pytest.raises(DiskFull, match=r"Kafka needs \d+ MiB free at .*/kafka"):
            server.start()
        ballast.unlink()
        server.start()
        server.wait_ready()
        for future in futures:
            future.get(60)
        producer.close()
        assert stored(server, "full") == numbered(0, 100) + large
    finally:
        server.kill()
        server.stop()


@pytest.mark.parametrize("leave_bytes", [0, 16 * 1024], ids=["before Java", "in Java"])
def test_a_disk_that_fills_during_a_start_is_said(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, leave_bytes: int
) -> None:
    monkeypatch.setattr("listener.embedded.kafka.server.FREE_BYTES_TO_START", 0)
    server = KafkaServer(small_disk / "kafka", free_port())
    server.data_dir.mkdir()
    fill(small_disk, leave_bytes)
    try:
        with pytest.raises(DiskFull, match="space"):
            server.start()
    finally:
        server.stop()
