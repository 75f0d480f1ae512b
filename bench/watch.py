"""Processes that are measured: started, watched through /proc, ended; always by their own id."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

from bench.figures import Sample
from listener.chaos.installation import children

SAMPLE_SECONDS = 0.05
STOP_SECONDS = 30.0
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A contender ended, or did not do its work in time; with the end of what it said."""


class Watched:
    """A running process. Use as a context manager: it is ended when that is left.

    Args:
        argv: its command line.
        log: where what it says goes.
        environment: its variables.

    Attributes:
        samples: the CPU time of it and its children, twenty times a second.
    """

    def __init__(self, argv: Sequence[str], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self.samples: list[Sample] = []
        self._peak_kib = 0
        self._stop = Event()
        with log.open("wb") as out:
            self._process = subprocess.Popen(argv, stdout=out, stderr=out, env=environment)
        self._thread = Thread(target=self._sample, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def peak_mib(self) -> float:
        """The most memory that it and its children had resident so far."""
        return self._peak_kib / 1024

    def check(self) -> None:
        """Makes sure that it still runs.

        Raises:
            Failed: it has ended.
        """
        if self._process.poll() is not None:
            raise Failed(f"ended with {self._process.returncode}:\n{self.said()}")

    def wait(self, timeout_seconds: float) -> None:
        """Waits until it has ended by itself.

        Raises:
            Failed: it takes longer, or its exit code is not 0.
        """
        try:
            returncode = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"still runs after {timeout_seconds:.0f} s:\n{self.said()}") from None
        if returncode:
            raise Failed(f"ended with {returncode}:\n{self.said()}")

    def said(self) -> str:
        """The end of its output."""
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """Ends it as a crash would."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.is_set() and self._process.poll() is None:
            try:
                seconds, kib = cpu_seconds(self.pid), status_kib(self.pid, "VmRSS")
                for child in children(self.pid):
                    # one that has just ended: its time is its parent's now
                    with suppress(OSError, LookupError):
                        seconds, kib = seconds + cpu_seconds(child), kib + status_kib(child, "VmRSS")
            except (OSError, LookupError):
                return  # it has just ended
            self.samples.append(Sample(time.time(), seconds))
            self._peak_kib = max(self._peak_kib, kib)
            self._stop.wait(SAMPLE_SECONDS)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, all its threads together, and its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def status_kib(pid: int | str, name: str) -> int:
    """A size from /proc/PID/status, such as VmRSS or VmHWM.

    Raises:
        LookupError: it is not there, as for a process that is ending.
    """
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)
