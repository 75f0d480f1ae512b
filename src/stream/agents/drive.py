"""The loop that every agent runs: prepares a batch, folds it while the one before is flushed, acknowledges what is
flushed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from faust.types import TP

from stream.inbox import Inbox
from stream.progress import Backlog
from stream.reliability import ReliableApp, end_process
from stream.worker import Folded, Ready, StageWorker


async def drive(
    app: ReliableApp,
    inbox: Inbox,
    worker: StageWorker[Any],
    *,
    stage: str,
    backlog: str | None = None,
    ready: asyncio.Event,
    most: int,
    within_seconds: float,
    turn: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Processes what arrives until the worker stops; whatever goes wrong ends the process.

    Args:
        inbox: where the records of this agent's topics arrive.
        stage: batches of the same stage exclude each other, since they write one table.
        backlog: under which name the age of what waits is told; the stage's where None.
        ready: nothing is processed before it is set.
        most: records in a batch. Where so many wait already, a batch is prepared elsewhere while one is folded.
        within_seconds: how long a batch that is not full waits for more.
        turn: awaited before each batch; for whoever yields to others.
    """
    waiting = Backlog(backlog or stage, inbox)

    async def upcoming() -> tuple[int, Ready]:
        while True:
            generation, records = await inbox.take(most, within_seconds)
            if records:
                break
        waiting.take(records)
        if turn is not None:
            await turn()
        with _ending(app, stage):
            return generation, await worker.prepare(records)

    async def flush(batch: Folded, generation: int) -> None:
        with _ending(app, stage):
            await worker.flush(batch)
        after = {(record.topic, record.partition): record.offset + 1 for record in batch.records}
        app.consumer.done(generation, {TP(*where): offset for where, offset in after.items()})
        waiting.done(batch.records)

    await ready.wait()
    ahead: asyncio.Task[tuple[int, Ready]] | None = None
    try:
        while True:
            generation, batch = await (ahead or upcoming())
            # Where less waits, what comes meanwhile is better taken with it.
            looks_ahead = worker.prepares_elsewhere and turn is None and len(inbox) >= most
            ahead = asyncio.create_task(upcoming()) if looks_ahead else None
            await app.settled()
            async with app.gate.batch(stage):
                # What was fetched under an earlier generation of the group is read again by its new owner.
                if app.rebalancing or generation != app.consumer_generation_id:
                    waiting.done(batch.records)
                    continue
                with _ending(app, stage):
                    folded = await worker.fold(batch)
                    await app.gate.flush(stage, flush(folded, generation))
    finally:
        if ahead is not None:
            ahead.cancel()


@contextmanager
def _ending(app: ReliableApp, stage: str) -> Iterator[None]:
    """Going on after a failure would acknowledge what was not processed."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # whatever it is
        # Where the worker stops, the way out is closed already; what is not acknowledged is read again. Faust
        # starts an agent once more that ends before it is told to, so that has to be known.
        if app.should_stop:
            app.gate.break_off(stage)
            raise asyncio.CancelledError from None
        end_process(f"stage {stage}: {error!r}")
