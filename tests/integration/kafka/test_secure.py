"""Kafka with TLS and accounts: every client of ours gets in, and who does not hears which setting is wrong."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures_certificates import Authority
from fixtures_secure_kafka import PLAIN_PASSWORD, PLAIN_USER, SECURE_PARTITIONS, SecureKafka
from listener.domain.customer import Customer
from listener.domain.errors import NotReady, UsageError
from listener.domain.topics import CUSTOMERS
from listener.embedded.ports import LOOPBACK
from listener.kafka.admin import TopicAdmin, TopicPlan, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import BatchConsumer, read_whole
from listener.kafka.diagnosis import why_refused
from listener.kafka.publish import Publisher
from listener.tls import TlsFiles
from stream.customers import CustomerReader
from stream.enrichment.customer_match import CustomerIndex
from stream.reliability import Footing
from stream.send import Record, Sender

pytestmark = pytest.mark.kafka

Change = Callable[[SecureKafka], KafkaConnection]


def by_certificate(kafka: SecureKafka) -> KafkaConnection:
    files = TlsFiles(
        str(kafka.authority.cafile), str(kafka.client.certfile), str(kafka.client.keyfile), "of the key"
    )
    return KafkaConnection(kafka.address("SSL"), "SSL", tls=files)


def by_plain(kafka: SecureKafka) -> KafkaConnection:
    return replace(
        kafka.connection,
        sasl_mechanism="PLAIN",
        sasl_username=PLAIN_USER,
        sasl_password=PLAIN_PASSWORD,
    )


def by_scram(kafka: SecureKafka) -> KafkaConnection:
    return kafka.connection


@pytest.fixture
def topic(secure_kafka: SecureKafka) -> str:
    name = f"test-{uuid.uuid4().hex[:12]}"
    with TopicAdmin(secure_kafka.connection) as admin:
        admin.create([TopicPlan(name, 2, 1, {})])
    return name


@pytest.mark.parametrize("way", [by_scram, by_plain, by_certificate])
def test_what_is_published_is_consumed(secure_kafka: SecureKafka, topic: str, way: Change) -> None:
    connection = way(secure_kafka)
    with Publisher(connection, client_id="test") as publisher:
        for number in range(100):
            publisher.publish(topic, f"key-{number}", b"%d" % number)
        publisher.flush()
    expected = {b"%d" % number for number in range(100)}
    assert {record.value for record in read_whole(connection, topic)} == expected
    found: set[bytes | None] = set()
    with BatchConsumer(connection, topic, [topic]) as consumer:
        while found != expected:
            found |= {record.value for record in consumer.poll(30)}
            assert consumer.commit()
    with TopicAdmin(connection) as admin:
        assert sum(admin.committed_offsets(topic).values()) == 100


def test_the_streams_own_producer_and_reader_get_in(secure_kafka: SecureKafka, topic: str) -> None:
    connection = secure_kafka.connection
    index = CustomerIndex(default_region=None)

    async def both() -> list[int]:
        sender = Sender(connection, Footing(30), delivery_timeout_seconds=20)
        await sender.start()
        offsets = await sender.send([Record(topic, b"key", b"value", 0)])
        await sender.send(
            [Record(CUSTOMERS.name, b"C-1", Customer(customer_id="C-1", emails=("a@example.org",)).to_json())]
        )
        await sender.stop()
        reader = CustomerReader(connection, index, on_failure=pytest.fail)
        await reader.start()
        await asyncio.wait_for(reader.caught_up.wait(), 60)
        await reader.stop()
        return offsets

    with TopicAdmin(connection) as admin:
        admin.create(plan([CUSTOMERS], SECURE_PARTITIONS, 1, {}))
    assert asyncio.run(both()) == [0]
    assert len(index) >= 1


def test_who_is_let_in_hears_of_no_trouble(secure_kafka: SecureKafka) -> None:
    for way in (by_scram, by_plain, by_certificate):
        assert why_refused(way(secure_kafka)) is None


REFUSED: dict[str, tuple[Change, tuple[str, ...]]] = {
    "wrong password": (
        lambda kafka: replace(kafka.connection, sasl_password="wrong-one"),
        ("account listener", "KAFKA_SASL_PASSWORD", "kafka.sasl_username"),
    ),
    "wrong password by PLAIN": (
        lambda kafka: replace(by_plain(kafka), sasl_password="wrong-one"),
        ("account plain", "KAFKA_SASL_PASSWORD"),
    ),
    "mechanism that the broker has not": (
        lambda kafka: replace(kafka.connection, sasl_mechanism="SCRAM-SHA-256"),
        ("kafka.sasl_mechanism is SCRAM-SHA-256", "PLAIN, SCRAM-SHA-512"),
    ),
    "no authority named": (
        lambda kafka: replace(kafka.connection, tls=TlsFiles()),
        ("not trusted", "kafka.ssl_cafile"),
    ),
    "expired": (
        lambda kafka: replace(by_certificate(kafka), bootstrap_servers=kafka.address("EXPIRED")),
        ("has expired", "renew"),
    ),
    "wrong name": (
        lambda kafka: replace(by_certificate(kafka), bootstrap_servers=kafka.address("ELSEWHERE")),
        (f"other names than {LOOPBACK}", "kafka.bootstrap_servers"),
    ),
    "TLS without account": (
        lambda kafka: replace(kafka.connection, security_protocol="SSL"),
        ("wants an account", "kafka.security_protocol to SASL_SSL", "kafka.sasl_mechanism"),
    ),
    "account without TLS": (
        lambda kafka: replace(kafka.connection, security_protocol="SASL_PLAINTEXT"),
        ("speaks TLS", "kafka.security_protocol is SASL_PLAINTEXT"),
    ),
    "neither": (
        lambda kafka: KafkaConnection(kafka.address("SASL_SSL")),
        ("speaks TLS", "kafka.security_protocol is PLAINTEXT"),
    ),
    "a port without TLS": (
        lambda kafka: replace(kafka.connection, bootstrap_servers=kafka.server.bootstrap_servers),
        ("speaks without TLS", "kafka.security_protocol is SASL_SSL"),
    ),
    "a port without accounts": (
        lambda kafka: replace(
            by_certificate(kafka), security_protocol="SASL_SSL", sasl_username="a", sasl_password="b"
        ),
        ("knows no accounts", "kafka.security_protocol is SASL_SSL"),
    ),
    "no certificate of ours": (
        lambda kafka: replace(by_certificate(kafka), tls=kafka.connection.tls),
        ("wants a certificate", "kafka.ssl_certfile", "kafka.ssl_keyfile"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_is_refused_hears_which_setting_to_look_at(secure_kafka: SecureKafka, case: str) -> None:
    change, words = REFUSED[case]
    with pytest.raises(NotReady) as raised:
        TopicAdmin(change(secure_kafka), connect_timeout_seconds=0.5)
    for word in words:
        assert word in str(raised.value)
    assert "wrong-one" not in str(raised.value)


def test_a_certificate_of_another_authority_is_refused_by_either_side(
    secure_kafka: SecureKafka, other_authority: Authority
) -> None:
    theirs = replace(secure_kafka.connection, tls=TlsFiles(str(other_authority.cafile)))
    assert "kafka.ssl_cafile" in (why_refused(theirs) or "")
    strange = other_authority.issue("stranger")
    files = TlsFiles(str(secure_kafka.authority.cafile), str(strange.certfile), str(strange.keyfile))
    ours = replace(by_certificate(secure_kafka), tls=files)
    assert "kafka.ssl_certfile" in (why_refused(ours) or "")


def test_publisher_and_consumer_tell_it_as_well(secure_kafka: SecureKafka) -> None:
    wrong = replace(secure_kafka.connection, sasl_password="wrong-one")
    with pytest.raises(NotReady, match="KAFKA_SASL_PASSWORD"):
        Publisher(wrong, client_id="test", connect_timeout_seconds=0.5)
    with pytest.raises(UsageError, match=r"kafka\.ssl_cafile: .*cannot be read"):
        list(read_whole(replace(wrong, tls=TlsFiles(str(Path("none.pem")))), "any"))
