"""A whole installation on this machine: `listener up` as a user starts it, spoken to from outside only."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from kafka import KafkaConsumer, TopicPartition

from listener.clickhouse.client import connect
from listener.domain.errors import NotReady, ServiceError
from listener.domain.topics import TRIAGE
from listener.embedded.ports import LOOPBACK, free_ports_in_a_row
from listener.kafka.connection import KafkaConnection
from listener.settings import ENDPOINTS_FILE

START_SECONDS = 180.0
IDLE_SECONDS = 240.0
RUN_SECONDS = 300.0
STOP_SECONDS = 90.0
HEALTH_PAGES = 13
PORTS = (
    "--kafka-port",
    "--clickhouse-port",
    "--form-port",
    "--answers-port",
    "--webhooks-port",
    "--console-port",
    "--health-port",
)


class Installation:
    """A running `listener up` with a data directory and ports of its own.

    Args:
        data_dir: its data directory; its output goes beside it.
        options: further words for `listener up`.
        environment: further variables for all its processes.
    """

    def __init__(self, data_dir: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_suffix(".log")
        first = free_ports_in_a_row(len(PORTS) + HEALTH_PAGES)
        self.ports = {
            name: first + number for number, name in enumerate(PORTS)
        }  # health pages go on from the last
        words = [word for name, port in self.ports.items() for word in (name, str(port))]
        self.argv = [sys.executable, "-m", "listener", "up", "--data-dir", str(data_dir), *words, *options]
        self.process: subprocess.Popen[bytes] | None = None
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("KAFKA_", "CLICKHOUSE_"))}
        self.environment = {**inherited, **(environment or {})}

    @property
    def kafka(self) -> KafkaConnection:
        """Its broker."""
        return KafkaConnection(f"{LOOPBACK}:{self.ports['--kafka-port']}")

    def start(self) -> None:
        """Returns once it says that it is running.

        Raises:
            NotReady: it ended, or took too long; with what it said.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.argv, stdout=log, stderr=log, env=self.environment)  # noqa: S603  # our own program
        wait_until(
            lambda: "Listener is running" in self.log.read_text() or self._ended(), START_SECONDS, self.said
        )
        if self._ended():
            raise NotReady(self.said())

    def stop(self) -> int:
        """Ctrl-C; returns the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=STOP_SECONDS)

    def stopped(self, *words: str) -> bool:
        """Whether a service with these words in its command line is stopped by SIGSTOP."""
        return any(
            _state(pid) == "T" for pid in self._children() if all(word in command_line(pid) for word in words)
        )

    def end(self) -> None:
        """Makes sure that nothing of it runs any more, in order if that is possible."""
        if self.process is None or self._ended():
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()  # the kernel ends its children
            self.process.wait()

    def said(self) -> str:
        """What it told so far, and the ends of its services' logs."""
        logs = sorted((self.data_dir / "log").glob("*.log"))
        return self.log.read_text() + "".join(
            f"\n--- {path.name}\n{path.read_text(errors='replace')[-2000:]}" for path in logs
        )

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A command of the program in the background."""
        argv = [sys.executable, "-m", "listener", *words, "--data-dir", str(self.data_dir)]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdout=pipe, stderr=pipe, text=True, env=self.environment)  # noqa: S603  # our own program

    def run(self, *words: str, expect: int = 0, timeout_seconds: float = RUN_SECONDS) -> str:
        """A command of the program; returns its standard output, or its standard error where it is to fail.

        Raises:
            ServiceError: it ended with another exit code.
        """
        process = self.begin(*words)
        out, err = process.communicate(timeout=timeout_seconds)
        if process.returncode != expect:
            raise ServiceError(f"{words}: exit {process.returncode}\n{out}\n{err}\n{self.said()}")
        return out if expect == 0 else err

    def wait_idle(self, idle_seconds: float = IDLE_SECONDS) -> None:
        """Until every group has processed everything.

        Raises:
            ServiceError: that did not come.
        """
        words = ("doctor", "--wait-ready", "60", "--wait-idle", f"{idle_seconds:.0f}")
        self.run(*words, timeout_seconds=idle_seconds + 120)

    def kill(self, *words: str) -> None:
        """kill -9 of the services with these words in their command line.

        Raises:
            ServiceError: there is none.
        """
        if not self.signal(signal.SIGKILL, *words):
            raise ServiceError(f"no process {words}")

    def signal(self, number: signal.Signals, *words: str) -> int:
        """Sends a signal to the services with these words in their command line; how many there were."""
        return _send(number, self._services(*words))

    def kill_enriching(self, *words: str) -> int:
        """kill -9 of what enriches for the services with these words in their command line; how many."""
        started = [child for pid in self._services(*words) for child in children(pid)]
        # as Python calls what a process of ours starts
        return _send(signal.SIGKILL, [pid for pid in started if "spawn_main" in command_line(pid)])

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query, asked with the reader's account."""
        return self.table(sql)[1]

    def table(self, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """Names of the columns, and rows, of a query, asked with the reader's account."""
        with self.reader() as client:
            rows, columns = client.execute(sql, with_column_types=True)
        return tuple(name for name, _ in columns), rows

    @contextmanager
    def reader(self) -> Iterator[Client]:
        """ClickHouse, for a while, with the reader's account."""
        client = connect(json.loads((self.data_dir / ENDPOINTS_FILE).read_text())["clickhouse_reader"])
        try:
            yield client
        finally:
            client.disconnect()

    def records(self, topic: str) -> Iterator[Any]:
        """Everything on a topic now, read by a plain consumer.

        Raises:
            ServiceError: there is no such topic.
        """
        consumer = KafkaConsumer(
            **self.kafka.kafka_python(), auto_offset_reset="earliest", enable_auto_commit=False
        )
        try:
            partitions = [
                TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()
            ]
            if not partitions:
                raise ServiceError(f"no topic {topic}")
            consumer.assign(partitions)
            consumer.seek_to_beginning(*partitions)
            ends = consumer.end_offsets(partitions)
            while any(consumer.position(partition) < end for partition, end in ends.items()):
                for batch in consumer.poll(timeout_ms=500).values():
                    yield from batch
        finally:
            consumer.close()

    def newest(self, topic: str) -> dict[str, Any]:
        """Key to the newest value of a compacted topic."""
        found = {record.key.decode(): record.value for record in self.records(topic)}
        return {key: json.loads(value) for key, value in found.items() if value is not None}

    def cases(self) -> dict[str, Any]:
        """The snapshot with the highest version of each case, superseded ones left out."""
        highest: dict[str, Any] = {}
        for record in self.records(TRIAGE.name):
            if record.value is not None:
                case = json.loads(record.value)
                if case["version"] >= highest.get(case["case_id"], case)["version"]:
                    highest[case["case_id"]] = case
        return {key: case for key, case in highest.items() if case["state"] != "superseded"}

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def _services(self, *words: str) -> list[int]:
        return [pid for pid in self._children() if all(word in command_line(pid) for word in words)]

    def _children(self) -> list[int]:
        found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
        own = {os.getpid(), self.process.pid if self.process else 0}
        return [pid for pid in found if pid not in own and self._owns(pid)]

    def _owns(self, pid: int) -> bool:
        """Our services name the data directory; the broker works in it."""
        if str(self.data_dir) in command_line(pid):
            return True
        try:
            return Path(f"/proc/{pid}/cwd").readlink().is_relative_to(self.data_dir)
        except OSError:
            return False  # it has ended, or it is not ours to look into


def _send(number: signal.Signals, pids: Sequence[int]) -> int:
    """Sends a signal to those that have not ended; how many there were."""
    sent = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            sent += 1
    return sent


def command_line(pid: int) -> str:
    """The words of a process, or nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def children(pid: int) -> list[int]:
    """The processes that a process has started and that have not ended."""
    found: list[int] = []
    with suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):  # that thread has ended
                found += map(int, (thread / "children").read_text().split())
    return found


def _state(pid: int) -> str:
    """The letter of proc(5), or nothing if it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def wait_until(check: Callable[[], bool], seconds: float, explain: Callable[[], str]) -> None:
    """Polls until it is so.

    Raises:
        NotReady: it was not in time; with the explanation.
    """
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise NotReady(f"not within {seconds:.0f} s\n{explain()}")
        time.sleep(0.1)
