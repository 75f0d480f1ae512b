"""Running a sink: poll, prepare, store, dead letters, commit. Where the store is away it waits, within its group.

While one batch is being stored by a thread of its own, the next is read and prepared: the store's time and ours
pass side by side.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, Protocol, TypeVar

from listener.domain.dead_letter import DeadLetter, attempt_of
from listener.domain.errors import Busy
from listener.domain.origin import origin_of
from listener.kafka.dead_letters import DeadLetters
from listener.kafka.publish import Outlet
from listener.kafka.record import Record
from sinks.progress import SinkProgress
from sinks.sink import Prepared, Refused, Sink

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 0.5
"""How often a waiting sink takes part in its group; far below the session timeout."""
LONGEST_WAIT_SECONDS = 30.0
IDLE_SECONDS = 1.0
"""How long to wait for a record while nothing is being stored."""
T = TypeVar("T")


class Consumer(Protocol):
    """What the runner needs of `listener.kafka.consume.BatchConsumer`."""

    def poll(self, timeout_seconds: float = 1.0) -> list[Record]:
        """The next batch."""
        ...

    def keep_alive(self, seconds: float = 0.0) -> None:
        """Stays in the group without reading on."""
        ...

    def commit(self) -> bool:
        """The oldest batch that is not committed yet is stored."""
        ...

    def lag(self) -> Mapping[tuple[str, int], int]:
        """Records not stored, by topic and partition."""
        ...


def run_sink(
    sink: Sink[Any],
    consumer: Consumer,
    outlet: Outlet,
    *,
    now: Callable[[], datetime],
    stop: Event,
    beat: Callable[[], None] = lambda: None,
    held: Callable[[], None] = lambda: None,
) -> None:
    """Stores batches until it is told to stop; a batch that is being stored then is finished and committed.

    While the store is away, two batches wait in memory and nothing more is read.

    Args:
        outlet: takes the dead letters.
        stop: set from a signal handler or another thread.
        beat: is called every few seconds, also while the store is away: the sign that this does not hang.
        held: is called again and again while the store keeps this from reading.

    Raises:
        ServiceError: dead letters could not be delivered, or Kafka refuses; nothing was committed, so the batch
            is repeated by the next start.
    """
    dead_letters = DeadLetters(outlet)
    progress = SinkProgress(sink.name)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sink-{sink.name}") as worker:
        crew = _Crew(sink, consumer, worker, stop, progress, beat, held)
        in_hand: _InHand | None = None
        while in_hand is not None or not stop.is_set():
            beat()
            following = None if stop.is_set() else crew.take(IDLE_SECONDS if in_hand is None else 0.0)
            if in_hand is not None:
                stored_at = crew.finish(in_hand)
                if stored_at is None:
                    return
                refused = in_hand.prepared.refused
                for item in refused:
                    send_dead_letter(dead_letters, item, sink.name, now())
                if refused:
                    outlet.flush()
                consumer.commit()
                seconds = time.monotonic() - in_hand.since
                progress.batch_done(in_hand.batch, refused, seconds, stored_at)
                log.info(
                    "sink=%s records=%d refused=%d seconds=%.2f",
                    sink.name,
                    len(in_hand.batch),
                    len(refused),
                    seconds,
                )
            crew.tell_lag()
            crew.tidy()
            in_hand = None if stop.is_set() else following  # what has not begun is left to the next start
            if in_hand is not None:
                crew.begin(in_hand)


@dataclass
class _InHand:
    """A batch that was read.

    Attributes:
        since: when it was, on the monotonic clock.
        storing: ends with the time at which it was stored.
    """

    batch: Sequence[Record]
    prepared: Prepared[Any]
    since: float
    storing: Future[float] | None = None


class _Crew:
    """The thread that works for the sink, while this one stays in the consumer group."""

    def __init__(
        self,
        sink: Sink[Any],
        consumer: Consumer,
        worker: ThreadPoolExecutor,
        stop: Event,
        progress: SinkProgress,
        beat: Callable[[], None],
        held: Callable[[], None],
    ) -> None:
        self._sink = sink
        self._consumer = consumer
        self._worker = worker
        self._stop = stop
        self._progress = progress
        self._beat = beat
        self._held = held

    def take(self, timeout_seconds: float) -> _InHand | None:
        """The next batch, prepared; None if nothing came in time."""
        batch = self._consumer.poll(timeout_seconds)
        if not batch:
            return None
        since = time.monotonic()
        self._progress.batch_begins(batch)
        self.tell_lag()
        return _InHand(batch, self._sink.prepare(batch), since)

    def begin(self, in_hand: _InHand) -> None:
        """Lets the other thread store it."""
        in_hand.storing = self._worker.submit(self._store, in_hand.prepared.content)

    def finish(self, in_hand: _InHand) -> float | None:
        """Waits until it is stored; when that was, or None if told to stop while the store was away."""
        busy_since = time.monotonic()
        wait_seconds = 0.0
        while True:
            if in_hand.storing is None:
                self.begin(in_hand)
            try:
                stored_at = self._await(in_hand.storing)  # type: ignore[arg-type]  # it has begun
            except Busy as busy:
                wait_seconds = min(LONGEST_WAIT_SECONDS, max(busy.retry_after_seconds, 2 * wait_seconds))
                log.warning(
                    "sink=%s waits=%.1fs busy_for=%.0fs records=%d: %s",
                    self._sink.name,
                    wait_seconds,
                    time.monotonic() - busy_since,
                    len(in_hand.batch),
                    busy,
                )
                in_hand.storing = None
            else:
                self._progress.waiting(False)
                return stored_at
            self._progress.waiting(True)
            if self._stopped_within(wait_seconds):
                return None

    def tidy(self) -> None:
        """Lets the sink do what is due."""
        try:
            self._await(self._worker.submit(self._sink.housekeeping))
        except Busy as busy:
            log.warning("sink=%s housekeeping put off: %s", self._sink.name, busy)

    def tell_lag(self) -> None:
        """For the metrics."""
        self._progress.set_lag(self._consumer.lag())

    def _store(self, content: Any) -> float:
        self._sink.store(content)
        return time.time()

    def _await(self, future: Future[T]) -> T:
        while not wait([future], timeout=HEARTBEAT_SECONDS).done:
            self._keep_alive()
        return future.result()

    def _stopped_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._stop.wait(min(HEARTBEAT_SECONDS, left)):
                return True
            self._keep_alive()
        return self._stop.is_set()

    def _keep_alive(self) -> None:
        self._consumer.keep_alive()
        self.tell_lag()
        self._beat()
        self._held()


def send_dead_letter(dead_letters: DeadLetters, refused: Refused, stage: str, at: datetime) -> None:
    """Hands over what a sink refused, with where it was read."""
    record = refused.record
    letter = DeadLetter(
        origin=f"{record.topic}[{record.partition}]@{record.offset}",
        source=origin_of(record).source,
        reason=refused.why.reason,
        detail=refused.why.detail,
        stage=stage,
        attempt=attempt_of(record.headers),
        at=at,
        size=len(record.value or b""),
        topic=record.topic,
    )
    dead_letters.send(letter, record.key, record.value)
