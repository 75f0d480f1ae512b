"""`listener topics` and `listener doctor` on a real broker whose topics are not as configured."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from listener.bootstrap import topic_plans
from listener.bootstrap_stages import run_stream_worker
from listener.cli.main import main
from listener.domain.errors import UsageError
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import Difference, TopicAdmin
from listener.settings import Settings, load_settings

pytestmark = pytest.mark.kafka

CONFIG = """
kafka:
  partitions: 2
  topic_config:
    mentions.raw: {retention.ms: 604800000}
    mentions.dead: {max.message.bytes: 12000000}
    listener-ledger-changelog: {min.compaction.lag.ms: 60000}
"""


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def server(kafka_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker of this module's own, since the product's topics have fixed names."""
    server = KafkaServer(tmp_path_factory.mktemp("broker") / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop(timeout_seconds=10)


@pytest.fixture
def settings(server: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Those of the configuration in the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", server.bootstrap_servers)
    Path("listener.yaml").write_text(CONFIG)
    return load_settings(None, None)


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """Runs the command line."""

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["listener", *arguments])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        return Result(code, *capsys.readouterr())

    return run


def differences(settings: Settings) -> list[Difference]:
    with TopicAdmin(settings.kafka) as admin:
        return admin.differences(topic_plans(settings))


def test_what_differs_is_told_and_what_can_be_set_is_set(
    settings: Settings, listener: Callable[..., Result]
) -> None:
    before = listener("topics", "--check")
    assert before.code == 1
    assert "mentions.raw: missing; `listener topics` creates it" in before.err
    assert "listener-triage-changelog: missing" in before.err

    # somebody made some of them by hand
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap_servers)
    admin.create_topics(
        [
            NewTopic(
                "mentions.raw", 2, 1, topic_configs={"retention.ms": "1000", "max.message.bytes": "1000"}
            ),
            NewTopic("triage", 2, 1, topic_configs={"max.message.bytes": "8388608"}),
            NewTopic("listener-ledger-changelog", 2, 1, topic_configs={"max.message.bytes": "1000"}),
            NewTopic("responses", 5, 1, topic_configs={"retention.ms": "2592000000"}),
        ]
    )
    admin.close()
    created = listener("topics")
    assert created.code == 1
    assert "created mentions.dead" in created.out
    for line in (
        "mentions.raw: retention.ms is 1000, 604800000 is configured; `listener topics --apply` sets it",
        "mentions.raw: max.message.bytes is 1000, 4194304 is configured; `listener topics --apply` sets it",
        "triage: cleanup.policy is delete, compact is configured; `listener topics --apply` sets it",
        "listener-ledger-changelog: cleanup.policy is delete, compact is configured",
        "listener-ledger-changelog: max.message.bytes is 1000, 8388608 is configured",
        "listener-ledger-changelog: min.compaction.lag.ms is 0, 60000 is configured",
        "responses: has 5 partitions, 2 are configured; the count is fixed for an installation with state",
    ):
        assert line in created.err
    assert "mentions.dead" not in created.err, "made as configured"

    doctor = listener("doctor")
    assert doctor.code == 1
    assert "NOT  topics: triage: cleanup.policy is delete, compact is configured" in doctor.out

    applied = listener("topics", "--apply")
    assert applied.code == 1, "partitions cannot be mended so"
    assert "changed mentions.raw: retention.ms is 1000, 604800000 is configured" in applied.out
    deadline = time.monotonic() + 30
    while len(left := differences(settings)) != 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [(found.topic, found.kind) for found in left] == [("responses", "partitions")]
    with pytest.raises(UsageError, match="responses: has 5 partitions, 2 are configured"):
        run_stream_worker(settings, "1", None)


def test_more_replicas_than_the_topics_have_are_told(
    settings: Settings, listener: Callable[..., Result]
) -> None:
    listener("topics")
    Path("listener.yaml").write_text("kafka: {partitions: 2, replication_factor: 3}\n")
    found = listener("topics", "--check")
    assert found.code == 1
    assert "triage: is kept 1 times, kafka.replication_factor is 3" in found.err
    assert "triage: min.insync.replicas is 1, 2 is configured" in found.err
    assert listener("topics", "--check", "--apply").code == 2
