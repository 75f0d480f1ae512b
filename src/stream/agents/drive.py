"""The loop that every agent runs: batch, process, acknowledge."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from faust.types import TP

from stream.inbox import Inbox
from stream.progress import Backlog
from stream.reliability import ReliableApp, end_process
from stream.worker import StageWorker


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
        most: records in a batch.
        within_seconds: how long a batch that is not full waits for more.
        turn: awaited before each batch; for whoever yields to others.
    """
    waiting = Backlog(backlog or stage, inbox)
    await ready.wait()
    while True:
        generation, records = await inbox.take(most, within_seconds)
        waiting.take(records)
        if turn is not None:
            await turn()
        await app.settled()
        async with app.gate.batch(stage):
            # What was fetched under an earlier generation of the group is read again by its new owner.
            if records and not app.rebalancing and generation == app.consumer_generation_id:
                try:
                    await worker.process(records)
                except Exception as error:  # noqa: BLE001  # going on would acknowledge what was not processed
                    # The way out is closed already; what is not acknowledged is read again.
                    if app.should_stop:
                        return
                    end_process(f"stage {stage}: {error!r}")
                after = {(record.topic, record.partition): record.offset + 1 for record in records}
                app.consumer.done(generation, {TP(*where): offset for where, offset in after.items()})
        waiting.take(())
