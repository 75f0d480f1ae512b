"""What was flushed is on the broker, and what is not raises, on a real broker that may go away."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from fakes.outlet import FakeOutlet
from listener.domain.dead_letter import DeadLetter
from listener.domain.errors import NotReady, Rejected, ServiceError
from listener.domain.topics import DEAD, MAX_DEAD_BYTES, RAW
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka import publish
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.dead_letters import DeadLetters
from listener.kafka.publish import Publisher

pytestmark = pytest.mark.kafka


def _connection(server: KafkaServer) -> KafkaConnection:
    return KafkaConnection(server.bootstrap_servers)


def _create(connection: KafkaConnection, topic: str, partitions: int = 3) -> None:
    admin = KafkaAdminClient(bootstrap_servers=connection.bootstrap_servers)
    admin.create_topics(
        [NewTopic(topic, partitions, 1, topic_configs={"max.message.bytes": str(MAX_DEAD_BYTES)})]
    )
    admin.close()


@pytest.fixture
def own_server(tmp_path: Path, kafka_installed: None) -> Iterator[KafkaServer]:
    """A broker that the test may stop."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop(timeout_seconds=10)


def test_flushed_records_are_there_in_order_of_their_key(
    kafka_server: KafkaServer, topic_prefix: str
) -> None:
    connection, topic = _connection(kafka_server), f"{topic_prefix}a"
    _create(connection, topic)
    with Publisher(connection, client_id="test") as publisher:
        for number in range(5000):
            publisher.publish(topic, f"schlüssel-{number % 7}", str(number).encode(), [("n", b"%d" % number)])
        publisher.flush()
        seen: dict[str, list[int]] = {}
        partitions: dict[str, set[int]] = {}
        for record in read_whole(connection, topic):
            assert record.key is not None
            assert record.value == dict(record.headers)["n"]
            seen.setdefault(record.key.decode(), []).append(int(record.value))
            partitions.setdefault(record.key.decode(), set()).add(record.partition)
    assert seen == {f"schlüssel-{key}": list(range(key, 5000, 7)) for key in range(7)}
    assert all(len(where) == 1 for where in partitions.values())


def test_a_topic_may_come_a_moment_later(kafka_server: KafkaServer, topic_prefix: str) -> None:
    connection, topic = _connection(kafka_server), f"{topic_prefix}late"
    later = threading.Timer(1.0, _create, [connection, topic])
    later.start()
    with Publisher(connection, client_id="test") as publisher:
        publisher.deliver(topic, None, b"x")
    later.join()
    assert [record.value for record in read_whole(connection, topic)] == [b"x"]


def test_a_missing_topic_is_named_with_what_to_do(kafka_server: KafkaServer, topic_prefix: str) -> None:
    with (
        Publisher(_connection(kafka_server), client_id="test", topic_timeout_seconds=1) as publisher,
        pytest.raises(ServiceError, match=rf"{topic_prefix}none.*`listener topics`"),
    ):
        publisher.publish(f"{topic_prefix}none", "k", b"v")


def test_too_large_a_record_is_rejected_and_the_rest_goes_on(
    kafka_server: KafkaServer, topic_prefix: str
) -> None:
    connection, topic = _connection(kafka_server), f"{topic_prefix}large"
    _create(connection, topic)
    with Publisher(connection, client_id="test") as publisher:
        with pytest.raises(Rejected, match=RAW.name):
            publisher.publish(RAW.name, "k", b"x" * RAW.max_bytes)
        with pytest.raises(Rejected):
            publisher.publish(topic, "k", b"x" * MAX_DEAD_BYTES)
        publisher.publish(topic, "k", b"x" * (MAX_DEAD_BYTES - 2000))
        publisher.flush()
    assert [len(record.value or b"") for record in read_whole(connection, topic)] == [MAX_DEAD_BYTES - 2000]


def test_nobody_there() -> None:
    started = time.monotonic()
    with pytest.raises(NotReady, match=r"does not answer at 127\.0\.0\.1"):
        Publisher(KafkaConnection(f"127.0.0.1:{free_port()}"), client_id="test", connect_timeout_seconds=2)
    assert time.monotonic() - started < 10


def test_many_threads_may_deliver(kafka_server: KafkaServer, topic_prefix: str) -> None:
    connection, topic = _connection(kafka_server), f"{topic_prefix}threads"
    _create(connection, topic)
    with Publisher(connection, client_id="test") as publisher:

        def deliver(thread: int) -> None:
            for number in range(20):
                publisher.deliver(topic, None, f"{thread}-{number}".encode())

        threads = [threading.Thread(target=deliver, args=[thread]) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({record.value for record in read_whole(connection, topic)}) == 160


def test_a_dead_letter_reads_back_as_it_came(kafka_server: KafkaServer, topic_prefix: str) -> None:
    connection, topic = _connection(kafka_server), f"{topic_prefix}dead"
    _create(connection, topic)
    letter = DeadLetter.model_validate(
        {
            "origin": "f:3",
            "reason": "x",
            "detail": "ü",
            "stage": "import",
            "at": "2026-01-02T00:00:00Z",
            "size": 2,
        },
        strict=False,
    )

    outlet = FakeOutlet()
    DeadLetters(outlet).send(letter, b"\xff", b"\x00\xfe")
    [sent] = outlet.sent
    assert sent.topic == DEAD.name
    with Publisher(connection, client_id="test") as publisher:
        publisher.publish(topic, sent.key, sent.value, sent.headers)  # a topic of the test's own
        publisher.flush()
    [record] = read_whole(connection, topic)
    assert (record.key, record.value) == (b"\xff", b"\x00\xfe")
    assert DeadLetter.from_headers(record.headers) == letter


def test_a_broker_that_is_killed_loses_nothing_that_was_acknowledged(own_server: KafkaServer) -> None:
    connection = _connection(own_server)
    _create(connection, "t")
    acknowledged = 0
    restarted: list[threading.Thread] = []
    with Publisher(connection, client_id="test") as publisher:
        for batch in range(20):
            for number in range(500):
                publisher.publish("t", str(number), f"{batch}-{number}".encode())
            if batch == 5:
                own_server.kill()
                restarted.append(threading.Thread(target=own_server.start))
                restarted[0].start()
            publisher.flush()
            acknowledged += 500
    restarted[0].join()
    values = [record.value for record in read_whole(connection, "t")]
    assert (acknowledged, len(values), len(set(values))) == (10_000, 10_000, 10_000)


def test_a_broker_that_stays_away_ends_the_wait(
    own_server: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = _connection(own_server)
    _create(connection, "t")
    monkeypatch.setattr(publish, "MAX_PENDING_RECORDS", 100)
    publisher = Publisher(connection, client_id="test", delivery_timeout_seconds=4)
    publisher.publish("t", "k", b"before")
    publisher.flush()
    own_server.stop(timeout_seconds=10)
    started = time.monotonic()
    publisher.publish("t", "k", b"lost")
    with pytest.raises(ServiceError, match="did not acknowledge"):
        publisher.flush(timeout_seconds=30)
    for _ in range(100):  # it does not take up ever more memory
        publisher.publish("t", "k", b"more")
    with pytest.raises(ServiceError):
        publisher.publish("t", "k", b"one too many")
    assert time.monotonic() - started < 30
    publisher.close()
    assert time.monotonic() - started < 40
