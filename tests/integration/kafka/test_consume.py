"""Batches and whole topics on a real broker: what moves between members is neither lost nor passed over."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from listener.domain.errors import NotReady, ServiceError
from listener.domain.topics import MAX_DEAD_BYTES
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, TopicPlan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import FETCH_BYTES, PARTITION_BYTES, BatchConsumer, ReadOn, read_whole
from listener.kafka.publish import Publisher
from listener.kafka.quick_fetch import WAIT_MS
from listener.kafka.quick_records import QuickRecord
from listener.kafka.tenure import Tenure

pytestmark = pytest.mark.kafka

MakeTopic = Callable[..., str]


@pytest.fixture
def connection(kafka_server: KafkaServer) -> KafkaConnection:
    return KafkaConnection(kafka_server.bootstrap_servers)


@pytest.fixture
def topic(connection: KafkaConnection, topic_prefix: str) -> MakeTopic:
    def make(partitions: int = 4, **config: str) -> str:
        name = f"{topic_prefix}numbers"
        with TopicAdmin(connection) as admin:
            admin.create([TopicPlan(name, partitions, 1, config)])
        return name

    return make


def publish(connection: KafkaConnection, topic: str, numbers: range) -> None:
    with Publisher(connection, client_id="test") as publisher:
        for number in numbers:
            publisher.publish(topic, str(number), str(number).encode())
        publisher.flush()


@contextmanager
def consumer(connection: KafkaConnection, topic: str, **options: Any) -> Iterator[BatchConsumer]:
    options = {"max_wait_seconds": 0.3, "session_timeout_seconds": 6.0} | options
    with BatchConsumer(connection, f"{topic}-group", [topic], **options) as made:
        yield made


def read(member: BatchConsumer, count: int, seconds: float = 60) -> list[int]:
    """Numbers handed out and committed, until there are so many."""
    found: list[int] = []
    deadline = time.monotonic() + seconds
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} of {count} after {seconds} s"
        found += [int(record.value or b"") for record in member.poll()]
        member.commit()
    return found


def test_everything_comes_once_and_what_was_committed_does_not_come_again(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic()
    publish(connection, name, range(5000))
    with consumer(connection, name, max_records=700) as member:
        assert sorted(read(member, 5000)) == list(range(5000))
    publish(connection, name, range(5000, 5010))
    with consumer(connection, name) as member:
        assert sorted(read(member, 10)) == list(range(5000, 5010))


def test_a_batch_has_the_size_and_the_wait_asked_for(connection: KafkaConnection, topic: MakeTopic) -> None:
    name = topic(1)
    publish(connection, name, range(1000))
    with consumer(connection, name, max_records=64) as member:
        batches = [member.poll(30) for _ in range(4)]
        assert [member.lag(), member.commit(), member.lag()] == [{(name, 0): 1000}, True, {(name, 0): 936}]
    assert all(isinstance(record, QuickRecord) for record in batches[0])
    assert [len(batch) for batch in batches] == [64] * 4
    offsets = [record.offset for batch in batches for record in batch]
    assert offsets == list(range(256))
    with consumer(connection, f"{name}", max_bytes=100, max_wait_seconds=30) as member:
        assert member.poll(30), "it is not kept waiting once it is large enough"


def test_a_record_that_is_larger_than_what_is_read_ahead_comes_in_its_turn(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic(12, **{"max.message.bytes": str(MAX_DEAD_BYTES)})
    large = {str(number).encode(): bytes([number]) * (9 * PARTITION_BYTES) for number in range(6)}
    with Publisher(connection, client_id="test") as publisher:
        for key, value in large.items():
            publisher.publish(name, key, os.urandom(PARTITION_BYTES // 2) + value)
            for number in range(500):
                publisher.publish(name, f"small-{number}", b"1")
        publisher.flush()
    found: list[int] = []
    with consumer(connection, name, max_bytes=16 * PARTITION_BYTES) as member:
        deadline = time.monotonic() + 60
        while len(found) < 6 * 501:
            assert time.monotonic() < deadline, f"{len(found)} came, {found.count(1)} small ones"
            batch = [len(record.value or b"") for record in member.poll()]
            assert sum(batch) < 16 * PARTITION_BYTES + FETCH_BYTES
            found += batch
            member.commit()
    assert found.count(1) == 6 * 500


def test_more_is_asked_for_before_the_caller_is_at_work_though_something_is_left(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic()
    of_an_answer = 8
    with Publisher(connection, client_id="test") as publisher:
        for number in range(4 * 4 * of_an_answer):
            publisher.publish(name, str(number), os.urandom(PARTITION_BYTES // of_an_answer))
        publisher.flush()
    with consumer(connection, name, max_records=of_an_answer, max_wait_seconds=30) as member:
        fetcher = member._consumer._fetcher
        create_requests = fetcher._create_fetch_requests
        left: list[int] = []

        def noted() -> Any:
            requests = create_requests()
            if requests:  # none as long as the one before is under way
                left.append(len(fetcher._completed_fetches))
            return requests

        fetcher._create_fetch_requests = noted
        deadline = time.monotonic() + 30
        while not any(left):
            assert time.monotonic() < deadline, f"never was anything left: {left}"
            member.poll(1)


def test_one_partition_that_is_behind_does_not_wait_for_news_of_the_others(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic(6)
    answers, value_bytes = 16, 600
    count = answers * PARTITION_BYTES // value_bytes
    with Publisher(connection, client_id="test") as publisher:
        for _ in range(count):
            publisher.publish(name, "one", os.urandom(value_bytes))
        publisher.flush()
    with consumer(connection, name, max_records=5000) as member:
        found, deadline = 0, time.monotonic() + 30
        while not found:
            assert time.monotonic() < deadline, "nothing came"
            found = len(member.poll())
        seconds = answers * WAIT_MS / 1000 / 2
        deadline = time.monotonic() + seconds
        while found < count:
            assert time.monotonic() < deadline, f"{found} of {count} came within {seconds} s of the first"
            found += len(member.poll())


def test_what_is_not_committed_comes_again(connection: KafkaConnection, topic: MakeTopic) -> None:
    name = topic()
    publish(connection, name, range(100))
    with consumer(connection, name) as member:
        deadline = time.monotonic() + 30
        while not member.poll():
            assert time.monotonic() < deadline
    with consumer(connection, name) as member:
        assert sorted(read(member, 100)) == list(range(100))


def test_staying_in_the_group_without_reading_hands_out_nothing_and_loses_nothing(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic()
    publish(connection, name, range(500))
    with consumer(connection, name, max_records=100) as member:
        first: list[int] = []
        while not first:
            first = [int(record.value or b"") for record in member.poll()]
        member.commit()
        for _ in range(20):
            member.keep_alive(0.1)
        rest = read(member, 500 - len(first))
    assert sorted(first + rest) == list(range(500))


def test_members_that_come_and_go_while_batches_are_collected_lose_nothing(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    """Partitions that stay with a member in a rebalance keep their position in the client: what was collected
    from them and dropped has to be read again."""
    name = topic(6)
    publish(connection, name, range(3000))
    stop = threading.Event()
    seen: list[int] = []
    lock = threading.Lock()

    def work(seconds: float) -> None:
        end = time.monotonic() + seconds
        with consumer(connection, name, max_records=100_000, max_wait_seconds=1.5) as member:
            while time.monotonic() < end and not stop.is_set():
                numbers = [int(record.value or b"") for record in member.poll()]
                member.keep_alive(0.2)
                with lock:
                    seen.extend(numbers)
                member.commit()

    threads = [threading.Thread(target=work, args=(seconds,)) for seconds in (60, 4, 60)]
    for number, thread in enumerate(threads):
        thread.start()
        publish(connection, name, range(3000 + 1000 * number, 4000 + 1000 * number))
        time.sleep(1.0)  # so that the members join while others hold half a batch
    deadline = time.monotonic() + 50
    while len(set(seen)) < 6000 and time.monotonic() < deadline:
        time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(seen) == set(range(6000))


def test_a_partition_moves_once_what_was_begun_has_ended_and_is_not_committed_by_who_had_it_before(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic(2)
    publish(connection, name, range(100))
    tenure, stop, joined = Tenure(), threading.Event(), threading.Event()
    came: dict[int, int] = {}
    """Number to partition."""

    def join() -> None:
        with consumer(connection, name) as other:
            while not came and not stop.is_set():
                came.update((int(record.value or b""), record.partition) for record in other.poll())
            joined.set()
            stop.wait(60)

    with consumer(connection, name, tenure=tenure) as member:
        first: list[int] = []
        while not first:
            first = [int(record.value or b"") for record in member.poll()]
        newcomer = threading.Thread(target=join)

        def stay_until(so: Callable[[], bool]) -> None:
            deadline = time.monotonic() + 60
            while not so():
                assert time.monotonic() < deadline
                member.keep_alive(0.1)

        with tenure.holding(name, 0, 0) as ours:
            assert ours
            newcomer.start()
            keeper = threading.Thread(target=stay_until, args=(joined.is_set,))
            keeper.start()
            while tenure.moves == 0:
                time.sleep(0.05)
            time.sleep(1.0)
            assert not joined.is_set()
        keeper.join()
        stop.set()
        newcomer.join()
        stay_until(lambda: member.assigned and len(member.places() or ()) == 2)
        member.commit()
        with TopicAdmin(connection) as admin:
            committed = admin.committed_offsets(f"{name}-group")
        assert not committed.keys() & {(name, partition) for partition in came.values()}
        assert came.keys() <= set(read(member, len(came))), "what moved and came back is read again"


def test_a_whole_compacted_topic_is_read_to_its_end_and_no_further(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic(3, **{"cleanup.policy": "compact"})
    assert list(read_whole(connection, name)) == []
    publish(connection, name, range(1000))
    with Publisher(connection, client_id="test") as publisher:
        publisher.publish(name, "7", None)
        publisher.flush()
    reading = read_whole(connection, name)
    latest = {first.key: first.value for first in [next(reading)]}
    publish(connection, name, range(2000, 2100))
    latest |= {record.key: record.value for record in reading}
    assert len(latest) == 1000
    assert latest[b"7"] is None


def test_reading_on_brings_what_came_since_and_what_was_left(
    connection: KafkaConnection, topic: MakeTopic
) -> None:
    name = topic()
    with ReadOn(connection, name) as reading:
        assert list(reading.read_on()) == []
        for numbers in (range(100), range(100, 101), range(101, 5000)):
            publish(connection, name, numbers)
            assert sorted(int(record.value or b"") for record in reading.read_on()) == list(numbers)
        assert list(reading.read_on()) == []
        publish(connection, name, range(5000, 5100))
        some = reading.read_on()
        first = {next(some).key for _ in range(30)}
        rest = {record.key for record in reading.read_on()}
        assert not first & rest
        assert len(first | rest) == 100


def test_a_missing_topic_is_told_by_name(connection: KafkaConnection, topic_prefix: str) -> None:
    with pytest.raises(ServiceError, match="listener topics"):
        list(read_whole(connection, f"{topic_prefix}none"))


def test_without_a_broker_it_is_told_where_none_answers() -> None:
    nowhere = KafkaConnection(f"127.0.0.1:{free_port()}")
    with pytest.raises(NotReady, match=nowhere.bootstrap_servers):
        list(read_whole(nowhere, "x"))
    with pytest.raises(NotReady, match=nowhere.bootstrap_servers):
        BatchConsumer(nowhere, "g", ["x"])
