"""`listener sink alerts-NAME` on a real Kafka with a stand-in for PagerDuty, killed between telling and commit."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.gate import Drop, Gate, Refuse
from conformance.http_server import Answer, Request, json_answer, serving
from fixtures_command_line import Result
from listener.bootstrap import alert_sink_name, sink_group
from listener.clickhouse.client import connect
from listener.domain.governance import Alert
from listener.domain.topics import ALERTS
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from stored_log import PUBLISHED_MS, Log, Sample, store

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
WAIT_SECONDS = 90.0
SINK = alert_sink_name("oncall")
ALERT = Alert(
    alert_id="a1",
    kind="breach",
    subject="K-1",
    due_at=datetime.now(UTC),
    text="K-1 in phone: overdue",
    severity="critical",
    queue="phone",
)


class PagerDuty:
    """Takes events; what they say of an incident holds by `dedup_key`."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.events: list[tuple[str, str]] = []
        self.when_taken: Callable[[], object] | None = None

    def respond(self, request: Request) -> Answer:
        event = json.loads(request.body)
        if event["routing_key"] != "secret-routing-key":
            return json_answer({"status": "invalid event"}, 400)
        self.events.append((event["event_action"], event["dedup_key"]))
        if self.when_taken is not None:
            self.when_taken()
        return json_answer({"status": "success"}, 202)


def publish(connection: KafkaConnection, *alerts: Alert) -> None:
    with Publisher(connection, client_id="test") as publisher:
        for alert in alerts:
            publisher.publish(ALERTS.name, alert.alert_id, alert.to_json())
        publisher.flush()


def wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


@contextmanager
def sink(directory: Path, connection: KafkaConnection) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        "ONCALL_KEY": "secret-routing-key",
    }
    with (directory / "sink.log").open("ab") as log:
        argv = [sys.executable, "-m", "listener", "sink", SINK]
        process = subprocess.Popen(argv, cwd=directory, env=environment, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_one_incident_however_often_it_fails_and_dies(connection: KafkaConnection, tmp_path: Path) -> None:
    pagerduty = PagerDuty()
    with serving(pagerduty) as address, TopicAdmin(connection) as admin:
        (tmp_path / "listener.yaml").write_text(
            "alerts_to:\n  oncall:\n    kind: pagerduty\n    secrets: {routing_key: ONCALL_KEY}\n"
            f"    url: {address}/v2/enqueue\n    internal_hosts: [127.0.0.1]\n"
        )
        pagerduty.gate.meet(Refuse(429, {"Retry-After": "1"}), Refuse(503), Drop())
        publish(connection, ALERT)
        with sink(tmp_path, connection) as first:
            pagerduty.when_taken = first.kill
            first.wait(WAIT_SECONDS)
        assert pagerduty.events == [("trigger", "a1")]

        pagerduty.when_taken = None
        publish(connection, ALERT.model_copy(update={"owner": "ann"}))

        def committed() -> int:
            return sum(admin.committed_offsets(sink_group(SINK)).values())

        with sink(tmp_path, connection):
            wait(lambda: committed() == 2, "the repeat is committed")
        assert pagerduty.events == [("trigger", "a1")] * 2

        publish(
            connection,
            ALERT.model_copy(update={"level": "manager"}),
            ALERT.model_copy(update={"withdrawn": True, "severity": "info", "queue": None}),
        )
        with sink(tmp_path, connection):
            wait(lambda: committed() == 4, "the end is committed")
        assert pagerduty.events[2:] == [("resolve", "a1")]
    assert "secret-routing-key" not in (tmp_path / "sink.log").read_text()


@pytest.mark.clickhouse
def test_what_is_unusual_is_told_once_with_examples_and_stored(
    connection: KafkaConnection,
    database: str,
    listener: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def told() -> list[Alert]:
        alerts = [Alert.read(record.value) for record in read_whole(connection, ALERTS.name) if record.value]
        return [alert for alert in alerts if alert.kind == "spike"]

    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    log = Log()
    for number in range(14 * 8):
        at = this_hour - timedelta(days=14) + timedelta(hours=3 * number, minutes=5)
        log.mention(number, f"t:{number}", ("delivery",), at=at, need="complaint")
    peak = this_hour - timedelta(hours=3)
    for number in range(200, 230):
        at = peak + timedelta(minutes=number % 50)
        log.mention(number, f"t:{number}", ("delivery",), at=at, need="complaint")
    store(database, log.records)
    monkeypatch.setenv("CLICKHOUSE_URL", database)
    for _ in range(2):
        result = listener("watch", "--once")
        assert result.code == 0, result.err
    by_sign = {alert.sign: alert for alert in told()}
    assert len(told()) == len(by_sign)
    spike = by_sign["cause_spike"]
    assert (spike.subject, spike.withdrawn) == ("delivery", False)
    assert peak < spike.due_at <= peak + timedelta(hours=3)
    assert "people raised delivery within 2 hours" in spike.text
    assert len(spike.examples) == 3
    store(database, [Sample(ALERTS.name, spike.to_json(), 0, PUBLISHED_MS, spike.alert_id.encode())])
    client = connect(database)
    stored = client.execute("SELECT sign, subject, examples FROM current_alerts")
    client.disconnect()
    assert stored == [("cause_spike", "delivery", list(spike.examples))]
