"""A real Kafka with TLS and accounts, and some of its doors with a wrong certificate."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion

from fixtures_certificates import Authority, Certificate
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import LOOPBACK, free_ports_in_a_row
from listener.kafka.connection import KafkaConnection
from listener.tls import TlsFiles
from running import running

USER, PASSWORD = "listener", "geheim; 'mit' \"Zeichen\""
PLAIN_USER, PLAIN_PASSWORD = "plain", "plain's password"
DOORS = {"SASL_SSL": "SASL_SSL", "SSL": "SSL", "EXPIRED": "SSL", "ELSEWHERE": "SSL"}
"""Listener to protocol: of the last two the certificate has expired, or is for another name."""
SECURE_PARTITIONS = 2
"""Of the product's own topics, which the tests share."""
MODULE = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class SecureKafka:
    """A running broker.

    Attributes:
        client: certificate that the door SSL, which wants one, lets in.
    """

    server: KafkaServer
    ports: dict[str, int]
    authority: Authority
    client: Certificate

    def address(self, door: str) -> str:
        """Where a listener is."""
        return f"{LOOPBACK}:{self.ports[door]}"

    @property
    def connection(self) -> KafkaConnection:
        """By SASL_SSL and SCRAM-SHA-512, as a cluster should be reached."""
        return KafkaConnection(
            self.address("SASL_SSL"),
            "SASL_SSL",
            "SCRAM-SHA-512",
            USER,
            PASSWORD,
            TlsFiles(cafile=str(self.authority.cafile)),
        )


def _properties(authority: Authority) -> dict[str, str]:
    certificates = {
        "sasl_ssl": authority.issue("broker"),
        "ssl": authority.issue("broker-ssl"),
        "expired": authority.issue("broker-expired", days=-1),
        "elsewhere": authority.issue("broker-elsewhere", hosts=("kafka.example.org",)),
    }
    keystores = {
        f"listener.name.{name}.ssl.keystore.location": str(certificate.keystore)
        for name, certificate in certificates.items()
    }
    protocols = {"CONTROLLER": "PLAINTEXT", "PLAINTEXT": "PLAINTEXT", **DOORS}
    return {
        **keystores,
        "listener.security.protocol.map": ",".join(f"{name}:{kind}" for name, kind in protocols.items()),
        "ssl.keystore.type": "PEM",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority.cafile),
        "listener.name.ssl.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{MODULE}.scram.ScramLoginModule required;",
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f'{MODULE}.plain.PlainLoginModule required user_{PLAIN_USER}="{PLAIN_PASSWORD}";'
        ),
    }


@pytest.fixture(scope="session")
def secure_kafka(kafka_installed: None, authority: Authority) -> Iterator[SecureKafka]:
    """A broker with TLS that the tests of the session share."""
    first = free_ports_in_a_row(len(DOORS) + 1)
    ports = {name: first + number for number, name in enumerate(DOORS, start=1)}
    with tempfile.TemporaryDirectory(prefix="listener-secure-kafka-") as directory:
        server = KafkaServer(
            Path(directory), first, heap_mib=256, listeners=ports, properties=_properties(authority)
        )
        with running(server):
            admin = KafkaAdminClient(bootstrap_servers=server.bootstrap_servers)
            made = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", PASSWORD)]
            )
            admin.close()
            assert made == {USER: None}
            yield SecureKafka(server, ports, authority, authority.issue("client", key_password="of the key"))
