"""A broker of a test module's own with all the product's topics, whose names are fixed."""

import time
from collections.abc import Iterator

import pytest

from listener.domain.topics import ALL
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection

PARTITIONS = 4


@pytest.fixture(scope="module")
def broker(kafka_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """The module may stop and start it."""
    server = KafkaServer(tmp_path_factory.mktemp("broker") / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        plans = plan(ALL, PARTITIONS, 1, {})
        with TopicAdmin(KafkaConnection(server.bootstrap_servers)) as admin:
            admin.create(plans)
            deadline = time.monotonic() + 60
            while admin.differences(plans) and time.monotonic() < deadline:
                time.sleep(0.1)  # the broker tells of a new topic a moment after it made it
        yield server
    finally:
        server.stop(timeout_seconds=10)


@pytest.fixture(scope="module")
def connection(broker: KafkaServer) -> KafkaConnection:
    """How to reach it."""
    return KafkaConnection(broker.bootstrap_servers)
