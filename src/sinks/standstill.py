"""Noticing a consumer that reads no more and says nothing: its place stands still, though records wait there."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

from listener.domain.errors import ServiceError

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
LEAVE_SECONDS = 20.0
"""How long the process may take to end in order before it is ended."""

Places = Mapping[tuple[str, int], int | None]
"""Topic and partition to the offset that is read next; None where it is not known yet."""


class Standstill:
    """How long something has waited to be read while nothing was.

    Args:
        monotonic: a clock, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._since: dict[tuple[str, int], tuple[int | None, float]] = {}
        self._joining_since: float | None = None

    def excused(self) -> None:
        """Nothing could be read: Kafka is away, or the store takes nothing."""
        self._since = {}
        self._joining_since = None

    def look(self, places: Places | None, ends: Mapping[tuple[str, int], int]) -> float:
        """Seconds for which a partition has stood still with records waiting, or for which there was no place.

        Args:
            places: where the consumer is; None while it has not been told which partitions are its own.
            ends: the end of each partition, as the broker says it now.
        """
        now = self._monotonic()
        if places is None:
            self._since = {}
            self._joining_since = now if self._joining_since is None else self._joining_since
            return now - self._joining_since
        self._joining_since = None
        before, self._since = self._since, {}
        for where, place in places.items():
            if ends.get(where, 0) > (place or 0):
                known = before.get(where)
                self._since[where] = known if known is not None and known[0] == place else (place, now)
        return max((now - since for _, since in self._since.values()), default=0.0)


class ReadingWatch:
    """Ends a process whose consumer reads no more, so that whatever watches over it starts it anew.

    Args:
        places: where the consumer is; asked by a thread of the watch's own.
        ends: asks the broker for the end of each partition, over a connection that is not the consumer's;
            whatever it raises means that this cannot be known just now.
        alive: whether the loop that reads still turns.
        stall_seconds: a standstill of this length ends the process.
        stop: set to let the loop end in order.
    """

    def __init__(
        self,
        places: Callable[[], Places | None],
        ends: Callable[[], Mapping[tuple[str, int], int]],
        *,
        alive: Callable[[], bool],
        stall_seconds: float,
        stop: Event,
        look_seconds: float = LOOK_SECONDS,
        leave_seconds: float = LEAVE_SECONDS,
        end_process: Callable[[int], object] = os._exit,
    ) -> None:
        self._places = places
        self._ends = ends
        self._alive = alive
        self._stall_seconds = stall_seconds
        self._stop = stop
        self._look_seconds = look_seconds
        self._leave_seconds = leave_seconds
        self._end_process = end_process
        self._standstill = Standstill()
        self._held = False
        self._seconds = 0.0
        self._over = Event()
        self.last_word: str | None = None
        """Why the process has to end; None while all is well."""

    def held(self) -> None:
        """For the loop: the store keeps it from reading."""
        self._held = True

    @property
    def reads(self) -> bool:
        """Whether there is no standstill worth a word: none of half the time that would end the process."""
        return self._seconds < self._stall_seconds / 2

    def start(self) -> None:
        """Begins to watch."""
        Thread(target=self._watch, name="reading-watch", daemon=True).start()

    def finished(self) -> None:
        """The loop has ended: nothing is watched any more.

        Raises:
            ServiceError: it was ended because it had stopped reading.
        """
        self._over.set()
        if self.last_word is not None:
            raise ServiceError(self.last_word)

    def _watch(self) -> None:
        while not self._over.wait(self._look_seconds) and self.last_word is None:
            self.last_word = self._word()
        if self.last_word is None or self._over.is_set():
            return
        log.error("%s", self.last_word)
        self._stop.set()
        if not self._over.wait(self._leave_seconds):
            self._end_process(1)

    def _word(self) -> str | None:
        if not self._alive():
            return "The loop that reads has hung. The process ends: what it had not committed is read again."
        held, self._held = self._held, False
        ends: Mapping[tuple[str, int], int] | None = None
        try:
            ends = self._ends()
        except Exception as error:  # noqa: BLE001 - a watch that ends by itself watches nothing
            log.info("whether records wait is not known: %s", error)
        if held or ends is None:
            self._standstill.excused()
            self._seconds = 0.0
            return None
        self._seconds = self._standstill.look(self._places(), ends)
        if self._seconds < self._stall_seconds:
            return None
        return (
            f"Nothing was read for {self._seconds:.0f} s, though records wait and Kafka answers. "
            "The process ends, so that it is started anew: what it had not committed is read again."
        )
