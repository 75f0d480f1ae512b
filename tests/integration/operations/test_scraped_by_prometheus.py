"""A worker, a sink and the form, watched by a real Prometheus with the shipped rules, while things go wrong."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import yaml

from listener.clickhouse.migrate import migrate
from listener.domain.mention import Mention
from listener.domain.topics import ALL, DEFAULT_PARTITIONS, RAW
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import LOOPBACK, free_port
from listener.examples import examples
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

RULES = Path(__file__).parents[3] / "deploy" / "prometheus" / "alerts.yaml"
MENTIONS = 40


class Watched:
    """Servers, three services, and a Prometheus that looks at them every second."""

    def __init__(self, directory: Path, prometheus: str, stack: ExitStack) -> None:
        self._directory = directory
        self._stack = stack
        self.kafka = KafkaServer(directory / "kafka", free_port())
        self.clickhouse = ClickHouseServer(directory / "clickhouse", free_port(), "writer-pw", "reader-pw")
        for server in (self.kafka, self.clickhouse):
            stack.callback(server.stop)
            server.start()
        self.kafka.wait_ready()
        self.clickhouse.wait_ready()
        migrate(self.clickhouse.url)
        with TopicAdmin(KafkaConnection(self.kafka.bootstrap_servers)) as admin:
            admin.create(plan(ALL, DEFAULT_PARTITIONS, 1, {}))
        self.health = {job: free_port() for job in ("stream", "sink", "form")}
        self.processes = {
            "stream": self.service("stream"),
            "sink": self.service("sink", "clickhouse"),
            "form": self.service("form", "--port", str(free_port())),
        }
        self._port = free_port()
        self.start(prometheus, *self._prometheus_options(), log="prometheus")

    def start(self, *argv: str, log: str) -> subprocess.Popen[bytes]:
        with (self._directory / f"{log}.log").open("wb") as out:
            process = subprocess.Popen(
                argv, stdout=out, stderr=out, cwd=self._directory, env=self.environment
            )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CLICKHOUSE_URL": self.clickhouse.url,
        }

    def service(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        health = ["--health-port", str(self.health[name])]
        return self.start(sys.executable, "-m", "listener", name, *words, *health, log=name)

    def publish(self, first: int, count: int) -> None:
        base = examples()[Mention]
        assert isinstance(base, Mention)
        with Publisher(KafkaConnection(self.kafka.bootstrap_servers), client_id="test") as publisher:
            for number in range(first, first + count):
                mention = base.model_copy(
                    update={
                        "mention_id": f"test:{number}",
                        "native_id": str(number),
                        "author": f"test:author-{number}",
                        "occurred_at": datetime.now(UTC),
                        "received_at": datetime.now(UTC),
                    }
                )
                publisher.publish(RAW.name, mention.key, mention.to_json())
            publisher.publish(RAW.name, "test:poison", b"{")
            publisher.flush()

    def ask(self, query: str) -> float | None:
        """The value of the only sample; None where there is none, or Prometheus is not up yet."""
        try:
            answer = httpx.get(f"http://{LOOPBACK}:{self._port}/api/v1/query", params={"query": query})
            found = answer.json()["data"]["result"]
        except (httpx.TransportError, json.JSONDecodeError):
            return None
        assert len(found) < 2, f"{query}: {found}"
        return float(found[0]["value"][1]) if found else None

    def wait(self, query: str, holds: Callable[[float], bool], seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while (value := self.ask(query)) is None or not holds(value):
            assert time.monotonic() < deadline, f"{query} is {value}\n{self.logs()}"
            time.sleep(0.3)

    def ready(self, job: str) -> dict[str, bool]:
        found: dict[str, bool] = httpx.get(f"http://{LOOPBACK}:{self.health[job]}/readyz").json()
        return found

    def logs(self) -> str:
        return "\n".join(
            f"--- {path.name}\n{path.read_text()[-1500:]}" for path in self._directory.glob("*.log")
        )

    def _prometheus_options(self) -> list[str]:
        jobs = [
            {"job_name": f"listener-{job}", "static_configs": [{"targets": [f"{LOOPBACK}:{port}"]}]}
            for job, port in self.health.items()
        ]
        every = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        file = self._directory / "prometheus.yaml"
        file.write_text(yaml.safe_dump({"global": every, "rule_files": [str(RULES)], "scrape_configs": jobs}))
        return [
            f"--config.file={file}",
            f"--storage.tsdb.path={self._directory / 'prometheus'}",
            f"--web.listen-address={LOOPBACK}:{self._port}",
        ]


@pytest.fixture
def watched(
    kafka_installed: None, clickhouse_installed: None, prometheus: str, tmp_path: Path
) -> Iterator[Watched]:
    with ExitStack() as stack:
        yield Watched(tmp_path, prometheus, stack)


def test_what_prometheus_sees(watched: Watched) -> None:
    for job in ("stream", "sink", "form"):
        watched.wait(f'listener_ready{{job="listener-{job}"}}', lambda value: value == 1)
    assert watched.ready("sink") == {"assigned": True, "reads": True, "store_answers": True}
    assert watched.ready("form") == {"kafka_answers": True}

    # Step 1: mentions go their whole way
    watched.publish(0, MENTIONS)
    watched.wait('sum(listener_records_total{stage="ledger"})', lambda value: value == MENTIONS + 1)
    for stage in ("ledger", "triage"):
        latency = f'listener_mention_latency_seconds_count{{stage="{stage}"}}'
        watched.wait(latency, lambda value: value == MENTIONS)
    watched.wait(
        'listener_store_latency_seconds_count{topic="mentions.enriched"}', lambda value: value == MENTIONS
    )
    watched.wait('listener_dead_letters_total{stage="ledger"}', lambda value: value == 1)
    watched.wait("sum(listener_consumer_lag_records)", lambda value: value == 0)
    watched.wait("max(listener_oldest_unprocessed_age_seconds)", lambda value: value == 0)
    partitions = 'count(listener_consumer_lag_records{stage="ledger", topic="mentions.raw"})'
    watched.wait(partitions, lambda value: value == DEFAULT_PARTITIONS)
    assert (watched.ask("max(listener_data_free_bytes)") or 0) > 0
    watched.wait('count(ALERTS{severity="page"}) or vector(0)', lambda value: value == 0)

    # Step 2: ClickHouse is away, more comes
    watched.clickhouse.stop()
    watched.publish(MENTIONS, MENTIONS)
    watched.wait('listener_sink_waiting{sink="clickhouse"}', lambda value: value == 1)
    watched.wait('listener_ready{job="listener-sink"}', lambda value: value == 0)
    watched.wait('listener_store_failures_total{sink="clickhouse"}', lambda value: value > 0)
    watched.wait('listener_oldest_unprocessed_age_seconds{stage="clickhouse"}', lambda value: value > 3)
    watched.wait('sum(listener_consumer_lag_records{stage="clickhouse"})', lambda value: value > 0)
    watched.wait('count(ALERTS{alertname="ListenerSinkStalled"})', lambda value: value == 1)
    assert watched.ready("sink") == {"assigned": True, "reads": True, "store_answers": False}
    assert watched.ready("stream") == dict.fromkeys(watched.ready("stream"), True)

    # Step 3: it comes back
    watched.clickhouse.start()
    watched.wait('listener_ready{job="listener-sink"}', lambda value: value == 1)
    watched.wait(
        'listener_store_latency_seconds_count{topic="mentions.enriched"}', lambda value: value == 2 * MENTIONS
    )
    watched.wait('sum(listener_consumer_lag_records{stage="clickhouse"})', lambda value: value == 0)
    assert watched.ask('listener_sink_waiting{sink="clickhouse"}') == 0

    # Step 4: the worker is gone
    watched.processes["stream"].kill()
    watched.wait('count(ALERTS{alertname="ListenerNoWorker"})', lambda value: value == 1)
