"""Fires timers: `timers.due` says which parties are to be looked at again. Decides nothing.

What is due is published under the party's key, to the party's partition; the triage stage looks, publishes and
alerts. A timer that comes twice, or too late, changes nothing.

1. A partition comes: the heads of its states are read from the table, once that is recovered, and kept up to date
   with every state that is stored.
2. Nothing fires before everything has been processed that was in the log when the partition came
   (`stream.catching_up`): else a clock might be declared breached whose answer waits in the log. Imports are not
   waited for.
   For the triage stage no time passes either until then (`Timers.caught_up`).
3. Every second, what is due is published; not more at a time than the triage stage gets done. What is held back
   is let go after a moment, in whatever state the partition is.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple, Protocol

from listener.domain.clock import TimerDue
from listener.domain.errors import ServiceError
from listener.domain.topics import BACKFILL, TIMERS_DUE
from listener.metrics import TIMERS_FIRED, TIMERS_OLDEST_DUE, TIMERS_WAITING
from stream.catching_up import Catching, GroupLog
from stream.moments import BEFORE_ALL, from_ms, to_ms
from stream.send import Record
from stream.timers import PartitionTimers
from stream.triage.party_state import HEAD_BYTES, read_head

LOOK_SECONDS = 1.0
PORTION = 1000
"""So many timers may be on their way to the triage stage: after a long downtime, live records do not wait behind
all that fell due meanwhile."""
LEAST = 50
"""Fired at each look, however much the triage stage has to do."""
CHUNK = 500
"""States whose heads are read in one go; in between, batches are processed."""


class Outlet(Protocol):
    """The way out; a `stream.send.Sender`."""

    async def send(self, records: Iterable[Record]) -> list[int]:
        """As `stream.send.Sender.send`."""
        ...


class States(Protocol):
    """The table of the triage stage."""

    on_stored: Callable[[int, bytes, bytes | None], None] | None
    """Is told of every state that is stored or read back: partition, key, state."""

    def heads(self, partition: int, after: bytes | None, most: int, size: int) -> list[tuple[bytes, bytes]]:
        """Keys of a partition in their order, with the beginnings of their states."""
        ...


class Assignment(NamedTuple):
    """The partitions of this worker, under one generation of the group; their tables are recovered."""

    generation: int
    partitions: frozenset[int]


class Timers:
    """Fires the timers of this worker's partitions.

    Args:
        states: the table of the triage stage.
        sender: publishes.
        group: where the group stands.
        assignment: what this worker has; None while that is being settled.
        now: the installation's time.
        topics: of the ledger, and of the triage stage.
        policy_hash: of the policy in force.
        hold_seconds: how long something is held back.
        behind: records that the triage stage has not processed.
        on_failure: is told why timers cannot go on; they would be missed.
    """

    def __init__(
        self,
        states: States,
        sender: Outlet,
        group: GroupLog,
        assignment: Callable[[], Assignment | None],
        now: Callable[[], datetime],
        topics: tuple[Collection[str], Collection[str]],
        policy_hash: str,
        hold_seconds: float,
        behind: Callable[[], int],
        on_failure: Callable[[str], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._states = states
        self._sender = sender
        self._group = group
        self._assignment = assignment
        self._now = now
        self._first = [topic for topic in topics[0] if topic != BACKFILL.name]
        self._then = topics[1]
        self._policy_hash = policy_hash
        self._hold_seconds = hold_seconds
        self._behind = behind
        self._on_failure = on_failure
        self._monotonic = monotonic
        self._partitions: dict[int, PartitionTimers] = {}
        self._generation: int | None = None
        self._catching = Catching(())
        self._unread: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        states.on_stored = self._stored

    async def start(self) -> None:
        """Begins, in the background."""
        await self._group.start()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Fires no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._group.stop()

    def measure(self) -> None:
        """Brings the metrics up to date."""
        dues = [due for timers in self._partitions.values() if (due := timers.next_ms()) is not None]
        late_ms = to_ms(self._now()) - min(dues) if dues else 0
        TIMERS_WAITING.set(sum(map(len, self._partitions.values())))
        TIMERS_OLDEST_DUE.set(max(0, late_ms) / 1000)

    def caught_up(self) -> frozenset[int]:
        """Partitions in which time passes: none but those that have caught up since they came."""
        assignment = self._assignment()
        if assignment is None or assignment.generation != self._generation:
            return frozenset()
        return assignment.partitions - self._catching.waiting - self._unread

    async def _run(self) -> None:
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self.look()
        except Exception as error:  # noqa: BLE001  # whatever it is, nobody is looked at in time any more
            self._on_failure(f"timers: {error!r}")

    async def look(self) -> None:
        """Once around: what partitions there are, which of them may fire, and what is due.

        Raises:
            LostFooting, ServiceError: as `stream.send.Sender.send`.
        """
        assignment = self._assignment()
        if assignment is None:
            return
        if assignment.generation != self._generation:
            self._begin(assignment)
        for number in sorted(self._unread):
            if not await self._read(number):
                return
        if self._catching.waiting:
            with suppress(ServiceError):  # said in the log of whoever asked; it is asked again
                await self._catching.look(self._group, self._first, self._then)
        if self._assignment() == assignment:
            await self._fire(self.caught_up())

    def _begin(self, assignment: Assignment) -> None:
        """The group has given partitions; some may have been here before, and are up to date."""
        self._generation = assignment.generation
        self._catching = Catching(assignment.partitions)
        for number in self._partitions.keys() - assignment.partitions:
            del self._partitions[number]
        self._unread &= assignment.partitions
        for number in assignment.partitions - self._partitions.keys():
            self._partitions[number] = PartitionTimers(self._policy_hash)
            self._unread.add(number)

    async def _read(self, number: int) -> bool:
        """Reads the heads of a partition's states; False if the partition may be gone meanwhile."""
        timers, key = self._partitions[number], None
        while True:
            assignment = self._assignment()
            if assignment is None or assignment.generation != self._generation:
                return False
            some = self._states.heads(number, key, CHUNK, HEAD_BYTES)
            for key, state in some:
                timers.told(key, read_head(state), self._monotonic())
            if len(some) < CHUNK:
                self._unread.discard(number)
                return True
            await asyncio.sleep(0)

    def _stored(self, partition: int, key: bytes, state: bytes | None) -> None:
        timers = self._partitions.get(partition)
        if timers is not None:
            timers.told(key, None if state is None else read_head(state), self._monotonic())

    async def _fire(self, partitions: Collection[int]) -> None:
        now_ms = to_ms(self._now())
        room = max(LEAST, PORTION - self._behind())
        records: list[Record] = []
        for share in (
            1 + room // max(1, len(partitions)),
            room,
        ):  # one partition must not keep the others waiting
            for number in sorted(partitions):
                due = self._partitions[number].due(now_ms, min(share, room - len(records)))
                records += [_record(number, key, from_ms(due_ms)) for key, due_ms in due]
        since = self._monotonic() - self._hold_seconds
        for number, timers in self._partitions.items():
            keys = timers.held(since, room - len(records))
            records += [_record(number, key, BEFORE_ALL) for key in keys]  # whatever the time, it may go
        for number in sorted(partitions):  # a changed policy may wait until nothing is due
            keys = self._partitions[number].outdated(max(0, min(room // 2, room - len(records))))
            records += [_record(number, key, from_ms(now_ms)) for key in keys]
        if records:
            await self._sender.send(records)
            TIMERS_FIRED.inc(len(records))


def _record(partition: int, key: bytes, due_at: datetime) -> Record:
    return Record(TIMERS_DUE.name, key, TimerDue(party=key.decode(), due_at=due_at).to_json(), partition)
