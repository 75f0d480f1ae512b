"""Whoever accepts connections and closes them at once is not asked again and again without a pause."""

import socket
import time
from collections.abc import Iterator
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.net.compat import KafkaNetClient

from listener.kafka.connection import KafkaConnection
from listener.kafka.reconnecting import PatientClient

PAUSES = {"reconnect_backoff_ms": 50, "reconnect_backoff_max_ms": 1000}


class Closing:
    """Accepts connections, counts them and closes them."""

    def __init__(self) -> None:
        self.accepted = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        try:
            while True:
                self._listening.accept()[0].close()
                self.accepted += 1
        except OSError:
            return

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture
def proxy() -> Iterator[Closing]:
    closing = Closing()
    yield closing
    closing.close()


def attempts(client: Any, proxy: Closing, seconds: float, enough: int) -> int:
    """How often a client that always wants to connects in so many seconds, or until it was often enough."""
    node = client.cluster.bootstrap_brokers()[0].node_id
    end = time.monotonic() + seconds
    while time.monotonic() < end and proxy.accepted < enough:
        client.maybe_connect(node)
        client._net.poll(timeout_ms=5)
    return proxy.accepted


def test_it_waits_longer_each_time(proxy: Closing) -> None:
    arguments = KafkaConnection(proxy.address).kafka_python()
    client = arguments.pop("kafka_client")(**arguments, **PAUSES)
    assert attempts(client, proxy, seconds=60, enough=1) == 1
    assert attempts(client, proxy, seconds=0.3, enough=9) <= 4  # after 0, 50, 150 and 350 ms, give or take


def test_kafka_python_alone_does_not(proxy: Closing) -> None:
    """Where this fails, kafka-python has become patient itself, and `PatientClient` may go."""
    client = KafkaNetClient(bootstrap_servers=[proxy.address], **PAUSES)
    began = time.monotonic()
    assert attempts(client, proxy, seconds=60, enough=30) == 30
    assert time.monotonic() - began < 20  # seconds, which the pauses between them would take


def test_a_broker_that_answers_is_asked_at_once_again() -> None:
    client = PatientClient(bootstrap_servers=["127.0.0.1:9"])
    manager = client._manager
    manager.update_backoff(1)
    assert manager.connection_delay(1) > 0
    manager._conns[1] = SimpleNamespace(connected=True)
    manager.reset_backoff(1)
    assert manager.connection_delay(1) == 0
