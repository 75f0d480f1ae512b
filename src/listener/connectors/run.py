"""The loop that drives a connector: poll, publish, await, move the cursor."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import TypeVar

from listener.connectors.connector import Connector
from listener.connectors.cursor import last_cursor
from listener.connectors.holds import Holds
from listener.connectors.index import read_index
from listener.connectors.intake import Counts, Intake
from listener.connectors.parked import read_parked
from listener.connectors.pause import Pause
from listener.connectors.progress import SourceProgress
from listener.connectors.silence import Silence
from listener.domain.erasure import Erasures
from listener.domain.errors import Busy
from listener.domain.poison import PoisonRule
from listener.domain.topics import CURSORS, INDEX, PARKED
from listener.kafka.connection import KafkaConnection
from listener.kafka.consume import read_whole
from listener.kafka.publish import Publisher

T = TypeVar("T")

log = logging.getLogger(__name__)

PARKED_FOR = timedelta(days=1)
"""An answer whose original has not come by then never will: the account was deleted, or is private."""


def run(
    connector: Connector,
    connection: KafkaConnection,
    *,
    now: Callable[[], datetime],
    stop: Event,
    parked_for: timedelta = PARKED_FOR,
    progress: SourceProgress | None = None,
    poison: PoisonRule | None = None,
    holds: Holds | None = None,
    silence_hours: float | None = None,
    erasures: Erasures | None = None,
) -> Counts:
    """Runs one connector until `stop` is set.

    Args:
        now: wall clock, or the installation's simulated time.
        parked_for: how long answers and deletions wait for their original before they count as unlinked.
        progress: is told how it goes; for whoever wants to know.
        poison: when it pauses; the usual rule where None.
        holds: alerts for which it pauses, raised by whomever; only its own where None.
        silence_hours: after so long without a mention an alert is raised; never where None.
        erasures: who must not come back; nobody where None.

    Returns:
        What became of the items of this run.

    Raises:
        ServiceError: Kafka does not take what was read; the cursor stands before it, so start again.
        ListenerError: whatever else the connector raises; it is closed.
    """
    source = connector.source
    cursor = last_cursor(read_whole(connection, CURSORS.name), source.name)
    with Publisher(connection, client_id=f"listener-{source.name}") as publisher:
        index = read_index(read_whole(connection, INDEX.name), source.kind)
        parked = read_parked(read_whole(connection, PARKED.name), source.name)
        intake = Intake(
            source,
            publisher,
            index,
            parked,
            now,
            heard_at=cursor.heard_at if cursor is not None else None,
            erasures=erasures,
        )
        intake.release_known()
        intake.commit(None)
        progress = progress or SourceProgress(source.name)
        holds = holds or Holds()
        pause = Pause(source.name, poison or PoisonRule(), holds, publisher, progress, now)
        silence = Silence(source.name, silence_hours, intake.heard_at, publisher, now)
        loop = _Loop(connector, intake, progress, pause, silence, now, stop, parked_for)
        try:
            loop.when_free(lambda: connector.open(cursor.position if cursor else None))
            while not stop.is_set():
                pause.wait(stop)
                loop.step()
        finally:
            connector.close()
    return intake.counts


@dataclass(frozen=True)
class _Loop:
    connector: Connector
    intake: Intake
    progress: SourceProgress
    pause: Pause
    silence: Silence
    now: Callable[[], datetime]
    stop: Event
    parked_for: timedelta

    def step(self) -> None:
        batch = self.when_free(self.connector.poll)
        if batch is None:
            return
        intake, counts = self.intake, self.intake.counts
        done = counts.published + counts.rejected
        rejected = counts.rejected
        intake.take(batch.items)
        intake.release(parked_before=self.now() - self.parked_for)
        told = self.silence.look(intake.heard_at)
        if batch.items or batch.position or told or counts.published + counts.rejected > done:
            intake.commit(batch.position)
            log.info("source=%s items=%d", self.connector.source.name, len(batch.items))
        self.progress.succeeded(counts)
        self.pause.counted(len(batch.items), counts.rejected - rejected)
        self.stop.wait(batch.wait_seconds)

    def when_free(self, action: Callable[[], T]) -> T | None:
        """The result of an action as soon as it does not raise Busy; None if stopped before."""
        name = self.connector.source.name
        while not self.stop.is_set():
            try:
                return action()
            except Busy as busy:
                self.progress.failed()
                log.warning("source=%s busy retry_after_seconds=%s: %s", name, busy.retry_after_seconds, busy)
                if self.silence.look(self.intake.heard_at):
                    self.intake.commit(None)
                self.stop.wait(busy.retry_after_seconds)
        return None
