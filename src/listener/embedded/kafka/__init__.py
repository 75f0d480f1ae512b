"""Apache Kafka itself, as a child process on one machine: no Docker, no installed Java, no account."""

from listener.embedded.kafka.server import KafkaServer

__all__ = ["KafkaServer"]
