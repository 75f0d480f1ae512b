"""The helpdesk's example on a real Kafka: out of order, repeated, superseded, imported, gone."""

import importlib.util
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer

from listener import examples
from listener.domain.case import Case, CaseState
from listener.domain.topics import TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection

SCRIPT = Path(__file__).parents[2] / "examples" / "helpdesk_consumer.py"
MAX_LINES = 60
END = "K-END"


def load_desk() -> Any:
    """A desk of the example, which is a script and no module of a package."""
    spec = importlib.util.spec_from_file_location("helpdesk_consumer", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Desk()


def snapshot(
    case_id: str, version: int, state: CaseState = "new", by: str | None = None, **more: Any
) -> tuple[str, bytes]:
    """A record of `triage` as the product writes it."""
    example = examples.examples()[Case]
    assert isinstance(example, Case)
    case = example.model_copy(
        update={"case_id": case_id, "version": version, "state": state, "superseded_by": by, **more}
    )
    return case_id, case.to_json()


LIVE = snapshot("K-B", 1)
MERGED = [snapshot("K-A", 7, supersedes=("K-B",)), snapshot("K-B", 2, "superseded", "K-A")]
CHAIN = [
    snapshot("K-3", 1),
    snapshot("K-3", 2, "superseded", "K-2"),
    snapshot("K-2", 1, supersedes=("K-3",)),
    snapshot("K-2", 2, "superseded", "K-1"),
    snapshot("K-1", 1, supersedes=("K-2", "K-3")),
    snapshot("K-9", 5, "resolved"),
    snapshot("K-8", 1, historical=True),
    snapshot("K-7", 1),
    snapshot("K-7", 2, "superseded"),
]


def test_it_is_short_enough_to_be_read() -> None:
    assert len(SCRIPT.read_text().splitlines()) <= MAX_LINES


@given(
    st.lists(st.sampled_from(CHAIN), max_size=12).flatmap(lambda repeats: st.permutations(repeats + CHAIN))
)
def test_the_same_tickets_remain_whatever_the_order_and_however_often(
    records: list[tuple[str, bytes]],
) -> None:
    desk = load_desk()
    for case_id, value in records:
        desk.take(case_id, json.loads(value))
    assert set(desk.tickets) == {"K-1", "K-9"}
    assert desk.cases["K-1"]["version"] == 1


def test_a_rename_never_opens_a_second_ticket() -> None:
    for records in itertools.permutations(MERGED):
        desk = load_desk()
        desk.take(LIVE[0], json.loads(LIVE[1]))
        for case_id, value in records:
            desk.take(case_id, json.loads(value))
        assert desk.tickets == {"K-A": 1}
        assert desk.opened == 1


def test_a_case_that_comes_back_after_a_wrong_link_has_a_ticket_again() -> None:
    desk = load_desk()
    for case_id, value in [LIVE, *MERGED, snapshot("K-B", 3), snapshot("K-A", 8)]:
        desk.take(case_id, json.loads(value))
    assert set(desk.tickets) == {"K-A", "K-B"}
    assert desk.tickets["K-A"] != desk.tickets["K-B"]


@pytest.fixture
def connection(kafka_installed: None, tmp_path: Path) -> Iterator[KafkaConnection]:
    """A broker of its own, since the topic's name is fixed. One partition, so that the order is known."""
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        connection = KafkaConnection(server.bootstrap_servers)
        with TopicAdmin(connection) as admin:
            admin.create(plan([TRIAGE], 1, 1, {}))
        yield connection
    finally:
        server.stop(timeout_seconds=10)


@pytest.mark.kafka
def test_what_it_prints_on_a_real_topic(connection: KafkaConnection) -> None:
    records: list[tuple[str, bytes | None]] = [
        LIVE,
        snapshot("K-C", 3, "waiting_for_us", queue="safety", priority=90),
        snapshot("K-C", 2, "new", queue="unclear", priority=10),
        snapshot("K-C", 3, "waiting_for_us", queue="safety", priority=90),
        snapshot("K-D", 1, historical=True),
        *reversed(MERGED),
        ("K-C", None),
        snapshot("K-C", 3, "waiting_for_us", queue="safety", priority=90),
        snapshot(END, 1),
    ]
    producer = KafkaProducer(**connection.kafka_python())
    for case_id, value in records:
        producer.send(TRIAGE.name, key=case_id.encode(), value=value)
    producer.flush()
    producer.close()
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), connection.bootstrap_servers], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:  # pytest-timeout ends it if the last one never comes
            if END in line:
                break
            lines.append(line.rstrip())
    finally:
        process.kill()
        process.wait()
    due = "due 2026-03-02T17:15:00.000Z"
    assert lines == [
        f"ticket 1: K-B new in complaints, priority 60, {due}",
        f"ticket 2: K-C waiting_for_us in safety, priority 90, {due}",
        "ticket 1: now K-A",
        f"ticket 1: K-A new in complaints, priority 60, {due}",
        "ticket 2: archived",
    ]
