"""`listener sink clickhouse` as a process, on a Kafka and a ClickHouse of its own: killed, starved, poisoned."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from clickhouse_driver import Client

from listener.clickhouse.client import LOST_CONNECTION, connect
from listener.clickhouse.migrate import migrate
from listener.domain import topics
from listener.domain.enriched import EnrichedMention
from listener.domain.party import PartyOf
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.examples import examples
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(600)]

AUTHORS = 500
CAUSES = ("late", "lost", "rude", "price")


class Company:
    """Servers with topics and tables, and sinks that are ended with the test."""

    def __init__(self, directory: Path) -> None:
        self.kafka = KafkaServer(directory / "kafka", free_port())
        self.clickhouse = ClickHouseServer(directory / "clickhouse", free_port(), "writer-pw", "reader-pw")
        self.connection = KafkaConnection(self.kafka.bootstrap_servers)
        self.directory = directory
        self.sinks: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.kafka.start()
        self.clickhouse.start()
        self.kafka.wait_ready()
        self.clickhouse.wait_ready()
        with TopicAdmin(self.connection) as admin:
            admin.create(plan(topics.ALL, 4, 1, {}))
        migrate(self.clickhouse.url)

    def stop(self) -> None:
        for sink in self.sinks:
            if sink.poll() is None:
                sink.kill()
                sink.wait()
        self.clickhouse.stop()
        self.kafka.stop()

    @property
    def client(self) -> Client:
        return connect(self.clickhouse.url)

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "CLICKHOUSE_URL": self.clickhouse.url,
        }

    def rewind(self, *options: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "listener", "rewind", "clickhouse", *options]
        return subprocess.run(
            argv, env=self.environment, cwd=self.directory, capture_output=True, text=True, check=False
        )

    def start_sink(
        self, *options: str, program: Sequence[str] = ("-m", "listener")
    ) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            argv = [sys.executable, *program, "sink", "clickhouse", *options]
            sink = subprocess.Popen(argv, env=self.environment, stderr=log, cwd=self.directory)
        self.sinks.append(sink)
        return sink

    @property
    def log(self) -> Path:
        return self.directory / "sink.log"

    def publish(self, kind: str, numbers: range) -> None:
        """Mentions of a kind of source, so that no two tests count the same."""
        base = examples()[EnrichedMention]
        value = orjson.loads(base.to_json())
        with Publisher(self.connection, client_id="test") as publisher:
            for number in numbers:
                author = f"{kind}:user{number * 7919 % AUTHORS}"
                value["mention"] |= {"mention_id": f"{kind}:{number}", "author": author, "source_kind": kind}
                value |= {"author": author, "party": f"a:{author}", "epoch": 1}
                value["enrichment"]["root_causes"] = [
                    {"node": f"{kind}-{CAUSES[number % 4]}", "owner": "o", "score": 0.5}
                ]
                publisher.publish(topics.ENRICHED.name, value["party"], orjson.dumps(value))
            publisher.flush()

    def stored(self, kind: str) -> int:
        """Distinct mentions of a kind; none while ClickHouse is away."""
        try:
            found = self.client.execute(
                "SELECT uniqExact(mention_id) FROM mentions WHERE source_kind = %(kind)s", {"kind": kind}
            )
        except LOST_CONNECTION:
            return 0
        return int(found[0][0])

    def figures(self, kind: str) -> list[tuple[str, int, int]]:
        """Cause, parties and mentions."""
        rows = self.client.execute(
            "SELECT cause, parties, mentions FROM root_causes(since = '2020-01-01', until = '2030-01-01') "
            "WHERE startsWith(cause, %(kind)s) ORDER BY cause",
            {"kind": f"{kind}-"},
        )
        return [tuple(row) for row in rows]

    def wait_for_figures(self, kind: str, count: int) -> None:
        """Of so many mentions: reports count them a moment after they are stored."""
        wanted = self.expected(kind, count)
        wait_until(self, lambda: self.figures(kind) == wanted)

    def expected(self, kind: str, count: int) -> list[tuple[str, int, int]]:
        """The figures of `publish`, counted by hand."""
        found = []
        for number, cause in enumerate(CAUSES):
            mentions = range(number, count, 4)
            parties = {mention * 7919 % AUTHORS for mention in mentions}
            found.append((f"{kind}-{cause}", len(parties), len(mentions)))
        return sorted(found)


@pytest.fixture(scope="module")
def company(kafka_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    made = Company(tmp_path_factory.mktemp("sink"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(autouse=True)
def no_sink_is_left(company: Company) -> Iterator[None]:
    yield
    for sink in company.sinks:
        if sink.poll() is None:
            sink.terminate()
            sink.wait(60)
    company.sinks.clear()


def wait_until(company: Company, what: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, company.log.read_text()[-4000:]
        time.sleep(0.1)


def test_killed_in_the_middle_it_ends_with_the_same_figures(company: Company) -> None:
    company.publish("killed", range(20_000))
    for stored_before_the_kill in (1, 6_000):
        sink = company.start_sink("--batch-records", "1000")
        wait_until(company, lambda least=stored_before_the_kill: company.stored("killed") >= least)  # type: ignore[misc]
        assert sink.poll() is None
        sink.kill()
        sink.wait()
    assert company.stored("killed") < 20_000, "it was killed in the middle"
    company.start_sink()  # in a batch so large that two processes make its rows
    company.wait_for_figures("killed", 20_000)


def test_a_clickhouse_that_is_away_is_waited_for_without_leaving_the_group(company: Company) -> None:
    company.publish("away", range(1000))
    sink = company.start_sink("--batch-records", "500", "--batch-wait-seconds", "0.2")
    wait_until(company, lambda: company.stored("away") == 1000)
    company.clickhouse.stop()
    said = company.log.stat().st_size
    company.publish("away", range(1000, 4000))
    company.publish("away", range(500))
    wait_until(company, lambda: b"cannot be reached" in company.log.read_bytes()[said:])
    time.sleep(15)  # longer than the session timeout: a member that stood still would be out of the group
    assert sink.poll() is None
    company.clickhouse.start()
    company.clickhouse.wait_ready()
    company.wait_for_figures("away", 4000)
    new = company.log.read_text()[said:]
    assert "were not committed" not in new
    assert "writer-pw" not in new
    assert sink.poll() is None


def test_a_kafka_that_is_away_is_waited_for(company: Company) -> None:
    company.publish("broken", range(500))
    sink = company.start_sink("--batch-wait-seconds", "0.2")
    wait_until(company, lambda: company.stored("broken") == 500)
    for _ in range(2):
        company.kafka.stop()
        time.sleep(3)  # how long it is away
        company.kafka.start()
        company.kafka.wait_ready()
    company.publish("broken", range(500, 700))
    wait_until(company, lambda: company.stored("broken") == 700)
    assert sink.poll() is None
    company.wait_for_figures("broken", 700)


def test_a_consumer_that_died_silently_ends_the_process_and_its_successor_goes_on(company: Company) -> None:
    company.publish("deaf", range(100))
    said = company.log.stat().st_size if company.log.exists() else 0
    sink = company.start_sink(
        "--stall-seconds", "25", program=[str(Path(__file__).with_name("deaf_sink.py"))]
    )
    wait_until(company, lambda: company.stored("deaf") == 100)
    wait_until(company, lambda: "deaf now" in company.log.read_text()[said:])
    company.publish("deaf", range(100, 200))
    assert sink.wait(120) == 1
    new = company.log.read_text()[said:]
    assert "Error: Nothing was read for" in new
    assert "Traceback" not in new
    company.start_sink()
    wait_until(company, lambda: company.stored("deaf") == 200)


def test_poison_is_in_the_dead_letters_with_its_origin_and_the_rest_is_stored(company: Company) -> None:
    poison = b'{"kind": "enriched", "schema_version": 1, "party": 7}'
    with Publisher(company.connection, client_id="test") as publisher:
        publisher.publish(topics.ENRICHED.name, "poison", poison)
        publisher.publish(topics.TRIAGE.name, "K-1", b"\xff\x00")
        publisher.publish(topics.DEAD.name, None, b"not from us")
        publisher.flush()
    company.publish("poisoned", range(100))
    company.start_sink("--batch-wait-seconds", "0.2")
    wait_until(company, lambda: company.stored("poisoned") == 100)

    def letters() -> list[tuple[str, str, str, int]]:
        return [
            tuple(row)
            for row in company.client.execute(
                "SELECT stage, splitByChar('[', origin)[1], reason, size FROM current_dead_letters ORDER BY 1, 2"
            )
        ]

    wait_until(company, lambda: len(letters()) == 3)
    assert letters() == [
        ("clickhouse", "mentions.enriched", "invalid", len(poison)),
        ("clickhouse", "triage", "not-json", 2),
        ("unknown", "mentions.dead", "foreign", 11),
    ]


def test_told_to_stop_it_commits_and_leaves_so_that_its_successor_begins_at_once(company: Company) -> None:
    company.publish("stopped", range(3000))
    first = company.start_sink("--batch-records", "500")
    wait_until(company, lambda: company.stored("stopped") >= 500)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    company.publish("stopped", range(3000, 3100))
    company.start_sink()
    wait_until(company, lambda: company.stored("stopped") == 3100)
    company.client.execute("OPTIMIZE TABLE mentions FINAL")
    company.wait_for_figures("stopped", 3100)


def test_two_sinks_share_the_work(company: Company) -> None:
    for _ in range(2):
        company.start_sink("--batch-records", "500", "--batch-wait-seconds", "0.2")
    company.publish("shared", range(5000))
    with Publisher(company.connection, client_id="test") as publisher:
        for number in range(AUTHORS):
            author = f"shared:user{number}"
            at = examples()[EnrichedMention].mention.received_at  # type: ignore[attr-defined]
            move = PartyOf(author=author, party=f"c:shared{number // 2}", epoch=2, at=at)
            publisher.publish(topics.PARTIES.name, author, move.to_json())
        publisher.flush()
    wait_until(company, lambda: company.stored("shared") == 5000)
    halves = [len({n * 7919 % AUTHORS // 2 for n in range(start, 5000, 4)}) for start in range(4)]
    wait_until(company, lambda: [row[1] for row in company.figures("shared")] == sorted_by_cause(halves))


def sorted_by_cause(figures: list[int]) -> list[int]:
    """Figures in the order of CAUSES in the order of their names."""
    return [figure for _, figure in sorted(zip(CAUSES, figures, strict=True))]


def test_without_a_schema_it_ends_and_says_what_to_do(company: Company) -> None:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": company.kafka.bootstrap_servers,
        "CLICKHOUSE_URL": company.clickhouse.url.rsplit("/", 1)[0] + "/nothing_here",
    }
    argv = [sys.executable, "-m", "listener", "sink", "clickhouse"]
    ended = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=60, cwd=company.directory
    )
    assert ended.returncode == 1
    assert "listener migrate" in ended.stderr
    assert "writer-pw" not in ended.stderr


def test_tables_that_are_lost_are_filled_again_from_the_topics(company: Company) -> None:
    company.publish("again", range(2000))
    sink = company.start_sink()
    wait_until(company, lambda: company.stored("again") == 2000)
    refused = company.rewind()
    assert refused.returncode == 2
    assert "stop all its processes first" in refused.stderr
    sink.terminate()
    assert sink.wait(60) == 0
    company.client.execute("DROP DATABASE listener")
    migrate(company.clickhouse.url)
    moment = datetime.now(UTC)
    company.publish("after", range(40))

    done = company.rewind("--to", moment.isoformat())
    assert "will read 40 records again" in done.stderr
    assert "will read 0 records again" in company.rewind("--to", "2100-01-01").stderr
    assert company.rewind().returncode == 0
    company.start_sink()
    # what reports count comes a moment after the rows
    company.wait_for_figures("again", 2000)
    assert company.stored("again") == 2000
