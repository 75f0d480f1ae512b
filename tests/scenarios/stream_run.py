"""Scenarios through the real stream: a Kafka of their own, real workers, simulated time, kill -9 in between."""

import functools
import os
import random
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path

import yaml

from listener.bootstrap import consumer_groups
from listener.chaos.crew import NOW_METRIC, product_worker
from listener.domain.case import Case
from listener.domain.clock import ClockTick
from listener.domain.errors import NotReady
from listener.domain.governance import Alert
from listener.domain.topics import ALERTS, ALL, CHANGELOGS, CLOCK, CUSTOMERS, STREAM_GROUP, TRIAGE
from listener.embedded.kafka import KafkaServer
from listener.embedded.ports import LOOPBACK, free_port
from listener.embedded.process import ChildProcess
from listener.health import Lag, lags
from listener.kafka.admin import TopicAdmin, plan
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher
from running import running
from scenarios.laid import Laid
from scenarios.outcome import Outcome
from stream.ledger.ledger import Recorded, key_of
from stream.offline import topic_of

PARTITIONS = 4
SESSION_SECONDS = 6
"""So long a killed worker's partitions wait for their next owner."""
WAIT_SECONDS = 120.0
SETTLE_SECONDS = 60.0
"""So long an end may be awaited: timers fire once a restarted worker has caught up."""
STEADY_POLLS = 3
"""Idle is what stays so: a record on its way between two stages is in no group's lag for a moment."""
POLL_SECONDS = 0.2


class Worker:
    """One process of the product, which can be killed and started again."""

    def __init__(self, name: int, data_dir: Path, config: Path, servers: str) -> None:
        self._port = free_port()
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "LISTENER_"))}
        self._child = ChildProcess(
            f"worker {name}",
            [*product_worker(name, data_dir, self._port), "--config", str(config)],
            log_path=data_dir / f"worker-{name}.log",
            env={**inherited, "KAFKA_BOOTSTRAP_SERVERS": servers},
        )

    def start(self) -> None:
        """Starts it."""
        self._child.start()

    def kill(self) -> None:
        """kill -9."""
        self._child.kill()

    def is_ready(self, at: datetime) -> bool:
        """Whether it processes, and knows that it is so late; one that ended by itself is started again."""
        if not self._child.alive:
            self._child.start()
        try:
            self._page("readyz")
            now = re.search(rf"^{NOW_METRIC} (\S+)", self._page("metrics"), re.MULTILINE)
        except OSError:
            return False
        return now is not None and float(now[1]) >= at.timestamp()

    def said(self) -> str:
        """The end of its log."""
        return self._child.log_tail()

    def _page(self, name: str) -> str:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{self._port}/{name}", timeout=10) as page:
            text: str = page.read().decode()
            return text


class Stream:
    """A running stream.

    Args:
        connection: its Kafka.
        admin: of that.
        workers: its workers, running.
    """

    def __init__(self, connection: KafkaConnection, admin: TopicAdmin, workers: Sequence[Worker]) -> None:
        self.connection = connection
        self._admin = admin
        self.workers = workers

    def wait_idle(self, at: datetime) -> None:
        """Returns once everything is processed, and the workers know that it is so late.

        Raises:
            NotReady: that did not come in time.
        """
        for worker in self.workers:
            self._wait(functools.partial(worker.is_ready, at), f"for a worker to know that it is {at}")
        steady = 0
        before: object = None

        def idle() -> bool:
            nonlocal steady, before
            lag = self._lag()
            steady = steady + 1 if not lag.records and lag.ends == before else 0
            before = lag.ends
            return steady >= STEADY_POLLS

        self._wait(idle, "for the stream to become idle")

    def wait_for_more(self, before: int) -> None:
        """Returns once more snapshots have been published than before, or nothing is left to process.

        Raises:
            NotReady: that did not come in time.
        """
        self._wait(lambda: self.snapshots() > before or not self._lag().records, "for a snapshot")

    def _lag(self) -> Lag:
        [lag] = lags(self._admin, {STREAM_GROUP: consumer_groups()[STREAM_GROUP]})
        return lag

    def _wait(self, check: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not check():
            if time.monotonic() > deadline:
                logs = "\n".join(worker.said() for worker in self.workers)
                raise NotReady(f"waited {WAIT_SECONDS:.0f} s {what}\n{logs}")
            time.sleep(POLL_SECONDS)

    def snapshots(self) -> int:
        """How many have been published."""
        return sum(self._admin.end_offsets([TRIAGE.name]).values())

    def outcome(self) -> Outcome:
        """The newest snapshot of each case, and the last word on each alert."""
        cases: dict[str, Case] = {}
        for record in read_whole(self.connection, TRIAGE.name):
            if record.value is not None:
                case = Case.read(record.value)
                if case.case_id not in cases or cases[case.case_id].version <= case.version:
                    cases[case.case_id] = case
        alerts = (Alert.read(record.value or b"") for record in read_whole(self.connection, ALERTS.name))
        return Outcome(cases, {alert.alert_id: alert for alert in alerts})


@contextmanager
def stream(
    directory: Path, policy: Path, first: Callable[[Publisher], None], count: int = 2
) -> Iterator[Stream]:
    """A stream with a Kafka of its own.

    Args:
        directory: for everything.
        policy: the policy's file.
        first: publishes what is there before the workers.
        count: of workers.
    """
    data_dir = directory / "data"
    data_dir.mkdir()
    config = directory / "listener.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "time": "topic",
                "policy": str(policy),
                "kafka": {"partitions": PARTITIONS},
                "stream": {"session_timeout_seconds": SESSION_SECONDS},
            }
        )
    )
    with ExitStack() as stack:
        server = stack.enter_context(running(KafkaServer(directory / "kafka", free_port())))
        connection = KafkaConnection(server.bootstrap_servers)
        admin = stack.enter_context(TopicAdmin(connection))
        admin.create(plan([*ALL, *CHANGELOGS], PARTITIONS, 1, {}))
        with Publisher(connection, client_id="scenarios") as out:
            first(out)
            out.flush()
        workers = [
            Worker(number, data_dir, config, server.bootstrap_servers) for number in range(1, count + 1)
        ]
        for worker in workers:
            stack.callback(worker.kill)
            worker.start()
        yield Stream(connection, admin, workers)


def play(
    laid: Sequence[Laid],
    policy: Path,
    directory: Path,
    seed: int,
    kills: int,
    problems_of: Callable[[Laid, Outcome], list[str]],
) -> Iterator[tuple[Laid, list[str]]]:
    """Lets everything happen in the order of time, and looks at each scenario when it ends.

    Args:
        laid: scenarios of one policy.
        policy: its file.
        directory: for everything.
        seed: which workers are killed when.
        kills: how often one is.
        problems_of: what is wrong with a scenario that has ended. A timer may fire a moment later, so what is
            wrong counts only if it stays so.

    Yields:
        Each scenario, with what is wrong.
    """
    chance = random.Random(seed)
    heard = sorted((entry for one in laid for entry in one.records()), key=lambda entry: entry[0])
    kill_after = set(chance.sample(range(1, len(heard)), min(kills, len(heard) - 1)))

    def first(out: Publisher) -> None:
        for one in laid:
            for customer in one.customers():
                out.publish(CUSTOMERS.name, customer.customer_id, customer.to_json())
        _tick(out, heard[0][0])

    with (
        stream(directory, policy, first) as live,
        Publisher(live.connection, client_id="scenarios") as out,
    ):
        ends = {end: list(group) for end, group in groupby(sorted(laid, key=_end), key=_end)}
        count = snapshots = 0
        for end, ending in ends.items():
            for at, value in heard[count:]:
                if at > end:
                    break
                _say(out, at, value)
                count += 1
                if count in kill_after:
                    out.flush()
                    live.wait_for_more(snapshots)
                    snapshots = live.snapshots()
                    victim = chance.choice(live.workers)
                    victim.kill()
                    victim.start()
            _tick(out, end)
            out.flush()
            yield from _settled(live, end, ending, problems_of)


def _settled(
    live: Stream, at: datetime, ending: Sequence[Laid], problems_of: Callable[[Laid, Outcome], list[str]]
) -> Iterator[tuple[Laid, list[str]]]:
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        live.wait_idle(at)
        outcome = live.outcome()
        problems = {one.name: problems_of(one, outcome.own(one)) for one in ending}
        if not any(problems.values()) or time.monotonic() > deadline:
            break
    yield from ((one, problems[one.name]) for one in ending)


def _end(laid: Laid) -> datetime:
    return laid.ends_at


def _say(out: Publisher, at: datetime, value: Recorded) -> None:
    _tick(out, at)
    out.publish(topic_of(value), key_of(value), value.to_json())


def _tick(out: Publisher, at: datetime) -> None:
    out.publish(CLOCK.name, None, ClockTick(at=at).to_json())
