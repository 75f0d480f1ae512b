"""How to reach a Kafka cluster, in the words of either client library."""

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal

from listener.tls import NO_FILES, TlsFiles, Words

SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

WORDS = Words(
    server="Kafka",
    address="kafka.bootstrap_servers",
    cafile="kafka.ssl_cafile",
    certfile="kafka.ssl_certfile",
    keyfile="kafka.ssl_keyfile",
)


@dataclass(frozen=True)
class KafkaConnection:
    """A cluster and how to be let in.

    Attributes:
        bootstrap_servers: ``host:port``, several separated by commas.
        sasl_mechanism: for the SASL protocols; PLAIN where None.
        tls: for the SSL protocols: whom to trust, and who we are where the cluster wants to know.
    """

    bootstrap_servers: str
    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    tls: TlsFiles = NO_FILES

    @property
    def encrypted(self) -> bool:
        """Whether it is with TLS."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def authenticated(self) -> bool:
        """Whether it is with an account."""
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    @property
    def servers(self) -> list[str]:
        """The addresses, each ``host:port``."""
        return [server.strip() for server in self.bootstrap_servers.split(",")]

    def kafka_python(self) -> dict[str, Any]:
        """Arguments for kafka-python's clients.

        Raises:
            UsageError: as `ssl_context`.
        """
        from listener.kafka.reconnecting import PatientClient  # whoever only reads settings needs no client

        return {**self.aiokafka(), "kafka_client": PatientClient}

    def aiokafka(self) -> dict[str, Any]:
        """Arguments for aiokafka's clients, whose names are kafka-python's.

        Raises:
            UsageError: as `ssl_context`.
        """
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.servers,
            "security_protocol": self.security_protocol,
        }
        if self.encrypted:
            arguments["ssl_context"] = self.ssl_context()
        if self.authenticated:
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism or "PLAIN",
                "sasl_plain_username": self.sasl_username,
                "sasl_plain_password": self.sasl_password,
            }
        return arguments

    def ssl_context(self) -> ssl.SSLContext:
        """Of the files in `tls`.

        Raises:
            UsageError: one of them is missing or wrong; the message names its setting.
        """
        return self.tls.context(WORDS)
