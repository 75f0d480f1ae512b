"""What Faust reads: a fetch loop that takes whole batches, never drops a record, and commits what was processed.

Faust's own loop makes a message, an event and a queue entry of every record and reads past records that it drops
around a rebalance. Here is its replacement, at the points where Faust lets a transport be extended:

- Inputs go to the `Inbox` of their agent, a fetch at a time; a full inbox stops its own topics alone.
- Positions are set by nobody while a fetch is under way, so what comes is what was asked for. What comes beyond
  the expected offset is asked for once more: only if the broker has nothing before it, it is taken.
- Changelogs go to their table a fetch at a time; Faust is only told how far it has come.
- What was processed is committed, and nothing else: once a second, before partitions are given away, at the end.

`tests/integration/stream/` holds what this relies on in Faust and aiokafka.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from listener.domain.topics import BACKFILL
from listener.kafka.record import Record as Fetched
from stream.continuity import AskAgain, Continuity
from stream.inbox import Inbox

log = logging.getLogger(__name__)

FETCH_SECONDS = 0.2
"""How long a fetch waits for records; whoever sets positions waits as long."""
FULL_SECONDS = 0.02
"""The same while an inbox is full: its agent may make room at any moment."""
IDLE_SECONDS = 2.0


class Patience(NamedTuple):
    """How long the broker keeps a fetch waiting for records.

    Attributes:
        bytes: with so many it answers at once.
        milliseconds: with fewer after so long; with none at all it then says so.
    """

    bytes: int
    milliseconds: int


EAGER = Patience(1, 50)
"""A partition whose records were just taken is not part of the fetch under way: what comes there waits so long."""
BEHIND = Patience(1 << 16, 20)
"""While records wait for their agent, more of them sooner are of no use. Fetches for single records cost a worker
and its broker a tenth of a processor each."""
IDLE = Patience(1, 500)
"""After `IDLE_SECONDS` without a record; else a worker with nothing to do asks for all its partitions twenty times
a second, which costs as much. The first record ends the fetch at once, whatever its wait."""


def patience(silent_seconds: float, *, waiting: bool) -> Patience:
    """How long the broker is to keep the next fetch waiting.

    Args:
        silent_seconds: since the last record came.
        waiting: whether records have come that no agent has taken, other than those that wait on purpose.
    """
    if silent_seconds > IDLE_SECONDS:
        return IDLE
    return BEHIND if waiting else EAGER


class Changelog(Protocol):
    """A table as the fetch loop knows it."""

    def apply(self, partition: int, records: Sequence[Fetched]) -> None:
        """Stores states that were read back."""
        ...


class FetchThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust publishes no types
    """Faust's consumer thread, with its heartbeats watched."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = EAGER.milliseconds  # noqa: SLF001  # Faust has no setting for it
        return consumer

    async def on_start(self) -> None:
        await super().on_start()
        # else records of a full inbox, which nobody takes, hold back those of all others for a tenth of a second
        self._consumer._fetcher._prefetch_backoff = 0.0  # noqa: SLF001
        coordinator = self._consumer._coordinator  # noqa: SLF001  # aiokafka offers no hook for heartbeats
        beat = coordinator._do_heartbeat  # noqa: SLF001
        footing = self.app.footing

        async def watched() -> Any:
            answered = await beat()
            if answered:
                footing.heartbeat()
            return answered

        coordinator._do_heartbeat = watched  # noqa: SLF001

    def keep_waiting(self, how_long: Patience) -> None:
        """How the broker is to keep the next fetches waiting."""
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001  # nor for these, once it runs
        fetcher._fetch_min_bytes = how_long.bytes  # noqa: SLF001
        fetcher._fetch_max_wait_ms = how_long.milliseconds  # noqa: SLF001

    async def seek_all(self, offsets: Mapping[TP, int]) -> None:
        """Sets positions, in the thread that also fetches."""
        consumer = self._ensure_consumer()

        def seek() -> None:
            for where, offset in offsets.items():
                consumer.seek(where, offset)

        await self.call_thread(seek)


class FetchConsumer(driver.Consumer):  # type: ignore[misc]  # Faust publishes no types
    """Faust's consumer with the fetch loop of this module.

    Attributes:
        continuity: how far the inputs were fetched.
        processed: by partition of an input, the offset after what was processed, to be committed.
        recovered: by partition of a changelog, the offset after what was read back.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.continuity = Continuity()
        self.processed: dict[TP, int] = {}
        self.recovered: dict[TP, int] = {}
        self._positions = asyncio.Lock()
        self._fetched_at = 0.0

    def _new_consumer_thread(self) -> FetchThread:
        return FetchThread(self, loop=self.loop, beacon=self.beacon)

    # Fetching

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self.flow_active:
                    await self._fetch()
                    await asyncio.sleep(0)
                else:
                    await self.wait(self.can_resume_flow)
        except (asyncio.CancelledError, *self.consumer_stopped_errors):
            if not self.app.should_stop:
                raise
        except Exception as error:  # noqa: BLE001  # a worker that reads nothing any more must not look alive
            if not self.app.should_stop:
                self.app.fail(f"fetching: {error!r}")

    async def _fetch(self) -> None:
        """One fetch, whole: from the question to where its records belong."""
        async with self._positions:
            active = self._get_active_partitions()
            wanted = {where for where in active if self._has_room(where)}
            if not wanted:
                await asyncio.sleep(FULL_SECONDS)
                return
            generation = self.app.consumer_generation_id
            seconds = FETCH_SECONDS if len(wanted) == len(active) else FULL_SECONDS
            fetched = await self._getmany(wanted, seconds)
            now = self.loop.time()
            if fetched:
                self._fetched_at = now
            waiting = any(len(box) for topic, box in self.app.inboxes.items() if topic != BACKFILL.name)
            self._thread.keep_waiting(patience(now - self._fetched_at, waiting=waiting))
            for partition, records in fetched.items():
                where = TP(partition.topic, partition.partition)
                if not self.flow_active or generation != self.app.consumer_generation_id:
                    return  # whoever resumes the flow sets all positions first
                if where.topic in self.app.changelogs:
                    await self._recover(where, records)
                else:
                    await self._hand_over(where, records, generation)

    def _has_room(self, where: TP) -> bool:
        inbox: Inbox | None = self.app.inboxes.get(where.topic)
        return inbox is None or inbox.has_room

    async def _hand_over(self, where: TP, records: Sequence[Fetched], generation: int) -> None:
        try:
            new = self.continuity.admit(where, records)
        except AskAgain as missing:
            log.warning("topic=%s partition=%d: %s: asked again", *where, missing)
            await self._thread.seek_all({where: missing.offset})
            return
        if new:
            self.app.inboxes[where.topic].put(generation, new)

    async def _recover(self, where: TP, records: Sequence[Fetched]) -> None:
        table: Changelog = self.app.changelogs[where.topic]
        table.apply(where.partition, records)
        self.recovered[where] = records[-1].offset + 1
        # Faust counts from this one how far the table has come
        await self.wait_first(self.callback(self._to_message(where, records[-1])), self.suspend_flow.wait())

    # Positions

    async def perform_seek(self) -> None:
        """Every input goes on where the group stands, also where the group has not committed anything yet."""
        async with self._positions:
            committed = {
                TP(*where): offset or 0 for where, offset in (await self.seek_to_committed()).items()
            }
            inputs = [where for where in committed if where.topic in self.app.inboxes]
            begins = await self.earliest_offsets(*inputs) if inputs else {}
            starts = {where: max(committed[where], int(begins[where])) for where in inputs}
            await self._thread.seek_all(starts)
            self.continuity.start(starts)
            self._committed_offset.update({where: committed[where] or None for where in inputs})

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Sets positions of changelogs, and waits until they are."""
        async with self._positions:
            await super().seek_wait(partitions)

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """The batch in hand is finished and committed; what was not taken is left to whoever has it next."""
        await super().on_partitions_revoked(revoked)
        self.processed.clear()

    # Committing

    def done(self, generation: int, offsets: Mapping[TP, int]) -> None:
        """Records were processed and all that follows from them is safe.

        Args:
            generation: under which they were fetched.
            offsets: the offset after the last of them.
        """
        if generation == self.app.consumer_generation_id:
            self.processed.update(offsets)

    def _filter_tps_with_pending_acks(self, topics: Collection[Any] | None = None) -> Iterator[TP]:
        return (
            where for where in self.processed if topics is None or where.topic in topics or where in topics
        )

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        return {
            where: self.processed[where]
            for where in tps
            if self.processed[where] > (self._committed_offset.get(where) or 0)
        }

    def committed(self, where: TP) -> int:
        """Where the group stands in a partition, as far as this worker knows."""
        return self._committed_offset.get(where) or 0

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own watch only logs, and sees nothing of this loop; `stream.watch` takes its place."""


class FetchTransport(driver.Transport):  # type: ignore[misc]  # Faust publishes no types
    """Faust's transport with this consumer."""

    Consumer = FetchConsumer
