"""A worker on a real Kafka tells which source brings poison, and goes on with the others."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listener.domain.dead_letter import SOURCE_HEADER, DeadLetter
from listener.domain.governance import Alert
from listener.domain.mention import Mention
from listener.domain.topics import ALERTS, ALL, BACKFILL, DEAD, ENRICHED, RAW
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

SCRIPT = Path(__file__).with_name("counting_worker.py")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WAIT_SECONDS = 90


@pytest.fixture
def kafka(kafka_installed: None, tmp_path: Path) -> Iterator[KafkaConnection]:
    """A broker of its own, since the product's topics have fixed names, with a worker."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        connection = KafkaConnection(server.bootstrap_servers)
        with TopicAdmin(connection) as admin:
            admin.create(plan(ALL, 4, 1, {}))
        argv = [sys.executable, str(SCRIPT), connection.bootstrap_servers, str(tmp_path / "worker")]
        with (tmp_path / "log").open("wb") as log:
            worker = subprocess.Popen([*argv, str(free_port())], stdout=log, stderr=log)
        try:
            yield connection
        finally:
            worker.kill()
            worker.wait()
    finally:
        server.stop(timeout_seconds=10)


def mention(source: str, number: int, text: str) -> Mention:
    return Mention(
        mention_id=f"test:{source}-{number}",
        source=source,
        source_kind="test",
        native_id=f"{source}-{number}",
        author=f"test:{source}-author-{number % 10}",
        channel="social",
        visibility="public",
        text=text,
        occurred_at=NOW,
        received_at=NOW,
    )


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s for: {what}"
        time.sleep(0.2)


def test_the_source_of_a_burst_is_told_and_nobody_else_notices(kafka: KafkaConnection) -> None:
    with Publisher(kafka, client_id="test") as out:
        for number in range(120):
            good = mention("mail", number, "the parcel never came")
            bad = mention("forum", number, "cannot be folded")
            imported = mention("archive", number, "cannot be folded")
            out.publish(RAW.name, good.key, good.to_json())
            out.publish(RAW.name, bad.key, bad.to_json(), [(SOURCE_HEADER, b"forum")])
            out.publish(RAW.name, "test:x", b"\xff", [(SOURCE_HEADER, b"broken")])
            out.publish(RAW.name, "test:x", b"{not json")
            out.publish(BACKFILL.name, imported.key, imported.to_json())
        out.flush()

    def letters() -> Counter[str | None]:
        headers = [record.headers for record in read_whole(kafka, DEAD.name)]
        return Counter(DeadLetter.from_headers(h).source for h in headers)

    def alerts() -> dict[str, Alert]:
        found = [Alert.read(record.value or b"") for record in read_whole(kafka, ALERTS.name)]
        return {alert.subject: alert for alert in found}

    wanted = Counter({"forum": 120, "broken": 120, None: 120, "archive": 120})
    until(lambda: letters() == wanted, "the dead letters, with their sources")
    until(lambda: len(list(read_whole(kafka, ENRICHED.name))) == 120, "what the other source said")
    assert set(alerts()) == {"forum", "broken"}
    assert all(alert.kind == "dead_letters" and not alert.withdrawn for alert in alerts().values())
