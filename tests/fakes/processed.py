"""A batch that goes all the way through a worker."""

import asyncio
from collections.abc import Sequence
from typing import Any

from listener.kafka.record import Record
from stream.worker import StageWorker


def process(worker: StageWorker[Any], records: Sequence[Record]) -> None:
    """Folds and flushes it."""

    async def fold_and_flush() -> None:
        await worker.flush(await worker.fold(await worker.prepare(records)))

    asyncio.run(fold_and_flush())
