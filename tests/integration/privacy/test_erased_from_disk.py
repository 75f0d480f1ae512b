"""Who is erased is on no disk any more, and does not come back: the real servers, searched byte by byte.

Nothing is compressed, and files are short, so that the search sees all there is, and sees it go. First it shows
that it finds the person.
"""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from listener.clickhouse.client import connect
from listener.domain.connector_state import ParkedItem
from listener.domain.mention import MentionDeleted
from listener.domain.response import Outcome
from listener.domain.topics import ALL, CHANGELOGS, OUTCOMES, PARKED, RAW
from listener.embedded.clickhouse import ClickHouseServer
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.connection import KafkaConnection
from listener.kafka.publish import Publisher
from running import running

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse]

HANDLE = "jane_quirk_4711"
NEEDLES = {
    "name": "Jane Quirk-Dörflinger",
    "handle": HANDLE,
    "e-mail": "jane.quirk@mailbox.example",
    "phone": "+4930901820077",
    "text": "my größter Koffer never arrived in Reykjavík",
}
NEIGHBOUR = "the neighbour waits for a pram since Tuesday"
KEPT_FOR_NOW_MS, SHORT_MS = 3_600_000, 1000
WAIT_SECONDS = 60.0
BROKER = {
    "log.retention.check.interval.ms": "500",
    "log.cleaner.backoff.ms": "300",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.index.size.max.bytes": "65536",
    "log.segment.delete.delay.ms": "200",
    "offsets.topic.num.partitions": "2",
}


def forms(needle: str) -> Iterator[bytes]:
    """How a text may stand in a file: as it is, escaped as in JSON, within base64, wherever it begins there."""
    plain = needle.encode()
    for form in {plain, json.dumps(needle)[1:-1].encode()}:
        yield form
        for shift in range(3):
            # the first and last characters depend on what stands beside it
            inner = base64.b64encode(b"\0" * shift + form)[4 if shift else 0 :]
            yield inner[: len(inner) // 4 * 4 - 4]


PATTERNS = {name: re.compile(b"|".join(map(re.escape, forms(needle)))) for name, needle in NEEDLES.items()}


def find(directory: Path) -> dict[str, set[str]]:
    """Needle to the files in which it stands."""
    found: dict[str, set[str]] = {}
    for path in directory.rglob("*"):
        try:
            content = path.read_bytes() if path.is_file() else b""
        except FileNotFoundError:
            continue
        for name, pattern in PATTERNS.items():
            if pattern.search(content):
                found.setdefault(name, set()).add(str(path.relative_to(directory)))
    return found


@pytest.mark.parametrize("form", ["plain", "escaped", "base64"])
def test_the_search_finds_every_form(tmp_path: Path, form: str) -> None:
    for name, needle in NEEDLES.items():
        for place in range(3):
            text = "x" * place + needle + " and more"
            content = {
                "plain": text.encode(),
                "escaped": json.dumps(text).encode(),
                "base64": base64.b64encode(text.encode()),
            }[form]
            (tmp_path / "file").write_bytes(content)
            assert name in find(tmp_path)


class Place:
    """An installation in one directory, its processes and its command line."""

    def __init__(self, directory: Path, kafka: KafkaServer, clickhouse: ClickHouseServer) -> None:
        self.directory = directory
        self.data = directory / "data"
        (self.data / "log").mkdir(parents=True)
        self.outside = Path(tempfile.mkdtemp(prefix="listener-outside-"))
        self.clickhouse_url = clickhouse.url
        self.connection = KafkaConnection(kafka.bootstrap_servers)
        self.environment = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "CLICKHOUSE_URL": clickhouse.url,
            "LISTENER_ERASURE_KEY": "a secret of the installation",
            "LISTENER_CONFIG": str(self.outside / "listener.yaml"),
            "LISTENER_DATA_DIR": str(self.data),
        }
        self.configure(KEPT_FOR_NOW_MS)

    def configure(self, retention_ms: int) -> None:
        short = {"compression.type": "uncompressed", "segment.ms": SHORT_MS, "file.delete.delay.ms": 200}
        compacted = short | {
            "max.compaction.lag.ms": SHORT_MS,
            "delete.retention.ms": SHORT_MS,
            "min.cleanable.dirty.ratio": 0.01,
        }
        topics = {
            topic.name: compacted
            if topic.cleanup_policy == "compact"
            else short | {"retention.ms": retention_ms}
            for topic in (*ALL, *CHANGELOGS)
        }
        config = {
            "kafka": {"partitions": 2, "topic_config": topics},
            # a sweep publishes something: between two of them there is time for nothing to be waiting
            "stream": {"session_timeout_seconds": 6, "sweep_seconds": 6},
            "log_mentions": True,
        }
        (self.outside / "listener.yaml").write_text(yaml.safe_dump(config))

    def run(self, *words: str, code: int = 0) -> str:
        done = subprocess.run(  # our own program
            [sys.executable, "-m", "listener", *words],
            env=self.environment,
            cwd=self.outside,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        logs = "\n".join(log.read_text()[-6000:] for log in (self.data / "log").glob("*.log"))
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}\n{logs}"
        return done.stdout + done.stderr

    def service(self, name: str, *argv: str) -> subprocess.Popen[bytes]:
        with (self.data / "log" / f"{name}.log").open("ab") as log:
            words = [sys.executable, *argv]
            return subprocess.Popen(
                words, env=self.environment, cwd=self.outside, stdout=log, stderr=log
            )  # ours

    def worker(self) -> subprocess.Popen[bytes]:
        script = Path(__file__).with_name("uncompressed_worker.py")
        return self.service("worker", str(script), "stream", "--worker", "1")

    def idle(self) -> None:
        self.run("doctor", "--wait-ready", "60", "--wait-idle", "200")


@pytest.fixture
def place(kafka_installed: None, clickhouse_installed: None) -> Iterator[Place]:
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="listener-erased-")))
        kafka = stack.enter_context(running(KafkaServer(directory / "kafka", free_port(), properties=BROKER)))
        clickhouse = stack.enter_context(
            running(ClickHouseServer(directory / "clickhouse", free_port(), "writer", "reader"))
        )
        made = Place(directory, kafka, clickhouse)
        made.run("topics")
        made.run("migrate")
        uncompress(made.clickhouse_url)
        yield made


def uncompress(url: str) -> None:
    """Codecs off."""
    client = connect(url)
    try:
        tables = (
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        )
        for (table,) in client.execute(tables):
            columns = (
                f"SELECT name, type FROM system.columns WHERE database = 'listener' AND table = '{table}'"
            )
            changes = [
                f"MODIFY COLUMN {name} {kind} CODEC(NONE)"
                for name, kind in client.execute(columns)
                if "String" in kind
            ]
            if changes:
                client.execute(f"ALTER TABLE {table} {', '.join(changes)}")
    finally:
        client.disconnect()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(60)


def write_files(place: Place) -> tuple[Path, Path]:
    now = datetime.now(UTC)
    rows = [
        {
            "id": f"{number}",
            "text": text,
            "at": (now - timedelta(hours=3 - number / 10)).isoformat(),
            "author": author,
            "shown": shown,
            "email": email,
            "phone": phone,
        }
        for number, (text, author, shown, email, phone) in enumerate(
            [
                (
                    f"Terrible: {NEEDLES['text']}!",
                    HANDLE,
                    NEEDLES["name"],
                    NEEDLES["e-mail"],
                    NEEDLES["phone"],
                ),
                (f"Still nothing, {NEEDLES['text']}", HANDLE, NEEDLES["name"], NEEDLES["e-mail"], ""),
                (f"My order is late, {NEIGHBOUR}", "bob", "Bob Neighbour", "bob@other.example", ""),
            ],
            1,
        )
    ]
    mentions = place.outside / "said.jsonl"
    mentions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    customers = place.outside / "customers.csv"
    customers.write_text(
        "customer_id,names,emails,phones,handles\n"
        f"C-JANE,{NEEDLES['name']},{NEEDLES['e-mail']},{NEEDLES['phone']},net:{HANDLE}\n"
        "C-BOB,Bob Neighbour,bob@other.example,,\n"
    )
    return mentions, customers


def import_both(place: Place, mentions: Path, customers: Path) -> str:
    said = place.run("customers", "import", str(customers))
    maps = {
        "id": "id",
        "text": "text",
        "occurred_at": "at",
        "author": "author",
        "author_name": "shown",
        "name": "shown",
        "email": "email",
        "phone": "phone",
    }
    options = [word for field, column in maps.items() for word in ("--map", f"{field}={column}")]
    return said + place.run("import", str(mentions), "--source", "net", "--live", *options)


def publish_the_rest(place: Place) -> None:
    """What no command writes: what waits for its original, an outcome, and what cannot be read."""
    deleted = MentionDeleted(
        mention_id="net:9",
        native_id="9",
        source="net",
        source_kind="net",
        author=f"net:{HANDLE}",
        deleted_at=datetime.now(UTC),
        received_at=datetime.now(UTC),
    )
    parked = ParkedItem(awaits="net:9", items=(json.loads(deleted.to_json()),), at=datetime.now(UTC))
    outcome = Outcome(
        outcome_id="o-1", customer_id="C-JANE", kind="csat", value=1.0, occurred_at=datetime.now(UTC)
    )
    with Publisher(place.connection, client_id="test") as out:
        out.publish(PARKED.name, "net net:9", parked.to_json())
        out.publish(OUTCOMES.name, "C-JANE", outcome.to_json())
        out.publish(RAW.name, f"net:{HANDLE}", json.dumps({"broken": NEEDLES["text"]}).encode())
        out.flush()


def wait_for(what: Callable[[], object], seconds: float = WAIT_SECONDS) -> object:
    """The first answer that is empty, or the last one."""
    deadline = time.monotonic() + seconds
    while (found := what()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def test_nothing_of_an_erased_person_stays_or_comes_back(place: Place) -> None:
    worker = place.worker()
    sink = place.service("sink", "-m", "listener", "sink", "clickhouse")
    try:
        files = write_files(place)
        import_both(place, *files)
        publish_the_rest(place)
        place.idle()
        place.run(
            "link",
            "confirm",
            f"net:{HANDLE}",
            "C-JANE",
            "--by",
            "K",
            "--evidence",
            f"called {NEEDLES['phone']}",
        )
        words = ("--author", f"net:{HANDLE}", "--kind", "answered", "--by", "K", "--channel", "email")
        place.run("respond", "--contact", "net:1", *words, "--text", f"Dear {NEEDLES['name']}")
        place.idle()

        before = find(place.directory)
        assert set(before) == set(NEEDLES)
        for part in ("kafka", "clickhouse", "data/stream"):
            assert any(path.startswith(part) for paths in before.values() for path in paths), part

        exported = place.run("privacy", "export", "--customer", "C-JANE")
        lines = [json.loads(line) for line in exported.splitlines() if line.startswith("{")]
        assert lines[0]["value"]["authors"] == [f"net:{HANDLE}"]
        held = {line["place"] for line in lines}
        assert held > {
            "topic mentions.raw",
            "topic mentions.enriched",
            "topic mentions.dead",
            "topic customers",
            "topic links",
            "topic parties",
            "topic triage",
            "topic connector.index",
            "topic connector.parked",
            "topic listener-ledger-changelog",
            "topic listener-triage-changelog",
            "table mentions",
            "table cases",
            "table customers",
            "table outcomes",
            "table responses",
        }
        assert "log worker.log" in held, "ids of mentions"
        assert all(needle in exported for needle in NEEDLES.values())
        assert NEIGHBOUR not in exported
        assert "nothing was erased" in place.run("privacy", "erase", "--customer", "C-JANE")
        assert set(find(place.directory)) == set(NEEDLES)

        certificate = place.outside / "certificate.json"
        how = ("--customer", "C-JANE", "--by", "K. Agent", "--yes", "--certificate", str(certificate))
        place.run("privacy", "erase", *how, "--wait", "60")
        told = json.loads(certificate.read_text())
        assert told["complete"]
        assert not any(pattern.search(certificate.read_bytes()) for pattern in PATTERNS.values())
        assert {entry["place"] for entry in told["places"]} > {f"topic {topic.name}" for topic in ALL}

        place.configure(SHORT_MS)
        place.run("topics", "--apply")
        assert not wait_for(lambda: find(place.directory))
        client = connect(place.clickhouse_url)
        assert client.execute("SELECT count() FROM current_mentions WHERE position(text, 'pram') > 0") == [
            (1,)
        ]
        assert client.execute("SELECT count(), any(customer_id) FROM current_cases") == [(1, "C-BOB")]
        client.disconnect()

        said = import_both(place, *files)
        assert "erased=2" in said
        assert "erased=1" in said
        place.idle()
        stop(worker)
        worker = place.worker()
        place.idle()
        assert not wait_for(lambda: find(place.directory))
        assert "0 things are held" in place.run("privacy", "export", "--customer", "C-JANE", "--preview")
    finally:
        for process in (worker, sink):
            stop(process)
