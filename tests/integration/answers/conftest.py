"""The command `listener answers` as a process of its own."""

import os
import re
import signal
import subprocess
import sys
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

WAIT_SECONDS = 90
CONFIGURATION = """
answers:
  clients:
    desk: {keys: [DESK_KEY, DESK_NEW_KEY]}
"""


@dataclass
class Service:
    """A running endpoint."""

    process: "subprocess.Popen[str]"
    url: str
    health: str

    def tell(self, body: bytes, **signing: Any) -> httpx.Response:
        """Tells one answer."""
        return httpx.post(f"{self.url}responses", content=body, headers=signed(body, **signing), timeout=60)

    def wait_ready(self) -> None:
        """Until it knows the cases that there are."""
        deadline = time.monotonic() + WAIT_SECONDS
        while httpx.get(f"{self.health}/readyz").status_code != 200:
            assert time.monotonic() < deadline, "it is never ready"
            time.sleep(0.2)

    def stop(self) -> str:
        """Ends it in order; what it said."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=60)
        return said


@pytest.fixture
def start(connection: KafkaConnection, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts services; all are ended at the end."""
    (tmp_path / "listener.yaml").write_text(CONFIGURATION)
    keys = {"DESK_KEY": KEY, "DESK_NEW_KEY": OTHER_KEY}
    made: list[subprocess.Popen[str]] = []

    def run(*program: str) -> Service:
        health = free_port()
        words = program or ("-m", "listener")
        argv = [sys.executable, *words, "answers", "--port", "0", "--health-port", str(health)]
        environment = os.environ | keys | {"KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers}
        process = subprocess.Popen(argv, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
        made.append(process)
        assert process.stderr is not None
        for line in process.stderr:
            if found := re.search(r"endpoint for answers: (http://\S+)", line):
                return Service(process, found[1], f"http://127.0.0.1:{health}")
        pytest.fail("it never said where it listens")

    yield run
    for process in made:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def published(connection: KafkaConnection) -> Callable[[], list[Response]]:
    """Reads all answers that the broker has."""

    def read() -> list[Response]:
        records = read_whole(connection, RESPONSES.name)
        return [Response.read_at_edge(record.value) for record in records if record.value]

    return read
