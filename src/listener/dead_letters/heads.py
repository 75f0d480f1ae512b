"""All dead letters without their originals, kept up to date: to list, count and filter them at once."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from listener.dead_letters.letter import Letter, read_letter
from listener.dead_letters.selection import Selection
from listener.domain.dead_letter import DeadLetterResolution
from listener.domain.errors import Rejected
from listener.domain.topics import DEAD, DEAD_RESOLUTIONS
from listener.kafka.connection import KafkaConnection
from listener.kafka.follow import keep_following
from listener.kafka.record import Record

MAX_HEADS = 100_000
"""Some 100 MB; the oldest are forgotten first, and are still on the topic."""


class Heads:
    """The letters as they stand. One thread writes, others may read.

    Args:
        kept: how long the topic keeps a letter.
        now: the time by which that is reckoned.
    """

    def __init__(self, kept: timedelta, now: Callable[[], datetime], most: int = MAX_HEADS) -> None:
        self._kept = kept
        self._now = now
        self._most = most
        self._letters: dict[str, Letter] = {}
        self._resolutions: dict[str, DeadLetterResolution] = {}
        self._lock = Lock()

    def take(self, record: Record) -> None:
        """Takes a record of `mentions.dead`."""
        letter = read_letter(record, {})
        with self._lock:
            self._letters[letter.id] = dataclasses.replace(letter, key=None, original=None)
            if len(self._letters) > self._most:
                del self._letters[next(iter(self._letters))]

    def resolve(self, record: Record) -> None:
        """Takes a record of `dead.resolutions`."""
        try:
            resolution = DeadLetterResolution.read(record.value or b"")
        except Rejected:
            return
        with self._lock:
            self._resolutions[resolution.letter] = resolution

    def find(self, selection: Selection) -> list[Letter]:
        """Those that are meant, the newest first; without keys and originals."""
        return sorted(
            filter(selection.holds, self._standing()),
            key=lambda letter: (letter.why.at, letter.partition, letter.offset),
            reverse=True,
        )

    def count_open(self) -> int:
        """How many are open."""
        return sum(letter.resolution is None for letter in self._standing())

    def _standing(self) -> Iterator[Letter]:
        since = self._now() - self._kept
        with self._lock:
            letters, resolutions = list(self._letters.values()), dict(self._resolutions)
        for letter in letters:
            if letter.produced_at < since:
                continue  # the topic has let it go, or will within hours
            found = resolutions.get(letter.id)
            known = found if found and found.produced_at == letter.produced_at else None
            yield dataclasses.replace(letter, resolution=known) if known else letter


class HeadsReader:
    """Keeps heads up to date from threads of its own while it is entered."""

    def __init__(self, connection: KafkaConnection, heads: Heads) -> None:
        self._stop = Event()
        topics = ((DEAD.name, heads.take), (DEAD_RESOLUTIONS.name, heads.resolve))
        self._threads = [
            Thread(target=keep_following, args=(connection, *told), kwargs={"stop": self._stop}, daemon=True)
            for told in topics
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
