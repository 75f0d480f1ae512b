"""Keeps a set of processes running: starts them in order, starts again what ends, stops them in reverse."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from listener.domain.errors import ListenerError

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""Whoever has run for so long counts as healthy again: the next pause is short."""


class Process(Protocol):
    """What can be supervised: an embedded server or a service of ours."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        ...

    def start(self) -> None:
        """Starts it; also after it has ended. Raises ListenerError if that cannot be."""
        ...

    def stop(self, timeout_seconds: float = 30.0) -> None:
        """Stops it in order, by force after the timeout."""
        ...

    def log_tail(self, lines: int = 20) -> str:
        """The end of what it said."""
        ...


@dataclass
class Supervised:
    """One process under supervision.

    Attributes:
        ready: awaited at the first start, before the next one starts; raises ListenerError if it does not
            come. When it is started again nobody waits: the others go on meanwhile.
    """

    name: str
    process: Process
    ready: Callable[[], None] = lambda: None
    stop_seconds: float = 20.0
    pause_seconds: float = field(default=FIRST_PAUSE_SECONDS, init=False)
    started_at: float = field(default=0.0, init=False)
    next_start_at: float = field(default=0.0, init=False)


class Supervisor:
    """Starts, watches and stops processes.

    Args:
        tell: is told in words what a person should know.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._started: list[Supervised] = []

    def start(self, processes: Sequence[Supervised]) -> None:
        """Starts them one after the other, each once the one before is ready.

        Raises:
            ListenerError: one did not start; what was started goes on until `stop`.
        """
        for supervised in processes:
            self._started.append(supervised)
            self._begin(supervised)
            supervised.ready()

    def watch(self, stop: Event, poll_seconds: float = 0.5) -> None:
        """Starts again whatever ends, until `stop` is set; returns then."""
        while not stop.wait(poll_seconds):
            for supervised in self._started:
                if stop.is_set():
                    return
                self._look_after(supervised)

    def stop(self) -> None:
        """Stops all in reverse order of their start."""
        while self._started:
            supervised = self._started.pop()
            try:
                supervised.process.stop(supervised.stop_seconds)
            except ListenerError as error:
                self._tell(f"{supervised.name}: {error}")

    def _begin(self, supervised: Supervised) -> None:
        supervised.started_at = time.monotonic()
        supervised.process.start()

    def _look_after(self, supervised: Supervised) -> None:
        now = time.monotonic()
        if supervised.process.alive:
            if now - supervised.started_at > STEADY_SECONDS:
                supervised.pause_seconds = FIRST_PAUSE_SECONDS
            return
        if supervised.next_start_at == 0.0:
            supervised.next_start_at = now + supervised.pause_seconds
            last = supervised.process.log_tail(1).strip()
            self._tell(
                f"{supervised.name} has ended; starting it again in {supervised.pause_seconds:.0f} s"
                + (f" (its last words: {last})" if last else "")
            )
            supervised.pause_seconds = min(supervised.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
        elif now >= supervised.next_start_at:
            supervised.next_start_at = 0.0
            try:
                self._begin(supervised)
            except ListenerError as error:
                self._tell(f"{supervised.name} does not start: {error}")
