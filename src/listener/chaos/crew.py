"""What a campaign looks after as `listener up` does it: its connectors, and its stream workers, of whom one may be
sent away."""

import signal
import sys
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from prometheus_client.parser import text_string_to_metric_families

from listener.chaos.installation import Installation, wait_until
from listener.embedded.ports import LOOPBACK, free_port
from listener.embedded.process import ChildProcess
from listener.embedded.supervisor import Supervised, Supervisor

NOW_METRIC = "listener_now_timestamp_seconds"
ASK_SECONDS = 5.0
READY_SECONDS = 120.0

WorkerArgv = Callable[[int | str, Path, int], Sequence[str]]
"""From a worker's name, the data directory and the port of its health page to what starts it."""


def product_worker(name: int | str, data_dir: Path, health_port: int) -> list[str]:
    """How the product's own worker is started."""
    words = ["--worker", str(name), "--health-port", str(health_port), "--data-dir", str(data_dir)]
    return [sys.executable, "-m", "listener", "stream", *words]


class _Worker:
    """What the supervisor sees: one that was sent away counts as alive, so that it is not started again."""

    def __init__(self, child: ChildProcess, health_port: int) -> None:
        self.child = child
        self.health_port = health_port
        self.away = False

    @property
    def alive(self) -> bool:
        return self.away or self.child.alive

    def start(self) -> None:
        self.child.start()

    def stop(self, timeout_seconds: float = 30.0) -> None:
        self.child.stop(timeout_seconds)

    def log_tail(self, lines: int = 20) -> str:
        return self.child.log_tail(lines)


class Crew:
    """The workers of one installation, named 1 and on, and its connectors.

    Args:
        installation: theirs; started with ``--workers 0``.
        argv: starts a worker.
        count: how many.
        connectors: their process.
        tell: is told in words when one ends.
    """

    def __init__(
        self,
        installation: Installation,
        argv: WorkerArgv,
        count: int,
        connectors: ChildProcess,
        tell: Callable[[str], None],
    ) -> None:
        self._installation = installation
        self._argv = argv
        self._workers = {number: self._worker(number) for number in range(1, count + 1)}
        self._extra = self._worker("extra")
        self._connectors = connectors
        self._supervisor = Supervisor(tell)
        self._stop = Event()
        self._thread = Thread(target=self._supervisor.watch, args=(self._stop,), name="crew")

    def _worker(self, name: int | str) -> _Worker:
        installation, port = self._installation, free_port()
        return _Worker(
            ChildProcess(
                f"worker {name}",
                [str(word) for word in self._argv(name, installation.data_dir, port)],
                log_path=installation.data_dir / "log" / f"worker-{name}.log",
                env=installation.environment,
            ),
            port,
        )

    def start(self) -> None:
        """Starts all but the extra one, and returns when the workers are ready.

        Raises:
            ServiceError: one does not start, or does not become ready.
        """
        workers = [Supervised(f"worker {number}", worker) for number, worker in self._workers.items()]
        self._supervisor.start([*workers, Supervised("connectors", self._connectors)])
        self._thread.start()
        wait_until(
            lambda: all(_is_ready(worker.health_port) for worker in self._workers.values()),
            READY_SECONDS,
            self._installation.said,
        )

    def stop(self) -> None:
        """Stops all."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._extra.child.kill()
        self._supervisor.stop()

    def send_away(self, number: int) -> bool:
        """Asks one to end, and does not start it again; False if it does not run."""
        worker = self._workers[number]
        if worker.away or not worker.child.alive:
            return False
        worker.away = True
        self._installation.signal(signal.SIGTERM, f"--worker {number} ")
        return True

    def call_back(self, number: int) -> None:
        """It is started again, once it has ended."""
        self._workers[number].away = False

    def add(self) -> bool:
        """Starts an extra worker; False if it runs."""
        if self._extra.child.alive:
            return False
        self._extra.child.start()
        return True

    def remove_extra(self) -> None:
        """Stops the extra worker in order."""
        self._extra.child.stop()

    def time_of_all(self) -> datetime | None:
        """What time it is to all workers at least; None where one does not say."""
        times = [_time_of(worker.health_port) for worker in self._workers.values()]
        known = [time for time in times if time is not None]
        return datetime.fromtimestamp(min(known), UTC) if len(known) == len(times) else None


def _is_ready(health_port: int) -> bool:
    return _page(health_port, "readyz") is not None


def _time_of(health_port: int) -> float | None:
    for family in text_string_to_metric_families(_page(health_port, "metrics") or ""):
        for sample in family.samples:
            if sample.name == NOW_METRIC:
                return float(sample.value)
    return None


def _page(health_port: int, page: str) -> str | None:
    """A health page; None where there is none, or it says no."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{health_port}/{page}", timeout=ASK_SECONDS) as answer:
            text: str = answer.read().decode()
            return text
    except OSError:
        return None
