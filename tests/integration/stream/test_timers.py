"""Timers on a real Kafka, in simulated time: a breach is raised once, never falsely, whatever is killed."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from integration.stream.timed_worker import DIED, PARTITIONS
from listener.domain.case import Case
from listener.domain.clock import ClockTick
from listener.domain.governance import Alert
from listener.domain.topics import ALERTS, ALL, CLOCK, RESPONSES, STREAM_GROUP, TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import free_port
from listener.health import lags
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from stream import offline
from stream.enrichment.customer_match import CustomerIndex
from stream.ledger.ledger import Ledger, Recorded, key_of
from stream.triage.policy import default_policy
from stream.triage.triage import Triage
from unit.stream.worlds import TaggedTexts, at, mention, response

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(300)]

SCRIPT = Path(__file__).with_name("timed_worker.py")
TESTS = Path(__file__).parents[2]
FIRST = "first_response"
WAIT_SECONDS = 90


class Installation:
    """A broker with the product's topics, and one worker at a time."""

    def __init__(self, connection: KafkaConnection, directory: Path) -> None:
        self.connection = connection
        self.directory = directory
        self.worker: subprocess.Popen[bytes] | None = None
        self.out = Publisher(connection, client_id="test")

    def start(self, die_after_sends: int | None = None) -> None:
        argv = [
            sys.executable,
            str(SCRIPT),
            self.connection.bootstrap_servers,
            str(self.directory / "worker"),
        ]
        argv += [str(free_port())] + ([] if die_after_sends is None else [str(die_after_sends)])
        with (self.directory / "log").open("ab") as log:
            path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
            self.worker = subprocess.Popen(
                argv, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": path}
            )

    def kill(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    def tick(self, moment: datetime) -> None:
        self.out.publish(CLOCK.name, None, ClockTick(at=moment).to_json())
        self.out.flush()

    def put(self, *values: Recorded) -> None:
        for value in values:
            self.out.publish(offline.topic_of(value), key_of(value), value.to_json())
        self.out.flush()

    def cases(self) -> dict[str, Case]:
        newest: dict[str, Case] = {}
        for record in read_whole(self.connection, TRIAGE.name):
            case = Case.read(record.value or b"")
            if case.case_id not in newest or newest[case.case_id].version <= case.version:
                newest[case.case_id] = case
        return newest

    def alerts(self) -> list[Alert]:
        return [Alert.read(record.value or b"") for record in read_whole(self.connection, ALERTS.name)]

    def breaches(self) -> list[Alert]:
        """Of first responses."""
        found = self.alerts()
        return [alert for alert in found if (alert.kind, alert.clock) == ("breach", FIRST)]

    def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            assert self.worker is not None
            assert self.worker.poll() is None, f"the worker ended:\n{(self.directory / 'log').read_text()}"
            assert time.monotonic() < deadline, (
                f"waited {WAIT_SECONDS} s for: {what}\n{(self.directory / 'log').read_text()}"
            )
            time.sleep(0.3)

    def until_idle(self) -> None:
        """Everything is processed, and nothing has come of it for a while that would be processed again."""
        with TopicAdmin(self.connection) as admin:

            def idle() -> bool:
                [lag] = lags(admin, {STREAM_GROUP: [*Ledger.topics, *Triage.topics]})
                return lag.records == 0

            self.until(idle, "nothing to be left to process")


@pytest.fixture
def installation(kafka_installed: None, tmp_path: Path) -> Iterator[Installation]:
    server = KafkaServer(tmp_path / "kafka", free_port())
    server.start()
    try:
        server.wait_ready()
        connection = KafkaConnection(server.bootstrap_servers)
        with TopicAdmin(connection) as admin:
            admin.create(plan(ALL, PARTITIONS, 1, {}))
        made = Installation(connection, tmp_path)
        try:
            yield made
        finally:
            made.out.close()
            made.kill()
    finally:
        server.stop(timeout_seconds=10)


def test_a_breach_is_raised_once_and_withdrawn_by_a_late_answer(installation: Installation) -> None:
    said = mention("1", "complaint cause-a", 0, "x:someone")
    installation.tick(at(0))
    installation.put(said)
    installation.start()
    installation.until(installation.cases, "the case")
    assert installation.breaches() == []
    # due while nothing runs
    installation.kill()
    installation.tick(at(300))
    installation.start()
    installation.until(installation.breaches, "the breach")
    # time is told again, goes back, and all starts anew
    for hours in (300, 2, 300):
        installation.tick(at(hours))
    installation.until_idle()
    installation.kill()
    installation.start()
    installation.put(mention("2", "complaint cause-b", 299, "x:else"))
    installation.until(lambda: len(installation.cases()) == 2, "another case")
    installation.until_idle()
    [alert] = installation.breaches()
    [case] = [case for case in installation.cases().values() if case.anchor == "x:1"]
    assert (alert.subject, alert.anchor, alert.withdrawn) == (case.case_id, "x:1", False)
    assert [clock.state for clock in case.clocks if clock.kind == FIRST] == ["breached"]
    # an answer of then is told only now
    installation.put(response("r1", "1", "x:someone", 1))
    installation.until(lambda: installation.breaches()[-1].withdrawn, "the alert to be withdrawn")
    [case] = [case for case in installation.cases().values() if case.anchor == "x:1"]
    assert [clock.state for clock in case.clocks if clock.kind == FIRST] == ["met"]
    assert {alert.alert_id for alert in installation.breaches()} == {alert.alert_id}


def test_an_answer_that_waits_in_the_log_is_not_overtaken(installation: Installation) -> None:
    installation.tick(at(0))
    installation.put(mention("1", "complaint cause-a", 0, "x:someone"))
    installation.start()
    installation.until(installation.cases, "the case")
    installation.kill()
    for number in range(8000):  # what a worker is busy with for many looks of the timers
        other = response(f"other-{number}", None, f"x:other-{number}", 1)
        installation.out.publish(RESPONSES.name, other.author, other.to_json())
    installation.put(response("r1", "1", "x:someone", 1))
    installation.tick(at(300))
    installation.start()
    installation.until(
        lambda: all(case.responses for case in installation.cases().values()), "the answer to be processed"
    )
    # a later mention is breached by its timer, so timers do run
    installation.put(mention("2", "complaint cause-b", 290, "x:else"))
    installation.tick(at(600))
    installation.until(installation.breaches, "the breach of another clock")
    installation.until_idle()
    assert {alert.anchor for alert in installation.breaches()} == {"x:2"}


def test_a_worker_that_dies_after_any_step_leaves_the_same_end(installation: Installation) -> None:
    values: list[Recorded] = [
        mention(f"{number}", f"complaint cause-{number % 3}", number * 2.0, f"x:author-{number % 5}")
        for number in range(12)
    ]
    values += [response("r0", "0", "x:author-0", 1), response("r1", "6", "x:author-1", 300)]
    rounds = (1, 2, 3, 4, 6)
    for number, sends in enumerate(rounds):
        installation.put(*values[number :: len(rounds)])
        installation.start(sends)
        assert installation.worker is not None
        installation.tick(at(30 + 40 * sends))
        deadline = time.monotonic() + WAIT_SECONDS
        while installation.worker.poll() is None and time.monotonic() < deadline:
            time.sleep(0.2)
        assert installation.worker.poll() == DIED
    installation.start()
    installation.tick(at(600))
    alone = CustomerIndex()
    expected = offline.run(values, Ledger(TaggedTexts(), alone), Triage(default_policy(), alone), at(600))
    wanted = {name: (case.state, _clocks(case)) for name, case in expected.cases.items()}

    def found() -> bool:
        cases = installation.cases().items()
        return {name: (case.state, _clocks(case)) for name, case in cases} == wanted

    installation.until(found, "the cases of a run without Kafka")
    installation.until_idle()
    newest = {alert.alert_id: alert for alert in installation.alerts()}
    standing = {name: alert for name, alert in newest.items() if not alert.withdrawn}
    assert standing == {name: alert for name, alert in expected.alerts.items() if not alert.withdrawn}
    assert any(alert.kind == "breach" for alert in standing.values())


def _clocks(case: Case) -> Counter[tuple[str, str, str]]:
    return Counter((clock.kind, clock.anchor, clock.state) for clock in case.clocks)
