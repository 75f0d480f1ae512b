"""What Faust needs so that nothing is lost.

Faust acknowledges a record whose handler raised, only logs a failed produce, and lets a batch that began before
a rebalance go on after it. Here stands what contains this:

- `end_process`: what cannot be handled ends the worker at once; the records not acknowledged are read again by
  whoever takes over.
- `Gate`: a batch in hand is finished before its partitions are given away, and nothing that was buffered under
  an earlier generation of the group is processed later.
- `Footing`: a worker that had no successful heartbeat for two thirds of the session timeout may have a
  successor already; it ends before it sends anything more, so that it cannot overwrite the successor's state.
- `ReliableApp`: the Faust app with these in place.
"""

import asyncio
import logging
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, Protocol

import faust

from listener.domain.errors import LostFooting
from stream.fetching import Changelog, FetchTransport
from stream.inbox import Inbox

log = logging.getLogger(__name__)

STOP_SECONDS = 30.0
EXIT_LOST = 70  # EX_SOFTWARE: a supervisor starts the worker again


def end_process(why: str) -> NoReturn:
    """Ends the worker without any clean-up that could still acknowledge or send something."""
    log.critical("worker ends: %s", why)
    logging.shutdown()
    sys.stderr.flush()
    os._exit(EXIT_LOST)


class Footing:
    """Whether this worker can still be sure that its partitions are its own.

    Args:
        session_timeout_seconds: after so long without heartbeat the group gives its partitions to others.
    """

    def __init__(self, session_timeout_seconds: float) -> None:
        self._allowed = session_timeout_seconds * 2 / 3
        self._last = time.monotonic()

    def heartbeat(self) -> None:
        """The group's coordinator has just answered."""
        self._last = time.monotonic()

    def check(self) -> None:
        """To be called before every send.

        Raises:
            LostFooting: the last heartbeat is too long ago.
        """
        silent = time.monotonic() - self._last
        if silent > self._allowed:
            raise LostFooting(f"no heartbeat for {silent:.1f} s, {self._allowed:.1f} s are allowed")


class Gate:
    """Lets one batch of a stage be folded while one is flushed, and none while partitions are given away."""

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._flushes: dict[str, asyncio.Task[None]] = {}
        self._broken: set[str] = set()

    @asynccontextmanager
    async def batch(self, stage: str) -> AsyncIterator[None]:
        """Held while a batch of this stage is folded, until its flush has begun."""
        async with self._locks.setdefault(stage, asyncio.Lock()):
            yield

    async def flush(self, stage: str, flush: Coroutine[Any, Any, None]) -> None:
        """Begins a flush once the one before is done. Only with the stage's batch in hand.

        Args:
            flush: handles what goes wrong itself; is cancelled where it did not get through.

        Raises:
            CancelledError: one before did not: to acknowledge this one would acknowledge that one too.
        """
        try:
            await self._got_through(stage)
        except BaseException:
            flush.close()
            raise
        self._flushes[stage] = asyncio.create_task(flush)

    def break_off(self, stage: str) -> None:
        """A batch of this stage did not come to its flush: to acknowledge a later one would acknowledge it too."""
        self._broken.add(stage)

    async def idle(self) -> None:
        """Returns when no batch is in hand."""
        for stage, lock in list(self._locks.items()):
            async with lock:
                await self._flushed(stage)

    async def _got_through(self, stage: str) -> None:
        await self._flushed(stage)
        before = self._flushes.get(stage)
        if stage in self._broken or (before is not None and before.cancelled()):
            raise asyncio.CancelledError

    async def _flushed(self, stage: str) -> None:
        if (under_way := self._flushes.get(stage)) is not None:
            await asyncio.wait([under_way])  # whoever waits may be cancelled; the flush may not


class Companion(Protocol):
    """Something that a worker needs from before its agents start until after they have stopped."""

    async def start(self) -> None:
        """Raises ListenerError if it cannot."""
        ...

    async def stop(self) -> None:
        """Closes what `start` opened."""
        ...


class ReliableApp(faust.App):  # type: ignore[misc]  # Faust publishes no types
    """A Faust app whose rebalances wait for the batch in hand, and which reads by `stream.fetching`.

    Attributes:
        inboxes: where inputs go, by topic.
        changelogs: where states that are read back go, by changelog topic.
        companions: started before the agents, stopped after them.
    """

    footing: Footing
    gate: Gate
    inboxes: dict[str, Inbox]
    changelogs: dict[str, Changelog]
    companions: Sequence[Companion] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inboxes = {}
        self.changelogs = {}

    def fail(self, why: str) -> NoReturn:
        """Ends the worker."""
        end_process(why)

    async def on_first_start(self) -> None:
        await super().on_first_start()
        for companion in self.companions:
            await companion.start()

    async def on_stop(self) -> None:
        # Faust's consumer thread and its rebalance can wait for each other for ever while they stop
        timer = threading.Timer(
            STOP_SECONDS, end_process, ["not stopped in time; what is not committed is read again"]
        )
        timer.daemon = True
        timer.start()
        await super().on_stop()

    async def on_shutdown(self) -> None:
        await super().on_shutdown()
        for companion in reversed(self.companions):
            await companion.stop()

    async def settled(self) -> None:
        """Returns when no rebalance is going on: partitions are assigned and tables recovered."""
        while self.rebalancing:  # noqa: ASYNC110  # Faust sets a flag from two threads, no event
            await asyncio.sleep(0.02)

    def _new_transport(self) -> FetchTransport:
        return FetchTransport(self.conf.broker_consumer, self)

    async def _consumer_wait_empty(self, consumer: Any, on_timeout: Any) -> None:
        await self.gate.idle()
        for inbox in self.inboxes.values():
            inbox.clear()
        await consumer.commit()
        await super()._consumer_wait_empty(consumer, on_timeout)

    def _on_rebalance_when_stopped(self) -> None:
        """Nothing: Faust would close the connections here, and the last commit would wait for them for ever."""

    async def _on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        self.footing.heartbeat()  # joining the group counts: the coordinator has just answered
        await super()._on_partitions_assigned(assigned, generation_id)
