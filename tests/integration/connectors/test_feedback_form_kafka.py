"""The command `listener form` on a real Kafka of its own that goes away and comes back."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from listener.domain.mention import read_raw
from listener.domain.topics import RAW
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from serving import Serving

pytestmark = pytest.mark.kafka

KEY = "0123456789abcdef"


@pytest.fixture(scope="module")
def broker(kafka_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    server = KafkaServer(tmp_path_factory.mktemp("kafka"), free_port())
    server.start()
    try:
        server.wait_ready()
        with TopicAdmin(KafkaConnection(server.bootstrap_servers)) as admin:
            admin.create(plan([RAW], 3, 1, {}))
        yield server
    finally:
        server.stop(timeout_seconds=10)


def published(broker: KafkaServer) -> list[str]:
    records = read_whole(KafkaConnection(broker.bootstrap_servers), RAW.name)
    return [read_raw(record.value).mention_id for record in records if record.value]


def until_healthy(client: httpx.Client, status: int) -> None:
    deadline = time.monotonic() + 60
    while client.get("/healthz", timeout=10).status_code != status:
        assert time.monotonic() < deadline, f"never {status}"
        time.sleep(0.2)


def test_a_receipt_means_that_the_broker_has_it(
    broker: KafkaServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
    directory = tmp_path_factory.mktemp("form")
    form = Serving(("-m", "listener", "form", "--port", "0"), directory, environment)
    try:
        with httpx.Client(base_url=form.url, timeout=60) as client, ThreadPoolExecutor() as pool:
            before = client.post("/feedback", json={"message": "before"})
            assert before.status_code == 201
            assert published(broker) == [f"form:{before.json()['receipt']}"], "at once, not later"
            assert client.get("/healthz").status_code == 200

            broker.kill()
            message = {"message": "while it is away", "idempotency_key": KEY}
            waiting = pool.submit(client.post, "/feedback", json=message)
            started = time.monotonic()
            while not waiting.done():
                assert client.get("/").status_code == 200
                assert time.monotonic() - started < 40
                time.sleep(0.2)
            assert waiting.result().status_code == 503
            until_healthy(client, 503)

            broker.start()
            broker.wait_ready()
            until_healthy(client, 200)
            again = client.post("/feedback", json=message)
            assert again.status_code == 201
            assert set(published(broker)) == {
                f"form:{answer.json()['receipt']}" for answer in (before, again)
            }
    finally:
        told = form.stop()
    assert form.process.returncode == 0
    assert "while it is away" not in told, "logs name ids, never texts"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["nothing"], "no source nothing of the kind form"), (["--port", "TAKEN"], "listens there")],
)
def test_what_is_wrong_is_said(
    broker: KafkaServer, tmp_path_factory: pytest.TempPathFactory, arguments: list[str], words: str
) -> None:
    taken = broker.bootstrap_servers.rpartition(":")[2]
    arguments = [argument.replace("TAKEN", taken) for argument in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "listener", "form", *arguments],
        cwd=tmp_path_factory.mktemp("form"),
        env=os.environ | {"KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in {1, 2}
    assert words in done.stderr
    assert "Traceback" not in done.stderr
