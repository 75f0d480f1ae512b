"""A real Kafka for tests: one broker for a test session (with pytest-xdist, one for each worker)."""

import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from listener.domain.errors import ServiceError
from listener.embedded.kafka import KafkaServer
from listener.embedded.kafka.artifacts import java, kafka_libraries
from listener.embedded.ports import free_port
from running import running


@pytest.fixture(scope="session")
def kafka_installed(server_missing: Callable[[str], NoReturn]) -> None:
    """Makes sure that Kafka and Java are on this machine."""
    try:
        java()
        kafka_libraries()
    except ServiceError as reason:
        server_missing(str(reason))


@pytest.fixture(scope="session")
def kafka_server(kafka_installed: None) -> Iterator[KafkaServer]:
    """A running broker that all tests of the session share: do not stop it; see `topic_prefix`."""
    with (
        tempfile.TemporaryDirectory(prefix="listener-kafka-") as data_dir,
        running(KafkaServer(Path(data_dir), free_port())) as server,
    ):
        yield server


@pytest.fixture
def topic_prefix() -> str:
    """Begins the names of this test's topics, consumer groups and applications, so that no two tests meet."""
    return f"test-{uuid.uuid4().hex[:12]}."
