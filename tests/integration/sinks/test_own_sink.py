"""The example of docs/write-your-own-sink.md: a package beside ours, found by its entry point, on a real Kafka."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from listener.bootstrap import own_sink_name, sink_group
from listener.domain.case import Case
from listener.domain.dead_letter import DeadLetter
from listener.domain.topics import DEAD, TRIAGE
from listener.examples import examples
from listener.kafka.admin import TopicAdmin
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from own_package import EXAMPLES, MAX_LINES, install

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]
EXAMPLE = EXAMPLES / "own_sink"
PAGE = EXAMPLES.parent / "docs" / "write-your-own-sink.md"
SINK = own_sink_name("wallboard")
WAIT_SECONDS = 90.0


@pytest.fixture
def start(connection: KafkaConnection, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts the sink as the page configures it."""
    packages = tmp_path / "packages"
    packages.mkdir()
    install(EXAMPLE, packages)
    [configuration] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "listener.yaml").write_text(re.sub("^   ", "", configuration, flags=re.MULTILINE))
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": connection.bootstrap_servers,
        "PYTHONPATH": os.pathsep.join([str(packages), str(EXAMPLE), os.environ.get("PYTHONPATH", "")]),
    }

    def run(*options: str) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "listener", "sink", SINK, *options]
        return subprocess.Popen(
            argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    return run


def test_the_example_is_short() -> None:
    assert len((EXAMPLE / "own_sink.py").read_text().splitlines()) <= MAX_LINES


def test_it_stores_the_newest_of_each_case_and_forgets_what_is_to_be_forgotten(
    start: Callable[..., subprocess.Popen[str]], connection: KafkaConnection, tmp_path: Path
) -> None:
    checked = start("--check")
    told, _ = checked.communicate(timeout=WAIT_SECONDS)
    assert (checked.returncode, told) == (0, f"sink {SINK}: goes to a sink of the kind casebook\n")

    case = examples()[Case]
    assert isinstance(case, Case)
    newer = case.model_copy(update={"version": case.version + 1, "state": "resolved"})
    gone = case.model_copy(update={"case_id": "K-GONE"})
    with Publisher(connection, client_id="test") as publisher:
        for key, value in (
            (case.case_id, newer.to_json()),
            (case.case_id, case.to_json()),
            (gone.case_id, gone.to_json()),
            (gone.case_id, None),
            ("K-BAD", b"{}"),
        ):
            publisher.publish(TRIAGE.name, key, value)
        publisher.flush()
    sink = start()
    with TopicAdmin(connection) as admin:
        deadline = time.monotonic() + WAIT_SECONDS
        while sum(admin.committed_offsets(sink_group(SINK)).values()) < 5:
            assert time.monotonic() < deadline
            assert sink.poll() is None
            time.sleep(0.1)
    sink.terminate()
    _, said = sink.communicate(timeout=WAIT_SECONDS)
    assert sink.returncode == 0, said
    with closing(sqlite3.connect(tmp_path / "cases.db")) as database:
        rows = database.execute("SELECT case_id, version, state FROM cases").fetchall()
    assert rows == [(newer.case_id, newer.version, newer.state)]
    [letter] = read_whole(connection, DEAD.name)
    assert DeadLetter.from_headers(letter.headers).stage == SINK
