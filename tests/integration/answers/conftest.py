"""The command `listener answers` as a process of its own."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fakes.desk import KEY, OTHER_KEY, signed
from listener.domain.response import Response
from listener.domain.topics import RESPONSES
from listener.embedded.ports import free_port
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from serving import Serving

WAIT_SECONDS = 90
CONFIGURATION = """
answers:
  clients:
    desk: {keys: [DESK_KEY, DESK_NEW_KEY]}
"""


@dataclass
class Service:
    """A running endpoint."""

    serving: Serving
    health: str

    def tell(self, body: bytes, **signing: Any) -> httpx.Response:
        """Tells one answer."""
        return httpx.post(
            f"{self.serving.url}responses", content=body, headers=signed(body, **signing), timeout=60
        )

    def wait_ready(self) -> None:
        """Until it knows the cases that there are."""
        deadline = time.monotonic() + WAIT_SECONDS
        while httpx.get(f"{self.health}/readyz").status_code != 200:
            assert time.monotonic() < deadline, "it is never ready"
            time.sleep(0.2)


@pytest.fixture
def start(connection: KafkaConnection, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services; all are ended at the end."""
    (tmp_path / "listener.yaml").write_text(CONFIGURATION)
    keys = {"DESK_KEY": KEY, "DESK_NEW_KEY": OTHER_KEY}
    made: list[Serving] = []

    def run(*program: str) -> Service:
        health = free_port()
        words = program or ("-m", "listener")
        arguments = (*words, "answers", "--port", "0", "--health-port", str(health))
        environment = os.environ | keys | {"KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers}
        made.append(Serving(arguments, tmp_path, environment, r"endpoint for answers: (http://\S+)"))
        return Service(made[-1], f"http://127.0.0.1:{health}")

    yield run
    for serving in made:
        serving.kill()


@pytest.fixture
def published(connection: KafkaConnection) -> Callable[[], list[Response]]:
    """Reads all answers that the broker has."""

    def read() -> list[Response]:
        records = read_whole(connection, RESPONSES.name)
        return [Response.read_at_edge(record.value) for record in records if record.value]

    return read
