"""Three brokers, four workers, a broker killed in the middle: nothing lost, nothing twice, the same cases."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient

from listener.bootstrap import consumer_groups, topic_plans, wall_clock
from listener.bootstrap_stages import Stages, build_stages
from listener.chaos.state import SNAPSHOTS, differences, snapshot_state
from listener.domain.case import Case
from listener.domain.customer import Customer
from listener.domain.errors import ListenerError
from listener.domain.mention import Mention
from listener.domain.topics import CUSTOMERS, ENRICHED, RAW, STREAM_GROUP, TRIAGE
from listener.embedded.kafka.server import KafkaServer, Node, new_cluster_id
from listener.embedded.ports import free_ports_in_a_row
from listener.health import lags
from listener.kafka.admin import TopicAdmin
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from listener.kafka.record import Record
from listener.settings import Settings, load_settings
from listener.simulator import SimulatedCompany, SimulationSettings
from stream import offline

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

BROKERS, WORKERS, PARTITIONS, CUSTOMER_COUNT = 3, 4, 4, 1200
LONG_AGO = datetime(2025, 6, 1, tzinfo=UTC)
"""Every deadline has passed, so that what is due does not depend on when the test runs."""
IDLE_SECONDS = 300.0
DUE_SECONDS = 60.0
"""After a last change of hands nothing is looked at as due before all partitions have caught up."""
REPLICATED = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
CONFIGURATION = """\
kafka:
  bootstrap_servers: {servers}
  partitions: {partitions}
  replication_factor: 3
stream:
  session_timeout_seconds: 6
"""


def wait_until(check: Callable[[], bool], seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.2)


class Cluster:
    """Brokers that are controllers as well, each with a replica of everything."""

    def __init__(self, directory: Path) -> None:
        first = free_ports_in_a_row(2 * BROKERS)
        controllers = {number: first + BROKERS + number - 1 for number in range(1, BROKERS + 1)}
        cluster_id = new_cluster_id()
        self.brokers = [
            KafkaServer(
                directory / f"kafka-{number}",
                first + number - 1,
                heap_mib=256,
                node=Node(number, controllers, cluster_id),
                properties=REPLICATED,
            )
            for number in controllers
        ]

    @property
    def servers(self) -> str:
        return ",".join(broker.bootstrap_servers for broker in self.brokers)

    def start(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(KafkaServer.start, self.brokers))
            list(pool.map(KafkaServer.wait_ready, self.brokers))
        admin = KafkaAdminClient(bootstrap_servers=self.servers.split(","))
        try:
            wait_until(lambda: len(admin.describe_cluster()["brokers"]) == BROKERS, 60, "all brokers known")
        finally:
            admin.close()

    def stop(self) -> None:
        for broker in self.brokers:  # in order it takes long, as each waits for a majority
            broker.kill()
            broker.stop()


class Workers:
    """Worker processes; whoever ends is started again, as a supervisor would."""

    def __init__(self, settings_file: Path) -> None:
        self._directory = settings_file.parent
        self._config = settings_file
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def look_after(self) -> None:
        for number in range(1, WORKERS + 1):
            process = self._processes.get(number)
            if process is None or process.poll() is not None:
                self._processes[number] = self._start(number)

    def _start(self, number: int) -> subprocess.Popen[bytes]:
        data_dir = self._directory / f"worker-{number}"
        words = (
            "stream",
            "--worker",
            str(number),
            "--data-dir",
            str(data_dir),
            "--config",
            str(self._config),
        )
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "LISTENER_"))}
        with (self._directory / f"worker-{number}.log").open("ab") as log:
            argv = [sys.executable, "-m", "listener", *words]
            return subprocess.Popen(argv, stdout=log, stderr=log, env=environment)

    def kill(self) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def cluster(kafka_installed: None) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="listener-cluster-") as directory:
        made = Cluster(Path(directory))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@pytest.fixture
def settings(cluster: Cluster, tmp_path: Path) -> Settings:
    file = tmp_path / "listener.yaml"
    file.write_text(CONFIGURATION.format(servers=cluster.servers, partitions=PARTITIONS))
    return load_settings(file, tmp_path / "data", {})


def company() -> tuple[list[Customer], list[Mention]]:
    """Customers, and every mention that some thousand of them wrote, in order; each id once."""
    simulation = SimulationSettings(customers=CUSTOMER_COUNT, days=60, seed=10, ends_at=LONG_AGO)
    values = [event.value for event in SimulatedCompany(simulation).history()]
    mentions = {v.mention_id: v for v in values if isinstance(v, Mention) and v.revision == 0}
    return [v for v in values if isinstance(v, Customer)], list(mentions.values())


def expected_cases(stages: Stages, customers: list[Customer], mentions: list[Mention]) -> Mapping[str, Any]:
    for customer in customers:
        stages.customers.put(customer)
    cases = offline.run(mentions, stages.ledger, stages.triage, wall_clock()).cases
    return {name: json.loads(case.to_json()) for name, case in cases.items() if case.state != "superseded"}


def newest_cases(settings: Settings) -> dict[str, Any]:
    cases: dict[str, Case] = {}
    for record in read_whole(settings.kafka, TRIAGE.name):
        if record.value is not None:
            case = Case.read(record.value)
            if case.version >= cases.get(case.case_id, case).version:
                cases[case.case_id] = case
    return {name: json.loads(case.to_json()) for name, case in cases.items() if case.state != "superseded"}


def check_topics(settings: Settings) -> None:
    plans = topic_plans(settings)
    with TopicAdmin(settings.kafka) as admin:
        admin.create(plans)
        assert admin.differences(plans) == []
    assert {plan.config["min.insync.replicas"] for plan in plans} == {"2"}


def check_replicas(cluster: Cluster) -> None:
    """Of every topic that there is: those that Faust and Kafka make as well."""
    admin = KafkaAdminClient(bootstrap_servers=cluster.servers.split(","))
    described = admin.describe_topics()
    admin.close()
    replicas = {
        topic["name"]: {len(partition["replica_nodes"]) for partition in topic["partitions"]}
        for topic in described
    }
    assert {name: counts for name, counts in replicas.items() if counts != {BROKERS}} == {}


def publish(publisher: Publisher, mentions: list[Mention], workers: Workers) -> None:
    """Some hundred at a time, each acknowledged before the next."""
    for start in range(0, len(mentions), 200):
        for mention in mentions[start : start + 200]:
            publisher.publish(RAW.name, mention.key, mention.to_json())
        publisher.flush()
        workers.look_after()


def wait_idle(settings: Settings, workers: Workers) -> None:
    groups = {STREAM_GROUP: consumer_groups()[STREAM_GROUP]}
    steady = 0

    def idle() -> bool:
        nonlocal steady
        workers.look_after()
        try:
            with TopicAdmin(settings.kafka) as admin:
                steady = 0 if sum(lag.records for lag in lags(admin, groups)) else steady + 1
        except ListenerError:
            steady = 0
        return steady >= 3

    wait_until(idle, IDLE_SECONDS, "all processed")


def wait_for(expected: Mapping[str, Any], settings: Settings) -> None:
    """What is due comes a moment after everything has been processed."""
    wanted = {SNAPSHOTS: snapshot_state(expected)}

    def unlike() -> list[str]:
        return differences(wanted, {SNAPSHOTS: snapshot_state(newest_cases(settings))})

    deadline = time.monotonic() + DUE_SECONDS
    while unlike() and time.monotonic() < deadline:
        time.sleep(1.0)
    assert unlike() == []


def check_order(enriched: list[Record], mentions: list[Mention]) -> None:
    """What one author wrote comes out in its order; repeats after a fault do not count."""
    place = {mention.mention_id: number for number, mention in enumerate(mentions)}
    firsts: dict[tuple[int, str], dict[str, None]] = defaultdict(dict)
    for record in enriched:
        value = json.loads(record.value or b"{}")
        firsts[record.partition, value["author"]].setdefault(value["mention"]["mention_id"])
    for (_, author), ids in firsts.items():
        places = [place[name] for name in ids]
        assert places == sorted(places), author


def test_a_broker_that_is_killed_takes_nothing_with_it(
    cluster: Cluster, settings: Settings, tmp_path: Path
) -> None:
    customers, mentions = company()
    expected = expected_cases(build_stages(settings), customers, mentions)
    third = len(mentions) // 3
    check_topics(settings)
    workers = Workers(tmp_path / "listener.yaml")
    with ExitStack() as stack:
        stack.callback(workers.kill)
        with Publisher(settings.kafka, client_id="test") as publisher:
            for customer in customers:
                publisher.publish(CUSTOMERS.name, customer.customer_id, customer.to_json())
            publisher.flush()
            workers.look_after()
            publish(publisher, mentions[:third], workers)
            with TopicAdmin(settings.kafka) as admin:
                wait_until(
                    lambda: sum(admin.end_offsets([ENRICHED.name]).values()) > third // 2, 120, "work began"
                )
            victim = cluster.brokers[0]  # the first that everybody asks when connecting
            victim.kill()
            publish(publisher, mentions[third : 2 * third], workers)
            with TopicAdmin(settings.kafka) as admin:
                wait_until(
                    lambda: sum(admin.end_offsets([ENRICHED.name]).values()) > third, 120, "work went on"
                )
            victim.start()
            publish(publisher, mentions[2 * third :], workers)
        wait_idle(settings, workers)
        wait_for(expected, settings)
    check_replicas(cluster)
    raw = Counter(
        Mention.read(record.value or b"").mention_id for record in read_whole(settings.kafka, RAW.name)
    )
    assert raw == Counter(mention.mention_id for mention in mentions)
    enriched = list(read_whole(settings.kafka, ENRICHED.name))
    assert {json.loads(r.value or b"{}")["mention"]["mention_id"] for r in enriched} == set(raw)
    check_order(enriched, mentions)
    cases = newest_cases(settings)
    counted = Counter(contact["mention_id"] for case in cases.values() for contact in case["contacts"])
    assert set(counted.values()) == {1}
